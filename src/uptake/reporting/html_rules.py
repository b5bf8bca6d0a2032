"""The rules in the HTML report: what breaks and how often, and for each rule why, what to do, and the source."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from uptake.reporting.html_base import cell, prose, rule_link, table, tag, text
from uptake.reporting.model import SEVERITIES, ScanReport, rule_title
from uptake.reporting.words import Words


def rule_table(report: ScanReport, words: Words) -> str:
    """What asks for something is in sight, what only informs a click away."""
    found = report.summary["rules"]
    urgent = {rule: row for rule, row in found.items() if row["severity"] not in ("design", "ready")}
    quiet = {rule: row for rule, row in found.items() if rule not in urgent}
    shown = _rule_rows(report, words, urgent) if urgent else f'<p class="sub">{escape(words("nothing_breaks"))}</p>'
    if quiet:
        label = f"{escape(words('good_to_know'))} ({len(quiet)})"
        shown += f'<details class="quiet"><summary>{label}</summary>{_rule_rows(report, words, quiet)}</details>'
    return f'<section id="what"><h2>{escape(words("what"))}</h2>{shown}</section>' if found else ""


def _rule_rows(report: ScanReport, words: Words, rules: Mapping[str, Mapping[str, Any]]) -> str:
    labels = [words(key) for key in ("all_files", "findings", "modules", "proposals")]
    rows = []
    for rule, row in rules.items():
        rank = SEVERITIES.index(row["severity"])
        numbers = zip(("files", "findings", "modules", "proposals"), labels, strict=True)
        rows.append(
            f'<tr><td data-l="{escape(words("severity"))}" data-v="{rank}">{tag(row["severity"], words)}</td>'
            f'<td data-l="{escape(words("rule"))}">{rule_link(rule)} {text(rule_title(report.rules, rule))}</td>'
            + "".join(cell(row[key], label, number=True) for key, label in numbers)
            + "</tr>"
        )
    headings = [("", words("severity")), ("", words("rule")), *(("n", label) for label in labels)]
    return table(headings, rows, css="sort")


def rules(report: ScanReport, words: Words) -> str:
    """Why each rule that found something exists, what to do, and where the claim comes from."""
    found = report.summary["rules"]
    if not found:
        return ""
    blocks = "".join(_rule(rule, report.rules.get(rule, {}), row["severity"], words) for rule, row in found.items())
    return f'<section id="rules"><h2>{escape(words("rules"))}</h2><div class="rules">{blocks}</div></section>\n'


def _rule(rule: str, texts: Mapping[str, Any], severity: str, words: Words) -> str:
    parts = [(words(key), prose(texts[key])) for key in ("why", "fix", "noise") if texts.get(key)]
    sources = [_source(source) for source in texts.get("sources", ())]
    if sources:
        parts.append((words("source"), "<br>".join(sources)))
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in parts)
    head = f"{tag(severity, words)} <b>{text(rule)}</b> {text(texts.get('title', rule))}"
    return f'<details id="rule-{escape(rule)}"><summary>{head}</summary><dl>{lines}</dl></details>'


def _source(source: object) -> str:
    """Where a claim comes from; an address stays text, so that the page calls nobody."""
    if isinstance(source, Mapping):
        return f'{text(source.get("what", ""))} <span class="meta">{text(source.get("date", ""))}</span>'
    return text(source)
