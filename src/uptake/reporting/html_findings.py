"""The findings of the HTML report: a row for the eye, and below it the code with the proposed line as a diff."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from html import escape
from typing import Any

from uptake.reporting.clean import visible_lines
from uptake.reporting.html_parts import path_cell, prose, rule_link, showing, tag, text
from uptake.reporting.model import CERTAINTIES, SEVERITIES, ScanReport, editor_line, rule_title, severity_rank
from uptake.reporting.words import Words
from uptake.reporting.worst import Collected, Item

OPEN_AT_FIRST = 2
LONG = 2000
"""Characters of one line of code that are shown."""
TOKEN = re.compile(r"\w+|\s+|.", re.DOTALL)


def section(report: ScanReport, words: Words, worst: Collected) -> Iterator[str]:
    """The part `#findings`, piece by piece."""
    items = worst.findings
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
    rules = sorted({item.finding["rule"] for item in items})
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
    rank, rule = severity_rank(finding), finding["rule"]
    certainty = finding.get("certainty") or "unknown"
    sure = CERTAINTIES.index(certainty) if certainty in CERTAINTIES else 0
    labels = {key: escape(words(key)) for key in ("severity", "rule", "file", "place", "certainty")}
    return (
        f'<tbody data-s="{rank}" data-r="{text(rule)}" data-o="{text(item.owner)}"><tr>'
        f'<td data-l="{labels["severity"]}" data-v="{rank}">{tag(SEVERITIES[rank], words)}</td>'
        f'<td data-l="{labels["rule"]}">{rule_link(rule)} {text(rule_title(report.rules, rule))}</td>'
        f'<td data-l="{labels["file"]}">{path_cell(item.path)}{_more(item.copies, words)}</td>'
        f'<td data-l="{labels["place"]}">{_place(finding, words)}</td>'
        f'<td data-l="{labels["certainty"]}" data-v="{sure}">{escape(words.maybe(certainty))}</td></tr>'
        f'<tr class="more"><td colspan="5"><details{" open" if is_open else ""}><summary>{_preview(finding)}</summary>'
        f"{_body(report, item, words)}</details></td></tr></tbody>\n"
    )


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
    return f'<code class="shut">{text(statement[:LONG])}</code><span class="opened">{text(message)}</span>'


def _more(count: int, words: Words) -> str:
    return f'<span class="meta">{escape(words.count("more_files", count))}</span>' if count else ""


def _body(report: ScanReport, item: Item, words: Words) -> str:
    finding = item.finding
    fix = report.rules.get(finding["rule"], {}).get("fix")
    advice = f'<p class="fix"><b>{escape(words("fix"))}</b> {prose(fix)}</p>' if fix else ""
    paths = ", ".join(item.paths) + (", …" if item.copies > len(item.paths) else "")
    same = f'<p class="fix">{text(words.count("same_code", item.copies, paths=paths))}</p>' if item.copies else ""
    return f"{_code(finding, words)}{advice}{same}"


def _code(finding: Mapping[str, Any], words: Words) -> str:
    """Lines around the statement; the statement's own lines out, the proposal's in."""
    context = [(int(number), visible_lines(line)[:LONG]) for number, line in finding.get("context") or ()]
    statement = visible_lines(finding.get("statement") or "").rstrip("\n").split("\n")
    proposal = finding.get("proposal")
    new = visible_lines(proposal).rstrip("\n").split("\n") if proposal is not None else []
    if not context and not new:
        return ""
    at = _line_of_statement(finding, context, statement[0])
    shift = editor_line(finding) - at if at and finding.get("editor_line") else 0
    own = range(at, at + len(statement))
    if not any(number in own for number, _ in context):
        context = [(at + n, line) for n, line in enumerate(statement)] if statement != [""] else context
    old = [line for number, line in context if number in own]
    marked_old, marked_new = _changed(old, new) if len(old) == len(new) else (_plain(old), _plain(new))
    lines, waiting = [], iter(marked_old)
    for number, line in context:
        if number not in own:
            lines.append(_line("span", number + shift, escape(line)))
            continue
        lines.append(_line("del" if new else "mark", number + shift, next(waiting)))
        if number == own[-1] or number == max(n for n, _ in context if n in own):
            lines += [_line("ins", None, line) for line in marked_new]
    label = f' aria-label="{escape(words("proposal"))}"' if new else ""
    return f'<pre tabindex="0"{label}><code>{"".join(lines)}</code></pre>'


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
    """Both sides escaped, with the words that differ in `<b>`."""
    pairs = [_changed_line(before, after) for before, after in zip(old, new, strict=True)]
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
