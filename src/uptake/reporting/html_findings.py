"""The findings of the HTML report: a row for the eye, and below it the code with the proposed line as a diff."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from html import escape
from typing import Any

from uptake.reporting.clean import visible_lines
from uptake.reporting.html_base import path_cell, prose, rule_link, showing, tag, text
from uptake.reporting.model import CERTAINTIES, SEVERITIES, ScanReport, editor_line, revises, rule_title, severity_rank
from uptake.reporting.words import Words
from uptake.reporting.worst import Collected, Item

OPEN_AT_FIRST = 2
LONG = 2000
"""Characters of one line of code that are shown."""
TOKEN = re.compile(r"\w+|\s+|.", re.DOTALL)


def section(report: ScanReport, words: Words, worst: Collected) -> Iterator[str]:
    """The part `#findings`, piece by piece."""
    items = worst.items
    if not items:
        return
    note = showing(len(items), worst.distinct, words, worst.repeats)
    yield f'<section id="findings"><h2>{escape(words("findings"))} {note}</h2>\n'
    yield _tools(report, words, items)
    yield '<table class="findings sort wide" id="finding-table"><thead><tr>'
    for key in ("severity", "rule", "file", "place", "certainty"):
        yield f'<th scope="col">{escape(words(key))}</th>'
    yield "</tr></thead>\n"
    for number, item in enumerate(items):
        yield _finding(report, words, item, is_open=number < OPEN_AT_FIRST)
    yield "</table></section>\n"


def _tools(report: ScanReport, words: Words, items: Sequence[Item]) -> str:
    """Filters; hidden until the script can serve them."""
    severities = [(str(n), words(word)) for n, word in reversed(list(enumerate(SEVERITIES)))]
    present = {str(severity_rank(item.finding)) for item in items}
    rules = sorted({finding["rule"] for item in items for finding in item.findings})
    owners = sorted({item.owner for item in items})
    lists = (
        _choice("severity", words("all_severities"), [pair for pair in severities if pair[0] in present]),
        _choice("rule", words("all_rules"), [(rule, f"{rule} {rule_title(report.rules, rule)}") for rule in rules]),
        _choice("owner", words("all_folders"), [(owner, owner or words("root_folder")) for owner in owners]),
    )
    hint = escape(words("filter"))
    return (
        f'<div class="tools" hidden data-shown="{escape(words("shown_of", n="{n}", total="{total}"))}" '
        f'data-sort="{escape(words("sort", column="{column}"))}">'
        f'<input type="search" id="filter-text" placeholder="{hint}" aria-label="{hint}">{"".join(lists)}'
        f'<button type="button" id="toggle" data-open="{escape(words("expand"))}" '
        f'data-close="{escape(words("collapse"))}">'
        f'{escape(words("expand"))}</button><output id="shown" aria-live="polite"></output></div>\n'
    )


def _choice(name: str, everything: str, options: Sequence[tuple[str, str]]) -> str:
    lines = "".join(f'<option value="={text(value)}">{text(label)}</option>' for value, label in options)
    label = escape(everything)
    return f'<select id="filter-{name}" aria-label="{label}"><option value="">{label}</option>{lines}</select>'


def _finding(report: ScanReport, words: Words, item: Item, *, is_open: bool) -> str:
    finding = item.finding
    rank, certainty = severity_rank(finding), finding.get("certainty") or "unknown"
    sure = CERTAINTIES.index(certainty) if certainty in CERTAINTIES else 0
    rules = text(" ".join(dict.fromkeys(one["rule"] for one in item.findings)))
    labels = {key: escape(words(key)) for key in ("severity", "rule", "file", "place", "certainty")}
    return (
        f'<tbody data-s="{rank}" data-r="{rules}" data-o="{text(item.owner)}"><tr>'
        f'<td data-l="{labels["severity"]}" data-v="{rank}">{tag(SEVERITIES[rank], words)}</td>'
        f'<td data-l="{labels["rule"]}">{_rules(report, item)}</td>'
        f'<td data-l="{labels["file"]}">{path_cell(item.path)}{_more(item.copies, words)}</td>'
        f'<td data-l="{labels["place"]}">{_place(finding, words)}</td>'
        f'<td data-l="{labels["certainty"]}" data-v="{sure}">{escape(words.maybe(certainty))}</td></tr>'
        f'<tr class="more"><td colspan="5"><details{" open" if is_open else ""}><summary>{_preview(finding)}</summary>'
        f"{_body(report, item, words)}</details></td></tr></tbody>\n"
    )


def _rules(report: ScanReport, item: Item) -> str:
    """The worst rule with its title, the others of the same line by their ids."""
    first, *others = dict.fromkeys(finding["rule"] for finding in item.findings)
    rest = " ".join(rule_link(rule) for rule in others)
    also = f'<span class="meta">{rest}</span>' if others else ""
    return f"{rule_link(first)} {text(rule_title(report.rules, first))}{also}"


def _place(finding: Mapping[str, Any], words: Words) -> str:
    line, module = editor_line(finding), finding.get("module") or finding.get("container") or ""
    parts = [text(module)] if module else []
    parts += [escape(words("line", n=line))] if line else []
    member = finding.get("member")
    return " · ".join(parts) + (f'<span class="meta">{text(member)}</span>' if member else "")


def _preview(finding: Mapping[str, Any]) -> str:
    """Closed: the statement. Open: the message, for then the statement stands in its surroundings."""
    message = finding.get("message") or ""
    statement = finding.get("statement") or message or finding["rule"]
    return f'<code class="shut">{text(statement[:LONG])}</code><span class="opened">{prose(message)}</span>'


def _more(count: int, words: Words) -> str:
    return f'<span class="meta">{escape(words.count("more_files", count))}</span>' if count else ""


def _body(report: ScanReport, item: Item, words: Words) -> str:
    """What else was found on the line, the code, what to do, and where the same code stands."""
    others = dict.fromkeys((one["rule"], one.get("message") or "") for one in item.findings[1:])
    lines = "".join(f"<p>{rule_link(rule)} {prose(message)}</p>" for rule, message in others)
    paths = ", ".join(item.paths) + (", …" if item.copies > len(item.paths) else "")
    same = f'<p class="fix">{text(words.count("same_code", item.copies, paths=paths))}</p>' if item.copies else ""
    return f"{lines}{_code(item)}{_elsewhere(item, words)}{_advice(report, item, words)}{same}"


def _advice(report: ScanReport, item: Item, words: Words) -> str:
    fixes = dict.fromkeys(str(report.rules.get(finding["rule"], {}).get("fix") or "") for finding in item.findings)
    said = "<br>".join(prose(fix) for fix in fixes if fix)
    return f'<p class="fix"><b>{escape(words("fix"))}</b> {said}</p>' if said else ""


def _elsewhere(item: Item, words: Words) -> str:
    """Proposals for another place than this line, such as the Declare of the function that is called here."""
    proposals = dict.fromkeys(one["proposal"] for one in item.findings if one.get("proposal") and not revises(one))
    blocks = (_pre("".join(_line("ins", None, line) for line in _plain(_split(one)))) for one in proposals)
    shown = "".join(blocks)
    return f'<p class="fix"><b>{escape(words("proposal"))}</b></p>{shown}' if shown else ""


def _code(item: Item) -> str:
    """Lines around the statement; where it has a new form, its own lines out and those in."""
    finding = item.finding
    new = next((_split(one["proposal"]) for one in item.findings if revises(one)), [])
    context = [(int(number), visible_lines(line)[:LONG]) for number, line in finding.get("context") or ()]
    statement = _split(finding.get("statement") or "")
    if not context and not new:
        return ""
    at = _line_of_statement(finding, context, statement[0])
    own = range(at, at + _length(statement, context, at))
    if not any(number in own for number, _ in context):
        context, own = [(at + n, line) for n, line in enumerate(statement)], range(at, at + len(statement))
    shift = editor_line(finding) - at if at and finding.get("editor_line") else 0
    return _pre("".join(_diff(context, own, new, shift)))


def _diff(context: Sequence[tuple[int, str]], own: range, new: Sequence[str], shift: int) -> Iterator[str]:
    old = [line for number, line in context if number in own]
    marked_old, marked_new = _changed(old, new) if new else (_plain(old), [])
    waiting, last = iter(marked_old), max((number for number, _ in context if number in own), default=0)
    for number, line in context:
        if number not in own:
            yield _line("span", number + shift, escape(line))
            continue
        yield _line("del" if new else "mark", number + shift, next(waiting))
        if number == last:
            yield from (_line("ins", None, line) for line in marked_new)


def _split(value: str) -> list[str]:
    return visible_lines(value).rstrip("\n").split("\n")


def _length(statement: Sequence[str], context: Sequence[tuple[int, str]], at: int) -> int:
    """Lines that the statement takes; one that was joined for the finding takes its continuation lines."""
    texts, count = dict(context), 1
    while texts.get(at + count - 1, "").rstrip().endswith(" _") and at + count in texts:
        count += 1
    return max(count, len(statement))


def _pre(lines: str) -> str:
    return f'<pre tabindex="0"><code>{lines}</code></pre>'


def _line_of_statement(finding: Mapping[str, Any], context: Sequence[tuple[int, str]], first: str) -> int:
    """The number that the context uses for the statement: of the stream or, where the text says so, of the editor."""
    candidates = [int(finding.get(key) or 0) for key in ("line", "editor_line")]
    texts = dict(context)
    for number in candidates:
        if first.strip() and texts.get(number, "").strip() == first.strip():
            return number
    return next((number for number in candidates if number in texts), candidates[0])


def _line(element: str, number: int | None, content: str) -> str:
    shown = "" if number is None or number < 1 else str(number)
    return f'<{element}><i class="no">{shown}</i>{content or " "}\n</{element}>'


def _plain(lines: Sequence[str]) -> list[str]:
    return [escape(line) for line in lines]


def _changed(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    """Both sides escaped, with the words that differ in `<b>`; unmarked where the lines do not pair up."""
    if len(old) != len(new):
        return _plain(old), _plain(new)
    indent = old[0][: len(old[0]) - len(old[0].lstrip())] if not new[0][:1].isspace() else ""
    pairs = [_changed_line(before, indent + after) for before, after in zip(old, new, strict=True)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _changed_line(before: str, after: str) -> tuple[str, str]:
    left, right = TOKEN.findall(before), TOKEN.findall(after)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    out_left, out_right = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        removed, added = escape("".join(left[a:b])), escape("".join(right[c:d]))
        same = kind == "equal"
        out_left.append(removed if same or not removed else f"<b>{removed}</b>")
        out_right.append(added if same or not added else f"<b>{added}</b>")
    return "".join(out_left), "".join(out_right)
