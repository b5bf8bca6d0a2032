"""What applies, what is ready, and what blocks the next gate, with the evidence that is missing.

Steps can be entered at any point (S6): a gate never locks a page, it says by name what is not yet proved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from uptake.core.errors import UptakeError
from uptake.guide.elements import Cell, Criterion, EndState, EvidenceKind, Gate, Need, Phase, Role, Step, Task
from uptake.guide.engagement import SETTLED, Engagement, Evidence, Progress, State
from uptake.guide.playbook import Playbook


class GateError(UptakeError):
    """A step or task cannot be settled like this; the message names what is missing."""


class Why(StrEnum):
    """Why something blocks a gate."""

    NO_INTENT = "intent is not recorded"
    NOT_SETTLED = "not done, bypassed or not applicable"
    NO_EVIDENCE = "evidence is missing"
    NOT_SO = "not so"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Block:
    """One thing between here and the next phase."""

    gate: str
    reference: str
    title: str
    why: Why
    role: str = ""
    missing: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Whether an engagement may start, and where it goes when it may not (S66)."""

    is_possible: bool
    because: str = ""
    routes: tuple[str, ...] = ()
    """L1 values to record instead."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One of the four end states: reached, not reached, or unknown."""

    id: str
    is_reached: bool | None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Square:
    """One cell of the board with what is going on in it."""

    cell: Cell
    owners: tuple[str, ...]
    states: tuple[tuple[str, State], ...]
    """Task → state, of the tasks that apply."""
    is_current: bool
    blocks: tuple[Block, ...]


def may_start(playbook: Playbook, engagement: Engagement) -> Start:
    """Start needs intent. Intent denied leads to No Intent, intent not asked for to Status Unknown."""
    intent = engagement.intent
    if intent and intent.is_given:
        return Start(True)
    criterion = next(iter(playbook.of(Criterion).values()))
    wanted = "status-unknown" if intent is None else "no-intent"
    return Start(False, criterion.otherwise, tuple(route for route in criterion.routes if route == wanted))


def applying(playbook: Playbook, engagement: Engagement) -> tuple[Task, ...]:
    """The tasks of the scenario and those of linked pages that were switched on, without the ones that do not apply."""
    chosen = (task for task in playbook.tasks.values() if task.default or task.id in engagement.switched_on)
    return tuple(
        task for task in chosen if state_of(playbook, engagement, f"task:{task.id}") is not State.NOT_APPLICABLE
    )


def state_of(playbook: Playbook, engagement: Engagement, reference: str) -> State:
    """State of `task:3080` or `step:ort`: what was recorded, else what follows from the step or the tasks it belongs to."""
    recorded = engagement.progress.get(reference)
    if recorded and recorded.state in SETTLED:
        return recorded.state
    kind, key = _parts(reference)
    inherited = _of_its_step(playbook, engagement, key) if kind == "task" else _of_its_tasks(playbook, engagement, key)
    if inherited is not None:
        return inherited
    return State.READY if _is_ready(playbook, engagement, kind, key) else State.FUTURE


def _parts(reference: str) -> tuple[str, str]:
    kind, _, key = reference.partition(":")
    return kind, key


def _of_its_step(playbook: Playbook, engagement: Engagement, task: str) -> State | None:
    """A step that was bypassed or does not apply takes its tasks with it."""
    for step in playbook.of(Step).values():
        recorded = engagement.recorded(f"step:{step.id}").state
        if task in step.tasks and recorded in (State.BYPASSED, State.NOT_APPLICABLE):
            return recorded
    return None


def _of_its_tasks(playbook: Playbook, engagement: Engagement, step: str) -> State | None:
    """A step is what its tasks are, once all of them are settled: done if one of them was done."""
    states = {engagement.recorded(f"task:{task}").state for task in playbook.of(Step)[step].tasks}
    if not states or not states <= SETTLED:
        return None
    return next(state for state in (State.DONE, State.BYPASSED, State.NOT_APPLICABLE) if state in states)


def _is_ready(playbook: Playbook, engagement: Engagement, kind: str, key: str) -> bool:
    if not may_start(playbook, engagement).is_possible:
        return False
    needs = playbook.tasks[key].needs if kind == "task" else ()
    return all(state_of(playbook, engagement, _reference(need)) in SETTLED for need in needs)


def _reference(need: str) -> str:
    return need if ":" in need else f"task:{need}"


def needs_of(playbook: Playbook, reference: str) -> tuple[Need, ...]:
    kind, key = _parts(reference)
    return playbook.tasks[key].evidence if kind == "task" else playbook.of(Step)[key].evidence


def missing_evidence(
    playbook: Playbook, engagement: Engagement, reference: str, offered: tuple[Evidence, ...] = ()
) -> tuple[Need, ...]:
    """Evidence that its gate asks for and that neither was recorded, nor is offered, nor follows from the engagement."""
    given = {each.kind for each in (*engagement.recorded(reference).evidence, *offered) if each.what.strip()}
    return tuple(
        need for need in needs_of(playbook, reference) if not _is_given(playbook, engagement, need.kind, given)
    )


def _is_given(playbook: Playbook, engagement: Engagement, kind: str, given: set[str]) -> bool:
    known = playbook.of(EvidenceKind).get(kind)
    return derived(engagement, kind) if known and known.derived else kind in given


def derived(engagement: Engagement, kind: str) -> bool:
    """Whether the engagement itself holds the evidence of a kind that nobody can enter by hand."""
    checklist = engagement.checklist
    return {
        "decision": any(each.choice and each.decider for each in engagement.decisions),
        "checklist": checklist is not None and checklist.is_complete,
        "checklist-resolved": checklist is not None and checklist.is_resolved,
    }.get(kind, False)


def complete(
    playbook: Playbook, engagement: Engagement, reference: str, evidence: tuple[Evidence, ...], on: date, by: str
) -> Engagement:
    """The engagement with a step or task done. Raises `GateError` when evidence is missing or there is no intent."""
    _refuse_without_intent(playbook, engagement)
    missing = missing_evidence(playbook, engagement, reference, evidence)
    if missing:
        raise GateError(f"{reference} lacks evidence: {'; '.join(need.what or need.kind for need in missing)}")
    return _settled(engagement, reference, State.DONE, "", evidence, on, by)


def _refuse_without_intent(playbook: Playbook, engagement: Engagement) -> None:
    start = may_start(playbook, engagement)
    if not start.is_possible:
        raise GateError(start.because, hint=f"Record an L1 instead: {', '.join(start.routes)}.")


def bypass(
    playbook: Playbook,
    engagement: Engagement,
    reference: str,
    reason: str,
    evidence: tuple[Evidence, ...],
    on: date,
    by: str,
) -> Engagement:
    """The engagement with a step or task bypassed, because its subject was dealt with before: reason and evidence (S5)."""
    kind, key = _parts(reference)
    if kind == "step" and not playbook.of(Step)[key].may_be_bypassed:
        raise GateError(f"{reference} cannot be bypassed")
    if not reason.strip() or not any(each.what.strip() for each in evidence):
        raise GateError(f"{reference} is bypassed with a reason and with evidence", hint="Say why, and what proves it.")
    return _settled(engagement, reference, State.BYPASSED, reason, evidence, on, by)


def set_aside(engagement: Engagement, reference: str, reason: str, on: date, by: str) -> Engagement:
    """The engagement with a step or task that does not apply to it, and why."""
    if not reason.strip():
        raise GateError(f"{reference} does not apply: the reason is missing")
    return _settled(engagement, reference, State.NOT_APPLICABLE, reason, (), on, by)


def take_up(engagement: Engagement, reference: str, on: date, by: str) -> Engagement:
    """Open again what was settled; a repeatable step, or a mistake. Its evidence stays."""
    return engagement.with_progress(reference, replace(engagement.recorded(reference), state=State.READY, on=on, by=by))


def _settled(
    engagement: Engagement, reference: str, state: State, reason: str, evidence: tuple[Evidence, ...], on: date, by: str
) -> Engagement:
    kept = (*engagement.recorded(reference).evidence, *evidence)
    return engagement.with_progress(reference, Progress(state, reason.strip(), kept, on, by))


def end_states(playbook: Playbook, engagement: Engagement) -> tuple[Reached, ...]:
    """The four ends, each for itself (C2): started, complete, healthy, supported."""
    return tuple(_reached(engagement, key) for key in playbook.of(EndState))


def _reached(engagement: Engagement, key: str) -> Reached:
    if key == "broad-started":
        task = engagement.recorded("task:1247")
        on = next((each.on for each in task.evidence if each.kind == "deployment-started"), None)
        return Reached(key, task.state is State.DONE, (on or task.on) if task.state is State.DONE else None)
    if key == "deployment-complete":
        return Reached(key, engagement.completed_on is not None, engagement.completed_on)
    since = engagement.measured.get(key)
    return Reached(key, None if key not in engagement.measured else since is not None, since)


def blocks(playbook: Playbook, engagement: Engagement, gate: Gate) -> tuple[Block, ...]:
    """All that keeps a gate closed; nothing when it is open."""
    return tuple(
        block for reference in _required(playbook, engagement, gate)
        if (block := _block(playbook, engagement, gate.id, reference))
    )  # fmt: skip


def warnings(playbook: Playbook, engagement: Engagement, gate: Gate) -> tuple[Block, ...]:
    """What the playbook recommends before a gate and is not there, such as a pilot (S6)."""
    return tuple(block for reference in gate.recommends if (block := _block(playbook, engagement, gate.id, reference)))


def _required(playbook: Playbook, engagement: Engagement, gate: Gate) -> Iterator[str]:
    """What the gate names, and the other mandatory tasks of its phase: switched on, or added by the organisation."""
    yield from gate.requires
    for task in applying(playbook, engagement):
        if task.mandatory and task.phase == gate.phase and f"task:{task.id}" not in gate.requires:
            yield f"task:{task.id}"


def _block(playbook: Playbook, engagement: Engagement, gate: str, reference: str) -> Block | None:
    kind, key = _parts(reference)
    if kind == "fact":
        return _block_of_fact(playbook, engagement, gate, key)
    if kind == "end_state":
        reached = _reached(engagement, key)
        why = Why.UNKNOWN if reached.is_reached is None else Why.NOT_SO
        return None if reached.is_reached else Block(gate, reference, playbook.of(EndState)[key].title, why)
    if state_of(playbook, engagement, reference) in SETTLED:
        return None
    missing = missing_evidence(playbook, engagement, reference)
    why = Why.NO_EVIDENCE if missing else Why.NOT_SETTLED
    element = playbook.tasks[key] if kind == "task" else playbook.of(Step)[key]
    return Block(gate, reference, element.title, why, _role_of(element), missing)


def _role_of(element: Task | Step) -> str:
    if isinstance(element, Task):
        return element.role
    return "CUSTOMER-IT" if element.responsibility == "customer" else "FE"


def _block_of_fact(playbook: Playbook, engagement: Engagement, gate: str, key: str) -> Block | None:
    holds = {
        "intent": may_start(playbook, engagement).is_possible,
        "eligibility": engagement.eligibility is not None and engagement.eligibility.is_eligible,
        "checklist-resolved": derived(engagement, key)
        or state_of(playbook, engagement, "task:3190") in (State.BYPASSED, State.NOT_APPLICABLE),
        "pilot": any(each.kind == "pilot" for progress in engagement.progress.values() for each in progress.evidence),
    }[key]
    if holds:
        return None
    titles = {key: each.title for key, each in playbook.of(EvidenceKind).items()}
    titles |= {each.fact: each.title for each in playbook.of(Criterion).values()}
    role = "FE" if key in ("checklist-resolved", "pilot") else "FM"
    return Block(gate, f"fact:{key}", titles.get(key, key), Why.NO_INTENT if key == "intent" else Why.NOT_SO, role)


def next_gate(playbook: Playbook, engagement: Engagement) -> Gate | None:
    """The first gate in the order of the phases that is not open; None at the very end."""
    return next((gate for gate in _gates(playbook) if blocks(playbook, engagement, gate)), None)


def _gates(playbook: Playbook) -> list[Gate]:
    phases = playbook.of(Phase)
    return sorted(playbook.of(Gate).values(), key=lambda gate: phases[gate.phase].order)


def current_phase(playbook: Playbook, engagement: Engagement) -> Phase:
    """The phase whose gate is the next one; the last phase when all gates are open."""
    gate = next_gate(playbook, engagement) or _gates(playbook)[-1]
    return playbook.of(Phase)[gate.phase]


def board(playbook: Playbook, engagement: Engagement) -> tuple[Square, ...]:
    """The board of roles and phases (S9) with the current position, owners, and what blocks in each cell."""
    phase = current_phase(playbook, engagement)
    every = {gate.phase: blocks(playbook, engagement, gate) for gate in _gates(playbook)}
    applies = {task.id for task in applying(playbook, engagement)}
    return tuple(
        Square(
            cell=cell,
            owners=engagement.people_in(cell.role),
            states=tuple(
                (task, state_of(playbook, engagement, f"task:{task}")) for task in cell.tasks if task in applies
            ),
            is_current=cell.phase == phase.id,
            blocks=tuple(block for block in every.get(cell.phase, ()) if block.role == cell.role),
        )
        for cell in playbook.of(Cell).values()
    )


def owner_gaps(playbook: Playbook, engagement: Engagement) -> tuple[Task, ...]:
    """Tasks that apply and that nobody can answer for: no one in their roles, or only an SME and no lead beside (S16)."""
    return tuple(task for task in applying(playbook, engagement) if not _has_owner(playbook, engagement, task))


def _has_owner(playbook: Playbook, engagement: Engagement, task: Task) -> bool:
    held = [role for role in (task.role, *task.secondary) if engagement.people_in(role)]
    led = [role for role in playbook.scenario.leads if engagement.people_in(role)]
    return bool(held) and any(playbook.of(Role)[role].can_own for role in (*held, *led))
