"""Waves: who comes when, under capacities of sites, blackout dates, dependencies, bandwidth and a risk that rises slowly.

One wave is one week. Devices come in the order of their risk, each in the first week that has room for it, so a plan is the
same each time and every limit that holds a device back is named. The pilot is the first wave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from uptake.core.errors import UptakeError
from uptake.deploy.odt.phrases import said
from uptake.deploy.odt.sizing import Network, devices_per_day
from uptake.deploy.rollout.inventory import Device, is_excluded, read_exclusions
from uptake.guide.reading import Record, build, read_yaml

WEEK = timedelta(days=7)
WORKING_DAYS = 5
LONGEST = 520
"""Weeks after which planning ends."""
GROWTH = (5, 15, 40, 40)
"""Percent of the devices by wave after the pilot (OfficeDocs-DeployOffice, deploy with Configuration Manager, 2024-10-21)."""
RISING = (0.5, 0.75, 1.0)
"""Share of the devices, by risk, that may come in the first, second and later waves."""
DEFAULT_CAPACITY = 500


@dataclass(frozen=True, slots=True)
class Site:
    """What a site can take."""

    site: str
    per_week: int = 0
    """Devices a week; 0: as the plan says for every site."""
    mbit: int = 0
    """Megabits a second; 0: nobody said, and bandwidth is no limit."""
    hours: int = 8
    peer_percent: int = 0


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days on which nothing is rolled out, for all or for a department or site."""

    start: date
    end: date
    department: str = ""
    site: str = ""
    reason: str = ""

    def holds(self, device: Device, week: date) -> bool:
        if self.end < week or self.start >= week + WEEK:
            return False
        pairs = (("department", self.department), ("site", self.site))
        return all(not value or value.casefold() in _values(device, trait) for trait, value in pairs)


@dataclass(frozen=True, slots=True)
class Dependency:
    """Devices with an item wait until its fix is there."""

    item: str
    after: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WavePlan:
    """What somebody asked for."""

    start: date
    pilot: tuple[str, ...] = ()
    pilot_weeks: int = 2
    per_week: int = DEFAULT_CAPACITY
    """Devices for each site and week."""
    growth: tuple[int, ...] = GROWTH
    sites: tuple[Site, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    exclude: tuple[str, ...] = ()
    client_mb: int = 0
    """Megabytes that a device pulls, for the limit by bandwidth; the plan of a configuration gives it."""
    exit_criteria: tuple[str, ...] = ()
    rollback: str = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave; number 0 is the pilot, -1 what cannot be planned."""

    number: int
    start: date | None
    devices: tuple[str, ...]
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The contract of `uptake rollout waves --format json`."""
        name: Any = "pilot" if self.number == 0 else self.number if self.number > 0 else None
        start = self.start.isoformat() if self.start else None
        return {"wave": name, "start": start, "devices": list(self.devices), "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class Waves:
    """The plan, and what a person must hear about it."""

    waves: tuple[Wave, ...]
    warnings: tuple[str, ...] = ()

    @property
    def unplanned(self) -> tuple[str, ...]:
        return tuple(device for wave in self.waves if wave.number < 0 for device in wave.devices)


@dataclass(slots=True)
class _Week:
    """What a week has taken so far."""

    start: date
    number: int
    most: int
    risk: float
    taken: list[Device] = field(default_factory=list)
    by_site: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    """Why devices had to wait → how many."""
    waits_for_risk: bool = False


def read_plan(text: str, name: str = "plan.yaml") -> WavePlan:
    """A plan from YAML; raises `UptakeError` with the line of what is wrong."""
    content, problems = read_yaml(text, name)
    if not isinstance(content, Record):
        raise UptakeError(
            "; ".join(map(str, problems)) or f"{name}: expected a mapping with start", hint="start: 2026-12-07"
        )
    plan, wrong = build(WavePlan, content)
    if plan is None:
        raise UptakeError("; ".join(map(str, wrong)))
    _refuse_strange(plan, name)
    return plan


def _refuse_strange(plan: WavePlan, name: str) -> None:
    problems = {
        "per_week: expected 1 or more": plan.per_week < 1,
        "pilot_weeks: expected 0 to 52": not 0 <= plan.pilot_weeks <= 52,
        "growth: expected percents from 1 to 100": not plan.growth or not all(1 <= each <= 100 for each in plan.growth),
        "client_mb: expected 0 or more": plan.client_mb < 0,
        "sites: numbers must not be negative, hours 1 to 24, peer_percent below 100": any(
            each.per_week < 0 or each.mbit < 0 or not 1 <= each.hours <= 24 or not 0 <= each.peer_percent < 100
            for each in plan.sites
        ),
        "blackouts: the end is before the start": any(each.end < each.start for each in plan.blackouts),
        "start: too far away": not 2000 <= plan.start.year <= 2200,
    }
    wrong = [problem for problem, holds in problems.items() if holds]
    if wrong:
        raise UptakeError(f"{name}: {'; '.join(wrong)}")


def _values(device: Device, trait: str) -> frozenset[str]:
    return frozenset(value.casefold() for value in device.traits.get(trait, ()))


def plan_waves(devices: Sequence[Device], plan: WavePlan, lang: str = "en") -> Waves:
    """Waves for an inventory. What cannot be planned stands in a last wave without a date, with the reason."""
    planner = _Planner(devices, plan, lang)
    return planner.run()


class _Planner:
    """Fills week after week."""

    def __init__(self, devices: Sequence[Device], plan: WavePlan, lang: str) -> None:
        self.plan, self.lang = plan, lang
        exclusions = read_exclusions("\n".join(plan.exclude))
        named = {name.casefold() for name in plan.pilot}
        self.excluded = [device for device in devices if is_excluded(device, exclusions)]
        left = [device for device in devices if not is_excluded(device, exclusions)]
        self.pilot = [device for device in left if device.name.casefold() in named]
        self.missing = sorted(named - {device.name.casefold() for device in self.pilot})
        rest = [device for device in left if device.name.casefold() not in named]
        self.queue = sorted(rest, key=lambda device: (device.weight, len(device.items), device.name.casefold()))
        self.risks = [device.weight for device in self.queue]
        self.after = {each.item.casefold(): each for each in plan.dependencies}
        self.capacities = {each.site.casefold(): self._capacity(each) for each in plan.sites}

    def _capacity(self, site: Site) -> int:
        most = site.per_week or self.plan.per_week
        if not site.mbit or not self.plan.client_mb:
            return most
        network = Network(1, site.mbit, 1.0, site.hours, site.peer_percent / 100)
        return min(most, WORKING_DAYS * devices_per_day(self.plan.client_mb, network))

    def run(self) -> Waves:
        waves = [self._pilot()] if self.pilot else []
        week = self.plan.start + (WEEK * max(self.plan.pilot_weeks, 1) if self.pilot else timedelta())
        number, step, empty = 1, 1, 0
        while self.queue and empty <= LONGEST:
            filled = self._fill(_Week(week, number, self._most(step), self._risk(step)))
            if (
                not filled.taken and filled.waits_for_risk
            ):  # nobody is left below the limit, so waiting would be for nothing
                step += 1
                filled = self._fill(_Week(week, number, self._most(step), self._risk(step)))
            week += WEEK
            if filled.taken:
                waves.append(self._wave(filled))
                number, step, empty = number + 1, step + 1, 0
            else:
                empty += 1
        return Waves(tuple(waves) + self._leftovers(), self._warnings())

    def _most(self, number: int) -> int:
        share = self.plan.growth[min(number, len(self.plan.growth)) - 1]
        return max(1, -(-len(self.risks) * share // 100))

    def _risk(self, number: int) -> float:
        share = RISING[min(number, len(RISING)) - 1]
        return self.risks[min(len(self.risks) - 1, max(0, round(share * len(self.risks)) - 1))] if self.risks else 0.0

    def _fill(self, week: _Week) -> _Week:
        waiting = []
        for device in self.queue:
            reason = self._reason_to_wait(device, week)
            if reason:
                week.held[reason] = week.held.get(reason, 0) + 1
                waiting.append(device)
                continue
            week.taken.append(device)
            site = device.first("site").casefold()
            week.by_site[site] = week.by_site.get(site, 0) + 1
        self.queue = waiting
        return week

    def _reason_to_wait(self, device: Device, week: _Week) -> str:
        """Why a device cannot come in a week; empty when it can."""
        for blackout in self.plan.blackouts:
            if blackout.holds(device, week.start):
                return said("wave.blackout", self.lang, reason=blackout.reason or f"{blackout.start} – {blackout.end}")
        for item in device.items:
            dependency = self.after.get(item.casefold())
            if dependency and week.start < dependency.after:
                return said("wave.depends", self.lang, item=item, after=dependency.after)
        if device.weight > week.risk:
            week.waits_for_risk = True
            return said("wave.risk", self.lang, risk=f"{week.risk:g}")
        site = device.first("site")
        capacity = self.capacities.get(site.casefold(), self.plan.per_week)
        if week.by_site.get(site.casefold(), 0) >= capacity:
            return said("wave.capacity", self.lang, site=site or "-", count=capacity)
        return said("wave.growth", self.lang, count=week.most) if len(week.taken) >= week.most else ""

    def _pilot(self) -> Wave:
        names = tuple(sorted(device.name for device in self.pilot))
        return Wave(0, self.plan.start, names, (said("wave.pilot", self.lang), *self._notes()))

    def _wave(self, week: _Week) -> Wave:
        held = [said("wave.held", self.lang, reason=reason, count=count) for reason, count in sorted(week.held.items())]
        top = max(device.weight for device in week.taken)
        first = said("wave.taken", self.lang, count=len(week.taken), risk=f"{top:g}")
        return Wave(
            week.number, week.start, tuple(device.name for device in week.taken), (first, *held, *self._notes())
        )

    def _notes(self) -> tuple[str, ...]:
        criteria = [said("wave.exit", self.lang, text=text) for text in self.plan.exit_criteria]
        way_back = [said("wave.rollback", self.lang, text=self.plan.rollback)] if self.plan.rollback else []
        return (*criteria, *way_back, said("wave.responsible", self.lang))

    def _leftovers(self) -> tuple[Wave, ...]:
        if not self.queue:
            return ()
        last = _Week(self.plan.start + WEEK * LONGEST, LONGEST, len(self.risks), float("inf"))
        reasons = sorted({self._reason_to_wait(device, last) for device in self.queue} - {""})
        names = tuple(device.name for device in self.queue)
        return (Wave(-1, None, names, (said("wave.unplanned", self.lang), *reasons)),)

    def _warnings(self) -> tuple[str, ...]:
        found = [] if self.pilot else [said("wave.no_pilot", self.lang)]
        found += [said("wave.missing", self.lang, names=", ".join(self.missing[:20]))] if self.missing else []
        found += [said("wave.excluded", self.lang, count=len(self.excluded))] if self.excluded else []
        found += [] if self.plan.exit_criteria else [said("wave.no_criteria", self.lang)]
        found += [] if self.plan.rollback else [said("wave.no_rollback", self.lang)]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Move:
    """A device that comes on another day than before; None: not at all."""

    device: str
    before: date | None
    after: date | None


def moves(before: Waves, after: Waves) -> tuple[Move, ...]:
    """What a changed plan changes for the devices."""
    was, now = _days(before), _days(after)
    names = dict.fromkeys((*was, *now))
    return tuple(Move(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name))


def _days(waves: Waves) -> Mapping[str, date | None]:
    return {device: wave.start for wave in waves.waves for device in wave.devices}


def calendar(waves: Waves, stamp: date, name: str = "Microsoft 365 Apps") -> str:
    """The waves as an iCalendar file (RFC 5545), one event a wave over its week; lines are folded at 75 octets."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//uptake//waves//EN", "CALSCALE:GREGORIAN"]
    for wave in waves.waves:
        if wave.start is None:
            continue
        title = "pilot" if wave.number == 0 else f"wave {wave.number}"
        lines += [
            "BEGIN:VEVENT", f"UID:{wave.start:%Y%m%d}-{wave.number}@uptake", f"DTSTAMP:{stamp:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{wave.start:%Y%m%d}", f"DTEND;VALUE=DATE:{wave.start + WEEK:%Y%m%d}",
            f"SUMMARY:{_escaped(f'{name}: {title} ({len(wave.devices)})')}",
            f"DESCRIPTION:{_escaped(chr(10).join(wave.reasons))}", "TRANSP:TRANSPARENT", "END:VEVENT",
        ]  # fmt: skip
    return "".join(f"{part}\r\n" for line in (*lines, "END:VCALENDAR") for part in _folded(line))


def _escaped(text: str) -> str:
    plain = "".join(char for char in text if char == "\n" or char >= " ")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterable[str]:
    """A line in pieces of at most 75 octets, the later ones begin with a space."""
    piece = ""
    for char in line:
        if len((piece + char).encode()) > 75:
            yield piece
            piece = " "
        piece += char
    yield piece
