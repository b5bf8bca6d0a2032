"""What every part of the HTML report is built from: escaped text, tags, tables and cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from uptake.reporting.clean import visible, visible_lines
from uptake.reporting.model import SEVERITIES, folder_and_name
from uptake.reporting.words import Words

TONES = dict(zip(SEVERITIES, ("ok", "none", "wait", "hot", "bad"), strict=True))
CODE = re.compile(r"`([^`]+)`")


def text(value: object) -> str:
    """Anything from a document, on one line, for an HTML text or attribute."""
    return escape(visible(value))


def tag(severity: str, words: Words) -> str:
    """The word of a severity in its tone."""
    word = words(f"{severity}_short") if severity in SEVERITIES else severity
    return f'<span class="tag {TONES.get(severity, "none")}">{escape(word)}</span>'


def rule_link(rule: str) -> str:
    return f'<a href="#rule-{escape(rule)}">{text(rule)}</a>'


def path_cell(path: str) -> str:
    """The name first for the eye, the folder small below it."""
    folder, name = folder_and_name(path)
    return f'<span class="name">{text(name)}</span><span class="meta">{text(folder)}</span>'


def table(headings: Sequence[tuple[str, str]], rows: Iterable[str], *, css: str = "", identity: str = "") -> str:
    """A table; headings as (class, words). Rows come finished."""
    cells = "".join(f'<th scope="col" class="{name}">{escape(title)}</th>' for name, title in headings)
    attributes = f' id="{identity}"' if identity else ""
    return f'<table class="{css}"{attributes}><thead><tr>{cells}</tr></thead><tbody>{"".join(rows)}</tbody></table>\n'


def cell(value: object, label: str, *, number: bool = False) -> str:
    """A cell; its heading goes along for narrow screens, numbers sort by their value."""
    if number:
        return f'<td class="n" data-l="{escape(label)}" data-v="{value}">{value:,}</td>'
    return f'<td data-l="{escape(label)}">{value}</td>'


def showing(shown: int, total: int, words: Words, repeats: int = 0) -> str:
    """Says honestly how much of it stands here; `repeats` are left out because their code is shown elsewhere."""
    said = words("showing" if shown < total else "showing_all", shown=shown, total=total)
    if repeats:
        distinct = words("showing_distinct", total=total, repeats=repeats)
        said = f"{distinct} {said}" if shown < total else distinct
    return f'<span class="meta">{escape(said)}</span>'


def prose(value: object) -> str:
    """Text of the catalogue with its paragraphs; what stands in backticks is code."""
    lines = escape(visible_lines(value).strip()).split("\n")
    return "<br>".join(CODE.sub(r"<code>\1</code>", line) for line in lines)
