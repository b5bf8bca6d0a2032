"""Both languages say everything, with the same arguments."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import uptake.reporting
from uptake.assess.documents.model import Status
from uptake.core.severity import Certainty, Severity
from uptake.reporting import write_report
from uptake.reporting.model import ListReport
from uptake.reporting.words import LANGUAGES, WORDS, Words

USED = re.compile(r"""(?:words|words\.count|words\.maybe|words\.state|self)\(\s*f?"([a-zA-Z_ ]+)["]""")
PLACES = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("key", WORDS)
def test_languages_are_complete_and_take_the_same_arguments(key: str) -> None:
    texts = WORDS[key]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() for text in texts.values())
    needed = {name for name in PLACES.findall(texts["en"]) if name not in ("{n}", "{column}")}
    assert needed <= set(PLACES.findall(texts["ja"]))


def test_every_word_that_the_code_asks_for_is_there() -> None:
    folder = Path(uptake.reporting.__file__).parent
    own = [path for path in folder.glob("*.py") if not path.name.startswith("usage_")]  # those have words of their own
    asked = {key for path in own for key in USED.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 40
    assert asked <= set(WORDS)


def test_every_status_severity_and_certainty_has_words() -> None:
    assert {str(status) for status in Status} <= set(WORDS)
    assert {str(certainty) for certainty in Certainty} <= set(WORDS)
    for severity in Severity:
        assert {severity.id, f"{severity.id}_short", f"{severity.id}_means"} <= set(WORDS)


def test_numbers_sizes_and_dates_follow_the_language() -> None:
    en, ja = Words("en"), Words("ja")
    assert en.count("files", 1) == "1 file"
    assert en.count("files", 1234) == "1,234 files"
    assert ja.count("files", 1234) == "1,234 個のファイル"
    assert [en.size(n) for n in (0, 999, 1536, 5 << 20, 3 << 40)] == ["0 B", "999 B", "1.5 KB", "5.0 MB", "3.0 TB"]
    assert en.date("2026-11-22T09:05:00") == "22 Nov 2026, 09:05"
    assert ja.date("2026-11-22T09:05:00") == "2026年11月22日 09:05"
    assert en.date("yesterday") == "yesterday"
    assert Words("fr").lang == "en"


@pytest.mark.parametrize("name", ["html", "text"])
def test_japanese_report_has_no_english_of_its_own(make_report: Callable[..., ListReport], name: str) -> None:
    stream = io.BytesIO()
    write_report(make_report("ja", hostile=False), name, stream, "ja")
    text = stream.getvalue().decode()
    for key in ("what", "findings", "could_not_read", "significant", "where"):
        assert WORDS[key]["ja"] in text
        assert f">{WORDS[key]['en']}<" not in text
