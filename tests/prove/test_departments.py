"""Active users by department: counted as the report is, and nothing in the table leads back to a person."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_reports import row, table

from uptake.deploy.rollout.inventory import read_inventory
from uptake.prove.usage.departments import (
    LEAST_PEOPLE,
    Departments,
    Shown,
    Silence,
    by_department,
    department_of,
    members,
    members_of_devices,
    shown,
)
from uptake.prove.usage.model import UsageReport
from uptake.prove.usage.reading import Use, people, read_report
from uptake.prove.usage.snapshots import Formula


def read(*rows: list[str]) -> tuple[UsageReport, list[Use]]:
    uses: list[Use] = []
    return read_report(io.BytesIO(table(*rows).encode()), "detail.csv", witness=uses.append), uses


def detail(sizes: dict[str, int]) -> tuple[UsageReport, list[Use], dict[str, str]]:
    """Departments of a size; every second of their users is active, and on the web only in half of these cases."""
    known = {f"{name}{n}@x": name for name, size in sizes.items() for n in range(size)}
    rows = [
        row(
            key,
            "2026-11-18" if n % 2 else "2026-01-18",
            *(("Windows", "Word") if n % 4 == 1 else ("Web", "Teams")) * (n % 2),
        )
        for n, key in enumerate(known)
    ]
    return *read(*rows), {key.lower(): name for key, name in known.items() if name}


def tabled(sizes: dict[str, int]) -> Departments:
    found = by_department(*detail(sizes), "people.csv")
    assert found is not None
    return found


def test_departments_are_counted_by_the_formula_and_nobody_is_named() -> None:
    found = tabled({"Sales": 20, "IT": 8, "": 6})
    lines = {each.name: (each.active, each.people, each.percent) for each in shown(found, Formula())}
    assert lines == {"Sales": (10, 20, 50.0), "IT": (4, 8, 50.0), "": (3, 6, 50.0)}
    desktop = {each.name: each.active for each in shown(found, Formula.named("desktop/28/paid"))}
    assert desktop == {"Sales": 5, "IT": 2, "": 2}
    assert "@x" not in repr(found)
    assert found.data_date.isoformat() == "2026-11-19"


@given(st.dictionaries(st.sampled_from(["", "a", "b", "c", "d"]), st.integers(1, 9), min_size=1))
def test_the_departments_add_up_to_the_report_and_small_ones_cannot_be_worked_out(sizes: dict[str, int]) -> None:
    report, uses, known = detail(sizes)
    found = by_department(report, uses, known, "people.csv")
    if found is None:
        assert not known
        return
    told = [each for each in found.lines if each.people is not None]
    hidden = report.rows - sum(each.people or 0 for each in told)
    assert hidden == 0 or hidden >= LEAST_PEOPLE or not told
    assert all(each.people is None or each.people >= LEAST_PEOPLE for each in found.lines)
    if not hidden:
        assert sum(each.active.any or 0 for each in told) == report.active.any
        assert sum(each.as_reported.without_teams or 0 for each in told) == report.as_reported.without_teams


def test_one_small_department_silences_the_next_smallest_too() -> None:
    silence = {each.name: each.silence for each in tabled({"Board": 3, "Legal": 7, "Sales": 30}).lines}
    assert silence == {"Board": Silence.SMALL, "Legal": Silence.WOULD_TELL, "Sales": None}
    both = {each.name: each.silence for each in tabled({"Board": 3, "Legal": 4, "Sales": 30}).lines}
    assert both == {"Board": Silence.SMALL, "Legal": Silence.SMALL, "Sales": None}


def test_the_lowest_share_comes_first_and_silence_last() -> None:
    report, uses = read(*[row(f"{n}@x", "2026-11-18" if n in (0, 1, 2, 10) else "") for n in range(23)])
    known = {f"{n}@x": "Half" if n < 5 else "Low" if n < 20 else "Tiny" for n in range(23)}
    found = by_department(report, uses, known, "")
    assert found is not None
    lines = shown(found, Formula())
    assert [each.name for each in lines] == ["Low", "Half", "Tiny"]
    assert lines[0] == Shown("Low", 1, 15, pytest.approx(100 / 15), None)
    assert [each.silence for each in lines] == [None, Silence.WOULD_TELL, Silence.SMALL]


def test_concealed_names_and_unknown_departments_give_no_table() -> None:
    chance = random.Random(1)
    concealed = read(*[row(f"{chance.getrandbits(128):032X}", "2026-11-18") for _ in range(9)])
    assert by_department(*concealed, {"a": "Sales"}, "x") is None
    assert by_department(*read(row("a@x", "2026-11-18")), {}, "x") is None


def test_flags_that_say_too_much_stay_unknown_by_department_too() -> None:
    report, uses = read(*[row(f"{n}@x", "2026-11-18", "Windows", period="180") for n in range(6)])
    found = by_department(report, uses, {f"{n}@x": "Sales" for n in range(6)}, "x")
    assert found is not None
    assert shown(found, Formula.named("desktop/28/paid"))[0].active is None
    assert shown(found, Formula())[0].active == 6


@pytest.mark.parametrize("header", ["User principal name,Department", "UPN,部署", "Benutzerprinzipalname,Abteilung"])
def test_a_list_of_people_needs_two_columns(header: str) -> None:
    text = f"{header}\nA@x.example, Sales \nb@x.example,IT\nc@x.example,\n"
    assert members(people(io.BytesIO(text.encode()), "people.csv")) == {"a@x.example": "Sales", "b@x.example": "IT"}


def test_an_inventory_tells_departments_unless_two_devices_disagree() -> None:
    text = (
        "device,user,department\n1,CONTOSO\\Taro,Sales\n2,hana@x,IT\n3,mixed@x,IT\n4,mixed@x,Sales\n5,a@x;b@x,Board\n"
    )
    known = members_of_devices(read_inventory(text.encode()).devices)
    assert known == {"taro": "Sales", "hana@x": "IT", "a@x": "Board", "b@x": "Board"}
    assert [department_of(name, known) for name in ("taro@contoso.example", "Hana@X", "hana@y", "mixed@x")] == [
        "Sales",
        "IT",
        "",
        "",
    ]
