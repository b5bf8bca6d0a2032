"""A device's add-ins → findings and readiness per add-in, department and device; vendor statements as dated rows.

Words for the status of an add-in are those of Microsoft's retired Readiness Toolkit, so that old reports stay comparable.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from uptake import catalogue
from uptake.assess.addins.binaries import ANY, MACHINES, UNKNOWN, Binary, read_binary
from uptake.assess.addins.derive import AddIn, addins_of, facts_of, with_events, with_manifests
from uptake.assess.addins.events import NUMBERS, Event, is_log, read_log
from uptake.assess.addins.listings import is_listing, read_listing
from uptake.assess.addins.manifests import Manifest, read_manifest
from uptake.assess.addins.programs import USES, programs_of
from uptake.assess.addins.registry import Registry, is_export, read_export
from uptake.core.errors import UptakeError
from uptake.core.severity import Severity
from uptake.rules.catalogue import load_rules
from uptake.rules.match import RuleIndex
from uptake.rules.model import Hit, Rule

SCHEMA = "uptake.addins/1"
STATUSES = (
    "Highly adopted", "Adopted", "Adopted version available", "Supported version available", "Contact software provider",
    "Insufficient data", "Unknown",
)  # fmt: skip


BITNESS = frozenset((*MACHINES.values(), ANY, UNKNOWN))
"""What the collector says of a file; any other word is a stranger's and counts as unknown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An A rule that holds for an add-in."""

    rule: str
    severity: Severity
    message: str
    certainty: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """What the message is made from, so that it can be said in another language."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An add-in with what the rules say of it and what its vendor says."""

    addin: AddIn
    findings: tuple[Finding, ...]
    status: str = "Unknown"
    statement: str = ""

    @property
    def severity(self) -> Severity:
        return max((finding.severity for finding in self.findings), default=Severity.READY)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One device."""

    device: str
    user: str = ""
    department: str = ""
    addins: tuple[Judged, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be read, so that nobody takes silence for “nothing there”."""

    @property
    def severity(self) -> Severity:
        return max((judged.severity for judged in self.addins), default=Severity.READY)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA, "device": self.device, "user": self.user, "department": self.department,
            "readiness": self.severity.id,
            "addins": [_addin_json(each) for each in self.addins], "problems": list(self.problems),
        }  # fmt: skip


def _addin_json(judged: Judged) -> dict[str, Any]:
    addin = judged.addin
    return {
        "id": addin.id, "name": addin.name, "kind": addin.kind, "app": addin.app, "path": addin.path, "clsid": addin.clsid,
        "bitness": addin.bitness, "load_behavior": dict(addin.load), "policy": addin.policy, "disabled": addin.is_disabled,
        "hard_disabled": addin.is_hard_disabled, "publisher": addin.publisher, "version": addin.version,
        "trouble": addin.trouble, "start_ms": addin.start_ms, "replacement": addin.replacement,
        "uses": addin.uses, "evidence": addin.evidence,
        "readiness": judged.severity.id, "status": judged.status, "statement": judged.statement,
        "findings": [_finding_json(each) for each in judged.findings],
    }  # fmt: skip


def _finding_json(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule, "severity": finding.severity.id, "certainty": finding.certainty, "message": finding.message,
    }  # fmt: skip


@lru_cache(maxsize=1)
def _index() -> RuleIndex:
    return RuleIndex([rule for rule in load_rules() if rule.group == "addins"])


def judge(addins: tuple[AddIn, ...], statements: Sequence[Mapping[str, str]] = ()) -> tuple[Judged, ...]:
    """What the A rules and the table of vendor statements say of each add-in."""
    index = _index()
    made = []
    for addin, fact in zip(addins, facts_of(addins), strict=True):
        findings = tuple(_finding(index.rules[hit.rule], hit) for _, hit in index.match([fact], addin.app))
        row = statement_of(addin.id, addin.path, statements)
        status = status_of(row)
        text = f"{row['statement']} ({row.get('source', '')}, {row.get('date', '')})" if row.get("statement") else ""
        made.append(Judged(addin, findings, status, text))
    return tuple(made)


def _finding(rule: Rule, hit: Hit) -> Finding:
    return Finding(
        hit.rule, hit.severity or rule.severity, rule.text(hit.variant, hit.arguments), str(hit.certainty or rule.certainty),
        {name: str(value) for name, value in hit.arguments.items() if "{" + name in rule.message},
    )  # fmt: skip


def file_of(path: str) -> str:
    """The name of a file in a Windows path."""
    return path.replace("/", "\\").rpartition("\\")[2]


def statement_of(addin: str, path: str, statements: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """The first row that names an add-in by its ProgID or the name of its file; empty without one."""
    names = {addin.casefold(), file_of(path).casefold()}
    return next((row for row in statements if row.get("addin", "").casefold() in names), {})


def status_of(row: Mapping[str, str]) -> str:
    """The toolkit's word for an add-in; what is none of its words is Unknown."""
    return row.get("status", "") if row.get("status") in STATUSES else "Unknown"


def read_statements(text: str) -> tuple[dict[str, str], ...]:
    """A table of vendor statements: addin, status, statement, source, date. Raises `UptakeError` for another header."""
    rows = tuple(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    if rows and not {"addin", "status", "source", "date"} <= set(rows[0]):
        raise UptakeError("the statements have no columns addin, status, statement, source, date")
    return rows


def read_programs(text: str) -> tuple[dict[str, str], ...]:
    """A table of programs that use Office: program, publisher, uses, source, date. Raises `UptakeError` for what is none."""
    rows = tuple(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    if rows and not {"program", "uses", "source", "date"} <= set(rows[0]):
        raise UptakeError("the programs have no columns program, publisher, uses, source, date")
    for line, row in enumerate(rows, 2):
        if row["uses"] not in USES or not row["program"]:
            raise UptakeError(f"programs, line {line}: a name, and uses as one of {', '.join(sorted(USES))}")
    return rows


@dataclass(slots=True)
class Collected:
    """What was read of a device, before it is judged."""

    device: str
    user: str = ""
    department: str = ""
    collected: str = ""
    """When, in ISO form and UTC, as the collector wrote it; empty where nothing says so."""
    registry: Registry = field(default_factory=Registry)
    files: dict[str, Binary] = field(default_factory=dict)
    listed: list[AddIn] = field(default_factory=list)
    """Add-ins as an export lists them, without the registry behind them."""
    events: list[Event] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Collected) -> None:
        """Takes over what another file says of the same device."""
        self.user, self.department = self.user or other.user, self.department or other.department
        self.collected = max(self.collected, other.collected)
        self.registry.merge(other.registry)
        self.files.update(other.files)
        self.listed += other.listed
        self.events += other.events
        self.manifests += other.manifests
        self.problems += other.problems

    def addins(self, programs: Sequence[Mapping[str, str]] | None = None) -> tuple[AddIn, ...]:
        """What the registry and files say, then what only an export lists, with log and manifests, and programs outside."""
        found = addins_of(self.registry, self.files)
        known = {(addin.app, addin.id.casefold()) for addin in found}
        more = {(a.app, a.id.casefold()): a for a in self.listed if (a.app, a.id.casefold()) not in known}
        addins = with_events(with_manifests((*found, *more.values()), self.manifests), self.events)
        return (*addins, *programs_of(self.registry, self.files, programs))

    def endpoint(
        self, statements: Sequence[Mapping[str, str]] = (), programs: Sequence[Mapping[str, str]] | None = None
    ) -> Endpoint:
        """The device, judged; `programs`: rows of those that use Office, the shipped ones by default."""
        judged = judge(self.addins(programs), statements)
        problems = (*self.problems, *self.registry.problems[:20])
        return Endpoint(self.device, self.user, self.department, judged, problems)


def read_evidence(content: bytes, name: str) -> Collected:
    """A device from the collector's JSON, an exported .reg file, Outlook's events saved as XML or the manifest of a web add-in.

    Raises `UptakeError` for anything else.
    """
    if is_export(content):
        return Collected(name, registry=read_export(content))
    if is_log(content):
        try:
            return Collected(name, events=read_log(content))
        except ValueError as error:
            raise UptakeError(f"{name} is no event log that can be read: {error}") from None
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    manifest = read_manifest(text)
    if manifest:
        return Collected(name, manifests=[manifest])
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UptakeError(
            f"{name} is neither a .reg export, nor a hive, nor the collector's JSON",
            hint="The JSON of Microsoft's Readiness Toolkit has no public layout, so it cannot be read.",
        ) from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise UptakeError(f"{name} is JSON, and not the collector's ({SCHEMA})")
    return _collected(data, name)


def read_all(content: bytes, name: str) -> list[Collected]:
    """The devices of one file: one, or as many as an export of an inventory lists. Raises `UptakeError`."""
    if is_export(content) or not is_listing(content):
        return [read_evidence(content, name)]
    return [
        Collected(each.device, listed=list(each.addins.values()), problems=each.problems)
        for each in read_listing(content, name)
    ]


def _collected(data: Mapping[str, Any], name: str) -> Collected:
    made = Collected(
        str(data.get("device") or name), str(data.get("user") or ""), str(data.get("department") or ""),
        str(data.get("collected") or "")[:40],
    )  # fmt: skip
    for key in _list(data, "keys"):
        path, values = key.get("path"), key.get("values")
        if isinstance(path, str) and isinstance(values, dict | None):
            made.registry.add(path)
            for title, value in (values or {}).items():
                made.registry.set(path, str(title), _value(value))
    for file in _list(data, "files"):
        if isinstance(file.get("path"), str):
            made.files[file["path"]] = _reported(file)
    for event in _list(data, "events"):
        if event.get("id") in NUMBERS and isinstance(event.get("text"), str):
            made.events.append(Event(event["id"], event["text"]))
    for entry in _list(data, "manifests"):
        manifest = read_manifest(str(entry.get("text") or ""))
        if manifest:
            made.manifests.append(manifest)
        else:
            made.problems.append(f"no manifest of a web add-in: {str(entry.get('path') or '')[:200]}")
    unread = data.get("not_readable")
    made.problems += [each[:200] for each in unread if isinstance(each, str)] if isinstance(unread, list) else []
    return made


def _value(value: Any) -> str | int | bytes:
    """A value as the collector writes it; bytes are text that begins with `hex:`."""
    if isinstance(value, str) and value.startswith("hex:"):
        try:
            return bytes.fromhex(value[4:])
        except ValueError:
            return value
    return value if isinstance(value, str | int) else str(value)


def _list(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = data.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _reported(file: Mapping[str, Any]) -> Binary:
    """A file as the collector saw it: headers as hex text, or nothing where it was missing."""
    head = file.get("head")
    if isinstance(head, str):
        try:
            return read_binary(bytes.fromhex(head))
        except ValueError:
            return Binary("unknown", reason="the headers are no hex text")
    bitness = str(file.get("bitness"))
    return Binary(
        bitness if bitness in BITNESS else UNKNOWN,
        company=str(file.get("company") or ""),
        version=str(file.get("version") or ""),
    )


def totals(endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
    """One row an add-in over all devices: how many, the worst readiness, the findings, the departments."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for endpoint in endpoints:
        for judged in endpoint.addins:
            key = (judged.addin.app, judged.addin.id.casefold())
            row = rows.setdefault(key, {
                "id": judged.addin.id, "name": judged.addin.name, "app": judged.addin.app, "kind": judged.addin.kind,
                "devices": 0, "worst": Severity.READY, "rules": set(), "departments": set(), "bitness": set(),
                "status": judged.status,
            })  # fmt: skip
            row["devices"] += 1
            row["worst"] = max(row["worst"], judged.severity)
            row["rules"] |= {finding.rule for finding in judged.findings}
            row["departments"] |= {endpoint.department} - {""}
            row["bitness"].add(judged.addin.bitness)
    ordered = sorted(rows.values(), key=lambda row: (-row["worst"], -row["devices"], row["id"].casefold()))
    return [
        {
            **row,
            "worst": row["worst"].id,
            "rules": sorted(row["rules"]),
            "departments": sorted(row["departments"]),
            "bitness": sorted(row["bitness"]),
        }
        for row in ordered
    ]


def shipped_statements() -> tuple[dict[str, str], ...]:
    return catalogue.read_table("addin_statements")
