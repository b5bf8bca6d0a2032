"""The worst findings and files of a scan, picked while the results pass by, so that a page of fixed size can show them.

The same macro lies in many files of a share. A finding in the same code is kept once and counts where else it stands;
otherwise the copies of one bad module would fill the page.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from uptake.reporting.model import CERTAINTIES, FOR_64_BIT, FileResult, ScanReport, module_hashes, severity_rank, worst
from uptake.reporting.summary import owner_of

Key = tuple[int, ...]
EXAMPLES = 3
"""Other places of the same code that are named."""


@dataclass
class Worst:
    """Keeps the `limit` items with the highest keys; of equal keys the earlier ones."""

    limit: int
    seen: int = 0
    _heap: list[tuple[Key, int, Any]] = field(default_factory=list)

    def add(self, key: Key, item: Any) -> None:
        self.seen += 1
        entry = (key, -self.seen, item)
        if len(self._heap) < self.limit:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def items(self) -> list[Any]:
        """The worst first."""
        return [entry[2] for entry in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


@dataclass
class Copies:
    """How often the same code was met after its first time, and some of the files."""

    count: int = 0
    paths: list[str] = field(default_factory=list)

    def add(self, path: str) -> None:
        self.count += 1
        if len(self.paths) < EXAMPLES:
            self.paths.append(path)


@dataclass(frozen=True)
class Item:
    """A finding to be shown, with its file and the folder that owns it."""

    finding: Mapping[str, Any]
    path: str
    owner: str
    copies: Copies


@dataclass
class Collected:
    """What a page shows: `findings` and `files`, and how many findings repeat the code of another file."""

    findings: Worst
    files: Worst
    repeats: int = 0


def collect(report: ScanReport, max_findings: int, max_files: int) -> Collected:
    """Reads the results once; memory holds what is shown and a number for every distinct finding."""
    out = Collected(Worst(max_findings), Worst(max_files))
    roots = report.summary.get("roots", ())
    known: dict[int, Copies] = {}
    for result in report.files():
        found = result.get("findings", ())
        if not found:
            continue
        out.files.add((worst(found), len(found)), _without_bodies(result))
        owner, hashes = owner_of(result["path"], roots), module_hashes(result)
        for finding in found:
            identity = _identity(finding, result, hashes)
            if identity in known:
                known[identity].add(result["path"])
                out.repeats += 1
                continue
            known[identity] = Copies()
            out.findings.add(_weight(finding), Item(finding, result["path"], owner, known[identity]))
    return out


def _identity(finding: Mapping[str, Any], result: FileResult, hashes: Mapping[tuple[str, str], str]) -> int:
    """Equal for the same rule at the same place of the same code; the file's own digest stands in outside of code."""
    container, module = finding.get("container") or "", finding.get("module") or ""
    code = hashes.get((container, module.lower()))
    place = (code, "") if code else (result.get("sha256") or result["path"], container)
    return hash((finding["rule"], *place, finding.get("line"), finding.get("statement"), finding.get("message")))


def _without_bodies(result: FileResult) -> FileResult:
    """What the table of files needs: the findings would keep every statement in memory."""
    kept = {name: result.get(name) for name in ("path", "status", "reason", "format", "size")}
    return kept | {"severity": worst(result["findings"]), "count": len(result["findings"])}


def _weight(finding: Mapping[str, Any]) -> Key:
    certainty = finding.get("certainty")
    sure = CERTAINTIES.index(certainty) if certainty in CERTAINTIES else 0
    is_for_64 = finding.get("target") in FOR_64_BIT
    return severity_rank(finding), int(is_for_64), sure, int(finding.get("proposal") is not None)
