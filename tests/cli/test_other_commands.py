"""`uptake facts`, `explain`, `rules`, `report`, `demo` and the command line itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from uptake.adapters.scanning import STORE


def test_facts_of_a_document_are_the_contract_with_source_and_facts(uptake: Any, estate: Path) -> None:
    ended = uptake("facts", estate / "Finance/Approval.xlsm")
    [file] = orjson.loads(ended.out)["files"]
    assert (ended.code, file["status"]) == (0, "has VBA")
    assert any("Declare" in module["source"] for module in file["projects"][0]["modules"])
    assert {"declare", "reference"} <= {fact["kind"] for fact in file["facts"]}
    everything = orjson.loads(uptake("facts", estate / "Finance/Approval.xlsm", "--all").out)["files"][0]
    assert len(everything["facts"]) > len(file["facts"])


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 5000, b"PK\x03\x04" + bytes(500), b"just text"])
def test_facts_of_garbage_are_a_status(uptake: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "garbage.xls").write_bytes(content)
    ended = uptake("facts", tmp_path / "garbage.xls")
    assert (ended.code, ended.error) == (0, "")
    assert orjson.loads(ended.out)["files"][0]["status"] in ("not an Office file", "error")


@pytest.mark.parametrize("name", ["", "gone.xls", "pipe"])
def test_facts_of_no_file_is_one_sentence(uptake: Any, tmp_path: Path, name: str) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    ended = uptake("facts", tmp_path / name)
    assert ended.code == 2
    assert ("does not exist" if name == "gone.xls" or not (tmp_path / name).exists() else "is no file") in ended.error


def test_explain_takes_any_case_and_both_languages(uptake: Any) -> None:
    english, japanese = uptake("explain", "b01"), uptake("explain", "B01", "--lang", "ja")
    assert english.code == japanese.code == 0
    assert english.out.startswith(b"B01  ")
    assert "What to do" in english.out.decode()
    assert "対処" in japanese.out.decode()


@pytest.mark.parametrize(("rule", "hint"), [("B99", "B01"), ("?!", "uptake rules"), ("", "uptake rules")])
def test_explain_of_an_unknown_rule_names_what_there_is(uptake: Any, rule: str, hint: str) -> None:
    ended = uptake("explain", rule)
    assert (ended.code, ended.out) == (2, b"")
    assert "there is no rule" in ended.error
    assert hint in ended.error


def test_rules_are_listed_as_text_and_as_json(uptake: Any) -> None:
    text, whole = uptake("rules").out.decode(), orjson.loads(uptake("rules", "--format", "json").out)
    assert {"B01", "P01"} <= {rule["id"] for rule in whole}
    assert all(rule["title"] and rule["severity"] for rule in whole)
    assert text.splitlines()[-1] == f"{len(whole)} rules"
    worst = orjson.loads(uptake("rules", "--format", "json", "--severity", "significant").out)
    assert 0 < len(worst) < len(whole)
    assert {rule["severity"] for rule in worst} == {"significant"}
    assert {rule["id"][0] for rule in orjson.loads(uptake("rules", "--group", "bitness", "--format", "json").out)} == {
        "B"
    }


def test_a_report_made_again_is_the_report_of_the_scan(uptake: Any, estate: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    formats = ("--format", "json", "--format", "csv", "--format", "sarif", "--format", "html")
    first = uptake("scan", estate, "--out", out, "--label", "site=大阪", *formats)
    second = uptake("report", out, "--out", again, *formats)
    assert first.code == second.code == 0
    for name in ("findings.csv", "results.sarif"):
        assert (again / name).read_bytes() == (out / name).read_bytes(), name
    assert orjson.loads((again / "results.json").read_bytes()) == orjson.loads((out / "results.json").read_bytes())
    assert (again / "report.html").stat().st_size == (out / "report.html").stat().st_size
    summary = orjson.loads((again / "results.json").read_bytes())["summary"]
    assert summary["labels"] == {"site": "大阪"}
    assert summary["sources"] == [str(estate)]
    assert summary["started"] <= summary["finished"]
    assert {"Finance", "Letters"} <= {row["owner"] for row in summary["owners"]}
    shown = uptake("report", out).out
    assert shown == b"\n".join(first.out.split(b"\n")[: shown.count(b"\n")]) + b"\n"
    assert str(tmp_path).encode() not in shown


def test_a_report_in_japanese_is_made_from_an_english_scan(uptake: Any, estate: Path, tmp_path: Path) -> None:
    uptake("scan", estate, "--out", tmp_path / "out", "--quiet")
    ended = uptake("report", tmp_path / "out", "--lang", "ja", "--format", "html")
    assert ended.code == 0
    assert '<html lang="ja"' in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_a_report_of_a_folder_without_a_scan_or_with_a_broken_one_is_one_sentence(uptake: Any, tmp_path: Path) -> None:
    assert "holds no scan" in uptake("report", tmp_path).error
    (tmp_path / STORE).write_bytes(b"no store at all" * 100)
    ended = uptake("report", tmp_path)
    assert (ended.code, ended.out) == (2, b"")
    assert "cannot be used as a scan store" in ended.error


def test_a_report_into_a_file_is_one_sentence(uptake: Any, estate: Path, tmp_path: Path) -> None:
    uptake("scan", estate, "--out", tmp_path / "out", "--quiet")
    ended = uptake("report", tmp_path / "out", "--format", "json", "--out", estate / "readme.txt")
    assert ended.code == 2
    assert "Traceback" not in ended.error


def test_the_demo_shows_reports_of_a_sample(uptake: Any, tmp_path: Path) -> None:
    ended = uptake("demo", "--folder", tmp_path)
    assert ended.code == 0, ended.error
    assert (tmp_path / "uptake-report/report.html").exists()
    assert (tmp_path / "uptake-report/report.xlsx").exists()
    assert uptake("demo", "--folder", tmp_path).code == 0, "and again"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["scan", "--help"], ["report", "-h"]])
def test_help_and_version_are_on_the_standard_output(uptake: Any, arguments: list[str]) -> None:
    ended = uptake(*arguments)
    assert (ended.code, ended.error) == (0, "")
    assert b"uptake" in ended.out.lower()


def test_every_command_that_is_listed_can_be_loaded(uptake: Any) -> None:
    from uptake.cli import COMMANDS

    for name in COMMANDS:
        assert uptake(name, "--help").code == 0, name
