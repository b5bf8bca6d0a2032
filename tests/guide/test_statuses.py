"""Status of entitlements: pairs, dates, splits, and a block reported in one step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proofs import DAY

from uptake.guide.elements import L1, L2, BusinessReason
from uptake.guide.engagement import Engagement, Entitlement, Note
from uptake.guide.playbook import Playbook, load_playbook
from uptake.guide.statuses import (
    BlockReport,
    StatusError,
    allowed_l2,
    complaints,
    overdue_dates,
    pair_problem,
    report_block,
    split,
    split_problems,
)

SEATS = Entitlement("o1", "OPP", 1000)
LATER = DAY + timedelta(days=30)
EVERY_L1 = list(load_playbook().of(L1))
EVERY_L2 = list(load_playbook().of(L2))


def fields(playbook: Playbook, entitlement: Entitlement, *notes: Note) -> set[str]:
    return {complaint.field for complaint in complaints(playbook, entitlement, notes)}


def report(**changes: object) -> BlockReport:
    base = BlockReport(
        "o1",
        "app-compatibility",
        "The add-in of the tax office fails on 64-bit.",
        LATER,
        "Ask App Assure",
        LATER,
        "Max",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_there_are_five_statuses_eighteen_reasons_and_fourteen_business_reasons(playbook: Playbook) -> None:
    assert (len(playbook.of(L1)), len(playbook.of(L2)), len(playbook.of(BusinessReason))) == (5, 18, 14)
    assert [len(allowed_l2(playbook, key)) for key in EVERY_L1] == [2, 3, 3, 10, 0]


@pytest.mark.parametrize("l1", EVERY_L1)
@pytest.mark.parametrize("l2", EVERY_L2)
def test_a_reason_stands_below_its_own_status_only(playbook: Playbook, l1: str, l2: str) -> None:
    assert (pair_problem(playbook, l1, l2) == "") == (playbook.of(L2)[l2].l1 == l1)


def test_every_status_but_duplicate_needs_a_reason(playbook: Playbook) -> None:
    assert [key for key in EVERY_L1 if not pair_problem(playbook, key, "")] == ["duplicate-invalid"]


def test_unknown_values_are_named(playbook: Playbook) -> None:
    assert "no L1 'busy'" in pair_problem(playbook, "busy", "")
    assert "no L2 'tired'" in pair_problem(playbook, "blocked", "tired")


def test_in_progress_needs_a_target_date(playbook: Playbook) -> None:
    entitlement = replace(SEATS, l1="in-progress", l2="technical-onboarding")
    assert fields(playbook, entitlement) == {"target_date"}
    assert fields(playbook, replace(entitlement, target_date=LATER)) == set()


def test_blocked_needs_unblock_date_owner_and_a_note_that_says_why(playbook: Playbook) -> None:
    blocked = replace(SEATS, l1="blocked", l2="customer-it")
    assert fields(playbook, blocked) == {"unblock_date", "owner", "note"}
    note = Note("N2", "Blocked because the image waits.", "Max", "FM", DAY, workload="OPP", l1="blocked")
    assert fields(playbook, replace(blocked, unblock_date=LATER, owner="ATU"), note) == set()
    assert fields(playbook, replace(blocked, unblock_date=LATER, owner="FE"), note) == {"owner"}


def test_migration_is_not_used_for_this_service(playbook: Playbook) -> None:
    assert "l2" in fields(playbook, replace(SEATS, l1="in-progress", l2="migration", target_date=LATER))


def test_a_start_date_stands_only_while_in_progress(playbook: Playbook) -> None:
    assert "start_date" in fields(playbook, replace(SEATS, start_date=DAY))


def test_any_l3_is_accepted_while_none_is_listed(playbook: Playbook) -> None:
    assert fields(playbook, replace(SEATS, l3="our own")) == set()


def test_dates_that_have_passed_are_named(playbook: Playbook) -> None:
    late = replace(SEATS, l1="blocked", unblock_date=DAY, next_action_date=DAY, target_date=DAY)
    assert [name for name, _ in overdue_dates(late, DAY + timedelta(days=1))] == ["next_action_date", "unblock_date"]
    assert overdue_dates(late, DAY) == ()


def test_a_block_is_reported_in_one_step(playbook: Playbook, started: Engagement) -> None:
    entitlement = replace(SEATS, l1="in-progress", l2="adoption", target_date=LATER)
    after = report_block(playbook, replace(started, entitlements=(entitlement,)), report(), DAY)
    blocked, note = after.entitlements[0], after.notes[-1]
    assert (blocked.l1, blocked.l2, blocked.owner, blocked.unblock_date) == (
        "blocked",
        "app-compatibility",
        "ATU",
        LATER,
    )
    assert (note.stream, note.l1, note.next_action, note.next_action_owner) == (
        "N1",
        "blocked",
        "Ask App Assure",
        "ATU",
    )
    assert complaints(playbook, blocked, after.notes) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"l2": "adoption"}, "belongs to In Progress"),
        ({"text": " "}, "explains"),
        ({"next_action": ""}, "next action"),
        ({"unblock_date": date(2020, 1, 1)}, "ahead"),
        ({"entitlement": "o9"}, "no entitlement"),
    ],
)
def test_an_incomplete_report_writes_nothing(
    playbook: Playbook, started: Engagement, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(StatusError, match=said):
        report_block(playbook, replace(started, entitlements=(SEATS,)), report(**changes), DAY)


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=6))
def test_the_parts_of_a_split_add_up(shares: list[int]) -> None:
    whole = replace(SEATS, seats=sum(shares))
    parts = split(whole, [(f"p{index}", seats) for index, seats in enumerate(shares)], "two companies")
    assert sum(part.seats for part in parts) == whole.seats
    assert split_problems(parts) == ()
    assert [complaint.entitlement for complaint in split_problems(parts[1:])] == [whole.id]


@pytest.mark.parametrize(
    ("parts", "reason", "said"),
    [
        ([("a", 400), ("b", 500)], "geography", "900 seats, the whole has 1000"),
        ([("a", 400), ("b", 600)], " ", "reason"),
        ([("a", 1000)], "geography", "two or more"),
        ([("a", 500), ("a", 500)], "geography", "ids of their own"),
        ([("a", 1001), ("b", -1)], "geography", "at least one seat"),
    ],
)
def test_a_split_that_does_not_add_up_is_refused(parts: list[tuple[str, int]], reason: str, said: str) -> None:
    with pytest.raises(StatusError, match=said):
        split(SEATS, parts, reason)


def test_a_part_is_not_split_again() -> None:
    part = split(SEATS, [("a", 400), ("b", 600)], "geography")[0]
    with pytest.raises(StatusError, match="part already"):
        split(part, [("c", 200), ("d", 200)], "geography")
