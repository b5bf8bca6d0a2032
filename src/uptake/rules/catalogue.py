"""Reading the rules of the catalogue: YAML → Rule, with an error that names file, field and what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from uptake import catalogue
from uptake.core.errors import CatalogueError
from uptake.core.facts import Fact
from uptake.core.severity import Certainty, Severity, Target
from uptake.rules.model import Clause, Example, Rule, Source

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
REQUIRED = ("id", "title", "severity", "certainty", "target", "message", "why", "fix", "noise", "sources", "examples")
KNOWN = frozenset((*REQUIRED, "match", "predicate", "messages", "since", "once"))
CLAUSE_FIELDS = frozenset(
    (
        "kind",
        "keys",
        "needles",
        "pattern",
        "hosts",
        "where",
        "unless",
        "severity",
        "certainty",
        "table",
        "key",
        "unless_table",
        "text",
    )
)


@lru_cache(maxsize=4)
def load_rules() -> tuple[Rule, ...]:
    """Every rule of the shipped catalogue, in the order of their ids."""
    rules = [_rule(path, group) for group, path in _rule_files()]
    _refuse_duplicates(rules)
    return tuple(sorted(rules, key=lambda rule: rule.id))


def rules_by_id() -> dict[str, Rule]:
    return {rule.id: rule for rule in load_rules()}


@lru_cache(maxsize=1)
def digest() -> str:
    """A digest of everything that a finding depends on: the catalogue's bytes. Part of every cache key."""
    total = sha256()
    for folder in ("rules", "tables"):
        for path in sorted(_files(catalogue.folder(folder)), key=str):
            total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def _files(folder: Traversable) -> Iterator[Traversable]:
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files(path)
        elif path.name.endswith((".yaml", ".csv", ".tsv")):
            yield path


def _rule_files() -> Iterator[tuple[str, Traversable]]:
    for group in catalogue.folder("rules").iterdir():
        if group.is_dir():
            for path in group.iterdir():
                if path.name.endswith(".yaml"):
                    yield group.name, path


def _refuse_duplicates(rules: list[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise CatalogueError(f"rule {rule.id} stands in two files")
        seen.add(rule.id)


def _rule(path: Traversable, group: str) -> Rule:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path.name}: not YAML: {error}") from error
    return parse_rule(data, path.name, group)


def parse_rule(data: Any, name: str, group: str) -> Rule:
    """One rule from its YAML mapping; `name` is the file's, for messages."""
    if not isinstance(data, dict):
        raise CatalogueError(f"{name}: a rule is a mapping")
    missing = [key for key in REQUIRED if key not in data]
    if missing or set(data) - KNOWN:
        raise CatalogueError(f"{name}: missing {missing}, unknown {sorted(set(data) - KNOWN)}")
    if not name.startswith(data["id"]):
        raise CatalogueError(f"{name}: the file's name must start with the id {data['id']}")
    try:
        return _build(data, group)
    except (KeyError, ValueError, TypeError, AttributeError, OSError, re.error) as error:
        raise CatalogueError(f"{name}: {type(error).__name__}: {error}") from error


def _build(data: Mapping[str, Any], group: str) -> Rule:
    clauses: list[Clause] = []
    for clause in data.get("match", ()):
        clauses.extend(_clauses(clause, data["id"]))
    if not clauses and not data.get("predicate"):
        raise ValueError("neither match nor predicate")
    examples = data["examples"]
    return Rule(
        id=data["id"], title=data["title"], group=group, severity=Severity.from_id(data["severity"]),
        certainty=Certainty(data["certainty"]), target=Target(data["target"]), message=data["message"].strip(),
        messages={k: v.strip() for k, v in data.get("messages", {}).items()}, why=data["why"].strip(), fix=data["fix"].strip(),
        noise=data["noise"].strip(), sources=tuple(Source(s["what"], str(s["date"])) for s in data["sources"]),
        clauses=tuple(clauses), predicate=data.get("predicate", ""), since=str(data.get("since", "")), once=bool(data.get("once")),
        bad=tuple(map(_example, examples.get("bad", ()))), good=tuple(map(_example, examples.get("good", ()))),
    )  # fmt: skip


def parse_clauses(data: Mapping[str, Any], rule: str) -> tuple[Clause, ...]:
    """Clauses of one entry of `match`, for catalogues of other kinds of checks. Raises ValueError for unknown fields."""
    return tuple(_clauses(data, rule))


def _words(value: Any) -> frozenset[str]:
    items = value if isinstance(value, list) else [value]
    return frozenset(str(item).lower() for item in items)


def _clauses(data: Mapping[str, Any], rule: str) -> Iterator[Clause]:
    """One clause, or one for each row of a table that names this rule in its `rule` column."""
    if set(data) - CLAUSE_FIELDS:
        raise ValueError(f"unknown in match: {sorted(set(data) - CLAUSE_FIELDS)}")
    if "table" not in data:
        yield _clause(data, _words(data["keys"]) if "keys" in data else frozenset(), {})
        return
    column = data.get("key", "key")
    for row in catalogue.read_table(data["table"]):
        if rule in row["rule"].split() and row[column]:
            yield _clause({**data, **_overrides(row)}, _words(row[column].split("|")), row)


def _column(table: str, column: str) -> frozenset[str]:
    return frozenset(key.lower() for row in catalogue.read_table(table) for key in row[column].split("|") if key)


def _overrides(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: row[name] for name in ("severity", "certainty") if row.get(name)}
    if row.get("hosts"):
        found["hosts"] = row["hosts"].split()
    if row.get("qualifiers"):
        found["where"] = {"qualifier": row["qualifiers"].split()}
    return found


def _clause(data: Mapping[str, Any], keys: frozenset[str], row: Mapping[str, str]) -> Clause:
    return Clause(
        kind=data["kind"],
        keys=keys,
        needles=tuple(str(n).lower() for n in data.get("needles", ())),
        pattern=re.compile(data["pattern"]) if "pattern" in data else None,
        text=re.compile(data["text"]) if "text" in data else None,
        hosts=_words(data["hosts"]) if "hosts" in data else frozenset(),
        where={k: _words(v) for k, v in data.get("where", {}).items()},
        unless={k: _words(v) for k, v in data.get("unless", {}).items()},
        excluded=_column(data["unless_table"], data.get("key", "key")) if "unless_table" in data else frozenset(),
        severity=Severity.from_id(data["severity"]) if "severity" in data else None,
        certainty=Certainty(data["certainty"]) if "certainty" in data else None,
        row=row,
    )


def _example(data: Any) -> Example:
    if isinstance(data, str):
        return Example(text=data)
    facts = tuple(
        Fact(f["kind"], str(f["key"]).lower(), str(f.get("text", f["key"])), 0, f.get("attributes", {}))
        for f in data.get("facts", ())
    )
    return Example(
        text=data.get("source", ""),
        facts=facts,
        host=data.get("host", "excel"),
        target=Target(data.get("target", "m365-64")),
        lines=tuple(data.get("lines", ())),
        proposal=data.get("proposal", ""),
    )
