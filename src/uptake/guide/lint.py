"""What is wrong with a playbook although it can be read: references that lead nowhere, gates without evidence, missing Japanese.

Each check is one small function that yields complaints; an organisation runs the same checks over its own folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from uptake import catalogue
from uptake.guide.elements import (
    L1,
    L2,
    L3,
    Branch,
    Cell,
    Criterion,
    DataField,
    Element,
    EndState,
    Escalation,
    EvidenceKind,
    Exit,
    Gate,
    Link,
    Meeting,
    Move,
    NoteCheck,
    Phase,
    Process,
    Question,
    Questionnaire,
    RequestStage,
    Role,
    RoleSection,
    StatusChange,
    Step,
    Stream,
    Task,
)
from uptake.guide.notes import TESTS
from uptake.guide.playbook import Playbook, read_playbook
from uptake.guide.reading import Place, Problem
from uptake.guide.translation import orphans, untranslated
from uptake.rules.catalogue import rules_by_id

FACTS = frozenset(("intent", "eligibility", "checklist-resolved", "pilot"))
HOLDS = frozenset(("entitlement.l1", "entitlement.l2", "engagement_scenario"))
ANSWERS = frozenset(("yes-no", "choice", "many", "number", "text"))
Complaint = tuple[Element, str, str]
"""Element, field, what is wrong."""
Check = Callable[[Playbook], Iterator[Complaint]]


@dataclass(frozen=True, slots=True)
class Lint:
    """The result: problems in reading and complaints in one list, and how much Japanese is missing."""

    problems: tuple[Problem, ...]
    untranslated: tuple[Problem, ...]


def lint(overlay: Path | None = None, lang: str = "ja") -> Lint:
    """Everything that is wrong with the playbook, or with it and an organisation's folder."""
    playbook, problems = read_playbook(overlay)
    found = tuple(problems) + tuple(complaints(playbook))
    missing = [
        Problem(
            Place(f"{each.place}"),
            f"{each.id}.{each.field}",
            "changed since it was translated" if each.is_stale else f"no {lang}",
        )
        for each in untranslated(playbook, lang)
    ]
    missing += [Problem(Place(place), key, f"{lang} without an original") for place, key in orphans(playbook, lang)]
    return Lint(found, tuple(missing))


def complaints(playbook: Playbook) -> Iterator[Problem]:
    """Complaints of all checks, each with the place of its element."""
    for check in CHECKS:
        for element, name, message in check(playbook):
            place = playbook.places.get((type(element), element.id), Place("playbook"))
            yield Problem(place, name, f"{element.id}: {message}")


def without_source(playbook: Playbook) -> Iterator[Complaint]:
    for element in playbook.all():
        if not element.references and (type(element), element.id) not in playbook.added:  # theirs says what they like
            yield element, "source", "names no place of the specification, such as S60 or 4.4"


def unsure_without_remark(playbook: Playbook) -> Iterator[Complaint]:
    """What no page states says why; rows of the task table and items of a questionnaire are explained once for all."""
    for element in playbook.all():
        if element.certainty != "stated" and not element.remark and not isinstance(element, (Task, Question)):
            yield element, "remark", f"is {element.certainty} and does not say why"


def unknown_reference(playbook: Playbook) -> Iterator[Complaint]:
    """Ids that name no element of the kind that is meant."""
    for kind, name, target in REFERENCES:
        known = playbook.of(target)
        for element in playbook.of(kind).values():
            for key in _values(getattr(element, name)):
                if key and key not in known:
                    yield element, name, f"no {target.__name__.lower()} {key!r}"


def _values(value: str | Iterable[str]) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value


def unknown_need(playbook: Playbook) -> Iterator[Complaint]:
    """Tasks, steps, facts and end states that a task or gate names."""
    for task in playbook.tasks.values():
        yield from ((task, "needs", problem) for need in task.needs if (problem := _reference_problem(playbook, need)))
    for gate in playbook.of(Gate).values():
        for name in ("requires", "recommends"):
            found = (_reference_problem(playbook, each) for each in getattr(gate, name))
            yield from ((gate, name, problem) for problem in found if problem)


def _reference_problem(playbook: Playbook, reference: str) -> str:
    kind, _, key = (reference if ":" in reference else f"task:{reference}").partition(":")
    known: Iterable[str] = {
        "task": playbook.tasks,
        "step": playbook.of(Step),
        "end_state": playbook.of(EndState),
        "fact": FACTS,
    }.get(kind, ())
    return "" if key in known else f"nothing is called {reference!r}"


def missing_evidence(playbook: Playbook) -> Iterator[Complaint]:
    """Tasks and steps without evidence, and evidence of an unknown kind."""
    known = playbook.of(EvidenceKind)
    every: tuple[Task | Step, ...] = (*playbook.tasks.values(), *playbook.of(Step).values())
    for element in every:
        if not element.evidence:
            yield element, "evidence", "nothing proves it"
        for need in element.evidence:
            if need.kind not in known:
                yield element, "evidence.kind", f"no kind {need.kind!r}"


def needs_in_a_circle(playbook: Playbook) -> Iterator[Complaint]:
    """Tasks that wait for themselves."""
    for task in playbook.tasks.values():
        seen: set[str] = set()
        ahead = list(task.needs)
        while ahead:
            key = ahead.pop()
            if key not in seen and key in playbook.tasks:
                seen.add(key)
                ahead += playbook.tasks[key].needs
        if task.id in seen:
            yield task, "needs", "waits for itself"


def nothing_leads_to(playbook: Playbook) -> Iterator[Complaint]:
    """Tasks that are on and that no step, gate or cell of the board names; mandatory ones count for the gate of their phase."""
    gated = {gate.phase for gate in playbook.of(Gate).values()}
    named = {task for step in playbook.of(Step).values() for task in step.tasks}
    named |= {each.removeprefix("task:") for gate in playbook.of(Gate).values() for each in gate.requires}
    named |= {task for cell in playbook.of(Cell).values() for task in cell.tasks}
    for task in playbook.tasks.values():
        if task.default and task.id not in named and not (task.mandatory and task.phase in gated):
            yield task, "id", "no step, gate or cell leads to it: name it in `tasks` of a step, or make it mandatory"


def one_id_in_two_kinds(playbook: Playbook) -> Iterator[Complaint]:
    """Ids that steps and gates share with tasks would make a record of progress ambiguous to a reader."""
    for kind in (Step, Gate):
        for element in playbook.of(kind).values():
            if element.id in playbook.tasks:
                yield element, "id", "is the id of a task as well"


def phases_in_order(playbook: Playbook) -> Iterator[Complaint]:
    orders: dict[int, str] = {}
    for phase in playbook.of(Phase).values():
        if phase.order in orders:
            yield phase, "order", f"has the place of {orders[phase.order]}"
        orders.setdefault(phase.order, phase.id)


def wrong_question(playbook: Playbook) -> Iterator[Complaint]:
    """Kinds of answer, triggers that nobody can give, and rules that the catalogue does not have."""
    rules = {*rules_by_id(), *_package_checks()}
    for question in playbook.of(Question).values():
        if question.answer not in ANSWERS:
            yield question, "answer", f"{question.answer!r} is none of {', '.join(sorted(ANSWERS))}"
        for rule in question.opens_by + question.closes_by:
            if rule not in rules:
                yield question, "closes_by", f"no rule {rule!r}"
        known = {"yes-no": ("yes", "no"), "choice": question.choices, "many": question.choices}.get(question.answer)
        for trigger in question.triggers:
            if known is not None and trigger not in (*known, "unknown", "any"):
                yield question, "triggers", f"nobody can answer {trigger!r}"


def _package_checks() -> set[str]:
    """Ids of the checks of configurations; by the names of their files, for the wing that runs them is a later one."""
    return {path.name[:6] for path in catalogue.folder("odt").iterdir() if re.match(r"ODT\d{3}-", path.name)}


def sme_as_lead(playbook: Playbook) -> Iterator[Complaint]:
    """Roles that may not be the only owner lead nothing (S16)."""
    roles = playbook.of(Role)
    for section in playbook.of(RoleSection).values():
        if section.primary and not any(roles[key].can_own for key in section.primary if key in roles):
            yield section, "primary", "only roles that cannot own"


def unknown_note_check(playbook: Playbook) -> Iterator[Complaint]:
    for check in playbook.of(NoteCheck).values():
        if check.id not in TESTS and check.id != "author":
            yield check, "id", "nothing looks for it"


def unknown_field(playbook: Playbook) -> Iterator[Complaint]:
    for each in playbook.of(DataField).values():
        if each.holds not in HOLDS and each.holds.removeprefix("note.") not in playbook.of(Stream):
            yield each, "holds", f"{each.holds!r} is nothing that an engagement holds"


def unknown_cloud(playbook: Playbook) -> Iterator[Complaint]:
    every: tuple[Questionnaire | Question, ...] = (
        *playbook.of(Questionnaire).values(),
        *playbook.of(Question).values(),
    )
    for element in every:
        for cloud in element.editions:
            if cloud not in playbook.scenario.clouds:
                yield element, "editions", f"no cloud {cloud!r}"


REFERENCES: tuple[tuple[type[Element], str, type[Element]], ...] = (
    (Task, "role", Role),
    (Task, "secondary", Role),
    (Task, "phase", Phase),
    (Task, "process", Process),
    (Process, "phase", Phase),
    (Step, "phase", Phase),
    (Step, "process", Process),
    (Step, "tasks", Task),
    (Step, "links", Link),
    (Gate, "phase", Phase),
    (Cell, "role", Role),
    (Cell, "phase", Phase),
    (Cell, "tasks", Task),
    (RoleSection, "primary", Role),
    (RoleSection, "secondary", Role),
    (Criterion, "routes", L1),
    (L1, "owner", Role),
    (L2, "l1", L1),
    (L2, "rather", L2),
    (L3, "l2", L2),
    (StatusChange, "l1", L1),
    (StatusChange, "owner", Role),
    (Stream, "authors", Role),
    (Stream, "checks", NoteCheck),
    (DataField, "exempt_l1", L1),
    (Meeting, "owner", Role),
    (Meeting, "attendees", Role),
    (Meeting, "phases", Phase),
    (Meeting, "task", Task),
    (RequestStage, "owner", Role),
    (Escalation, "by", Role),
    (Branch, "likely_l2", L2),
    (Move, "branches", Branch),
    (Move, "task", Task),
    (Exit, "branches", Branch),
    (Exit, "l1", L1),
    (Question, "questionnaire", Questionnaire),
    (Question, "owner", Role),
)
"""Kind, field, and the kind that its ids must name."""

CHECKS: tuple[Check, ...] = (
    without_source,
    unsure_without_remark,
    unknown_reference,
    unknown_need,
    missing_evidence,
    needs_in_a_circle,
    nothing_leads_to,
    one_id_in_two_kinds,
    phases_in_order,
    wrong_question,
    sme_as_lead,
    unknown_note_check,
    unknown_field,
    unknown_cloud,
)
