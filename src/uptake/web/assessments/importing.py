"""Uploaded results → scans, clusters and findings: read as a stream, written in batches, in the background.

What is uploaded is hostile: lines that are no results are counted and named, texts are cut, nothing of it is executed. Two
kinds are known by their content: the results of `uptake scan` (one JSON object a line, or one whole JSON document), and a
workbook with the sheet “VBA Results” of the retired Readiness Toolkit, which ours has as well.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO, cast

import orjson
from django.db import transaction
from django_tasks import task

from uptake.assess.sheets import ZIP, open_sheets
from uptake.core.errors import UptakeError
from uptake.reporting.clean import visible, visible_lines
from uptake.reporting.words import WORDS
from uptake.web.assessments.models import RANK, Cluster, FindingRow, Scan
from uptake.web.assessments.selectors import latest

BATCH = 5_000
LONGEST_LINE = 16_000_000
MOST_WHOLE = 200_000_000
"""Bytes of a whole JSON document: it has to fit into memory. JSON lines may be larger."""
MOST_FINDINGS = 5_000_000
SAID = 5
ORT_SEVERITY = {
    "code design": "design", "code awareness": "design", "design": "design", "no issues found": "ready", "ready": "ready",
    **{text.lower(): name for name in RANK for text in WORDS[name].values()},
}  # fmt: skip
"""Severities as the toolkit and our own workbooks write them, in both languages."""


@dataclass(slots=True)
class Tally:
    """Numbers of a scan while it is read."""

    files: int = 0
    with_vba: int = 0
    findings: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    worst: dict[str, int] = field(default_factory=dict)

    def skip(self, where: str, why: str) -> None:
        """Count what cannot be read; the first ones are named."""
        self.skipped += 1
        if len(self.problems) < SAID:
            self.problems.append(f"{where}: {why}")


@task()
def read_scan(pk: int) -> None:
    """Background task: read one uploaded scan."""
    read(Scan.objects.get(pk=pk))


def read(scan: Scan) -> None:
    """Read the file of a scan; what is wrong with it is kept with it, and a scan that fails leaves nothing half-read."""
    Scan.objects.filter(pk=scan.pk).update(state="reading")
    try:
        with transaction.atomic(), scan.file.open("rb") as file:
            tally = _store(scan, cast("BinaryIO", file))
    except UptakeError as error:
        Scan.objects.filter(pk=scan.pk).update(state="failed", problem=str(error))
        return
    Scan.objects.filter(pk=scan.pk).update(
        state="complete", files=tally.files, with_vba=tally.with_vba, findings_count=tally.findings, skipped=tally.skipped,
        problem="\n".join(tally.problems), statuses=tally.statuses, by_severity=tally.worst,
    )  # fmt: skip
    _tell_checklist(scan)


def _tell_checklist(scan: Scan) -> None:
    """Findings open and close items by themselves, where a checklist exists."""
    from uptake.web.engagements.services import renew_checklist

    problem = renew_checklist(scan.engagement)
    if problem:
        Scan.objects.filter(pk=scan.pk).update(problem=problem)


def _store(scan: Scan, file: BinaryIO) -> Tally:
    tally = Tally()
    start = file.read(4)
    file.seek(0)
    if start.startswith(ZIP):
        Scan.objects.filter(pk=scan.pk).update(kind="ort")
        results: Iterable[Mapping[str, Any]] = _from_workbook(file, tally)
    else:
        results = _from_json(file, tally)
    writer = _Writer(scan, latest(scan.engagement))
    for result in results:
        _count(result, tally)
        writer.add(result, tally)
    writer.finish()
    if not tally.files:
        raise UptakeError(
            "no result was found in this file: " + ("; ".join(tally.problems) or "it is empty"),
            hint="Upload results.jsonl of `uptake scan`, its JSON report, or a workbook with the sheet “VBA Results”.",
        )
    return tally


def _from_json(file: BinaryIO, tally: Tally) -> Iterator[Mapping[str, Any]]:
    """File results of JSON lines, or of one whole document."""
    first = file.readline(LONGEST_LINE)
    whole = _whole(first, file)
    if whole is not None:
        for number, each in enumerate(whole, 1):
            if _is_result(each):
                yield each
            else:
                tally.skip(f"file {number}", "no file result")
        return
    for number, line in enumerate(itertools.chain([first], iter(lambda: file.readline(LONGEST_LINE), b"")), 1):
        if not line.strip():
            continue
        try:
            each = orjson.loads(line)
        except ValueError:
            tally.skip(f"line {number}", "no JSON")
            continue
        if _is_result(each):
            yield each
        elif not (isinstance(each, dict) and "schema" in each):
            tally.skip(f"line {number}", "no file result")


def _whole(first: bytes, file: BinaryIO) -> list[Any] | None:
    """The files of a whole JSON report; None when this is JSON lines."""
    try:
        loaded = orjson.loads(first)
    except ValueError:
        if not first.lstrip().startswith((b"{\n", b"{\r", b"{ ")) and first.strip() != b"{":
            return None
        rest = file.read(MOST_WHOLE)
        if file.read(1):
            raise UptakeError(
                f"the JSON document is larger than {MOST_WHOLE // 1_000_000} MB", hint="Upload results.jsonl."
            ) from None
        try:
            loaded = orjson.loads(first + rest)
        except ValueError:
            file.seek(len(first))
            return None
    if isinstance(loaded, dict) and isinstance(loaded.get("files"), list):
        return list(loaded["files"])
    return None


def _is_result(value: object) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("path"), str) and isinstance(value.get("findings", []), list)
    )


def _count(result: Mapping[str, Any], tally: Tally) -> None:
    tally.files += 1
    status = str(result.get("status", ""))[:40]
    tally.statuses[status] = tally.statuses.get(status, 0) + 1
    if status == "has VBA":
        tally.with_vba += 1
        severities = [
            RANK.get(str(each.get("severity")), 0) for each in result.get("findings", ()) if isinstance(each, dict)
        ]
        name = next(name for name, rank in RANK.items() if rank == max(severities, default=0))
        tally.worst[name] = tally.worst.get(name, 0) + 1


def owner_of(path: str) -> str:
    """The folder that stands for an owner until an inventory names people: the first two below the root."""
    pure = PureWindowsPath(path) if "\\" in path else PurePosixPath(path)
    parts = [part for part in pure.parts[:-1] if part not in ("/", "\\", pure.anchor)]
    return "/".join(parts[:3]) or "·"


class _Writer:
    """Clusters by key, counted while findings are written in batches; triage of the last scan is carried over."""

    def __init__(self, scan: Scan, last: Scan | None) -> None:
        self.scan = scan
        self.clusters: dict[tuple[str, str], Cluster] = {}
        self.files: dict[tuple[str, str], str] = {}
        self.rows: list[FindingRow] = []
        self.before = {(each.by, each.key): each for each in last.clusters.exclude(state="untriaged")} if last else {}

    def add(self, result: Mapping[str, Any], tally: Tally) -> None:
        """All findings of one file."""
        path = visible(result["path"])[:1000]
        owner_title = owner_of(path)
        modules = _module_digests(result)
        for finding in result.get("findings", ()):
            if not isinstance(finding, dict) or not isinstance(finding.get("rule"), str):
                tally.skip(path, "no finding")
                continue
            tally.findings += 1
            if tally.findings > MOST_FINDINGS:
                raise UptakeError(
                    f"more than {MOST_FINDINGS} findings", hint="Upload the results of each share by itself."
                )
            self._add(finding, path, owner_title, modules)
        if len(self.rows) >= BATCH:
            self._flush()

    def _add(
        self, finding: Mapping[str, Any], path: str, owner_title: str, modules: Mapping[tuple[str, str], str]
    ) -> None:
        severity = RANK.get(str(finding.get("severity")), 0)
        statement = visible_lines(finding.get("statement") or "")[:4000]
        rule, module = str(finding["rule"])[:10], str(finding.get("module") or "")
        cause = self._cluster("cause", f"{rule}|{statement}", path, severity)
        if not cause.title:
            cause.title = visible(str(finding.get("message") or rule))[:500]
            cause.rule, cause.certainty, cause.statement = rule, str(finding.get("certainty") or "")[:10], statement
            cause.proposal = visible_lines(_proposed(finding.get("proposal")))[:8000]
            cause.message = visible(str(finding.get("message") or ""))[:2000]
            cause.arguments = _arguments(finding)
        code = None
        sha = modules.get((str(finding.get("container") or ""), module))
        if sha:
            code = self._cluster("code", sha, path, severity)
            code.title = code.title or visible(module)[:500]
        owner = self._cluster("owner", owner_title, path, severity)
        owner.title = owner.title or owner_title[:500]
        self.rows.append(
            FindingRow(
                cause=cause, code=code, owner=owner, path=path, container=visible(finding.get("container") or "")[:300],
                module=visible(module)[:255], line=_number(finding.get("line")), editor_line=_number(finding.get("editor_line")),
            )
        )  # fmt: skip

    def _cluster(self, by: str, text: str, path: str, severity: int) -> Cluster:
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        found = self.clusters.get((by, key))
        if found is None:
            found = Cluster(scan=self.scan, by=by, key=key, severity=severity)
            old = self.before.get((by, key))
            for name in Cluster.NAMES if old else ():
                setattr(found, name, getattr(old, name))
            found.save()
            self.clusters[by, key] = found
        found.severity = max(found.severity, severity)
        found.findings_count += 1
        # Findings come file by file, so a file counts once when it differs from the last one.
        if self.files.get((by, key)) != path:
            found.files_count += 1
            self.files[by, key] = path
        return found

    def _flush(self) -> None:
        FindingRow.objects.bulk_create(self.rows, batch_size=BATCH)
        self.rows.clear()

    def finish(self) -> None:
        """Write what is left, and the counts."""
        self._flush()
        names = [
            "title",
            "rule",
            "severity",
            "certainty",
            "statement",
            "proposal",
            "message",
            "arguments",
            "findings_count",
            "files_count",
        ]
        clusters = list(self.clusters.values())
        for start in range(0, len(clusters), 500):
            Cluster.objects.bulk_update(clusters[start : start + 500], names)


def _module_digests(result: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    found = {}
    for project in _records(result.get("projects")):
        for module in _records(project.get("modules")):
            if isinstance(module.get("sha256"), str):
                found[str(project.get("container") or ""), str(module.get("name") or "")] = module["sha256"][:64]
    return found


def _records(value: object) -> list[dict[str, Any]]:
    """The records of a list; nothing else is one."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _proposed(proposal: object) -> str:
    if isinstance(proposal, str):
        return proposal
    if isinstance(proposal, dict):
        text = proposal.get("text") or proposal.get("line") or proposal.get("lines") or ""
        return "\n".join(map(str, text)) if isinstance(text, list) else str(text)
    return "\n".join(map(str, proposal)) if isinstance(proposal, list) else ""


def _arguments(finding: Mapping[str, Any]) -> dict[str, str]:
    """What the message was made from; texts only, bounded."""
    given = finding.get("arguments")
    found = {str(k)[:40]: visible(v)[:400] for k, v in list(given.items())[:20]} if isinstance(given, dict) else {}
    return {**found, "_variant": str(finding.get("variant") or "")[:40]}


def _number(value: object) -> int:
    return min(value, 2_000_000_000) if isinstance(value, int) and value > 0 else 0


def _from_workbook(file: BinaryIO, tally: Tally) -> Iterator[Mapping[str, Any]]:
    """Rows of “VBA Results”, as far as its columns allow: rows of one file that stand together are one result."""
    sheets = [each for each in open_sheets(file, "the workbook") if each.title.lower().startswith("vba results")]
    if not sheets:
        raise UptakeError(
            "the workbook has no sheet “VBA Results”", hint="A basic or advanced report of the toolkit has it."
        )
    for sheet in sheets:
        rows = (fields for _number, fields in sheet.rows())
        heads: dict[str, int] = {}
        for row in itertools.islice(rows, 20):  # a title can stand above the heads
            heads = {cell.strip().lower(): index for index, cell in enumerate(row) if cell}
            if "severity" in heads and "source file" in heads:
                break
        else:
            raise UptakeError(f"the sheet “{sheet.title}” has no columns Severity and Source File")
        yield from _results(rows, heads, tally)


def _results(rows: Iterable[list[str]], heads: Mapping[str, int], tally: Tally) -> Iterator[Mapping[str, Any]]:
    def cell(row: list[str], name: str) -> str:
        index = heads.get(name)
        return "" if index is None or index >= len(row) else row[index]

    def path_of(row: list[str]) -> str:
        return "\\".join(filter(None, (cell(row, "source location").rstrip("\\/"), cell(row, "source file"))))

    for path, group in itertools.groupby(rows, path_of):
        if not path:
            tally.skip("a row", "no source file")
            continue
        found = list(group)
        status = cell(found[0], "filestatus") or "has VBA"
        findings = [each for row in found if (each := _ort_finding(lambda name, row=row: cell(row, name)))]
        yield {
            "path": path,
            "status": "has VBA" if "vba" in status.lower() and "no" not in status.lower().split() else status,
            "findings": findings,
        }


def _ort_finding(cell: Any) -> dict[str, Any] | None:
    severity = ORT_SEVERITY.get(cell("severity").strip().lower())
    if severity is None or not (cell("guideline") or cell("rule")):
        return None
    line = cell("line #").partition(".")[0]
    return {
        "rule": cell("rule") or "ORT", "severity": severity, "certainty": cell("certainty") or "possible", "module": cell("module"),
        "line": int(line) if line.isdigit() else 0, "statement": cell("statement") or cell("original code"),
        "message": cell("guideline"), "proposal": cell("proposed changes"),
    }  # fmt: skip
