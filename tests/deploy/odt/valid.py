"""Random decisions that a person could make, and random faults put into what is built from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from uptake.deploy.odt import tables
from uptake.deploy.odt.checks.document import PLACEHOLDER
from uptake.deploy.odt.reading import Attribute, Configuration, Element
from uptake.guide.engagement import Decision

DAY = date(2026, 11, 22)
FULL = sorted(each.culture for each in tables.languages().values() if each.kind == "full")
PARTIAL = sorted(each.culture for each in tables.languages().values() if each.kind == "partial")
APPS = ["Access", "Bing", "Excel", "Lync", "OneDrive", "OneNote", "OutlookForWindows", "Teams"]
SUBSCRIPTIONS = ["O365ProPlusRetail", "O365BusinessRetail", "O365ProPlusEEANoTeamsRetail"]
WORDS = st.text("abcdefghijklmnopqrstuvwxyzÄÖ株式会社 &<>\"'", min_size=1, max_size=20).map(
    lambda text: " ".join(text.split())
)


@st.composite
def valid_decisions(draw: st.DrawFn) -> list[Decision]:
    """Decisions that fit together; some left open."""
    made: dict[str, str] = {}
    is_volume = draw(st.integers(0, 5)) == 0
    made["product"] = draw(st.sampled_from(["ProPlus2024Volume", "Standard2024Volume"] if is_volume else SUBSCRIPTIONS))
    made["channel"] = (
        "PerpetualVL2024" if is_volume else draw(st.sampled_from(["Current", "CurrentPreview", "MonthlyEnterprise"]))
    )
    made["architecture"] = draw(st.sampled_from(["64", "32"]))
    _languages(draw, made)
    excluded = set(draw(st.lists(st.sampled_from(APPS), max_size=6)))
    excluded -= {"Teams"} if "NoTeams" in made["product"] else set()
    made["excluded-apps"] = " ".join(sorted(excluded | {"Groove", "Publisher"}))
    others = (
        ["VisioPro2024Volume", "ProjectStd2024Volume"]
        if is_volume
        else ["VisioProRetail", "ProjectProRetail", "AccessRuntimeRetail"]
    )
    made["additional-products"] = " ".join(draw(st.lists(st.sampled_from(others), unique=True, max_size=2)))
    made["msi-removal"] = draw(st.sampled_from(["yes", "no"]))
    if made["msi-removal"] == "yes":
        made["msi-kept"] = " ".join(draw(st.lists(st.sampled_from(["AceRedist", "AccessRT", "VisPro"]), unique=True)))
    made["migrate-architecture"] = draw(st.sampled_from(["yes", "no"]))
    made["force-app-shutdown"] = draw(st.sampled_from(["yes", "no"]))
    made["user-notice"], made["apps-closed-by-tool"] = "yes", "no" if made["force-app-shutdown"] == "yes" else "yes"
    _places(draw, made)
    _licences(draw, made, is_volume)
    made["display-level"] = draw(st.sampled_from(["None", "Full"]))
    if made["display-level"] == "Full":
        made["licence-terms"] = draw(st.sampled_from(["yes", "no"]))
    for topic in ("company-name", "description"):
        text = draw(st.one_of(st.just(""), WORDS))
        made[topic] = "" if PLACEHOLDER.search(text.lower()) else text
    left_out = draw(st.sets(st.sampled_from(["description", "company-name", "additional-products"])))
    return [
        Decision(topic, choice, "", "A. Person", DAY)
        for topic, choice in made.items()
        if choice and topic not in left_out
    ]


def _languages(draw: st.DrawFn, made: dict[str, str]) -> None:
    first = draw(st.sampled_from(FULL))
    rest = draw(st.lists(st.sampled_from([*FULL, *PARTIAL, "MatchOS"]), max_size=4))
    made["languages"] = " ".join(dict.fromkeys([first, *rest]))
    made["fallback-language"] = draw(st.sampled_from(["en-us", "ja-jp", "de-de"]))
    if draw(st.booleans()):
        made["proofing-languages"] = " ".join(
            draw(st.lists(st.sampled_from(PARTIAL), unique=True, min_size=1, max_size=3))
        )


def _places(draw: st.DrawFn, made: dict[str, str]) -> None:
    made["installation-source"] = draw(st.sampled_from(["cdn", "local-share"]))
    if made["installation-source"] == "local-share":
        made["source-path"] = draw(
            st.sampled_from([r"\\fs01\m365", r"C:\Sources\M365 Apps", r"\\dfs.example.org\apps\o365"])
        )
    made["update-source"] = draw(st.sampled_from(["cdn", "configmgr", "local-share", "off"]))
    if made["update-source"] == "local-share":
        made["update-path"] = r"\\fs01\updates"
    if made["update-source"] == "off":
        made["virtual-desktops"] = "yes"
    if made["update-source"] == "configmgr":
        made["delivery-tool"] = "configmgr"


def _licences(draw: st.DrawFn, made: dict[str, str], is_volume: bool) -> None:
    kind = draw(st.sampled_from(["user", "shared", "cache", "device"])) if not is_volume else "user"
    if "Business" in made["product"] and kind == "device":
        kind = "user"
    made["shared-computer"] = "yes" if kind in ("shared", "cache") else "no"
    made["device-licences"] = "yes" if kind == "device" else "no"
    if kind == "cache":
        made["licence-cache"] = r"D:\Licence Cache"


Fault = Callable[[Configuration, Any], Configuration]


def _change(configuration: Configuration, name: str, change: Callable[[Element], Element]) -> Configuration:
    """The first element of a name changed."""
    done = [False]

    def walk(element: Element) -> Element:
        if element.name == name and not done[0]:
            done[0] = True
            return change(element)
        return replace(element, children=tuple(walk(c) if isinstance(c, Element) else c for c in element.children))

    return replace(configuration, root=walk(configuration.root))


def _set(name: str, attribute: str, value: str) -> Fault:
    def change(element: Element) -> Element:
        kept = tuple(each for each in element.attributes if each.name != attribute)
        return replace(element, attributes=(*kept, Attribute(attribute, value)))

    return lambda configuration, _: _change(configuration, name, change)


def _without(name: str, attribute: str) -> Fault:
    def change(element: Element) -> Element:
        return replace(element, attributes=tuple(each for each in element.attributes if each.name != attribute))

    return lambda configuration, _: _change(configuration, name, change)


def _child(name: str, child: Element) -> Fault:
    return lambda configuration, _: _change(
        configuration, name, lambda element: replace(element, children=(*element.children, child))
    )


def _named(name: str, **attributes: str) -> Element:
    return Element(name, tuple(Attribute(key, value) for key, value in attributes.items()))


FAULTS: dict[str, Fault] = {
    "root": lambda configuration, _: replace(configuration, root=replace(configuration.root, name="Config")),
    "unknown element": _child("Configuration", _named("Updats", Enabled="TRUE")),
    "unknown attribute": _set("Add", "OfficeEdition", "64"),
    "unknown attribute of a language": _set("Language", "Id2", "x"),
    "wrong parent": _child("Add", _named("Property", Name="AUTOACTIVATE", Value="0")),
    "exclusion outside": _child("Add", _named("ExcludeApp", ID="Teams")),
    "logging": _child("Configuration", _named("Logging", Level="Off")),
    "force": _set("Add", "ForceUpgrade", "TRUE"),
    "branch": _set("Add", "Branch", "Business"),
    "channel": _set("Add", "Channel", "Fast"),
    "empty channel": _set("Add", "Channel", ""),
    "update channel": _set("Updates", "Channel", "Slow"),
    "version": _set("Add", "Version", "newest"),
    "boolean": _set("Updates", "Enabled", "maybe"),
    "edition": _set("Add", "OfficeClientEdition", "128"),
    "product": _set("Product", "ID", "O365ProPlus"),
    "no product id": _without("Product", "ID"),
    "culture": _set("Language", "ID", "xx-yy"),
    "no culture": _without("Language", "ID"),
    "level": _set("Display", "Level", "Basic"),
    "switch": _child("Configuration", _named("Property", Name="AUTOACTIVATE", Value="TRUE")),
    "unknown property": _child("Configuration", _named("Property", Name="SharedComputerLicencing", Value="1")),
    "deadline": _set("Updates", "Deadline", "2026-12-31"),
    "target": _set("Updates", "TargetVersion", "2607"),
    "second add": _child("Configuration", _named("Add")),
    "excluded app": _child("Product", _named("ExcludeApp", ID="Excell")),
    "preference": _child(
        "Configuration",
        replace(
            _named("AppSettings"),
            children=(_named("User", Key="software\\microsoft\\office\\16.0\\x", Name="a", Value="1"),),
        ),
    ),
}
"""Faults of form: the schema and the checks must both see each of them."""
SENSE: dict[str, Fault] = {
    "no languages": lambda configuration, _: _change(
        configuration, "Product", lambda element: replace(element, children=())
    ),
    "two suites": _child(
        "Add", replace(_named("Product", ID="O365HomePremRetail"), children=(_named("Language", ID="en-us"),))
    ),
    "key": _set("Product", "PIDKEY", "NMMKJ-6RK4F-KMJVX-8D9MJ-6MWKP"),
    "secret": _set("Product", "PIDKEY", "QWERT-ASDFG-ZXCVB-POIUY-LKJHG"),
    "other channel": _set("Updates", "Channel", "BetaChannel"),
    "placeholder": _set("Add", "SourcePath", r"\\server\share"),
    "all removed": _child("Configuration", _named("Remove", All="TRUE")),
    "old version": _set("Add", "Version", "16.0.10730.20102"),
    "deadline in the past": _set("Updates", "Deadline", "01/01/2026 10:00"),
    "odd path": _set("Updates", "UpdatePath", "%temp%\\updates"),
    "mapped source": _set("Add", "SourcePath", "Z:\\office"),
    "download path": _set("Add", "DownloadPath", "\\\\fs01\\x"),
    "fallback": _set("Language", "Fallback", "zh-sg"),
}
"""Faults of sense that only the checks see."""
