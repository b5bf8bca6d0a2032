"""The checklist: hidden is kept, the wrong edition is refused, the scan closes and opens, and nothing anybody did is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.core.errors import UptakeError
from uptake.deploy.odt.catalogue import load_checks
from uptake.guide.checklist import (
    Answer,
    Checklist,
    Item,
    ItemState,
    Shown,
    Template,
    WrongEditionError,
    age,
    answer_problem,
    assign,
    difference,
    generate,
    is_triggered,
    regenerate,
    reopen,
    resolve,
    stale,
)
from uptake.guide.elements import Claim, Question, Questionnaire
from uptake.guide.playbook import Playbook, load_playbook
from uptake.rules.catalogue import rules_by_id

OPP = frozenset({"OPP"})
DAY = date(2026, 3, 2)
SHIPPED = Template(load_playbook().of(Questionnaire), tuple(load_playbook().of(Question).values()))
RULES = tuple(sorted({rule for question in SHIPPED.questions for rule in question.opens_by + question.closes_by}))
TOPICS = {
    "identity", "network", "existing-office", "management", "languages", "channel", "shared-and-vdi", "macros", "add-ins", "access",
    "outlook", "files", "accessibility", "communications", "pilot", "rollback", "edition",
}  # fmt: skip


def good_answer(question: Question) -> Answer:
    """An answer that triggers nothing where there is one."""
    values: tuple[str, ...] = {"yes-no": ("yes", "no"), "number": ("0",), "text": ("x",)}.get(
        question.answer, question.choices
    )
    return next((value for value in values if not is_triggered(question, value)), values[0])


def all_good() -> dict[str, Answer]:
    return {question.id: good_answer(question) for question in SHIPPED.questions}


def answers_for(question: Question) -> st.SearchStrategy[Answer]:
    if question.answer == "number":
        return st.sampled_from(["0", "3", "unknown", "", "many"])
    if question.answer == "many":
        return st.lists(st.sampled_from(question.choices), max_size=3).map(tuple) | st.just("unknown")
    values = {"yes-no": ("yes", "no")}.get(question.answer, question.choices or ("text",))
    return st.sampled_from([*values, "unknown", ""])


every_answer = st.fixed_dictionaries({question.id: answers_for(question) for question in SHIPPED.questions})
scan = st.none() | st.frozensets(st.sampled_from(RULES))


@st.composite
def checklists(draw: st.DrawFn) -> Checklist:
    """A checklist on which people have worked."""
    made = generate(SHIPPED, draw(every_answer), draw(st.sampled_from([OPP, frozenset()])), "commercial", draw(scan))
    for key in draw(st.lists(st.sampled_from([item.id for item in made.items]), max_size=6, unique=True)):
        made = assign(resolve(made, key, "seen on the device"), key, "Ito", DAY)
    return made


def shown(checklist: Checklist, key: str) -> Shown:
    return next(item.shown for item in checklist.items if item.id == key)


def test_the_questionnaire_covers_all_subjects_with_items_that_can_be_acted_on() -> None:
    ours = SHIPPED.of("m365-apps")
    assert {question.topic for question in ours} == TOPICS
    assert len(ours) == 43
    assert all(q.action and q.done_when and q.sources and q.owner for q in SHIPPED.questions)


def test_every_rule_that_closes_or_opens_an_item_is_in_the_catalogue() -> None:
    assert [rule for rule in RULES if rule not in {*rules_by_id(), *load_checks()}] == []


def test_every_trigger_is_an_answer_that_can_be_given() -> None:
    free = {"any", "unknown", "> 0"}
    for question in SHIPPED.questions:
        known = {"yes-no": ("yes", "no")}.get(question.answer, question.choices)
        assert set(question.triggers) - free <= set(known), question.id


def test_good_answers_leave_only_what_must_be_written_down() -> None:
    made = generate(SHIPPED, all_good(), OPP, "commercial")
    assert {item.id for item in made.open} == {"A-LNG-01", "A-MAC-04"}
    assert made.is_complete


def test_a_wrong_answer_shows_its_item_and_all_others_stay_hidden() -> None:
    made = generate(SHIPPED, all_good() | {"A-ID-02": "no"}, OPP, "commercial")
    assert shown(made, "A-ID-02") is Shown.TRIGGERED
    assert len(made.items) == len(SHIPPED.questions)


def test_a_question_without_answer_keeps_the_checklist_from_being_complete_or_resolved() -> None:
    answers = all_good()
    del answers["A-PIL-01"]
    made = generate(SHIPPED, answers, OPP, "commercial")
    assert made.unanswered == ("A-PIL-01",)
    assert not made.is_complete


def test_out_of_scope_is_hidden_kept_and_never_open() -> None:
    made = generate(SHIPPED, all_good() | {"A-ID-02": "no"}, frozenset(), "commercial")
    assert {item.shown for item in made.items} == {Shown.OUT_OF_SCOPE}
    assert made.open == ()
    assert not made.is_resolved, "an empty scope proves nothing"


def test_questions_of_the_government_cloud_are_hidden_elsewhere() -> None:
    assert (
        shown(generate(SHIPPED, all_good() | {"A-GCC-01": "yes"}, OPP, "commercial"), "A-GCC-01") is Shown.OTHER_EDITION
    )
    assert (
        shown(generate(SHIPPED, all_good() | {"A-GCC-01": "yes"}, OPP, "gcc-high-dod"), "A-GCC-01") is Shown.TRIGGERED
    )


def test_a_questionnaire_of_the_wrong_edition_is_refused() -> None:
    with pytest.raises(WrongEditionError, match="the tenant is china"):
        generate(SHIPPED, {}, OPP, "china")


def test_no_finding_closes_what_the_scan_answers_and_without_a_scan_nothing_is_closed() -> None:
    answers = all_good() | {"A-MAC-02": "yes"}
    assert shown(generate(SHIPPED, answers, OPP, "commercial"), "A-MAC-02") is Shown.TRIGGERED
    cleared = generate(SHIPPED, answers, OPP, "commercial", findings=[])
    assert shown(cleared, "A-MAC-02") is Shown.CLEARED
    assert "A-MAC-02" not in {item.id for item in cleared.open}


def test_a_finding_opens_an_item_whatever_was_answered() -> None:
    made = generate(SHIPPED, all_good(), OPP, "commercial", findings=["B01"])
    assert shown(made, "A-MAC-02") is Shown.FOUND
    assert "A-MAC-02" in {item.id for item in made.open}


def test_a_later_finding_opens_again_what_the_scan_had_closed() -> None:
    answers = all_good() | {"A-MAC-02": "yes"}
    before = generate(SHIPPED, answers, OPP, "commercial", findings=[])
    after, diff = regenerate(before, generate(SHIPPED, answers, OPP, "commercial", findings=["B03"]))
    assert diff.reopened == ("A-MAC-02",)
    assert "A-MAC-02" in {item.id for item in after.open}


def test_a_persons_resolution_stays_until_another_rule_speaks() -> None:
    fresh = generate(SHIPPED, all_good(), OPP, "commercial", findings=["B01"])
    done = resolve(fresh, "A-MAC-02", "exception signed", "Ito")
    same, diff = regenerate(done, fresh)
    assert diff.is_empty
    assert "A-MAC-02" not in {item.id for item in same.open}
    worse, diff = regenerate(done, generate(SHIPPED, all_good(), OPP, "commercial", findings=["B01", "B05"]))
    assert diff.reopened == ("A-MAC-02",)
    assert next(item for item in worse.items if item.id == "A-MAC-02").evidence == ("exception signed",)


def test_an_item_that_left_the_template_is_kept_and_named() -> None:
    before = generate(SHIPPED, all_good(), OPP, "commercial")
    smaller = Template(SHIPPED.questionnaires, SHIPPED.questions[1:])
    after, diff = regenerate(before, generate(smaller, all_good(), OPP, "commercial"))
    assert diff.retired == (SHIPPED.questions[0].id,)
    assert shown(after, SHIPPED.questions[0].id) is Shown.RETIRED


def test_an_item_with_other_words_is_named() -> None:
    before = generate(SHIPPED, all_good(), OPP, "commercial")
    reworded = replace(SHIPPED.questions[0], action="Do something else.")
    newer = Template(SHIPPED.questionnaires, (reworded, *SHIPPED.questions[1:]))
    assert difference(before, generate(newer, all_good(), OPP, "commercial")).reworded == (reworded.id,)


def test_resolving_needs_evidence_and_an_item_that_exists() -> None:
    made = generate(SHIPPED, all_good(), OPP, "commercial")
    with pytest.raises(UptakeError, match="evidence"):
        resolve(made, "A-LNG-01", " ")
    with pytest.raises(UptakeError, match="no item"):
        resolve(made, "Z-01", "seen")


def test_all_resolved_is_computed_and_can_be_lost_again() -> None:
    made = generate(SHIPPED, all_good(), OPP, "commercial")
    for item in made.open:
        made = resolve(made, item.id, "seen")
    assert made.is_resolved
    assert not reopen(made, "A-LNG-01").is_resolved


def test_the_age_of_a_checklist_is_that_of_its_oldest_questionnaire() -> None:
    made = generate(SHIPPED, all_good(), OPP, "commercial")
    version = made.versions["m365-apps"]
    assert age(made, version + timedelta(days=12)) == 12
    assert stale(made, SHIPPED, version + timedelta(days=90)) == ()
    assert stale(made, SHIPPED, version + timedelta(days=91)) == ("m365-apps",)


def test_a_newer_template_makes_a_checklist_stale() -> None:
    made = generate(SHIPPED, all_good(), OPP, "commercial")
    newer = {
        key: replace(each, version=each.version + timedelta(days=1)) for key, each in SHIPPED.questionnaires.items()
    }
    assert stale(made, Template(newer, SHIPPED.questions), made.versions["m365-apps"]) == ("m365-apps",)


@pytest.mark.parametrize(
    ("kind", "choices", "answer", "said"),
    [
        ("yes-no", (), "perhaps", "not among"),
        ("yes-no", (), "unknown", ""),
        ("number", (), "12", ""),
        ("number", (), "-1", "whole number"),
        ("number", (), "²", "whole number"),
        ("choice", ("a", "b"), "c", "not among"),
        ("choice", ("a", "b"), ("a", "b"), "one answer"),
        ("many", ("a", "b"), ("a", "b"), ""),
        ("text", (), "anything", ""),
    ],
)
def test_an_answer_that_does_not_fit_is_told_why(
    kind: str, choices: tuple[str, ...], answer: Answer, said: str
) -> None:
    question = Question(
        id="x", source="S31", title="x", topic="x", question="x", answer=kind, choices=choices, triggers=("any",), action="x",
        owner="FE", done_when="x", sources=(Claim(what="x", date=DAY),),
    )  # fmt: skip
    problem = answer_problem(question, answer)
    assert said in problem
    assert bool(said) == bool(problem)


@pytest.mark.parametrize(("trigger", "answer", "fires"), [("> 0", "1", True), ("> 0", "0", False), (">= 10", "10", True), ("<5", "5", False), ("> 0", "many", False)])  # fmt: skip
def test_a_number_triggers_by_comparison(trigger: str, answer: str, fires: bool) -> None:
    assert is_triggered(replace(SHIPPED.questions[0], triggers=(trigger,)), answer) is fires


@settings(deadline=None, max_examples=60)
@given(pinned=checklists(), answers=every_answer, findings=scan)
def test_regenerating_twice_is_regenerating_once(
    pinned: Checklist, answers: dict[str, Answer], findings: frozenset[str] | None
) -> None:
    fresh = generate(SHIPPED, answers, OPP, "commercial", findings)
    once, _ = regenerate(pinned, fresh)
    twice, diff = regenerate(once, fresh)
    assert twice == once
    assert diff.is_empty


@settings(deadline=None, max_examples=60)
@given(pinned=checklists(), answers=every_answer, findings=scan, kept=st.integers(0, len(SHIPPED.questions)))
def test_regenerating_loses_no_item_no_evidence_and_no_owner(
    pinned: Checklist, answers: dict[str, Answer], findings: frozenset[str] | None, kept: int
) -> None:
    template = Template(SHIPPED.questionnaires, SHIPPED.questions[:kept])
    after, _ = regenerate(pinned, generate(template, answers, OPP, "commercial", findings))
    now = {item.id: item for item in after.items}
    assert len(now) == len(after.items)
    for item in pinned.items:
        assert now[item.id].evidence == item.evidence
        assert now[item.id].owner == item.owner


@settings(deadline=None, max_examples=60)
@given(made=checklists())
def test_what_is_hidden_never_counts_as_open(made: Checklist) -> None:
    assert all(item.is_visible and item.state is ItemState.OPEN for item in made.open)
    assert made.is_resolved == (not made.open and not made.unanswered and bool(made.versions))


@settings(deadline=None, max_examples=60)
@given(made=checklists(), answers=every_answer)
def test_taking_the_service_out_of_scope_and_back_changes_nothing(made: Checklist, answers: dict[str, Answer]) -> None:
    there = generate(SHIPPED, answers, OPP, "commercial")
    before, _ = regenerate(made, there)
    out, _ = regenerate(before, generate(SHIPPED, answers, frozenset(), "commercial"))
    assert out.open == ()
    back, _ = regenerate(out, there)
    assert {item.id: item.evidence for item in back.items} == {item.id: item.evidence for item in before.items}


def test_other_services_have_a_short_questionnaire_that_counts_only_in_its_scope(playbook: Playbook) -> None:
    assert set(playbook.of(Questionnaire)) == {"m365-apps", "exchange-online", "onedrive", "teams", "core"}
    assert shown(generate(SHIPPED, {"A-CORE-02": "no"}, OPP, "commercial"), "A-CORE-02") is Shown.OUT_OF_SCOPE
    made = generate(SHIPPED, {"A-CORE-02": "no"}, {"OPP", "Core"}, "commercial")
    assert shown(made, "A-CORE-02") is Shown.TRIGGERED
    assert set(made.versions) == {"m365-apps", "core"}


def test_a_check_of_a_package_opens_and_closes_items_as_a_rule_does(playbook: Playbook) -> None:
    template = Template(playbook.of(Questionnaire), tuple(playbook.of(Question).values()))

    def item(answer: str, findings: list[str] | None, packages: list[str] | None) -> Item:
        made = generate(template, {"A-GCC-01": answer}, ["OPP"], "gcc-high-dod", findings, packages)
        return next(each for each in made.items if each.id == "A-GCC-01")

    assert item("no", None, ["ODT096"]).shown is Shown.FOUND
    assert item("no", None, ["ODT096"]).found == {"ODT096"}
    assert item("yes", None, []).shown is Shown.CLEARED
    assert item("yes", None, ["ODT112"]).shown is Shown.CLEARED
    assert item("yes", [], None).shown is Shown.TRIGGERED, "a scan of documents says nothing of a package"
    assert item("yes", ["ODT096"], None).shown is Shown.FOUND
