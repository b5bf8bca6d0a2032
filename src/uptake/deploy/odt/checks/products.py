"""ODT050 to ODT099: products, keys, languages and exclusions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from uptake.deploy.odt import secrets, tables
from uptake.deploy.odt.checks.model import INFORMATION, WARNING, Found, Outcome, Predicate, Undecided
from uptake.deploy.odt.situation import Known, Plan, Role, Situation
from uptake.deploy.odt.view import MATCHES, Listed, View

LATE_SINCE = "2108"
PUBLISHER_RETIRED = date(2026, 10, 1)
BING_FIXED = date(2025, 10, 21)
PROGRAMS = frozenset(("access", "excel", "lync", "onenote", "outlook", "powerpoint", "publisher", "word"))
"""What a user would miss: with all of them excluded nothing is left to install."""
FOLLOWERS = ("onedrive", "teams")


def unknown_product(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in (*view.products, *view.removed):
        if product.id and product.known is None:
            yield Found(product.line, {"value": product.id})
        elif product.known and product.known.licence == "unlisted":
            yield Found(product.line, {"value": product.id}, "unlisted", WARNING)


def other_plan(view: View, situation: Situation) -> Iterator[Outcome]:
    for product in view.suites:
        if not product.is_subscription or not product.known:
            continue
        if situation.plan is Plan.UNKNOWN:
            yield Undecided("plan")
        elif situation.plan.value not in product.known.plans:
            yield Found(product.line, {"product": product.id, "plan": situation.plan.value})


def no_language(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        if not product.languages:
            yield Found(product.line, {"product": product.id})


def two_suites(view: View, _situation: Situation) -> Iterator[Outcome]:
    ids = list(dict.fromkeys(product.id.lower() for product in view.suites))
    if len(ids) > 1:
        yield Found(view.suites[-1].line, {"products": ", ".join(dict.fromkeys(each.id for each in view.suites))})


def key_without_use(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        if product.key and product.known and not product.is_volume:
            yield Found(product.line, {"product": product.id})


def volume_without_key(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        if product.is_volume and not product.key:
            yield Found(product.line, {"product": product.id})


def key_of_another(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        owner = tables.gvlks().get(product.key.upper())
        if (
            owner is not None
            and product.is_volume
            and owner.lower() != product.id.lower()
            and not _is_provider(product)
        ):
            yield Found(product.line, {"product": product.id, "other": owner or "Office 2016 (Windows Installer)"})


def _is_provider(product: Listed) -> bool:
    return "spla" in product.id.lower()


def key_of_another_kind(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        key = product.key.upper()
        if product.known and product.known.generation == "2016" and product.is_volume and secrets.is_secret_key(key):
            yield Found(product.line, {"product": product.id}, "xvolume")
        elif _is_provider(product) and key in tables.gvlks():
            yield Found(product.line, {"product": product.id}, "spla")


def out_of_support(view: View, situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        ends = product.known.ends if product.known else None
        if ends and situation.today >= ends:
            yield Found(product.line, {"product": product.id, "ends": ends.isoformat()})


def msi_condition(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        ids = [part.strip() for part in product.element.get("MSICondition").split(",") if part.strip()]
        unknown = [each for each in ids if each.lower() not in tables.msi_ids()]
        if unknown:
            yield Found(product.line, {"product": product.id, "value": ", ".join(unknown)}, "unknown")
        if ids and view.remove_msi is None:
            yield Found(product.line, {"product": product.id})


def free_onenote(view: View, _situation: Situation) -> Iterator[Outcome]:
    if any(each.is_volume for each in view.products):
        for product in view.products:
            if product.id.lower() == "onenotefreeretail":
                yield Found(product.line, {})


def unknown_culture(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in (*view.products, *view.removed):
        for element in product.languages:
            culture = element.get("ID").strip().lower()
            if culture and culture not in MATCHES and culture not in tables.languages():
                yield Found(element.line, {"value": element.get("ID"), "product": product.id})


def no_fallback(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        for element in product.languages:
            if element.get("ID").strip().lower() == "matchos" and not element.get("Fallback").strip():
                yield Found(element.line, {"product": product.id})


def previous_msi(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        for element in product.languages:
            if element.get("ID").strip().lower() != "matchpreviousmsi":
                continue
            if view.remove_msi is None:
                yield Found(element.line, {"product": product.id}, "remove")
            if not set(product.cultures) - {"matchpreviousmsi", "matchinstalled"}:
                yield Found(element.line, {"product": product.id}, "fixed")


def match_installed_too_early(view: View, situation: Situation) -> Iterator[Outcome]:
    is_download = Role.DOWNLOAD in view.roles(situation) or bool(view.add and view.add.has("DownloadPath"))
    if view.has_match_installed and (is_download or situation.has(Role.FIRST)):
        line = view.add.line if view.add else 0
        yield Found(line, {}, "download" if is_download else "first")


def match_installed_finds_nothing(view: View, situation: Situation) -> Iterator[Outcome]:
    installed = {each.lower() for each in situation.device.products}
    for product in view.products:
        for element in product.languages:
            is_match = element.get("ID").strip().lower() == "matchinstalled"
            if is_match and not element.get("TargetProduct").strip() and product.id.lower() not in installed:
                yield Found(element.line, {"product": product.id})


def late_language(view: View, _situation: Situation) -> Iterator[Outcome]:
    """en-gb, fr-ca and es-mx: not for Visio and Project, and only from 2108 on."""
    for product in view.products:
        for element in product.languages:
            language = tables.languages().get(element.get("ID").strip().lower())
            if language is None or not language.since:
                continue
            if product.family in language.not_for:
                yield Found(element.line, {"value": language.culture, "product": product.id}, "product")
            if tables.build_number(view.version) and tables.is_older(view.version, language.since):
                yield Found(element.line, {"value": language.culture, "version": view.version}, "version")


def no_display_language(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.suites:
        known = [tables.languages().get(culture) for culture in product.cultures]
        if product.cultures and all(each and each.kind != tables.PROFICIENT for each in known):
            yield Found(product.line, {"product": product.id, "value": ", ".join(product.cultures)})


def varying_shell_language(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.suites:
        if product.cultures and product.cultures[0] in MATCHES:
            yield Found(product.languages[0].line, {"value": product.languages[0].get("ID")})


def different_languages(view: View, _situation: Situation) -> Iterator[Outcome]:
    compared = [each for each in view.products if each.family in ("suite", "visio", "project", "app")]
    compared = [each for each in compared if each.languages and "matchinstalled" not in each.cultures]
    if len(compared) < 2:
        return
    families = {each.family for each in compared}
    first = _comparable(compared[0], families)
    for product in compared[1:]:
        if first and _comparable(product, families) != first:
            yield Found(product.line, {"product": product.id, "other": compared[0].id})


def _comparable(product: Listed, families: set[str]) -> frozenset[str]:
    """Its languages without those that a product beside it cannot have."""
    known = tables.languages()
    return frozenset(c for c in product.cultures if not (c in known and known[c].not_for & families))


def wrong_fallback(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        for element in product.languages:
            value = element.get("Fallback").strip()
            language = tables.languages().get(value.lower())
            if value and (language is None or language.kind != tables.PROFICIENT):
                yield Found(element.line, {"value": value})


def mixed_case(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in (*view.products, *view.removed):
        for element in product.languages:
            for value in (element.get("ID").strip(), element.get("Fallback").strip()):
                if value.lower() in tables.languages() and value != value.lower():
                    yield Found(element.line, {"value": value, "right": value.lower()})


def wrong_exclusion(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        for element in product.element.all("ExcludeApp"):
            value = element.get("ID").strip()
            app = tables.apps().get(value.lower())
            if value and (app is None or app.status == "old"):
                yield Found(element.line, {"value": value})
            elif app and app.status == "unconfirmed":
                yield Found(element.line, {"value": value}, "unconfirmed")


def nothing_left(view: View, _situation: Situation) -> Iterator[Outcome]:
    for product in view.suites:
        if product.excluded >= PROGRAMS:
            yield Found(product.line, {"product": product.id})


def one_of_two_clients(view: View, situation: Situation) -> Iterator[Outcome]:
    wanted = {each.lower() for each in situation.wanted}
    for product in view.suites:
        both = product.excluded & {"groove", "onedrive"}
        if both == {"onedrive"} and "groove" not in wanted:
            yield Found(product.line, {"product": product.id}, "groove")
        elif both == {"groove"} and "onedrive" not in wanted:
            yield Found(product.line, {"product": product.id}, "onedrive", INFORMATION)


def comes_back(view: View, _situation: Situation) -> Iterator[Outcome]:
    for app in FOLLOWERS:
        excluded_by = [suite for suite in view.suites if app in suite.excluded]
        for product in view.products if excluded_by else ():
            if product.family in ("visio", "project", "app") and app not in product.excluded and _brings(product, app):
                yield Found(product.line, {"product": product.id, "app": tables.apps()[app].id})


def _brings(product: Listed, app: str) -> bool:
    return app == "onedrive" or product.family in ("visio", "project")


def publisher(view: View, situation: Situation) -> Iterator[Outcome]:
    if situation.today < PUBLISHER_RETIRED:
        return
    for product in view.products:
        has_it = product.is_suite and product.is_subscription and "publisher" not in product.excluded
        if has_it or product.id.lower().startswith("publisher"):
            yield Found(product.line, {"product": product.id})


def new_outlook(view: View, situation: Situation) -> Iterator[Outcome]:
    if "outlookforwindows" in {each.lower() for each in situation.wanted}:
        return
    if any("outlookforwindows" in remark.text.lower() for remark in view.configuration.remarks):
        return
    for product in view.suites:
        if product.is_subscription and "outlookforwindows" not in product.excluded:
            yield Found(product.line, {"product": product.id})


def teams(view: View, situation: Situation) -> Iterator[Outcome]:
    for product in view.suites:
        is_excluded = "teams" in product.excluded
        if situation.cloud == "gcc-high-dod" and product.is_subscription and not is_excluded:
            yield Found(product.line, {"product": product.id}, "government")
        if is_excluded and "noteams" in product.id.lower():
            yield Found(product.line, {"product": product.id}, "redundant")


def bing(view: View, situation: Situation) -> Iterator[Outcome]:
    for product in view.products:
        if "bing" not in product.excluded:
            continue
        released = tables.releases().get(situation.odt)
        if released is None:
            yield Undecided("odt")
        elif released < BING_FIXED:
            yield Found(product.line, {"value": situation.odt})


def exclusions_merge(view: View, situation: Situation) -> Iterator[Outcome]:
    if not any(product.excluded for product in view.products):
        return
    installed = {each.lower() for each in situation.device.languages}
    listed = {culture for product in view.products for culture in product.cultures}
    if installed - listed and not listed & MATCHES:
        line = view.add.line if view.add else 0
        yield Found(line, {"value": ", ".join(sorted(installed - listed))})
    elif situation.has(Role.SECOND) and not installed:
        yield Undecided("inventory")


def no_mail_client(view: View, situation: Situation) -> Iterator[Outcome]:
    for product in view.suites:
        if "outlook" not in product.excluded:
            continue
        if "outlookforwindows" in product.excluded:
            yield Found(product.line, {"product": product.id}, "both")
        elif situation.device.outlook_addins is Known.YES:
            yield Found(product.line, {"product": product.id}, "addins")
        elif situation.device.outlook_addins is Known.UNKNOWN:
            yield Undecided("outlook_addins")


CHECKS: dict[str, Predicate] = {
    "ODT050": unknown_product, "ODT051": other_plan, "ODT052": no_language, "ODT053": two_suites,
    "ODT054": key_without_use, "ODT055": volume_without_key, "ODT056": key_of_another, "ODT057": key_of_another_kind,
    "ODT058": out_of_support, "ODT059": msi_condition, "ODT060": free_onenote,
    "ODT070": unknown_culture, "ODT071": no_fallback, "ODT072": previous_msi, "ODT073": match_installed_too_early,
    "ODT074": match_installed_finds_nothing, "ODT075": late_language, "ODT076": no_display_language,
    "ODT077": varying_shell_language, "ODT078": different_languages, "ODT079": wrong_fallback, "ODT080": mixed_case,
    "ODT090": wrong_exclusion, "ODT091": nothing_left, "ODT092": one_of_two_clients, "ODT093": comes_back,
    "ODT094": publisher, "ODT095": new_outlook, "ODT096": teams, "ODT097": bing, "ODT098": exclusions_merge,
    "ODT099": no_mail_client,
}  # fmt: skip
