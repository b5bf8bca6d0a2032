"""ODT023 to ODT043: channel, version, source, edition and migration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from uptake.deploy.odt import tables
from uptake.deploy.odt.checks.model import ERROR, WARNING, Found, Outcome, Predicate, Undecided
from uptake.deploy.odt.situation import Known, Role, Situation
from uptake.deploy.odt.view import MATCHES, SHARE, View

RELATIVE = re.compile(r"(?![A-Za-z]:|\\\\|//|%|https?:).")
MAPPED = re.compile(r"[e-z]:", re.IGNORECASE)
FIRST_WITH_MIGRATION = "1902"
MIGRATION_FIXED = "2025-06-17"


def retired_channel(view: View, situation: Situation) -> Iterator[Outcome]:
    for element in (*view.adds, *view.root.all("Updates")):
        channel = tables.channel_of(element.get("Channel")) or _branch(element.get("Branch"))
        if channel and channel.until and situation.today >= channel.until:
            yield Found(element.line, {"value": channel.value, "until": channel.until.isoformat()})


def _branch(value: str) -> tables.Channel | None:
    return tables.channel_of(tables.branches().get(value.strip().lower(), ""))


def unattended_channel(view: View, situation: Situation) -> Iterator[Outcome]:
    yield from _channel_for(view, situation.attended is not Known.NO, "unattended")


def beta_channel(view: View, situation: Situation) -> Iterator[Outcome]:
    for element in (*view.adds, *view.root.all("Updates")):
        channel = tables.channel_of(element.get("Channel"))
        if channel and channel.value == "BetaChannel" and situation.lab is not Known.YES:
            yield Found(element.line, {})


def _channel_for(view: View, applies: bool, purpose: str) -> Iterator[Outcome]:
    for element in (*view.adds, *view.root.all("Updates")):
        channel = tables.channel_of(element.get("Channel")) or _branch(element.get("Branch"))
        if channel and applies and channel.purpose == purpose:
            yield Found(element.line, {"value": channel.value})


def perpetual_suite_elsewhere(view: View, situation: Situation) -> Iterator[Outcome]:
    """A suite with a volume licence installs from its own channel only; without Channel the tool takes Current."""
    written = view.channel()
    channel = tables.channel_of(written)
    for product in view.suites:
        wanted = product.known.channel if product.known else ""
        if not wanted or (not written and Role.SECOND in view.roles(situation)):
            continue
        if channel is None or channel.value != wanted:
            yield Found(product.line, {"product": product.id, "right": wanted, "value": written or "Current"})


def subscription_on_perpetual(view: View, _situation: Situation) -> Iterator[Outcome]:
    channel = tables.channel_of(view.channel())
    if channel and channel.kind == "perpetual":
        for product in view.suites:
            if product.is_subscription:
                yield Found(product.line, {"product": product.id, "value": channel.value})


def two_channels_on_a_device(view: View, situation: Situation) -> Iterator[Outcome]:
    channel = tables.channel_of(view.channel())
    apps = [each.id for each in view.suites if each.is_subscription]
    apps += [each for each in situation.device.products if each.lower().startswith("o365")]
    for product in view.products:
        beside = product.is_volume and product.family in ("visio", "project")
        if channel and channel.kind == "perpetual" and beside and apps:
            yield Found(product.line, {"product": product.id, "value": channel.value, "suite": apps[0]})
        elif channel and channel.kind == "perpetual" and beside and not view.suites and not situation.inventoried:
            yield Undecided("inventory")


def mixed_generations(view: View, _situation: Situation) -> Iterator[Outcome]:
    volume = [each for each in view.products if each.is_volume and each.known and each.known.generation != "2016"]
    generations = sorted({each.known.generation for each in volume if each.known})
    if len(generations) > 1:
        yield Found(volume[-1].line, {"generations": ", ".join(generations)})


def version_without_channel(view: View, _situation: Situation) -> Iterator[Outcome]:
    if view.add and tables.build_number(view.version) and not view.channel():
        yield Found(view.add.line, {"value": view.version})


def wrong_version(view: View, situation: Situation) -> Iterator[Outcome]:
    """Version of Add against the table of supported builds."""
    value = view.version
    if view.add and value and value.lower() != "matchinstalled":
        yield from build_outcome(value, view.channel() or "Current", situation, view.add.line)


def build_outcome(value: str, channel_value: str, situation: Situation, line: int) -> Iterator[Outcome]:
    """What the version table says of a build: malformed, out of support, of another channel, or not decided."""
    number, channel = tables.build_number(value), tables.channel_of(channel_value)
    arguments = {"value": value, "channel": channel.value if channel else channel_value}
    if number is None:
        yield Found(line, arguments, "malformed", ERROR)
        return
    known = situation.known_versions
    mine = [each for each in known if channel and each.channel == channel.value]
    if any(each.build == value for each in mine):
        return
    lowest = min(filter(None, (tables.build_number(each.build) for each in mine)), default=None)
    elsewhere = [each.channel for each in known if each.build == value]
    as_of = max((each.as_of.isoformat() for each in mine), default="")
    if lowest and number[0] < lowest[0]:
        yield Found(line, {**arguments, "lowest": f"16.0.{lowest[0]}", "as_of": as_of}, "unsupported", ERROR)
    elif elsewhere and mine:
        yield Found(line, {**arguments, "other": elsewhere[0], "as_of": as_of}, "elsewhere", ERROR)
    else:
        yield Undecided("versions")


def download_path(view: View, situation: Situation) -> Iterator[Outcome]:
    for add in view.adds:
        if add.get("DownloadPath").strip() and not add.get("Version").strip():
            yield Found(add.line, {}, "version")
        if add.has("DownloadPath") and situation.roles and not situation.has(Role.DOWNLOAD):
            yield Found(add.line, {}, "role")


def wrong_source(view: View, situation: Situation) -> Iterator[Outcome]:
    for add in view.adds:
        path = add.get("SourcePath").strip()
        if not path:
            continue
        arguments = {"value": path}
        if re.search(r"[\\/]office[\\/]?$", path, re.IGNORECASE):
            yield Found(add.line, arguments, "office")
        if RELATIVE.match(path):
            yield Found(add.line, arguments, "relative")
        if MAPPED.match(path):
            yield Found(add.line, arguments, "mapped")
        if not situation.source_files:
            yield Undecided("source_files")
        elif not _has_cabinet(situation.source_files, view.edition):
            yield Found(add.line, {**arguments, "name": f"v{view.edition or '64'}.cab"}, "cabinet")


def _has_cabinet(names: tuple[str, ...], edition: str) -> bool:
    lower = {name.replace("\\", "/").rsplit("/", 1)[-1].lower() for name in names}
    return f"v{edition or '64'}.cab" in lower


def language_missing_in_source(view: View, situation: Situation) -> Iterator[Outcome]:
    if not view.add or not view.source or Role.DOWNLOAD in view.roles(situation):
        return
    cultures = {culture for product in view.products for culture in product.cultures}
    if (cultures & MATCHES or len(cultures) > 1) and not view.is_set(view.add, "AllowCdnFallback"):
        yield Found(view.add.line, {"value": ", ".join(sorted(cultures))})


def fallback_without_source(view: View, _situation: Situation) -> Iterator[Outcome]:
    for add in view.adds:
        if view.is_set(add, "AllowCdnFallback") and not add.get("SourcePath").strip():
            yield Found(add.line, {})


def edition_missing(view: View, situation: Situation) -> Iterator[Outcome]:
    """Of a first installation only: a second one must not name it."""
    if not view.add or view.edition or not view.products or Role.SECOND in view.roles(situation):
        return
    if situation.has(Role.FIRST) or view.suites:
        yield Found(view.add.line, {})
    else:
        yield Undecided("roles")


def fixed_in_second(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.add and situation.has(Role.SECOND) and not view.migrates:
        names = [name for name in ("OfficeClientEdition", "Channel") if view.add.get(name).strip()]
        names += ["Version"] if tables.build_number(view.version) else []
        if names:
            yield Found(view.add.line, {"names": ", ".join(names)})


def other_edition(view: View, situation: Situation) -> Iterator[Outcome]:
    installed = situation.device.bitness
    if not view.add or not view.edition or view.migrates or situation.has(Role.DOWNLOAD):
        return
    if installed in ("32", "64") and installed != view.edition:
        yield Found(view.add.line, {"value": view.edition, "installed": installed})
    elif not installed and not situation.has(Role.FIRST):
        yield Undecided("bitness")


def thirty_two_on_arm(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.add and view.edition == "32":
        if situation.device.arm is Known.YES:
            yield Found(view.add.line, {})
        elif situation.device.arm is Known.UNKNOWN:
            yield Undecided("arm")


def migration_without_edition(view: View, _situation: Situation) -> Iterator[Outcome]:
    for add in view.adds:
        if view.is_set(add, "MigrateArch") and not add.get("OfficeClientEdition").strip():
            yield Found(add.line, {})


def migration_that_fails(view: View, situation: Situation) -> Iterator[Outcome]:
    if not view.add or not view.migrates:
        return
    line, device = view.add.line, situation.device
    if view.source and not view.is_set(view.add, "AllowCdnFallback"):
        yield Found(line, {}, "fallback")
    if view.level == "none" and not view.closes_apps and situation.closes_apps is not Known.YES:
        yield Found(line, {}, "apps")
    if device.click_to_run_2013 is Known.YES or (device.msi and view.remove_msi is None):
        yield Found(line, {}, "others")
    if device.version and tables.is_older(device.version, FIRST_WITH_MIGRATION):
        yield Found(line, {"value": device.version}, "old")
    if situation.odt:
        released = tables.releases().get(situation.odt)
        if released and released.isoformat() < MIGRATION_FIXED:
            yield Found(line, {"value": situation.odt}, "odt")
    else:
        yield Undecided("odt")
    if not situation.inventoried:
        yield Undecided("inventory")


def managed_updates_blocked(view: View, _situation: Situation) -> Iterator[Outcome]:
    if view.add and view.is_set(view.add, "OfficeMgmtCOM") and view.updates:
        if view.updates.get("UpdatePath").strip():
            yield Found(view.add.line, {"name": "UpdatePath"})
        if view.updates.get("Enabled").strip().lower() == "false":
            yield Found(view.add.line, {"name": "Enabled"})


def managed_updates_and_role(view: View, situation: Situation) -> Iterator[Outcome]:
    if not view.add or not view.products:
        return
    is_on = view.is_set(view.add, "OfficeMgmtCOM")
    if situation.has(Role.CM) and not is_on:
        yield Found(view.add.line, {}, "cm")
    if is_on and (situation.has(Role.INTUNE) or situation.delivery_optimization is Known.YES):
        yield Found(view.add.line, {}, "intune", WARNING)


def is_share(path: str) -> bool:
    return bool(SHARE.match(path.strip()))


CHECKS: dict[str, Predicate] = {
    "ODT023": retired_channel,
    "ODT024": unattended_channel,
    "ODT025": beta_channel,
    "ODT026": perpetual_suite_elsewhere,
    "ODT027": subscription_on_perpetual,
    "ODT028": two_channels_on_a_device,
    "ODT029": mixed_generations,
    "ODT030": version_without_channel,
    "ODT031": wrong_version,
    "ODT032": download_path,
    "ODT033": wrong_source,
    "ODT034": language_missing_in_source,
    "ODT035": fallback_without_source,
    "ODT036": edition_missing,
    "ODT037": fixed_in_second,
    "ODT038": other_edition,
    "ODT039": thirty_two_on_arm,
    "ODT040": migration_without_edition,
    "ODT041": migration_that_fails,
    "ODT042": managed_updates_blocked,
    "ODT043": managed_updates_and_role,
}
