"""The smallest pilot group that covers every add-in, macro project, department, site, model and language, with the proof.

Configuration Manager's recommendation (1910) covered add-ins only and said neither why a device is in the group nor what no
group can cover. Here both are part of the result.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from uptake.deploy.odt.phrases import said
from uptake.deploy.rollout.cover import Cover, greedy_cover, solve_cover, solver_for
from uptake.deploy.rollout.inventory import TRAITS, Device, is_excluded
from uptake.deploy.rollout.masks import bits, union

ITEMS = "items"
COVERED = (ITEMS, *TRAITS)
OPTIMAL, BOUNDED = "optimal", "bounded"
SECONDS = 55.0
"""With reading and writing, a pilot is there within a minute."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot group. `bound`: proven least number of devices that cover everything that can be covered."""

    devices: tuple[str, ...]
    uncovered: tuple[str, ...]
    status: str
    bound: int
    greedy: int
    why: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Device → what it alone covers in the group."""
    only_holders: frozenset[str] = frozenset()
    """Devices without which something cannot be covered at all."""
    counts: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The contract of `uptake rollout pilot --format json`."""
        return {
            "devices": list(self.devices), "uncovered": list(self.uncovered), "status": self.status, "bound": self.bound,
            "greedy": self.greedy, "why": {device: list(reasons) for device, reasons in self.why.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Masks:
    """Devices as sets of what they hold."""

    names: tuple[str, ...]
    """Label of each element."""
    sets: tuple[int, ...]


def labels_of(device: Device, covers: Sequence[str] = COVERED) -> tuple[str, ...]:
    """What a device would cover: item ids as they are, other values with their column."""
    found = list(device.items) if ITEMS in covers else []
    for trait in TRAITS:
        if trait in covers:
            found += [f"{trait}: {value}" for value in device.traits.get(trait, ())]
    return tuple(found)


def choose_pilot(
    devices: Sequence[Device],
    *,
    most: int | None = None,
    exclusions: frozenset[str] = frozenset(),
    covers: Sequence[str] = COVERED,
    seconds: float = SECONDS,
) -> Pilot:
    """The pilot for an inventory.

    `most`: at most so many devices, then as much as possible is covered. `exclusions`: see `read_exclusions`.
    `covers`: columns that count. `seconds`: time for all of it, after which the bound tells how far from proven it is.
    """
    end = time.monotonic() + seconds
    allowed = [device for device in devices if not is_excluded(device, exclusions)]
    everything = dict.fromkeys(label for device in devices for label in labels_of(device, covers))
    masks = _masks(allowed, covers)
    costs = [device.weight for device in allowed]
    cover = solve_cover(masks.sets, costs, seconds if most is None else seconds / 2)
    chosen, is_proven = list(cover.chosen), cover.is_optimal
    if most is not None and len(chosen) > most:
        chosen, is_proven = _fewer(masks.sets, costs, cover, most, max(1.0, end - time.monotonic()))
    return _pilot(allowed, masks, chosen, cover, everything, is_proven)


def _masks(devices: Sequence[Device], covers: Sequence[str]) -> _Masks:
    places: dict[str, int] = {}
    sets = []
    for device in devices:
        mask = 0
        for label in labels_of(device, covers):
            mask |= 1 << places.setdefault(label, len(places))
        sets.append(mask)
    return _Masks(tuple(places), tuple(sets))


def _pilot(
    devices: Sequence[Device],
    masks: _Masks,
    chosen: Sequence[int],
    cover: Cover,
    everything: Mapping[str, None],
    is_proven: bool,
) -> Pilot:
    covered = {masks.names[bit] for bit in bits(union(masks.sets[number] for number in chosen))}
    ordered = sorted(chosen, key=lambda number: devices[number].name.casefold())
    why = {devices[number].name: _reasons(number, chosen, masks) for number in ordered}
    only = frozenset(devices[number].name for number in cover.forced if number in set(chosen))
    return Pilot(
        devices=tuple(devices[number].name for number in ordered),
        uncovered=tuple(label for label in everything if label not in covered),
        status=OPTIMAL if is_proven else BOUNDED, bound=cover.bound, greedy=cover.greedy, why=why, only_holders=only,
        counts={
            "devices": len(devices), "elements": len(everything), "left_sets": cover.reduced[0], "left_elements": cover.reduced[1],
        },
    )  # fmt: skip


def _reasons(number: int, chosen: Sequence[int], masks: _Masks) -> tuple[str, ...]:
    others = union(masks.sets[other] for other in chosen if other != number)
    return tuple(masks.names[bit] for bit in bits(masks.sets[number] & ~others))


def _fewer(
    sets: Sequence[int], costs: Sequence[float], cover: Cover, most: int, seconds: float
) -> tuple[list[int], bool]:
    """As much as `most` sets can cover, of equally much the cheaper; and whether that is proven."""
    from ortools.sat.python import cp_model

    if most <= 0:
        return [], True
    distinct = {mask: number for number, mask in sorted(enumerate(sets), key=lambda each: -costs[each[0]]) if mask}
    model = cp_model.CpModel()
    chosen = {number: model.new_bool_var("") for number in distinct.values()}
    holders: dict[int, list[int]] = {}
    for mask, number in distinct.items():
        for element in bits(mask):
            holders.setdefault(element, []).append(number)
    covered = {element: model.new_bool_var("") for element in holders}
    for element, numbers in holders.items():
        model.add(sum(chosen[number] for number in numbers) >= covered[element])
    model.add(sum(chosen.values()) <= most)
    price = sum(round(min(costs[number], 1000.0) * 100) for number in chosen) + 1
    model.maximize(
        price * sum(covered.values())
        - sum(round(min(costs[number], 1000.0) * 100) * variable for number, variable in chosen.items())
    )
    start = set(greedy_cover({number: sets[number] for number in cover.chosen}, costs)[:most])
    for number, variable in chosen.items():
        model.add_hint(variable, number in start)
    solver = solver_for(seconds)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return sorted(start), False
    return [number for number, variable in chosen.items() if solver.boolean_value(variable)], status == cp_model.OPTIMAL


def told(pilot: Pilot, lang: str = "en") -> tuple[str, ...]:
    """The pilot in sentences: how good it is, why each device is in, what nobody covers."""
    found = [said(f"pilot.{pilot.status}", lang, count=len(pilot.devices), bound=pilot.bound, greedy=pilot.greedy)]
    for device in pilot.devices:
        reasons = ", ".join(pilot.why[device])
        key = "pilot.only" if device in pilot.only_holders else "pilot.why"
        found.append(said(key, lang, device=device, reasons=reasons))
    found += [said("pilot.uncovered", lang, item=item) for item in pilot.uncovered]
    return tuple(found)
