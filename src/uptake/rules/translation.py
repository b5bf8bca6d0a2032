"""Rules in the reader's language: the mirror tree `catalogue/ja` holds prose only; what it lacks falls back to English."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from string import Formatter
from typing import Any

import yaml

from uptake import catalogue
from uptake.rules.catalogue import Loader, load_rules
from uptake.rules.model import Rule

LANGUAGES = ("en", "ja")
COMPOSED = frozenset(("positions", "narrow", "variables"))
"""Arguments that predicates put together from names and a few English words."""
SENTENCES = {"B16": ("narrow",), "P01": ("text",), "P06": ("text",), "P11": ("key", "text"), "P12": ("text",)}
"""Rule → arguments that are sentences or words of our own, most of them why something could not be read."""
VARIABLE = {"number": r"-?\d[\d.e+]*", "all": r"\d+", "name": "'.*'|\".*\""}
"""What a name in braces stands for in a reason; names that are not here for any text."""
NESTED = 6
"""Sentences within a sentence, and places at which one may begin; file names can hold as many colons as they like."""
PROSE = ("title", "message", "why", "fix", "noise")


@dataclass(frozen=True, slots=True)
class Prose:
    """What a rule says to a reader, in one language."""

    title: str
    message: str
    why: str
    fix: str
    noise: str
    messages: Mapping[str, str] = field(default_factory=dict)
    is_stale: bool = False
    """The English has changed since the translation was made."""


def prose_digest(rule: Rule) -> str:
    """Digest of a rule's English prose; a translation names the one that it was made from."""
    parts = [getattr(rule, name) for name in PROSE] + [f"{k}={v}" for k, v in sorted(rule.messages.items())]
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def translations(lang: str) -> Mapping[str, Prose]:
    """Rule id → prose in a language other than English, as far as the mirror tree has it."""
    found: dict[str, Prose] = {}
    rules = {rule.id: rule for rule in load_rules()}
    for data in _documents(lang):
        rule = rules.get(data.get("id", ""))
        if rule and all(data.get(name) for name in PROSE):
            texts = {name: str(data[name]).strip() for name in PROSE}
            messages = {k: str(v).strip() for k, v in data.get("messages", {}).items()}
            found[rule.id] = Prose(**texts, messages=messages, is_stale=data.get("of") != prose_digest(rule))
    return found


def _documents(lang: str) -> Iterator[dict[str, Any]]:
    root = catalogue.folder(lang, "rules")
    if not root.is_dir():
        return
    for group in root.iterdir():
        if group.is_dir():
            for path in group.iterdir():
                if path.name.endswith(".yaml"):
                    yield yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506 - a safe loader


def prose(rule: Rule, lang: str) -> Prose:
    """A rule's prose in a language, English where there is none."""
    found = translations(lang).get(rule.id) if lang != "en" else None
    return found or Prose(rule.title, rule.message, rule.why, rule.fix, rule.noise, rule.messages)


@lru_cache(maxsize=4)
def phrases(lang: str) -> Mapping[str, str]:
    """English phrase of the tables → its translation, for what messages take from a table's row."""
    return dict(_pairs(lang, "phrases.csv"))


@lru_cache(maxsize=4)
def fragments(lang: str) -> tuple[tuple[str, str], ...]:
    """Pieces of composed arguments, in the order in which they are replaced."""
    return _pairs(lang, "fragments.csv")


def _pairs(lang: str, name: str) -> tuple[tuple[str, str], ...]:
    """English and other text of each line of a file of the mirror tree."""
    path = catalogue.folder(lang, name)
    if lang == "en" or not path.is_file():
        return ()
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return tuple((row["en"], row[lang]) for row in csv.DictReader(io.StringIO("\n".join(lines))))


@lru_cache(maxsize=4)
def reasons(lang: str) -> Mapping[str, str]:
    """English sentence of the readers → its translation, with names in braces where the sentence varies."""
    return dict(_pairs(lang, "reasons.csv"))


@lru_cache(maxsize=4)
def _patterns(lang: str) -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    """Pattern of each varying sentence, its translation, and whether another sentence follows behind it."""
    varying = [(english, other) for english, other in reasons(lang).items() if "{" in english]
    return tuple(
        (_pattern(english.removesuffix(": {reason}")), other, "{reason}" in english) for english, other in varying
    )


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = [
        re.escape(text) + (f"(?P<{name}>{VARIABLE.get(name, '.+')})" if name else "")
        for text, name, _, _ in Formatter().parse(sentence)
    ]
    return re.compile("".join(pieces), re.DOTALL)


def reason_in(lang: str, reason: str) -> str:
    """Why a file, or a part of one, could not be read, in another language; a sentence that is not known stays as it is."""
    return (_known(lang, reason, NESTED) if lang != "en" else None) or reason


@lru_cache(maxsize=4096)
def _known(lang: str, text: str, depth: int) -> str | None:
    """The translation of a sentence; names in it stay, a sentence behind a colon is translated with it."""
    whole = reasons(lang).get(text) if "{" not in text else None
    if whole or not depth:
        return whole
    for pattern, other, is_followed in _patterns(lang):
        for head, rest in _heads(text) if is_followed else ((text, ""),):
            found = pattern.fullmatch(head)
            inner = _known(lang, rest, depth - 1) if found and rest else ""
            if found and inner is not None:
                return other.format_map({**found.groupdict(), "reason": inner})
    return None


def _heads(text: str) -> Iterator[tuple[str, str]]:
    """The first ways to divide a text at a colon."""
    parts = text.split(": ", NESTED)
    for count in range(1, len(parts)):
        yield ": ".join(parts[:count]), ": ".join(parts[count:])


def rule_texts(lang: str) -> dict[str, dict[str, Any]]:
    """What reports show of each rule, in the report's language."""
    shown = {}
    for rule in load_rules():
        text = prose(rule, lang)
        shown[rule.id] = {
            "id": rule.id,
            "title": text.title,
            "why": text.why,
            "fix": text.fix,
            "noise": text.noise,
            "group": rule.group,
            "severity": rule.severity.id,
            "certainty": rule.certainty.value,
            "target": rule.target.value,
            "sources": [{"what": source.what, "date": source.date} for source in rule.sources],
        }
    return shown


def message_in(lang: str, finding: Mapping[str, Any]) -> str:
    """A finding's message made again in another language from its arguments; English where that cannot be."""
    text = translations(lang).get(str(finding.get("rule")))
    if text is None:
        return str(finding["message"])
    known = phrases(lang)
    arguments = {k: known.get(str(v), v) for k, v in dict(finding.get("arguments", {})).items()}
    for name in SENTENCES.get(str(finding.get("rule")), ()):
        arguments[name] = reason_in(lang, str(arguments.get(name, "")))
    for name in COMPOSED & arguments.keys():
        for english, other in fragments(lang):
            arguments[name] = str(arguments[name]).replace(english, other)
    try:
        return text.messages.get(str(finding.get("variant")), text.message).format_map(_Missing(arguments))
    except (KeyError, ValueError, IndexError):
        return str(finding["message"])


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"‹{key}›"
