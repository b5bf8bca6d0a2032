"""The worst places and files of a scan, picked while the results pass by, so that a page of fixed size can show them.

A place is a line of code with all its findings. The same macro lies in many files of a share: a place in the same code
is kept once and counts where else it stands; otherwise the copies of one bad module would fill the page.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from uptake.reporting.model import CERTAINTIES, FOR_64_BIT, FileResult, ScanReport, module_hashes, severity_rank, worst
from uptake.reporting.summary import below_root, owner_of

Key = tuple[int, ...]
EXAMPLES = 3
"""Other places of the same code that are named."""
NAMED = 50_000
"""Distinct places whose other places are remembered by name."""


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

    Past `limit` distinct places new ones are no longer remembered: repeats of those are then shown as if they were
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
    """A place in the code with all that was found there, its file, and where else the same code stands."""

    findings: Sequence[Mapping[str, Any]]
    """The worst first."""
    path: str
    """Below the root that was scanned."""
    owner: str
    identity: int = 0
    copies: int = 0
    paths: Sequence[str] = ()

    @property
    def finding(self) -> Mapping[str, Any]:
        """The worst one."""
        return self.findings[0]


@dataclass(frozen=True)
class Collected:
    """What a page shows, the worst first, and how many there are.

    `distinct` places in different code, `repeats` of them in other files, `files_total` files with findings.
    """

    items: Sequence[Item]
    distinct: int
    repeats: int
    files: Sequence[Mapping[str, Any]]
    files_total: int


def collect(report: ScanReport, max_places: int, max_files: int) -> Collected:
    """Reads the results once; memory holds what is shown and a number for every distinct place."""
    places, files, copies = Worst(max_places), Worst(max_files), Copies()
    roots = report.summary.get("roots", ())
    for result in report.files():
        found = result.get("findings", ())
        if not found:
            continue
        path, owner = below_root(result["path"], roots), owner_of(result["path"], roots)
        files.add((worst(found), len(found)), _without_bodies(result, path))
        hashes = module_hashes(result)
        for group in _by_place(found):
            identity = _identity(group, result, hashes)
            if copies.is_new(identity, path):
                places.add(_weight(group[0]), Item(group, path, owner, identity))
    items = [
        replace(item, copies=copies.count(item.identity), paths=copies.paths(item.identity)) for item in places.items()
    ]
    return Collected(items, places.seen, copies.repeats, files.items(), files.seen)


def _by_place(found: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Findings of one line together: it is one line to change. What has no line stands alone."""
    places: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for number, finding in enumerate(found):
        line = finding.get("line") or -number
        places.setdefault((finding.get("container"), finding.get("module"), line), []).append(finding)
    return [sorted(group, key=_weight, reverse=True) for group in places.values()]


def _identity(group: Sequence[Mapping[str, Any]], result: FileResult, hashes: Mapping[tuple[str, str], str]) -> int:
    """Equal for the same findings at the same place of the same code; outside of code the file's digest stands in."""
    first = group[0]
    container, module = first.get("container") or "", first.get("module") or ""
    code = hashes.get((container, module.lower()))
    place = (code, "") if code else (result.get("sha256") or result["path"], container)
    rules = tuple(finding["rule"] for finding in group)
    return hash((*rules, *place, first.get("line"), first.get("statement"), first.get("message")))


def _without_bodies(result: FileResult, path: str) -> FileResult:
    """What the table of files needs: the findings would keep every statement in memory."""
    kept = {name: result.get(name) for name in ("status", "format", "size")}
    return kept | {"path": path, "severity": worst(result["findings"]), "count": len(result["findings"])}


def _weight(finding: Mapping[str, Any]) -> Key:
    certainty = finding.get("certainty")
    sure = CERTAINTIES.index(certainty) if certainty in CERTAINTIES else 0
    is_for_64 = finding.get("target") in FOR_64_BIT
    return severity_rank(finding), int(is_for_64), sure, int(finding.get("proposal") is not None)
