"""Every check of configuration.xml finds its bad examples, stays silent on its good ones, has sources and Japanese."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from functools import lru_cache
from string import Formatter

import pytest

from uptake import catalogue
from uptake.deploy.odt.catalogue import PROSE, Check, Example, load_checks, prose, prose_digest, translations
from uptake.deploy.odt.linting import lint
from uptake.deploy.odt.phrases import phrases
from uptake.deploy.odt.situation import situation_of

CHECKS = load_checks()
TODAY = date(2026, 11, 22)
SECTION_F = [
    *range(1, 12), *range(20, 44), *range(50, 61), *range(70, 81), *range(90, 100), *range(110, 124), *range(130, 138),
    *range(140, 147), *range(150, 155), *range(160, 167),
]  # fmt: skip
JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ一-鿿]")
TOUCHING = re.compile(r"[ぁ-ゖァ-ヺー一-鿿][A-Za-z0-9{]|[A-Za-z0-9}][ぁ-ゖァ-ヺ一-鿿]")
WRONG_WIDTH = re.compile(r"[\uff61-\uff9f\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
EXAMPLES = [
    (check, kind, n) for check in CHECKS.values() for kind in ("bad", "good") for n in range(len(getattr(check, kind)))
]
each_check = pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)


def rules_of(example: Example) -> frozenset[str]:
    return lint(example.content, situation_of(example.situation, TODAY)).rules


def test_every_check_of_section_f_is_there_and_no_other() -> None:
    assert sorted(CHECKS) == [f"ODT{number:03}" for number in SECTION_F]


@pytest.mark.parametrize(("check", "kind", "number"), EXAMPLES, ids=lambda value: getattr(value, "id", str(value)))
def test_an_example_shows_what_it_says(check: Check, kind: str, number: int) -> None:
    example = getattr(check, kind)[number]
    assert (check.id in rules_of(example)) == (kind == "bad"), example


@each_check
def test_a_check_has_dated_sources_and_both_kinds_of_examples(check: Check) -> None:
    assert check.sources
    assert all(source.what and date.fromisoformat(source.date) <= TODAY for source in check.sources)
    assert check.bad
    assert check.good


@each_check
def test_the_japanese_is_complete_and_made_from_the_english_of_today(check: Check) -> None:
    text = translations("ja")[check.id]
    assert not text.is_stale, prose_digest(check)
    assert set(text.messages) == set(check.messages)
    for name in PROSE:
        assert JAPANESE.search(getattr(text, name)) or name == "title"
    for english, japanese in [
        (check.message, text.message),
        *((check.messages[k], text.messages[k]) for k in check.messages),
    ]:
        assert {n for _, n, _, _ in Formatter().parse(english)} == {n for _, n, _, _ in Formatter().parse(japanese)}


@lru_cache(maxsize=1)
def forms() -> tuple[tuple[str, frozenset[str]], ...]:
    lines = [line for line in catalogue.read_text("glossary.csv").splitlines() if line and not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    terms = {row["ja"] for row in rows}
    return tuple(
        (form, frozenset(t for t in terms if form in t))
        for row in rows
        for form in filter(None, row["forbidden"].split("|"))
    )


def problems_of(text: str) -> list[str]:
    plain = re.sub(r"`[^`]*`", " ", text)
    found = [form for form, terms in forms() if plain.count(form) > sum(plain.count(term) for term in terms)]
    return found + TOUCHING.findall(plain) + WRONG_WIDTH.findall(plain)


@each_check
def test_the_japanese_keeps_to_the_glossary(check: Check) -> None:
    text = prose(check, "ja")
    for part in (text.title, text.message, text.why, text.fix, *text.messages.values()):
        assert problems_of(part) == [], part


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_sentence_has_its_japanese() -> None:
    english, japanese = phrases("en"), catalogue.read_text("ja", "odt", "phrases.yaml")
    assert [key for key in english if f"{key}:" not in japanese] == []
    for key, text in phrases("ja").items():
        assert problems_of(text) == [], key
        assert placeholders(text) == placeholders(english[key]), key


@each_check
def test_only_messages_have_places_to_fill(check: Check) -> None:
    for lang in ("en", "ja"):
        text = prose(check, lang)
        assert placeholders(text.title + text.why + text.fix) == set()


@pytest.mark.parametrize(
    "example", [each for check in CHECKS.values() for each in (*check.bad, *check.good)], ids=lambda each: each.xml[:40]
)
def test_no_message_of_any_example_has_a_place_left_open(example: Example) -> None:
    for lang in ("en", "ja"):
        for finding in lint(example.content, situation_of(example.situation, TODAY), lang).findings:
            assert "‹" not in finding.message, finding
            assert "{" not in finding.message + finding.fix, finding
