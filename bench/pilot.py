"""The pilot group: time, size, bound and greedy reference on estates with structure and random ones, checked independently."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from _common import begin
from _pilot import problems, structured, table, unstructured
from uptake.deploy.rollout.inventory import read_inventory
from uptake.deploy.rollout.pilot import choose_pilot

STRUCTURED = ((300, 60), (2_000, 250), (5_000, 500), (20_000, 2_000))
RANDOM = ((300, 60, 0.02), (1_000, 120, 0.02), (2_000, 250, 0.02), (2_000, 250, 0.01), (2_000, 250, 0.05))
"""Devices, items and the chance that a device holds an item."""

BEST_KNOWN = {
    (2_000, 250, 0.02, 0): 36,
    (2_000, 250, 0.02, 1): 36,
    (2_000, 250, 0.01, 0): 52,
    (2_000, 250, 0.05, 0): 21,
}
"""What a separate program (a local search in C, 6 to 80 million steps, 2026-11-22) found; with the seed."""


def instances(seeds: range) -> Iterator[tuple[str, Callable[[], list[dict[str, str]]], int | None]]:
    """Name, maker of the rows, and the fewest devices that anybody found."""
    for devices, items in STRUCTURED:
        for seed in seeds:
            yield f"structured {devices}×{items} #{seed}", partial(structured, devices, items, seed), None
    for devices, items, density in RANDOM:
        for seed in seeds:
            name = f"random {devices}×{items} {density:.0%} #{seed}"
            best = BEST_KNOWN.get((devices, items, density, seed))
            yield name, partial(unstructured, devices, items, seed, density), best


def main(arguments: list[str]) -> int:
    seeds = range(int(arguments[0]) if arguments else 1)
    wrong = 0
    print(f"{'instance':<28}{'read':>7}{'solve':>8}{'devices':>9}{'best':>6}{'bound':>7}{'greedy':>8}  left  status")
    for name, make, best in instances(seeds):
        rows = make()
        begun = time.perf_counter()
        inventory = read_inventory(table(rows).encode())
        read = time.perf_counter()
        pilot = choose_pilot(inventory.devices)
        ended = time.perf_counter()
        found = problems(rows, pilot.as_json())
        if best and len(pilot.devices) > best + 1:
            found.append("more than one device above the best known")
        wrong += len(found)
        left = f"{pilot.counts['left_sets']}×{pilot.counts['left_elements']}"
        times = f"{read - begun:>7.2f}{ended - read:>8.2f}"
        sizes_found = f"{len(pilot.devices):>9}{best or '':>6}{pilot.bound:>7}{pilot.greedy:>8}"
        print(f"{name:<28}{times}{sizes_found}  {left}  {pilot.status} {'; '.join(found[:3])}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    begin(main)
    sys.exit()
