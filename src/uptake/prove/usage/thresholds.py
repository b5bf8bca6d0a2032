"""Thresholds of the rules from the playbook's list and an organisation's own values; the defaults of both are the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

from uptake.core.errors import UptakeError
from uptake.guide.elements import Threshold
from uptake.guide.playbook import Playbook
from uptake.prove.usage.rules import Basis, Thresholds

NOTHING_OWN: Mapping[str, str] = {}


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not isfinite(value) or not low <= value <= high:
            raise ValueError
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


FIELDS: Mapping[str, tuple[str, Callable[[str], Any], str]] = {
    "healthy": ("goal", _number(1, 100), "a percentage"),
    "stall-growth": ("growth", _number(-100, 100), "a number"),
    "stall-window": ("months", _whole(1, 24), "1 to 24 months"),
    "stall-basis": ("basis", Basis, "points or relative"),
    "sustained-months": ("sustained_months", _whole(1, 24), "1 to 24 months"),
}
"""Id in `thresholds.yaml` → field, reader, and what it takes. `sustained` is the goal itself, strictly above it."""


def thresholds_of(playbook: Playbook, own: Mapping[str, str] = NOTHING_OWN) -> Thresholds:
    """The thresholds of an organisation. Raises `UptakeError` that names what is wrong with a value of its own."""
    found = Thresholds()
    known = playbook.of(Threshold)
    for key, (field, read, takes) in FIELDS.items():
        text = own.get(key, known[key].value if key in known else "")
        if not text:
            continue
        try:
            found = replace(found, **{field: read(text.strip())})
        except ValueError:
            raise UptakeError(f"the threshold {key} cannot be {text!r}", hint=f"It takes {takes}.") from None
    return found
