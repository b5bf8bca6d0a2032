"""The usage report of a customer as one file: verdict first, trend with goal and forecast, why, what was done and what came of it.

No script, a strict CSP, light and dark, printable; the numbers of the picture stand in a table below it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import BinaryIO

from uptake.reporting.html_base import table, text
from uptake.reporting.usage_chart import trend
from uptake.reporting.usage_model import (
    UsageBook,
    UsageWords,
    department_cells,
    departments_said,
    formula_of,
    headline,
    reached,
    reasons,
    what_was_done,
)  # fmt: skip

TONE = {"met": "ok", "not_met": "wait", "unknown": "none"}
TONE_OF_STALL = {"met": "bad", "not_met": "ok", "unknown": "none"}
TONE_OF_EFFECT = {"above": "ok", "within": "none", "below": "bad", "unknown": "none"}
STYLES = ("report.css", "usage.css")


def write_usage_html(book: UsageBook, stream: BinaryIO, lang: str = "en") -> None:
    """The report as UTF-8."""
    stream.write(usage_html(book, lang).encode("utf-8"))


def usage_html(book: UsageBook, lang: str = "en") -> str:
    words = UsageWords(lang)
    style = "".join((Path(__file__).parent / "templates" / name).read_text(encoding="utf-8") for name in STYLES)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    title = f"{words('title')}: {visible_customer(book)}"
    return (
        f'<!doctype html>\n<html lang="{words.lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n'
        f'<header class="bar"><a class="mark" href="#top">uptake</a><span class="when">{escape(words("title"))}'
        f'<span>{book.made_on}</span></span></header>\n<main id="top">\n{"".join(_parts(book, words))}</main>\n'
        f"<footer><p>{escape(words('made', date=book.made_on))}. {escape(words('simulated'))}</p></footer>\n</body>\n</html>\n"
    )


def visible_customer(book: UsageBook) -> str:
    return text(book.customer)


def _parts(book: UsageBook, words: UsageWords) -> Iterable[str]:
    judged = book.judgement
    yield f"<h1>{text(headline(book, words))}</h1>\n<p class='sub'>{text(formula_of(book, words))}</p>\n".replace(
        "'", '"'
    )
    yield _facts(book, words)
    if book.points:
        first, last = book.points[0], book.points[-1]
        ends = {"from_pct": words.percent(first.percent), "to_pct": words.percent(last.percent)}
        shown = f"{judged.thresholds.goal:g}"
        title = words("trend_title", first=first.date, last=last.date, goal=shown, **ends)
        goal = f"{words('goal')} {judged.thresholds.goal:g} %"
        yield f"<h2>{escape(words('trend'))}</h2>\n"
        yield trend(book.points, book.forecast, judged.thresholds.goal, book.marks, title=title, goal_word=goal)
        yield _legend(book)
    yield (
        f"<h2>{escape(words('why'))}</h2>\n<ul>"
        + "".join(f"<li>{text(each)}</li>" for each in reasons(book, words))
        + "</ul>\n"
    )
    yield _done(book, words)
    yield _departments(book, words)
    steps = "".join(f"<li>{text(step)}</li>" for step in book.next_steps)
    yield f"<h2>{escape(words('next'))}</h2>\n" + (
        f"<ol>{steps}</ol>\n" if steps else f"<p>{escape(words('no_next'))}</p>\n"
    )
    yield _figures(book, words)


def _tag(word: str, tone: str) -> str:
    return f'<span class="tag {tone}">{escape(word)}</span>'


def _facts(book: UsageBook, words: UsageWords) -> str:
    judged = book.judgement
    shown = [
        (
            words(name),
            _tag(words.verdict(name, value.value), (TONE_OF_STALL if name == "stalled" else TONE)[value.value]),
        )
        for name, value in (("healthy", judged.healthy), ("sustained", judged.sustained), ("stalled", judged.stalled))
    ]
    shown.append((words("certainty"), escape(words(judged.certainty.value))))
    growth = words(
        "growth_line", points=words.points(judged.growth_points), months=judged.thresholds.months,
        relative=words.percent(judged.growth_relative),
    )  # fmt: skip
    shown += [(words("growth"), escape(growth)), (words("forecast"), escape(reached(book, words)))]
    return (
        '<div class="facts">'
        + "".join(f"<span><b>{escape(name)}</b> {value}</span>" for name, value in shown)
        + "</div>\n"
    )


def _legend(book: UsageBook) -> str:
    if not book.marks or not book.points:
        return ""
    first = book.points[0].date
    last = book.forecast.path[-1].date if book.forecast and book.forecast.path else book.points[-1].date
    shown = [mark for mark in book.marks if first <= mark.date <= last]
    return '<ol class="meta">' + "".join(f"<li>{mark.date} {text(mark.label)}</li>" for mark in shown) + "</ol>\n"


def _row(cells: Sequence[str]) -> str:
    return "<tr>" + "".join(cells) + "</tr>"


def _cell(value: object, *, number: bool = False) -> str:
    return f'<td class="n">{text(value)}</td>' if number else f"<td>{text(value)}</td>"


def _done(book: UsageBook, words: UsageWords) -> str:
    head = f"<h2>{escape(words('done'))}</h2>\n"
    if not book.effects and not book.efforts:
        return f"{head}<p>{escape(words('nothing_done'))}</p>\n"
    columns = [("", "date"), ("", "what"), ("n", "before"), ("n", "after"), ("n", "foretold"), ("", "effect")]
    rows = []
    for each in book.effects:
        numbers = [_cell(words.percent(v), number=True) for v in (each.usage_before, each.usage_after, each.foretold)]
        tag = _tag(words(f"effect_{each.finding.value}"), TONE_OF_EFFECT[each.finding.value])
        rows.append(_row([_cell(each.on), _cell(what_was_done(each, words)), *numbers, f"<td>{tag}</td>"]))
    for effort in book.efforts:
        numbers = [_cell(words.percent(v), number=True) for v in (effort.usage_before, effort.usage_after)]
        rows.append(_row([_cell(effort.on), _cell(effort.what), *numbers, "<td></td>", "<td></td>"]))
    return head + table([(css, words(key)) for css, key in columns], rows)


def _departments(book: UsageBook, words: UsageWords) -> str:
    if book.is_concealed:
        return f"<h2>{escape(words('departments'))}</h2>\n<p>{escape(words('concealed'))}</p>\n"
    if not book.by_department:
        return ""
    rows = []
    for each in book.by_department:
        name, *numbers = department_cells(each, words)
        rows.append(_row([_cell(name), *(_cell(value, number=True) for value in numbers)]))
    columns = [("", "department"), ("n", "active"), ("n", "users"), ("n", "usage")]
    said = f'<p class="meta">{text(departments_said(book, words))}</p>\n'
    return f"<h2>{escape(words('departments'))}</h2>\n{said}" + table([(css, words(key)) for css, key in columns], rows)


def _figures(book: UsageBook, words: UsageWords) -> str:
    rows = [
        _row(
            [
                _cell(p.date),
                *(_cell(value, number=True) for value in (f"{p.active:,}", f"{p.paid:,}", words.percent(p.percent))),
            ]
        )
        for p in reversed(book.points)
    ]
    columns = [("", "date"), ("n", "active"), ("n", "seats"), ("n", "usage")]
    found = f"<h2>{escape(words('figures'))}</h2>\n" + table([(css, words(key)) for css, key in columns], rows)
    if book.forecast is not None:
        ahead = [
            _row([_cell(s.date), *(_cell(words.percent(value), number=True) for value in (s.low, s.median, s.high))])
            for s in book.forecast.path
        ]
        columns = [("", "date"), ("n", "low"), ("n", "median"), ("n", "high")]
        found += f"<h2>{escape(words('forecast'))}</h2>\n" + table([(css, words(key)) for css, key in columns], ahead)
    return found
