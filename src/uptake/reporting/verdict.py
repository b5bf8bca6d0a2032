"""The one sentence that a report begins with, and the step that follows from it; the same in every format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uptake.reporting.model import FOR_64_BIT, SEVERITIES, ScanReport
from uptake.reporting.words import Words

LIMITED = SEVERITIES.index("limited")


def state_counts(summary: Mapping[str, Any]) -> Mapping[str, int]:
    """Files by where they stand before 64-bit: ready, check, work, unread, other."""
    counts: Mapping[str, int] = summary["readiness"]["m365-64"]
    return counts


def verdict(summary: Mapping[str, Any], words: Words) -> str:
    """How many of the Office files need work; what could not be read is in the total, for nothing is known of it."""
    states = state_counts(summary)
    total = sum(states[name] for name in ("ready", "check", "work", "unread"))
    if not total:
        return words("verdict_empty")
    if not states["work"]:
        return words("verdict_none", files=words.count("files", total - states["unread"]))
    return words("verdict", work=states["work"], files=words.count("files", total))


def sub_line(summary: Mapping[str, Any], words: Words) -> list[str]:
    """The other numbers of the verdict, in order of weight."""
    states, files = state_counts(summary), summary["files"]
    parts = [words("sub_ready", n=states["ready"])]
    parts += [words("sub_check", n=states["check"])] if states["check"] else []
    parts += [words("sub_unread", n=states["unread"])] if states["unread"] else []
    share = f"{100 * summary['with_macros'] / files:.1f}" if files else "0"
    return [*parts, words("sub_macros", n=summary["with_macros"], share=share)]


def shown_labels(summary: Mapping[str, Any]) -> str:
    """What the person who scanned wrote on the results: `site = Osaka, owner = Finance`."""
    return ", ".join(f"{key} = {value}" for key, value in dict(summary.get("labels") or {}).items())


def first_rule(report: ScanReport) -> str:
    """The rule to begin with: of those that ask for work before 64-bit the one that touches most files; "" for none."""
    candidates = [
        (row["files"], row["proposals"], rule)
        for rule, row in report.summary["rules"].items()
        if SEVERITIES.index(row["severity"]) >= LIMITED
        and report.rules.get(rule, {}).get("target", "m365-64") in FOR_64_BIT
    ]
    return max(candidates)[2] if candidates else ""
