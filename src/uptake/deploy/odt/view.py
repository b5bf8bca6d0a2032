"""A configuration as checks, explanation and comparison ask for it: products, languages, properties, roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from uptake.core.facts import Fact
from uptake.deploy.odt import tables
from uptake.deploy.odt.reading import Configuration, Element
from uptake.deploy.odt.situation import Role, Situation

MATCHES = frozenset(("matchos", "matchpreviousmsi", "matchinstalled"))
TRUE = "true"
SHARE = re.compile(r"\\\\[^\\]")


@dataclass(frozen=True)
class Listed:
    """A product as a file lists it."""

    element: Element

    @property
    def id(self) -> str:
        return self.element.get("ID").strip()

    @cached_property
    def known(self) -> tables.Product | None:
        return tables.products().get(self.id.lower())

    @property
    def line(self) -> int:
        return self.element.line

    @property
    def key(self) -> str:
        return self.element.get("PIDKEY").strip()

    @cached_property
    def languages(self) -> tuple[Element, ...]:
        return self.element.all("Language")

    @cached_property
    def cultures(self) -> tuple[str, ...]:
        return tuple(each.get("ID").strip().lower() for each in self.languages)

    @cached_property
    def excluded(self) -> frozenset[str]:
        return frozenset(each.get("ID").strip().lower() for each in self.element.all("ExcludeApp"))

    @property
    def is_suite(self) -> bool:
        return bool(self.known and self.known.is_suite)

    @property
    def is_volume(self) -> bool:
        return bool(self.known and self.known.is_volume)

    @property
    def is_subscription(self) -> bool:
        return bool(self.known and self.known.is_subscription)

    @property
    def family(self) -> str:
        return self.known.family if self.known else ""


@dataclass(frozen=True)
class View:
    """Read-only questions to a configuration; names are compared without case, as Office's tool is assumed to."""

    configuration: Configuration

    @property
    def root(self) -> Element:
        return self.configuration.root

    @cached_property
    def adds(self) -> tuple[Element, ...]:
        return self.root.all("Add")

    @property
    def add(self) -> Element | None:
        return self.adds[0] if self.adds else None

    @cached_property
    def products(self) -> tuple[Listed, ...]:
        """Products to install, of every Add."""
        return tuple(Listed(each) for add in self.adds for each in add.all("Product"))

    @cached_property
    def suites(self) -> tuple[Listed, ...]:
        return tuple(each for each in self.products if each.is_suite)

    @cached_property
    def removes(self) -> tuple[Element, ...]:
        return self.root.all("Remove")

    @cached_property
    def removed(self) -> tuple[Listed, ...]:
        return tuple(Listed(each) for remove in self.removes for each in remove.all("Product"))

    @property
    def remove_msi(self) -> Element | None:
        return self._first("RemoveMSI")

    @property
    def updates(self) -> Element | None:
        return self._first("Updates")

    @property
    def display(self) -> Element | None:
        return self._first("Display")

    def _first(self, name: str) -> Element | None:
        found = self.root.all(name)
        return found[0] if found else None

    @cached_property
    def properties(self) -> tuple[Element, ...]:
        return self.root.all("Property")

    def setting(self, name: str) -> Element | None:
        """The last property of a name."""
        found = [each for each in self.properties if each.get("Name").strip().lower() == name.lower()]
        return found[-1] if found else None

    def property_value(self, name: str) -> str:
        found = self.setting(name)
        return found.get("Value").strip().lower() if found else ""

    @cached_property
    def users(self) -> tuple[Element, ...]:
        return tuple(each for settings in self.root.all("AppSettings") for each in settings.all("User"))

    def channel(self, name: str = "Add") -> str:
        """Channel of Add or Updates as written, also from the Branch of old files; empty where it says none."""
        element = self.add if name == "Add" else self.updates
        if element is None:
            return ""
        written = element.get("Channel").strip()
        return written or tables.branches().get(element.get("Branch").strip().lower(), "")

    @property
    def version(self) -> str:
        return self.add.get("Version").strip() if self.add else ""

    @property
    def edition(self) -> str:
        return self.add.get("OfficeClientEdition").strip() if self.add else ""

    @property
    def source(self) -> str:
        return self.add.get("SourcePath").strip() if self.add else ""

    @property
    def level(self) -> str:
        return self.display.get("Level").strip().lower() if self.display else ""

    def is_set(self, element: Element | None, attribute: str) -> bool:
        return element is not None and element.get(attribute).strip().lower() == TRUE

    @property
    def migrates(self) -> bool:
        return self.is_set(self.add, "MigrateArch")

    @property
    def closes_apps(self) -> bool:
        return self.property_value("FORCEAPPSHUTDOWN") == TRUE

    @property
    def is_shared(self) -> bool:
        return self.property_value("SharedComputerLicensing") == "1"

    @cached_property
    def has_match_installed(self) -> bool:
        return self.version.lower() == "matchinstalled" or any(
            "matchinstalled" in product.cultures for product in self.products
        )

    @property
    def only_removes(self) -> bool:
        return bool(self.removes) and not self.adds

    @property
    def only_customizes(self) -> bool:
        names = {each.name.lower() for each in self.root.elements}
        return "appsettings" in names and names <= {"appsettings", "info"}

    @property
    def only_switches(self) -> bool:
        return self.updates is not None and not self.adds and not self.removes

    def roles(self, situation: Situation) -> frozenset[Role]:
        """Declared roles, or those that the file itself leaves no doubt about."""
        if situation.roles:
            return situation.roles
        certain = {
            Role.REMOVE: self.only_removes,
            Role.CUSTOMIZE: self.only_customizes,
            Role.SWITCH: self.only_switches,
            Role.DOWNLOAD: bool(self.add and self.add.has("DownloadPath")),
            Role.SECOND: self.has_match_installed,
            Role.LTSC: any(each.known and each.known.channel for each in self.suites),
        }
        return frozenset(role for role, holds in certain.items() if holds)


def facts_of(view: View) -> Iterator[Fact]:
    """The configuration as facts, for checks that are a clause and no code. Keys are lower case."""
    for element in view.root.walk():
        name = element.name.lower()
        yield Fact("element", name, element.name, element.line)
        for each in element.attributes:
            key, value = f"{name}@{each.name.lower()}", each.value.strip()
            yield Fact("attribute", key, value, element.line, {"value": value, "name": each.name})
            yield Fact("value", value.lower(), value, element.line, {"where": key})
        if name == "property":
            value = element.get("Value").strip()
            yield Fact(
                "property", element.get("Name").strip().lower(), element.get("Name"), element.line, {"value": value}
            )
