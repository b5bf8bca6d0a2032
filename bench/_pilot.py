"""Instances of the pilot problem and an independent checker, which share no code with the solver that they measure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence


def structured(devices: int, items: int, seed: int) -> list[dict[str, str]]:
    """An estate with structure: departments with a standard image, roles on top, a few personal add-ins and macros."""
    chance = random.Random(seed)
    departments = max(3, devices // 250)
    names = [f"item-{number:04}" for number in range(items)]
    images = [chance.sample(names, min(items, 12)) for _ in range(departments)]
    roles = [chance.sample(names, min(items, chance.randint(3, 15))) for _ in range(max(4, items // 10))]
    rows = []
    for number in range(devices):
        department = chance.randrange(departments)
        held = set(images[department])
        for _ in range(chance.choice((0, 1, 1, 2))):
            held.update(roles[(department * 7 + chance.randrange(12)) % len(roles)])
        held.update(chance.sample(names, chance.choice((0, 0, 0, 1, 1, 2, 3))))
        rows.append(_row(number, f"Department {department}", chance, held))
    for name in names:  # everything is somewhere
        row = chance.choice(rows)
        row["items"] = ";".join(sorted({*row["items"].split(";"), name} - {""}))
    return rows


def unstructured(devices: int, items: int, seed: int, density: float = 0.02) -> list[dict[str, str]]:
    """Every device holds every item with the same chance."""
    chance = random.Random(seed)
    rows = []
    for number in range(devices):
        held = {f"item-{item:04}" for item in range(items) if chance.random() < density}
        rows.append({"device": f"pc-{number:05}", "items": ";".join(sorted(held))})
    for item in range(items):
        row = chance.choice(rows)
        row["items"] = ";".join(sorted({*row["items"].split(";"), f"item-{item:04}"} - {""}))
    return rows


def _row(number: int, department: str, chance: random.Random, held: Iterable[str]) -> dict[str, str]:
    return {
        "device": f"pc-{number:05}", "user": f"user{number}", "department": department, "site": f"Site {chance.randrange(12)}",
        "model": f"Model {chance.randrange(15)}", "language": chance.choice(("en-us", "de-de", "ja-jp", "fr-fr")),
        "items": ";".join(sorted(held)),
    }  # fmt: skip


def table(rows: Sequence[Mapping[str, str]]) -> str:
    columns = list(rows[0])
    return "\n".join([",".join(columns), *(",".join(row[column] for column in columns) for row in rows)]) + "\n"


def problems(rows: Sequence[Mapping[str, str]], result: Mapping[str, object]) -> list[str]:
    """What is wrong with a pilot, from the rows alone."""
    holds = {row["device"]: _held(row) for row in rows}
    chosen: list[str] = list(result["devices"])  # type: ignore[call-overload]
    uncovered = set(result["uncovered"])  # type: ignore[call-overload]
    found = [f"{device} is no device" for device in chosen if device not in holds]
    everything = set().union(*holds.values())
    covered = set().union(*(holds.get(device, set()) for device in chosen))
    found += [f"{item} is not covered and not named" for item in everything - covered - uncovered]
    found += [f"{item} is named as uncovered and is covered" for item in uncovered & covered]
    if len(set(chosen)) != len(chosen):
        found.append("a device is named twice")
    if int(str(result["bound"])) > len(chosen) or len(chosen) > int(str(result["greedy"])):
        found.append("bound, devices and greedy are out of order")
    if (result["status"] == "optimal") != (int(str(result["bound"])) == len(chosen)):
        found.append("the status is not what the bound says")
    return found


def _held(row: Mapping[str, str]) -> set[str]:
    held = {item for item in row.get("items", "").split(";") if item}
    return held | {f"{name}: {row[name]}" for name in ("department", "site", "model", "language") if row.get(name)}
