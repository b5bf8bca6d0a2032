"""A stalled customer is taken through each of the four branches to its exit, in the order of the playbook."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from uptake import catalogue
from uptake.core.errors import UptakeError
from uptake.guide.elements import Branch, Exit, Move
from uptake.guide.engagement import Engagement, Entitlement, MeetingRecord, Note
from uptake.guide.playbook import Playbook, load_playbook
from uptake.guide.statuses import BlockReport
from uptake.prove.acceleration.agenda import agenda, evidence_pack
from uptake.prove.acceleration.case import (
    CONDITIONS,
    Action,
    Case,
    CaseError,
    Effort,
    State,
    act,
    answer,
    block,
    choose,
    close,
    follow_on,
    log_effort,
    next_moves,
    open_case,
    open_cases,
    open_exits,
)
from uptake.prove.acceleration.effect import Finding, before_action, effect_of, effects, measured
from uptake.prove.acceleration.solutions import Question, Solution, learned, search
from uptake.prove.acceleration.suggesting import Blocker, FindingCounts, Records, suggest
from uptake.prove.acceleration.texts import said
from uptake.prove.usage.forecast import forecast, months_after
from uptake.prove.usage.model import Active
from uptake.prove.usage.rules import judge
from uptake.prove.usage.snapshots import Point

DAY = date(2026, 5, 31)
SLOW = [Point(months_after(date(2025, 9, 30), n), 400 + 5 * n, 1000) for n in range(9)]
HEALTHY = [*SLOW, Point(date(2026, 6, 30), 720, 1000)]
BLOCK = BlockReport("e1", "app-compatibility", "The tax add-in fails on 64-bit Excel because its vendor is gone.",
                    date(2026, 9, 1), "Ask for another add-in", date(2026, 6, 15), "Max")  # fmt: skip
ENGAGEMENT = Engagement(
    "1",
    "Contoso",
    "global",
    "opp",
    "1",
    date(2025, 1, 1),
    entitlements=(Entitlement("e1", "OPP", 1000, "in-progress", ""),),
)


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook()


def opened() -> Case:
    return open_case("c1", judge(SLOW, DAY), forecast(SLOW), DAY, "Max")


def action(move: str, **more: object) -> Action:
    values = {"outcome": "done", "reference": "R-1", "owner": "Eva", "due": DAY, **more}
    return Action(move, DAY, "Max", **values)  # type: ignore[arg-type]


def discussed(playbook: Playbook) -> Case:
    return act(playbook, opened(), action("discuss", attendees=("Max (FM)", "Frieda (FE)", "Sam (SME)")))


def chosen(playbook: Playbook, branch: str) -> Case:
    return choose(playbook, discussed(playbook), branch, "Said in the session of May 28.", DAY, "Max")


def states(playbook: Playbook, case: Case) -> dict[str, State]:
    return {each.move.id: each.state for each in next_moves(playbook, case)}


def test_a_case_needs_a_stall_or_a_reason() -> None:
    growing = [Point(p.date, 400 + 20 * n, 1000) for n, p in enumerate(SLOW)]
    with pytest.raises(CaseError, match="no stall"):
        open_case("c", judge(growing, DAY), None, DAY, "Max")
    assert open_case("c", None, None, DAY, "Max", "deploying now, needs a push").opened_for.startswith("deploying")
    assert opened().opened_for == "stall"


def test_the_discussion_and_the_reason_come_first(playbook: Playbook) -> None:
    case = opened()
    assert states(playbook, case) == {"discuss": State.READY, "find-reason": State.LATER}
    with pytest.raises(CaseError, match="discussion"):
        choose(playbook, case, "technical", "because", DAY, "Max")
    with pytest.raises(CaseError, match="another reason"):
        act(playbook, case, action("mini-acm"))
    with pytest.raises(CaseError, match="missing: FE, SME"):
        act(playbook, case, action("discuss", attendees=("Max (FM)",)))
    with pytest.raises(CaseError, match="evidence"):
        choose(playbook, discussed(playbook), "technical", " ", DAY, "Max")


def test_the_technical_branch_goes_step_by_step_to_its_block(playbook: Playbook) -> None:
    case = chosen(playbook, "technical")
    with pytest.raises(CaseError, match="comes after"):
        act(playbook, case, action("known-solutions"))
    with pytest.raises(CaseError, match="not answered"):
        act(playbook, case, action("engage-sme"))
    case = act(playbook, answer(case, "no_sme", True), action("engage-sme"))
    case = act(playbook, case, action("known-solutions"))
    case = act(playbook, case, action("work-with-customer"))
    with pytest.raises(CaseError, match="comes after"):
        act(playbook, answer(case, "add_in_or_performance", True), action("app-assure"))
    case = answer(case, "needs_insight", False)
    with pytest.raises(CaseError, match="add-ins and performance"):
        act(playbook, answer(case, "add_in_or_performance", False), action("app-assure"))
    case = act(playbook, answer(case, "add_in_or_performance", True), action("app-assure", reference="AA-7"))
    engagement, ended = block(playbook, ENGAGEMENT, case, BLOCK, DAY)
    entitlement = engagement.entitlements[0]
    assert (entitlement.l1, entitlement.l2, entitlement.unblock_date) == (
        "blocked",
        "app-compatibility",
        date(2026, 9, 1),
    )
    assert engagement.notes[-1].text == BLOCK.text
    assert ended.ending
    assert (ended.ending.exit, ended.is_open) == ("blocked", False)
    with pytest.raises(CaseError, match="ended"):
        act(playbook, ended, action("work-with-customer"))


def test_an_sme_who_is_there_is_not_asked_for_again(playbook: Playbook) -> None:
    case = answer(chosen(playbook, "technical"), "no_sme", False)
    assert states(playbook, case)["engage-sme"] is State.NOT_NEEDED
    assert act(playbook, case, action("known-solutions")).did("known-solutions")


def test_a_technical_case_that_is_resolved_goes_back_to_tracking(playbook: Playbook) -> None:
    case = answer(answer(chosen(playbook, "technical"), "no_sme", False), "unresolved", False)
    assert states(playbook, case)["report-block"] is State.NOT_NEEDED
    with pytest.raises(CaseError):
        block(playbook, ENGAGEMENT, case, BLOCK, DAY)
    case = act(playbook, act(playbook, case, action("known-solutions")), action("work-with-customer"))
    judgement = judge(HEALTHY, date(2026, 6, 30))
    closed = close(playbook, case, "healthy", date(2026, 6, 30), "Max", judgement)
    assert closed.ending
    assert closed.ending.exit == "healthy"


def test_a_block_comes_after_the_attempts(playbook: Playbook) -> None:
    with pytest.raises(CaseError, match="comes after"):
        block(playbook, ENGAGEMENT, chosen(playbook, "technical"), BLOCK, DAY)
    with pytest.raises(CaseError, match="reason"):
        block(playbook, ENGAGEMENT, opened(), BLOCK, DAY)


def test_a_block_that_lacks_something_writes_nothing(playbook: Playbook) -> None:
    case = chosen(playbook, "adoption")
    with pytest.raises(UptakeError):
        block(playbook, ENGAGEMENT, case, replace(BLOCK, text=" "), DAY)
    assert case.is_open


def test_the_adoption_branch_holds_a_mini_workshop_and_may_refer(playbook: Playbook) -> None:
    case = act(playbook, chosen(playbook, "adoption"), action("mini-acm"))
    assert states(playbook, case)["quickleads"] is State.ASK
    case = act(playbook, answer(case, "deeper_acm_needed", True), action("quickleads"))
    _, ended = block(playbook, ENGAGEMENT, case, replace(BLOCK, l2="adoption-readiness"), DAY)
    assert ended.ending
    assert ended.ending.exit == "blocked-otherwise"


def test_the_resource_branch_refers_and_ends_when_the_intent_is_gone(playbook: Playbook) -> None:
    case = act(playbook, answer(chosen(playbook, "resource"), "deeper_acm_needed", True), action("quickleads"))
    assert {each.id for each in open_exits(playbook, case, judge(SLOW, DAY), "no-intent")} == {"no-intent"}
    assert close(playbook, case, "no-intent", DAY, "Max", judge(SLOW, DAY), "no-intent").ending


def test_the_priority_branch_uses_the_gm_fta_and_then_the_account_team(playbook: Playbook) -> None:
    case = chosen(playbook, "priority")
    without = answer(case, "gm_fta_attached", False)
    assert states(playbook, without) | {} == states(playbook, without)
    assert states(playbook, without)["gm-fta"] is State.NOT_NEEDED
    case = act(playbook, answer(case, "gm_fta_attached", True), action("gm-fta"))
    case = act(playbook, case, action("ats-atu"))
    with pytest.raises(CaseError, match="cannot end"):
        close(playbook, case, "healthy", DAY, "Max", judge(SLOW, DAY))
    with pytest.raises(CaseError, match="cannot end"):
        close(playbook, case, "blocked", DAY, "Max", judge(SLOW, DAY), "blocked")


def test_another_reason_can_be_found_and_nothing_is_lost(playbook: Playbook) -> None:
    case = act(playbook, chosen(playbook, "adoption"), action("mini-acm"))
    again = choose(playbook, case, "technical", "The workshop showed an add-in.", DAY, "Max")
    assert (again.branch, again.did("mini-acm")) == ("technical", True)


@pytest.mark.parametrize(
    ("move", "lacking"), [("engage-sme", {"reference": ""}), ("known-solutions", {"outcome": " "})]
)
def test_an_action_lacks_nothing_that_it_must_record(playbook: Playbook, move: str, lacking: dict[str, str]) -> None:
    case = answer(chosen(playbook, "technical"), "no_sme", move == "engage-sme")
    with pytest.raises(CaseError, match="is recorded with"):
        act(playbook, case, action(move, **lacking))


def test_items_with_the_customer_have_owner_and_date_and_may_be_several(playbook: Playbook) -> None:
    case = act(playbook, answer(chosen(playbook, "technical"), "no_sme", False), action("known-solutions"))
    with pytest.raises(CaseError, match="owner"):
        act(playbook, case, action("work-with-customer", owner=""))
    case = act(playbook, act(playbook, case, action("work-with-customer")), action("work-with-customer", outcome="two"))
    assert len([each for each in case.actions if each.move == "work-with-customer"]) == 2


def test_what_nobody_knows_is_refused(playbook: Playbook) -> None:
    with pytest.raises(CaseError):
        answer(opened(), "raining", True)
    with pytest.raises(CaseError):
        choose(playbook, discussed(playbook), "weather", "x", DAY, "Max")
    with pytest.raises(CaseError):
        act(playbook, discussed(playbook), action("dance"))
    with pytest.raises(CaseError, match="before the case"):
        act(
            playbook,
            answer(chosen(playbook, "technical"), "no_sme", True),
            replace(action("engage-sme"), on=date(2020, 1, 1)),
        )
    for move in ("find-reason", "report-block"):
        with pytest.raises(CaseError):
            act(playbook, chosen(playbook, "technical"), action(move))
    with pytest.raises(CaseError):
        log_effort(opened(), Effort(DAY, "Max", " "))


def test_every_condition_of_the_tree_can_be_answered_and_is_explained(playbook: Playbook) -> None:
    texts = {row["code"] for row in catalogue.read_table("acceleration_texts")}
    conditions = {move.only_if for move in playbook.of(Move).values() if move.only_if}
    assert conditions == set(CONDITIONS)
    assert {f"condition-{name}" for name in conditions} <= texts
    assert {branch for exit_ in playbook.of(Exit).values() for branch in exit_.branches} == set(playbook.of(Branch))


def test_texts_have_both_languages_with_the_same_names() -> None:
    for row in catalogue.read_table("acceleration_texts"):
        names = [{part.split("}")[0] for part in row[lang].split("{")[1:]} for lang in ("en", "ja")]
        assert names[0] == names[1], row["code"]


NOTE = Note("N3", "Users need training; the champion has left.", "Frieda", "FE", DAY)


def test_reasons_are_suggested_with_their_grounds(playbook: Playbook) -> None:
    records = Records(
        entitlements=(Entitlement("e1", "OPP", 1000, "blocked", "app-compatibility"),),
        notes=(NOTE, replace(NOTE, text="予算と人員が足りない。"), replace(NOTE, on=DAY - timedelta(days=200), text="priority")),
        meetings=(MeetingRecord("follow-on", DAY - timedelta(days=60)),),
        findings=FindingCounts(120, 14, 30),
        blockers=(Blocker("3 findings without a decision", "gate remediate"),),
        active=Active(400, 100, 150, 28), activated=500, paid=1000, assigned=300,
    )  # fmt: skip
    found = suggest(playbook, records, DAY)
    assert [each.branch for each in found] == ["technical", "adoption", "resource", "priority"]
    assert "App Compatibility" in said(found[0].grounds[0]) or "Compat" in said(found[0].grounds[0])
    assert "60" in said(found[3].grounds[0])
    assert all(said(ground, "ja") for each in found for ground in each.grounds)


def test_nothing_is_suggested_from_nothing(playbook: Playbook) -> None:
    assert suggest(playbook, Records(), DAY) == ()
    assert suggest(playbook, Records(notes=(replace(NOTE, text="All is well."),)), DAY) == ()


KNOWN = (
    Solution(
        "1",
        "TaxCalc.xlam crashes in 64-bit Excel",
        "Vendor's build 5.2",
        date(2026, 1, 1),
        "Fabrikam",
        ("TaxCalc.xlam",),
        ("B03",),
        "2408",
    ),
    Solution(
        "2", "Outlook starts slowly with the CRM add-in", "Switch off resiliency", date(2025, 1, 1), "Adatum", ("CRM",)
    ),
    Solution("3", "Nobody was trained", "Mini workshop", date(2025, 1, 1), "Litware", branch="adoption"),
)


def test_known_solutions_are_found_by_add_in_rule_version_and_words() -> None:
    found = search(Question(add_ins=("taxcalc.XLAM",), rules=("B03",), version="2408"), KNOWN)
    assert [match.solution.id for match in found] == ["1"]
    assert set(found[0].why) == {"add-in TaxCalc.xlam", "rule B03", "version 2408"}
    assert [match.solution.id for match in search(Question("outlook starts slowly"), KNOWN)] == ["2"]
    assert search(Question("Outlook"), KNOWN) == ()
    assert search(Question("nobody trained", branch="technical"), KNOWN) == ()


def test_a_case_that_was_resolved_is_learned_from(playbook: Playbook) -> None:
    solution = learned(
        chosen(playbook, "technical"), "Contoso", "Build 5.2 of the add-in", DAY, add_ins=("TaxCalc.xlam",)
    )
    assert (solution.branch, solution.impediment) == ("technical", "Said in the session of May 28.")
    assert search(Question(add_ins=("taxcalc.xlam",)), [solution])[0].solution is solution


def test_an_effect_is_measured_against_the_forecast_made_before(playbook: Playbook) -> None:
    made = before_action(SLOW, DAY)
    assert made == forecast(SLOW)
    done = replace(action("mini-acm"), forecast=made)
    jump = [*SLOW, Point(date(2026, 6, 30), 620, 1000)]
    above = effect_of(done, jump, date(2026, 7, 1))
    assert (above.finding, above.usage_before, above.usage_after) == (Finding.ABOVE, 44.0, 62.0)
    assert above.points
    assert above.points > 10
    assert effect_of(done, [*SLOW, Point(date(2026, 6, 30), 445, 1000)], date(2026, 7, 1)).finding is Finding.WITHIN
    assert effect_of(done, [*SLOW, Point(date(2026, 6, 30), 200, 1000)], date(2026, 7, 1)).finding is Finding.BELOW
    assert effect_of(done, SLOW, date(2026, 7, 1)).finding is Finding.UNKNOWN
    case = act(playbook, chosen(playbook, "adoption"), done)
    assert [each.what for each in effects(case, jump, date(2026, 7, 1))] == ["mini-acm"]


def test_task_3650_logs_use_before_and_after() -> None:
    effort = measured(Effort(DAY, "Max", "Workshop"), HEALTHY, date(2026, 7, 1))
    assert (effort.usage_before, effort.usage_after) == (44.0, 72.0)
    assert log_effort(opened(), effort).efforts == (effort,)


def test_sessions_go_on_during_acceleration() -> None:
    assert len(follow_on(ENGAGEMENT, MeetingRecord("follow-on", DAY)).meetings) == 1
    assert open_cases([opened(), replace(opened(), ending=None, opened_on=date(2020, 1, 1))])[0].opened_on.year == 2020


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_agenda_and_evidence_pack_are_drafted(playbook: Playbook, lang: str) -> None:
    case = opened()
    suggestions = suggest(playbook, Records(notes=(NOTE,)), DAY)
    drafted = agenda(playbook, "Contoso", case, suggestions, lang)
    assert "Contoso" in drafted.title
    assert any("44.0" in point and "1000" in point for point in drafted.points)
    assert len(drafted.points) == 7
    pack = evidence_pack(
        playbook, case, suggestions, [NOTE], search(Question("outlook starts slowly"), KNOWN), lang=lang
    )
    assert len(pack) == 5
    assert all(section.lines for section in pack)
    assert any("champion" in line for section in pack for line in section.lines)
    if lang == "ja":
        assert not any(section.title.isascii() for section in pack)
