"""What is known around a configuration: its role, the devices, the licences, the delivery. Everything can be unknown.

A check that needs what nobody told is listed as undecided with what would decide it; silence is never taken for “fine”.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from uptake.core.errors import UptakeError
from uptake.deploy.odt import tables
from uptake.guide.reading import Record, build, read_yaml


class Role(StrEnum):
    """What a file is for; the same missing attribute is right in one role and wrong in another."""

    FIRST = "first"
    SECOND = "second"
    DOWNLOAD = "download"
    REMOVE = "remove"
    SWITCH = "switch"
    CUSTOMIZE = "customize"
    CM = "cm"
    INTUNE = "intune"
    LTSC = "ltsc"


class Known(StrEnum):
    """Yes, no, or nobody said."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Plan(StrEnum):
    """The licence that the users have."""

    ENTERPRISE = "enterprise"
    ENTERPRISE_NO_TEAMS = "enterprise-no-teams"
    BUSINESS = "business"
    BUSINESS_NO_TEAMS = "business-no-teams"
    BUSINESS_PREMIUM = "business-premium"
    BUSINESS_PREMIUM_NO_TEAMS = "business-premium-no-teams"
    UNKNOWN = "unknown"


class Detection(StrEnum):
    """How a delivery tool sees that the package is installed."""

    VERSION = "version"
    CONTAINS = "contains"
    EQUALITY = "equality"
    UNINSTALL_KEY = "uninstall-key"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Device:
    """What an inventory says of the devices that receive the file."""

    products: tuple[str, ...] = ()
    """Installed products of Click-to-Run; only read when `inventory` is yes."""
    inventory: Known = Known.UNKNOWN
    """Whether products, msi and languages are what an inventory found, so that an empty list means none."""
    bitness: str = ""
    channel: str = ""
    version: str = ""
    languages: tuple[str, ...] = ()
    msi: tuple[str, ...] = ()
    """Setup ids of editions by Windows Installer."""
    msi_2016: tuple[str, ...] = ()
    arm: Known = Known.UNKNOWN
    outlook_addins: Known = Known.UNKNOWN
    access_engine: Known = Known.UNKNOWN
    """Programs that use the Access Database Engine or Access Runtime."""
    joined: Known = Known.UNKNOWN
    click_to_run_2013: Known = Known.UNKNOWN


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another configuration that was looked at in the same run."""

    file: str
    id: str = ""
    update_path: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a check may ask for beyond the file."""

    today: date
    roles: frozenset[Role] = frozenset()
    device: Device = field(default_factory=Device)
    plan: Plan = Plan.UNKNOWN
    cloud: str = ""
    odt: str = ""
    """Release of setup.exe, such as 16.0.20228.20124."""
    source_files: tuple[str, ...] = ()
    """Names of files found in the source, `v64.cab` among them."""
    policy_channel: str = ""
    """Channel that policy or Cloud Update sets; `none` where neither does."""
    designer_channel: str = ""
    """Channel of the Microsoft 365 Apps type in Intune's designer."""
    attended: Known = Known.UNKNOWN
    vdi: Known = Known.UNKNOWN
    lab: Known = Known.UNKNOWN
    notice: Known = Known.UNKNOWN
    """Whether users are told before their apps are closed."""
    closes_apps: Known = Known.UNKNOWN
    """Whether the delivery tool closes the apps before."""
    required: Known = Known.UNKNOWN
    restart: Known = Known.UNKNOWN
    delivery_optimization: Known = Known.UNKNOWN
    graph_properties: Known = Known.UNKNOWN
    """Whether Intune gets properties instead of the XML."""
    uninstall: Known = Known.UNKNOWN
    """Whether the application has an uninstall program."""
    detection: Detection = Detection.UNKNOWN
    wanted: tuple[str, ...] = ()
    """Apps that are documented as wanted, such as OneDrive and OutlookForWindows."""
    neighbours: tuple[Neighbour, ...] = ()
    versions: tuple[tables.Version, ...] = ()
    """A list that was fetched; empty for the one that is shipped. No file says it."""

    def has(self, *roles: Role) -> bool:
        return any(role in self.roles for role in roles)

    @property
    def known_versions(self) -> tuple[tables.Version, ...]:
        return self.versions or tables.versions()

    @property
    def inventoried(self) -> bool:
        return self.device.inventory is Known.YES


TOLD = tuple(each.name for each in fields(Situation) if each.name != "versions")
"""The fields that a situation file may hold."""


def read_situation(text: str, name: str, today: date) -> Situation:
    """A situation from YAML; raises `UptakeError` with the line of what is wrong."""
    content, problems = read_yaml(text, name)
    if content is None and not problems:
        return Situation(today=today)
    if not isinstance(content, Record):
        raise UptakeError(str(problems[0]) if problems else f"{name}: expected a mapping")
    values = {"today": today, **content.values}
    told, problems = build(Situation, _as_words(replace(content, values=values)))
    if told is None or "versions" in values:
        unknown = "versions: the table of versions is not a part of the situation"
        raise UptakeError(
            "; ".join(map(str, problems)) or f"{name}: {unknown}", hint=f"known fields: {', '.join(TOLD)}"
        )
    return told


def situation_of(values: Mapping[str, Any], today: date) -> Situation:
    """A situation from plain values, as examples and the web application have them."""
    import yaml

    return read_situation(yaml.safe_dump(dict(values), allow_unicode=True), "situation", today)


REMARK = re.compile(r"\s*uptake situation:(.*)", re.DOTALL)
SAID_IN_FILE = ("attended", "vdi", "lab", "notice", "closes_apps", "restart")


def remark_of(situation: Situation) -> str:
    """The situation as a comment in a file that was built from decisions; empty where nothing needs saying."""
    words = [
        f"{name}={getattr(situation, name)}" for name in SAID_IN_FILE if getattr(situation, name) is not Known.UNKNOWN
    ]
    words += ["wanted=" + ",".join(situation.wanted)] if situation.wanted else []
    return f" uptake situation: {' '.join(words)} " if words else ""


def with_remarks(situation: Situation, comments: Iterable[str]) -> Situation:
    """What comments of the file say in this form, where nobody said otherwise."""
    said: dict[str, Any] = {}
    for comment in comments:
        found = REMARK.fullmatch(comment)
        for word in found[1].split() if found else ():
            name, _, value = word.partition("=")
            if name == "wanted" and not situation.wanted:
                said["wanted"] = tuple(value.split(","))
            elif name in SAID_IN_FILE and value in ("yes", "no") and getattr(situation, name) is Known.UNKNOWN:
                said[name] = Known(value)
    return replace(situation, **said) if said else situation


def _as_words(record: Record) -> Record:
    """YAML reads `yes` as true; the fields want the word."""
    values: dict[str, Any] = {}
    for key, value in record.values.items():
        if isinstance(value, bool):
            values[key] = "yes" if value else "no"
        else:
            values[key] = _as_words(value) if isinstance(value, Record) else value
    return replace(record, values=values)
