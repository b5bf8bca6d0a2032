"""Decisions of a workshop as values from which a package is built: read from YAML, checked topic by topic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from uptake import catalogue
from uptake.core.errors import UptakeError
from uptake.deploy.odt import secrets, tables
from uptake.deploy.odt.view import MATCHES
from uptake.guide.engagement import Decision
from uptake.guide.reading import Record, build, read_yaml

SEPARATED = re.compile(r"[\s,;]+")
LONGEST = 400
YES = frozenset(("yes", "true", "on"))
NO = frozenset(("no", "false"))


class WrongDecisionError(UptakeError):
    """A decision that no configuration can express."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What can be decided, and what counts while nobody has."""

    id: str
    kind: str
    choices: tuple[str, ...]
    default: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    """A decision as a file has it; who decided can be missing, and is then missing in the report."""

    topic: str
    choice: str
    reason: str = ""
    decider: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions of one package, one a topic, their choices in normal form."""

    package: str
    made: Mapping[str, Decision]

    def choice(self, topic: str) -> str:
        made = self.made.get(topic)
        return made.choice if made else topics()[topic].default

    def words(self, topic: str) -> tuple[str, ...]:
        return tuple(self.choice(topic).split())

    def is_yes(self, topic: str) -> bool:
        return self.choice(topic) == "yes"


@lru_cache(maxsize=1)
def topics() -> Mapping[str, Topic]:
    return {
        row["topic"]: Topic(
            row["topic"], row["kind"], tuple(row["choices"].split()), row["default"], tuple(row["subjects"].split())
        )
        for row in catalogue.read_table("odt_topics")
    }


def read_decisions(text: str, name: str = "decisions.yaml") -> Decisions:
    """Decisions from YAML: `package: NAME` and `decisions:` with topic, choice, reason, decider, on. Raises `UptakeError`."""
    content, problems = read_yaml(text, name)
    package = ""
    if isinstance(content, Record):
        package, content = str(content.values.get("package", "")), content.values.get("decisions")
    if problems or not isinstance(content, list) or not content:
        raise UptakeError(
            "; ".join(map(str, problems)) or f"{name}: expected a list of decisions",
            hint="decisions: [{topic: channel, choice: MonthlyEnterprise, decider: …, on: 2026-01-31, reason: …}]",
        )
    written = []
    for item in content:
        if not isinstance(item, Record):
            raise UptakeError(f"{name}: a decision is a mapping with topic and choice")
        found, wrong = build(_Written, _with_words(item))
        if found is None:
            raise UptakeError("; ".join(map(str, wrong)))
        written.append(Decision(found.topic, found.choice, found.reason, found.decider, _day(found.on, name)))
    return decided(written, package)


def _day(text: str, name: str) -> date:
    """The day of a decision; `date.min` stands for none."""
    try:
        return date.fromisoformat(text) if text else date.min
    except ValueError:
        raise UptakeError(f"{name}: on: expected a date such as 2026-01-31") from None


def _with_words(record: Record) -> Record:
    """YAML reads `no` as false and lists as lists; a choice is a text."""
    value = record.values.get("choice")
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, list):
        value = " ".join(str(each) for each in value)
    return replace(record, values={**record.values, "choice": "" if value is None else value})


def decided(decisions: Iterable[Decision], package: str = "") -> Decisions:
    """Decisions as an engagement has them, the last of each topic; topics that no package knows stay outside.

    Raises `WrongDecisionError` for a topic that is not known or a choice that its kind cannot have.
    """
    made: dict[str, Decision] = {}
    for each in decisions:
        topic = topics().get(each.topic)
        if topic is None:
            raise WrongDecisionError(f"no topic {each.topic!r}", hint=f"known: {', '.join(topics())}")
        choice = _normal(topic, each.choice.strip())
        made[topic.id] = replace(each, choice=choice)
    return Decisions(package, made)


def _normal(topic: Topic, choice: str) -> str:
    if len(choice) > LONGEST or secrets.redacted(choice) != choice:
        raise WrongDecisionError(
            f"{topic.id}: the choice is too long or holds a secret", hint="Keys are added at deployment."
        )
    if not choice:
        return ""
    if topic.kind in ("text", "path"):
        return " ".join(choice.split())
    words = [word for word in SEPARATED.split(choice) if word]
    return " ".join(_known(topic, words))


def _known(topic: Topic, words: Sequence[str]) -> list[str]:
    """The words in the spelling of the tables, each once."""
    if topic.kind in ("product", "choice", "channel", "version", "culture", "days", "yesno") and len(words) != 1:
        raise WrongDecisionError(f"{topic.id}: one choice is expected, found {' '.join(words)[:80]}")
    found = [_spelled(topic, word) for word in words]
    wrong = [word for word, known in zip(words, found, strict=True) if not known]
    if wrong:
        hint = f"known: {' '.join(topic.choices)}" if topic.choices else ""
        raise WrongDecisionError(f"{topic.id}: not known: {', '.join(wrong)[:120]}", hint=hint)
    return list(dict.fromkeys(found))


def _spelled(topic: Topic, word: str) -> str:
    key = word.lower()
    if topic.kind == "yesno":
        return "yes" if key in YES else "no" if key in NO else ""
    if topic.kind in ("product", "products"):
        return tables.products()[key].id if key in tables.products() else ""
    if topic.kind == "apps":
        return tables.apps()[key].id if key in tables.apps() and tables.apps()[key].status == "current" else ""
    if topic.kind == "channel":
        channel = tables.channel_of(word)
        return channel.value if channel else ""
    return _spelled_value(topic, word)


def _spelled_value(topic: Topic, word: str) -> str:
    key = word.lower()
    if topic.kind == "languages":
        matched = {"matchos": "MatchOS", "matchpreviousmsi": "MatchPreviousMSI"}.get(key, "")
        return key if key in tables.languages() else matched if key in MATCHES else ""
    if topic.kind == "culture":
        return key if key in tables.languages() and tables.languages()[key].kind == tables.PROFICIENT else ""
    if topic.kind == "version":
        return word if tables.build_number(word) else ""
    if topic.kind == "days":
        return word if re.fullmatch(r"\d{1,3}", word) else ""
    if topic.kind == "msi":
        rows = {row["id"].lower(): row["id"] for row in catalogue.read_table("odt_msi_ids")}
        return rows.get(key, "")
    return next((choice for choice in topic.choices if choice.lower() == key), "")
