"""What a configuration does on a device, in sentences: installed, removed, from where, how updated, what the user sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from uptake.core.text import visible
from uptake.deploy.odt import tables
from uptake.deploy.odt.linting import at_least, lint_configuration
from uptake.deploy.odt.phrases import said
from uptake.deploy.odt.reading import Configuration, Element, Unreadable, read
from uptake.deploy.odt.secrets import redact
from uptake.deploy.odt.situation import Role, Situation
from uptake.deploy.odt.view import MATCHES, Listed, View

Sentence = tuple[str, str]
"""Section and sentence."""
SECTIONS = ("install", "remove", "source", "update", "user", "licence", "settings", "surprise")


@dataclass(frozen=True, slots=True)
class Part:
    """One heading with its sentences."""

    section: str
    title: str
    sentences: tuple[str, ...]


def explain(content: bytes, situation: Situation, lang: str = "en") -> tuple[Part, ...]:
    """The file in sentences by section. Never raises for what stands in the file; secrets are masked."""
    found = read(content)
    if isinstance(found, Unreadable):
        sentence = said("explain.unreadable", lang, reason=visible(found.reason))
        return (Part("surprise", said("explain.section.surprise", lang), (sentence,)),)
    return explain_configuration(found, situation, lang)


def explain_configuration(configuration: Configuration, situation: Situation, lang: str = "en") -> tuple[Part, ...]:
    """As `explain`, for a configuration that was read."""
    teller = _Teller(View(redact(configuration)), situation, lang)
    told = [*teller.tell(), *_surprises(configuration, situation, lang)]
    parts = []
    for section in SECTIONS:
        sentences = tuple(dict.fromkeys(sentence for where, sentence in told if where == section))
        if sentences:
            parts.append(Part(section, said(f"explain.section.{section}", lang), sentences))
    return tuple(parts)


def _surprises(configuration: Configuration, situation: Situation, lang: str) -> Iterator[Sentence]:
    result = lint_configuration(configuration, situation, lang)
    for finding in at_least(result.findings, "info"):
        yield "surprise", f"{finding.rule}: {finding.message}"
    if not result.findings:
        yield "surprise", said("explain.nothing", lang)


@dataclass(frozen=True)
class _Teller:
    """Walks over one file; every method yields sentences with their section."""

    view: View
    situation: Situation
    lang: str

    @cached_property
    def is_second(self) -> bool:
        return Role.SECOND in self.view.roles(self.situation)

    def say(self, section: str, key: str, **arguments: object) -> Sentence:
        shown = {name: visible(" ".join(str(value).split()))[:200] for name, value in arguments.items()}
        return section, said(f"explain.{key}", self.lang, **shown)

    def tell(self) -> Iterator[Sentence]:
        yield from self.products()
        yield from self.whole_file()
        yield from self.removals()
        yield from self.sources()
        yield from self.updates()
        yield from self.what_the_user_sees()
        yield from self.licences()
        yield from self.settings()

    def edition(self) -> str:
        if self.view.edition:
            return said("explain.bits", self.lang, bits=visible(self.view.edition))
        key = "bits.installed" if self.is_second else "bits.default"
        return said(f"explain.{key}", self.lang)

    def channel(self, written: str) -> str:
        known = tables.channel_of(written)
        if known:
            return f"{known.name} ({known.value})"
        key = "channel.installed" if self.is_second else "channel.default"
        return visible(written) or said(f"explain.{key}", self.lang)

    def products(self) -> Iterator[Sentence]:
        for number, product in enumerate(self.view.products):
            name = product.known.name if product.known else said("explain.unknown_product", self.lang)
            arguments = {
                "name": name,
                "id": product.id,
                "edition": self.edition(),
                "channel": self.channel(self.view.channel()),
            }
            yield self.say("install", "product", **arguments)
            if number == 0 and len(self.view.products) > 1:
                yield self.say("install", "first_product", id=product.id)
            yield from self.of_product(product)
        version = self.view.version
        if version.lower() == "matchinstalled":
            yield self.say("install", "version.installed")
        elif version:
            yield self.say("install", "version", version=version)
        elif self.view.products:
            yield self.say("install", "version.newest")

    def of_product(self, product: Listed) -> Iterator[Sentence]:
        cultures = ", ".join(map(self.language, product.languages))
        if cultures:
            yield self.say("install", "languages", id=product.id, languages=cultures)
        if product.excluded:
            apps = (tables.apps().get(each) for each in sorted(product.excluded))
            names = ", ".join(
                app.name if app else each for app, each in zip(apps, sorted(product.excluded), strict=True)
            )
            yield self.say("install", "excluded", id=product.id, apps=names)
        if product.element.get("MSICondition").strip():
            yield self.say("install", "condition", id=product.id, value=product.element.get("MSICondition"))
        if product.key:
            yield self.say("licence", "key", id=product.id)

    def language(self, element: Element) -> str:
        value = element.get("ID").strip()
        known = tables.languages().get(value.lower())
        if known:
            kind = "" if known.kind == tables.PROFICIENT else said(f"explain.language.{known.kind}", self.lang)
            return f"{known.name} ({known.culture}){kind}"
        if value.lower() not in MATCHES:
            return visible(value) or "?"
        text = said(f"explain.language.{value.lower()}", self.lang, target=visible(element.get("TargetProduct")) or "-")
        fallback = element.get("Fallback").strip()
        return text + (said("explain.language.fallback", self.lang, culture=visible(fallback)) if fallback else "")

    def whole_file(self) -> Iterator[Sentence]:
        if self.view.add and self.view.migrates:
            yield self.say("install", "migrate", edition=self.edition())
        if self.view.only_customizes:
            yield self.say("install", "customize")
        elif self.view.only_switches and self.view.channel("Updates"):
            yield self.say("install", "switch", channel=self.channel(self.view.channel("Updates")))
        elif not self.view.products and not self.view.removes and not self.view.migrates:
            yield self.say("install", "no_product")

    def removals(self) -> Iterator[Sentence]:
        for remove in self.view.removes:
            if self.view.is_set(remove, "All"):
                yield self.say("remove", "remove.all")
        for product in self.view.removed:
            name = product.known.name if product.known else product.id
            if product.cultures:
                yield self.say("remove", "remove.languages", name=name, languages=", ".join(product.cultures))
            else:
                yield self.say("remove", "remove.product", name=name)
        if self.view.remove_msi is not None:
            kept = ", ".join(each.get("ID") for each in self.view.remove_msi.all("IgnoreProduct"))
            yield self.say("remove", "remove.msi.kept", kept=kept) if kept else self.say("remove", "remove.msi")
        if not self.view.removes and self.view.remove_msi is None and self.view.suites:
            yield self.say("remove", "remove.nothing")

    def sources(self) -> Iterator[Sentence]:
        add = self.view.add
        if add is None or not (self.view.products or self.view.migrates):
            return
        if self.view.source:
            key = "source.path.cdn" if self.view.is_set(add, "AllowCdnFallback") else "source.path"
            yield self.say("source", key, path=self.view.source)
        else:
            yield self.say("source", "source.cdn")
        if add.get("DownloadPath").strip():
            yield self.say("source", "source.download", path=add.get("DownloadPath"))

    def updates(self) -> Iterator[Sentence]:
        updates = self.view.updates
        if updates is not None and updates.get("Enabled").strip().lower() == "false":
            yield self.say("update", "update.off")
        elif self.view.is_set(self.view.add, "OfficeMgmtCOM"):
            yield self.say("update", "update.configmgr")
        elif updates is not None and updates.get("UpdatePath").strip():
            yield self.say("update", "update.path", path=updates.get("UpdatePath"))
        elif self.view.products or updates is not None:
            yield self.say("update", "update.cdn")
        if updates is None:
            return
        if self.view.channel("Updates"):
            yield self.say("update", "update.channel", channel=self.channel(self.view.channel("Updates")))
        if updates.get("TargetVersion").strip():
            yield self.say("update", "update.target", version=updates.get("TargetVersion"))
        if updates.get("Deadline").strip():
            yield self.say("update", "update.deadline", deadline=updates.get("Deadline"))

    def what_the_user_sees(self) -> Iterator[Sentence]:
        if not (self.view.adds or self.view.removes):
            return
        yield self.say("user", "user.none" if self.view.level == "none" else "user.full")
        if not self.view.is_set(self.view.display, "AcceptEULA") and self.view.products:
            yield self.say("user", "user.terms")
        yield self.say("user", "user.closed" if self.view.closes_apps else "user.open")
        if self.view.remove_msi is not None:
            yield self.say("user", "user.restart")

    def licences(self) -> Iterator[Sentence]:
        if self.view.is_shared:
            yield self.say("licence", "licence.shared")
        elif self.view.property_value("DeviceBasedLicensing") == "1":
            yield self.say("licence", "licence.device")
        elif any(product.is_subscription for product in self.view.products):
            yield self.say("licence", "licence.user")

    def settings(self) -> Iterator[Sentence]:
        for settings in self.view.root.all("AppSettings"):
            for setup in settings.all("Setup"):
                yield self.say("settings", "company", name=setup.get("Value"))
        if self.view.users:
            yield self.say("settings", "preferences", count=len(self.view.users))
