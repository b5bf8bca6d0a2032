"""What a report is made from: a summary, the rules' prose and the file results, streamed as often as a format asks.

The wings hand over plain dictionaries in the form of the JSON contract (`SCHEMA`), so that every report can also be
made from a stored `results.jsonl` without a scan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Protocol

import orjson

from uptake import __version__

SCHEMA = "uptake.scan/1"
FileResult = dict[str, Any]
RuleTexts = Mapping[str, Mapping[str, Any]]
TOOL = {"name": "uptake", "version": __version__}
SEVERITIES = ("ready", "design", "minimal", "limited", "significant")
"""From harmless to worst, as in `core.severity`."""
CERTAINTIES = ("unknown", "possible", "likely", "certain")
FOR_64_BIT = frozenset(("m365-64", "m365-any", "mixed"))
"""Targets whose findings matter before a move to 64-bit."""

ALIKE = 0.6
"""Share of equal text from which a proposed line counts as a new form of the statement."""


class ScanReport(Protocol):
    """A scan as reports see it. `files` can be called again and again and yields the same results each time."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """As `Summary.as_dict()` gives it; may also say `sources` (list of text) and `finished` (ISO 8601)."""

    @property
    def rules(self) -> RuleTexts:
        """Rule id → title, why, fix, noise, severity, sources, in the language of the report."""

    def files(self) -> Iterator[FileResult]: ...


@dataclass(frozen=True)
class ListReport:
    """A scan in memory, for few files."""

    results: Sequence[FileResult]
    summary: Mapping[str, Any]
    rules: RuleTexts = field(default_factory=dict)

    def files(self) -> Iterator[FileResult]:
        return iter(self.results)


@dataclass(frozen=True)
class JsonlReport:
    """A scan stored as one file result a line, read anew for each report."""

    path: Path
    summary: Mapping[str, Any]
    rules: RuleTexts = field(default_factory=dict)

    def files(self) -> Iterator[FileResult]:
        with self.path.open("rb") as lines:
            for line in lines:
                if line.strip():
                    yield json.loads(line)


def dumps(value: object) -> bytes:
    """`value` as UTF-8 JSON; names that are no valid Unicode are escaped instead of refused."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def severity_rank(finding: Mapping[str, Any]) -> int:
    """0 ready … 4 significant; words of a later version count as ready."""
    word = finding.get("severity")
    return SEVERITIES.index(word) if word in SEVERITIES else 0


def worst(findings: Iterable[Mapping[str, Any]]) -> int:
    """Rank of the worst finding; 0 where there is none."""
    return max((severity_rank(finding) for finding in findings), default=0)


def module_hashes(result: FileResult) -> dict[tuple[str, str], str]:
    """(container, module name in lower case) → sha256 of the module's source."""
    return {
        (project.get("container", ""), module["name"].lower()): module["sha256"]
        for project in result.get("projects", ())
        for module in project.get("modules", ())
    }


def editor_line(finding: Mapping[str, Any]) -> int:
    """The line as the VBA editor counts, or as the stream does; 0 where the finding is not in code."""
    return int(finding.get("editor_line") or finding.get("line") or 0)


def rule_title(rules: RuleTexts, rule: str) -> str:
    return str(rules.get(rule, {}).get("title", rule))


def revises(finding: Mapping[str, Any]) -> bool:
    """Whether the proposal is a new form of the statement; else it belongs elsewhere, as a Declare to its call."""
    statement, proposal = " ".join(str(finding.get("statement") or "").split()), finding.get("proposal")
    if not statement or not proposal:
        return False
    lines = (" ".join(line.split()) for line in (*proposal.split("\n"), proposal))
    return any(SequenceMatcher(None, statement, line, autojunk=False).ratio() >= ALIKE for line in lines)


def folder_and_name(path: str) -> tuple[str, str]:
    """Splits at the last separator of either kind; paths come from Windows and from elsewhere."""
    at = max(path.rfind("/"), path.rfind("\\"))
    return (path[:at] or path[: at + 1], path[at + 1 :]) if at >= 0 else ("", path)


def extension_of(path: str) -> str:
    name = folder_and_name(path)[1]
    return name.rpartition(".")[2].lower() if "." in name[1:] else ""
