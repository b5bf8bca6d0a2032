"""What is stored is the same again: judgements, forecasts, snapshots, cases; what does not fit is refused by name."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.plain import NotPlainError, as_plain, from_plain
from uptake.guide.playbook import load_playbook
from uptake.prove.acceleration.case import Action, Case, Effort, act, answer, choose, log_effort, open_case
from uptake.prove.usage.forecast import Forecast, forecast, months_after
from uptake.prove.usage.licences import LeftOut, Seats
from uptake.prove.usage.model import Active
from uptake.prove.usage.rules import Judgement, Thresholds, judge, replay
from uptake.prove.usage.snapshots import Point, Snapshot

DAY = date(2026, 5, 31)
SLOW = [Point(months_after(date(2025, 9, 30), n), 400 + 5 * n, 1000, "paid:A") for n in range(9)]


def again(value: Any) -> Any:
    return from_plain(type(value), json.loads(json.dumps(as_plain(value))))


@given(st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 1000)), max_size=12), st.integers(0, 400))
def test_a_judgement_is_the_same_again_and_can_be_replayed(values: list[tuple[int, int]], days: int) -> None:
    points = [Point(months_after(date(2025, 1, 31), n), *value) for n, value in enumerate(values)]
    found = judge(points, date.fromordinal(date(2025, 1, 1).toordinal() + days), formula="any/28/paid")
    stored: Judgement = again(found)
    assert stored == found
    assert replay(stored) == found


def test_forecasts_snapshots_and_cases_are_the_same_again() -> None:
    playbook = load_playbook()
    made: Forecast = forecast(SLOW)
    assert again(made) == made
    seats = Seats(10, 8, None, 1, ("A",), (LeftOut("B", 2, "robots"),), DAY, "list.csv")
    old = Snapshot(DAY, Active(1, 1, 1, 28), Active(2, None, 1, 30), seats)
    snapshot = Snapshot(DAY, Active(2, 1, 1, 28), Active(), seats, 3, "x.csv", "d", before=(old,))
    assert again(snapshot) == snapshot
    case = open_case("c", judge(SLOW, DAY), made, DAY, "Max")
    case = act(playbook, case, Action("discuss", DAY, "Max", "held", attendees=("a (FM)", "b (FE)", "c (SME)")))
    case = answer(choose(playbook, case, "adoption", "Said so.", DAY, "Max"), "deeper_acm_needed", True)
    case = act(playbook, case, Action("mini-acm", DAY, "Max", "held", forecast=made))
    case = log_effort(case, Effort(DAY, "Max", "Workshop", 44.0, None))
    stored: Case = again(case)
    assert stored == case


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"goal": "much"}, "goal"),
        ({"basis": "both"}, "basis"),
        ({"holidays": [[1, 2]]}, "holidays"),
        ({"unheard": 1}, "unheard"),
        ({"months": True}, "months"),
        ({"holidays": 7}, "holidays"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(NotPlainError, match=named):
        from_plain(Thresholds, {**as_plain(Thresholds()), **change})
    with pytest.raises(NotPlainError):
        from_plain(Thresholds, [])


def test_fields_of_a_later_version_take_their_defaults() -> None:
    assert from_plain(Thresholds, {"goal": 60}) == Thresholds(goal=60.0)
    with pytest.raises(NotPlainError, match="Point"):
        from_plain(Point, {"date": "2026-01-01"})
