"""Decisions → configuration.xml, always the same for the same decisions, with the decision behind every setting (S36, S37)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from uptake.deploy.odt import tables
from uptake.deploy.odt.comparing import Change, compare, subject_name
from uptake.deploy.odt.decisions import Decisions, WrongDecisionError, topics
from uptake.deploy.odt.linting import Lint, lint_configuration
from uptake.deploy.odt.meaning import Meaning, meaning
from uptake.deploy.odt.phrases import said
from uptake.deploy.odt.reading import Attribute, Configuration, Element, Remark, Unreadable, read
from uptake.deploy.odt.situation import Known, Role, Situation, remark_of
from uptake.deploy.odt.view import MATCHES, View
from uptake.deploy.odt.writing import canonical
from uptake.guide.engagement import Decision

DOCUMENTED = ("Groove", "OneDrive", "OutlookForWindows")
"""Apps whose staying in is a decision that the file should show."""
ROLES = {"configmgr": Role.CM, "intune": Role.INTUNE}
YES_NO = {"yes": Known.YES, "no": Known.NO}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the built file with the decision behind it; None where it is a default that nobody decided."""

    subject: str
    value: str
    topic: str
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Where an existing file departs from the decisions."""

    change: Change
    topic: str
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Package:
    """A built configuration with everything that a person must see before it is used."""

    content: bytes
    settings: tuple[Setting, ...]
    lint: Lint
    differences: tuple[Difference, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Topics that were decided and are no part of the file, such as a deadline in days, which only policy knows."""


def build_package(decisions: Decisions, today: date, existing: bytes | None = None, lang: str = "en") -> Package:
    """The package for the decisions, checked, and compared with an existing file.

    Raises `WrongDecisionError` where decisions contradict each other so that no file can say both.
    """
    configuration = configuration_of(decisions)
    mine = meaning(configuration)
    situation = situation_of_decisions(decisions, today)
    return Package(
        content=canonical(configuration),
        settings=tuple(_settings(mine, decisions)),
        lint=lint_configuration(configuration, situation, lang),
        differences=_differences(mine, existing, decisions, lang),
        elsewhere=tuple(key for key in decisions.made if not topics()[key].subjects),
    )


def situation_of_decisions(decisions: Decisions, today: date) -> Situation:
    """What the decisions say around the file."""
    tool = ROLES.get(decisions.choice("delivery-tool"))
    known = {
        "notice": YES_NO.get(decisions.choice("user-notice"), Known.UNKNOWN),
        "closes_apps": YES_NO.get(decisions.choice("apps-closed-by-tool"), Known.UNKNOWN),
        "attended": YES_NO[decisions.choice("attended-devices")],
        "vdi": YES_NO[decisions.choice("virtual-desktops")],
    }
    wanted: tuple[str, ...] = ()
    if "excluded-apps" in decisions.made:
        wanted = tuple(app for app in DOCUMENTED if app not in decisions.words("excluded-apps"))
    roles = frozenset((Role.FIRST, tool)) if tool else frozenset((Role.FIRST,))
    return replace(Situation(today=today), roles=roles, wanted=wanted, **known)  # type: ignore[arg-type]


def configuration_of(decisions: Decisions) -> Configuration:
    """The file as a tree. The first product is the suite; exclusions are repeated in every product, so that nothing comes back."""
    _refuse_contradictions(decisions)
    children: list[Element | Remark] = []
    remark = remark_of(situation_of_decisions(decisions, date.min))
    if decisions.choice("description"):
        children.append(_element("Info", Description=decisions.choice("description")))
    if remark:
        children.append(Remark("comment", remark))
    children += [_add(decisions), *_removal(decisions), _updates(decisions), *_properties(decisions)]
    if decisions.choice("company-name"):
        setup = _element("Setup", Name="Company", Value=decisions.choice("company-name"))
        children.append(replace(_element("AppSettings"), children=(setup,)))
    accepts = "TRUE" if decisions.is_yes("licence-terms") else "FALSE"
    children.append(_element("Display", Level=decisions.choice("display-level"), AcceptEULA=accepts))
    return Configuration(Element("Configuration", children=tuple(children)))


def _element(name: str, **attributes: str) -> Element:
    return Element(name, tuple(Attribute(key, value) for key, value in attributes.items() if value))


def _refuse_contradictions(decisions: Decisions) -> None:
    product = tables.products()[decisions.choice("product").lower()]
    channel = tables.channels()[channel_for(decisions).lower()]
    cultures, is_shared = decisions.words("languages"), decisions.is_yes("shared-computer")
    lacks_source = _wants(decisions, "installation-source") and not decisions.choice("source-path")
    lacks_path = _wants(decisions, "update-source") and not decisions.choice("update-path")
    own = bool(product.channel) and channel.value != product.channel
    problems = {
        "product: a suite is expected": not product.is_suite,
        f"channel: {product.id} installs from {product.channel} only": own,
        f"channel: {product.id} does not exist on {channel.value}": product.is_subscription
        and channel.kind == "perpetual",
        "source-path: it is missing for a local share": lacks_source,
        "update-path: it is missing for a local share": lacks_path,
        "languages: none": not cultures,
        "languages: MatchPreviousMSI needs msi-removal": "MatchPreviousMSI" in cultures
        and not decisions.is_yes("msi-removal"),
        "device-licences: not together with shared-computer": decisions.is_yes("device-licences") and is_shared,
        "licence-cache: only with shared-computer": bool(decisions.choice("licence-cache")) and not is_shared,
    }
    wrong = [problem for problem, holds in problems.items() if holds]
    if wrong:
        raise WrongDecisionError("; ".join(wrong))


def _wants(decisions: Decisions, topic: str) -> bool:
    return decisions.choice(topic) == "local-share"


def channel_for(decisions: Decisions) -> str:
    """The decided channel; a volume suite has one of its own where nobody decided."""
    product = tables.products()[decisions.choice("product").lower()]
    return product.channel if product.channel and "channel" not in decisions.made else decisions.choice("channel")


def _add(decisions: Decisions) -> Element:
    source = decisions.choice("source-path") if _wants(decisions, "installation-source") else ""
    add = _element(
        "Add", SourcePath=source, Version=decisions.choice("version"), OfficeClientEdition=decisions.choice("architecture"),
        Channel=channel_for(decisions), AllowCdnFallback="TRUE" if source and decisions.is_yes("languages-from-internet") else "",
        MigrateArch="TRUE" if decisions.is_yes("migrate-architecture") else "",
        OfficeMgmtCOM="TRUE" if decisions.choice("update-source") == "configmgr" else "",
    )  # fmt: skip
    ids = dict.fromkeys((decisions.choice("product"), *decisions.words("additional-products")))
    products = [_product(tables.products()[each.lower()], decisions) for each in ids]
    proofing = decisions.words("proofing-languages")
    if proofing:
        languages = tuple(_element("Language", ID=culture) for culture in proofing)
        products.append(replace(_element("Product", ID="ProofingTools"), children=languages))
    return replace(add, children=tuple(products))


def _product(product: tables.Product, decisions: Decisions) -> Element:
    key = next((key for key, owner in tables.gvlks().items() if owner == product.id), "") if product.is_volume else ""
    fallback = decisions.choice("fallback-language")
    languages = [
        _element("Language", ID=culture, Fallback=fallback if culture == "MatchOS" else "")
        for culture in cultures_for(product, decisions.words("languages"), fallback)
    ]
    excluded = [] if product.family in ("runtime", "addition") else sorted(decisions.words("excluded-apps"))
    if "noteams" in product.id.lower():
        excluded = [app for app in excluded if app != "Teams"]
    exclusions = [_element("ExcludeApp", ID=app) for app in excluded]
    return replace(_element("Product", ID=product.id, PIDKEY=key), children=(*languages, *exclusions))


def cultures_for(product: tables.Product, cultures: tuple[str, ...], fallback: str) -> tuple[str, ...]:
    """The languages that a product can have; one that it lacks altogether gets the fallback."""
    known = tables.languages()
    kept = tuple(each for each in cultures if each.lower() in MATCHES or product.family not in known[each].not_for)
    return kept or (fallback,)


def _removal(decisions: Decisions) -> Iterator[Element]:
    if decisions.is_yes("msi-removal"):
        kept = tuple(_element("IgnoreProduct", ID=each) for each in sorted(decisions.words("msi-kept")))
        yield replace(_element("RemoveMSI"), children=kept)


def _updates(decisions: Decisions) -> Element:
    source = decisions.choice("update-source")
    path = decisions.choice("update-path") if source == "local-share" else ""
    return _element(
        "Updates", Enabled="FALSE" if source == "off" else "TRUE", UpdatePath=path, Channel=channel_for(decisions)
    )


def _properties(decisions: Decisions) -> Iterator[Element]:
    cache = decisions.choice("licence-cache")
    values = {
        "FORCEAPPSHUTDOWN": "TRUE" if decisions.is_yes("force-app-shutdown") else "FALSE",
        "SharedComputerLicensing": "1" if decisions.is_yes("shared-computer") else "0",
        "DeviceBasedLicensing": "1" if decisions.is_yes("device-licences") else "0",
        "SCLCacheOverride": "1" if cache else "0",
        "SCLCacheOverrideDirectory": cache,
    }
    for name, value in values.items():
        if value:
            yield _element("Property", Name=name, Value=value)


def topic_of(subject: str) -> str:
    """The topic that a subject of the comparison belongs to; empty where no decision makes it."""
    head, _, rest = subject.partition(".")
    names = [subject, f"product.{rest.rpartition('.')[2]}" if head == "product" else "", head]
    if head == "product" and rest.startswith("proofingtools"):
        return "proofing-languages"
    for name in filter(None, names):
        for topic in topics().values():
            if name in topic.subjects:
                return topic.id
    return ""


def _settings(mine: Meaning, decisions: Decisions) -> Iterator[Setting]:
    for subject, value in mine.items():
        topic = topic_of(subject)
        yield Setting(subject, value, topic, decisions.made.get(topic))


def _differences(mine: Meaning, existing: bytes | None, decisions: Decisions, lang: str) -> tuple[Difference, ...]:
    if existing is None:
        return ()
    found = read(existing)
    if isinstance(found, Unreadable):
        raise WrongDecisionError(f"the existing file cannot be read as XML: {found.reason}")
    changes = compare(mine, meaning(found), lang)
    topics_of = {change.subject: topic_of(change.subject) for change in changes}
    return tuple(
        Difference(change, topics_of[change.subject], decisions.made.get(topics_of[change.subject]))
        for change in changes
    )


def read_back(configuration: Configuration) -> Mapping[str, str]:
    """Topic → choice, as far as a file of ours says it: the way back from `configuration_of`."""
    view = View(configuration)
    suite = view.suites[0] if view.suites else None
    others = [each.id for each in view.products if not each.is_suite and each.id != "ProofingTools"]
    proofing = next((each.cultures for each in view.products if each.id == "ProofingTools"), ())
    languages = [element.get("ID") for element in suite.languages] if suite else []
    is_off = bool(view.updates and view.updates.get("Enabled") == "FALSE")
    path = view.updates.get("UpdatePath") if view.updates else ""
    managed = view.is_set(view.add, "OfficeMgmtCOM")
    source = "off" if is_off else "configmgr" if managed else "local-share" if path else "cdn"
    kept = [each.get("ID") for each in view.remove_msi.all("IgnoreProduct")] if view.remove_msi else []
    found = {
        "product": suite.id if suite else "", "additional-products": " ".join(others), "architecture": view.edition,
        "channel": view.channel(), "version": view.version, "languages": " ".join(languages),
        "proofing-languages": " ".join(proofing), "source-path": view.source,
        "excluded-apps": " ".join(each.get("ID") for each in suite.element.all("ExcludeApp")) if suite else "",
        "migrate-architecture": "yes" if view.migrates else "no", "msi-removal": "yes" if view.remove_msi else "no",
        "msi-kept": " ".join(kept), "update-source": source,
        "update-path": path, "shared-computer": "yes" if view.is_shared else "no",
        "device-licences": "yes" if view.property_value("DeviceBasedLicensing") == "1" else "no",
        "display-level": view.display.get("Level") if view.display else "Full",
        "licence-terms": "yes" if view.is_set(view.display, "AcceptEULA") else "no",
        "force-app-shutdown": "yes" if view.closes_apps else "no",
        "company-name": next((e.get("Value") for s in view.root.all("AppSettings") for e in s.all("Setup")), ""),
        "description": next((each.get("Description") for each in view.root.all("Info")), ""),
        "licence-cache": next((e.get("Value") for e in view.properties if e.get("Name") == "SCLCacheOverrideDirectory"), ""),
    }  # fmt: skip
    return {topic: choice for topic, choice in found.items() if choice}


def report(package: Package, lang: str = "en") -> tuple[str, ...]:
    """The package in sentences: each setting with decision, date and decider, then what an existing file says otherwise."""
    lines = [_line(setting, lang) for setting in package.settings]
    lines += [said("build.elsewhere", lang, topic=topic) for topic in package.elsewhere]
    for each in package.differences:
        lines.append(
            said("build.difference", lang, what=each.change.sentence, by=_behind(each.decision, each.topic, lang))
        )
    lines += [f"{finding.severity} {finding.rule}: {finding.message}" for finding in package.lint.findings]
    return tuple(lines)


def _line(setting: Setting, lang: str) -> str:
    what = subject_name(setting.subject, lang)
    return said(
        "build.setting", lang, what=what, value=setting.value, by=_behind(setting.decision, setting.topic, lang)
    )


def _behind(decision: Decision | None, topic: str, lang: str) -> str:
    if decision is None:
        return said("build.default" if topic else "build.nobody", lang, topic=topic)
    on = said("build.no_date", lang) if decision.on == date.min else decision.on.isoformat()
    who = decision.decider or said("build.no_decider", lang)
    reason = f" ({decision.reason})" if decision.reason else ""
    return said("build.decided", lang, topic=topic, on=on, who=who) + reason
