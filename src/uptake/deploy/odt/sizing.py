"""What a configuration costs to carry: downloads and disk as ranges, days at a bandwidth, each number with its source.

Microsoft's own texts disagree about the sizes, so both ends are shown and nothing in between is claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from uptake import catalogue
from uptake.core.errors import UptakeError
from uptake.deploy.odt import tables
from uptake.deploy.odt.phrases import said
from uptake.deploy.odt.reading import Configuration, Unreadable, read
from uptake.deploy.odt.view import MATCHES, View

GB_PER_HOUR = 0.45
"""What one megabit a second carries in an hour (8 bits, 3,600 seconds)."""
MOST_LANGUAGES_MATCHED = 2
"""A keyword stands for the languages of a device; most have one or two."""


@dataclass(frozen=True, slots=True)
class Size:
    """A range in megabytes, with what it counts and where it stands."""

    id: str
    low: float
    high: float
    source: str
    date: str

    def times(self, low: float, high: float | None = None) -> Size:
        return Size(self.id, self.low * low, self.high * (low if high is None else high), self.source, self.date)


@dataclass(frozen=True, slots=True)
class Network:
    """What a site has for it: megabits a second, the share of them, hours a day, and the part that peers give each other."""

    devices: int
    mbit: float = 0.0
    share: float = 1.0
    hours: float = 8.0
    peer: float = 0.0

    def __post_init__(self) -> None:
        fits = 0 <= self.devices <= 10_000_000 and 0 <= self.mbit <= 1_000_000 and 0 < self.hours <= 24
        if not fits or not 0 < self.share <= 1 or not 0 <= self.peer < 1:
            raise UptakeError(
                "the network cannot be so",
                hint="devices from 0, mbit from 0, share above 0 to 1, hours above 0 to 24, peer from 0 and below 1",
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one configuration, and for a network the load and the days."""

    client: tuple[Size, ...]
    """What one device pulls for a first installation, by part."""
    source: tuple[Size, ...]
    """What a source folder holds."""
    update: Size
    disk: Size
    load_gb: tuple[float, float] = (0.0, 0.0)
    days: tuple[float, float] = (0.0, 0.0)
    """Working days at the bandwidth; zero where none was given."""

    @property
    def client_mb(self) -> tuple[float, float]:
        return _sum(self.client)

    @property
    def source_mb(self) -> tuple[float, float]:
        return _sum(self.source)


def _sum(sizes: tuple[Size, ...]) -> tuple[float, float]:
    return sum(each.low for each in sizes), sum(each.high for each in sizes)


@lru_cache(maxsize=1)
def _rows() -> dict[str, Size]:
    return {
        row["id"]: Size(row["id"], float(row["low_mb"]), float(row["high_mb"]), row["source"], row["date"])
        for row in catalogue.read_table("odt_sizes")
    }


def size(key: str) -> Size:
    return _rows()[key]


def plan(content: bytes, network: Network) -> Plan:
    """The plan for a file. Raises `UptakeError` for one that cannot be read."""
    found = read(content)
    if isinstance(found, Unreadable):
        raise UptakeError(f"the file cannot be read as XML: {found.reason}", hint="`uptake odt lint` names the line.")
    return plan_configuration(found, network)


def plan_configuration(configuration: Configuration, network: Network) -> Plan:
    """As `plan`, for a configuration that was read."""
    view = View(configuration)
    client, source = _client(view), _source(view)
    low, high = _sum(client)
    load = (network.devices * low * (1 - network.peer) / 1000, network.devices * high * (1 - network.peer) / 1000)
    return Plan(client, source, size("update.client"), size("disk.install"), load, days_for(load, network))


def days_for(load_gb: tuple[float, float], network: Network) -> tuple[float, float]:
    """Days that a load takes: gigabytes / (megabits × share × 0.45 × hours)."""
    daily = network.mbit * network.share * GB_PER_HOUR * network.hours
    return (load_gb[0] / daily, load_gb[1] / daily) if daily else (0.0, 0.0)


def devices_per_day(client_mb: float, network: Network) -> int:
    """How many devices a site can carry a day at a size each."""
    daily = network.mbit * network.share * GB_PER_HOUR * network.hours * 1000
    return math.floor(daily / (client_mb * (1 - network.peer))) if client_mb else 0


def _languages(view: View, family_is_full: bool) -> tuple[float, float]:
    """Fewest and most languages of kinds that are displayed, or of proofing tools alone."""
    fixed, matched = set(), False
    for product in view.products:
        is_proofing = product.id.lower() == "proofingtools"
        for culture in product.cultures:
            if culture in MATCHES:
                matched = matched or not is_proofing
            elif is_proofing != family_is_full:
                fixed.add(culture)
    most = len(fixed) + (MOST_LANGUAGES_MATCHED if matched and family_is_full else 0)
    least = len(fixed) + (1 if matched and family_is_full and not fixed else 0)
    return least, most


def _client(view: View) -> tuple[Size, ...]:
    least, most = _languages(view, True)
    families = {product.family for product in view.products}
    parts = [size("client.core")] if families & {"suite", "app", "runtime"} or view.migrates else []
    parts += [size("client.language").times(least, most)] if most and parts else []
    parts += (
        [size("client.languagepack").times(least, most)] if most and not parts and families == {tables.ADDITION} else []
    )
    parts += [size("client.visio")] if "visio" in families else []
    parts += [size("client.project")] if "project" in families else []
    proofing = _languages(view, False)[1]
    return (*parts, *([size("client.proofing").times(proofing)] if proofing else []))


def _source(view: View) -> tuple[Size, ...]:
    if not view.source:
        return (size("package.lean"),)
    least, most = _languages(view, True)
    return size("package.core"), size("package.language").times(max(least, 1), max(most, 1))


def told(made: Plan, network: Network, lang: str = "en") -> tuple[str, ...]:
    """The plan in sentences, each number with its source."""
    lines = [said("plan.client", lang, low=_gb(made.client_mb[0]), high=_gb(made.client_mb[1]))]
    for each in made.client:
        what = said(f"size.{each.id}", lang)
        lines.append(
            said(
                "plan.part", lang, what=what, low=_gb(each.low), high=_gb(each.high), source=each.source, date=each.date
            )
        )
    lines.append(said("plan.source", lang, low=_gb(made.source_mb[0]), high=_gb(made.source_mb[1])))
    lines.append(
        said("plan.update", lang, low=_gb(made.update.low), high=_gb(made.update.high), source=made.update.source)
    )
    lines.append(said("plan.disk", lang, high=_gb(made.disk.high), source=made.disk.source))
    if network.devices:
        lines.append(
            said(
                "plan.load", lang, devices=network.devices, low=f"{made.load_gb[0]:.0f}", high=f"{made.load_gb[1]:.0f}"
            )
        )
    if network.devices and network.mbit:
        lines.append(said("plan.days", lang, mbit=f"{network.mbit * network.share:g}", hours=f"{network.hours:g}",
                          low=f"{made.days[0]:.1f}", high=f"{made.days[1]:.1f}"))  # fmt: skip
    return tuple(lines)


def _gb(megabytes: float) -> str:
    return f"{megabytes / 1000:.2f}"
