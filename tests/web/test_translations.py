"""The interface is complete in Japanese, in the words of the glossary, and its compiled form is the one of today."""

from __future__ import annotations

import gettext
import re
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HOME / "scripts"))
sys.path.insert(0, str(HOME / "tests" / "catalogue"))

import messages  # noqa: E402
from test_japanese import forbidden_forms  # noqa: E402


@pytest.fixture(scope="module")
def collected() -> object:
    return messages.collected()


def said(message: object) -> list[str]:
    string = message.string  # type: ignore[attr-defined]
    return list(string) if isinstance(string, (tuple, list)) else [string]


def test_every_text_of_the_interface_has_a_translation(collected: object) -> None:
    assert messages.missing(collected) == []


def test_the_compiled_catalogue_holds_what_the_source_says(collected: object) -> None:
    with messages.PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for each in collected:  # type: ignore[attr-defined]
        if each.id:
            singular = each.id[0] if isinstance(each.id, tuple) else each.id
            shown = compiled.ngettext(*each.id, 1) if isinstance(each.id, tuple) else compiled.gettext(singular)
            assert shown == said(each)[0], singular


def test_placeholders_are_the_same_in_both_languages(collected: object) -> None:
    for each in collected:  # type: ignore[attr-defined]
        if each.id:
            english = each.id[1] if isinstance(each.id, tuple) else each.id
            wanted = set(re.findall(r"%\(\w+\)s", english))
            for japanese in said(each):
                assert set(re.findall(r"%\(\w+\)s", japanese)) == wanted, english


def test_the_interface_uses_the_words_of_the_glossary(collected: object) -> None:
    found = {
        each.id: forbidden_forms(text) for each in collected if each.id for text in said(each) if forbidden_forms(text)
    }  # type: ignore[attr-defined]
    assert found == {}


def test_templates_hold_no_english_outside_of_what_is_translated() -> None:
    """Words between tags that stand in no translate tag; names, codes and signs are not words."""
    known = {
        "uptake",
        "Apache",
        "English",
        "Excel",
        "HTML",
        "CSV",
        "PDF",
        "XML",
        "PowerPoint",
        "L1",
        "L2",
        "L3",
        "日本語",
    }
    found = []
    for path in sorted(messages.WEB.rglob("*.html")):
        text = re.sub(
            r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%\s*comment.*?endcomment\s*%}|<script.*?</script>",
            " ",
            path.read_text(),
            flags=re.DOTALL,
        )
        text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>|class=\"\w+\"", " ", text, flags=re.DOTALL)
        words = [word for word in re.findall(r"[A-Za-z]{3,}", text) if word not in known]
        found += [(path.name, word) for word in words if word not in ("nbsp", "amp")]
    assert found == []
