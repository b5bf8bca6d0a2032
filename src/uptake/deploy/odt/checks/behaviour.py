"""ODT110 to ODT137: what the user sees, how it is licensed, what is removed."""

from __future__ import annotations

from collections.abc import Iterator

from uptake.deploy.odt import tables
from uptake.deploy.odt.checks.document import PROPERTIES
from uptake.deploy.odt.checks.model import ERROR, WARNING, Found, Outcome, Predicate, Undecided
from uptake.deploy.odt.situation import Known, Plan, Role, Situation
from uptake.deploy.odt.view import View

LEVELS = {"none": "None", "full": "Full"}
DEVICE_LICENCES_SINCE = "1909"
KEPT = ("aceredist", "accessrt")


def wrong_level(view: View, _situation: Situation) -> Iterator[Outcome]:
    for element in view.root.all("Display"):
        value = element.get("Level").strip()
        if value and value.lower() not in LEVELS:
            yield Found(element.line, {"value": value}, "", ERROR)
        elif value and value != LEVELS[value.lower()]:
            yield Found(element.line, {"value": value, "right": LEVELS[value.lower()]}, "case", WARNING)


def licence_not_accepted(view: View, _situation: Situation) -> Iterator[Outcome]:
    if view.display and view.level == "none" and view.adds and not view.is_set(view.display, "AcceptEULA"):
        yield Found(view.display.line, {})


def no_display(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.add and view.products and view.display is None and Role.DOWNLOAD not in view.roles(situation):
        yield Found(view.add.line, {})


def open_apps(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.level != "none" or view.closes_apps or situation.closes_apps is Known.YES or view.display is None:
        return
    reasons = [
        name for name, holds in (("RemoveMSI", view.remove_msi is not None), ("MigrateArch", view.migrates)) if holds
    ]
    reasons += ["second"] if situation.has(Role.SECOND) and not reasons else []
    if reasons:
        yield Found(view.display.line, {"name": reasons[0]}, "second" if reasons == ["second"] else "")


def closes_without_notice(view: View, situation: Situation) -> Iterator[Outcome]:
    """Where nothing needs closed apps, or the tool installs without asking, and nobody says that users are told."""
    element = view.setting("FORCEAPPSHUTDOWN")
    if element is None or not view.closes_apps or situation.notice is Known.YES or view.only_removes:
        return
    needs_it = view.level == "none" and (view.remove_msi is not None or view.migrates or bool(view.removes))
    is_required = situation.required is Known.YES or situation.has(Role.CM, Role.INTUNE)
    if situation.notice is Known.NO or is_required or not needs_it:
        yield Found(element.line, {})
    else:
        yield Undecided("notice")


def wrong_kind_of_value(view: View, _situation: Situation) -> Iterator[Outcome]:
    for element in view.properties:
        row = PROPERTIES.get(element.get("Name").strip().lower())
        value = element.get("Value").strip()
        allowed = {"switch": ("0", "1"), "boolean": ("true", "false")}.get(row["kind"] if row else "", ())
        if allowed and value.lower() not in allowed:
            yield Found(
                element.line, {"name": element.get("Name"), "value": value, "right": " / ".join(allowed).upper()}
            )


def two_kinds_of_licence(view: View, _situation: Situation) -> Iterator[Outcome]:
    element = view.setting("DeviceBasedLicensing")
    if element is not None and view.is_shared and view.property_value("DeviceBasedLicensing") == "1":
        yield Found(element.line, {})


def shared_not_licensed(view: View, situation: Situation) -> Iterator[Outcome]:
    element = view.setting("SharedComputerLicensing")
    if element is None or not view.is_shared:
        return
    for product in view.suites:
        if product.is_volume:
            yield Found(element.line, {"product": product.id}, "ltsc")
        elif "business" in product.id.lower():
            if situation.plan is Plan.UNKNOWN:
                yield Undecided("plan")
            elif "premium" not in situation.plan:
                yield Found(element.line, {"product": product.id, "plan": situation.plan.value}, "business")


def cache_incomplete(view: View, _situation: Situation) -> Iterator[Outcome]:
    override, directory = view.setting("SCLCacheOverride"), view.setting("SCLCacheOverrideDirectory")
    is_on = view.property_value("SCLCacheOverride") == "1"
    if override is not None and is_on and not (directory and directory.get("Value").strip()):
        yield Found(override.line, {}, "directory")
    if override is not None and is_on and not view.is_shared:
        yield Found(override.line, {}, "shared")
    if directory is not None and directory.get("Value").strip() and not is_on:
        yield Found(directory.line, {}, "off")


def activates_itself(view: View, _situation: Situation) -> Iterator[Outcome]:
    element = view.setting("AUTOACTIVATE")
    if (
        element is not None
        and view.property_value("AUTOACTIVATE") == "1"
        and any(p.is_subscription for p in view.products)
    ):
        yield Found(element.line, {})


def device_licences(view: View, situation: Situation) -> Iterator[Outcome]:
    element = view.setting("DeviceBasedLicensing")
    if element is None or view.property_value("DeviceBasedLicensing") != "1":
        return
    if tables.build_number(view.version) and tables.is_older(view.version, DEVICE_LICENCES_SINCE):
        yield Found(element.line, {"value": view.version}, "version")
    if any("business" in product.id.lower() for product in view.suites):
        yield Found(element.line, {}, "business")
    if situation.device.joined is Known.NO:
        yield Found(element.line, {}, "joined")
    elif situation.device.joined is Known.UNKNOWN:
        yield Undecided("joined")


def removes_all_beside_add(view: View, _situation: Situation) -> Iterator[Outcome]:
    for remove in view.removes:
        if view.adds and view.is_set(remove, "All"):
            yield Found(remove.line, {})


def remove_all_with_products(view: View, _situation: Situation) -> Iterator[Outcome]:
    for remove in view.removes:
        if view.is_set(remove, "All") and remove.all("Product"):
            yield Found(remove.line, {})


def uninstall_that_hangs(view: View, _situation: Situation) -> Iterator[Outcome]:
    if view.only_removes:
        missing = [] if view.level == "none" else ['Display Level="None"']
        missing += [] if view.closes_apps else ["FORCEAPPSHUTDOWN"]
        if missing:
            yield Found(view.removes[0].line, {"names": ", ".join(missing)})


def engine_removed(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.remove_msi is None:
        return
    kept = {each.get("ID").strip().lower() for each in view.remove_msi.all("IgnoreProduct")}
    if kept & set(KEPT):
        return
    if situation.device.access_engine is Known.YES:
        yield Found(view.remove_msi.line, {})
    elif situation.device.access_engine is Known.UNKNOWN:
        yield Undecided("access_engine")


def same_version_kept(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.remove_msi is None or not view.products:
        return
    installed = {each.lower() for each in situation.device.msi_2016}
    for element in view.remove_msi.all("IgnoreProduct"):
        value = element.get("ID").strip()
        if value.lower() in installed and value.lower() not in KEPT:
            yield Found(element.line, {"value": value})
        elif not situation.inventoried and not installed and value.lower() not in KEPT:
            yield Undecided("inventory")


def old_office_stays(view: View, situation: Situation) -> Iterator[Outcome]:
    if not view.suites or view.remove_msi is not None or not view.add or Role.DOWNLOAD in view.roles(situation):
        return
    installed = (*situation.device.msi, *situation.device.msi_2016)
    if installed:
        severity = WARNING if situation.has(Role.INTUNE) else ""
        yield Found(view.add.line, {"value": ", ".join(installed)}, "", severity)
    elif not situation.inventoried:
        yield Undecided("inventory")


def click_to_run_stays(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.remove_msi is None or view.removes:
        return
    mine = {product.id.lower() for product in view.products}
    old = [each for each in situation.device.products if each.lower() not in mine and _is_old(each)]
    if situation.device.click_to_run_2013 is Known.YES or old:
        yield Found(view.remove_msi.line, {"value": ", ".join(old) or "2013"})
    elif not situation.inventoried:
        yield Undecided("inventory")


def _is_old(product: str) -> bool:
    known = tables.products().get(product.lower())
    return bool(known and known.generation in ("2013", "2016") and not known.is_subscription)


def restart_needed(view: View, situation: Situation) -> Iterator[Outcome]:
    if view.remove_msi is not None:
        if situation.restart is Known.NO:
            yield Found(view.remove_msi.line, {})
        elif situation.restart is Known.UNKNOWN:
            yield Undecided("restart")


CHECKS: dict[str, Predicate] = {
    "ODT110": wrong_level, "ODT111": licence_not_accepted, "ODT112": no_display, "ODT113": open_apps,
    "ODT114": closes_without_notice, "ODT115": wrong_kind_of_value, "ODT116": two_kinds_of_licence,
    "ODT117": shared_not_licensed, "ODT118": cache_incomplete, "ODT119": activates_itself, "ODT122": device_licences,
    "ODT130": removes_all_beside_add, "ODT131": remove_all_with_products, "ODT132": uninstall_that_hangs,
    "ODT133": engine_removed, "ODT134": same_version_kept, "ODT135": old_office_stays, "ODT136": click_to_run_stays,
    "ODT137": restart_needed,
}  # fmt: skip
