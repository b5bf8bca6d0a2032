"""A configuration against all checks of the catalogue: findings, and what could not be decided, with what would decide it.

The same engine ideas as the readiness rules: facts and clauses where a row is enough, a small function where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from uptake.core.text import visible
from uptake.deploy.odt.catalogue import SEVERITIES, UNREADABLE, Check, load_checks, prose
from uptake.deploy.odt.checks.model import Found, Undecided
from uptake.deploy.odt.phrases import said
from uptake.deploy.odt.reading import Configuration, Unreadable, read
from uptake.deploy.odt.secrets import redacted
from uptake.deploy.odt.situation import Neighbour, Situation, with_remarks
from uptake.deploy.odt.view import View, facts_of

WRONG_ROOT = "ODT002"
LONGEST = 200
"""Characters of an argument in a message: names and values are a stranger's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that holds at a line; 0 where it is about the whole file. Secrets are masked in it."""

    rule: str
    severity: str
    line: int
    message: str
    fix: str
    variant: str = ""
    arguments: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The contract of `uptake odt lint --format json`."""
        return {
            "rule": self.rule, "severity": self.severity, "line": self.line, "message": self.message, "fix": self.fix,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Open:
    """A check that could not be decided, and what would decide it."""

    rule: str
    needs: str
    message: str


@dataclass(frozen=True, slots=True)
class Lint:
    """The result for one file."""

    findings: tuple[Finding, ...]
    undecided: tuple[Open, ...] = ()

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(finding.rule for finding in self.findings)


def lint(content: bytes, situation: Situation, lang: str = "en") -> Lint:
    """Everything that is wrong with a file in a situation. Never raises for what stands in the file."""
    configuration = read(content)
    if isinstance(configuration, Unreadable):
        return Lint((_unreadable(configuration, lang),))
    return lint_configuration(configuration, situation, lang)


def lint_configuration(configuration: Configuration, situation: Situation, lang: str = "en") -> Lint:
    """As `lint`, for a configuration that was read."""
    view = View(configuration)
    known = with_remarks(situation, (remark.text for remark in configuration.remarks))
    findings: list[Finding] = []
    undecided: dict[tuple[str, str], Open] = {}
    checks = load_checks()
    chosen = [checks[WRONG_ROOT]] if configuration.root.name != "Configuration" else checks.values()
    for check in chosen:
        for outcome in _outcomes(check, view, known):
            if isinstance(outcome, Found):
                findings.append(_finding(check, outcome, lang))
            else:
                undecided.setdefault((check.id, outcome.needs), _open(check, outcome, lang))
    findings.sort(key=lambda each: (each.line, each.rule, each.message))
    return Lint(tuple(dict.fromkeys(findings)), tuple(undecided.values()))


def neighbour_of(name: str, content: bytes) -> Neighbour | None:
    """What other files of a run need to know of this one."""
    configuration = read(content)
    if isinstance(configuration, Unreadable):
        return None
    view = View(configuration)
    path = view.updates.get("UpdatePath") if view.updates else ""
    return Neighbour(name, view.root.get("ID"), path, view.channel("Updates") or view.channel())


def _outcomes(check: Check, view: View, situation: Situation) -> Iterator[Found | Undecided]:
    if check.predicate:
        yield from check.predicate(view, situation)
    if check.clauses:
        for fact in facts_of(view):
            clause = next((each for each in check.clauses if each.accepts(fact, "")), None)
            if clause:
                yield Found(fact.line, {"name": fact.text, **clause.row, **fact.attributes})


def _shown(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {key: visible(" ".join(redacted(str(value)).split()))[:LONGEST] for key, value in arguments.items()}


def _finding(check: Check, found: Found, lang: str) -> Finding:
    arguments = _shown(found.arguments)
    text = prose(check, lang)
    message = text.messages.get(found.variant, text.message).format_map(_Missing(arguments))
    severity = found.severity or check.severity
    return Finding(check.id, severity, found.line, message, text.fix, found.variant, tuple(arguments.items()))


def _unreadable(problem: Unreadable, lang: str) -> Finding:
    found = Found(problem.line, {"reason": problem.reason}, problem.variant)
    return _finding(load_checks()[UNREADABLE], found, lang)


def _open(check: Check, outcome: Undecided, lang: str) -> Open:
    needed = said("needs." + outcome.needs, lang)
    title = prose(check, lang).title
    return Open(check.id, outcome.needs, said("undecided", lang, title=title, needed=needed))


class _Missing(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"‹{key}›"


def at_least(findings: Iterable[Finding], severity: str) -> tuple[Finding, ...]:
    """The findings of a severity and worse."""
    least = SEVERITIES.index(severity)
    return tuple(each for each in findings if SEVERITIES.index(each.severity) >= least)
