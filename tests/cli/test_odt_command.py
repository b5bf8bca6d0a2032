"""`uptake odt`: the contracts of its commands, exit codes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

CLEAN = """<Configuration>
  <Add OfficeClientEdition="64" Channel="MonthlyEnterprise">
    <Product ID="O365ProPlusRetail">
      <Language ID="en-us"/>
      <ExcludeApp ID="Groove"/>
      <ExcludeApp ID="OneDrive"/>
      <ExcludeApp ID="OutlookForWindows"/>
      <ExcludeApp ID="Publisher"/>
    </Product>
  </Add>
  <Updates Enabled="TRUE" Channel="MonthlyEnterprise"/>
  <Display Level="None" AcceptEULA="TRUE"/>
</Configuration>
"""
BAD = '<Configuration>\n <Add Channel="Monthly"/>\n <Logging Level="Off"/>\n</Configuration>\n'


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    clean, bad = tmp_path / "clean.xml", tmp_path / "bad.xml"
    clean.write_text(CLEAN, encoding="utf-8")
    bad.write_text(BAD, encoding="utf-8")
    return clean, bad


def test_the_json_of_lint_is_the_contract_and_the_exit_code_says_whether_something_was_found(
    uptake: Any, files: tuple[Path, Path]
) -> None:
    clean, bad = files
    ended = uptake("odt", "lint", clean, "--format", "json")
    assert (ended.code, json.loads(ended.out)) == (0, [{"file": str(clean), "findings": []}])
    ended = uptake("odt", "lint", clean, bad, "--format", "json")
    listed = json.loads(ended.out)
    assert ended.code == 1
    assert [each["file"] for each in listed] == [str(clean), str(bad)]
    assert [set(each) for each in listed[1]["findings"]] == [{"rule", "severity", "line", "message", "fix"}] * 2
    assert [(each["rule"], each["line"]) for each in listed[1]["findings"]] == [("ODT021", 2), ("ODT006", 3)]


@pytest.mark.parametrize(
    "arguments", [["gone.xml"], [], ["--role", "strange", "clean.xml"], ["--format", "yaml", "clean.xml"]]
)
def test_what_cannot_be_done_ends_with_two_and_a_sentence(
    uptake: Any, files: tuple[Path, Path], arguments: list[str]
) -> None:
    placed = [str(files[0].parent / each) if each.endswith(".xml") else each for each in arguments]
    ended = uptake("odt", "lint", *placed)
    assert ended.code == 2
    assert "Traceback" not in ended.error


def test_the_level_rules_list_and_exit_code(uptake: Any, files: tuple[Path, Path]) -> None:
    assert uptake("odt", "lint", files[1], "--level", "error").code == 0
    assert uptake("odt", "lint", files[1], "--level", "warning").code == 1


def test_sarif_names_rule_line_and_level(uptake: Any, files: tuple[Path, Path]) -> None:
    ended = uptake("odt", "lint", files[1], "--format", "sarif")
    sarif = json.loads(ended.out)
    schema = {"type": "object", "required": ["version", "runs"], "properties": {"version": {"const": "2.1.0"}}}
    jsonschema.validate(sarif, schema)
    results = sarif["runs"][0]["results"]
    assert [(each["ruleId"], each["locations"][0]["physicalLocation"]["region"]["startLine"]) for each in results] == [
        ("ODT021", 2),
        ("ODT006", 3),
    ]
    assert {each["level"] for each in results} == {"warning"}


def test_fix_writes_a_copy_and_never_over_a_file(uptake: Any, files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = uptake("odt", "lint", files[1], "--fix", "--out", out)
    assert ended.code == 1
    assert (out / "bad.fixed.xml").read_text(
        encoding="utf-8"
    ) == '<Configuration>\n  <Add Channel="Current"/>\n</Configuration>\n'
    assert files[1].read_text(encoding="utf-8") == BAD
    assert uptake("odt", "lint", files[1], "--fix", "--out", out).code == 2


def test_a_role_and_a_situation_decide_more(uptake: Any, files: tuple[Path, Path], tmp_path: Path) -> None:
    told = tmp_path / "told.yaml"
    told.write_text("plan: business\ndevice:\n  inventory: yes\n  bitness: '32'\n", encoding="utf-8")
    ended = uptake("odt", "lint", files[0], "--situation", told, "--role", "cm", "--format", "json")
    assert {"ODT043", "ODT051", "ODT038"} <= {each["rule"] for each in json.loads(ended.out)[0]["findings"]}
    told.write_text("plam: business\n", encoding="utf-8")
    ended = uptake("odt", "lint", files[0], "--situation", told)
    assert ended.code == 2
    assert "plam" in ended.error


def test_japanese_findings_are_japanese(uptake: Any, files: tuple[Path, Path]) -> None:
    ended = uptake("odt", "lint", files[1], "--lang", "ja")
    assert "旧名称" in ended.out.decode()
