"""Evidence as tests write it."""

from __future__ import annotations

from datetime import date

from uptake.guide.engagement import Evidence

DAY = date(2026, 3, 2)


def proof(kind: str, what: str = "see the minutes") -> Evidence:
    return Evidence(kind, what, DAY, "Frieda")
