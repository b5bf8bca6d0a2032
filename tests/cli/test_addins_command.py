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
