"""The pilot group: time, size, bound and greedy reference on estates with structure and random ones, checked independently."""

from __future__ import annotations

import sys
import time

from _common import begin
from _pilot import problems, structured, table, unstructured
from uptake.deploy.rollout.inventory import read_inventory
from uptake.deploy.rollout.pilot import choose_pilot

STRUCTURED = ((300, 60), (2_000, 250), (5_000, 500), (20_000, 2_000))
RANDOM = ((300, 60), (1_000, 120), (2_000, 250))


def main(arguments: list[str]) -> int:
    seeds = range(int(arguments[0]) if arguments else 1)
    wrong = 0
    print(f"{'instance':<28}{'read':>7}{'solve':>8}{'devices':>9}{'bound':>7}{'greedy':>8}  left  status")
    for kind, make, sizes in (("structured", structured, STRUCTURED), ("random", unstructured, RANDOM)):
        for devices, items in sizes:
            for seed in seeds:
                rows = make(devices, items, seed)
                begun = time.perf_counter()
                inventory = read_inventory(table(rows).encode())
                read = time.perf_counter()
                pilot = choose_pilot(inventory.devices)
                ended = time.perf_counter()
                found = problems(rows, pilot.as_json())
                wrong += len(found)
                left = f"{pilot.counts['left_sets']}×{pilot.counts['left_elements']}"
                times = f"{read - begun:>7.2f}{ended - read:>8.2f}"
                sizes_found = f"{len(pilot.devices):>9}{pilot.bound:>7}{pilot.greedy:>8}"
                name = f"{kind} {devices}×{items} #{seed}"
                print(f"{name:<28}{times}{sizes_found}  {left}  {pilot.status} {'; '.join(found[:3])}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    begin(main)
    sys.exit()
