"""The pilot group: exact against exhaustive search, under exclusions and limits, with reasons; inventories of any shape are read."""

from __future__ import annotations

import io
import itertools
import random

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _pilot import problems, structured, table, unstructured
from uptake.core.errors import UptakeError
from uptake.deploy.rollout.cover import _reduced, greedy_cover, solve_cover
from uptake.deploy.rollout.inventory import Device, read_exclusions, read_inventory
from uptake.deploy.rollout.masks import bits, union
from uptake.deploy.rollout.pilot import choose_pilot, told

HEAD = "device,user,department,site,model,language,items\n"


def fewest(sets: list[int]) -> int:
    """By trying all."""
    everything = union(sets)
    return next(n for n in range(len(sets) + 1) if any(union(c) == everything for c in itertools.combinations(sets, n)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=2**9 - 1), min_size=1, max_size=11))
def test_the_cover_is_as_small_as_an_exhaustive_search_finds(sets: list[int]) -> None:
    cover = solve_cover(sets, [1.0] * len(sets), 10)
    assert union(sets[number] for number in cover.chosen) == union(sets)
    assert len(cover.chosen) == cover.bound == fewest(sets) <= cover.greedy


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=2**8 - 1), min_size=1, max_size=10))
def test_making_the_problem_smaller_does_not_change_its_answer(sets: list[int]) -> None:
    left = _reduced(dict(enumerate(sets)), [1.0] * len(sets))
    rest = fewest([*left.sets.values()]) if left.sets else 0
    assert len(left.forced) + rest == fewest(sets)


def test_of_equally_many_the_cheaper_are_chosen() -> None:
    cover = solve_cover([0b0011, 0b1100, 0b0110, 0b1001], [5.0, 5.0, 1.0, 1.0], 10)
    assert cover.chosen == (2, 3)


def test_bits_are_the_places_that_are_set() -> None:
    assert bits(0b101001) == [0, 3, 5]


@pytest.mark.parametrize(("make", "size"), [(structured, (400, 80)), (unstructured, (200, 50))])
def test_an_estate_is_covered_as_an_independent_checker_says(make: object, size: tuple[int, int]) -> None:
    rows = make(*size, 7)  # type: ignore[operator]
    pilot = choose_pilot(read_inventory(table(rows).encode()).devices, seconds=20)
    assert problems(rows, pilot.as_json()) == []
    assert pilot.status == "optimal"


def test_the_checker_sees_what_is_wrong() -> None:
    rows = structured(60, 20, 1)
    good = choose_pilot(read_inventory(table(rows).encode()).devices).as_json()
    assert problems(rows, good) == []
    for change in (
        {"devices": good["devices"][:-1]},
        {"uncovered": ["item-0001"]},
        {"bound": 99},
        {"devices": ["pc-none"]},
    ):
        assert problems(rows, {**good, **change}) != []


def test_every_member_is_in_for_something_that_nobody_else_in_the_group_has() -> None:
    pilot = choose_pilot(read_inventory((HEAD + "a,,Sales,,,,x;y\nb,,Law,,,,y;z\nc,,,,,,y\n").encode()).devices)
    assert pilot.devices == ("a", "b")
    assert pilot.why == {"a": ("x", "department: Sales"), "b": ("z", "department: Law")}
    assert pilot.only_holders == {"a", "b"}
    assert len(told(pilot, "ja")) == len(told(pilot)) == 3


def test_who_is_excluded_stays_out_and_what_only_they_hold_is_uncovered() -> None:
    devices = read_inventory((HEAD + "a,chef@x,Board,,,,x;y\nb,,Law,,,,y\nc,,Law,,,,z\n").encode()).devices
    for line in ("a", "CHEF@X", "department=board", "# remark\na # because"):
        pilot = choose_pilot(devices, exclusions=read_exclusions(line))
        assert pilot.devices == ("b", "c")
        assert pilot.uncovered == ("x", "department: Board")


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_a_limit_covers_as_much_as_so_many_devices_can(most: int) -> None:
    chance = random.Random(most)
    devices = [Device(f"d{n}", items=tuple(f"i{chance.randrange(14)}" for _ in range(5))) for n in range(9)]
    pilot = choose_pilot(devices, most=most)
    best = max(len({i for d in group for i in d.items}) for group in itertools.combinations(devices, most))
    assert len(pilot.devices) <= most
    assert len({i for d in devices for i in d.items}) - len(pilot.uncovered) == best
    assert pilot.bound > most or not pilot.uncovered


def test_the_result_is_never_worse_than_greedy_even_without_time() -> None:
    devices = read_inventory(table(unstructured(400, 80, 3)).encode()).devices
    pilot = choose_pilot(devices, seconds=0.01)
    assert len(pilot.devices) <= pilot.greedy
    assert pilot.bound <= len(pilot.devices)


def test_greedy_takes_nothing_that_is_not_needed() -> None:
    sets = {0: 0b0110, 1: 0b0011, 2: 0b1100}
    assert sorted(greedy_cover(sets, [1.0] * 3)) == [1, 2]


def test_excel_and_foreign_headers_and_many_rows_of_a_device_are_read() -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Computer Name", "UserName", "Location", "Add-Ins"],
        ["PC1", "u", "Kyoto", "x|y"],
        ["pc1", "v", "Kyoto", "z"],
    ):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    [device] = read_inventory(stream.getvalue()).devices
    assert (device.name, device.users, device.items, device.first("site")) == (
        "PC1",
        ("u", "v"),
        ("x", "y", "z"),
        "Kyoto",
    )
    mapped = read_inventory(b"Maschine;Bau\nm1;A\n", mapping={"device": "Maschine", "site": "Bau"})
    assert mapped.devices[0].first("site") == "A"
    assert read_inventory("device,items\n設計01,マクロ\n".encode("cp932")).devices[0].items == ("マクロ",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"a,b\n1,2\n",
        b"device\n",
        b"\x00\x01\x02" * 50,
        b"PK\x03\x04" + b"x" * 100,
        b"\xff\xfe\x00",
        b"device\n" + b'"' + b"x" * (9 << 20),
    ],
    ids=range(8),
)
def test_what_is_no_inventory_is_one_sentence(content: bytes) -> None:
    with pytest.raises(UptakeError):
        read_inventory(content)


def test_a_strange_weight_is_a_problem_and_not_the_end() -> None:
    inventory = read_inventory(b'device,weight\na,heavy\nb,inf\nc,-1\nd,"2,5"\n,3\n')
    assert [device.weight for device in inventory.devices] == [1.0, 1.0, 1.0, 2.5]
    assert len(inventory.problems) == 4
