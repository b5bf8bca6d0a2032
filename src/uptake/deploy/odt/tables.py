"""The rows of the catalogue that say what a configuration may hold: products, languages, apps, channels, versions, keys.

Dated facts, never constants: a channel is retired, a version goes out of support, and then a row changes and no code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from uptake import catalogue

BUILD = re.compile(r"16\.0\.(\d{1,5})\.(\d{1,5})")
SUITE, VISIO, PROJECT, ADDITION = "suite", "visio", "project", "addition"
SUBSCRIPTION, VOLUME = "subscription", "volume"
PROFICIENT = "full"
"""Class of the languages that a suite can be displayed in completely."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of Click-to-Run."""

    id: str
    name: str
    family: str
    """`suite`, `visio`, `project`, `app`, `runtime` or `addition`."""
    licence: str
    """`subscription`, `volume`, `retail`, `free`, `consumer` or `unlisted`."""
    generation: str
    plans: frozenset[str]
    channel: str
    ends: date | None
    since: str
    source: str
    date: str

    @property
    def is_suite(self) -> bool:
        return self.family == SUITE

    @property
    def is_volume(self) -> bool:
        return self.licence == VOLUME

    @property
    def is_subscription(self) -> bool:
        return self.licence in (SUBSCRIPTION, "consumer")


@dataclass(frozen=True, slots=True)
class Language:
    """A language of Click-to-Run Office: `full`, `partial` or `proofing`."""

    culture: str
    name: str
    kind: str
    since: str
    not_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class App:
    """A value of ExcludeApp: `current`, `old` or `unconfirmed`."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Channel:
    """An update channel; `until`: from that day it has no more builds."""

    value: str
    name: str
    kind: str
    id: str
    until: date | None
    purpose: str


@dataclass(frozen=True, slots=True)
class Version:
    """A supported version of a channel, with its newest build known in the table."""

    channel: str
    label: str
    build: str
    as_of: date


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@lru_cache(maxsize=1)
def products() -> Mapping[str, Product]:
    """Lower-case id → product."""
    return {
        row["id"].lower(): Product(
            row["id"], row["name"], row["family"], row["licence"], row["generation"], frozenset(row["plans"].split()),
            row["channel"], _day(row["ends"]), row["since"], row["source"], row["date"],
        )
        for row in catalogue.read_table("odt_products")
    }  # fmt: skip


@lru_cache(maxsize=1)
def languages() -> Mapping[str, Language]:
    """Culture in lower case → language."""
    return {
        row["culture"]: Language(
            row["culture"], row["name"], row["class"], row["since"], frozenset(row["not_for"].split())
        )
        for row in catalogue.read_table("odt_languages")
    }


@lru_cache(maxsize=1)
def apps() -> Mapping[str, App]:
    """Lower-case id → app."""
    return {row["id"].lower(): App(row["id"], row["name"], row["status"]) for row in catalogue.read_table("odt_apps")}


@lru_cache(maxsize=1)
def channels() -> Mapping[str, Channel]:
    """Lower-case value → channel."""
    return {
        row["value"].lower(): Channel(row["value"], row["name"], row["kind"], row["id"], _day(row["until"]), row["for"])
        for row in catalogue.read_table("odt_channels")
    }


@lru_cache(maxsize=1)
def aliases() -> Mapping[str, str]:
    """Lower-case old value → value of today, for Channel."""
    rows = catalogue.read_table("odt_channel_aliases")
    return {row["alias"].lower(): row["channel"] for row in rows if not row["where"]}


@lru_cache(maxsize=1)
def branches() -> Mapping[str, str]:
    """Lower-case value of Branch → channel of today."""
    rows = catalogue.read_table("odt_channel_aliases")
    return {"current": "Current", **{row["alias"].lower(): row["channel"] for row in rows}}


def channel_of(value: str) -> Channel | None:
    """The channel that a value means, old names included; None for a value that is not known."""
    key = value.strip().lower()
    return channels().get(aliases().get(key, key).lower())


@lru_cache(maxsize=1)
def versions() -> tuple[Version, ...]:
    return tuple(
        Version(row["channel"], row["version"], row["build"], date.fromisoformat(row["as_of"]))
        for row in catalogue.read_table("odt_versions")
    )


@lru_cache(maxsize=1)
def labels() -> Mapping[str, int]:
    """Version label such as 2108 → third part of its build number."""
    return {row["version"]: int(row["build"]) for row in catalogue.read_table("odt_version_builds")}


def build_number(text: str) -> tuple[int, int] | None:
    """`16.0.20228.20188` → (20228, 20188); None for anything else."""
    found = BUILD.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


def is_older(build: str, label: str) -> bool | None:
    """Whether a build is older than the first of a version such as 2108; None where that is not known."""
    number, least = build_number(build), labels().get(label)
    return None if number is None or least is None else number[0] < least


@lru_cache(maxsize=1)
def gvlks() -> Mapping[str, str]:
    """Published key → id of its product; empty for the editions that Click-to-Run does not install."""
    return {row["key"]: row["product"] for row in catalogue.read_table("odt_gvlks")}


@lru_cache(maxsize=1)
def msi_ids() -> frozenset[str]:
    return frozenset(row["id"].lower() for row in catalogue.read_table("odt_msi_ids"))


@lru_cache(maxsize=1)
def releases() -> Mapping[str, date]:
    """Release of the Office Deployment Tool → its day."""
    return {row["build"]: date.fromisoformat(row["released"]) for row in catalogue.read_table("odt_releases")}
