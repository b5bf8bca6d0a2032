"""The state of one engagement as plain frozen values; every change makes a new one, so that before and after can be compared.

It holds what people recorded. What follows from that (which task is ready, what blocks a gate) is computed elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from uptake.guide.checklist import Checklist

NOTHING_DONE: Mapping[str, Progress] = {}


class State(StrEnum):
    """State of a step or a task. The first two are computed, the last three are recorded."""

    FUTURE = "future"
    READY = "ready"
    DONE = "done"
    BYPASSED = "bypassed"
    NOT_APPLICABLE = "not_applicable"


SETTLED = frozenset((State.DONE, State.BYPASSED, State.NOT_APPLICABLE))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves something: a kind of `evidence.yaml`, and where it is."""

    kind: str
    what: str
    on: date | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """What was recorded on a step or task."""

    state: State = State.READY
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    on: date | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """Whether the customer means to deploy (S66)."""

    is_given: bool
    on: date
    said_by: str
    seats_this_year: int = 0


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The decision that the licences are eligible, with its source (S75)."""

    is_eligible: bool
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a role."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Seats of one service, or a part of them, with one status (S69, S70, 4.6)."""

    id: str
    service: str
    seats: int
    l1: str = "status-unknown"
    l2: str = "new-subscription"
    l3: str = ""
    service_status: str = ""
    engagement_scenario: str = ""
    target_date: date | None = None
    unblock_date: date | None = None
    start_date: date | None = None
    owner: str = ""
    next_action: str = ""
    next_action_date: date | None = None
    split_from: str = ""
    """Id of the whole that this is a part of; `split_total` are the seats of the whole."""
    split_total: int = 0
    split_reason: str = ""
    business_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of the workshop, kept as a value from which the package is built (S17, S37)."""

    topic: str
    choice: str
    reason: str
    decider: str
    on: date
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A note in one of the streams (5.1). The fields behind `text` are those that its template names."""

    stream: str
    text: str
    author: str
    author_role: str
    on: date
    workload: str = ""
    l1: str = ""
    status: str = ""
    next_action: str = ""
    next_action_date: date | None = None
    next_action_owner: str = ""
    concern: str = ""
    insight: str = ""
    next_update: date | None = None


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """A meeting that was held (S40), with the date of the next one."""

    kind: str
    on: date
    attendees: tuple[Person, ...] = ()
    outcome: str = ""
    next_on: date | None = None


@dataclass(frozen=True, slots=True)
class Engagement:
    """One customer on the way."""

    id: str
    customer: str
    cloud: str
    scenario: str
    playbook_version: str
    created: date
    intent: Intent | None = None
    eligibility: Eligibility | None = None
    engagement_scenario: str = ""
    is_get_modern: bool = False
    """On the path with Windows 10 instead (S3); can be switched, nothing is lost."""
    people: tuple[Person, ...] = ()
    switched_on: frozenset[str] = frozenset()
    """Tasks of linked pages that this engagement follows as well."""
    progress: Mapping[str, Progress] = field(default_factory=lambda: NOTHING_DONE)
    """`task:3080` or `step:ort` → what was recorded."""
    entitlements: tuple[Entitlement, ...] = ()
    decisions: tuple[Decision, ...] = ()
    notes: tuple[Note, ...] = ()
    meetings: tuple[MeetingRecord, ...] = ()
    checklist: Checklist | None = None
    completed_on: date | None = None
    """The end state “deployment complete”, which a person records."""
    measured: Mapping[str, date | None] = field(default_factory=dict)
    """End state → since when the usage figures show it, None when they show that it is not so. Never entered by hand (S45)."""

    def people_in(self, role: str) -> tuple[str, ...]:
        return tuple(person.name for person in self.people if person.role == role)

    def recorded(self, reference: str) -> Progress:
        return self.progress.get(reference, Progress())

    def with_progress(self, reference: str, progress: Progress) -> Engagement:
        return replace(self, progress={**self.progress, reference: progress})
