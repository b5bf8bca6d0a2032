"""A scan with `--lang ja`: what the reader sees is Japanese; code, identifiers, product names and paths stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from uptake.assess.samples import build_estate
from uptake.cli import cli
from uptake.rules.translation import reason_in

ENGLISH = re.compile(r"(?<![\w.\\/`'-])[a-z]{2,}[,;:]? [a-z]{2,}(?![\w(`'.])")
"""Two words of a sentence one after the other; names of products begin with capitals."""
JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ一-鿿]")


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the sample estate with a Japanese report."""
    folder = tmp_path_factory.mktemp("japanese")
    build_estate(folder / "estate")
    _run(
        "scan",
        folder / "estate",
        "--out",
        folder / "out",
        "--lang",
        "ja",
        "--format",
        "json",
        "--workers",
        2,
        "--quiet",
    )
    return folder / "out"


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)
    assert result.exception is None, result.output
    return result.output


@pytest.fixture(scope="module")
def report(scanned: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((scanned / "results.json").read_text(encoding="utf-8"))
    return found


def without_code(finding: dict[str, Any]) -> str:
    """A message without what comes from somebody's code: text in backquotes and arguments that no table translates."""
    text = re.sub(r"`[^`]*`", "", finding["message"])
    for value in sorted(map(str, finding["arguments"].values()), key=len, reverse=True):
        if len(value) > 3 and reason_in("ja", value) == value:
            text = text.replace(value, "")
    return text


def reasons_of(report: dict[str, Any]) -> Iterator[str]:
    for file in report["files"]:
        yield from filter(None, [file["reason"], *file["defects"]])
    yield from filter(None, (row["reason"] for row in report["summary"]["unread"]))


def test_no_message_of_the_sample_estate_holds_an_english_sentence(report: dict[str, Any]) -> None:
    findings = [finding for file in report["files"] for finding in file["findings"]]
    assert len({finding["rule"] for finding in findings}) > 30
    assert [finding["message"] for finding in findings if ENGLISH.search(without_code(finding))] == []
    assert [finding["message"] for finding in findings if not JAPANESE.search(finding["message"])] == []


def test_no_reason_of_the_sample_estate_is_english(report: dict[str, Any]) -> None:
    reasons = list(reasons_of(report))
    assert len(set(reasons)) > 8
    assert [reason for reason in reasons if ENGLISH.search(reason) or not JAPANESE.search(reason)] == []


def test_the_reason_of_an_encrypted_file_stands_in_its_message_in_japanese(report: dict[str, Any]) -> None:
    messages = [f["message"] for file in report["files"] for f in file["findings"] if f["rule"] == "P01"]
    assert messages
    assert all("パスワードで暗号化されています" in message for message in messages)


def test_a_report_that_is_made_again_says_the_same(scanned: Path, report: dict[str, Any], tmp_path: Path) -> None:
    _run("report", scanned, "--lang", "ja", "--format", "json", "--out", tmp_path)
    again = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert again["files"] == report["files"]
    assert again["summary"]["unread"] == report["summary"]["unread"]


def test_the_results_in_the_folder_stay_english_whatever_the_language_of_the_report(scanned: Path) -> None:
    lines = (scanned / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if JAPANESE.search(json.loads(line)["reason"])]
