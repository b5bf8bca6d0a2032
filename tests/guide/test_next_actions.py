"""Next actions: late first, then what blocks, each with owner and reason; cadences and fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from proofs import DAY
from test_gates import assessed
from test_requests import FRIDAY, REQUEST

from uptake.guide.checklist import Template, assign, generate
from uptake.guide.data_fields import completeness
from uptake.guide.elements import Question, Questionnaire
from uptake.guide.engagement import Engagement, Entitlement, MeetingRecord, Note, Person
from uptake.guide.next_actions import Action, Urgency, cadences, next_actions
from uptake.guide.playbook import Playbook

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def on(days: int) -> datetime:
    return NOON + timedelta(days=days)


def first(playbook: Playbook, engagement: Engagement, days: int = 0) -> Action:
    return next_actions(playbook, engagement, on(days))[0]


def kinds(actions: tuple[Action, ...]) -> set[tuple[str, str]]:
    return {(action.kind, action.reference) for action in actions}


def test_a_silent_customer_is_asked_for_its_intent_first(playbook: Playbook, silent: Engagement) -> None:
    action = first(playbook, silent)
    assert (action.reference, action.role, action.owners) == ("fact:intent", "FM", ("Max",))


def test_then_what_can_be_worked_on_of_the_gate(playbook: Playbook, started: Engagement) -> None:
    blocking = [each.reference for each in next_actions(playbook, started, NOON) if each.urgency is Urgency.BLOCKS]
    assert blocking == ["step:ort", "task:3080", "task:3738"], "3070 waits for the workshop and the scan"


def test_a_date_that_has_passed_comes_before_everything(playbook: Playbook, started: Engagement) -> None:
    seats = Entitlement("o1", "OPP", 10, next_action="Call the vendor", next_action_date=DAY, owner="FE")
    action = first(playbook, replace(started, entitlements=(seats,)), days=1)
    assert (action.kind, action.title, action.owners) == ("next_action_date", "Call the vendor", ("Frieda",))


def test_a_meeting_that_comes_again_is_due_and_then_late(playbook: Playbook, started: Engagement) -> None:
    assert ("meeting", "health-review") not in kinds(next_actions(playbook, started, on(13)))
    assert ("meeting", "health-review") in kinds(next_actions(playbook, started, on(14)))
    late = [each for each in next_actions(playbook, started, on(15)) if each.reference == "health-review"]
    assert [each.urgency for each in late] == [Urgency.LATE]


def test_a_meeting_that_was_held_counts_from_then_or_from_the_agreed_day(
    playbook: Playbook, started: Engagement
) -> None:
    held = MeetingRecord("health-review", DAY + timedelta(days=10))
    assert ("meeting", "health-review") not in kinds(next_actions(playbook, replace(started, meetings=(held,)), on(20)))
    agreed = replace(held, next_on=DAY + timedelta(days=12))
    assert ("meeting", "health-review") in kinds(next_actions(playbook, replace(started, meetings=(agreed,)), on(12)))


def test_checkpoints_belong_to_remediation(playbook: Playbook, started: Engagement) -> None:
    assert "checkpoint" not in {each.id for each in cadences(playbook, started)}
    assert "checkpoint" in {each.id for each in cadences(playbook, assessed(started))}


def test_enterprise_notes_are_due_after_14_days_late_after_21_and_only_with_an_fta(
    playbook: Playbook, started: Engagement
) -> None:
    assert "N4" not in {each.id for each in cadences(playbook, started)}
    with_fta = replace(started, people=(*started.people, Person("Tom", "FTA")))
    urgencies = {
        days: [each.urgency for each in next_actions(playbook, with_fta, on(days)) if each.reference == "N4"]
        for days in (13, 14, 21, 22)
    }
    assert urgencies == {13: [], 14: [Urgency.DUE], 21: [Urgency.DUE], 22: [Urgency.LATE]}


def test_an_item_of_the_checklist_that_is_late_names_its_owner(playbook: Playbook, started: Engagement) -> None:
    template = Template(playbook.of(Questionnaire), tuple(playbook.of(Question).values()))
    made = generate(template, {"A-ID-01": "no"}, {"OPP"}, "commercial")
    engagement = replace(started, checklist=assign(made, "A-ID-01", "Ito", DAY))
    found = [each for each in next_actions(playbook, engagement, on(1)) if each.kind == "checklist item"]
    assert [(each.reference, each.owners) for each in found] == [("A-ID-01", ("Ito",))]


def test_a_stale_template_is_named(playbook: Playbook, started: Engagement) -> None:
    template = Template(playbook.of(Questionnaire), tuple(playbook.of(Question).values()))
    engagement = replace(started, checklist=generate(template, {}, {"OPP"}, "commercial"))
    assert ("checklist is stale", "m365-apps") in kinds(next_actions(playbook, engagement, on(500)))


def test_a_request_without_answer_is_late(playbook: Playbook, started: Engagement) -> None:
    actions = next_actions(playbook, started, FRIDAY + timedelta(days=30), [REQUEST])
    assert ("request", "r1") in kinds(actions)
    assert ("request", "r1") not in kinds(next_actions(playbook, started, FRIDAY, [REQUEST]))


def test_missing_fields_are_asked_for_until_they_are_filled(playbook: Playbook, started: Engagement) -> None:
    missing = {each.field for each in completeness(playbook, started) if each.is_missing}
    assert missing == {"l1", "l2", "engagement-scenario", "em-notes", "te-notes"}
    notes = (Note("N1", "x", "Max", "FM", DAY), Note("N3", "x", "Frieda", "FE", DAY))
    seats = (Entitlement("o1", "OPP", 1), Entitlement("o2", "OPP", 1, l1="duplicate-invalid", l2=""))
    full = replace(started, notes=notes, entitlements=seats, engagement_scenario="partner-led")
    assert [each.field for each in completeness(playbook, full) if each.is_missing] == []


def test_a_task_that_nobody_answers_for_is_named(playbook: Playbook, started: Engagement) -> None:
    alone = replace(started, people=(Person("Max", "FM"),))
    assert ("no owner", "task:3080") in kinds(next_actions(playbook, alone, NOON))


def test_the_list_is_ranked(playbook: Playbook, started: Engagement) -> None:
    urgencies = [each.urgency for each in next_actions(playbook, started, on(40))]
    assert urgencies == sorted(urgencies)
