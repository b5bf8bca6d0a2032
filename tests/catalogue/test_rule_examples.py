"""Every example of every rule is a test: the bad ones are found where they say, the good ones are passed over in silence."""

from __future__ import annotations

import pytest

from uptake.assess.analysis import Analyser
from uptake.assess.extraction.model import Module, VbaProject
from uptake.core.facts import Fact
from uptake.core.severity import Target
from uptake.rules.catalogue import load_rules
from uptake.rules.match import match_slowly
from uptake.rules.model import Example, Hit, Rule

ANALYSERS = {target: Analyser(target) for target in (Target.M365_64, Target.M365_32, Target.MIXED, Target.LEGACY)}


def hits(rule: Rule, example: Example) -> list[Hit]:
    analyser = ANALYSERS[example.target]
    if example.facts:
        return [hit for _, hit in analyser.index.match(example.facts, example.host) if hit.rule == rule.id]
    project = VbaProject("test", modules=[Module("Module1", "standard", example.text)])
    return [hit for _, hit in analyser.module_hits(project, example.host) if hit.rule == rule.id]


EXAMPLES = [
    pytest.param(rule, example, kind, id=f"{rule.id}-{kind}-{number}")
    for rule in load_rules()
    for kind, examples in (("bad", rule.bad), ("good", rule.good))
    for number, example in enumerate(examples, 1)
]


@pytest.mark.parametrize(("rule", "example", "kind"), EXAMPLES)
def test_the_examples_of_a_rule_are_true(rule: Rule, example: Example, kind: str) -> None:
    found = hits(rule, example)
    if kind == "good":
        assert found == []
        return
    assert found, "nothing was found"
    if example.lines:
        assert sorted({hit.line for hit in found}) == list(example.lines)
    if example.proposal:
        assert any(example.proposal in (hit.proposal or "") for hit in found), [hit.proposal for hit in found]
    for hit in found:
        assert "‹" not in rule.text(hit.variant, hit.arguments), "the message misses an argument"


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_every_rule_has_an_example_of_both_kinds(rule: Rule) -> None:
    assert rule.bad
    assert rule.good


@pytest.mark.parametrize("rule", [r for r in load_rules() if r.clauses], ids=lambda rule: rule.id)
def test_the_indexed_matcher_agrees_with_the_slow_one(rule: Rule) -> None:
    facts: list[Fact] = [fact for example in (*rule.bad, *rule.good) for fact in example.facts]
    rules = list(ANALYSERS[Target.MIXED].rules.values())
    fast = [(fact, hit.rule) for fact, hit in ANALYSERS[Target.MIXED].index.match(facts, "excel")]
    slow = [(fact, hit.rule) for fact, hit in match_slowly(rules, facts, "excel")]
    assert sorted(map(repr, fast)) == sorted(map(repr, slow))
