"""Summary: the numbers of a scan, counted while the results pass by, so that no report has to hold the files.

Digests are kept as 8-byte numbers: among a million distinct modules the chance of a wrong count is 1 in 37 million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from uptake.reporting.model import FOR_64_BIT, SEVERITIES, FileResult, module_hashes, severity_rank, worst

READ = frozenset(("no VBA", "has VBA"))
"""Statuses of files whose whole content was seen; what the others hold, compiled code too, is unknown."""
NOT_OURS = "not an Office file"
LIMITED = SEVERITIES.index("limited")
MINIMAL = SEVERITIES.index("minimal")
OTHER = "…"
DIGEST_LIMIT = 4_000_000
"""Distinct digests that are remembered; past it counts of unique things are lower bounds, and the summary says so."""
OWNER_LIMIT, REASON_LIMIT = 2_000, 200


class Summary:
    """Accumulator: `add` every file result, then `as_dict`.

    `roots` are the places that were scanned; the first folder below a root is a file's owner.
    """

    def __init__(self, roots: Sequence[str] = (), *, digest_limit: int = DIGEST_LIMIT) -> None:
        self._roots = sorted((_slashes(root).rstrip("/") + "/" for root in roots if root), key=len, reverse=True)
        """Longest first, so that a root inside another one wins."""
        self._limit = digest_limit
        self._is_capped = False
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._formats: Counter[str] = Counter()
        self._certainties: Counter[str] = Counter()
        self._files = [0] * len(SEVERITIES)
        self._macro_files = [0] * len(SEVERITIES)
        self._readiness: Counter[str] = Counter()
        self._rules: dict[str, dict[str, Any]] = {}
        self._owners: dict[str, Counter[str]] = {}
        self._folder: str | None = None
        self._owner = ""
        """Of the files in `_folder`, the last one that was met."""
        self._reasons: dict[tuple[str, str], dict[str, Any]] = {}
        self._contents: set[int] = set()
        self._modules: dict[int, int] = {}
        self._rule_modules: set[int] = set()

    def add(self, result: FileResult) -> None:
        """Counts one file."""
        findings, size = result.get("findings", ()), int(result.get("size") or 0)
        projects = result.get("projects")
        is_plain = not findings and not projects  # nearly all files of a share: nothing to go through
        rank, state = (0, _state_of(result["status"])) if is_plain else (worst(findings), readiness_of(result))
        is_judged = bool(findings) or state not in ("unread", "other")
        self._statuses[result["status"]] += 1
        self._formats[result.get("format") or "?"] += 1
        self._files[rank] += is_judged
        counts = self._counts
        counts["files"] += 1
        counts["bytes"] += size
        self._add_content(result, size)
        if not is_plain:
            counts["findings"] += len(findings)
            counts["with_macros"] += bool(projects)
            self._macro_files[rank] += bool(projects) and is_judged
            self._add_modules(result)
            self._add_findings(findings, module_hashes(result))
        self._readiness[state] += 1
        self._add_owner(result["path"], state, has_macros=bool(projects))
        if state == "unread":
            self._add_reason(result)

    def _add_content(self, result: FileResult, size: int) -> None:
        digest = result.get("sha256")
        if not digest:
            return
        number = int(digest[:16], 16)
        if number in self._contents:
            self._counts.update(duplicate_files=1, duplicate_bytes=size)
        elif self._has_room(self._contents):
            self._contents.add(number)

    def _add_modules(self, result: FileResult) -> None:
        self._counts["projects"] += len(result.get("projects", ()))
        for project in result.get("projects", ()):
            for module in project.get("modules", ()):
                self._counts.update(modules=1, lines=int(module.get("lines") or 0))
                number = int(module["sha256"][:16], 16)
                if number not in self._modules and self._has_room(self._modules):
                    self._modules[number] = 0

    def _add_findings(self, findings: Sequence[Mapping[str, Any]], hashes: Mapping[tuple[str, str], str]) -> None:
        seen: set[str] = set()
        for finding in findings:
            rule, rank = finding["rule"], severity_rank(finding)
            entry = self._rules.setdefault(
                rule, {"findings": 0, "files": 0, "modules": 0, "severity": 0, "proposals": 0}
            )
            entry["findings"] += 1
            entry["files"] += rule not in seen
            entry["severity"] = max(entry["severity"], rank)
            entry["proposals"] += finding.get("proposal") is not None
            self._certainties[finding.get("certainty") or "unknown"] += 1
            seen.add(rule)
            digest = hashes.get((finding.get("container") or "", (finding.get("module") or "").lower()))
            if digest:
                self._add_module_finding(entry, rule, int(digest[:16], 16), rank)

    def _add_module_finding(self, entry: dict[str, Any], rule: str, module: int, rank: int) -> None:
        if module in self._modules:
            self._modules[module] = max(self._modules[module], rank)
        pair = hash((rule, module))
        if pair not in self._rule_modules and self._has_room(self._rule_modules):
            self._rule_modules.add(pair)
            entry["modules"] += 1

    def _has_room(self, digests: set[int] | dict[int, int]) -> bool:
        if len(digests) < self._limit:
            return True
        self._is_capped = True
        return False

    def _add_owner(self, path: str, state: str, *, has_macros: bool) -> None:
        folder = path[: max(path.rfind("/"), path.rfind("\\")) + 1]
        if folder != self._folder:  # files come folder by folder, and all of a folder have one owner
            self._folder, self._owner = folder, owner_of(path, self._roots)
        owner = self._owner
        if owner not in self._owners and len(self._owners) >= OWNER_LIMIT:
            owner = OTHER
        counts = self._owners.get(owner)
        if counts is None:
            counts = self._owners[owner] = Counter()
        counts["files"] += 1
        counts[state] += 1
        counts["macros"] += has_macros

    def _add_reason(self, result: FileResult) -> None:
        key = (result["status"], result.get("reason") or "")
        if key not in self._reasons and len(self._reasons) >= REASON_LIMIT:
            key = (result["status"], OTHER)
        entry = self._reasons.setdefault(key, {"files": 0, "example": result["path"]})
        entry["files"] += 1

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain data; severities by their ids, tables sorted with the worst or biggest first.

        `severities` and `macro_files` leave out what was not read and has no finding: nothing is known of it.
        """
        counts = self._counts
        modules = Counter(self._modules.values())
        return {
            "roots": list(self._roots),
            "files": counts["files"],
            "bytes": counts["bytes"],
            "unique_files": len(self._contents),
            "duplicates": {"files": counts["duplicate_files"], "bytes": counts["duplicate_bytes"]},
            "with_macros": counts["with_macros"],
            "projects": counts["projects"],
            "modules": counts["modules"],
            "lines": counts["lines"],
            "findings": counts["findings"],
            "statuses": dict(self._statuses.most_common()),
            "formats": dict(self._formats.most_common()),
            "certainties": dict(self._certainties.most_common()),
            "severities": dict(zip(SEVERITIES, self._files, strict=True)),
            "macro_files": dict(zip(SEVERITIES, self._macro_files, strict=True)),
            "unique_macros": {word: modules[rank] for rank, word in enumerate(SEVERITIES)},
            "unique_is_lower_bound": self._is_capped,
            "readiness": {
                "m365-64": {key: self._readiness[key] for key in ("ready", "check", "work", "unread", "other")}
            },
            "rules": self._rule_table(),
            "owners": self._owner_table(),
            "unread": self._unread_table(),
        }

    def _rule_table(self) -> dict[str, Any]:
        ordered = sorted(self._rules.items(), key=lambda item: (-item[1]["severity"], -item[1]["files"], item[0]))
        return {rule: entry | {"severity": SEVERITIES[entry["severity"]]} for rule, entry in ordered}

    def _owner_table(self) -> list[dict[str, Any]]:
        keys = ("files", "macros", "ready", "check", "work", "unread", "other")
        ordered = sorted(self._owners.items(), key=lambda item: (-item[1]["work"], -item[1]["check"], item[0]))
        return [{"owner": owner, **{key: counts[key] for key in keys}} for owner, counts in ordered]

    def _unread_table(self) -> list[dict[str, Any]]:
        ordered = sorted(self._reasons.items(), key=lambda item: (-item[1]["files"], item[0]))
        return [{"status": status, "reason": reason, **entry} for (status, reason), entry in ordered]


def readiness_of(result: FileResult) -> str:
    """Where a file stands before 64-bit: work, check, ready, unread, or other for what is no Office file.

    A finding speaks even where the rest of the file could not be read. What is unknown without the machine is a question,
    so it asks for a check and never for work.
    """
    findings = [finding for finding in result.get("findings", ()) if finding.get("target") in FOR_64_BIT]
    if worst(finding for finding in findings if finding.get("certainty") != "unknown") >= LIMITED:
        return "work"
    state = _state_of(result["status"])
    return "check" if state == "ready" and worst(findings) >= MINIMAL else state


def _state_of(status: str) -> str:
    """Where a file without findings stands."""
    if status == NOT_OURS:
        return "other"
    return "ready" if status in READ else "unread"


def owner_of(path: str, roots: Sequence[str] = ()) -> str:
    """The first folder of `path` below its root; empty for a file that lies in the root itself.

    `roots` with `/` between and after folders, as `Summary.as_dict()["roots"]` has them.
    """
    first, separator, _ = below_root(path, roots).replace("\\", "/").lstrip("/").partition("/")
    return first if separator else ""


def below_root(path: str, roots: Sequence[str] = ()) -> str:
    """`path` without the root that it lies in; as it is where it lies in none."""
    text = _slashes(path)
    return next((path[len(root) :] for root in roots if text.startswith(root)), path)


def _slashes(path: str) -> str:
    return path.replace("\\", "/")
