"""How two configurations differ in what they do: by subject, with what the difference leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from uptake.core.errors import UptakeError
from uptake.core.text import visible
from uptake.deploy.odt.meaning import Meaning, meaning
from uptake.deploy.odt.phrases import phrases, said
from uptake.deploy.odt.reading import Unreadable, read


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; an empty side means that this file says nothing."""

    subject: str
    before: str
    after: str
    sentence: str
    effect: str = ""

    @property
    def kind(self) -> str:
        return "added" if not self.before else "removed" if not self.after else "changed"

    def as_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject, "kind": self.kind, "before": self.before, "after": self.after,
            "sentence": self.sentence, "effect": self.effect,
        }  # fmt: skip


def diff(before: bytes, after: bytes, lang: str = "en", names: tuple[str, str] = ("A", "B")) -> tuple[Change, ...]:
    """Differences in meaning, in the order of the subjects. Raises `UptakeError` for a file that cannot be read."""
    return compare(_meaning(before, names[0]), _meaning(after, names[1]), lang)


def _meaning(content: bytes, name: str) -> Meaning:
    found = read(content)
    if isinstance(found, Unreadable):
        raise UptakeError(f"{name} cannot be read as XML: {found.reason}", hint="`uptake odt lint` names the line.")
    return meaning(found)


def compare(before: Meaning, after: Meaning, lang: str = "en") -> tuple[Change, ...]:
    """As `diff`, for meanings."""
    subjects = list(dict.fromkeys((*before, *after)))
    return tuple(
        _change(subject, before.get(subject, ""), after.get(subject, ""), lang)
        for subject in subjects
        if before.get(subject, "") != after.get(subject, "")
    )


def _change(subject: str, before: str, after: str, lang: str) -> Change:
    kind = "added" if not before else "removed" if not after else "changed"
    what = subject_name(subject, lang)
    sentence = said(f"diff.{kind}", lang, what=what, before=visible(before), after=visible(after))
    return Change(subject, before, after, sentence, _effect(subject, before, after, lang))


def subject_name(subject: str, lang: str = "en") -> str:
    """What a subject is called."""
    head, _, rest = subject.partition(".")
    whole = f"subject.{subject}"
    if whole in phrases(lang):
        return said(whole, lang)
    if head == "product":
        product, _, what = rest.rpartition(".")
        return said(f"subject.product.{what}", lang, product=visible(product))
    return said(f"subject.{head}", lang, name=visible(rest))


def _effect(subject: str, before: str, after: str, lang: str) -> str:
    """What follows on devices that have the first file's installation."""
    key = ""
    if subject.endswith(".languages") and before and after:
        key = "effect.first_language" if before.split(",")[0].split()[0] != after.split(",")[0].split()[0] else ""
    elif subject.endswith(".excluded"):
        key = "effect.excluded"
    elif before and after:
        key = {"edition": "effect.edition", "channel": "effect.channel", "products": "effect.products"}.get(subject, "")
    elif subject in ("remove_msi", "remove.all", "property.FORCEAPPSHUTDOWN", "updates") and after:
        key = f"effect.{subject}"
    return said(key, lang) if key else ""
