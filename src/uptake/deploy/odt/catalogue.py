"""The checks of configuration.xml as the catalogue has them: one YAML file each, with the Japanese of the mirror tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

import yaml

from uptake import catalogue
from uptake.core.errors import CatalogueError
from uptake.deploy.odt.checks import add, behaviour, document, products, settings
from uptake.deploy.odt.checks.model import ERROR, INFORMATION, WARNING, Predicate
from uptake.rules.catalogue import Loader, parse_clauses
from uptake.rules.model import Clause, Source

SEVERITIES = (INFORMATION, WARNING, ERROR)
REQUIRED = ("id", "title", "severity", "message", "why", "fix", "sources", "examples")
KNOWN = frozenset((*REQUIRED, "messages", "match", "safe_fix", "needs"))
PROSE = ("title", "message", "why", "fix")
PREDICATES: Mapping[str, Predicate] = {
    **document.CHECKS, **add.CHECKS, **products.CHECKS, **behaviour.CHECKS, **settings.CHECKS,
}  # fmt: skip
UNREADABLE = "ODT001"
"""Decided by the reader: the file is no XML that we open."""


@dataclass(frozen=True, slots=True)
class Example:
    """A configuration, or what stands in one, with what is known around it."""

    xml: str
    situation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        whole = self.xml if self.xml.lstrip().startswith(("<?", "<Configuration", "!")) else _wrapped(self.xml)
        return whole.removeprefix("!").encode()


def _wrapped(xml: str) -> str:
    return f"<Configuration>\n{xml}\n</Configuration>"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the catalogue."""

    id: str
    title: str
    severity: str
    message: str
    why: str
    fix: str
    sources: tuple[Source, ...]
    messages: Mapping[str, str] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()
    predicate: Predicate | None = None
    safe_fix: str = ""
    """Name of the repair that leaves a device as it would be; empty where a person must decide."""
    needs: tuple[str, ...] = ()
    """What it may ask for beyond the file."""
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Prose:
    """What a check says to a reader in one language."""

    title: str
    message: str
    why: str
    fix: str
    messages: Mapping[str, str] = field(default_factory=dict)
    is_stale: bool = False


@lru_cache(maxsize=1)
def load_checks() -> Mapping[str, Check]:
    """Id → check, in the order of the ids; raises `CatalogueError` with the file's name."""
    found = {}
    for path in catalogue.folder("odt").iterdir():
        if path.name.endswith(".yaml") and path.name.startswith("ODT"):
            check = _check(yaml.load(path.read_text(encoding="utf-8"), Loader=Loader), path.name)  # noqa: S506 - a safe loader
            found[check.id] = check
    return {key: found[key] for key in sorted(found)}


def _check(data: Any, name: str) -> Check:
    if not isinstance(data, dict) or [key for key in REQUIRED if key not in data] or set(data) - KNOWN:
        raise CatalogueError(f"{name}: missing or unknown fields; required: {', '.join(REQUIRED)}")
    if not name.startswith(data["id"]) or data["severity"] not in SEVERITIES:
        raise CatalogueError(
            f"{name}: the name must start with the id, and the severity be one of {', '.join(SEVERITIES)}"
        )
    clauses = tuple(clause for each in data.get("match", ()) for clause in parse_clauses(each, data["id"]))
    predicate = PREDICATES.get(data["id"])
    if not clauses and predicate is None and data["id"] != UNREADABLE:
        raise CatalogueError(f"{name}: neither a match nor a function looks for it")
    return Check(
        id=data["id"], title=data["title"].strip(), severity=data["severity"], message=data["message"].strip(),
        why=data["why"].strip(), fix=data["fix"].strip(), sources=tuple(Source(s["what"], str(s["date"])) for s in data["sources"]),
        messages={key: text.strip() for key, text in data.get("messages", {}).items()}, clauses=clauses, predicate=predicate,
        safe_fix=data.get("safe_fix", ""), needs=tuple(data.get("needs", ())),
        bad=tuple(map(_example, data["examples"]["bad"])), good=tuple(map(_example, data["examples"]["good"])),
    )  # fmt: skip


def _example(data: Any) -> Example:
    return Example(data) if isinstance(data, str) else Example(data["xml"], data.get("situation", {}))


def prose_digest(check: Check) -> str:
    """Digest of a check's English prose; a translation names the one that it was made from."""
    parts = [getattr(check, name) for name in PROSE] + [f"{k}={v}" for k, v in sorted(check.messages.items())]
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def translations(lang: str) -> Mapping[str, Prose]:
    """Id → prose in a language other than English, as far as the mirror tree has it."""
    found: dict[str, Prose] = {}
    for data in _documents(lang):
        check = load_checks().get(data.get("id", ""))
        if check and all(data.get(name) for name in PROSE):
            texts = {name: str(data[name]).strip() for name in PROSE}
            messages = {key: str(text).strip() for key, text in data.get("messages", {}).items()}
            found[check.id] = Prose(**texts, messages=messages, is_stale=data.get("of") != prose_digest(check))
    return found


def _documents(lang: str) -> Iterator[dict[str, Any]]:
    root = catalogue.folder(lang, "odt")
    if root.is_dir():
        for path in root.iterdir():
            if path.name.startswith("ODT") and path.name.endswith(".yaml"):
                yield yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506 - a safe loader


def prose(check: Check, lang: str = "en") -> Prose:
    """A check's prose in a language, English where there is none."""
    found = translations(lang).get(check.id) if lang != "en" else None
    return found or Prose(check.title, check.message, check.why, check.fix, check.messages)
