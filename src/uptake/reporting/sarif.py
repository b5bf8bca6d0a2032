"""SARIF 2.1.0 for code scanning services and editors ([OASIS sarif-v2.1.0]), streamed result by result.

A macro lies inside a binary document, so the line is that of the module as the VBA editor counts and the logical
location says which module. Places without a line stand at line 1, because consumers require a region; the property
`lineKnown` says which are real. A proposal is a fix where it is a new form of the statement; one that belongs
elsewhere, as a Declare to its call, is the property `proposal` only, so that nobody applies it to the wrong line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import quote

from uptake.reporting.clean import visible, visible_lines
from uptake.reporting.model import (
    TOOL,
    FileResult,
    ScanReport,
    dumps,
    editor_line,
    module_hashes,
    revises,
    rule_title,
    severity_rank,
)

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = ("none", "note", "warning", "error", "error")
"""By severity rank: what must change is an error, what should be tried a warning."""
SAFE = "/-._~"


def write_sarif(report: ScanReport, stream: BinaryIO, lang: str = "en") -> None:
    """One run with the rules that the scan knows and one result a finding."""
    rules = sorted({*report.rules, *report.summary.get("rules", ())})
    indices = {rule: index for index, rule in enumerate(rules)}
    driver = TOOL | {"semanticVersion": TOOL["version"], "rules": [_rule(report, rule) for rule in rules]}
    head = dumps({"$schema": SCHEMA_URI, "version": "2.1.0"})[:-1]
    described: dict[str, Any] = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "language": lang}
    if report.summary.get("labels"):
        described["properties"] = {"labels": report.summary["labels"]}
    run = dumps(described)[:-1]
    stream.write(head + b',"runs":[' + run + b',"results":[')
    separator = b"\n"
    for result in _results(report, indices):
        stream.write(separator + dumps(result))
        separator = b",\n"
    stream.write(b"\n]}]}\n")


def _rule(report: ScanReport, rule: str) -> dict[str, Any]:
    texts = report.rules.get(rule, {})
    title, why, fix = rule_title(report.rules, rule), str(texts.get("why", "")), str(texts.get("fix", ""))
    described: dict[str, Any] = {
        "id": rule,
        "name": rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": why or title},
        "help": {"text": "\n\n".join(part for part in (why, fix) if part) or title},
        "defaultConfiguration": {"level": LEVELS[severity_rank(texts)]},
        "properties": {"tags": ["office", "vba", "64-bit"]},
    }
    return described


def _results(report: ScanReport, indices: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for result in report.files():
        findings = result.get("findings", ())
        if findings:
            hashes, uri = module_hashes(result), artifact_uri(result["path"])
            for finding in findings:
                yield _result(finding, result, uri, hashes, indices)


def _result(
    finding: Mapping[str, Any],
    result: FileResult,
    uri: str,
    hashes: Mapping[tuple[str, str], str],
    indices: Mapping[str, int],
) -> dict[str, Any]:
    rank, line = severity_rank(finding), editor_line(finding)
    region: dict[str, Any] = {"startLine": max(line, 1)}
    if finding.get("statement"):
        region["snippet"] = {"text": visible_lines(finding["statement"])}
    container, module = finding.get("container") or "", finding.get("module") or ""
    location = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
    logical = _logical(container, module, finding.get("member") or "")
    out = {
        "ruleId": finding["rule"],
        "level": LEVELS[rank],
        "kind": "fail" if rank else "informational",
        "message": {"text": visible(finding.get("message") or finding["rule"])},
        "locations": [location | ({"logicalLocations": logical} if logical else {})],
        "partialFingerprints": {"uptakeFinding/v1": finding.get("fingerprint") or _fingerprint(finding, hashes)},
        "rank": rank * 25.0,
        "properties": _properties(finding, result) | {"lineKnown": line > 0},
    }
    if finding["rule"] in indices:
        out["ruleIndex"] = indices[finding["rule"]]
    if revises(finding):
        out["fixes"] = [_fix(finding, uri, line)]
    return out


def _logical(container: str, module: str, member: str) -> list[dict[str, str]]:
    if not module:
        return [{"name": visible(container), "kind": "resource"}] if container else []
    full = "/".join(part for part in (container, module, member) if part)
    kind = "member" if member else "module"
    return [{"name": visible(member or module), "fullyQualifiedName": visible(full), "kind": kind}]


def _properties(finding: Mapping[str, Any], result: FileResult) -> dict[str, Any]:
    chosen = {name: finding.get(name) for name in ("severity", "certainty", "target", "module", "container")}
    if finding.get("proposal") is not None:
        chosen["proposal"] = visible_lines(finding["proposal"])
    return chosen | {"fileSha256": result.get("sha256")}


def _fix(finding: Mapping[str, Any], uri: str, line: int) -> dict[str, Any]:
    """The proposal in place of the lines of the statement, continuation lines included."""
    lines = str(finding.get("statement") or "").rstrip("\n").count("\n")
    start = max(line, 1)
    replacement = {
        "deletedRegion": {"startLine": start, "endLine": start + lines},
        "insertedContent": {"text": visible_lines(finding["proposal"])},
    }
    change = {"artifactLocation": {"uri": uri}, "replacements": [replacement]}
    return {"description": {"text": visible(finding.get("message") or finding["rule"])}, "artifactChanges": [change]}


def _fingerprint(finding: Mapping[str, Any], hashes: Mapping[tuple[str, str], str]) -> str:
    """For results of before findings had their own: the same for the same statement of the same rule in any copy."""
    container, module = finding.get("container") or "", (finding.get("module") or "").lower()
    statement = " ".join(str(finding.get("statement") or finding.get("message") or "").split()).lower()
    parts = (
        finding["rule"],
        module or container.lower(),
        statement,
        "" if statement else hashes.get((container, module), ""),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def artifact_uri(path: str) -> str:
    """A path of any system as a URI reference: relative stays relative, everything unsafe is percent-encoded."""
    if "://" in path:
        scheme, _, rest = path.partition("://")
        return f"{quote(scheme, safe='+.-')}://{_encoded(rest, SAFE + ':@')}"
    text = path.replace("\\", "/") if "\\" in path and not path.startswith("/") else path
    if text.startswith("//"):
        return "file:" + _encoded(text)
    if text[1:3] == ":/" and text[0].isalpha():
        return f"file:///{text[0]}:{_encoded(text[2:])}"
    return ("file://" if text.startswith("/") else "") + _encoded(text)


def _encoded(text: str, safe: str = SAFE) -> str:
    """Names that were bytes on disk become those bytes again."""
    try:
        return quote(text, safe=safe, errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(text, safe=safe, errors="replace")
