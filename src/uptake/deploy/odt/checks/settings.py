"""ODT140 to ODT166: updates, preferences, and what the system that delivers makes of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from uptake.deploy.odt import tables
from uptake.deploy.odt.checks.add import build_outcome, is_share
from uptake.deploy.odt.checks.model import ERROR, WARNING, Found, Outcome, Predicate, Undecided
from uptake.deploy.odt.reading import Element
from uptake.deploy.odt.situation import Detection, Known, Role, Situation
from uptake.deploy.odt.view import View

WEEK = timedelta(days=7)
DEADLINE = "%m/%d/%Y %H:%M"
ODD_PATH = re.compile(r"(?i)%te?mp%|%userprofile%|^(?![a-z]:|\\\\|//|%|https?:).")
OFFICE_KEY = re.compile(r"(?i)software\\microsoft\\office\\16\.0(?:\\|$)")
USER_ATTRIBUTES = ("Key", "Name", "Value", "Type", "App", "Id")
CODES = {"word16": "word", "excel16": "excel", "ppt16": "powerpoint", "outlk16": "outlook", "onent16": "onenote",
         "access16": "access", "pub16": "publisher"}  # fmt: skip
"""App codes of preferences, as public exports have them."""
PROTECTED_VIEW = frozenset(
    ("disableattachmentsinpv", "disableinternetfilesinpv", "disableunsafelocationsinpv", "disableattachementsinpv")
)
LOW = frozenset((("vbawarnings", "1"), ("accessvbom", "1"), ("blockcontentexecutionfrominternet", "0")))
NEEDS_OLD, NEEDS_2020, NEEDS_2026 = "2019-01-01", "2020-06-09", "2026-04-20"


def two_channels(view: View, situation: Situation) -> Iterator[Outcome]:
    first, second = tables.channel_of(view.channel()), tables.channel_of(view.channel("Updates"))
    if not view.updates or not view.adds or second is None:
        return
    if first and first.value != second.value:
        yield Found(view.updates.line, {"first": first.value, "second": second.value})
    elif not view.channel() and view.suites and Role.SECOND not in view.roles(situation) and second.value != "Current":
        yield Found(view.updates.line, {"first": "Current", "second": second.value}, "default")


def updates_off(view: View, situation: Situation) -> Iterator[Outcome]:
    for element in view.root.all("Updates"):
        if element.get("Enabled").strip().lower() == "false" and situation.vdi is not Known.YES:
            yield Found(element.line, {})


def odd_update_path(view: View, situation: Situation) -> Iterator[Outcome]:
    for element in view.root.all("Updates"):
        path = element.get("UpdatePath").strip()
        if path and ODD_PATH.search(path):
            yield Found(element.line, {"value": path})
        mine = view.channel("Updates") or view.channel()
        for other in situation.neighbours:
            same = path and other.update_path.strip().lower().rstrip("\\/") == path.lower().rstrip("\\/")
            if same and other.channel and mine and tables.channel_of(other.channel) != tables.channel_of(mine):
                yield Found(element.line, {"value": path, "other": other.file}, "two")


def target_version(view: View, situation: Situation) -> Iterator[Outcome]:
    """Against the table, where the file says which channel; one that only updates does not know what is installed."""
    channel = view.channel("Updates") or view.channel() or ("Current" if view.adds else "")
    for element in view.root.all("Updates"):
        value = element.get("TargetVersion").strip()
        if value:
            yield from build_outcome(value, channel, situation, element.line)


def deadline(view: View, situation: Situation) -> Iterator[Outcome]:
    for element in view.root.all("Updates"):
        value = element.get("Deadline").strip()
        if not value:
            continue
        try:
            when = datetime.strptime(value, DEADLINE).replace(tzinfo=UTC)
        except ValueError:
            yield Found(element.line, {"value": value}, "malformed", ERROR)
            continue
        if not re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", value):
            yield Found(element.line, {"value": value}, "malformed", ERROR)
        elif when.date() < situation.today:
            yield Found(element.line, {"value": value}, "past", ERROR)
        elif when.date() - situation.today < WEEK:
            yield Found(element.line, {"value": value}, "soon", WARNING)


def nobody_pins_the_channel(view: View, situation: Situation) -> Iterator[Outcome]:
    managed = view.is_set(view.add, "OfficeMgmtCOM") or bool(view.updates and view.updates.get("UpdatePath").strip())
    if view.add is None or managed or not any(each.is_subscription for each in view.suites):
        return
    if situation.policy_channel == "none":
        yield Found(view.add.line, {"value": view.channel() or "Current"})
    elif not situation.policy_channel:
        yield Undecided("policy_channel")


def policy_wins(view: View, situation: Situation) -> Iterator[Outcome]:
    policy = tables.channel_of(situation.policy_channel)
    mine = tables.channel_of(view.channel("Updates") or view.channel())
    if policy and mine and policy.value != mine.value:
        line = view.updates.line if view.updates else view.add.line if view.add else 0
        yield Found(line, {"value": mine.value, "policy": policy.value})


def broken_preference(view: View, _situation: Situation) -> Iterator[Outcome]:
    for user in view.users:
        missing = [name for name in USER_ATTRIBUTES if not user.has(name)]
        kind, value = user.get("Type").strip(), user.get("Value").strip()
        if missing:
            yield Found(user.line, {"name": ", ".join(missing)}, "missing")
        if user.has("Type") and kind not in ("REG_DWORD", "REG_SZ"):
            yield Found(user.line, {"name": kind}, "type")
        if kind == "REG_DWORD" and user.has("Value") and not _is_dword(value):
            yield Found(user.line, {"name": value}, "number")
        if user.has("Key") and not OFFICE_KEY.match(user.get("Key").strip()):
            yield Found(user.line, {"name": user.get("Key")}, "key")


def _is_dword(text: str) -> bool:
    return (
        bool(re.fullmatch(r"\d{1,10}|0[xX][0-9A-Fa-f]{1,8}", text))
        and int(text, 0 if "x" in text.lower() else 10) < 1 << 32
    )


def _place(user: Element) -> tuple[str, str]:
    return user.get("Key").strip().lower().rstrip("\\"), user.get("Name").strip().lower()


def preference_twice(view: View, _situation: Situation) -> Iterator[Outcome]:
    seen: dict[tuple[str, str], str] = {}
    for user in view.users:
        place, value = _place(user), user.get("Value").strip()
        if place in seen and seen[place] != value:
            yield Found(user.line, {"name": user.get("Name")})
        seen[place] = value


def preference_for_excluded(view: View, _situation: Situation) -> Iterator[Outcome]:
    if not view.suites:
        return
    excluded = frozenset.intersection(*(suite.excluded for suite in view.suites))
    for user in view.users:
        app = CODES.get(user.get("App").strip().lower(), "")
        if app in excluded:
            yield Found(user.line, {"name": user.get("Name"), "app": tables.apps()[app].id})


def lowers_security(view: View, _situation: Situation) -> Iterator[Outcome]:
    for user in view.users:
        key, name = _place(user)
        is_low = (name, user.get("Value").strip()) in LOW or (
            name in PROTECTED_VIEW and user.get("Value").strip() == "1"
        )
        if is_low or "trusted locations" in key:
            yield Found(user.line, {"name": user.get("Name")})


def ignored_by_customize(view: View, situation: Situation) -> Iterator[Outcome]:
    if situation.has(Role.CUSTOMIZE):
        others = [each.name for each in view.root.elements if each.name.lower() not in ("appsettings", "info")]
        if others:
            yield Found(view.root.line, {"names": ", ".join(dict.fromkeys(others))})


def intune_refuses(view: View, situation: Situation) -> Iterator[Outcome]:
    if not situation.has(Role.INTUNE):
        return
    for product in view.products:
        if product.is_volume:
            yield Found(product.line, {"product": product.id}, "volume")
    if view.add and is_share(view.source):
        yield Found(view.add.line, {"value": view.source}, "share")


def designer_flips(view: View, situation: Situation) -> Iterator[Outcome]:
    if not situation.has(Role.INTUNE):
        return
    designer, policy = tables.channel_of(situation.designer_channel), tables.channel_of(situation.policy_channel)
    if designer and policy and designer.value != policy.value:
        yield Found(view.root.line, {"value": designer.value, "policy": policy.value})
    elif designer is None or not situation.policy_channel:
        yield Undecided("designer_channel")


def configmgr_application(view: View, situation: Situation) -> Iterator[Outcome]:
    if not situation.has(Role.CM) or not view.adds:
        return
    if situation.uninstall is Known.NO:
        yield Found(view.root.line, {}, "uninstall")
    if situation.detection is Detection.UNINSTALL_KEY:
        yield Found(view.root.line, {}, "key")
    if Known.UNKNOWN is situation.uninstall or situation.detection is Detection.UNKNOWN:
        yield Undecided("detection")


def detection_by_equality(view: View, situation: Situation) -> Iterator[Outcome]:
    if situation.has(Role.CM, Role.INTUNE) and view.adds:
        if situation.detection is Detection.EQUALITY:
            yield Found(view.root.line, {})
        elif situation.detection is Detection.UNKNOWN:
            yield Undecided("detection")


def tool_too_old(view: View, situation: Situation) -> Iterator[Outcome]:
    needs = _needed_tool(view)
    if not needs:
        return
    name, least = needs[-1]
    released = tables.releases().get(situation.odt)
    if released is None:
        yield Undecided("odt")
    elif released.isoformat() < least:
        yield Found(view.root.line, {"value": situation.odt, "name": name, "least": least})


def _needed_tool(view: View) -> list[tuple[str, str]]:
    """Features with the day of the release that brought them, the newest last."""
    values = {view.channel(), view.channel("Updates")} & {
        "MonthlyEnterprise",
        "BetaChannel",
        "CurrentPreview",
        "SemiAnnual",
    }
    used = [
        ("MatchInstalled", NEEDS_OLD, view.has_match_installed),
        ("MigrateArch", NEEDS_OLD, view.migrates),
        ("RemoveMSI", NEEDS_2020, view.remove_msi is not None),
        (next(iter(sorted(values)), ""), NEEDS_2020, bool(values)),
        ("TenantAssociationKey", NEEDS_2026, view.setting("TenantAssociationKey") is not None),
    ]
    return [(name, least) for name, least, holds in used if holds]


def not_in_graph(view: View, situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        if "outlookforwindows" in product.excluded and situation.has(Role.INTUNE):
            if situation.graph_properties is Known.YES:
                yield Found(product.line, {})
            elif situation.graph_properties is Known.UNKNOWN:
                yield Undecided("graph_properties")


def lower_build(view: View, situation: Situation) -> Iterator[Outcome]:
    if not situation.has(Role.CM):
        return
    installed = tables.build_number(situation.device.version)
    target = _planned_build(view, situation)
    if installed is None or target is None:
        yield Undecided("inventory" if installed is None else "versions")
    elif target < installed:
        line = view.updates.line if view.updates else view.root.line
        yield Found(line, {"value": f"16.0.{target[0]}.{target[1]}", "installed": situation.device.version})


def _planned_build(view: View, situation: Situation) -> tuple[int, int] | None:
    fixed = tables.build_number((view.updates.get("TargetVersion") if view.updates else "") or view.version)
    channel = tables.channel_of(view.channel("Updates") or view.channel())
    newest = [
        tables.build_number(each.build)
        for each in situation.known_versions
        if channel and each.channel == channel.value
    ]
    return fixed or max(filter(None, newest), default=None)


CHECKS: dict[str, Predicate] = {
    "ODT140": two_channels, "ODT141": updates_off, "ODT142": odd_update_path, "ODT143": target_version,
    "ODT144": deadline, "ODT145": nobody_pins_the_channel, "ODT146": policy_wins,
    "ODT150": broken_preference, "ODT151": preference_twice, "ODT152": preference_for_excluded,
    "ODT153": lowers_security, "ODT154": ignored_by_customize,
    "ODT160": intune_refuses, "ODT161": designer_flips, "ODT162": configmgr_application,
    "ODT163": detection_by_equality, "ODT164": tool_too_old, "ODT165": not_in_graph, "ODT166": lower_build,
}  # fmt: skip
