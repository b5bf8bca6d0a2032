"""The worst findings and files of a scan, picked while the results pass by, so that a page of fixed size can show them.

The same macro lies in many files of a share. A finding in the same code is kept once and counts where else it stands;
otherwise the copies of one bad module would fill the page.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from uptake.reporting.model import CERTAINTIES, FOR_64_BIT, FileResult, ScanReport, module_hashes, severity_rank, worst
from uptake.reporting.summary import owner_of

Key = tuple[int, ...]
EXAMPLES = 3
"""Other places of the same code that are named."""
NAMED = 50_000
"""Distinct findings whose other places are remembered by name."""


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
    """Which code was met before, how often again, and in which files.

    Past `limit` distinct findings new ones are no longer remembered: repeats of those are then shown as if they were
    distinct, which costs room on the page and nothing else.
    """

    limit: int = 1_000_000
    repeats: int = 0
    _known: set[int] = field(default_factory=set)
    _counts: dict[int, int] = field(default_factory=dict)
    _paths: dict[int, list[str]] = field(default_factory=dict)

    def is_new(self, identity: int, path: str) -> bool:
        """Whether this code was not met before; counts it where it was."""
        if identity not in self._known:
            if len(self._known) < self.limit:
                self._known.add(identity)
            return True
        self.repeats += 1
        self._counts[identity] = self._counts.get(identity, 0) + 1
        if identity in self._paths or len(self._paths) < NAMED:
            paths = self._paths.setdefault(identity, [])
            if len(paths) < EXAMPLES:
                paths.append(path)
        return False

    def count(self, identity: int) -> int:
        return self._counts.get(identity, 0)

    def paths(self, identity: int) -> list[str]:
        return self._paths.get(identity, [])


@dataclass(frozen=True)
class Item:
    """A finding to be shown, with its file, the folder that owns it, and where else the same code stands."""

    finding: Mapping[str, Any]
    path: str
    owner: str
    identity: int = 0
    copies: int = 0
    paths: Sequence[str] = ()


@dataclass(frozen=True)
class Collected:
    """What a page shows, the worst first, and how many there are.

    `distinct` findings in different code, `repeats` of them in other files, `files` with findings.
    """

    findings: Sequence[Item]
    distinct: int
    repeats: int
    files: Sequence[Mapping[str, Any]]
    files_total: int


def collect(report: ScanReport, max_findings: int, max_files: int) -> Collected:
    """Reads the results once; memory holds what is shown and a number for every distinct finding."""
    findings, files, copies = Worst(max_findings), Worst(max_files), Copies()
    roots = report.summary.get("roots", ())
    for result in report.files():
        found = result.get("findings", ())
        if not found:
            continue
        path = result["path"]
        files.add((worst(found), len(found)), _without_bodies(result))
        owner, hashes = owner_of(path, roots), module_hashes(result)
        for finding in found:
            identity = _identity(finding, result, hashes)
            if copies.is_new(identity, path):
                findings.add(_weight(finding), Item(finding, path, owner, identity))
    items = [
        replace(item, copies=copies.count(item.identity), paths=copies.paths(item.identity))
        for item in findings.items()
    ]
    return Collected(items, findings.seen, copies.repeats, files.items(), files.seen)


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
