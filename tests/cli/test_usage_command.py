"""`uptake usage`: the contracts that other programs rely on."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Command

HEADER = (
    "Report Refresh Date,User Principal Name,Last Activation Date,Last Activity Date,Report Period,"
    "Windows,Mac,Mobile,Web,Outlook,Word,Excel,PowerPoint,OneNote,Teams\n"
)


def test_an_import_shows_what_the_contract_says(uptake: Command, tmp_path: Path) -> None:
    path = tmp_path / "some name.csv"
    path.write_text(
        HEADER + "2026-11-19,a@x,,2026-11-18,30,Yes,No,No,No,No,Yes,No,No,No,No\n2026-11-19,b@x,,\n", encoding="utf-8"
    )
    ended = uptake("usage", "import", path, "--format", "json")
    assert ended.code == 0
    assert json.loads(ended.out) == [
        {
            "file": "some name.csv",
            "report": "m365_app_user_detail",
            "refresh_date": "2026-11-19",
            "rows": 1,
            "skipped": [{"line": 3, "why": "4 fields where the first line has 15"}],
            "active": {"any": 1, "desktop": 1, "without_teams": 1, "window_days": 28},
            "concealed": False,
        }
    ]


def test_what_is_no_report_ends_with_2_and_what_to_do_and_the_others_are_shown(uptake: Command, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad\x1b.csv"
    good.write_text(HEADER, encoding="utf-8")
    bad.write_text("a,b\n1,2\n", encoding="utf-8")
    ended = uptake("usage", "import", bad, good, "--format", "json")
    assert ended.code == 2
    assert [each["rows"] for each in json.loads(ended.out)] == [0]
    assert "Export" in ended.error
    assert "\x1b" not in ended.error


def test_an_import_in_words(uptake: Command, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(HEADER, encoding="utf-8")
    assert "this is not 0 %" in uptake("usage", "import", path).out.decode()
