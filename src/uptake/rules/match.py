"""Facts → hits: an index from (kind, key) to the few clauses that may hold, and beside it the slow matcher that asks them all.

Tests hold the two equal; see capa's RuleSet for the idea.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from uptake.core.facts import Fact
from uptake.rules.model import Clause, Hit, Rule


@dataclass(frozen=True)
class Vocabulary:
    """What the rules ask about, so that extraction can pass over all the rest."""

    words: frozenset[str]
    """Lower-case identifiers asked for as names or members."""
    types: frozenset[str]
    """Lower-case type names asked for, and `library.` prefixes."""
    needles: tuple[str, ...]
    """Lower-case pieces of string literals."""

    @cached_property
    def asked(self) -> frozenset[str]:
        """All words that make a line worth looking at."""
        return self.words | {"createobject", "getobject"}

    @cached_property
    def type_words(self) -> frozenset[str]:
        """The first part of each type name: a library is rarer in code than a class."""
        return frozenset(name.partition(".")[0] for name in self.types)


class RuleIndex:
    """Rules prepared for matching."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = {rule.id: rule for rule in rules}
        self._by_key: dict[tuple[str, str], list[tuple[Rule, Clause]]] = {}
        self._by_kind: dict[str, list[tuple[Rule, Clause]]] = {}
        for rule in rules:
            for clause in rule.clauses:
                self._add(rule, clause)
        self._vocabularies: dict[str, Vocabulary] = {}

    @property
    def vocabulary(self) -> Vocabulary:
        """What the rules ask about in a file of any host."""
        return self.vocabulary_for("")

    def vocabulary_for(self, host: str) -> Vocabulary:
        """What the rules ask about in a file of one host; less than all, which is what makes the gate narrow."""
        found = self._vocabularies.get(host)
        if found is None:
            found = self._vocabularies[host] = _vocabulary(self.rules.values(), host)
        return found

    def _add(self, rule: Rule, clause: Clause) -> None:
        if clause.keys:
            for key in clause.keys:
                self._by_key.setdefault((clause.kind, key), []).append((rule, clause))
        else:
            self._by_kind.setdefault(clause.kind, []).append((rule, clause))

    def match(self, facts: Iterable[Fact], host: str) -> Iterator[tuple[Fact, Hit]]:
        """Every rule that holds for a fact, once for each fact; the first clause that holds speaks."""
        for fact in facts:
            candidates = self._by_key.get((fact.kind, fact.key), ())
            wide = self._by_kind.get(fact.kind, ())
            if candidates or wide:
                yield from _hits(fact, host, [*candidates, *wide])


def match_slowly(rules: Sequence[Rule], facts: Iterable[Fact], host: str) -> Iterator[tuple[Fact, Hit]]:
    """The reference: every clause of every rule against every fact."""
    for fact in facts:
        keyed = [(r, c) for r in rules for c in r.clauses if c.keys]
        wide = [(r, c) for r in rules for c in r.clauses if not c.keys]
        yield from _hits(fact, host, keyed + wide)


def _hits(fact: Fact, host: str, candidates: Sequence[tuple[Rule, Clause]]) -> Iterator[tuple[Fact, Hit]]:
    seen: set[str] = set()
    for rule, clause in candidates:
        if rule.id not in seen and clause.accepts(fact, host):
            seen.add(rule.id)
            yield fact, _hit(rule, clause, fact)


def _hit(rule: Rule, clause: Clause, fact: Fact) -> Hit:
    plain = {k: v for k, v in fact.attributes.items() if isinstance(v, str | int)}
    arguments = {"key": fact.key, "text": fact.text, **plain, **clause.row}
    return Hit(rule.id, fact.line, fact.text, arguments, "", clause.severity, clause.certainty)


def _vocabulary(rules: Iterable[Rule], host: str) -> Vocabulary:
    words: set[str] = set()
    types: set[str] = set()
    needles: set[str] = set()
    for rule in rules:
        for clause in rule.clauses:
            if clause.hosts and host and host not in clause.hosts:
                continue
            if clause.kind in ("name", "member"):
                words |= clause.keys
            elif clause.kind == "type":
                types |= clause.keys
            elif clause.kind == "literal":
                needles.update(clause.needles)
    return Vocabulary(frozenset(words), frozenset(types), tuple(sorted(needles)))
