"""What usage figures cost: verdicts of 2,000 tenants over 24 months, and a user detail report of 200,000 users.

Verdicts: every month end of every tenant is judged as on that day, 48,000 judgements with guards and reasons, and once the newest
of each tenant alone, which is what a portfolio page needs. Bound for all: 5 s. Import: a CSV as Microsoft Graph sends it (byte
order mark, 39 columns), read in a process of its own: seconds, peak memory. Bounds: 10 s and 300 MB. Both in wall clock and CPU
seconds of one process.

The pages over such figures are measured with a database and the production server: `tasks.py bench web --only "watch list" --only
portfolio --only usage` prints that table.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import _common as common
from uptake.prove.usage.forecast import forecast, months_after
from uptake.prove.usage.portfolio import Standing, watch_list
from uptake.prove.usage.reading import read_report
from uptake.prove.usage.rules import judge, judge_all
from uptake.prove.usage.snapshots import Point

APPS = ("Outlook", "Word", "Excel", "PowerPoint", "OneNote", "Teams")
PLATFORMS = ("Windows", "Mac", "Mobile", "Web")
HEAD = ["Report Refresh Date", "User Principal Name", "Last Activation Date", "Last Activity Date", "Report Period"]
BOUNDS = {"verdicts": "5 s", "watch list": "0.3 s", "import": "10 s, 300 MB"}


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    if options.read:
        return read(options.read)
    numbers: dict[str, Any] = {}
    with common.temporary(options, "usage") as folder:
        rows: list[list[object]] = [["", "number", "seconds", "CPU s", "peak MB", "bound"]]
        rows += verdicts(options, numbers)
        rows.append(imported(folder, options, numbers))
        common.heading(f"usage, load {common.load()}")
        common.table(rows)
        print(
            '\nThe pages over such figures: python3 tasks.py bench web --only "watch list" --only portfolio --only usage'
        )
        if options.save:
            common.save("usage", numbers)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--tenants", type=int, default=2000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def tenants(count: int, months: int, seed: int = 1, last: date = date(2026, 10, 31)) -> list[list[Point]]:
    """Series of tenants whose sizes are spread as usage.md takes them: median 400 users, a few very large."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        seats = max(20, min(200_000, round(chance.lognormvariate(6.0, 1.6))))
        share, drift = chance.uniform(0.05, 0.6), chance.uniform(-0.01, 0.03)
        points = []
        for month in range(months):
            share = min(1.1, max(0.0, share + drift + chance.gauss(0, 0.01)))
            points.append(Point(months_after(last, month + 1 - months), round(share * seats), seats))
        found.append(points)
    return found


def verdicts(options: argparse.Namespace, numbers: dict[str, Any]) -> list[list[object]]:
    series = tenants(options.tenants, options.months)
    rows: list[list[object]] = []

    def measured(name: str, count: int, bound: str, work: Any) -> None:
        wall, cpu = time.monotonic(), time.process_time()
        work()
        spent = time.monotonic() - wall, time.process_time() - cpu
        numbers[name] = {"count": count, "seconds": spent[0], "cpu": spent[1]}
        rows.append([name, count, *spent, "", bound])

    newest = max(points[-1].date for points in series)
    measured("newest verdict of each", len(series), "", lambda: judge_all(series, newest))
    measured("newest forecast of each", len(series), "", lambda: [forecast(points) for points in series])
    standings = [
        Standing(str(number), str(number), judge(points, newest), forecast(points))
        for number, points in enumerate(series)
    ]
    measured("watch list", len(series), BOUNDS["watch list"], lambda: watch_list(standings, newest))
    measured(
        "every verdict", sum(map(len, series)), BOUNDS["verdicts"],
        lambda: [judge(points, point.date) for points in series for point in points],
    )  # fmt: skip
    return rows


def imported(folder: Path, options: argparse.Namespace, numbers: dict[str, Any]) -> list[object]:
    path = folder / "detail.csv"
    write_detail(path, options.users)
    begun = time.monotonic()
    done = subprocess.run([sys.executable, __file__, "--read", str(path)], capture_output=True, text=True, check=True)
    wall = time.monotonic() - begun
    count, cpu, peak = done.stdout.split()
    numbers["import"] = {"users": int(count), "seconds": wall, "cpu": float(cpu), "peak_mb": float(peak)}
    size = path.stat().st_size / 1e6
    return [f"import, {size:.0f} MB", int(count), wall, float(cpu), float(peak), BOUNDS["import"]]


def write_detail(path: Path, users: int) -> None:
    chance = random.Random(2)
    columns = [*PLATFORMS, *APPS, *(f"{app} ({platform})" for platform in PLATFORMS for app in APPS)]
    flags = [",".join(chance.choice(("Yes", "No")) for _ in columns) for _ in range(500)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(",".join([*HEAD, *columns]) + "\r\n")
        for user in range(users):
            day = f"2026-{chance.randrange(9, 12):02}-{chance.randrange(1, 20):02}"
            file.write(
                f"2026-11-19,user{user:06}@contoso.example,2026-01-{user % 28 + 1:02},{day},30,{chance.choice(flags)}\r\n"
            )


def read(path: Path) -> int:
    """In a process of its own: rows, CPU seconds, peak memory."""
    with path.open("rb") as source:
        report = read_report(source, path.name)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(report.rows, time.process_time(), peak)
    return 0


if __name__ == "__main__":
    common.begin(main)
