"""Findings → a repaired copy, for those repairs after which a device ends up as it would have without them.

What a person must decide (a language, a channel, whether apps are closed) is never changed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from uptake.deploy.odt import tables
from uptake.deploy.odt.catalogue import load_checks
from uptake.deploy.odt.checks.document import PROPERTIES
from uptake.deploy.odt.linting import Lint, lint_configuration
from uptake.deploy.odt.reading import Attribute, Configuration, Element, Remark, Text, Unreadable, read
from uptake.deploy.odt.situation import Situation
from uptake.deploy.odt.writing import canonical

Change = Callable[[Element], Element | None]
"""An element as it should be; None: it goes."""
SWITCHES = {"true": "1", "false": "0"}
BOOLEANS = {"1": "TRUE", "0": "FALSE"}


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired copy, with secrets masked, and what it still holds."""

    content: bytes
    applied: tuple[str, ...]
    """Ids of the checks whose repair changed something."""
    left: Lint


def fix(content: bytes, situation: Situation, lang: str = "en") -> Repair | Unreadable:
    """The file with every safe repair, in its canonical form."""
    configuration = read(content)
    if isinstance(configuration, Unreadable):
        return configuration
    applied = []
    found = lint_configuration(configuration, situation, lang)
    for check in load_checks().values():
        if check.safe_fix and check.id in found.rules:
            changed = _changed(configuration, REPAIRS[check.safe_fix])
            applied += [check.id] if changed != configuration else []
            configuration = changed
    return Repair(canonical(configuration), tuple(applied), lint_configuration(configuration, situation, lang))


def _changed(configuration: Configuration, change: Change) -> Configuration:
    root = _walk(configuration.root, change)
    return configuration if root is None else replace(configuration, root=root)


def _walk(element: Element, change: Change) -> Element | None:
    children: list[Element | Remark | Text] = []
    for child in element.children:
        kept = _walk(child, change) if isinstance(child, Element) else child
        if kept is not None:
            children.append(kept)
    return change(replace(element, children=tuple(children)))


def _is(element: Element, name: str) -> bool:
    return element.name.lower() == name


def _without(element: Element, names: Iterable[str]) -> Element:
    gone = {name.lower() for name in names}
    return replace(element, attributes=tuple(each for each in element.attributes if each.name.lower() not in gone))


def _with(element: Element, name: str, value: str) -> Element:
    return replace(
        element,
        attributes=tuple(
            Attribute(each.name, value) if each.name.lower() == name.lower() else each for each in element.attributes
        ),
    )


def drop_logging(element: Element) -> Element | None:
    return None if _is(element, "logging") else element


def drop_force(element: Element) -> Element | None:
    return _without(element, ("ForceUpgrade", "ForceDowngrade")) if _is(element, "add") else element


def branch_to_channel(element: Element) -> Element | None:
    """Only where no Channel stands beside it and the old value is known."""
    channel = tables.branches().get(element.get("Branch").strip().lower())
    if not (_is(element, "add") or _is(element, "updates")) or channel is None or element.has("Channel"):
        return element
    kept = _without(element, ("Branch",))
    return replace(kept, attributes=(*kept.attributes, Attribute("Channel", channel)))


def rename_channel(element: Element) -> Element | None:
    channel = tables.aliases().get(element.get("Channel").strip().lower())
    applies = (_is(element, "add") or _is(element, "updates")) and channel is not None
    return _with(element, "Channel", channel or "") if applies else element


def drop_fallback(element: Element) -> Element | None:
    applies = _is(element, "add") and not element.get("SourcePath").strip()
    return _without(element, ("AllowCdnFallback",)) if applies else element


def lower_cultures(element: Element) -> Element | None:
    if not _is(element, "language"):
        return element
    for name in ("ID", "Fallback"):
        value = element.get(name).strip().lower()
        if value in tables.languages():
            element = _with(element, name, value)
    return element


def drop_exclusions(element: Element) -> Element | None:
    """Exclusions of products of 2013 to 2016; a name that nobody knows may be a slip and stays for a person."""
    app = tables.apps().get(element.get("ID").strip().lower())
    return None if _is(element, "excludeapp") and app and app.status == "old" else element


def property_kind(element: Element) -> Element | None:
    row = PROPERTIES.get(element.get("Name").strip().lower()) if _is(element, "property") else None
    words = {"switch": SWITCHES, "boolean": BOOLEANS}.get(row["kind"] if row else "", {})
    return _with(element, "Value", words.get(element.get("Value").strip().lower(), element.get("Value")))


def _drop_property(name: str) -> Change:
    def change(element: Element) -> Element | None:
        return None if _is(element, "property") and element.get("Name").strip().lower() == name else element

    return change


REPAIRS: dict[str, Change] = {
    "drop_logging": drop_logging,
    "drop_force": drop_force,
    "branch_to_channel": branch_to_channel,
    "rename_channel": rename_channel,
    "drop_fallback": drop_fallback,
    "lower_cultures": lower_cultures,
    "drop_exclusions": drop_exclusions,
    "property_kind": property_kind,
    "drop_autoactivate": _drop_property("autoactivate"),
    "drop_pin": _drop_property("piniconstotaskbar"),
}
