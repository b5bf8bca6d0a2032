"""`uptake scan` as a command: exit codes, formats on the standard output, limits, labels, and what it refuses."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet
import pytest
from cli_process import command_line, environment

from uptake.adapters.scanning import STORE
from uptake.adapters.stores.scans import ScanStore
from uptake.assess.samples import Extras, binary, broken, ooxml
from uptake.assess.samples.library import project
from uptake.assess.samples.package import zipped
from uptake.reporting import FORMATS


def files_of(ended: Any) -> dict[str, dict[str, Any]]:
    assert ended.code in (0, 1), ended.error
    return {os.path.basename(file["path"]): file for file in orjson.loads(ended.out)["files"]}


def scanned(uptake: Any, *arguments: object) -> dict[str, dict[str, Any]]:
    return files_of(uptake("scan", *arguments, "--format", "json", "--workers", 1))


@pytest.mark.parametrize(
    ("level", "code"), [(None, 0), ("ready", 1), ("limited", 1), ("significant", 0)], ids=lambda value: str(value)
)
def test_exit_code_is_1_only_for_findings_at_or_above_the_asked_level(
    uptake: Any, estate: Path, level: str | None, code: int
) -> None:
    assert uptake("scan", estate, "--quiet", *(["--fail-at", level] if level else [])).code == code


def test_exit_code_is_0_when_all_findings_are_below_the_asked_level(uptake: Any, estate: Path) -> None:
    (estate / "Finance/Approval.xlsm").unlink()
    (estate / "Finance/Closing.xls").unlink()
    assert uptake("scan", estate, "--quiet", "--fail-at", "ready").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["{estate}/gone"],
        ["{estate}", "--out", "{estate}/readme.txt"],
        ["{estate}", "--out", "{estate}/readme.txt/below"],
        ["{estate}", "--out", "/proc/uptake"],
        ["{estate}", "--format", "html"],
        ["{estate}", "--format", "xlsx"],
        ["{estate}", "--format", "parquet"],
        ["{estate}", "--format", "json", "--format", "csv"],
        ["{estate}", "--format", "odf"],
        ["{estate}", "--resume"],
        ["{estate}", "--resume", "--fresh", "--out", "{estate}/out"],
        ["{estate}", "--conceal-names"],
        ["{estate}", "--conceal-names", "--out", "{estate}/out", "--key-file", "{estate}/out/key"],
        ["{estate}", "--conceal-names", "--key-file", "{estate}/readme.txt"],
        ["{estate}", "--label", "no sign"],
        ["{estate}", "--label", "=value"],
        ["{estate}", "--max-memory", "much"],
        ["{estate}", "--max-file-size", "0"],
        ["{estate}", "--max-file-size", "-5M"],
        ["{estate}", "--max-part-size", "nan"],
        ["{estate}", "--workers", "0"],
        ["{estate}", "--max-seconds", "0"],
        ["{estate}", "--fail-at", "terrible"],
        ["{estate}", "--unknown"],
        [],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_clear_sentence_and_exit_code_2(
    uptake: Any, estate: Path, arguments: list[str]
) -> None:
    ended = uptake("scan", *(argument.format(estate=estate) for argument in arguments))
    assert (ended.code, ended.out) == (2, b"")
    assert "Traceback" not in ended.error
    assert 20 < len(ended.error) < 500


def test_a_folder_that_cannot_be_written_to_is_told(
    uptake: Any, estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uptake.adapters.scanning.os.access", lambda *_: False)  # root may write everywhere
    ended = uptake("scan", estate, "--out", tmp_path / "closed")
    assert (ended.code, ended.out) == (2, b"")
    assert "cannot be written to" in ended.error


def test_a_fault_of_ours_is_exit_code_3_and_asks_for_a_report(
    uptake: Any, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uptake.cli.scan.report_of", lambda *_: 1 / 0)
    ended = uptake("scan", estate)
    assert ended.code == 3
    assert "ZeroDivisionError" in ended.error
    assert "please report it" in ended.error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_behind_the_standard_output_is_exit_code_2(process: Any, estate: Path) -> None:

    with open("/dev/full", "wb") as full:
        line = command_line("scan", estate, "--format", "json")
        ended = subprocess.run(line, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 2
    assert b"cannot be written" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_json_on_the_standard_output_is_the_contract_and_nothing_else(uptake: Any, estate: Path) -> None:
    ended = uptake("scan", estate, "--format", "json", "--label", "site=大阪", "--label", "team=IT")
    whole = orjson.loads(ended.out)
    assert list(whole) == ["schema", "tool", "summary", "files"]
    assert whole["summary"]["labels"] == {"site": "大阪", "team": "IT"}
    assert whole["summary"]["complete"] is True
    assert whole["summary"]["sources"] == [str(estate)]
    assert {file["status"] for file in whole["files"]} == {"has VBA", "no VBA", "not an Office file"}
    assert ended.error == ""


def test_jsonl_on_the_standard_output_is_one_file_a_line(uptake: Any, estate: Path) -> None:
    lines = uptake("scan", estate, "--format", "jsonl").out.splitlines()
    assert len([orjson.loads(line)["path"] for line in lines]) == 4


def test_sarif_and_csv_on_the_standard_output_are_valid(uptake: Any, estate: Path) -> None:
    sarif = orjson.loads(uptake("scan", estate, "--format", "sarif").out)
    assert sarif["version"] == "2.1.0"
    assert sarif["runs"][0]["results"]
    text = uptake("scan", estate, "--format", "csv").out.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["path"].rpartition("/")[2] for row in rows} == {
        "Approval.xlsm",
        "Closing.xls",
        "Offer.docx",
        "readme.txt",
    }


def test_every_format_is_written_into_the_folder(uptake: Any, estate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    formats = [part for name in FORMATS for part in ("--format", name)]
    ended = uptake("scan", estate, "--out", out, *formats, "--label", "site=Osaka")
    assert ended.code == 0
    for name, format_ in FORMATS.items():
        assert name == "text" or (out / format_.file_name).exists()
    assert zipfile.ZipFile(out / "report.xlsx").testzip() is None
    assert pyarrow.parquet.read_table(out / "parquet/files.parquet").num_rows == 4
    assert str(out / "report.html").encode() in ended.out
    assert not list(out.rglob("*.part"))


def test_quiet_says_nothing(uptake: Any, estate: Path, tmp_path: Path) -> None:
    ended = uptake("scan", estate, "--quiet", "--out", tmp_path / "out")
    assert (ended.code, ended.out, ended.error) == (0, b"", "")


def test_a_path_given_twice_is_reported_once(uptake: Any, estate: Path) -> None:
    arguments = (estate, estate / "Finance", str(estate) + "/", estate / "Finance/Closing.xls")
    whole = orjson.loads(uptake("scan", *arguments, "--format", "json").out)
    assert whole["summary"]["files"] == len(whole["files"]) == 4


def test_a_second_scan_reads_only_what_changed(uptake: Any, estate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = uptake("scan", estate, "--out", out, "--format", "json")
    (estate / "Letters/Offer.docx").unlink()
    second = uptake("scan", estate, "--out", out, "--format", "json", "--label", "round=2")
    assert first.code == second.code == 0
    whole = orjson.loads((out / "results.json").read_bytes())
    assert (whole["summary"]["files"], whole["summary"]["labels"]) == (3, {"round": "2"})


def test_a_scan_where_nothing_changed_says_the_same(uptake: Any, estate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def run(*more: object) -> tuple[Any, Any, bytes]:
        ended = uptake("scan", estate, "--out", out, "--format", "json", "--format", "csv", *more)
        assert ended.code == 0, ended.error
        whole = orjson.loads((out / "results.json").read_bytes())
        for changing in ("started", "finished"):
            del whole["summary"][changing]
        journal = sorted((out / "results.jsonl").read_bytes().splitlines())
        return whole, journal, (out / "findings.csv").read_bytes()

    first = run()
    assert run() == first
    assert run() == first
    run("--lang", "ja", "--format", "jsonl")  # puts Japanese messages into results.jsonl
    assert run() == first
    extra = estate / "Letters/Another.docx"
    extra.write_bytes((estate / "Letters/Offer.docx").read_bytes())
    assert run()[0]["summary"]["files"] == len(run()[1]) == 5
    extra.unlink()
    assert run() == first
    assert run() == first
    (out / "results.jsonl").write_bytes(b"edited")
    assert run() == first


def test_the_numbers_of_other_roots_are_not_taken_over(uptake: Any, estate: Path, tmp_path: Path) -> None:
    def owners(*paths: Path) -> list[str]:
        uptake("scan", *paths, "--out", tmp_path / "out", "--format", "json", "--quiet")
        summary = orjson.loads((tmp_path / "out/results.json").read_bytes())["summary"]
        return sorted(row["owner"] for row in summary["owners"])

    assert owners(estate) == ["", "Finance", "Letters"]
    assert owners(estate / "Finance", estate / "Letters", estate / "readme.txt") != owners(estate)
    assert owners(estate) == ["", "Finance", "Letters"]


def test_a_scan_with_another_target_judges_anew(uptake: Any, estate: Path, tmp_path: Path) -> None:
    def targets(target: str) -> set[str]:
        uptake("scan", estate, "--out", tmp_path / "out", "--format", "json", "--target", target)
        whole = orjson.loads((tmp_path / "out/results.json").read_bytes())
        assert whole["summary"]["target"] == target
        return {finding["target"] for file in whole["files"] for finding in file["findings"]}

    assert "m365-64" in targets("m365-64")
    assert "m365-64" not in targets("m365-32")


def test_max_file_size_leaves_big_files_unread(uptake: Any, estate: Path) -> None:
    size = (estate / "Finance/Closing.xls").stat().st_size
    found = scanned(uptake, estate, "--max-file-size", size - 1)
    assert found["Closing.xls"]["status"] == "limit reached"
    assert scanned(uptake, estate, "--max-file-size", size)["Closing.xls"]["status"] == "has VBA"


def test_max_part_size_and_max_ratio_stop_bombs(uptake: Any, tmp_path: Path) -> None:
    book = ooxml("xlsm", Extras(project=project("budget.bas")))
    part = "xl/vbaProject.bin"
    (tmp_path / "part.xlsm").write_bytes(book)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        size = archive.getinfo(part).file_size
    assert scanned(uptake, tmp_path)["part.xlsm"]["status"] == "has VBA"
    assert scanned(uptake, tmp_path, "--max-part-size", size - 1)["part.xlsm"]["status"] == "limit reached"
    padded = binary.xls(project("budget.bas")) + bytes(20 << 20)
    (tmp_path / "part.xlsm").write_bytes(zipped({"padded.xls": padded}))
    assert scanned(uptake, tmp_path)["part.xlsm"]["status"] == "has VBA"
    assert scanned(uptake, tmp_path, "--max-ratio", 10)["part.xlsm"]["status"] == "limit reached"


def test_max_depth_stops_the_descent(uptake: Any, tmp_path: Path) -> None:
    inner = binary.xls(project("budget.bas"))
    (tmp_path / "deep.zip").write_bytes(broken.nested_zip(zipped({"inner.xls": inner}), 2))
    assert scanned(uptake, tmp_path)["deep.zip"]["status"] == "has VBA"
    assert scanned(uptake, tmp_path, "--max-depth", 1)["deep.zip"]["status"] == "limit reached"


def slow_source() -> bytes:
    line = 'Private Declare Function F{0} Lib "user32" Alias "GetWindowLongA" (ByVal h As Long, ByVal i As Long) As Long\r\n'
    return ('Attribute VB_Name = "Slow"\r\n' + "".join(line.format(n) for n in range(60_000))).encode()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_max_seconds_and_max_memory_end_one_file_and_no_more(uptake: Any, estate: Path) -> None:
    (estate / "slow.bas").write_bytes(slow_source())
    found = scanned(uptake, estate, "--max-seconds", 0.4)
    assert (found["slow.bas"]["status"], found["Approval.xlsm"]["status"]) == ("limit reached", "has VBA")
    assert "longer than 0.4 seconds" in found["slow.bas"]["reason"]
    found = scanned(uptake, estate, "--max-memory", "48M")
    assert (found["slow.bas"]["status"], found["Approval.xlsm"]["status"]) == ("limit reached", "has VBA")
    assert "memory" in found["slow.bas"]["reason"]


def test_no_folder_is_left_behind_without_out(uptake: Any, estate: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(os.listdir(tmp_path))
    assert uptake("scan", estate).code == 0
    assert [name for name in sorted(os.listdir(tmp_path)) if name not in before and name.startswith("uptake-")] == []


def test_japanese_messages_come_out_in_every_format(uptake: Any, estate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    uptake("scan", estate, "--out", out, "--lang", "ja", "--format", "jsonl", "--format", "json")
    lines = [orjson.loads(line) for line in (out / "results.ja.jsonl").read_bytes().splitlines()]
    assert lines == orjson.loads((out / "results.json").read_bytes())["files"]


# Concealed names

SECRET_NAMES = ("Geheimprojekt", "Gehaltsliste", "Innenarchiv", "Quartalszahlen", "Arbeitsvertrag", "Kundenstamm")


@pytest.fixture
def secret_estate(tmp_path: Path) -> Path:
    root = tmp_path / "Geheimprojekt Adler"
    root.mkdir()
    macro = ooxml(
        "xlsm", Extras(project=project("declares_2007.bas"), external=["file:///C:\\Geheimprojekt\\Kundenstamm.xls"])
    )
    (root / "Gehaltsliste 2026.xlsm").write_bytes(macro)
    (root / "Quartalszahlen.xls").write_bytes(binary.xls(project("toolbar.bas")))
    (root / "Innenarchiv.zip").write_bytes(
        zipped({"word/Arbeitsvertrag Meier.xlsm": macro, "Kundenstamm.xls": macro[:900]})
    )
    (root / "Kundenstamm defekt.zip").write_bytes(zipped({"Arbeitsvertrag alt.docx": broken.encrypted(macro)}))
    (root / "Quartalszahlen weg.xls").symlink_to("nirgends")
    return root


def everything_in(folder: Path) -> bytes:
    """All bytes of all files, packed ones unpacked too."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            continue
        found.append(path.name.encode() + path.read_bytes())
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                found += [book.read(name) for name in book.namelist()]
        elif path.suffix == ".parquet":
            found.append(str(pyarrow.parquet.read_table(path).to_pylist()).encode())
        elif path.name == STORE:
            store = ScanStore.reader(path)
            found += [*store.lines(), store.get("facts").encode()]
            found += [row[0] if row[0][:1] == b"{" else b"" for row in store._db.execute("SELECT result FROM content")]
            store.close()
    return b"\n".join(found)


def leaks(folder: Path) -> list[bytes]:
    found, everything = [], everything_in(folder)
    for name in SECRET_NAMES:
        at = everything.find(name.encode())
        found += [everything[max(0, at - 100) : at + 100]] if at >= 0 else []
    return found


def test_concealed_names_are_nowhere_in_the_results_and_the_key_joins_them(
    uptake: Any, secret_estate: Path, tmp_path: Path
) -> None:
    out, key = tmp_path / "out", tmp_path / "out.names.key.tsv"
    formats = [part for name in FORMATS for part in ("--format", name)]
    ended = uptake("scan", secret_estate, "--out", out, "--conceal-names", *formats)
    assert ended.code == 0, ended.error
    assert leaks(out) == []
    assert not any(name.encode() in ended.out for name in SECRET_NAMES)
    assert os.name == "nt" or key.stat().st_mode & 0o777 == 0o600
    files = orjson.loads((out / "results.json").read_bytes())["files"]
    joined = dict(line.split("\t") for line in key.read_text(encoding="utf-8").splitlines()[1:])
    clear = {os.path.basename(joined[file["path"].rpartition("#")[2]]) for file in files}
    assert clear == {path.name for path in secret_estate.iterdir()}
    for arguments in (["--format", "html", "--format", "csv"], ["--format", "xlsx", "--lang", "ja"], []):
        again = uptake("report", out, *arguments)
        assert again.code == 0
        assert not any(name.encode() in again.out for name in SECRET_NAMES)
    assert leaks(out) == []
    uptake("scan", secret_estate, "--out", out, "--conceal-names", "--format", "json")
    assert orjson.loads((out / "results.json").read_bytes())["files"] == files, "stable between runs"


def test_a_folder_with_clear_names_takes_no_concealed_results(uptake: Any, estate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert uptake("scan", estate, "--out", out, "--quiet").code == 0
    ended = uptake("scan", estate, "--out", out, "--conceal-names", "--quiet")
    assert ended.code == 2
    assert "holds results with clear names" in ended.error


def test_labels_come_out_wherever_a_report_has_a_place_for_them(uptake: Any, estate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    formats = [word for name in ("json", "html", "sarif") for word in ("--format", name)]
    ended = uptake("scan", estate, "--out", out, "--label", "site=大阪 <b>", *formats)
    assert "site = 大阪 <b>" in ended.out.decode()
    assert orjson.loads((out / "results.json").read_bytes())["summary"]["labels"] == {"site": "大阪 <b>"}
    assert orjson.loads((out / "results.sarif").read_bytes())["runs"][0]["properties"]["labels"] == {"site": "大阪 <b>"}
    assert "site = 大阪 &lt;b&gt;" in (out / "report.html").read_text(encoding="utf-8")
