"""An independent checker of waves: every limit of a plan against the rows of the inventory, sharing no code with the planner."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def problems(
    rows: Sequence[Mapping[str, str]], plan: Mapping[str, Any], waves: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What is wrong with the waves of a plan (as plain YAML values)."""
    by_name = {row["device"]: row for row in rows}
    found = [
        f"{name} comes {count} times"
        for name, count in Counter(d for w in waves for d in w["devices"]).items()
        if count > 1
    ]
    found += [f"{name} is no device" for wave in waves for name in wave["devices"] if name not in by_name]
    found += [
        f"{name} is forgotten"
        for name in by_name.keys() - {d for w in waves for d in w["devices"]} - set(plan.get("exclude", ()))
    ]
    sites = {each["site"]: each for each in plan.get("sites", ())}
    last = None
    for wave in waves:
        if wave["start"] is None:
            continue
        start = dt.date.fromisoformat(wave["start"])
        if last and start <= last:
            found.append(f"wave {wave['wave']} is not after the one before")
        last = start
        if wave["wave"] == "pilot":
            continue
        found += _capacity(wave, by_name, sites, int(plan.get("per_week", 500)))
        for name in wave["devices"]:
            found += _dates(by_name[name], start, plan)
    return found


def _capacity(
    wave: Mapping[str, Any], by_name: Mapping[str, Mapping[str, str]], sites: Mapping[str, Any], usual: int
) -> list[str]:
    counts = Counter(by_name[name].get("site", "") for name in wave["devices"])
    return [
        f"{site} takes {count} in wave {wave['wave']}"
        for site, count in counts.items()
        if count > (sites.get(site, {}).get("per_week") or usual)
    ]


def _dates(row: Mapping[str, str], start: dt.date, plan: Mapping[str, Any]) -> list[str]:
    found = []
    for blackout in plan.get("blackouts", ()):
        is_mine = all(not blackout.get(name) or blackout[name] == row.get(name) for name in ("department", "site"))
        if is_mine and blackout["start"] <= start + dt.timedelta(days=6) and start <= blackout["end"]:
            found.append(f"{row['device']} comes in a blackout")
    waiting = [each for each in plan.get("dependencies", ()) if start < each["after"]]
    held = row.get("items", "").split(";")
    return found + [f"{row['device']} comes before {each['item']} is ready" for each in waiting if each["item"] in held]
