"""An inventory of devices, as any tool exports it → devices with what the rollout must know of each.

Columns are found by their names (`catalogue/tables/inventory_columns.csv`) or by a mapping that the caller gives. Several rows
of one device become one device. The file is a stranger's: limits on size and rows, and what is wrong names its line.
"""

from __future__ import annotations

import csv
import io
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from uptake import catalogue
from uptake.assess.sheets import ZIP, open_sheets
from uptake.core.errors import UptakeError

LIMIT = 512 << 20
"""Bytes of an inventory."""
MOST_DEVICES = 1_000_000
COLUMNS = (
    "device",
    "user",
    "department",
    "site",
    "model",
    "language",
    "items",
    "weight",
    "version",
    "bitness",
    "channel",
)
TRAITS = ("department", "site", "model", "language")
"""Columns whose every value a pilot must cover, beside the items."""
SEPARATORS = re.compile(r"[;|\n]")


@dataclass(frozen=True, slots=True)
class Device:
    """One device with all that its rows say."""

    name: str
    users: tuple[str, ...] = ()
    traits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`department`, `site`, `model`, `language` → values."""
    items: tuple[str, ...] = ()
    """Ids of add-ins and macro projects."""
    weight: float = 1.0
    """Risk of having it in a group; 1 where nobody said."""
    version: str = ""
    bitness: str = ""
    channel: str = ""

    def first(self, trait: str) -> str:
        values = self.traits.get(trait, ())
        return values[0] if values else ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The devices of a file, and what of it could not be used."""

    devices: tuple[Device, ...]
    problems: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    """Meaning → header as the file has it."""


def read_inventory(content: bytes, name: str = "inventory", mapping: Mapping[str, str] | None = None) -> Inventory:
    """Devices from CSV or Excel bytes. `mapping`: meaning → header, for columns that are not recognised.

    Raises `UptakeError` when it is no table, has no column of devices, or names one that is not there.
    """
    if len(content) > LIMIT:
        raise UptakeError(f"{name} is larger than {LIMIT >> 20} MB")
    rows = _sheet_rows(content, name) if content.startswith(ZIP) else _csv_rows(content, name)
    try:
        header = [str(each).strip() for each in next(rows)]
    except StopIteration:
        raise UptakeError(f"{name} is empty", hint="The first line names the columns.") from None
    return _devices(rows, _columns(header, name, mapping or {}), header, name)


def _text(content: bytes, name: str) -> str:
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp932")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UptakeError(f"{name} is neither UTF-8 nor UTF-16 text", hint="Export it as CSV UTF-8.")


def _csv_rows(content: bytes, name: str) -> Iterator[list[str]]:
    text = _text(content, name)
    if "\0" in text[:4096]:
        raise UptakeError(f"{name} is no table", hint="CSV or Excel is expected.")
    head = text[:4096].partition("\n")[0]
    separator = max(",\t;", key=head.count)
    csv.field_size_limit(min(sys.maxsize, 8 << 20))
    try:
        yield from (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row))
    except csv.Error as error:
        raise UptakeError(f"{name}: {error}") from error


def _sheet_rows(content: bytes, name: str) -> Iterator[list[str]]:
    """Rows of the first sheet."""
    sheet = open_sheets(io.BytesIO(content), name)[0]
    return (fields for _number, fields in sheet.rows())


def _plain(header: str) -> str:
    return re.sub(r"[\W_]+", "", header.casefold())


def _columns(header: Sequence[str], name: str, mapping: Mapping[str, str]) -> dict[str, int]:
    """Meaning → place of the column."""
    places = {_plain(title): place for place, title in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for row in catalogue.read_table("inventory_columns"):
        if row["column"] not in found and _plain(row["header"]) in places:
            found[row["column"]] = places[_plain(row["header"])]
    for column, title in mapping.items():
        if column not in COLUMNS or _plain(title) not in places:
            known = ", ".join(header)[:300]
            raise UptakeError(f"{name}: {column}={title} fits no column", hint=f"The file has: {known}")
        found[column] = places[_plain(title)]
    if "device" not in found:
        raise UptakeError(
            f"{name} has no column with the names of devices",
            hint=f"Expected: {', '.join(COLUMNS[:7])}; or say which one it is with --column device=HEADER.",
        )
    return found


def _devices(rows: Iterable[list[str]], columns: Mapping[str, int], header: Sequence[str], name: str) -> Inventory:
    gathered: dict[str, dict[str, dict[str, None]]] = {}
    weights: dict[str, float] = {}
    names: dict[str, str] = {}
    problems: list[str] = []
    for number, row in enumerate(rows, 2):
        cells = {column: row[place].strip() for column, place in columns.items() if place < len(row)}
        title = cells.get("device", "")
        if not title:
            problems.append(f"{name}, row {number}: no device")
            continue
        key = title.casefold()
        if len(names) >= MOST_DEVICES and key not in names:
            raise UptakeError(f"{name} has more than {MOST_DEVICES} devices")
        names.setdefault(key, title)
        held = gathered.setdefault(key, {})
        for column, value in cells.items():
            parts = SEPARATORS.split(value) if column in ("items", "language", "user") else [value]
            held.setdefault(column, {}).update(dict.fromkeys(part.strip() for part in parts if part.strip()))
        weights[key] = max(weights.get(key, 0.0), _weight(cells.get("weight", ""), number, name, problems))
    devices = tuple(_device(names[key], held, weights[key]) for key, held in gathered.items())
    if not devices:
        raise UptakeError(f"{name} lists no device")
    return Inventory(devices, tuple(problems), {column: header[place] for column, place in columns.items()})


def _weight(text: str, number: int, name: str, problems: list[str]) -> float:
    if not text:
        return 1.0
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1_000_000:  # NaN fails as well
        problems.append(f"{name}, row {number}: the weight is no number from 0 to 1000000, 1 is taken")
        return 1.0
    return value


def _device(name: str, held: Mapping[str, Mapping[str, None]], weight: float) -> Device:
    def values(column: str) -> tuple[str, ...]:
        return tuple(held.get(column, {}))

    def last(column: str) -> str:
        return next(reversed(values(column)), "")

    traits = {trait: values(trait) for trait in TRAITS if values(trait)}
    return Device(
        name, values("user"), traits, values("items"), weight, last("version"), last("bitness"), last("channel")
    )


def read_exclusions(text: str) -> frozenset[str]:
    """Names to leave out, one a line: a device, a user, or `department=Board`; `#` begins a remark."""
    lines = (line.partition("#")[0].strip().strip('"') for line in text.lstrip("\ufeff").splitlines())
    return frozenset(line.casefold() for line in lines if line and line.casefold() not in ("device", "user"))


def is_excluded(device: Device, exclusions: frozenset[str]) -> bool:
    names = {device.name.casefold(), *(user.casefold() for user in device.users)}
    names |= {f"{trait}={value}".casefold() for trait, values in device.traits.items() for value in values}
    return not names.isdisjoint(exclusions)
