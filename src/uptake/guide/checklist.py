"""Questionnaires and answers → the remediation checklist: what is open, what is hidden and kept, what the scan closes.

Nothing is ever deleted: an item that is out of scope, not triggered or gone from the template stays, hidden, with its history.
A generated checklist keeps the words that the customer saw and is compared with the template when that has moved on.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from hashlib import sha256

from uptake.core.errors import UptakeError
from uptake.guide.elements import Question, Questionnaire

Answer = str | tuple[str, ...]
"""`yes`, `no`, `unknown`, one choice, several choices, a number as text, or free text."""
UNKNOWN = "unknown"
CHECKS = "ODT"
"""How the ids of checks of packages begin."""
ADDINS = re.compile(r"A\d")
"""How the ids of rules of add-ins on endpoints begin; all others are rules of the scan."""
COMPARED = re.compile(r"(>=|<=|>|<)\s*(\d+)")
NUMBER = re.compile(r"\d{1,12}")
OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


class WrongEditionError(UptakeError):
    """The questionnaire is made for another cloud than the tenant's (S29)."""


class ItemState(StrEnum):
    """How far an item is."""

    OPEN = "open"
    RESOLVED = "resolved"


class Shown(StrEnum):
    """Why an item is in the list, or why it is hidden."""

    TRIGGERED = "triggered"
    FOUND = "found"
    """A finding of the scan opened it."""
    CLEARED = "cleared"
    """The answer triggered it, and the scan found nothing of the kind."""
    NOT_TRIGGERED = "not triggered"
    UNANSWERED = "unanswered"
    OUT_OF_SCOPE = "out of scope"
    OTHER_EDITION = "other edition"
    RETIRED = "retired"
    """No longer in the template."""


VISIBLE = frozenset((Shown.TRIGGERED, Shown.FOUND, Shown.CLEARED))


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist: what was generated, and what people made of it."""

    id: str
    questionnaire: str
    title: str
    action: str
    done_when: str
    owner_role: str
    shown: Shown
    digest: str
    """Of the words that it was generated from."""
    found: frozenset[str] = frozenset()
    """Rules whose findings speak for it."""
    state: ItemState = ItemState.OPEN
    owner: str = ""
    due: date | None = None
    evidence: tuple[str, ...] = ()
    acknowledged_by: str = ""
    by_scan: bool = False
    """It was the scan that resolved it; a later finding opens it again."""

    @property
    def is_visible(self) -> bool:
        return self.shown in VISIBLE

    @property
    def is_open(self) -> bool:
        return self.is_visible and self.state is ItemState.OPEN


@dataclass(frozen=True, slots=True)
class Checklist:
    """A generated checklist, stamped with the versions of its questionnaires (S30)."""

    edition: str
    scope: frozenset[str]
    versions: Mapping[str, date]
    items: tuple[Item, ...]
    unanswered: tuple[str, ...] = ()
    """Questions in scope without an answer."""

    @property
    def visible(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.is_visible)

    @property
    def open(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.is_open)

    @property
    def is_complete(self) -> bool:
        """Every question in scope was answered, and there is something in scope."""
        return bool(self.versions) and not self.unanswered

    @property
    def is_resolved(self) -> bool:
        """Computed, never ticked (S34): complete, and nothing that is shown is open."""
        return self.is_complete and not self.open


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed between two generations; ids of items."""

    added: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    reworded: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Template:
    """Questionnaires with their questions, as the catalogue has them today."""

    questionnaires: Mapping[str, Questionnaire]
    questions: tuple[Question, ...] = field(default=())

    def of(self, questionnaire: str) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.questionnaire == questionnaire)


def answer_problem(question: Question, answer: Answer) -> str:
    """What is wrong with an answer, in a sentence; empty when it fits."""
    given = (answer,) if isinstance(answer, str) else answer
    if answer == UNKNOWN:
        return ""
    if isinstance(answer, tuple) and question.answer != "many":
        return "one answer is expected"
    if question.answer == "number":
        return "" if NUMBER.fullmatch(given[0].strip()) else "a whole number is expected"
    known = {"yes-no": ("yes", "no"), "choice": question.choices, "many": question.choices}.get(question.answer)
    strange = [value for value in given if known is not None and value not in known]
    return f"not among the choices: {', '.join(strange)}" if strange else ""


def is_answered(question: Question, answers: Mapping[str, Answer]) -> bool:
    """Whether a usable answer was given; “unknown” is one, blank is none."""
    answer = answers.get(question.id, "")
    given = answer.strip() if isinstance(answer, str) else answer
    return bool(given) and not answer_problem(question, answer)


def is_triggered(question: Question, answer: Answer) -> bool:
    """Whether an answer makes the question's item necessary."""
    given = {answer.strip()} if isinstance(answer, str) else set(answer)
    return "any" in question.triggers or any(value in given or _compares(value, answer) for value in question.triggers)


def _compares(trigger: str, answer: Answer) -> bool:
    found = COMPARED.fullmatch(trigger)
    if not found or not isinstance(answer, str) or not NUMBER.fullmatch(answer.strip()):
        return False
    return bool(OPERATORS[found[1]](int(answer), int(found[2])))


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and what was looked at at all: silence closes an item only where somebody looked."""

    rules: frozenset[str] = frozenset()
    has_scan: bool = False
    has_packages: bool = False
    has_addins: bool = False

    @classmethod
    def of(
        cls, findings: Iterable[str] | None, packages: Iterable[str] | None, addins: Iterable[str] | None = None
    ) -> Found:
        rules = frozenset(findings or ()) | frozenset(packages or ()) | frozenset(addins or ())
        return cls(rules, findings is not None, packages is not None, addins is not None)

    def clears(self, closes_by: tuple[str, ...]) -> bool:
        """Whether everything that closes an item was looked for, and nothing of it is there."""
        return bool(closes_by) and all(map(self._looked, closes_by)) and not self.rules.intersection(closes_by)

    def _looked(self, rule: str) -> bool:
        if rule.startswith(CHECKS):
            return self.has_packages
        return self.has_addins if ADDINS.match(rule) else self.has_scan


def generate(
    template: Template,
    answers: Mapping[str, Answer],
    scope: Iterable[str],
    edition: str,
    findings: Iterable[str] | None = None,
    packages: Iterable[str] | None = None,
    addins: Iterable[str] | None = None,
) -> Checklist:
    """The checklist for services in scope and the tenant's cloud.

    `findings`: ids of the rules that the scan has findings of; None while there was no scan, which closes nothing.
    `packages`: ids of the checks (ODT…) that hold for the configurations of the packages; None while none was checked.
    `addins`: ids of the rules (A…) that hold for add-ins on endpoints; None while none were collected.
    Raises `WrongEditionError` when a questionnaire in scope is not made for the cloud.
    """
    wanted = frozenset(scope)
    used = {key: each for key, each in template.questionnaires.items() if each.service in wanted}
    _refuse_wrong_edition(used.values(), edition)
    found = Found.of(findings, packages, addins)
    items = tuple(
        _item(question, answers, question.questionnaire in used, edition, found) for question in template.questions
    )
    return Checklist(
        edition=edition,
        scope=wanted,
        versions={key: each.version for key, each in used.items()},
        items=items,
        unanswered=tuple(question.id for question in template.questions if question.questionnaire in used
                         and _fits(question, edition) and not is_answered(question, answers)),
    )  # fmt: skip


def _refuse_wrong_edition(used: Iterable[Questionnaire], edition: str) -> None:
    for each in used:
        if edition not in each.editions:
            raise WrongEditionError(
                f"the questionnaire {each.id} is for {', '.join(each.editions)}, the tenant is {edition}",
                hint="Choose the edition that was made for the tenant's cloud.",
            )


def _fits(question: Question, edition: str) -> bool:
    return not question.editions or edition in question.editions


def _item(question: Question, answers: Mapping[str, Answer], in_scope: bool, edition: str, found: Found) -> Item:
    shown = _shown(question, answers, in_scope, edition, found)
    cleared = shown is Shown.CLEARED
    return Item(
        id=question.id, questionnaire=question.questionnaire, title=question.title, action=question.action,
        done_when=question.done_when, owner_role=question.owner, shown=shown, digest=words_digest(question),
        found=found.rules & frozenset(question.opens_by + question.closes_by),
        state=ItemState.RESOLVED if cleared else ItemState.OPEN, by_scan=cleared,
    )  # fmt: skip


def _shown(question: Question, answers: Mapping[str, Answer], in_scope: bool, edition: str, found: Found) -> Shown:
    if not in_scope:
        return Shown.OUT_OF_SCOPE
    if not _fits(question, edition):
        return Shown.OTHER_EDITION
    if found.rules.intersection(question.opens_by):
        return Shown.FOUND
    if not is_answered(question, answers):
        return Shown.UNANSWERED
    if not is_triggered(question, answers[question.id]):
        return Shown.NOT_TRIGGERED
    return Shown.CLEARED if found.clears(question.closes_by) else Shown.TRIGGERED


def words_digest(question: Question) -> str:
    """Digest of what an item says; another one means that the template has changed under it."""
    return sha256(repr((question.title, question.action, question.done_when)).encode()).hexdigest()[:12]


def regenerate(pinned: Checklist, fresh: Checklist) -> tuple[Checklist, Diff]:
    """The fresh generation with all that people did to the pinned one, and what changed between the two."""
    before = {item.id: item for item in pinned.items}
    now = {item.id for item in fresh.items}
    kept = [_carried(before[item.id], item) if item.id in before else item for item in fresh.items]
    kept += [replace(item, shown=Shown.RETIRED) for item in pinned.items if item.id not in now]
    merged = replace(fresh, items=tuple(kept))
    return merged, difference(pinned, merged)


def _carried(old: Item, new: Item) -> Item:
    """The new item with the old one's history. Somebody's resolution stays until a rule speaks that did not speak then."""
    same = replace(new, owner=old.owner, due=old.due, evidence=old.evidence, acknowledged_by=old.acknowledged_by)
    if old.state is ItemState.OPEN or new.state is ItemState.RESOLVED:
        return same
    if old.by_scan or (new.shown is Shown.FOUND and not new.found <= old.found):
        return replace(same, acknowledged_by="")
    return replace(same, state=ItemState.RESOLVED, by_scan=False)


def difference(pinned: Checklist, fresh: Checklist) -> Diff:
    """What a reader must know before the pinned checklist is replaced by the fresh one."""
    before = {item.id: item for item in pinned.items}
    pairs = [(before[item.id], item) for item in fresh.items if item.id in before]
    present = {item.id for item in fresh.items if item.shown is not Shown.RETIRED}
    return Diff(
        added=tuple(item.id for item in fresh.items if item.id not in before and item.is_visible),
        retired=tuple(item.id for item in pinned.items if item.shown is not Shown.RETIRED and item.id not in present),
        reworded=tuple(new.id for old, new in pairs if old.digest != new.digest),
        shown=tuple(new.id for old, new in pairs if new.is_visible and not old.is_visible),
        hidden=tuple(new.id for old, new in pairs if old.is_visible and not new.is_visible),
        reopened=tuple(
            new.id for old, new in pairs if new.is_open and old.state is ItemState.RESOLVED and old.is_visible
        ),
        cleared=tuple(new.id for old, new in pairs if old.is_open and new.shown is Shown.CLEARED),
    )


def resolve(checklist: Checklist, item: str, evidence: str, acknowledged_by: str = "") -> Checklist:
    """The checklist with one item resolved by a person, who must say what proves it."""
    if not evidence.strip():
        raise UptakeError("an item is resolved with evidence", hint="Say what was done and where it can be seen.")
    return _changed(checklist, item, lambda old: replace(
        old, state=ItemState.RESOLVED, by_scan=False, evidence=(*old.evidence, evidence.strip()),
        acknowledged_by=acknowledged_by or old.acknowledged_by,
    ))  # fmt: skip


def reopen(checklist: Checklist, item: str) -> Checklist:
    return _changed(checklist, item, lambda old: replace(old, state=ItemState.OPEN, by_scan=False, acknowledged_by=""))


def assign(checklist: Checklist, item: str, owner: str, due: date | None = None) -> Checklist:
    return _changed(checklist, item, lambda old: replace(old, owner=owner, due=due))


def _changed(checklist: Checklist, key: str, change: Callable[[Item], Item]) -> Checklist:
    if key not in {item.id for item in checklist.items}:
        raise UptakeError(f"no item {key} in this checklist")
    return replace(checklist, items=tuple(change(item) if item.id == key else item for item in checklist.items))


def age(checklist: Checklist, today: date) -> int:
    """Days since the oldest of its questionnaires was dated; 0 when nothing is in scope."""
    return max(((today - version).days for version in checklist.versions.values()), default=0)


def stale(checklist: Checklist, template: Template, today: date) -> tuple[str, ...]:
    """Questionnaires of a checklist that have a newer version, or that are older than they stay fresh (S30)."""
    found = []
    for key, version in checklist.versions.items():
        current = template.questionnaires.get(key)
        if current is None or current.version > version or (today - version).days > current.fresh_days:
            found.append(key)
    return tuple(found)
