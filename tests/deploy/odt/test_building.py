"""Decisions become a clean file and come back from it; faults are found; schema and checks agree; comparison goes by meaning."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from valid import DAY, FAULTS, SENSE, valid_decisions

from strangers import files, needed
from uptake import catalogue
from uptake.core.errors import UptakeError
from uptake.deploy.odt.building import build_package, configuration_of, read_back, report
from uptake.deploy.odt.comparing import compare, diff
from uptake.deploy.odt.decisions import decided, read_decisions, topics
from uptake.deploy.odt.explaining import SECTIONS, explain
from uptake.deploy.odt.linting import lint
from uptake.deploy.odt.meaning import meaning
from uptake.deploy.odt.reading import Configuration, Element, read
from uptake.deploy.odt.schema import is_accepted, relax_ng
from uptake.deploy.odt.situation import Situation
from uptake.deploy.odt.writing import canonical
from uptake.guide.elements import DecisionTopic
from uptake.guide.engagement import Decision
from uptake.guide.playbook import load_playbook

MANY = int(os.environ.get("UPTAKE_EXAMPLES", "300"))
NOW = Situation(today=DAY)
FILES = files("odt-corpus/licensed", "*.xml")
often = settings(
    max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
INFORMED = {"ODT077"}
"""Said of what was decided: MatchOS first cannot come out of these decisions, so nothing is left out."""


def configuration(content: bytes) -> Configuration:
    found = read(content)
    assert isinstance(found, Configuration), found
    return found


@often
@given(valid_decisions())
def test_valid_decisions_become_a_clean_file_that_reads_back_to_them(decisions: list[Decision]) -> None:
    made = decided(decisions)
    package = build_package(made, DAY)
    assert package.lint.findings == ()
    assert lint(package.content, NOW).findings == ()
    back = read_back(configuration(package.content))
    for topic, choice in back.items():
        wanted = made.choice(topic)
        if topic == "excluded-apps":
            assert sorted(choice.split()) == sorted(wanted.split())
        elif topic == "additional-products":
            assert choice.split() == list(dict.fromkeys(wanted.split()))
        elif topic == "msi-kept":
            assert sorted(choice.split()) == sorted(wanted.split())
        else:
            assert choice == wanted, topic
    silent = {topic for topic, decision in made.made.items() if topic not in back and decision.choice}
    assert silent <= set(package.elsewhere) | {"fallback-language", "installation-source", "languages-from-internet"}


@often
@given(valid_decisions())
def test_the_same_decisions_make_the_same_bytes_in_any_order_and_the_schema_accepts_them(
    decisions: list[Decision],
) -> None:
    content = build_package(decided(decisions), DAY).content
    assert content == build_package(decided(reversed(decisions)), DAY).content
    assert is_accepted(configuration(content))


@often
@given(valid_decisions(), st.sampled_from(sorted(FAULTS)))
def test_a_fault_of_form_is_found_by_the_checks_and_by_the_schema(decisions: list[Decision], fault: str) -> None:
    whole = configuration_of(decided(decisions))
    broken = FAULTS[fault](whole, None)
    assert not is_accepted(broken), fault
    before = lint(canonical(whole, hides_secrets=False), NOW)
    after = lint(canonical(broken, hides_secrets=False), NOW)
    assert after.rules - before.rules, fault


@often
@given(valid_decisions(), st.sampled_from(sorted(SENSE)))
def test_a_fault_of_sense_is_found_or_listed_as_undecided(decisions: list[Decision], fault: str) -> None:
    whole = configuration_of(decided(decisions))
    broken = SENSE[fault](whole, None)
    before = lint(canonical(whole, hides_secrets=False), NOW)
    after = lint(canonical(broken, hides_secrets=False), NOW)
    undecided = {each.rule for each in after.undecided} - {each.rule for each in before.undecided}
    assert (after.rules - before.rules) or undecided, fault


@often
@given(valid_decisions(), valid_decisions())
def test_two_files_are_equal_in_meaning_exactly_when_nothing_differs(
    one: list[Decision], other: list[Decision]
) -> None:
    a, b = (build_package(decided(each), DAY).content for each in (one, other))
    assert diff(a, a) == ()
    assert (diff(a, b) == ()) == (meaning(configuration(a)) == meaning(configuration(b)))
    assert {change.subject for change in diff(a, b)} == {change.subject for change in diff(b, a)}


def test_layout_case_and_defaults_do_not_count_and_order_of_languages_does() -> None:
    a = b'<Configuration><Add Channel="Monthly"><Product ID="o365proplusretail"><Language ID="en-US"/><Language ID="ja-jp"/><ExcludeApp ID="Lync"/><ExcludeApp ID="Access"/></Product></Add><Display Level="Full"/><Updates Enabled="true"/></Configuration>'
    b = b'<Configuration><!-- x --><Updates/>\n<Add Channel="Current"><Product ID="O365ProPlusRetail"><ExcludeApp ID="Access"/><ExcludeApp ID="Lync"/><Language ID="en-us"/><Language ID="ja-jp"/></Product></Add></Configuration>'
    assert diff(a, b) == ()
    c = b.replace(b'<Language ID="en-us"/><Language ID="ja-jp"/>', b'<Language ID="ja-jp"/><Language ID="en-us"/>')
    [change] = diff(b, c, "ja")
    assert change.subject == "product.o365proplusretail.languages"
    assert change.effect.startswith("ショートカット")


def test_a_difference_never_shows_a_secret() -> None:
    keys = ["AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "QWERT-ASDFG-ZXCVB-POIUY-LKJHG"]
    texts = [
        f'<Configuration><Add><Product ID="ProPlus2024Volume" PIDKEY="{key}"/></Add></Configuration>' for key in keys
    ]
    shown = repr(diff(texts[0].encode(), b"<Configuration/>")) + repr(explain(texts[1].encode(), NOW))
    assert not any(key in shown for key in keys)


def test_the_report_names_the_decision_behind_each_setting_and_each_difference() -> None:
    text = "package: P\ndecisions:\n- {topic: channel, choice: Current, decider: A. Ito, on: 2026-11-10, reason: early}\n- {topic: user-notice, choice: yes}\n"
    existing = b'<Configuration><Add Channel="MonthlyEnterprise"/></Configuration>'
    package = build_package(read_decisions(text), DAY, existing)
    channel = next(each for each in package.settings if each.subject == "channel")
    assert (channel.topic, channel.decision.decider if channel.decision else "") == ("channel", "A. Ito")
    changed = next(each for each in package.differences if each.change.subject == "channel")
    assert changed.decision is channel.decision
    assert any("A. Ito" in line and "2026-11-10" in line for line in report(package))
    assert package.elsewhere == ("user-notice",)
    assert all("‹" not in line for lang in ("en", "ja") for line in report(package, lang))


@pytest.mark.parametrize(
    "text",
    [
        "", "- 1", "decisions: []", "decisions: [{topic: colour, choice: red}]", "decisions: [{topic: channel, choice: Fast}]",
        "decisions: [{topic: channel, choice: Current, on: soon}]", "decisions: [{topic: languages, choice: xx-yy}]",
        "decisions: [{topic: installation-source, choice: local-share}]", "decisions: [{topic: product, choice: VisioProRetail}]",
        "decisions: [{topic: channel, choice: PerpetualVL2024}]", "decisions: [{topic: product, choice: ProPlus2024Volume}, {topic: channel, choice: Current}]",
        "decisions: [{topic: company-name, choice: AAAAA-BBBBB-CCCCC-DDDDD-EEEEE}]", "decisions: [{topic: [a], choice: b}]", "a: &a [*a]",
        "decisions: [{topic: shared-computer, choice: yes}, {topic: device-licences, choice: yes}]",
    ],
    ids=range(15),
)  # fmt: skip
def test_decisions_that_no_file_can_express_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UptakeError):
        build_package(read_decisions(text), DAY)


def test_every_topic_of_the_playbook_is_known_here() -> None:
    assert set(load_playbook().of(DecisionTopic)) <= set(topics())
    for key, topic in load_playbook().of(DecisionTopic).items():
        for choice in topic.choices:
            decided([Decision(key, choice, "", "", DAY)])


def test_the_schema_is_the_one_that_is_kept() -> None:
    assert catalogue.read_text("odt", "configuration.rng") == relax_ng(), "run: python3 tasks.py docs"
    etree.RelaxNG(etree.fromstring(relax_ng()))


@pytest.mark.corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_file_of_a_stranger_keeps_its_meaning_and_is_explained(path: Path) -> None:
    content = needed(path).read_bytes()
    for lang in ("en", "ja"):
        parts = explain(content, NOW, lang)
        assert parts
        assert {part.section for part in parts} <= set(SECTIONS)
        assert all(sentence and "‹" not in sentence for part in parts for sentence in part.sentences)
    found = read(content)
    if isinstance(found, Configuration):
        again = configuration(canonical(found, hides_secrets=False))
        assert meaning(again) == meaning(found)
        assert compare(meaning(found), meaning(again)) == ()
        form = {
            "ODT002",
            "ODT003",
            "ODT004",
            "ODT006",
            "ODT007",
            "ODT008",
            "ODT020",
            "ODT022",
            "ODT050",
            "ODT070",
            "ODT110",
            "ODT115",
        }
        if is_accepted(found):
            assert not lint(content, NOW).rules & form
        elif not _differs_in_case_only(found):
            assert lint(content, NOW).rules & (form | {"ODT005", "ODT031", "ODT143", "ODT090", "ODT144"})


def _differs_in_case_only(found: Configuration) -> bool:
    def lower(element: Element) -> Element:
        values = tuple(
            replace(a, value=a.value.lower()) if element.name == "Language" else a for a in element.attributes
        )
        return replace(
            element, attributes=values, children=tuple(lower(c) for c in element.children if isinstance(c, Element))
        )

    text = canonical(replace(found, root=lower(found.root)), hides_secrets=False)
    for name in (b"MatchOS", b"MatchPreviousMSI", b"MatchInstalled"):
        text = text.replace(name.lower(), name)
    return is_accepted(configuration(text))


def test_the_year_does_not_change_a_file() -> None:
    made = decided([Decision("channel", "Current", "", "", DAY)])
    assert build_package(made, date(2031, 1, 1)).content == build_package(made, DAY).content
