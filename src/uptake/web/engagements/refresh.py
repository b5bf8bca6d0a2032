"""What lists show of an engagement, computed from it after each change, so that a portfolio of thousands is one query."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils import timezone

from uptake.guide import engagement as guide
from uptake.guide.data_fields import completeness
from uptake.guide.gates import blocks, current_phase, next_gate
from uptake.guide.next_actions import Action, cadences, next_actions
from uptake.guide.playbook import Playbook
from uptake.guide.requests import Request
from uptake.web.common.playbook import playbook as the_playbook
from uptake.web.engagements.models import Engagement, RequestRow

LISTED = (
    "phase", "l1", "seats", "gate", "gate_missing", "fields_missing", "items_open", "items_shown", "is_blocked", "next_kind",
    "next_reference", "next_title", "next_role", "next_due", "reminder_on", "changed_at",
)  # fmt: skip
WORST_FIRST = ("blocked", "no-intent", "status-unknown", "in-progress", "duplicate-invalid")


def requests_of(row: Engagement) -> tuple[Request, ...]:
    """The requests of an engagement as the engine sees them."""
    return tuple(
        Request(
            str(each.pk), each.raised_from, each.reason, each.values,
            {stage: datetime.fromisoformat(when) for stage, when in each.reached.items()}, each.outcome,
        )
        for each in RequestRow.objects.filter(engagement=row)
    )  # fmt: skip


def actions_of(row: Engagement, engagement: guide.Engagement) -> tuple[Action, ...]:
    """All next actions of an engagement, the most urgent first."""
    return next_actions(the_playbook(), engagement, timezone.localtime(), requests_of(row))


def refresh(row: Engagement, engagement: guide.Engagement) -> None:
    """Compute the columns that lists read, and save the row."""
    playbook = the_playbook()
    gate = next_gate(playbook, engagement)
    row.phase = current_phase(playbook, engagement).id
    row.gate, row.gate_missing = (gate.id, len(blocks(playbook, engagement, gate))) if gate else ("", 0)
    statuses = {each.l1 for each in engagement.entitlements}
    row.l1 = next((each for each in WORST_FIRST if each in statuses), "")
    row.is_blocked = "blocked" in statuses
    row.seats = sum(each.seats for each in engagement.entitlements if each.service == "OPP")
    row.fields_missing = sum(each.is_missing for each in completeness(playbook, engagement))
    row.items_open = len(engagement.checklist.open) if engagement.checklist else 0
    row.items_shown = len(engagement.checklist.visible) if engagement.checklist else 0
    first = next(iter(actions_of(row, engagement)), None)
    row.next_kind = first.kind if first else ""
    row.next_reference = first.reference[:80] if first else ""
    row.next_title = first.title[:300] if first else ""
    row.next_role = first.role if first else ""
    row.next_due = first.due if first else None
    row.reminder_on = min(_dates(playbook, engagement), default=None)
    row.save()


def _dates(playbook: Playbook, engagement: guide.Engagement) -> Iterable[date]:
    """Days after which something is late."""
    day = timedelta(days=1)
    for each in engagement.entitlements:
        watched = {"blocked": each.unblock_date, "in-progress": each.target_date}.get(each.l1)
        yield from (on + day for on in (each.next_action_date, watched) if on)
    if engagement.intent and engagement.intent.is_given:
        yield from (each.latest + day for each in cadences(playbook, engagement))
        if engagement.checklist:
            yield from (item.due + day for item in engagement.checklist.open if item.due)
