"""Which of the fields that the record of an engagement must hold are filled (S69 to S74)."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.guide.elements import DataField
from uptake.guide.engagement import Engagement
from uptake.guide.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Completeness:
    """One field: how often it is filled and how often it should be."""

    field: str
    required: bool
    filled: int
    wanted: int

    @property
    def is_missing(self) -> bool:
        return self.required and (self.filled < self.wanted or self.wanted == 0)


def completeness(playbook: Playbook, engagement: Engagement) -> tuple[Completeness, ...]:
    """Every field; without an entitlement the fields of entitlements are missing, not complete."""
    return tuple(_of(each, engagement) for each in playbook.of(DataField).values())


def _of(each: DataField, engagement: Engagement) -> Completeness:
    kind, _, name = each.holds.partition(".")
    if kind == "entitlement":
        values = [getattr(part, name) for part in engagement.entitlements if part.l1 not in each.exempt_l1]
        exempt = len(engagement.entitlements) - len(values)
        return Completeness(each.id, each.required, exempt + sum(map(bool, values)), len(engagement.entitlements))
    if kind == "note":
        return Completeness(each.id, each.required, sum(note.stream == name for note in engagement.notes), 1)
    return Completeness(each.id, each.required, int(bool(getattr(engagement, kind))), 1)
