"""`uptake usage`: the contracts that other programs rely on."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
from cli_process import Command

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


def test_a_workbook_is_imported_like_its_csv(uptake: Command, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER.strip().split(","))
    sheet.append([date(2026, 11, 19), "a@x", None, date(2026, 11, 18), 30, True, *[False] * 9])
    sheet.append([date(2026, 11, 19), "b@x", None, "soon"])
    book.save(tmp_path / "re-saved.xlsx")
    ended = uptake("usage", "import", tmp_path / "re-saved.xlsx", "--format", "json")
    assert ended.code == 0
    [found] = json.loads(ended.out)
    assert (found["report"], found["refresh_date"], found["active"]["desktop"]) == (
        "m365_app_user_detail",
        "2026-11-19",
        1,
    )
    assert found["skipped"] == [{"line": 3, "why": "Last Activity Date is no date: 'soon'"}]


def test_a_broken_workbook_ends_with_2_and_what_to_do(uptake: Command, tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 500)
    ended = uptake("usage", "import", tmp_path / "broken.xlsx")
    assert ended.code == 2
    assert "CSV UTF-8" in ended.error
    assert "Traceback" not in ended.error


def test_an_import_in_words(uptake: Command, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(HEADER, encoding="utf-8")
    assert "this is not 0 %" in uptake("usage", "import", path).out.decode()


def snapshots(tmp_path: Path, *values: tuple[str, int, int]) -> Path:
    path = tmp_path / "snapshots.csv"
    path.write_text("date,active,paid\n" + "".join(f"{day},{a},{p}\n" for day, a, p in values), encoding="utf-8")
    return path


SLOW = [("2026-02-28", 400, 1000), ("2026-03-31", 403, 1000), ("2026-04-30", 407, 1000), ("2026-05-31", 410, 1000)]


def test_a_status_is_what_the_contract_says(uptake: Command, tmp_path: Path) -> None:
    ended = uptake("usage", "status", snapshots(tmp_path, *SLOW), "--as-of", "2026-05-31", "--format", "json")
    found = json.loads(ended.out)
    assert ended.code == 0
    assert found.pop("why")
    assert found == {
        "usage_pct": 41.0, "growth_points": 1.0, "growth_relative": 2.5,
        "healthy": "not_met", "sustained": "not_met", "stalled": "met", "certainty": "sure",
    }  # fmt: skip


def test_a_status_of_an_earlier_day_does_not_know_what_came_later(uptake: Command, tmp_path: Path) -> None:
    ended = uptake("usage", "status", snapshots(tmp_path, *SLOW), "--as-of", "2026-04-30", "--format", "json")
    found = json.loads(ended.out)
    assert (found["usage_pct"], found["stalled"]) == (40.7, "unknown")


def test_a_status_in_japanese_words(uptake: Command, tmp_path: Path) -> None:
    ended = uptake("usage", "status", snapshots(tmp_path, *SLOW), "--as-of", "2026-05-31", "--lang", "ja")
    assert "未満です" in ended.out.decode()


def test_a_series_that_is_none_ends_with_2(uptake: Command, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xff\xfe\x00")
    assert uptake("usage", "status", path).code == 2
    path.write_text("date,active\n", encoding="utf-8")
    ended = uptake("usage", "status", path)
    assert (ended.code, "date,active,paid" in ended.error) == (2, True)


def test_a_forecast_is_what_the_contract_says(uptake: Command, tmp_path: Path) -> None:
    months = [(f"2025-{month:02}-28", 400 + 30 * month, 1000) for month in range(1, 10)]
    ended = uptake("usage", "forecast", snapshots(tmp_path, *months), "--format", "json")
    found = json.loads(ended.out)
    assert set(found) == {"reach_70", "path"}
    assert set(found["reach_70"]) == {"median", "low", "high"}
    assert len(found["path"]) == 12
    assert set(found["path"][0]) == {"date", "median", "low", "high"}
    flat = uptake(
        "usage", "forecast", snapshots(tmp_path, *((day, 300, 1000) for day, _, _ in months)), "--format", "json"
    )
    assert json.loads(flat.out)["reach_70"] == "not within 12 months"
    assert b"not within" in uptake("usage", "forecast", snapshots(tmp_path, *SLOW)).out


def test_a_backtest_is_what_the_contract_says(uptake: Command, tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    rows = [
        f"{name},202{3 + m // 12}-{m % 12 + 1:02}-28,{20 + m * slope}\n"
        for name, slope in (("A", 1), ("B", 2.2))
        for m in range(30)
    ]
    path.write_text("series,date,value\n" + "".join(rows), encoding="utf-8")
    found = json.loads(uptake("usage", "backtest", path, "--format", "json").out)
    assert set(found) == {"origins", "mae", "baseline_mae", "coverage80", "reach_70"}
    assert found["origins"] == 52
    assert set(found["mae"]) == set(found["coverage80"]) == {"1", "3", "6"}
    assert set(found["reach_70"]) == {"hits", "median_error_months"}
    assert b"origins" in uptake("usage", "backtest", path).out
    path.write_text("series,date,value\nA,2026-01-01,3\n", encoding="utf-8")
    assert uptake("usage", "backtest", path).code == 2


def test_a_report_is_written_in_three_forms_and_both_languages(uptake: Command, tmp_path: Path) -> None:
    path, out = snapshots(tmp_path, *SLOW), tmp_path / "out"
    ended = uptake("usage", "report", path, "--out", out, "--as-of", "2026-05-31", "--lang", "en", "--lang", "ja")
    assert (ended.code, ended.error) == (0, "")
    assert {each.name for each in out.iterdir()} == {
        f"usage.{lang}.{form}" for lang in ("en", "ja") for form in ("html", "xlsx", "pptx")
    }
