"""One acceleration case as frozen values, and the rules by which it goes on: who may do what next, and how it ends.

Order is enforced where the playbook gives one: discussion, then reason with evidence (S47, S48), then the branch; the technical
branch step by step (S49 to S54). Conditions of a move are answers about the case; an answer that nobody gave is unknown, and a
move that depends on it is asked for, not skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from uptake.core.errors import UptakeError
from uptake.guide.elements import Branch, Exit, Move
from uptake.guide.engagement import Engagement, MeetingRecord
from uptake.guide.playbook import Playbook
from uptake.guide.statuses import BlockReport, report_block
from uptake.prove.acceleration.texts import Text, said, text
from uptake.prove.usage.forecast import Forecast
from uptake.prove.usage.rules import Judgement, Verdict

NO_ANSWERS: Mapping[str, bool] = {}
CONDITIONS = ("no_sme", "needs_insight", "add_in_or_performance", "unresolved", "deeper_acm_needed", "gm_fta_attached")
DISCUSSION_ROLES = frozenset(("FM", "FE", "SME"))
"""Who takes part in the status discussion (S47)."""
FIRST = ("discuss", "find-reason")


class CaseError(UptakeError):
    """What cannot be done in a case as it stands; the message says why."""


class State(StrEnum):
    """State of a move in a case."""

    READY = "ready"
    DONE = "done"
    LATER = "later"
    ASK = "ask"
    """Whether it applies depends on an answer that is missing."""
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Action:
    """A move that was made: who, when, with what outcome, and the forecast that was made before it."""

    move: str
    on: date
    by: str
    outcome: str
    reference: str = ""
    """Id of an Insight, a request, a referral or an escalation."""
    owner: str = ""
    due: date | None = None
    attendees: tuple[str, ...] = ()
    """`Name (ROLE)`, of a meeting."""
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """An entry of task 3650: what was done, and use before and after it (S59)."""

    on: date
    by: str
    what: str
    usage_before: float | None = None
    usage_after: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a case ended."""

    exit: str
    on: date
    by: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """An acceleration case of one engagement."""

    id: str
    opened_on: date
    opened_by: str
    opened_for: str
    """`stall`, or the reason that a person gave."""
    judgement: Judgement | None = None
    forecast: Forecast | None = None
    """Made when the case was opened."""
    branch: str = ""
    evidence: str = ""
    answers: Mapping[str, bool] = field(default_factory=lambda: NO_ANSWERS)
    """Condition → whether it holds; what is not in it is not known."""
    actions: tuple[Action, ...] = ()
    efforts: tuple[Effort, ...] = ()
    ending: Ending | None = None

    @property
    def is_open(self) -> bool:
        return self.ending is None

    def did(self, move: str) -> bool:
        return any(action.move == move for action in self.actions)


@dataclass(frozen=True, slots=True)
class Next:
    """A move with its state and, where it is not ready, why."""

    move: Move
    state: State
    why: Text | None = None


def open_case(
    key: str, judgement: Judgement | None, forecast: Forecast | None, on: date, by: str, reason: str = ""
) -> Case:
    """A case for a stall, or by hand with a reason (S43). Raises `CaseError` where there is neither."""
    if reason.strip():
        return Case(key, on, by, reason.strip(), judgement, forecast)
    if judgement is None or judgement.stalled is not Verdict.MET:
        raise CaseError("the figures show no stall", hint="A case can be opened by hand with a reason.")
    return Case(key, on, by, "stall", judgement, forecast)


def moves_of(playbook: Playbook, branch: str) -> tuple[Move, ...]:
    """The moves of a branch in their order; before a reason is known, those that all branches share."""
    moves = sorted(playbook.of(Move).values(), key=lambda move: move.order)
    if branch:
        return tuple(move for move in moves if branch in move.branches)
    return tuple(move for move in moves if move.id in FIRST)


def next_moves(playbook: Playbook, case: Case) -> tuple[Next, ...]:
    """Every move of the case's branch with its state."""
    moves = moves_of(playbook, case.branch)
    return tuple(_next(playbook, case, move, moves) for move in moves)


def _next(playbook: Playbook, case: Case, move: Move, moves: tuple[Move, ...]) -> Next:
    holds = _holds(case, move)
    if case.did(move.id) and move.records not in ("effort", "actions"):
        return Next(move, State.DONE, text("already", move=move.title))
    if holds is False:
        return Next(move, State.NOT_NEEDED, text(f"condition-{move.only_if}"))
    before = _first_open(playbook, case, move, moves)
    if before is not None:
        return Next(move, State.LATER, text("not-yet", move=move.title, before=before.title))
    return Next(move, State.ASK if holds is None else State.READY)


def _holds(case: Case, move: Move) -> bool | None:
    return case.answers.get(move.only_if) if move.only_if else True


def _first_open(playbook: Playbook, case: Case, move: Move, moves: tuple[Move, ...]) -> Move | None:
    """The earlier move that has to come first; an effort can be logged as soon as something was done (S59)."""
    if move.records == "effort":
        earlier = [each for each in moves if each.id in FIRST]
    elif playbook.of(Branch)[case.branch].ordered if case.branch else True:
        earlier = [each for each in moves if each.order < move.order]
    else:
        earlier = [each for each in moves if each.id in FIRST and each.order < move.order]
    return next((each for each in earlier if not case.did(each.id) and _holds(case, each) is not False), None)


def answer(case: Case, condition: str, holds: bool) -> Case:
    """The case with an answer to one of its conditions."""
    if condition not in CONDITIONS:
        raise CaseError(f"no condition {condition!r}", hint=f"One of {', '.join(CONDITIONS)}.")
    return replace(case, answers={**case.answers, condition: holds})


def choose(playbook: Playbook, case: Case, branch: str, evidence: str, on: date, by: str) -> Case:
    """The reason class with its evidence, recorded before any plan (S48). Another branch can be chosen later; nothing is lost."""
    known = playbook.of(Branch)
    if branch not in known:
        raise CaseError(f"no reason class {branch!r}", hint=f"One of {', '.join(known)}.")
    if not case.did("discuss"):
        raise CaseError("the status discussion of FM, FE and SME comes first (S47)")
    if not evidence.strip():
        raise CaseError("a reason is recorded with its evidence", hint="What was seen or said, where and when.")
    _refuse_closed(case)
    action = Action("find-reason", on, by, f"{known[branch].title}: {evidence.strip()}")
    return replace(case, branch=branch, evidence=evidence.strip(), actions=(*case.actions, action))


def act(playbook: Playbook, case: Case, action: Action) -> Case:
    """The case with one more action. Raises `CaseError` where it is not its turn, does not apply or lacks what it must record."""
    _refuse_closed(case)
    move = playbook.of(Move).get(action.move)
    if move is None:
        raise CaseError(f"no move {action.move!r}")
    if move.id == "find-reason":
        raise CaseError("a reason is chosen with its evidence", hint="Use `choose`.")
    if move.id == "report-block":
        raise CaseError("a block is reported with its note and status in one step", hint="Use `block`.")
    if move.id not in FIRST and case.branch not in move.branches:
        raise CaseError(said(text("other-branch", move=move.title)))
    found = _next(playbook, case, move, moves_of(playbook, case.branch))
    if found.state is State.ASK:
        raise CaseError(f"whether “{move.title}” applies is not answered yet", hint=f"Answer {move.only_if} first.")
    if found.state is not State.READY:
        raise CaseError(said(found.why) if found.why else move.title)
    _refuse_incomplete(move, action)
    if action.on < case.opened_on:
        raise CaseError("the action lies before the case was opened")
    return replace(case, actions=(*case.actions, action))


NEEDS_REFERENCE = frozenset(("insight", "request", "referral", "escalation"))


def _refuse_incomplete(move: Move, action: Action) -> None:
    if not action.outcome.strip():
        raise CaseError(f"“{move.title}” is recorded with its outcome")
    if move.records in NEEDS_REFERENCE and not action.reference.strip():
        raise CaseError(
            f"“{move.title}” is recorded with its number or address", hint="The id of the Insight, request or referral."
        )
    if move.records == "actions" and not (action.owner.strip() and action.due):
        raise CaseError("an item to work on has an owner and a date")
    if move.id == "discuss":
        present = {each.rpartition("(")[2].rstrip(") ") for each in action.attendees}
        missing = DISCUSSION_ROLES - present
        if missing:
            raise CaseError(f"the discussion is one of FM, FE and SME; missing: {', '.join(sorted(missing))}")


def log_effort(case: Case, effort: Effort) -> Case:
    """One more entry of task 3650, a log that stays open as long as the case or the engagement (S59)."""
    if not effort.what.strip():
        raise CaseError("an effort is logged with what was done")
    return replace(case, efforts=(*case.efforts, effort))


def block(
    playbook: Playbook, engagement: Engagement, case: Case, report: BlockReport, today: date
) -> tuple[Engagement, Case]:
    """Unresolved: note, L1 Blocked, L2 and unblock date in one step, and the case ends (S54, G3); all of it or nothing."""
    _refuse_closed(case)
    if not case.branch:
        raise CaseError("the reason comes before a block", hint="Choose the reason class with its evidence.")
    move = playbook.of(Move)["report-block"]
    if case.branch in move.branches:
        found = _next(playbook, case, move, moves_of(playbook, case.branch))
        if found.state not in (State.READY, State.ASK):
            raise CaseError(said(found.why) if found.why else move.title)
    blocked = report_block(playbook, engagement, report, today)
    action = Action(move.id, today, report.author, report.text.strip(), report.l2)
    exit_ = "blocked" if case.branch in move.branches else "blocked-otherwise"
    ended = replace(
        case, answers={**case.answers, "unresolved": True}, actions=(*case.actions, action),
        ending=Ending(exit_, today, report.author, report.text.strip()),
    )  # fmt: skip
    return blocked, ended


def open_exits(playbook: Playbook, case: Case, judgement: Judgement | None, l1: str = "") -> tuple[Exit, ...]:
    """The ways in which a case can end now: 70 % is reached, or the status has changed to Blocked or No Intent."""
    found = []
    for each in playbook.of(Exit).values():
        if case.branch and each.branches and case.branch not in each.branches:
            continue
        is_healthy = each.id == "healthy" and judgement is not None and judgement.healthy is Verdict.MET
        if is_healthy or (each.l1 and each.l1 == l1 and case.branch):
            found.append(each)
    return tuple(found)


def close(
    playbook: Playbook, case: Case, exit_: str, on: date, by: str, judgement: Judgement | None, l1: str = "", remark: str = ""
) -> Case:  # fmt: skip
    """The case ended by one of its open exits. Raises `CaseError` for any other."""
    _refuse_closed(case)
    possible = open_exits(playbook, case, judgement, l1)
    if exit_ not in {each.id for each in possible}:
        shown = ", ".join(each.id for each in possible) or "none: use is below 70 % and the status has not changed"
        raise CaseError(f"the case cannot end with {exit_!r}", hint=f"Open exits: {shown}.")
    return replace(case, ending=Ending(exit_, on, by, remark))


def _refuse_closed(case: Case) -> None:
    if case.ending is not None:
        raise CaseError(f"the case ended on {case.ending.on} ({case.ending.exit})", hint="Open another one.")


def follow_on(engagement: Engagement, session: MeetingRecord) -> Engagement:
    """The engagement with one more follow-on session; they go on during acceleration (S44)."""
    return replace(engagement, meetings=(*engagement.meetings, session))


def open_cases(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Cases that have not ended, oldest first."""
    return tuple(sorted((case for case in cases if case.is_open), key=lambda case: case.opened_on))
