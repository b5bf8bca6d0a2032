"""The elements that a playbook is made of, one frozen class for each list of `catalogue/playbook/`.

They say what the playbook says and decide nothing: the engine reads them, an organisation's own folder can change them.
Every element names the place of the specification that it comes from (`S60`, section `4.4`, metric `M2`, gap `G1`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

REFERENCE = re.compile(r"\b(?:[SMCGD]\d+|N\d|\d+(?:\.\d+)*)\b")
NO_TEXT: Mapping[str, str] = {}


class Standing(StrEnum):
    """How firmly the pages of the playbook say what an element says."""

    STATED = "stated"
    INFERRED = "inferred"
    """Needed to make it work, said by no page."""
    UNVERIFIED = "unverified"


class Responsibility(StrEnum):
    """Who does the work (S39)."""

    FASTTRACK = "fasttrack"
    CUSTOMER = "customer"
    SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What every element has."""

    file: ClassVar[str] = ""
    section: ClassVar[str] = ""
    prose: ClassVar[tuple[str, ...]] = ("title",)
    """Fields for readers, the ones that are translated."""

    id: str
    source: str
    certainty: Standing = Standing.STATED
    remark: str = ""
    """Why it is inferred, or where the pages contradict each other."""

    @property
    def references(self) -> tuple[str, ...]:
        """The single places of `source`."""
        return tuple(REFERENCE.findall(self.source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Element):
    """What kind of engagement this is, and for whom."""

    file: ClassVar[str] = "scenario"
    section: ClassVar[str] = "scenario"
    prose: ClassVar[tuple[str, ...]] = ("title", "summary", "applies_to", "bypass_rule")
    title: str
    summary: str
    applies_to: str
    bypass_rule: str
    aliases: tuple[str, ...] = ()
    note_prefix: str = ""
    leads: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()
    clouds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Element):
    """One dated version of the playbook (S76); an engagement is pinned to one."""

    file: ClassVar[str] = "scenario"
    section: ClassVar[str] = "versions"
    title: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion(Element):
    """An entry criterion."""

    file: ClassVar[str] = "scenario"
    section: ClassVar[str] = "entry_criteria"
    prose: ClassVar[tuple[str, ...]] = ("title", "otherwise")
    title: str
    fact: str
    """What the engagement must hold: `intent`."""
    otherwise: str
    routes: tuple[str, ...] = ()
    """L1 values to choose from when it does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Element):
    """What the engagement is for."""

    file: ClassVar[str] = "scenario"
    section: ClassVar[str] = "outcomes"
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndState(Element):
    """One of the four ends that are kept apart (capability 24)."""

    file: ClassVar[str] = "scenario"
    section: ClassVar[str] = "end_states"
    prose: ClassVar[tuple[str, ...]] = ("title", "meaning")
    title: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase(Element):
    """A phase of the life cycle."""

    file: ClassVar[str] = "phases"
    section: ClassVar[str] = "phases"
    prose: ClassVar[tuple[str, ...]] = ("title", "purpose")
    title: str
    order: int
    purpose: str
    applies: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Element):
    """What must be so before the work of the next phase counts as begun."""

    file: ClassVar[str] = "phases"
    section: ClassVar[str] = "gates"
    prose: ClassVar[tuple[str, ...]] = ("title",)
    title: str
    phase: str
    """The phase that it closes."""
    requires: tuple[str, ...]
    """`fact:intent`, `task:3080`, `step:ort`, `end_state:healthy`."""
    recommends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Element):
    """One of the four linked processes, or one that only linked tasks belong to."""

    file: ClassVar[str] = "processes"
    prose: ClassVar[tuple[str, ...]] = ("title", "purpose")
    title: str
    phase: str
    purpose: str
    linked: bool = True
    """One of the four that the scenario names (S10 to S13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Evidence that a gate asks for."""

    kind: str
    what: str = ""
    """Empty: the title of the kind says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Element):
    """A step of the deployment section; two of the seven printed numbers are one step (S24)."""

    file: ClassVar[str] = "steps"
    prose: ClassVar[tuple[str, ...]] = ("title", "purpose", "advice", "evidence")
    title: str
    numbers: tuple[int, ...]
    process: str
    phase: str
    responsibility: Responsibility
    purpose: str
    advice: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    evidence: tuple[Need, ...] = ()
    may_be_bypassed: bool = True
    repeatable: bool = False
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Element):
    """A task with its gate. Ids are Microsoft's and never change; there is none for the readiness scan (G1)."""

    file: ClassVar[str] = "tasks/*"
    prose: ClassVar[tuple[str, ...]] = ("title", "done_when", "evidence")
    title: str
    mandatory: bool
    role: str
    secondary: tuple[str, ...] = ()
    phase: str
    process: str = ""
    services: tuple[str, ...] = ()
    """Services that bring it, of a linked page: All, Core, OPP, …"""
    needs: tuple[str, ...] = ()
    """Ids of tasks, or `step:…`, that come first."""
    done_when: str
    evidence: tuple[Need, ...] = ()
    default: bool = True
    """Off by default: the tasks of linked pages."""
    usual: bool = True
    """Not usual: applies by its service only, and seldom to this scenario."""
    also_called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKind(Element):
    """A kind of evidence."""

    file: ClassVar[str] = "evidence"
    prose: ClassVar[tuple[str, ...]] = ("title", "meaning")
    title: str
    meaning: str
    derived: bool = False
    """Computed from the engagement, cannot be entered by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Element):
    """A role."""

    file: ClassVar[str] = "roles"
    section: ClassVar[str] = "roles"
    prose: ClassVar[tuple[str, ...]] = ("title", "does")
    title: str
    side: str
    """`delivery`, `field` or `customer`."""
    does: str
    can_own: bool = True
    """An SME is an addition and cannot be the only owner (S16)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSection(Element):
    """Who leads and who helps in a section of the playbook (S14, S42)."""

    file: ClassVar[str] = "roles"
    section: ClassVar[str] = "sections"
    title: str
    primary: tuple[str, ...]
    secondary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule(Element):
    """What holds between roles."""

    file: ClassVar[str] = "roles"
    section: ClassVar[str] = "rules"
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Element):
    """One cell of the board of roles and phases (1.6)."""

    file: ClassVar[str] = "swimlane"
    prose: ClassVar[tuple[str, ...]] = ("does",)
    role: str
    phase: str
    does: str
    tasks: tuple[str, ...] = ()
    decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class L1(Element):
    """A consumption status of an entitlement (S69, 4.1)."""

    file: ClassVar[str] = "status"
    section: ClassVar[str] = "l1"
    prose: ClassVar[tuple[str, ...]] = ("title", "meaning", "follow_up", "note_slots")
    title: str
    meaning: str
    follow_up: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    """Fields that must be filled: l2, target_date, unblock_date, note, owner."""
    owner: str = ""
    """Role that owns the entitlement while it has this status."""
    note_slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class L2(Element):
    """A reason below an L1 (S70, 4.2 to 4.4); it belongs to exactly one."""

    file: ClassVar[str] = "status"
    section: ClassVar[str] = "l2"
    prose: ClassVar[tuple[str, ...]] = ("title", "use_when", "rather", "asks", "follow_up")
    title: str
    l1: str
    use_when: str
    rather: Mapping[str, str] = field(default_factory=lambda: NO_TEXT)
    """L2 id → when that one fits better."""
    asks: tuple[str, ...] = ()
    follow_up: tuple[str, ...] = ()
    applies: bool = True
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class L3(Element):
    """An engineering reason. The pages list no value (G7); an organisation can add its own."""

    file: ClassVar[str] = "status"
    section: ClassVar[str] = "l3"
    title: str
    l2: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange(Element):
    """A way in which a status changes: who writes what (4.5)."""

    file: ClassVar[str] = "status"
    section: ClassVar[str] = "changes"
    prose: ClassVar[tuple[str, ...]] = ("title", "engagement_scenario", "note", "next_action")
    title: str
    by: str
    l1: str
    service_status: str
    engagement_scenario: str
    date: str
    """`target_date`, `unblock_date` or `none`."""
    owner: str = ""
    note: str = ""
    next_action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessReason(Element):
    """Why the customer wants the service: the B of DIBS (4.8)."""

    file: ClassVar[str] = "status"
    section: ClassVar[str] = "business_reasons"
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRule(Element):
    """A rule on entitlements: splits, start dates."""

    file: ClassVar[str] = "status"
    section: ClassVar[str] = "rules"
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Element):
    """A stream of notes (5.1)."""

    file: ClassVar[str] = "notes"
    section: ClassVar[str] = "streams"
    prose: ClassVar[tuple[str, ...]] = ("title", "cadence", "fields")
    title: str
    authors: tuple[str, ...]
    cadence: str
    fields: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    required: bool = False
    checks: tuple[str, ...] = ()
    every_days: int = 0
    never_over_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCheck(Element):
    """A check of a note while it is written (5.2 to 5.6)."""

    file: ClassVar[str] = "notes"
    section: ClassVar[str] = "checks"
    prose: ClassVar[tuple[str, ...]] = ("title", "advice")
    title: str
    advice: str
    weight: int = 1
    """2 is missing substance, 1 is form, 0 is advice."""
    words: tuple[str, ...] = ()
    limit: int = 0
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Element):
    """A value that a note can hold: prefix, status, kind of concern, score."""

    file: ClassVar[str] = "notes"
    section: ClassVar[str] = "words"
    title: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataField(Element):
    """A field that the record of an engagement must hold (S69 to S74)."""

    file: ClassVar[str] = "data_fields"
    prose: ClassVar[tuple[str, ...]] = ("title", "meaning")
    title: str
    required: bool
    first_entered: bool
    meaning: str
    holds: str
    """What of the engagement it is read from."""
    exempt_l1: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(Element):
    """A kind of meeting with its cadence or deadline (section 10)."""

    file: ClassVar[str] = "meetings"
    prose: ClassVar[tuple[str, ...]] = ("title", "purpose")
    title: str
    purpose: str
    owner: str
    attendees: tuple[str, ...] = ()
    every_days: int = 0
    never_over_days: int = 0
    within_business_days: int = 0
    phases: tuple[str, ...] = ()
    task: str = ""
    with_customer: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestField(Element):
    """A field of the request for an SME (9.1)."""

    file: ClassVar[str] = "requests"
    section: ClassVar[str] = "fields"
    title: str
    required: bool
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStage(Element):
    """A stage of such a request with its clock."""

    file: ClassVar[str] = "requests"
    section: ClassVar[str] = "stages"
    prose: ClassVar[tuple[str, ...]] = ("title",)
    title: str
    order: int
    minutes: int = 0
    business_days: int = 0
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRule(Element):
    """When to ask, what is turned down, how to work together."""

    file: ClassVar[str] = "requests"
    section: ClassVar[str] = "rules"
    title: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation(Element):
    """A way out of the team (9.3)."""

    file: ClassVar[str] = "requests"
    section: ClassVar[str] = "escalations"
    prose: ClassVar[tuple[str, ...]] = ("title", "when", "record")
    title: str
    when: str
    by: tuple[str, ...]
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Element):
    """One of the four reasons for a stall (S48)."""

    file: ClassVar[str] = "acceleration"
    section: ClassVar[str] = "branches"
    prose: ClassVar[tuple[str, ...]] = ("title", "meaning")
    title: str
    order: int
    meaning: str
    ordered: bool = False
    """The steps must be taken in their order."""
    likely_l2: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Element):
    """A step inside a branch."""

    file: ClassVar[str] = "acceleration"
    section: ClassVar[str] = "moves"
    prose: ClassVar[tuple[str, ...]] = ("title",)
    title: str
    branches: tuple[str, ...]
    order: int
    only_if: str = ""
    """A condition of the case: `no_sme`, `needs_insight`, `add_in_or_performance`, `unresolved`, `gm_fta_attached`, …"""
    task: str = ""
    records: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit(Element):
    """How an acceleration case ends."""

    file: ClassVar[str] = "acceleration"
    section: ClassVar[str] = "exits"
    title: str
    branches: tuple[str, ...] = ()
    l1: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Element):
    """A number of section 8 that an organisation can set."""

    file: ClassVar[str] = "thresholds"
    prose: ClassVar[tuple[str, ...]] = ("title", "meaning")
    title: str
    value: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Element):
    """A place outside (S78); addresses rot, so each can be changed in one place."""

    file: ClassVar[str] = "links"
    prose: ClassVar[tuple[str, ...]] = ("title", "purpose")
    title: str
    purpose: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire(Element):
    """The questions and checklist items for one service."""

    file: ClassVar[str] = "questionnaires/*"
    section: ClassVar[str] = "questionnaire"
    title: str
    service: str
    version: date
    editions: tuple[str, ...]
    fresh_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTopic(Element):
    """A decision of the workshop that the package is built from later (S17, S37)."""

    file: ClassVar[str] = "decisions"
    prose: ClassVar[tuple[str, ...]] = ("title", "question", "help")
    title: str
    question: str
    answer: str
    """`choice`, `many` or `text`."""
    choices: tuple[str, ...] = ()
    """Values of the configuration file, or words of our own; they are never translated."""
    help: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Where a claim about Office comes from, and of which date."""

    what: str
    date: date
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Element):
    """One question with the checklist item that an answer to it triggers."""

    file: ClassVar[str] = "questionnaires/*"
    section: ClassVar[str] = "items"
    prose: ClassVar[tuple[str, ...]] = ("title", "question", "choices", "action", "done_when")
    title: str
    topic: str
    question: str
    answer: str
    """`yes-no`, `choice`, `many`, `number` or `text`."""
    choices: tuple[str, ...] = ()
    triggers: tuple[str, ...]
    """Answers that make it a checklist item: values, `unknown`, `> 0`, `empty` or `any`. Choices count by their English text."""
    action: str
    owner: str
    done_when: str
    sources: tuple[Claim, ...]
    editions: tuple[str, ...] = ()
    """Only for these clouds; empty: those of the questionnaire."""
    closes_by: tuple[str, ...] = ()
    """Rules of the scan: no finding of any of them closes the item."""
    opens_by: tuple[str, ...] = ()
    """Rules of the scan: a finding of one of them opens the item whatever was answered."""
    questionnaire: str = ""


KINDS: tuple[type[Element], ...] = (
    Scenario, Version, Criterion, Outcome, EndState, Phase, Gate, Process, Step, Task, EvidenceKind, Role, RoleSection, RoleRule,
    Cell, L1, L2, L3, StatusChange, BusinessReason, StatusRule, Stream, NoteCheck, Word, DataField, Meeting, RequestField,
    RequestStage, RequestRule, Escalation, Branch, Move, Exit, Threshold, Link, DecisionTopic, Questionnaire, Question,
)  # fmt: skip


def place_of(kind: type[Element]) -> str:
    """`status.l1`, `phases`: the file and the list in it."""
    return f"{kind.file}.{kind.section}" if kind.section else kind.file


def prose_of(element: Element) -> dict[str, str | tuple[str, ...]]:
    """Field → text, or texts, that a reader sees; empty ones left out. Of a mapping the texts in their order."""
    found = {name: _texts(getattr(element, name)) for name in type(element).prose}
    return {name: value for name, value in found.items() if any(value)}


def _texts(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, Mapping):
        return tuple(value.values())
    return tuple(str(getattr(part, "what", part)) for part in value) if isinstance(value, tuple) else str(value)
