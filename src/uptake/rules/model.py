"""Rule: what is looked for, how bad it is, why, and what to do, as read from one YAML file of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from uptake.core.facts import Fact
from uptake.core.severity import Certainty, Severity, Target


@dataclass(frozen=True, slots=True)
class Clause:
    """One alternative of a rule's match: a fact of `kind` whose key is in `keys`, or holds a needle, or fits the pattern.

    With neither, every fact of the kind matches. All the other conditions must hold as well.
    """

    kind: str
    keys: frozenset[str] = frozenset()
    needles: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    hosts: frozenset[str] = frozenset()
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Attribute name → accepted values, compared in lower case."""
    unless: Mapping[str, frozenset[str]] = field(default_factory=dict)
    text: re.Pattern[str] | None = None
    """What the evidence as written, for source the whole statement, must hold as well."""
    excluded: frozenset[str] = frozenset()
    """Keys that a table knows: the clause holds for all the others."""
    severity: Severity | None = None
    certainty: Certainty | None = None
    row: Mapping[str, str] = field(default_factory=dict)
    """The table row that this clause was made from; its columns can stand in the message."""

    def accepts(self, fact: Fact, host: str) -> bool:
        """Whether the fact fits; kind and key are looked at too, so that this is the whole truth."""
        if fact.kind != self.kind or (self.keys and fact.key not in self.keys) or fact.key in self.excluded:
            return False
        if self.hosts and host and host not in self.hosts:
            return False
        if self.needles and not any(needle in fact.key for needle in self.needles):
            return False
        if self.pattern and not self.pattern.search(fact.key):
            return False
        if self.text and not self.text.search(fact.text):
            return False
        return self._accepts_attributes(fact.attributes)

    def _accepts_attributes(self, attributes: Mapping[str, Any]) -> bool:
        for name, values in self.where.items():
            if str(attributes.get(name, "")).lower() not in values:
                return False
        return not any(str(attributes.get(name, "")).lower() in values for name, values in self.unless.items())


@dataclass(frozen=True, slots=True)
class Source:
    """Where a claim about Office comes from, and of which date."""

    what: str
    date: str


@dataclass(frozen=True, slots=True)
class Example:
    """Something that the rule must find (`bad`) or stay silent on (`good`); every one is a test and stands on the rule's page."""

    text: str
    """VBA source, or empty when `facts` is given."""
    facts: tuple[Fact, ...] = ()
    host: str = "excel"
    target: Target = Target.M365_64
    lines: tuple[int, ...] = ()
    """Of a bad example: the lines that must be named; empty: any."""
    proposal: str = ""
    """Of a bad example: text that the proposal must contain."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue."""

    id: str
    title: str
    group: str
    severity: Severity
    certainty: Certainty
    target: Target
    message: str
    why: str
    fix: str
    noise: str
    sources: tuple[Source, ...]
    clauses: tuple[Clause, ...] = ()
    predicate: str = ""
    messages: Mapping[str, str] = field(default_factory=dict)
    """Message of a named variant, where one sentence does not fit all that a predicate finds."""
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    since: str = ""
    once: bool = False
    """Reported once for each module, however often it stands there."""

    def text(self, variant: str, arguments: Mapping[str, Any]) -> str:
        """The message with its arguments filled in; an argument that is missing shows as its name."""
        return self.messages.get(variant, self.message).format_map(_Shown(arguments)).strip()


class _Shown(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"‹{key}›"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds at a place; what a clause or a predicate gives back, before it becomes a Finding."""

    rule: str
    line: int = 0
    statement: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""
    severity: Severity | None = None
    certainty: Certainty | None = None
    proposal: str | None = None
