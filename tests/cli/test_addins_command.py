"""`uptake addins`: collector out, evidence in, report over devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXPORT = """Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Word\\Options]

[HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node\\Microsoft\\Office\\Word\\Addins\\Stamp.Connect]
"FriendlyName"="Stamp \u202e"
"LoadBehavior"=dword:00000003
"""


def test_evidence_goes_in_and_devices_come_out(uptake: Any, tmp_path: Path) -> None:
    for name in ("pc1", "pc2"):
        (tmp_path / f"{name}.reg").write_bytes(EXPORT.encode("utf-16"))
    ended = uptake("addins", "import", tmp_path / "pc1.reg", tmp_path / "pc2.reg", "--format", "json")
    devices = json.loads(ended.out)
    assert ended.code == 1
    assert [(each["device"], each["readiness"]) for each in devices] == [("pc1", "significant"), ("pc2", "significant")]
    assert devices[0]["addins"][0]["findings"][0]["rule"] == "A02"
    rows = json.loads(uptake("addins", "report", tmp_path / "pc1.reg", tmp_path / "pc2.reg", "--format", "json").out)
    assert [(row["id"], row["devices"]) for row in rows] == [("Stamp.Connect", 2)]
    assert "\u202e" not in uptake("addins", "import", tmp_path / "pc1.reg").out.decode()
    assert (
        len(
            json.loads(
                uptake(
                    "addins",
                    "import",
                    tmp_path / "pc1.reg",
                    tmp_path / "pc2.reg",
                    "--device",
                    "one",
                    "--format",
                    "json",
                ).out
            )
        )
        == 1
    )


def test_what_is_no_evidence_ends_with_two(uptake: Any, tmp_path: Path) -> None:
    (tmp_path / "SOFTWARE").write_bytes(b"regf" + bytes(600))
    (tmp_path / "x.json").write_bytes(b"{}")
    assert uptake("addins", "import", tmp_path / "SOFTWARE").code == 2
    assert uptake("addins", "import", tmp_path / "x.json").code == 2
    assert uptake("addins", "report", tmp_path / "gone").code == 2


def test_the_collector_is_written_with_a_mark_that_powershell_reads(uptake: Any, tmp_path: Path) -> None:
    assert uptake("addins", "collector", "-o", tmp_path / "collect.ps1").code == 0
    assert (tmp_path / "collect.ps1").read_bytes().startswith(b"\xef\xbb\xbf#")


def test_an_inventory_of_many_devices_keeps_them_apart_and_what_is_not_documented_is_refused(
    uptake: Any, tmp_path: Path
) -> None:
    listed = tmp_path / "inventory.csv"
    rows = "PC1,Ledger,Ledger.Connect,Excel,COM,x86\nPC2,Ledger,Ledger.Connect,Excel,COM,x64\n"
    listed.write_text("DeviceName,FriendlyName,ID,OfficeApplication,Type,Architecture\n" + rows, encoding="utf-8")
    ended = uptake("addins", "import", listed, "--device", "one", "--format", "json")
    assert [(each["device"], each["readiness"]) for each in json.loads(ended.out)] == [
        ("PC1", "significant"),
        ("PC2", "ready"),
    ]
    [row] = json.loads(uptake("addins", "report", listed, "--format", "json").out)
    assert (row["devices"], row["bitness"]) == (2, ["32-only", "64-only"])
    listed.write_text("MachineName,name,OverallHealth\nPC1,Ledger,2\n", encoding="utf-8")
    ended = uptake("addins", "import", listed)
    assert ended.code == 2
    assert "collector" in ended.error


def test_programs_of_an_organisation_are_looked_for_beside_the_shipped_ones(uptake: Any, tmp_path: Path) -> None:
    (tmp_path / "pc1.reg").write_text(
        "Windows Registry Editor Version 5.00\n\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\x]\n"
        '"DisplayName"="Papermill Desktop 4"\n',
        encoding="utf-8",
    )
    (tmp_path / "programs.csv").write_text(
        "program,publisher,uses,source,date\nPapermill Desktop,,automation,maker's page,2026-05-01\n", encoding="utf-8"
    )
    assert json.loads(uptake("addins", "report", tmp_path / "pc1.reg", "--format", "json").out) == []
    ended = uptake(
        "addins", "import", tmp_path / "pc1.reg", "--programs", tmp_path / "programs.csv", "--format", "json"
    )
    [addin] = json.loads(ended.out)[0]["addins"]
    assert (addin["id"], addin["uses"], addin["evidence"]) == (
        "Papermill Desktop",
        "automation",
        "maker's page, 2026-05-01",
    )
    assert [each["certainty"] for each in addin["findings"]] == ["possible"]
    (tmp_path / "programs.csv").write_text("program\nx\n", encoding="utf-8")
    assert uptake("addins", "import", tmp_path / "pc1.reg", "--programs", tmp_path / "programs.csv").code == 2
