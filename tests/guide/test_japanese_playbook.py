"""The Japanese playbook: complete, made from the English of today, in the words of the glossary."""

from __future__ import annotations

import csv
import io
import re
from functools import lru_cache

import pytest

from uptake import catalogue
from uptake.guide.elements import KINDS, Element, place_of, prose_of
from uptake.guide.playbook import Playbook, load_playbook
from uptake.guide.translation import orphans, said, untranslated

JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ一-鿿]")
TOUCHING = re.compile(r"[ぁ-ゖァ-ヺー一-鿿][A-Za-z0-9]|[A-Za-z0-9][ぁ-ゖァ-ヺ一-鿿]")
WRONG_WIDTH = re.compile(r"[\uff61-\uff9f\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
OTHER_WORD = "インフラストラクチャ"
"""Infrastructure: holds a form that is forbidden for the structures of C."""
FILLED = [kind for kind in KINDS if load_playbook().of(kind)]

every_list = pytest.mark.parametrize("kind", FILLED, ids=place_of)


@lru_cache(maxsize=1)
def glossary() -> list[dict[str, str]]:
    lines = [line for line in catalogue.read_text("glossary.csv").splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


def texts(element: Element, lang: str) -> list[str]:
    values = said(element, lang).values()
    return [text for value in values for text in ((value,) if isinstance(value, str) else value)]


def forbidden(text: str) -> list[str]:
    """Forms that the glossary forbids, where they are not a part of one of its own terms or of another word."""
    text = text.replace(OTHER_WORD, "")
    terms = {row["ja"] for row in glossary()}
    forms = {form for row in glossary() for form in filter(None, row["forbidden"].split("|"))}
    return [form for form in forms if text.count(form) > sum(text.count(term) for term in terms if form in term)]


def test_no_field_is_missing_and_none_is_older_than_its_english(playbook: Playbook) -> None:
    assert untranslated(playbook, "ja") == ()
    assert orphans(playbook, "ja") == ()


@every_list
def test_only_names_stay_as_they_are(playbook: Playbook, kind: type[Element]) -> None:
    for element in playbook.of(kind).values():
        for english, japanese in zip(texts(element, "en"), texts(element, "ja"), strict=True):
            assert JAPANESE.search(japanese) or (english == japanese and len(english) < 30), (element.id, japanese)


@every_list
def test_no_form_that_the_glossary_forbids_is_used(playbook: Playbook, kind: type[Element]) -> None:
    found = {element.id: [*map(forbidden, texts(element, "ja"))] for element in playbook.of(kind).values()}
    assert {key: forms for key, forms in found.items() if any(forms)} == {}


@every_list
def test_latin_words_stand_apart_and_no_letter_has_the_wrong_width(playbook: Playbook, kind: type[Element]) -> None:
    every = [text for element in playbook.of(kind).values() for text in texts(element, "ja")]
    assert [text for text in every if TOUCHING.search(text) or WRONG_WIDTH.search(text)] == []


@every_list
def test_figures_and_ids_are_those_of_the_english(playbook: Playbook, kind: type[Element]) -> None:
    for element in playbook.of(kind).values():
        for name, english in prose_of(element).items():
            if name == "title" or not isinstance(english, str):
                continue
            japanese = str(said(element, "ja")[name])
            assert set(re.findall(r"\d{2,}", english)) <= set(re.findall(r"\d{2,}", japanese)), (element.id, name)
