"""What to do next, ranked, each with its owner and the reason: one list from everything that the engagement holds.

What is late comes first, then what blocks the next gate, then what is due, then what is missing. Today is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from uptake.guide.checklist import Template, age, stale
from uptake.guide.data_fields import completeness
from uptake.guide.elements import DataField, Meeting, Question, Questionnaire, Stream
from uptake.guide.engagement import Engagement, State
from uptake.guide.gates import blocks, current_phase, next_gate, owner_gaps, state_of
from uptake.guide.playbook import Playbook
from uptake.guide.requests import Request, overdue, state
from uptake.guide.statuses import overdue_dates


class Urgency(IntEnum):
    """The order of the list."""

    LATE = 0
    BLOCKS = 1
    DUE = 2
    MISSING = 3


@dataclass(frozen=True, slots=True)
class Action:
    """One next action. `kind` says what it is about, `reference` which one; a reader's sentence is made of both."""

    urgency: Urgency
    kind: str
    reference: str
    title: str
    role: str
    owners: tuple[str, ...]
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Cadence:
    """A meeting or a stream that comes again, with the day on which it is due (D10)."""

    kind: str
    id: str
    title: str
    role: str
    last: date | None
    due: date
    latest: date
    """After this day it is late; the same day as `due` where the pages give no other."""


def next_actions(
    playbook: Playbook, engagement: Engagement, now: datetime, requests: Iterable[Request] = ()
) -> tuple[Action, ...]:
    """Everything that somebody should do, the most urgent first; without intent only what finds it out."""
    today = now.date()
    found = [*_late_entitlements(engagement, today), *_blocking(playbook, engagement)]
    if engagement.intent and engagement.intent.is_given:
        found += _checklist(playbook, engagement, today)
        found += _cadence_actions(playbook, engagement, today)
        found += _requests(playbook, requests, now)
        found += _gaps(playbook, engagement)
    found += _fields(playbook, engagement)
    named = (_with_owners(action, engagement) for action in found)
    return tuple(
        sorted(named, key=lambda action: (action.urgency, action.due or date.max, action.kind, action.reference))
    )


def _with_owners(action: Action, engagement: Engagement) -> Action:
    if action.owners or not action.role:
        return action
    names = engagement.people_in(action.role)
    return Action(action.urgency, action.kind, action.reference, action.title, action.role, names, action.due)


def _late_entitlements(engagement: Engagement, today: date) -> Iterator[Action]:
    for each in engagement.entitlements:
        for name, when in overdue_dates(each, today):
            title = each.next_action if name == "next_action_date" else each.service
            yield Action(Urgency.LATE, name, each.id, title, each.owner or "FM", (), when)


def _blocking(playbook: Playbook, engagement: Engagement) -> Iterator[Action]:
    """What can be worked on now of all that blocks the next gate."""
    gate = next_gate(playbook, engagement)
    for block in blocks(playbook, engagement, gate) if gate else ():
        kind = block.reference.partition(":")[0]
        if kind in ("task", "step") and state_of(playbook, engagement, block.reference) is not State.READY:
            continue
        yield Action(Urgency.BLOCKS, block.why, block.reference, block.title, block.role, ())


def _checklist(playbook: Playbook, engagement: Engagement, today: date) -> Iterator[Action]:
    checklist = engagement.checklist
    if checklist is None:
        return
    for item in checklist.open:
        if item.due and item.due < today:
            owners = (item.owner,) if item.owner else ()
            yield Action(Urgency.LATE, "checklist item", item.id, item.title, item.owner_role, owners, item.due)
    template = Template(playbook.of(Questionnaire), tuple(playbook.of(Question).values()))
    for key in stale(checklist, template, today):
        title = (
            f"{template.questionnaires[key].title if key in template.questionnaires else key}: {age(checklist, today)}"
        )
        yield Action(Urgency.DUE, "checklist is stale", key, title, "FE", ())


def cadences(playbook: Playbook, engagement: Engagement) -> tuple[Cadence, ...]:
    """Meetings of the current phase and note streams that come again, where somebody has the role that owns them."""
    phase = current_phase(playbook, engagement).id
    meetings = [each for each in playbook.of(Meeting).values() if each.every_days and phase in each.phases]
    found = [_meeting(each, engagement) for each in meetings if engagement.people_in(each.owner)]
    found += [
        _stream(each, engagement)
        for each in playbook.of(Stream).values()
        if each.every_days and _writes(each, engagement)
    ]
    return tuple(found)


def _writes(stream: Stream, engagement: Engagement) -> bool:
    return any(engagement.people_in(role) for role in stream.authors)


def _meeting(meeting: Meeting, engagement: Engagement) -> Cadence:
    """Due on the agreed date where the last one agreed on one, else by the interval."""
    held = sorted((each for each in engagement.meetings if each.kind == meeting.id), key=lambda each: each.on)
    agreed = held[-1].next_on if held else None
    last = held[-1].on if held else None
    return _cadence("meeting", meeting.id, meeting.title, meeting.owner, last, engagement.created, meeting, agreed)


def _stream(stream: Stream, engagement: Engagement) -> Cadence:
    dates = [note.on for note in engagement.notes if note.stream == stream.id]
    role = next(role for role in stream.authors if engagement.people_in(role))
    return _cadence("note", stream.id, stream.title, role, max(dates, default=None), engagement.created, stream, None)


def _cadence(
    kind: str,
    key: str,
    title: str,
    role: str,
    last: date | None,
    created: date,
    rhythm: Meeting | Stream,
    agreed: date | None,
) -> Cadence:
    since = last or created
    due = agreed or since + timedelta(days=rhythm.every_days)
    return Cadence(
        kind,
        key,
        title,
        role,
        last,
        due,
        since + timedelta(days=rhythm.never_over_days) if rhythm.never_over_days else due,
    )


def _cadence_actions(playbook: Playbook, engagement: Engagement, today: date) -> Iterator[Action]:
    for each in cadences(playbook, engagement):
        if each.due <= today:
            urgency = Urgency.LATE if each.latest < today else Urgency.DUE
            yield Action(urgency, each.kind, each.id, each.title, each.role, (), each.due)


def _requests(playbook: Playbook, requests: Iterable[Request], now: datetime) -> Iterator[Action]:
    for request in requests:
        late = overdue(playbook, request, now) if state(playbook, request) != "closed" else ()
        if late:
            due = late[-1].due
            yield Action(Urgency.LATE, "request", request.id, late[-1].stage, "FM", (), due.date() if due else None)


def _gaps(playbook: Playbook, engagement: Engagement) -> Iterator[Action]:
    for task in owner_gaps(playbook, engagement):
        yield Action(Urgency.MISSING, "no owner", f"task:{task.id}", task.title, "FM", ())


def _fields(playbook: Playbook, engagement: Engagement) -> Iterator[Action]:
    writers = {"te-notes": "FE", "enterprise-notes": "FTA"}
    for each in completeness(playbook, engagement):
        if each.is_missing:
            title = playbook.of(DataField)[each.field].title
            yield Action(Urgency.MISSING, "field", each.field, title, writers.get(each.field, "FM"), ())
