"""How good the forecast of usage is, on generated adoption series and, with --series, on any others.

Generated: flat, falling, S-curve with any ceiling, seasonal, noisy, stalled, slow and low; noise as in tenants of 150 to 5,000
seats, where users stay or go by chance. Rolling origins, nothing from the future. Printed for each family and for all: mean
absolute error in points of the forecast and of the plain damped drift at 1, 3 and 6 months, share of actual values within the
80 % interval, and how often it was foretold whether 70 % would be reached within twelve months. Bounds: not worse than damped
drift at 3 and 6 months, coverage from 75 to 85 %. `--table` writes the errors that the product ships for customers without a
history; they come from other series (another seed) than those that are measured.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
from datetime import date
from pathlib import Path
from typing import Any

import _common as common
from uptake.prove.usage.forecast import HORIZONS, MONTHS, Backtest, backtest, months_after, read_many

FAMILIES = ("flat", "falling", "S-curve", "seasonal", "noisy", "stalled", "slow", "low ceiling")
LEVELS = 40
TABLE = Path(__file__).resolve().parents[1] / "src/uptake/catalogue/tables/forecast_errors.csv"
Series = dict[str, list[tuple[date, float]]]


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    if options.table:
        return write_table(options)
    common.heading(f"forecast, {options.count} series of {options.months} months each family, seed {options.seed}")
    columns = [f"{name} {months}" for name in ("ours", "drift", "in 80 %") for months in HORIZONS]
    rows: list[list[object]] = [["", "origins", *columns, "70 % foretold", "months off"]]
    every: Series = {}
    for family in FAMILIES:
        series = generated(family, options.count, options.months, options.seed)
        every |= series
        rows.append(_row(family, backtest(series)))
    total = backtest(every)
    rows.append(_row("all", total))
    others = {path.name[:14]: read_many(path.read_text(encoding="utf-8-sig"), path.name) for path in options.series}
    rows += [_row(name, backtest(series)) for name, series in others.items()]
    common.table(rows)
    print("  bounds: ours ≤ drift at 3 and 6; from 75 to 85 % within the interval")
    if options.save:
        common.save("forecast", {"all": total.as_json()})
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--count", type=int, default=40, help="series of each family  [default: 40]")
    parser.add_argument("--months", type=int, default=30, help="months of each  [default: 30]")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--series", type=Path, nargs="*", default=[], help="CSV files with series,date,value")
    parser.add_argument("--table", action="store_true", help="write the shipped table of errors")
    return parser.parse_args(arguments)


def _row(name: str, found: Backtest) -> list[object]:
    off = found.median_error_months
    numbers = [each.get(m, math.nan) for each in (found.mae, found.baseline_mae, found.coverage) for m in HORIZONS]
    return [name, found.origins, *numbers, f"{found.hits} of {found.reached}", "-" if off is None else off]


def generated(family: str, count: int, months: int, seed: int) -> Series:
    """Series of one family; the same for the same seed."""
    chance = random.Random(f"{family} {seed}")
    found: Series = {}
    for number in range(count):
        first = date(2021 + chance.randrange(3), 1 + chance.randrange(12), 1)
        values = _with_noise(chance, _shape(chance, family, months), chance.choice((150, 300, 1000, 5000)))
        found[f"{family} {number}"] = [(months_after(first, month), value) for month, value in enumerate(values)]
    return found


def _shape(chance: random.Random, family: str, months: int) -> list[float]:
    between = chance.uniform
    if family == "flat":
        return [between(8, 68)] * months
    if family == "falling":
        start, slope = between(40, 75), between(0.2, 1.2)
        return [start - slope * t for t in range(months)]
    if family == "seasonal":
        start, slope, wave, phase = between(25, 60), between(0, 0.6), between(1, 4), between(0, 12)
        return [start + slope * t + wave * math.sin(2 * math.pi * (t + phase) / 12) for t in range(months)]
    if family == "noisy":
        start, slope = between(15, 50), between(-0.3, 1.2)
        return [start + slope * t for t in range(months)]
    if family == "stalled":
        top, when = between(35, 62), between(6, 26)
        return [10 + (top - 10) * min(1.0, t / when) for t in range(months)]
    if family == "slow":
        start, slope = between(5, 50), between(0.3, 0.9)
        return [start + slope * t for t in range(months)]
    top = between(10, 45) if family == "low ceiling" else between(55, 97)
    middle, width = between(4, 30), between(1.5, 5)
    return [top / (1 + math.exp((middle - t) / width)) for t in range(months)]


def _with_noise(chance: random.Random, shape: list[float], seats: int) -> list[float]:
    found, drift = [], 0.0
    for value in shape:
        share = min(0.99, max(0.01, value / 100))
        drift = 0.8 * drift + chance.gauss(0, 60 * math.sqrt(share * (1 - share) / seats))
        found.append(min(100.0, max(0.0, value + drift)))
    return found


def write_table(options: argparse.Namespace) -> int:
    """Quantiles of the scaled errors of each month ahead, over all families."""
    every: Series = {}
    for family in FAMILIES:
        every |= generated(family, 150, options.months, options.seed + 1000)
    errors = backtest(every).errors
    rows: list[dict[str, Any]] = []
    for months in range(1, MONTHS + 1):
        known = sorted(errors[months])
        for level in range(LEVELS):
            at = (level + 0.5) / LEVELS
            rows.append({"months": months, "level": round(at, 4), "error": round(known[int(at * len(known))], 4)})
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write("# Errors of the forecast, in units of how much a series moves; written by bench/forecast.py.\n")
        file.write("# On generated series: simulated, not measured on customers (2026-11-22).\n")
        writer = csv.DictWriter(file, ["months", "level", "error"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{TABLE.name}: {len(rows)} rows")
    return 0


if __name__ == "__main__":
    common.begin(main)
