"""Add-ins inside the engagement: what endpoints report is read once, counted, triaged, and never trusted."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as conf
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from uptake.assess.addins.collector import collector
from uptake.core.errors import UptakeError
from uptake.web.accounts.models import ApiToken
from uptake.web.addins import archives, importing, services
from uptake.web.addins.models import AddInRow, Collection, DeviceRow, Installed, Statement
from uptake.web.assessments.selectors import addin_rules
from uptake.web.common.templatetags.uptake_ui import coded
from uptake.web.engagements import services as engagements
from uptake.web.engagements.models import AuditEntry
from uptake.web.engagements.store import load
from uptake.web.packages import services as packages
from web_world import World

Post = Callable[..., Any]
OPTIONS = r"hkcu\software\microsoft\office\16.0\excel\options"


def report(device: str = "PC1", *files: str, bitness: str = "32-only", version: str = "1.0", **more: Any) -> bytes:
    """A collection of one device with XLL add-ins."""
    paths = [rf"C:\Tools\{name}" for name in files or ("rates.xll",)]
    return json.dumps({
        "schema": "uptake.addins/1", "device": device, "user": "u", "department": "Law", "collected": "2026-11-01T08:00:00Z",
        "keys": [{"path": OPTIONS, "values": {f"OPEN{n}": path for n, path in enumerate(paths)}}],
        "files": [{"path": path, "bitness": bitness, "version": version} for path in paths], **more,
    }).encode()  # fmt: skip


def upload(world: World, *files: tuple[str, bytes], device: str = "") -> Collection:
    values = {"uploads": [SimpleUploadedFile(name, body) for name, body in files], "device": device}
    answer = world.client(world.member).post(f"/e/{world.row.pk}/addins/upload/", values)
    assert answer.status_code == 302, answer.content[-900:]
    return Collection.objects.latest("pk")


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def page(world: World, path: str) -> str:
    answer = world.client(world.member).get(f"/e/{world.row.pk}/{path}")
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


# Collections


def test_many_files_and_a_zip_of_them_become_devices_and_addins_with_their_counts(world: World) -> None:
    made = upload(
        world, ("a.json", report("PC1")), ("b.zip", zipped(("x/b.json", report("PC2", "rates.xll", "fx.xll"))))
    )
    assert (made.state, made.files, made.devices, made.new, made.addins, made.problem) == ("complete", 2, 2, 2, 2, "")
    rates = AddInRow.objects.get(key="rates.xll")
    assert (rates.devices_count, rates.departments_count, rates.severity, rates.rules, rates.kind) == (
        2,
        1,
        4,
        ["A04"],
        "xll",
    )
    assert made.by_severity == {"significant": 2}
    html = page(world, "addins/")
    assert html.index("rates.xll") < html.index("fx.xll")
    assert "/rules/A04/" in html


def test_the_same_files_again_change_nothing(world: World) -> None:
    upload(world, ("a.json", report()))
    before = list(Installed.objects.values_list("pk", flat=True))
    again = upload(world, ("other name.json", report()))
    assert (again.same, again.new, again.replaced) == (1, 0, 0)
    assert list(Installed.objects.values_list("pk", flat=True)) == before


def test_a_newer_collection_takes_the_place_of_the_older_and_an_older_one_does_not(world: World) -> None:
    first = upload(world, ("a.json", report("PC1", "rates.xll", "old.xll")))
    newer = upload(world, ("b.json", report("pc1", "rates.xll", collected="2026-11-05T08:00:00Z", version="2.0")))
    assert (newer.replaced, newer.new) == (1, 0)
    assert [each.version for each in Installed.objects.all()] == ["2.0"]
    assert AddInRow.objects.get(key="old.xll").devices_count == 0
    assert "old.xll" not in page(world, "addins/")
    older = upload(world, ("c.json", report("PC1", "old.xll", collected="2026-10-01T08:00:00Z")))
    assert (older.older, older.replaced) == (1, 0)
    assert [each.addin.key for each in Installed.objects.select_related("addin")] == ["rates.xll"]
    assert (first.devices, Collection.objects.count()) == (1, 3)


def test_users_of_one_device_whose_files_come_apart_are_joined(world: World) -> None:
    upload(world, ("a.json", report("PC1", "rates.xll", user="ann")))
    made = upload(world, ("b.json", report("PC1", "fx.xll", user="bob", bitness="64-only")))
    device = DeviceRow.objects.get()
    assert (made.replaced, made.new, device.user, device.addins_count, device.severity) == (1, 0, "ann, bob", 2, 4)
    assert "bob" in page(world, f"addins/devices/{device.pk}/")
    upload(world, ("c.json", report("PC1", "fx.xll", user="ann", collected="2026-11-02T08:00:00Z")))
    assert list(Installed.objects.values_list("addin__key", flat=True)) == ["fx.xll"]
    older = upload(world, ("d.json", report("PC1", "old.xll", user="bob", collected="2026-10-02T08:00:00Z")))
    assert (older.older, Installed.objects.count()) == (1, 1)


def test_a_list_beside_the_collectors_file_adds_names_and_hides_no_bitness(world: World) -> None:
    upload(world, ("a.json", report("PC1", "rates.xll", bitness="64-only")))
    before = AddInRow.objects.get(key="rates.xll")
    head = "DeviceName,FriendlyName,ID,OfficeApplication,Type\n"
    upload(world, ("b.csv", (head + "PC1,Rates,rates.xll,Excel,XLL\nPC1,Other,House.Other,Excel,COM\n").encode()))
    after = AddInRow.objects.get(key="rates.xll")
    assert (after.bitness, after.rules, after.severity) == ("64-only", before.rules, before.severity)
    assert sorted(DeviceRow.objects.get().installed.values_list("addin__key", flat=True)) == [
        "house.other",
        "rates.xll",
    ]


def test_files_of_one_device_that_come_together_are_joined_and_a_hive_needs_its_name(world: World) -> None:
    export = (
        "Windows Registry Editor Version 5.00\n\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Office\\Word\\Addins\\Papermill.Templates]\n"
        '"Manifest"="file:///C:/p.vsto|vstolocal"\n'
    )
    other = "Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\Excel\\Addins\\Ledger.Connect]\n"
    upload(world, ("machine.reg", export.encode()), ("user.reg", other.encode()), device="PC7")
    [device] = DeviceRow.objects.all()
    assert (device.name, device.addins_count) == ("PC7", 2)
    upload(world, ("u1.json", report("PC8", "a.xll", user="one")), ("u2.json", report("PC8", "b.xll", user="two")))
    shared = DeviceRow.objects.get(key="pc8")
    assert (shared.addins_count, shared.user) == (2, "one, two")


def test_events_alone_do_not_empty_a_device(world: World) -> None:
    upload(world, ("a.json", report("PC1")))
    log = b'<Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"/></Events>'
    made = upload(world, ("events.xml", log), device="PC1")
    assert (made.state, "say nothing without" in made.problem) == ("failed", True)
    assert DeviceRow.objects.get().addins_count == 1


def test_an_inventory_gives_all_of_its_devices(world: World) -> None:
    head = "DeviceName,Architecture,FriendlyName,ID,OfficeApplication,Type\n"
    made = upload(
        world,
        (
            "list.csv",
            (head + "PC1,x86,Ledger,Ledger.Connect,Excel,COM\nPC2,x64,Ledger,Ledger.Connect,Excel,COM\n").encode(),
        ),
    )
    assert (made.devices, AddInRow.objects.get().bitness) == (2, "mixed")


def test_a_file_that_is_none_is_named_and_the_others_are_read(world: World) -> None:
    damaged = bytearray(zipped(("d.json", report("PC2", *(f"{n}.xll" for n in range(200))))))
    damaged[200:260] = bytes(60)
    made = upload(
        world, ("a.json", report()), ("b.txt", b"hello"), ("c.zip", b"PK\x03\x04 broken"), ("d.zip", bytes(damaged))
    )
    assert (made.state, made.devices, made.skipped) == ("complete", 1, 3)
    for name in ("b.txt", "c.zip", "d.json"):
        assert name in made.problem
    assert upload(world, ("b.txt", b"hello")).state == "failed"


def test_what_unfolds_without_end_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "SMALL", 1 << 16)
    made = upload(world, ("bomb.zip", zipped(("a.json", b" " * (4 << 20)), ("b.json", report("PC2")))))
    assert (made.state, made.devices, made.skipped) == ("complete", 1, 1)
    assert "unfolds to too much" in made.problem
    monkeypatch.setattr(archives, "MOST_ALL", 1 << 10)
    assert upload(world, ("all.zip", zipped(("a.json", report("P" * 1100))))).state == "failed"
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    made = upload(world, ("many.zip", zipped(*((f"{n}.json", b"{}") for n in range(5)))))
    assert (made.state, "more than 2 files" in made.problem) == ("failed", True)


def test_files_that_are_too_large_together_are_refused_at_the_form(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "MOST_COLLECTION", 1_000_000)
    values = {"uploads": [SimpleUploadedFile(f"{n}.json", b"x" * 600_000) for n in range(2)]}
    answer = world.client(world.member).post(f"/e/{world.row.pk}/addins/upload/", values)
    assert answer.status_code == 422
    assert not Collection.objects.exists()


def test_names_from_a_device_are_inert_on_pages_and_in_files(world: World) -> None:
    evil = '=cmd|"/c calc"!A1<script>alert(1)</script>\u202e.xll'
    upload(world, ("a.json", report("<b>PC</b>", evil, department="=1+1")))
    found = AddInRow.objects.get()
    device = DeviceRow.objects.get()
    for path in ("addins/", f"addins/{found.pk}/", "addins/devices/", f"addins/devices/{device.pk}/"):
        html = page(world, path)
        assert "<script>alert" not in html
        assert "<b>PC</b>" not in html
        assert "\u202e" not in html
    client = world.client(world.member)
    text = client.get(f"/e/{world.row.pk}/addins/export.csv").content.decode("utf-8-sig")
    assert all(not cell.startswith("=") for line in csv.reader(io.StringIO(text)) for cell in line)
    body = b"".join(client.get(f"/e/{world.row.pk}/addins/devices.csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    lines = list(csv.reader(io.StringIO(body)))
    assert len(lines) == 2
    assert all(not cell.startswith("=") for line in lines for cell in line)
    book = load_workbook(io.BytesIO(client.get(f"/e/{world.row.pk}/addins/export.xlsx").content))
    assert {cell.data_type for sheet in book for line in sheet.iter_rows() for cell in line} <= {"s", "n"}


def test_the_collector_of_the_page_is_the_one_of_the_command(world: World) -> None:
    answer = world.client(world.member).get(f"/e/{world.row.pk}/addins/collect.ps1")
    assert answer.content == collector()
    assert answer["Content-Disposition"].endswith('"collect.ps1"')
    assert "collect.ps1 -OutFile" in page(world, "addins/")


def test_a_workbook_is_bounded_and_says_where_the_rest_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_ROWS", 1)
    upload(world, ("a.json", report("PC1", "a.xll", "b.xll", "c.xll")))
    book = load_workbook(io.BytesIO(services.as_xlsx(world.row)))
    assert [sheet.max_row for sheet in book] == [3, 3]
    assert book.worksheets[1].cell(3, 1).value == "The rest is in the CSV of the devices."
    assert len(list(services.devices_csv(world.row))) == 4


# Overview


def test_the_overview_is_searched_and_filtered_and_strange_filters_count_as_none(world: World) -> None:
    upload(world, ("a.json", report("PC1", "rates.xll", "macro.xlam")))
    assert "macro.xlam" not in page(world, "addins/?kind=xll")
    assert "rates.xll" not in page(world, "addins/?q=macro")
    assert "rates.xll" not in page(world, "addins/?status=Adopted")
    assert "rates.xll" in page(world, "addins/?severity=significant&state=untriaged")
    assert "rates.xll" in page(world, "addins/?severity=x&status=%00&kind=..&state=1&q=%00&page=z")


def test_the_search_finds_addins_of_ones_own_engagements_only(world: World) -> None:
    upload(world, ("a.json", report("PC1", "rates.xll")))
    link = f"/e/{world.row.pk}/addins/{AddInRow.objects.get().pk}/".encode()
    assert link in world.client(world.member).get("/search/?q=rates").content
    assert link not in world.client(world.stranger).get("/search/?q=rates").content
    assert world.client(world.member).get("/search/?q=%00rates").status_code == 200


def test_a_rule_has_its_page_in_both_languages(world: World) -> None:
    client = world.client(world.member)
    assert "MAPISendMail" in client.get("/rules/A18/").content.decode()
    assert (
        "外部" in client.get("/rules/A18/", headers={"Accept-Language": "ja"}).content.decode()
        or world.member.language == "en"
    )
    assert client.get("/rules/Z99/").status_code == 404


# Triage, checklist, pilot


def triage(post: Post, addin: AddInRow, state: str, remark: str = "") -> Any:
    return post(f"addins/{addin.pk}/", state=state, process="", criticality="", assignee="Kai", remark=remark)


def test_triage_survives_the_next_collection_and_decides_what_still_speaks(world: World, post: Post) -> None:
    upload(world, ("a.json", report()))
    found = AddInRow.objects.get()
    assert addin_rules(world.row) == ["A04"]
    assert triage(post, found, "accepted").status_code == 422
    triage(post, found, "accepted", "Stays on 32-bit until March")
    assert addin_rules(world.row) == []
    upload(world, ("b.json", report(collected="2026-11-09T08:00:00Z", version="3")), ("c.json", report("PC2")))
    kept = AddInRow.objects.get()
    assert (kept.pk, kept.state, kept.assignee, kept.devices_count) == (found.pk, "accepted", "Kai", 2)
    assert addin_rules(world.row) == []
    assert AuditEntry.objects.filter(engagement=world.row, action="triage").exists()


def test_findings_open_an_item_of_the_checklist_and_settled_ones_close_it(world: World, post: Post) -> None:
    post("checklist/questions/m365-apps/", **{"A-ADD-02": "0", "A-ID-01": "no"})
    engagements.generate_checklist(world.member, world.fresh(), None)

    def shown() -> str:
        return next(str(each.shown) for each in load(world.fresh()).checklist.items if each.id == "A-ADD-02")  # type: ignore[union-attr]

    assert shown() == "not triggered"
    upload(world, ("a.json", report()))
    assert shown() == "found"
    triage(post, AddInRow.objects.get(), "fixed")
    assert shown() == "not triggered"
    post("checklist/questions/m365-apps/", **{"A-ADD-02": "3", "A-ID-01": "no"})
    engagements.generate_checklist(world.member, world.fresh(), None)
    assert shown() == "cleared"


def test_a_checklist_item_of_addins_is_not_closed_while_nothing_was_collected(world: World, post: Post) -> None:
    post("checklist/questions/m365-apps/", **{"A-ADD-02": "3"})
    engagements.generate_checklist(world.member, world.fresh(), [])
    items = load(world.fresh()).checklist.items  # type: ignore[union-attr]
    assert next(str(each.shown) for each in items if each.id == "A-ADD-02") == "triggered"


def test_the_pilot_covers_what_was_collected_beside_what_the_inventory_names(world: World) -> None:
    upload(
        world, ("a.json", report("PC1")), ("b.json", report("PC2", "rates.xll", "fx.xll")), ("c.json", report("PC3"))
    )
    table = "device,user,department,items\nPC1,u1,Finance,\nPC2,u2,HR,macro1;RATES.XLL\nPC4,u4,HR,macro2\n"
    kept = packages.take_inventory(world.member, world.row, table.encode(), "devices.csv")
    items = {each.name: each.items for each in packages.inventory_of(kept).devices}
    assert items == {"PC1": ("rates.xll",), "PC2": ("macro1", "RATES.XLL", "fx.xll"), "PC4": ("macro2",)}
    assert "2" in page(world, "rollout/")


def test_departments_are_those_of_the_inventory_and_else_the_collectors(world: World) -> None:
    upload(world, ("a.json", report("PC1")), ("b.json", report("PC2")))
    assert AddInRow.objects.get().departments_count == 1
    packages.take_inventory(world.member, world.row, b"device,department\npc1,Finance\n", "devices.csv")
    assert dict(DeviceRow.objects.values_list("name", "department")) == {"PC1": "Finance", "PC2": "Law"}
    assert AddInRow.objects.get().departments_count == 2
    assert "PC2" not in page(world, "addins/devices/?department=Finance")
    upload(world, ("c.json", report("PC1", "new.xll", collected="2026-11-09T08:00:00Z")))
    assert DeviceRow.objects.get(key="pc1").department == "Finance"


def test_a_device_that_is_gone_counts_no_longer(world: World, post: Post) -> None:
    upload(world, ("a.json", report("PC1")), ("b.json", report("PC2")))
    post(f"addins/devices/{DeviceRow.objects.get(key='pc1').pk}/forget/")
    assert AddInRow.objects.get().devices_count == 1
    assert upload(world, ("a.json", report("PC1"))).new == 1


# Statements


def statement(post: Post, **changes: str) -> Any:
    values = {
        "addin": "Rates.XLL",
        "status": "Contact software provider",
        "statement": "No 64-bit build",
        "source": "Mail",
        "on": "2026-11-02",
    }
    return post("addins/statements/new/", **{**values, **changes})


def test_a_statement_holds_for_all_engagements_of_the_organisation_and_goes_again(world: World, post: Post) -> None:
    upload(world, ("a.json", report()))
    assert AddInRow.objects.get().status == "Unknown"
    statement(post)
    found = AddInRow.objects.get()
    assert (found.status, found.statement_source, found.statement_date) == (
        "Contact software provider",
        "Mail",
        "2026-11-02",
    )
    assert "No 64-bit build" in page(world, f"addins/{found.pk}/")
    again = statement(post)
    assert (again.status_code, "has a statement already" in again.content.decode()) == (422, True)
    post(f"addins/statements/{Statement.objects.get().pk}/remove/")
    assert AddInRow.objects.get().status == "Unknown"
    assert AuditEntry.objects.filter(engagement=world.row, action="statement").count() >= 2


def test_an_own_statement_stands_before_the_shipped_one(world: World, post: Post) -> None:
    upload(world, ("a.json", report("PC1", "solver.xlam")))
    assert AddInRow.objects.get().status == "Supported version available"
    statement(post, addin="SOLVER.xlam")
    assert AddInRow.objects.get().status == "Contact software provider"


def test_statements_go_out_and_come_in_as_they_were(world: World, post: Post) -> None:
    statement(post, statement="=HYPERLINK(1)", addin="-odd.xll")
    body = world.client(world.member).get(f"/e/{world.row.pk}/addins/statements.csv").content
    assert "'=HYPERLINK" in body.decode("utf-8-sig")
    before = Statement.objects.values_list("key", "status", "statement", "source", "on")[0]
    Statement.objects.all().delete()
    answer = post("addins/statements/", file=SimpleUploadedFile("s.csv", body))
    assert answer.status_code == 302
    assert Statement.objects.values_list("key", "status", "statement", "source", "on")[0] == before


@pytest.mark.parametrize(("line", "why"), [
    ("a.xll,Adopted,,Mail,soon", "Line 2"), ("a.xll,Fine,,Mail,2026-01-01", "Line 2"), (",Adopted,,Mail,2026-01-01", "Line 2"), ("", "no statement"),
])  # fmt: skip
def test_a_wrong_line_is_named_and_nothing_is_taken(world: World, post: Post, line: str, why: str) -> None:
    body = f"addin,status,statement,source,date\n{line}\n".encode()
    answer = post("addins/statements/", file=SimpleUploadedFile("s.csv", body))
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not Statement.objects.exists()
    with pytest.raises(UptakeError):
        services.import_statements(world.member, world.row, "a,b\n1,2\n")


# Whatever is uploaded

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
    st.sampled_from(["path", "values", "OPEN", "text", "id", "bitness", "company", "version", "head", r"hkcu\software\a"]), inner, max_size=5), max_leaves=20)  # fmt: skip
PARTS = ("device", "user", "department", "collected", "keys", "files", "events", "manifests", "not_readable")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(PARTS), JSON), st.binary(max_size=200), st.text(max_size=40))
def test_whatever_is_uploaded_ends_as_complete_or_failed(
    world: World, parts: dict[str, Any], body: bytes, name: str
) -> None:
    base = json.loads(report("PC1", name or "x"))
    files = [
        ("a.json", io.BytesIO(json.dumps({**base, **parts}).encode())), (name, io.BytesIO(body)),
        ("c.zip", io.BytesIO(zipped(("d.json", body), ("e.json", report("PC2", name or "x"))))),
    ]  # fmt: skip
    made = services.keep_files(world.member, world.row, files, 10)
    importing.read(made)
    assert Collection.objects.get(pk=made.pk).state in ("complete", "failed")
    assert page(world, "addins/")


# The API


def test_collections_addins_devices_and_statements_go_through_the_api(world: World) -> None:
    headers = {"Authorization": f"Bearer {ApiToken.make(world.member, 'test', 'write', 1)[1]}"}
    client, base = world.client(None), f"/api/engagements/{world.row.pk}/addins"
    body = SimpleUploadedFile("all.zip", zipped(("a.json", report("PC1")), ("b.json", report("PC2"))))
    made = client.post(f"{base}/collections", {"file": body}, headers=headers)
    assert (made.status_code, made.json()["devices"], made.json()["state"]) == (202, 2, "complete")
    [found] = client.get(base, headers=headers).json()
    assert (found["readiness"], found["devices_count"], found["rules"], found["title"]) == (
        "significant",
        2,
        ["A04"],
        "rates.xll",
    )
    assert [each["name"] for each in client.get(f"{base}/devices", headers=headers).json()] == ["PC1", "PC2"]
    assert client.get(f"{base}/devices?page=2", headers=headers).json() == []
    given = {"addin": "rates.xll", "status": "Adopted", "source": "Mail", "on": "2026-11-02"}
    for _ in range(2):
        kept = client.put(f"{base}/statements", json.dumps(given), content_type="application/json", headers=headers)
        assert kept.status_code == 200, kept.content
    assert client.get(base, headers=headers).json()[0]["status"] == "Adopted"
    assert len(client.get(f"{base}/statements", headers=headers).json()) == 1
    assert client.delete(f"{base}/statements/{kept.json()['id']}", headers=headers).status_code == 204
    assert client.get(f"{base}/statements", headers=headers).json() == []
    assert client.get(f"{base}/collections", headers=headers).json()[0]["addins"] == 1


def test_a_device_with_too_many_addins_is_named_and_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_ADDINS", 2)
    made = upload(world, ("a.json", report("PC1", "a.xll", "b.xll", "c.xll")), ("b.json", report("PC2")))
    assert (made.devices, "more than 2 add-ins" in made.problem) == (1, True)


def test_words_between_backticks_are_code_and_nothing_in_them_is_markup() -> None:
    assert coded("`a` <b> `<i>&`") == "<code>a</code> &lt;b&gt; <code>&lt;i&gt;&amp;</code>"
