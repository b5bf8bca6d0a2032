"""Results of a scan inside the engagement: read as a stream, clustered, triaged, signed, and never trusted."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from uptake.web.assessments.importing import owner_of, read
from uptake.web.assessments.models import Cluster, FindingRow, Scan
from uptake.web.assessments.selectors import open_rules
from uptake.web.engagements import services
from uptake.web.engagements.store import load
from web_world import World

Post = Callable[..., Any]


def finding(
    rule: str = "B01", statement: str = "Declare Sub Sleep", severity: str = "limited", **more: Any
) -> dict[str, Any]:
    return {"rule": rule, "severity": severity, "certainty": "certain", "module": "Module1", "container": "c", "line": 3, "editor_line": 2,
            "statement": statement, "message": "without PtrSafe", "proposal": "Declare PtrSafe Sub Sleep", **more}  # fmt: skip


def result(path: str, *findings: dict[str, Any], sha: str = "a" * 64) -> dict[str, Any]:
    projects = [{"container": "c", "modules": [{"name": "Module1", "sha256": sha}]}]
    return {"path": path, "status": "has VBA", "projects": projects, "findings": list(findings)}


def upload(world: World, body: bytes, name: str = "results.jsonl") -> Scan:
    client = world.client(world.member)
    values = {
        "file": SimpleUploadedFile(name, body),
        "ran_on": "2026-11-01",
        "method": "stand-alone",
        "coverage": "Finance",
    }
    answer = client.post(f"/e/{world.row.pk}/readiness/upload/", values)
    assert answer.status_code == 302, answer.content[-900:]
    return Scan.objects.latest("pk")


def lines(*results: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in results)


def test_findings_are_clustered_by_cause_by_reused_code_and_by_owner(world: World) -> None:
    scan = upload(world, lines(
        result("//fs/Finance/Payroll/a.xlsm", finding(), finding("B05", severity="significant", statement="x")),
        result("//fs/Finance/Payroll/b.xlsm", finding()),
        result("//fs/HR/c.xlsm", finding(), sha="b" * 64),
        {"path": "//fs/HR/d.xlsx", "status": "no VBA", "findings": []},
    ))  # fmt: skip
    assert (scan.state, scan.files, scan.with_vba, scan.findings_count) == ("complete", 4, 3, 4)
    assert scan.by_severity == {"significant": 1, "limited": 2}
    found = {
        (each.by, each.rule or each.title): (each.files_count, each.findings_count) for each in scan.clusters.all()
    }
    assert found[("cause", "B01")] == (3, 3)
    assert found[("cause", "B05")] == (1, 1)
    assert found[("owner", "fs/Finance/Payroll")] == (2, 3)
    assert sorted(count for (by, _title), count in found.items() if by == "code") == [(1, 1)] or len(found) >= 5
    assert FindingRow.objects.count() == 4
    kinds = [each.kind for each in load(world.fresh()).recorded("step:ort").evidence]
    assert kinds == ["scan"]


def test_a_whole_json_report_and_json_lines_say_the_same(world: World) -> None:
    results = [result("a.xlsm", finding()), result("b.xlsm", finding("B03"))]
    counts = []
    for body in (lines(*results), json.dumps({"schema": "uptake.scan/1", "summary": {}, "files": results}).encode(),
                 json.dumps({"schema": "uptake.scan/1", "files": results}, indent=2).encode()):  # fmt: skip
        scan = upload(world, body)
        counts.append((scan.state, scan.files, scan.findings_count, scan.clusters.count()))
    assert counts[0] == counts[1] == counts[2] == ("complete", 2, 2, 5) or len(set(counts)) == 1


def test_lines_that_are_no_results_are_counted_and_named(world: World) -> None:
    scan = upload(world, lines(result("a.xlsm", finding())) + b"{broken\n\n[]\n" + lines({"path": 5}))
    assert (scan.state, scan.files, scan.skipped) == ("complete", 1, 3)
    assert "line 2: no JSON" in scan.problem


@pytest.mark.parametrize("body", [b"{}\n", b'{"schema": "x"}\n', b"{ \n}", b"PK\x03\x04 nothing"])
def test_a_file_without_results_fails_with_what_to_do(world: World, body: bytes) -> None:
    scan = upload(world, body)
    assert scan.state == "failed"
    assert scan.problem
    assert not FindingRow.objects.exists()


def test_something_else_is_refused_at_the_form(world: World) -> None:
    client = world.client(world.member)
    values = {
        "file": SimpleUploadedFile("x.jsonl", b"%PDF-1.7"),
        "ran_on": "2026-11-01",
        "method": "m",
        "coverage": "c",
    }
    answer = client.post(f"/e/{world.row.pk}/readiness/upload/", values)
    assert answer.status_code == 422
    assert "neither JSON" in answer.content.decode()


def workbook(rows: list[list[object]], sheet: str = "VBA Results") -> bytes:
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEADS = ["Guideline", "Severity", "Source Location", "Source File", "Module", "Line #", "Statement", "FileStatus"]


def test_an_earlier_workbook_of_the_toolkit_is_read_as_far_as_its_columns_allow(world: World) -> None:
    scan = upload(world, workbook([
        HEADS,
        ["Update Declare statements", "Limited remediation", "C:\\Share", "a.xlsm", "Module1", 12, "Declare Function X", "VBA"],
        ["Update Declare statements", "Limited remediation", "C:\\Share", "a.xlsm", "Module1", 14, "Declare Function Y", "VBA"],
        [None, None, "C:\\Share", "b.xlsx", None, None, None, "No VBA"],
    ]), "report.xlsx")  # fmt: skip
    assert (scan.state, scan.kind, scan.files, scan.findings_count) == ("complete", "ort", 2, 2)
    assert FindingRow.objects.first().path == "C:\\Share\\a.xlsm"  # type: ignore[union-attr]


def test_a_workbook_without_the_sheet_says_which_one_is_missing(world: World) -> None:
    scan = upload(world, workbook([["x"]], "Sheet1"), "report.xlsx")
    assert scan.state == "failed"
    assert "VBA Results" in scan.problem


def test_our_own_excel_report_can_be_uploaded_as_well(world: World, tmp_path: Any) -> None:
    from click.testing import CliRunner

    from uptake.assess.samples import build_estate
    from uptake.cli import cli

    build_estate(tmp_path / "estate")
    CliRunner().invoke(
        cli, ["scan", str(tmp_path / "estate"), "--out", str(tmp_path / "out"), "--format", "xlsx", "--quiet"]
    )
    by_xlsx = upload(world, (tmp_path / "out/report.xlsx").read_bytes(), "report.xlsx")
    by_lines = upload(world, (tmp_path / "out/results.jsonl").read_bytes())
    assert by_xlsx.state == by_lines.state == "complete"
    assert by_lines.findings_count > 100
    assert by_xlsx.findings_count == pytest.approx(by_lines.findings_count, rel=0.2)


def test_triage_survives_the_next_scan_and_decides_what_still_opens_items(world: World, post: Post) -> None:
    scan = upload(world, lines(result("a.xlsm", finding())))
    cluster = Cluster.objects.get(scan=scan, by="cause")
    assert open_rules(world.row) == ["B01"]
    answer = post(f"readiness/{cluster.pk}/", state="accepted", process="", criticality="", assignee="", remark="")
    assert answer.status_code == 422
    assert "Say why it is accepted" in answer.content.decode()
    post(
        f"readiness/{cluster.pk}/",
        state="accepted",
        process="Payroll",
        criticality="business-critical",
        assignee="Kai",
        remark="Runs on 32-bit",
    )
    assert open_rules(world.row) == []
    again = upload(world, lines(result("a.xlsm", finding()), result("b.xlsm", finding("B03"))))
    kept = Cluster.objects.get(scan=again, by="cause", rule="B01")
    assert (kept.state, kept.process) == ("accepted", "Payroll")
    assert open_rules(world.row) == ["B03"]


def test_findings_open_items_of_the_checklist_and_a_clean_scan_closes_them(world: World, post: Post) -> None:
    post("checklist/questions/m365-apps/", **{"A-ID-01": "no"})
    services.generate_checklist(world.member, world.fresh(), None)
    upload(world, lines(result("a.xlsm", finding())))

    def by_scan() -> list[str]:
        return [each.id for each in load(world.fresh()).checklist.visible if str(each.shown) == "found"]  # type: ignore[union-attr]

    assert by_scan()
    upload(world, lines({"path": "a.xlsm", "status": "no VBA", "findings": []}))
    assert by_scan() == []


def test_the_fe_does_not_sign_while_a_serious_cause_was_not_looked_at(world: World, post: Post) -> None:
    scan = upload(world, lines(result("a.xlsm", finding())))
    post(f"readiness/sign/{scan.pk}/")
    assert not Scan.objects.get(pk=scan.pk).signed_by
    cluster = Cluster.objects.get(scan=scan, by="cause")
    post(f"readiness/{cluster.pk}/", state="assigned", process="Payroll", criticality="", assignee="Kai", remark="")
    post(f"readiness/sign/{scan.pk}/")
    assert Scan.objects.get(pk=scan.pk).signed_by == "Ben"
    kinds = {each.kind for each in load(world.fresh()).recorded("step:ort").evidence}
    assert kinds == {"scan", "fe-review"}


def test_hostile_names_and_code_are_inert_on_the_page(world: World) -> None:
    hostile = finding(
        statement="</code><script>alert(1)</script>", module="\u202egnp.exe", message="<img src=x onerror=alert(1)>"
    )
    scan = upload(world, lines(result("//fs/<b>/\u202eslx.exe", hostile)))
    cluster = Cluster.objects.get(scan=scan, by="cause")
    html = world.client(world.member).get(f"/e/{world.row.pk}/readiness/{cluster.pk}/").content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "\u202e" not in html
    assert "U+202E" in html


def test_the_search_shows_a_finding_of_the_newest_scan_once(world: World) -> None:
    for _ in range(2):
        scan = upload(world, lines(result("a.xlsm", finding())))
    found = world.client(world.member).get("/search/?q=B01").content.decode()
    links = re.findall(rf"/e/{world.row.pk}/readiness/(\d+)/", found)
    assert links == [str(each.pk) for each in scan.clusters.filter(by="cause", rule="B01")]


@pytest.mark.parametrize(("path", "owner"), [
    ("//fs/Finance/Payroll/2024/a.xlsm", "fs/Finance/Payroll"), ("C:\\Users\\me\\a.xlsm", "Users/me"), ("a.xlsm", "·"), ("/a.xlsm", "·"),
])  # fmt: skip
def test_the_owner_is_the_folder_below_the_root(path: str, owner: str) -> None:
    assert owner_of(path) == owner


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
    st.sampled_from(["path", "findings", "projects", "modules", "rule", "severity", "statement", "status", "container", "name", "sha256", "proposal"]),
    inner, max_size=6), max_leaves=25)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JSON, max_size=5))
@example([{"path": "a", "findings": True}])
@example([{"path": "a", "findings": [{"rule": "B01"}], "projects": True}])
@example([{"path": "a", "findings": [{"rule": "B01"}], "projects": [{"modules": 1}]}])
def test_whatever_is_uploaded_ends_as_complete_or_failed(world: World, values: list[Any]) -> None:
    body = b"{}\n" + b"".join(json.dumps(each).encode() + b"\n" for each in values)
    scan = Scan(engagement=world.row, name="x", size=len(body), ran_on=date(2026, 11, 1))
    scan.file.save("x", ContentFile(body))
    read(scan)
    assert Scan.objects.get(pk=scan.pk).state in ("complete", "failed")
