"""Known solutions: a local knowledge base of impediments that were resolved, searched by add-in, rule, version and words (S50).

It is the partner's own experience, from cases that ended; nothing of it leaves the installation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from uptake.prove.acceleration.case import Case

WORD = re.compile(r"[a-z0-9][a-z0-9.+#-]{2,}|[\u3040-\u30ff\u4e00-\u9fff]{2,}")
COMMON = frozenset(
    ("and", "the", "for", "with", "that", "this", "from", "was", "were", "are", "has", "have", "not", "customer")
)


@dataclass(frozen=True, slots=True)
class Solution:
    """An impediment that was resolved, and by what."""

    id: str
    impediment: str
    resolution: str
    resolved_on: date
    source: str
    """The engagement or case that it comes from."""
    add_ins: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Ids such as B03."""
    version: str = ""
    """Version or channel of the apps, or of the add-in, where it was seen."""
    branch: str = "technical"


@dataclass(frozen=True, slots=True)
class Match:
    """A solution that may fit, and why."""

    solution: Solution
    score: int
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for."""

    text: str = ""
    add_ins: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    version: str = ""
    branch: str = ""


def learned(case: Case, customer: str, resolution: str, on: date, **known: Any) -> Solution:
    """What a case that was resolved adds to the knowledge base; `known` may name add_ins, rules and version."""
    return Solution(
        id=f"case-{case.id}", impediment=case.evidence, resolution=resolution, resolved_on=on, source=customer,
        branch=case.branch or "technical", **known,
    )  # fmt: skip


def search(question: Question, known: Iterable[Solution], limit: int = 20) -> tuple[Match, ...]:
    """Solutions that share an add-in, a rule or words with the question, the best first, newer before older."""
    words = words_of(question.text)
    found = [match for solution in known if (match := _match(question, words, solution)) is not None]
    found.sort(key=lambda match: (match.score, match.solution.resolved_on), reverse=True)
    return tuple(found[:limit])


def _match(question: Question, words: frozenset[str], solution: Solution) -> Match | None:
    if question.branch and solution.branch != question.branch:
        return None
    add_ins = _shared(question.add_ins, solution.add_ins)
    rules = _shared(question.rules, solution.rules)
    shared = words & words_of(f"{solution.impediment} {solution.resolution} {' '.join(solution.add_ins)}")
    score = 5 * len(add_ins) + 3 * len(rules) + min(4, len(shared))
    if not score or (not add_ins and not rules and len(shared) < 2):
        return None
    why = [f"add-in {name}" for name in add_ins] + [f"rule {name}" for name in rules]
    if question.version and solution.version and question.version.casefold() == solution.version.casefold():
        score += 2
        why.append(f"version {solution.version}")
    if shared:
        why.append(", ".join(sorted(shared)[:6]))
    return Match(solution, score, tuple(why))


def _shared(asked: Iterable[str], known: Iterable[str]) -> list[str]:
    names = {name.casefold().strip(): name for name in known}
    return [names[key] for each in asked if (key := each.casefold().strip()) in names]


def words_of(text: str) -> frozenset[str]:
    """Words that a search compares: three letters or more, two signs or more of Japanese."""
    return frozenset(WORD.findall(text.casefold())) - COMMON
