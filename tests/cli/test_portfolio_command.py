"""`uptake portfolio`: many customers from one file, ranked, and every bad line named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_process import Command

HEADER = "series,date,active,paid,l1,next_action,enterprise\n"
DAYS = ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31")
KEYS = [
    "series", "usage_pct", "growth_points", "growth_relative", "healthy", "sustained", "stalled", "certainty", "reach_70",
    "risk", "reasons",
]  # fmt: skip


def rows(name: str, *active: int, records: str = ",,") -> str:
    return "".join(f"{name},{day},{count},1000,{records}\n" for day, count in zip(DAYS, active, strict=True))


STALLED = rows("Stalled", 400, 401, 402, 404, 405)
HEALTHY = rows("Healthy", 720, 730, 735, 740, 745, records="in-progress,,green")


def portfolio(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "portfolio.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_customers_are_ranked_by_risk_and_the_contract_holds(uptake: Command, tmp_path: Path) -> None:
    path = portfolio(tmp_path, HEADER + HEALTHY + STALLED)
    ended = uptake("portfolio", path, "--as-of", "2026-05-31", "--format", "json")
    first, second = json.loads(ended.out)
    assert (ended.code, ended.error) == (0, "")
    assert list(first) == list(second) == KEYS
    assert (first["series"], first["usage_pct"], first["growth_points"], first["stalled"]) == (
        "Stalled",
        40.5,
        0.4,
        "met",
    )
    assert (first["reach_70"], first["risk"]) == ("not within 12 months", 55)
    assert first["reasons"] == [
        "usage has stalled at 40.5 %", "70 % is not reached within 12 months if nothing changes"
    ]  # fmt: skip
    assert (second["series"], second["healthy"], second["sustained"], second["risk"]) == ("Healthy", "met", "met", 0)
    assert (second["reach_70"]["median"], second["reasons"]) == ("2026-05-31", [])


def test_the_same_customer_stands_as_with_usage_status(uptake: Command, tmp_path: Path) -> None:
    alone = tmp_path / "alone.csv"
    lines = [line.split(",")[1:4] for line in STALLED.splitlines()]
    alone.write_text("date,active,paid\n" + "".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    status = json.loads(uptake("usage", "status", alone, "--as-of", "2026-05-31", "--format", "json").out)
    [found] = json.loads(
        uptake("portfolio", portfolio(tmp_path, HEADER + STALLED), "--as-of", "2026-05-31", "--format", "json").out
    )
    assert {name: found[name] for name in status if name != "why"} == {k: v for k, v in status.items() if k != "why"}


def test_what_other_sources_say_stands_beside_and_the_last_one_counts(uptake: Command, tmp_path: Path) -> None:
    text = HEADER + HEALTHY + rows("Other", 720, 730, 735, 740, 745).replace("2026-02-28,730,1000,,,", "2026-02-28,730,1000,Blocked,2026-01-01,red")  # fmt: skip
    risk = {each["series"]: each for each in json.loads(
        uptake("portfolio", portfolio(tmp_path, text), "--as-of", "2026-05-31", "--format", "json").out)}  # fmt: skip
    assert risk["Other"]["reasons"] == [
        "the entitlement is blocked", "the Enterprise status is red", "the next action is overdue since 2026-01-01"
    ]  # fmt: skip
    later = text + "Other,2026-05-31,745,1000,in-progress,2026-12-01,green\n"
    again = json.loads(uptake("portfolio", portfolio(tmp_path, later), "--as-of", "2026-05-31", "--format", "json").out)
    assert [each["risk"] for each in again] == [0, 0]


def test_a_past_day_does_not_know_what_later_lines_say(uptake: Command, tmp_path: Path) -> None:
    text = HEADER + STALLED + "Stalled,2026-06-30,900,1000,blocked,,red\nNew,2026-06-30,5,10,,,\n"
    found = json.loads(uptake("portfolio", portfolio(tmp_path, text), "--as-of", "2026-05-31", "--format", "json").out)
    assert [(each["series"], each["usage_pct"], each["risk"]) for each in found] == [
        ("Stalled", 40.5, 55),
        ("New", None, 25),
    ]
    assert (found[1]["healthy"], found[1]["reach_70"]) == ("unknown", None)
    assert found[1]["reasons"] == ["no figures, or none that are fresh enough: there is no figure up to 2026-05-31"]


def test_figures_that_are_too_old_are_unknown_and_not_forecast(uptake: Command, tmp_path: Path) -> None:
    path = portfolio(tmp_path, HEADER + STALLED)
    [found] = json.loads(uptake("portfolio", path, "--as-of", "2026-11-22", "--format", "json").out)
    assert (found["healthy"], found["reach_70"], found["risk"]) == ("unknown", None, 25)


def test_every_bad_line_is_named_and_nothing_is_judged(uptake: Command, tmp_path: Path) -> None:
    bad = (
        "A,2026-13-01,1,2,,,\n,2026-05-31,1,2,,,\nA,2026-05-31,1,000,2,,,,\nA,2026-05-31,-1,2,,,\n"
        "A,2026-05-31,1,2,sleeping,,\nA,2026-05-31,1,2,,soon,\nA,2026-05-31,1,2,,,blue\nA\n"
    )  # fmt: skip
    ended = uptake("portfolio", portfolio(tmp_path, HEADER + STALLED + bad), "--as-of", "2026-05-31")
    assert (ended.code, ended.out) == (2, b"")
    for number in range(7, 15):
        assert f"line {number}: " in ended.error
    assert "line 6:" not in ended.error


@pytest.mark.parametrize(
    "text", ["", "date,active,paid\n2026-01-31,1,2\n", HEADER, "series,series,date,active,paid\nA,B,2026-01-31,1,2\n",
             HEADER + '"' + "x" * 200_000 + '",2026-01-31,1,2,,,\n']
)  # fmt: skip
def test_what_is_no_portfolio_ends_with_2_and_a_hint(uptake: Command, tmp_path: Path, text: str) -> None:
    ended = uptake("portfolio", portfolio(tmp_path, text))
    assert (ended.code, ended.out) == (2, b"")
    assert "Traceback" not in ended.error
    assert len(ended.error.splitlines()) == 2


def test_a_portfolio_in_words_of_both_languages(uptake: Command, tmp_path: Path) -> None:
    path = portfolio(tmp_path, HEADER + HEALTHY + STALLED.replace("Stalled", "Sta\x1blled"))
    lines = uptake("portfolio", path, "--as-of", "2026-05-31").out.decode().splitlines()
    assert lines[1].split()[:7] == ["55", "40.5", "+0.4", "not_met", "not_met", "met", ">"]
    assert lines[4].split() == [
        "0",
        "74.5",
        "+1.5",
        "met",
        "met",
        "not_met",
        "2026-05",
        "in-progress",
        "green",
        "Healthy",
    ]
    assert lines[-1] == "Customers: 2, with a reason to look at them: 1"
    assert not any("\x1b" in line for line in lines)
    assert "停滞しています" in uptake("portfolio", path, "--as-of", "2026-05-31", "--lang", "ja").out.decode()
