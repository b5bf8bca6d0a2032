"""The summary on a terminal: verdict, severities, the rules that matter, what could not be read and why.

Colours and tables by rich where a person looks at a terminal, plain lines in a pipe. Names come from documents, so they
are made visible first: a file name cannot move the cursor, and rich markup in it stays text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from uptake.reporting.clean import visible
from uptake.reporting.model import SEVERITIES, ScanReport, rule_title
from uptake.reporting.summary import below_root
from uptake.reporting.verdict import shown_labels, state_counts, sub_line, verdict
from uptake.reporting.words import Words

TOP_RULES, TOP_REASONS, TOP_OWNERS = 10, 12, 10
COLOURS = dict(zip(SEVERITIES, ("green", "cyan", "yellow", "dark_orange", "red"), strict=True))
Rows = Sequence[Sequence[str]]


def write_text(report: ScanReport, stream: TextIO, lang: str = "en", *, rich: bool | None = None) -> None:
    """Writes the summary; `rich` decides for colours and drawn tables, by default only on a terminal."""
    words, summary = Words(lang), report.summary
    out = _Rich(stream) if (stream.isatty() if rich is None else rich) else _Plain(stream)
    work = state_counts(summary)["work"]
    out.headline(verdict(summary, words), "red" if work else "green")
    out.line(" · ".join(sub_line(summary, words)))
    if summary.get("labels"):
        out.line(f"{words('labels')}: {visible(shown_labels(summary))}")
    out.table(
        words("by_severity"), (words("severity"), words("all_files"), words("modules")), _severities(summary, words)
    )
    rules, owners, unread = _rules(report, words), _owners(summary, words), _unread(summary, words)
    headings = [words(key) for key in ("rule", "severity", "what", "all_files", "findings")]
    _top(out, words, words("top_rules"), headings, rules, TOP_RULES)
    headings = [words(key) for key in ("folder", "work", "check", "all_files")]
    _top(out, words, words("where"), headings, owners if len(owners) > 1 else (), TOP_OWNERS)
    headings = [words(key) for key in ("all_files", "status", "reason", "example")]
    _top(out, words, words("could_not_read"), headings, unread, TOP_REASONS)


def _top(out: _Plain | _Rich, words: Words, title: str, headings: Sequence[str], rows: Rows, limit: int) -> None:
    """The first rows, and how many there are besides."""
    if rows:
        out.table(title, headings, rows[:limit])
    if len(rows) > limit:
        out.line(words("more_rows", n=len(rows) - limit))


def _severities(summary: Mapping[str, Any], words: Words) -> Rows:
    return [
        (words(word), f"{summary['severities'][word]:,}", f"{summary['unique_macros'][word]:,}")
        for word in reversed(SEVERITIES)
    ]


def _rules(report: ScanReport, words: Words) -> Rows:
    return [
        (
            rule,
            words.maybe(row["severity"]),
            visible(rule_title(report.rules, rule)),
            f"{row['files']:,}",
            f"{row['findings']:,}",
        )
        for rule, row in report.summary["rules"].items()
    ]


def _owners(summary: Mapping[str, Any], words: Words) -> Rows:
    return [
        (visible(row["owner"]) or words("root_folder"), f"{row['work']:,}", f"{row['check']:,}", f"{row['files']:,}")
        for row in summary["owners"]
    ]


def _unread(summary: Mapping[str, Any], words: Words) -> Rows:
    roots = summary.get("roots", ())
    return [
        (
            f"{row['files']:,}",
            words.maybe(row["status"]),
            visible(row["reason"]),
            visible(below_root(row["example"], roots)),
        )
        for row in summary["unread"]
    ]


class _Plain:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def headline(self, text: str, _colour: str) -> None:
        self.line(text)

    def line(self, text: str) -> None:
        self._stream.write(text + "\n")

    def table(self, title: str, headings: Sequence[str], rows: Rows) -> None:
        self.line(f"\n{title}")
        widths = [max(_width(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
        for row in (headings, *rows):
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
            self.line("  " + "  ".join(cells).rstrip())


class _Rich:
    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=stream, highlight=False, soft_wrap=False, force_terminal=True)

    def headline(self, text: str, colour: str) -> None:
        self._console.print(text, style=f"bold {colour}", markup=False)

    def line(self, text: str) -> None:
        self._console.print(text, markup=False, style="dim")

    def table(self, title: str, headings: Sequence[str], rows: Rows) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
        for index, heading in enumerate(headings):
            numeric = all(row[index].replace(",", "").isdigit() for row in rows)
            table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(table)


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
