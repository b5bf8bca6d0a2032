"""The engine without Office: what a rule file may say, and the index against the matcher that asks every clause."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.errors import CatalogueError
from uptake.core.facts import Fact
from uptake.rules.catalogue import digest, load_rules, parse_rule
from uptake.rules.findings import Finding
from uptake.rules.match import RuleIndex, match_slowly
from uptake.rules.model import Rule

MINIMAL: dict[str, Any] = {
    "id": "Z01", "title": "t", "severity": "minimal", "certainty": "likely", "target": "m365-any", "message": "{key} {nothing}",
    "why": "w", "fix": "f", "noise": "n", "sources": [{"what": "s", "date": "2026-11-22"}], "examples": {"bad": ["x"], "good": ["y"]},
    "match": [{"kind": "name", "keys": ["alpha"]}],
}  # fmt: skip


def rule(**changes: Any) -> Rule:
    return parse_rule({**MINIMAL, **changes}, "Z01-test.yaml", "test")


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "awful"}, {"certainty": "maybe"}, {"target": "mars"}, {"match": []}, {"match": [{"kind": "name", "colour": "red"}]},
        {"match": [{"keys": ["a"]}]}, {"unknown": 1}, {"sources": [{"what": "s"}]}, {"match": [{"kind": "name", "pattern": "("}]},
        {"match": [{"kind": "name", "table": "nowhere"}]}, {"message": None},
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_with_its_file_and_field(changes: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError, match="Z01-test.yaml"):
        rule(**changes)


def test_a_rule_in_a_file_of_another_name_is_refused() -> None:
    with pytest.raises(CatalogueError, match="must start with the id"):
        parse_rule(MINIMAL, "Z02-test.yaml", "test")


def test_an_argument_that_is_missing_shows_as_its_name_and_does_not_end_a_scan() -> None:
    assert rule().text("", {"key": "a"}) == "a ‹nothing›"


def test_the_catalogue_has_a_digest_that_stays() -> None:
    assert digest() == digest()
    assert len(digest()) == 16


def test_every_rule_has_a_dated_source() -> None:
    for known in load_rules():
        assert known.sources
        assert all(len(source.date) >= 4 and source.what for source in known.sources), known.id


KINDS = st.sampled_from(["name", "member", "create", "literal", "reference"])
KEYS = st.sampled_from(["alpha", "beta", "alpha.beta", "gamma", ""])
FACTS = st.lists(
    st.builds(
        Fact, KINDS, KEYS, st.just("text"), st.integers(0, 9),
        st.fixed_dictionaries({"qualifier": st.sampled_from(["application", "", "document"])}),
    ),
    max_size=8,
)  # fmt: skip
CLAUSES = st.lists(
    st.fixed_dictionaries(
        {"kind": KINDS},
        optional={
            "keys": st.lists(KEYS.filter(bool), min_size=1, max_size=2),
            "needles": st.lists(st.sampled_from(["al", "ta", "z"]), min_size=1, max_size=2),
            "pattern": st.sampled_from(["^a", "beta$"]),
            "hosts": st.lists(st.sampled_from(["excel", "word"]), min_size=1, max_size=2),
            "where": st.just({"qualifier": ["application", ""]}),
            "unless": st.just({"qualifier": ["document"]}),
        },
    ),
    min_size=1,
    max_size=3,
)


@given(CLAUSES, CLAUSES, FACTS, st.sampled_from(["excel", "word", "access", ""]))
def test_the_index_finds_what_asking_every_clause_finds(
    one: list[Any], two: list[Any], facts: list[Fact], host: str
) -> None:
    rules = [rule(match=one), parse_rule({**MINIMAL, "id": "Z02", "match": two}, "Z02-test.yaml", "test")]
    fast = [(fact, hit.rule) for fact, hit in RuleIndex(rules).match(facts, host)]
    slow = [(fact, hit.rule) for fact, hit in match_slowly(rules, facts, host)]
    assert fast == slow


def test_a_fingerprint_survives_a_moved_line_and_not_a_changed_statement() -> None:
    def finding(line: int, statement: str) -> Finding:
        known = load_rules()[0]
        return Finding(
            known.id, known.severity, known.certainty, known.target, "m", module="M", line=line, statement=statement
        )

    assert finding(1, "Declare  Sub A").fingerprint() == finding(9, "declare sub a").fingerprint()
    assert finding(1, "Declare Sub A").fingerprint() != finding(1, "Declare Sub B").fingerprint()
