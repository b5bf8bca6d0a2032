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


def test_explain_speaks_both_languages_and_reads_anything(
    uptake: Any, files: tuple[Path, Path], tmp_path: Path
) -> None:
    english, japanese = uptake("odt", "explain", files[0]), uptake("odt", "explain", files[0], "--lang", "ja")
    assert (english.code, japanese.code) == (0, 0)
    assert "Microsoft 365 Apps for enterprise (O365ProPlusRetail), 64-bit" in english.out.decode()
    assert "インストールされるもの" in japanese.out.decode()
    (tmp_path / "broken.xml").write_bytes(b"<a>")
    assert uptake("odt", "explain", tmp_path / "broken.xml").code == 0


def test_diff_is_by_meaning(uptake: Any, files: tuple[Path, Path], tmp_path: Path) -> None:
    same = tmp_path / "same.xml"
    same.write_text(CLEAN.replace("MonthlyEnterprise", "monthlyenterprise").replace("\n", ""), encoding="utf-8")
    assert json.loads(uptake("odt", "diff", files[0], same, "--format", "json").out) == []
    ended = uptake("odt", "diff", files[0], files[1], "--format", "json", "--exit-code")
    assert ended.code == 1
    [channel] = [each for each in json.loads(ended.out) if each["subject"] == "channel"]
    assert (channel["kind"], channel["before"], channel["after"]) == ("changed", "MonthlyEnterprise", "Current")
    assert uptake("odt", "diff", files[0], files[1]).code == 0
    (tmp_path / "broken.xml").write_bytes(b"<a>")
    assert uptake("odt", "diff", files[0], tmp_path / "broken.xml").code == 2


def test_build_writes_a_clean_file_with_its_report_and_never_over_another(uptake: Any, tmp_path: Path) -> None:
    decisions, target = tmp_path / "decisions.yaml", tmp_path / "out/configuration.xml"
    text = "decisions:\n- {topic: channel, choice: MonthlyEnterprise, decider: A. Ito, on: 2026-11-10}\n- {topic: excluded-apps, choice: [Groove, Publisher]}\n- {topic: msi-removal, choice: no}\n"
    decisions.write_text(text, encoding="utf-8")
    ended = uptake("odt", "build", decisions, "-o", target, "--format", "json")
    report = json.loads(ended.out)
    assert (ended.code, report["findings"]) == (0, [])
    channel = next(each for each in report["settings"] if each["subject"] == "channel")
    assert (channel["value"], channel["decision"]["decider"]) == ("MonthlyEnterprise", "A. Ito")
    assert json.loads(uptake("odt", "lint", target, "--format", "json").out)[0]["findings"] == []
    assert uptake("odt", "build", decisions, "-o", target).code == 2
    assert "A. Ito" in uptake("odt", "build", decisions, "-o", target, "--force").out.decode()
    decisions.write_text("decisions: [{topic: channel, choice: Fast}]", encoding="utf-8")
    assert uptake("odt", "build", decisions, "-o", tmp_path / "x.xml").code == 2
    assert not (tmp_path / "x.xml").exists()


def test_plan_gives_ranges_with_their_sources(uptake: Any, files: tuple[Path, Path]) -> None:
    made = json.loads(uptake("odt", "plan", files[0], "--devices", 1000, "--mbit", 100, "--format", "json").out)
    assert made["client_mb"] == [1750, 1750]
    assert made["load_gb"] == [1750, 1750]
    assert round(made["days"][0], 2) == round(1750 / (100 * 0.45 * 8), 2)
    assert all(part["source"] and part["date"] for part in made["client"])
    assert uptake("odt", "plan", files[0], "--peer", 1).code == 2


def test_artefacts_are_written_once_and_refused_with_a_sentence(
    uptake: Any, files: tuple[Path, Path], tmp_path: Path
) -> None:
    waves = tmp_path / "waves.json"
    waves.write_text('[{"wave": "pilot", "start": "2026-12-07", "devices": ["pc1"], "reasons": []}]', encoding="utf-8")
    arguments = [
        "odt",
        "artefacts",
        files[0],
        "--name",
        "Apps",
        "--out",
        tmp_path / "out",
        "--content",
        r"\\fs01\m365",
        "--site",
        "P01",
        "--waves",
        waves,
    ]
    assert uptake(*arguments, "--for", "configmgr", "--for", "policy", "--for", "win32").code == 0
    assert "'pc1'" in (tmp_path / "out/configmgr/new-deployments.ps1").read_text(encoding="utf-8-sig")
    assert (tmp_path / "out/win32/detect.ps1").exists()
    assert uptake(*arguments, "--for", "configmgr").code == 2
    assert (
        uptake("odt", "artefacts", files[0], "--name", "Apps", "--out", tmp_path / "x", "--for", "configmgr").code == 2
    )
    waves.write_text("{}", encoding="utf-8")
    assert uptake(*arguments[:-4], "--waves", waves, "--for", "rollback").code in (0, 2)


def test_a_fetched_list_of_releases_decides_what_the_table_cannot(uptake: Any, tmp_path: Path) -> None:
    file, releases = tmp_path / "a.xml", tmp_path / "releases.json"
    file.write_text(
        '<Configuration><Add Channel="MonthlyEnterprise" Version="16.0.20228.20200"/></Configuration>', encoding="utf-8"
    )
    row = {"legacyVersion": "16.0.20228.20200", "releaseVersion": "2607", "endOfSupportDate": "2027-03-01T00:00:00Z"}
    releases.write_text(json.dumps([{"channelId": "MonthlyEnterprise", "officeVersions": [row]}]), encoding="utf-8")
    assert "ODT031" in uptake("odt", "lint", file).out.decode()
    assert "ODT031" not in uptake("odt", "lint", file, "--releases", releases).out.decode()
    releases.write_text(json.dumps([{"channelId": "Current", "officeVersions": [row]}]), encoding="utf-8")
    assert "undecided ODT031" in uptake("odt", "lint", file, "--releases", releases).out.decode()
    for wrong in ("{}", "[1]", "nothing", "[" * 5000):
        releases.write_text(wrong, encoding="utf-8")
        assert uptake("odt", "lint", file, "--releases", releases).code == 2


def test_the_interview_asks_again_and_its_answers_build_a_file(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from uptake.cli import cli

    answers = ["O365ProPlusRetail", "64", "Fast", "Current", "ja-jp"]
    ended = CliRunner().invoke(
        cli,
        ["odt", "ask", "-o", str(tmp_path / "d.yaml"), "--decider", "A. Ito"],
        input="\n".join([*answers, *[""] * 40]),
    )
    assert ended.exit_code == 0, ended.output
    written = (tmp_path / "d.yaml").read_text(encoding="utf-8")
    assert "Fast" not in written
    assert "A. Ito" in written
    ended = CliRunner().invoke(cli, ["odt", "build", str(tmp_path / "d.yaml"), "-o", str(tmp_path / "c.xml")])
    assert 'Language ID="ja-jp"' in (tmp_path / "c.xml").read_text(encoding="utf-8")
    assert 'Channel="Current"' in (tmp_path / "c.xml").read_text(encoding="utf-8")
