"""Findings of configuration.xml as SARIF 2.1.0 for code scanning services and editors ([OASIS sarif-v2.1.0])."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from uptake.deploy.odt.catalogue import load_checks, prose
from uptake.deploy.odt.linting import Finding
from uptake.reporting.clean import visible
from uptake.reporting.model import TOOL
from uptake.reporting.sarif import SCHEMA_URI, artifact_uri

LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def odt_sarif(files: Mapping[str, Sequence[Finding]], lang: str = "en") -> str:
    """One run with every check that found something and one result a finding; places without a line stand at line 1."""
    used = sorted({finding.rule for findings in files.values() for finding in findings})
    driver = TOOL | {"semanticVersion": TOOL["version"], "rules": [_rule(rule, lang) for rule in used]}
    results = [_result(name, each, used.index(each.rule)) for name, found in files.items() for each in found]
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "language": lang, "results": results}
    return json.dumps({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _rule(rule: str, lang: str) -> dict[str, Any]:
    check = load_checks()[rule]
    text = prose(check, lang)
    return {
        "id": rule,
        "name": rule,
        "shortDescription": {"text": text.title},
        "fullDescription": {"text": text.why},
        "help": {"text": f"{text.why}\n\n{text.fix}"},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {"tags": ["office", "deployment"]},
    }


def _result(name: str, finding: Finding, index: int) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": artifact_uri(name)}, "region": {"startLine": max(finding.line, 1)}}
    mark = "\0".join((finding.rule, finding.variant, *(f"{k}={v}" for k, v in finding.arguments)))
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": visible(finding.message)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"uptakeFinding/v1": hashlib.sha256(mark.encode()).hexdigest()[:20]},
        "properties": {"severity": finding.severity, "lineKnown": finding.line > 0, "fix": visible(finding.fix)},
    }
