"""Concealed names: nothing clear comes through, the key file joins, the same name has the same code."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from uptake.adapters.concealment import Concealer, masked
from uptake.core.errors import UptakeError


@pytest.fixture
def concealer(tmp_path: Path) -> Concealer:
    return Concealer(tmp_path / "names.key.tsv")


@pytest.mark.parametrize(
    ("clear", "hidden"),
    [
        ("/srv/payroll/Salaries 2026.xlsm", "/sr*/pa*****/Sa********.xlsm"),
        ("C:\\Users\\maria\\Plan.xls", "C:\\Us***\\ma***\\Pl**.xls"),
        ("\\\\fileserver\\finance\\osaka.xls", "\\\\fi********\\fi*****\\os***.xls"),
        ("https://contoso.example/Sites/Plan.xlsx", "https://co********/Si***/Pl**.xlsx"),
        ("経理部/請求書一覧.xlsm", "経理*/請求***.xlsm"),
        ("Report.Meier", "Re********"),
        ("Vertrag.Kündigung Huber GmbH", "Ve********"),
        ("Projekt Meier:/Plan.xls", "Pr********/Pl**.xls"),
        ("a/ab/abc", "a*/ab*/ab*"),
        ("", ""),
        ("/", "/"),
        (".xlsm", ".xlsm"),
    ],
)
def test_two_characters_and_a_known_extension_stay(clear: str, hidden: str) -> None:
    assert masked(clear) == hidden
    assert masked(hidden) == hidden, "what was masked once stays as it is"


def test_a_code_joins_a_shown_path_with_its_clear_name(concealer: Concealer, tmp_path: Path) -> None:
    names = [
        "/srv/Salaries.xlsm",
        "/srv/tab\there.xlsm",
        "/srv/new\nline.xlsm",
        "/srv/back\\slash.xlsm",
        "/srv/\udcff.xls",
    ]
    shown = [concealer.conceal_path(name) for name in names]
    concealer.close()
    lines = (tmp_path / "names.key.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("secret\t")
    joined = dict(line.split("\t") for line in lines[1:])
    assert len(joined) == len(names)
    assert joined[shown[0].rpartition("#")[2]] == "/srv/Salaries.xlsm"
    assert joined[shown[1].rpartition("#")[2]] == "/srv/tab\\there.xlsm"
    assert joined[shown[2].rpartition("#")[2]] == "/srv/new\\nline.xlsm"


def test_codes_are_stable_and_the_key_file_does_not_grow_with_each_run(tmp_path: Path) -> None:
    shown, sizes = set(), set()
    for _ in range(3):
        concealer = Concealer(tmp_path / "key")
        shown.add(concealer.conceal_path("/srv/Salaries.xlsm"))
        shown.add(concealer.conceal_path("/srv/Salaries.xlsm"))
        concealer.close()
        sizes.add((tmp_path / "key").stat().st_size)
    assert len(shown) == len(sizes) == 1


def test_another_key_gives_other_codes(tmp_path: Path) -> None:
    one, two = Concealer(tmp_path / "one"), Concealer(tmp_path / "two")
    assert one.code("a") != two.code("a")
    assert one.key("a") != two.key("a")
    assert one.identity != two.identity


@pytest.mark.skipif(sys.platform == "win32", reason="modes of Unix")
def test_only_its_owner_may_read_the_key_file(concealer: Concealer) -> None:
    assert stat.S_IMODE(os.stat(concealer.path).st_mode) == 0o600


def test_half_a_line_of_a_power_cut_does_not_swallow_the_next(tmp_path: Path) -> None:
    concealer = Concealer(tmp_path / "key")
    concealer.conceal_path("/srv/first.xlsm")
    concealer.close()
    with (tmp_path / "key").open("ab") as file:
        file.write(b"0123456789abcdef\t/srv/tor")
    concealer = Concealer(tmp_path / "key")
    code = concealer.conceal_path("/srv/second.xlsm").rpartition("#")[2]
    concealer.close()
    assert (tmp_path / "key").read_text().splitlines()[-1] == f"{code}\t/srv/second.xlsm"


@pytest.mark.parametrize("content", [b"", b"my own notes\n", b"\xff\xfe\x00secret", b"secret\tabc\n"])
def test_a_file_of_somebody_else_is_not_taken_for_a_key_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UptakeError, match="not a key file"):
        Concealer(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == content


def test_a_key_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UptakeError, match="cannot be written"):
        Concealer(tmp_path / "file" / "key")


FINDING = {
    "container": "Projekt Adler/Quartal.zip!Salaries.xlsm!xl/vbaProject.bin",
    "module": "Module1",
    "statement": 'Workbooks.Open "Quartalszahlen 2026.xls"',
    "message": "The project refers to \\\\fileserver\\it\\gemeinsam.xla, which moves",
    "proposal": 'Private Declare PtrSafe Sub Run Lib "C:\\Werkzeuge\\rechner.dll" ()',
    "context": [[1, "' see Quartalszahlen.xls and " + '"Projekt Adler/Geheimplan.docx"'], [2, "x = 1"]],
    "arguments": {"path": "\\\\fileserver\\it\\gemeinsam.xla", "library": "user32.dll"},
}
CLEAR = (
    "Adler",
    "Quartal",
    "Salaries",
    "gemeinsam",
    "fileserver",
    "Werkzeuge",
    "rechner",
    "Geheimplan",
    "Innerhalb",
    "Bereich",
)


def a_result(**more: Any) -> dict[str, Any]:
    reference = {"path": "C:\\Werkzeuge\\gemeinsam.xla", "description": "see C:\\Werkzeuge\\rechner.txt"}
    project = {"container": FINDING["container"], "references": [reference], "name": "VBAProject"}
    plain: dict[str, Any] = {"projects": [project], "findings": [FINDING], "reason": "", "defects": []}
    return plain | more


@pytest.mark.parametrize(
    "reason",
    [
        "Projekt Adler/Innerhalb vom Bereich.xlsm: the document is encrypted with a password",
        "Quartal.zip!Salaries.xlsm: documents more than 8 levels deep were not opened",
        "member 'Projekt Adler/Salaries alt.xlsm': part 'xl/workbook.xml' is damaged",
        "'Innerhalb.rar' is an archive of a kind that is not opened (rar)",
    ],
)
def test_paths_and_file_names_are_hidden_wherever_a_result_has_them(concealer: Concealer, reason: str) -> None:
    result = a_result(reason=reason, defects=[reason])
    hidden = concealer.conceal_result(orjson.dumps(result))
    assert [name for name in CLEAR if name.encode() in hidden] == []
    assert concealer.conceal_result(hidden) == hidden
    kept = orjson.loads(hidden)
    assert kept["reason"].partition(": ")[2] == reason.partition(": ")[2] or "'" in reason
    finding = kept["findings"][0]
    assert finding["container"].endswith("!xl/vbaProject.bin")
    assert finding["arguments"]["library"] == "user32.dll"
    assert finding["message"].startswith("The project refers to \\\\fi")
    assert finding["message"].endswith(".xla, which moves")


def test_fixed_names_of_office_stay_but_a_folder_that_is_called_like_one_does_not(concealer: Concealer) -> None:
    def hidden(container: str) -> str:
        result = a_result(findings=[FINDING | {"container": container}])
        return str(orjson.loads(concealer.conceal_result(orjson.dumps(result)))["findings"][0]["container"])

    for fixed in ("xl/vbaProject.bin", "word/embeddings/oleObject1.bin", "_VBA_PROJECT_CUR", "PowerPoint Document@12"):
        assert hidden(fixed) == fixed
    assert "Salaries" not in hidden("word/Salaries.docx")
    assert "Salaries" not in hidden("xl/embeddings/Salaries.xlsx")
