"""Waves keep every limit, as an independent checker says; what cannot be planned is said; the calendar is one."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from _pilot import structured, table
from _waves import problems
from uptake.core.errors import UptakeError
from uptake.deploy.rollout.inventory import read_inventory
from uptake.deploy.rollout.waves import calendar, moves, plan_waves, read_plan

START = date(2026, 12, 7)


def made(rows: list[dict[str, str]], plan: dict[str, Any]) -> list[dict[str, Any]]:
    waves = plan_waves(read_inventory(table(rows).encode()).devices, read_plan(yaml.safe_dump(plan)))
    return [wave.as_json() for wave in waves.waves]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_random_plans_keep_every_limit(seed: int) -> None:
    chance = random.Random(seed)
    rows = structured(chance.randint(10, 150), 30, seed)
    for row in rows:
        row["weight"] = str(chance.choice((1, 1, 2, 5)))
    plan: dict[str, Any] = {
        "start": START,
        "per_week": chance.randint(3, 60),
        "pilot": [row["device"] for row in chance.sample(rows, 3)],
        "sites": [{"site": "Site 1", "per_week": chance.randint(1, 5)}],
        "blackouts": [{"start": START + timedelta(days=chance.randint(0, 40)), "end": START + timedelta(days=60), "department": chance.choice(["", "Department 1"])}],
        "dependencies": [{"item": "item-0003", "after": START + timedelta(days=chance.randint(0, 90))}],
    }  # fmt: skip
    waves = made(rows, plan)
    assert problems(rows, plan, waves) == []
    assert waves[0]["wave"] == "pilot"
    assert all(wave["reasons"] for wave in waves)


def test_the_checker_sees_what_is_wrong() -> None:
    rows = structured(40, 10, 1)
    plan: dict[str, Any] = {"start": START, "per_week": 4}
    waves = made(rows, plan)
    assert problems(rows, plan, waves) == []
    assert problems(rows, {**plan, "per_week": 1}, waves) != []
    assert problems(rows, {**plan, "blackouts": [{"start": START, "end": START}]}, waves) != []
    assert problems(rows, plan, [*waves, waves[0]]) != []
    assert problems(rows, plan, waves[:-1]) != []


def test_risk_rises_and_waves_grow() -> None:
    rows = [{"device": f"d{n:03}", "site": "A", "weight": str(1 + n % 4)} for n in range(100)]
    waves = made(rows, {"start": START, "pilot": ["d000"]})
    weights = {row["device"]: float(row["weight"]) for row in rows}
    tops = [max(weights[name] for name in wave["devices"]) for wave in waves[1:]]
    assert tops == sorted(tops)
    assert [len(wave["devices"]) for wave in waves[1:4]] == [5, 15, 40]
    assert waves[1]["start"] == (START + timedelta(days=14)).isoformat()


def test_bandwidth_is_a_limit() -> None:
    rows = [{"device": f"d{n:03}", "site": "Far"} for n in range(100)]
    plan = {"start": START, "growth": [100], "client_mb": 1800, "sites": [{"site": "Far", "mbit": 10}]}
    waves = made(rows, plan)
    assert {len(wave["devices"]) for wave in waves[:-1]} == {100} or max(len(w["devices"]) for w in waves) == 100
    plan["sites"] = [{"site": "Far", "mbit": 2}]
    assert (
        max(len(wave["devices"]) for wave in made(rows, plan)) == 20
    )  # 2 × 0.45 GB × 8 hours = 7.2 GB a day = 4 devices


def test_what_never_fits_is_named_with_the_reason_and_a_plan_without_pilot_is_warned_of() -> None:
    rows = [{"device": "a", "items": "x"}, {"device": "b", "items": ""}]
    plan = read_plan("start: 2026-12-07\ndependencies: [{item: x, after: 2190-01-01}]\n")
    waves = plan_waves(read_inventory(table(rows).encode()).devices, plan)
    assert waves.unplanned == ("a",)
    last = waves.waves[-1].as_json()
    assert (last["wave"], last["start"]) == (None, None)
    assert any("x" in reason for reason in last["reasons"])
    assert any("S6" in warning for warning in waves.warnings)


def test_a_moved_date_says_who_comes_on_another_day() -> None:
    devices = read_inventory(table(structured(50, 10, 2)).encode()).devices
    one = plan_waves(devices, read_plan("start: 2026-12-07\n"))
    other = plan_waves(devices, read_plan("start: 2026-12-14\n"))
    assert moves(one, one) == ()
    assert {move.device for move in moves(one, other)} == {device.name for device in devices}


def test_the_calendar_has_an_event_for_each_wave_and_short_lines() -> None:
    devices = read_inventory(table(structured(30, 10, 2)).encode()).devices
    waves = plan_waves(
        devices, read_plan("start: 2026-12-07\nexit_criteria: ['no open blocker; no crash, nowhere']\n"), "ja"
    )
    text = calendar(waves, START)
    assert text.count("BEGIN:VEVENT") == len(waves.waves)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert text.endswith("END:VCALENDAR\r\n")
    assert "no open blocker\\; no crash\\, nowhere" in text.replace("\r\n ", "")


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "start: soon", "start: 2026-12-07\nper_week: 0", "start: 2026-12-07\ngrowth: [0]", "strt: 2026-12-07",
     "start: 2026-12-07\nblackouts: [{start: 2026-12-07, end: 2026-12-01}]", "start: 2026-12-07\nsites: [{site: A, hours: 99}]", "a: &a [*a]"],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UptakeError):
        read_plan(text)
