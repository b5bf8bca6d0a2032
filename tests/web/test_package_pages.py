"""From the decisions of the workshop to a package, a pilot and waves, through the pages."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from uptake.core.plain import from_plain as restored
from uptake.deploy.rollout.pilot import Pilot
from uptake.deploy.rollout.waves import Waves
from uptake.web.engagements.store import load
from uptake.web.packages.models import InventoryRow, PackageRow, PilotRow, WaveProgress, WavesRow
from web_world import World

Post = Callable[..., Any]
CHOICES = {
    "channel": "MonthlyEnterprise",
    "architecture": "64",
    "languages": "ja-jp en-us",
    "product": "O365ProPlusRetail",
    "msi-removal": "yes",
}


def decide(post: Post, today: date, **more: str) -> None:
    for topic, choice in {**CHOICES, **more}.items():
        assert post(f"workshop/{topic}/", choice=choice, reason="Agreed", decider="Kai", on=today).status_code == 302, (
            topic
        )


def page(world: World, path: str) -> Any:
    return world.client(world.member).get(f"/e/{world.row.pk}/{path}")


def test_the_decisions_of_the_workshop_become_a_package_with_each_decision_behind_it(
    world: World, post: Post, today: date
) -> None:
    decide(post, today)
    html = page(world, "packages/").content.decode()
    for part in ("MonthlyEnterprise", "ja-jp", "Kai", str(today)):
        assert part in html, part
    assert post("packages/build/").status_code == 302
    assert post("packages/build/").status_code == 302
    made = PackageRow.objects.get()
    assert (made.number, made.kind, made.errors) == (1, "built", 0)
    assert 'Channel="MonthlyEnterprise"' in made.content
    decide(post, today, channel="Current")
    shown = page(world, "packages/1/").context["differences"]
    assert {each.decision.topic for each in shown if each.decision} == {"channel"}
    post("packages/build/")
    assert [each.number for each in PackageRow.objects.all()] == [2, 1]
    assert page(world, "packages/2/with/1/").context["changes"]


def test_an_approved_package_is_evidence_for_the_deployment(world: World, post: Post, today: date) -> None:
    decide(post, today)
    post("packages/build/")
    post("packages/1/approve/")
    assert PackageRow.objects.get().approved_by == "Ben"
    assert "package" in {each.kind for each in load(world.fresh()).recorded("task:1247").evidence}


def test_a_package_with_errors_is_not_approved_and_its_secrets_are_masked(world: World, post: Post) -> None:
    body = (b'<Configuration><Add OfficeClientEdition="65" Channel="Nothing"><Product ID="VisioPro2019Volume" PIDKEY="ABCDE-FGHIJ-KLMNO-PQRST-UVWXY">'
            b'<Language ID="en-us"/></Product></Add></Configuration>')  # fmt: skip
    answer = world.client(world.member).post(
        f"/e/{world.row.pk}/packages/upload/", {"file": SimpleUploadedFile("c.xml", body)}
    )
    assert answer.status_code == 302
    made = PackageRow.objects.get()
    assert made.errors > 0
    assert "FGHIJ" not in made.content
    assert "FGHIJ" not in page(world, "packages/1/").content.decode()
    post("packages/1/approve/")
    assert not PackageRow.objects.get().approved_by


@pytest.mark.parametrize(
    "body", [b"", b"not xml", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", b"<Configuration>" + b"<A>" * 100_000]
)
def test_what_is_no_configuration_is_refused_or_only_remarked_on(world: World, body: bytes) -> None:
    answer = world.client(world.member).post(
        f"/e/{world.row.pk}/packages/upload/", {"file": SimpleUploadedFile("c.xml", body)}
    )
    assert answer.status_code in (302, 422)


def test_all_files_that_deliver_it_come_as_one_zip(world: World, post: Post, today: date) -> None:
    decide(post, today)
    post("packages/build/")
    answer = page(world, "packages/1/download.zip")
    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert "configuration.xml" in names
    assert any(name.endswith(".ps1") for name in names)
    assert any(name.startswith("rollback/") for name in names)
    answer = page(world, "packages/1/download.zip?site=P01&share=%5C%5Cfs%5Coffice")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.namelist()) > len(names)


INVENTORY = (
    "device,user,department,site,model,language,items\n"
    "D1,u1,Finance,Tokyo,A,ja,addin1;macro1\nD2,u2,Finance,Tokyo,A,ja,addin1\nD3,u3,HR,Osaka,B,ja,macro2\nD4,u4,HR,Osaka,B,en,addin1;macro2\n"
)  # fmt: skip


@pytest.fixture
def inventory(world: World) -> None:
    file = SimpleUploadedFile("inventory.csv", INVENTORY.encode())
    assert world.client(world.member).post(f"/e/{world.row.pk}/rollout/inventory/", {"file": file}).status_code == 302


@pytest.mark.usefixtures("inventory")
def test_the_pilot_is_the_smallest_group_with_its_proof_and_its_result_is_evidence(
    world: World, post: Post, today: date
) -> None:
    assert post("rollout/pilot/", most="", exclusions="").status_code == 302
    row = PilotRow.objects.get()
    made = restored(Pilot, row.value)
    assert (row.state, made.status, len(made.devices)) == ("complete", "optimal", 2)
    assert page(world, "rollout/").status_code == 200
    assert post(f"rollout/pilot/{row.pk}/", result="No case in ten days", ended_on=str(today)).status_code == 302
    kinds = {each.kind for progress in load(world.fresh()).progress.values() for each in progress.evidence}
    assert "pilot" in kinds


@pytest.mark.usefixtures("inventory")
def test_who_is_left_out_stays_out(world: World, post: Post) -> None:
    post("rollout/pilot/", most="", exclusions="D1\nu4")
    made = restored(Pilot, PilotRow.objects.get().value)
    assert not {"D1", "D4"} & set(made.devices)
    assert "macro1" in made.uncovered


@pytest.mark.usefixtures("inventory")
def test_waves_warn_without_a_pilot_and_respect_days_without_roll_out(world: World, post: Post) -> None:
    values = {
        "start": "2027-01-04",
        "pilot_weeks": "1",
        "per_week": "1",
        "blackouts": "2027-01-11, 2027-01-24, , inventory",
        "exit_criteria": "no case",
    }
    assert post("rollout/plan/", **values).status_code == 302
    waves = restored(Waves, WavesRow.objects.get().value)
    assert waves.warnings
    for wave in waves.waves:
        assert wave.start is None or not date(2027, 1, 11) <= wave.start <= date(2027, 1, 24)
    post("rollout/pilot/", most="", exclusions="")
    assert post("rollout/plan/", **{**values, "start": "2027-02-01"}).status_code == 302
    html = page(world, "rollout/").content.decode()
    assert "What the last change of the plan moved" in html
    assert page(world, "rollout/waves.ics").content.startswith(b"BEGIN:VCALENDAR")
    refused = post("rollout/plan/", **{**values, "blackouts": "soon"})
    assert refused.status_code == 422


@pytest.mark.usefixtures("inventory")
def test_progress_of_a_wave_is_entered_and_kept(world: World, post: Post, today: date) -> None:
    post("rollout/plan/", start=str(today + timedelta(days=7)), pilot_weeks="0", per_week="10")
    wave = next(each.number for each in restored(Waves, WavesRow.objects.get().value).waves if each.number > 0)
    assert post(f"rollout/wave/{wave}/", installed="3", failed="1", on=str(today)).status_code == 302
    assert WaveProgress.objects.get().installed == 3
    assert page(world, "rollout/wave/77/").status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"a;b\n1;2\n", b"PK\x03\x04 nothing", "device\n=cmd|' /c calc'!A1\n".encode("utf-16")]
)
def test_a_strange_inventory_is_a_sentence_and_no_failure(world: World, body: bytes) -> None:
    answer = world.client(world.member).post(
        f"/e/{world.row.pk}/rollout/inventory/", {"file": SimpleUploadedFile("i.csv", body)}
    )
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        assert InventoryRow.objects.exists()


def test_pages_without_an_inventory_lead_nowhere(world: World) -> None:
    for path in (
        "rollout/pilot/",
        "rollout/plan/",
        "rollout/wave/1/",
        "rollout/waves.ics",
        "packages/9/",
        "packages/9/download.xml",
    ):
        assert page(world, path).status_code == 404, path
    assert page(world, "rollout/").status_code == 200
