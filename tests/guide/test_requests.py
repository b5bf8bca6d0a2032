"""The request for an SME: what it must hold, what would have it denied, and its clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from uptake.guide.engagement import Engagement, Entitlement
from uptake.guide.playbook import Playbook
from uptake.guide.requests import (
    Request,
    add_business_days,
    clock,
    denial_risks,
    overdue,
    prefilled,
    problems,
    state,
)

FRIDAY = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
TEXT = "Fred Partner approves. The tax add-in fails on 64-bit Excel in 400 branches, and the vendor does not answer."
VALUES = {
    "tenant-id": "t1", "tenant-name": "Contoso", "delivery-team": "FTP/FRP Partner", "partner-name": "Fabrikam",
    "contact": "max@example.org", "role": "FastTrack Engineer SME", "workload": "OPP", "additional": TEXT,
}  # fmt: skip
REQUEST = Request("r1", "step:ort", "the scan does not complete", VALUES, {"submitted": FRIDAY})


def test_a_complete_request_has_no_problem(playbook: Playbook) -> None:
    assert problems(playbook, REQUEST) == ()


def test_missing_and_strange_values_are_named(playbook: Playbook) -> None:
    broken = replace(REQUEST, values={**VALUES, "tenant-id": " ", "role": "Magician"})
    assert [name for name, _ in problems(playbook, broken)] == ["tenant-id", "role"]


def test_confirmation_in_minutes_triage_and_assignment_in_business_days(playbook: Playbook) -> None:
    due = {deadline.stage: deadline.due for deadline in clock(playbook, REQUEST)}
    assert due["confirmed"] == FRIDAY + timedelta(minutes=5)
    assert due["triaged"] == datetime(2026, 3, 9, 16, 0, tzinfo=UTC), "Monday"
    assert due["assigned"] == datetime(2026, 3, 13, 16, 0, tzinfo=UTC), "the next Friday"
    assert due["approved"] is None


def test_holidays_do_not_count(playbook: Playbook) -> None:
    due = {deadline.stage: deadline.due for deadline in clock(playbook, REQUEST, {date(2026, 3, 9)})}
    assert due["triaged"] == datetime(2026, 3, 10, 16, 0, tzinfo=UTC)


def test_what_is_overdue_depends_on_what_was_reached(playbook: Playbook) -> None:
    later = FRIDAY + timedelta(days=4)
    assert [each.stage for each in overdue(playbook, REQUEST, later)] == ["confirmed", "triaged"]
    triaged = replace(REQUEST, reached={"submitted": FRIDAY, "triaged": FRIDAY + timedelta(hours=1)})
    assert overdue(playbook, triaged, later) == ()
    assert [each.stage for each in overdue(playbook, triaged, later + timedelta(days=9))] == ["assigned"]


def test_a_draft_has_no_clock(playbook: Playbook) -> None:
    draft = replace(REQUEST, reached={})
    assert state(playbook, draft) == "draft"
    assert overdue(playbook, draft, FRIDAY + timedelta(days=99)) == ()
    assert state(playbook, REQUEST) == "submitted"


def test_thin_information_and_a_repeated_topic_are_risks() -> None:
    assert denial_risks(REQUEST, "Fred Partner") == ()
    assert denial_risks(REQUEST, "Anna") == ("thin",)
    assert denial_risks(replace(REQUEST, values={**VALUES, "additional": "help"}), "") == ("thin",)
    other = replace(REQUEST, id="r0", values={**VALUES, "tenant-id": "t0"})
    assert denial_risks(REQUEST, "Fred Partner", [other]) == ("repeated",)
    assert denial_risks(REQUEST, "Fred Partner", [replace(REQUEST, id="r0")]) == (), "the same tenant"


def test_the_form_takes_what_the_engagement_knows(playbook: Playbook, started: Engagement) -> None:
    known = replace(started, entitlements=(Entitlement("o1", "OPP", 700), Entitlement("e1", "EXO", 900)))
    filled = replace(REQUEST, values=prefilled(known, "Fabrikam", "max@example.org"))
    assert filled.values["seats"] == "700"
    assert {name for name, _ in problems(playbook, filled)} == {"tenant-id", "additional"}


@given(st.integers(0, 10_000).map(lambda hours: FRIDAY + timedelta(hours=hours)), st.integers(0, 30))
def test_business_days_never_end_on_a_weekend_and_never_go_back(start: datetime, days: int) -> None:
    end = add_business_days(start, days)
    assert end - start >= timedelta(days=days)
    assert days == 0 or end.weekday() < 5
