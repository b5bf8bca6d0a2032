"""`uptake rollout`: the contracts of its commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

INVENTORY = """device,user,department,site,model,language,items,weight
pc1,u1,Sales,Rome,M1,it-it,solver.xlam;crm.dll,1
pc2,u2,Law,Rome,M1,it-it,crm.dll,1
pc3,u3,Law,Oslo,M2,nb-no,macro-7,3
pc4,u4,Sales,Oslo,M2,nb-no,macro-7;crm.dll,1
"""


def test_the_json_of_pilot_is_the_contract(uptake: Any, tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    path.write_text(INVENTORY, encoding="utf-8")
    ended = uptake("rollout", "pilot", path, "--format", "json")
    result = json.loads(ended.out)
    assert ended.code == 0
    assert list(result) == ["devices", "uncovered", "status", "bound", "greedy", "why"]
    assert (result["devices"], result["uncovered"]) == (["pc1", "pc3"], [])
    assert (result["status"], result["bound"], result["greedy"]) == ("optimal", 2, 2)
    assert set(result["why"]) == {"pc1", "pc3"}


def test_exclusions_limits_and_columns_are_taken(uptake: Any, tmp_path: Path) -> None:
    path, exclude = tmp_path / "inventory.csv", tmp_path / "exclude.txt"
    path.write_text(INVENTORY, encoding="utf-8")
    exclude.write_text("u1\n", encoding="utf-8")
    ended = uptake("rollout", "pilot", path, "--exclude", exclude, "--max", 1, "--cover", "items", "--format", "json")
    result = json.loads(ended.out)
    assert result["devices"] == ["pc4"]
    assert result["uncovered"] == ["solver.xlam"]
    assert uptake("rollout", "pilot", path, "--cover", "colour").code == 2
    assert uptake("rollout", "pilot", path, "--column", "device=None").code == 2
    assert uptake("rollout", "pilot", tmp_path / "gone.csv").code == 2
    assert "pc1" in uptake("rollout", "pilot", path).out.decode()
    assert "網羅" in uptake("rollout", "pilot", path, "--lang", "ja").out.decode()


def test_the_json_of_waves_is_the_contract(uptake: Any, tmp_path: Path) -> None:
    path, plan = tmp_path / "inventory.csv", tmp_path / "plan.yaml"
    path.write_text(INVENTORY, encoding="utf-8")
    plan.write_text("start: 2026-12-07\npilot: [pc1]\ngrowth: [50, 100]\n", encoding="utf-8")
    ended = uptake("rollout", "waves", path, "--plan", plan, "--format", "json", "--ics", tmp_path / "waves.ics")
    waves = json.loads(ended.out)
    assert ended.code == 0
    assert [list(wave) for wave in waves] == [["wave", "start", "devices", "reasons"]] * len(waves)
    assert (waves[0]["wave"], waves[0]["start"], waves[0]["devices"]) == ("pilot", "2026-12-07", ["pc1"])
    assert sorted(name for wave in waves for name in wave["devices"]) == ["pc1", "pc2", "pc3", "pc4"]
    assert (tmp_path / "waves.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    plan.write_text("start: 2026-12-14\n", encoding="utf-8")
    ended = uptake("rollout", "waves", path, "--plan", plan, "--lang", "ja")
    assert "S6" in ended.error
    plan.write_text("start: never\n", encoding="utf-8")
    assert uptake("rollout", "waves", path, "--plan", plan).code == 2
