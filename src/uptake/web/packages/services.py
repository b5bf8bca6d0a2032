"""Decisions → package, inventory → pilot and waves: the wing `deploy` decides, here it is kept with who and when."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from uptake.core.errors import UptakeError
from uptake.core.plain import as_plain as stored
from uptake.core.plain import from_plain as restored
from uptake.deploy.artefacts.configmgr import configmgr
from uptake.deploy.artefacts.intune import intune_win32, office_suite_app
from uptake.deploy.artefacts.model import Artefact, Delivery, Ring
from uptake.deploy.artefacts.policy import policy, rollback
from uptake.deploy.odt.building import Package, build_package, situation_of_decisions
from uptake.deploy.odt.decisions import Decisions, decided, topics
from uptake.deploy.odt.linting import Lint, lint
from uptake.deploy.odt.reading import Unreadable, read
from uptake.deploy.odt.sizing import Network
from uptake.deploy.odt.sizing import plan as size_plan
from uptake.deploy.odt.writing import canonical
from uptake.deploy.rollout.inventory import Device, Inventory, read_exclusions, read_inventory
from uptake.deploy.rollout.pilot import Pilot, choose_pilot
from uptake.deploy.rollout.waves import WavePlan, Waves, plan_waves
from uptake.guide import engagement as guide
from uptake.reporting.clean import visible
from uptake.web.accounts.models import User
from uptake.web.addins.counting import device_key, items_of, join_inventory
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.services import prove
from uptake.web.engagements.store import Change, audit, load
from uptake.web.packages.models import InventoryRow, PackageRow, PilotRow, WaveProgress, WavesRow

PILOT_SECONDS = 60.0


def decisions_of(engagement: guide.Engagement, name: str = "") -> Decisions:
    """The decisions of the workshop as a package needs them; topics that no package knows stay outside."""
    known = topics()
    mine = [
        replace(each, choice="" if each.choice == "none" else each.choice)
        for each in engagement.decisions
        if each.topic in known
    ]
    return decided(mine, name)


def preview(engagement: guide.Engagement, existing: bytes | None, lang: str) -> Package:
    """The package that the decisions make today. Raises `WrongDecisionError`."""
    return build_package(decisions_of(engagement), timezone.localdate(), existing, lang)


@transaction.atomic
def build(actor: User, row: Engagement) -> PackageRow:
    """Keep the package of today as the next version; the same file twice is one version."""
    engagement = load(row)
    made = preview(engagement, None, "en")
    kept = [{**stored(each)} for each in engagement.decisions]
    return _keep(actor, row, made.content, "built", "configuration.xml", made.lint, kept)


@transaction.atomic
def take(actor: User, row: Engagement, content: bytes, name: str) -> PackageRow:
    """Keep a configuration that somebody has; secrets are masked first. Raises `UptakeError` when it is no XML."""
    found = read(content)
    if isinstance(found, Unreadable):
        raise UptakeError(f"the file cannot be read as XML: {found.reason}")
    masked = canonical(found)
    shown = visible(name.replace("\\", "/").rpartition("/")[2])[:120]
    return _keep(actor, row, masked, "uploaded", shown, lint(content, situation(row)), [])


def _keep(
    actor: User, row: Engagement, content: bytes, kind: str, name: str, found: Lint, decisions: list[Any]
) -> PackageRow:
    digest = hashlib.sha256(content).hexdigest()
    last = PackageRow.objects.filter(engagement=row).first()
    if last and last.sha256 == digest and last.kind == kind:
        return last
    made = PackageRow.objects.create(
        engagement=row, number=last.number + 1 if last else 1, kind=kind, name=name, content=content.decode("utf-8"), sha256=digest,
        decisions=decisions, errors=sum(each.severity == "error" for each in found.findings), rules=sorted(found.rules), by=actor.name,
    )  # fmt: skip
    audit(row, actor, "package", [Change(f"package {made.number}", "", f"{kind} {digest[:12]}")])
    return made


def situation(row: Engagement) -> Any:
    """What the checks may ask for beyond the file, as far as the decisions say it."""
    return situation_of_decisions(decisions_of(load(row)), timezone.localdate())


@transaction.atomic
def approve(actor: User, row: Engagement, package: PackageRow) -> None:
    """Approve a version: evidence for task 1247. Raises `UptakeError` while errors stand in it."""
    if package.errors:
        raise UptakeError("a package with errors is not approved")
    today = timezone.localdate()
    PackageRow.objects.filter(pk=package.pk).update(approved_by=actor.name, approved_on=today)
    audit(row, actor, "approved", [Change(f"package {package.number}", "", package.sha256[:12])])
    what = f"version {package.number} · {package.sha256[:12]} · {package.name}"
    prove(actor, row.pk, "task:1247", guide.Evidence("package", what, today, actor.name))


def artefacts(row: Engagement, package: PackageRow, site_code: str = "", content_path: str = "") -> bytes:
    """Everything that delivers a version, as a zip: Configuration Manager, Intune, policy, the way back, and the file itself.

    Without a site code and a share there is no part for Configuration Manager; CONTENTS.txt says so.
    """
    name = f"Microsoft 365 Apps {row.customer}"
    delivery = Delivery(name, package.content.encode(), content_path, site_code, rings=tuple(_rings(row)))
    parts: list[Artefact] = [
        *intune_win32(delivery),
        *office_suite_app(delivery),
        *policy(delivery),
        *rollback(delivery),
    ]
    if site_code:
        parts += configmgr(delivery)
    listed = "".join(f"{part.path}: {part.purpose}\n" for part in parts)
    if not site_code:
        listed += "Configuration Manager: left out, no site code was given\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        files = {part.path: part.content for part in parts} | {
            "configuration.xml": package.content.encode(),
            "CONTENTS.txt": listed.encode(),
        }
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def _rings(row: Engagement) -> list[Ring]:
    last = WavesRow.objects.filter(inventory__engagement=row).first()
    waves = restored(Waves, last.value).waves if last else ()
    return [
        Ring("pilot" if each.number == 0 else f"wave {each.number}", each.devices, each.start)
        for each in waves
        if each.start
    ]


@transaction.atomic
def take_inventory(actor: User, row: Engagement, content: bytes, name: str) -> InventoryRow:
    """Keep an inventory; who belongs to which department is counted anew by it. Raises `UptakeError` when it is none."""
    from uptake.web.insights.tasks import count_departments

    shown = visible(name.replace("\\", "/").rpartition("/")[2])[:200]
    found = read_inventory(content, shown)
    made = InventoryRow(
        engagement=row, name=shown, devices=len(found.devices), items=len({item for each in found.devices for item in each.items}),
        problems=list(found.problems[:50]), columns=dict(found.columns), by=actor.name,
    )  # fmt: skip
    made.file.save("inventory", ContentFile(content))
    audit(row, actor, "inventory", [Change("inventory", "", f"{shown}, {made.devices} devices")])
    join_inventory(row)
    count_departments.enqueue(row.pk)
    return made


def listed_devices(row: InventoryRow) -> Inventory:
    """The devices again, as the file has them."""
    with row.file.open("rb") as file:
        return read_inventory(file.read(), row.name)


def inventory_of(row: InventoryRow) -> Inventory:
    """The devices with the add-ins that were collected of them, beside the items that the file names."""
    listed, collected = listed_devices(row), items_of(row.engagement)
    if not collected:
        return listed
    devices = tuple(
        replace(each, items=with_items(each.items, collected.get(device_key(each.name), ()))) for each in listed.devices
    )
    return replace(listed, devices=devices)


def with_items(listed: tuple[str, ...], collected: tuple[str, ...]) -> tuple[str, ...]:
    """Items of an inventory and those collected; one that both name stands as the inventory writes it."""
    known = {each.casefold() for each in listed}
    return (*listed, *(each for each in dict.fromkeys(collected) if each.casefold() not in known))


@transaction.atomic
def ask_pilot(actor: User, inventory: InventoryRow, most: int | None, exclusions: str) -> PilotRow:
    """Have the pilot computed in the background; a proof may take a minute."""
    made = PilotRow.objects.create(inventory=inventory, most=most, exclusions=exclusions, by=actor.name)
    audit(inventory.engagement, actor, "pilot", [Change("pilot", "", f"asked for, at most {most or '–'}")])
    compute_pilot.enqueue(made.pk)
    return made


@task()
def compute_pilot(pk: int) -> None:
    """Background task: see `compute`."""
    compute(pk)


def compute(pk: int) -> None:
    """The smallest pilot group with its proof; what is wrong is kept with it."""
    row = PilotRow.objects.select_related("inventory").get(pk=pk)
    PilotRow.objects.filter(pk=pk).update(state="reading")
    try:
        devices = inventory_of(row.inventory).devices
        made = choose_pilot(devices, most=row.most, exclusions=read_exclusions(row.exclusions), seconds=PILOT_SECONDS)
    except UptakeError as error:
        PilotRow.objects.filter(pk=pk).update(state="failed", problem=str(error))
        return
    PilotRow.objects.filter(pk=pk).update(state="complete", value=stored(made))


def pilot_of(row: PilotRow) -> Pilot | None:
    """The pilot of a row, when it is there."""
    return restored(Pilot, row.value) if row.value else None


@transaction.atomic
def end_pilot(actor: User, row: Engagement, pilot: PilotRow, result: str, on: date) -> None:
    """The result of the pilot: evidence that the playbook recommends before the broad deployment (S6)."""
    PilotRow.objects.filter(pk=pilot.pk).update(result=result, ended_on=on)
    found = pilot_of(pilot)
    audit(row, actor, "pilot", [Change(f"pilot {pilot.pk}", "", result)])
    what = f"{len(found.devices) if found else '?'} devices: {result}"
    prove(actor, row.pk, "task:3190", guide.Evidence("pilot", what[:500], on, actor.name))


@transaction.atomic
def record_progress(
    actor: User, row: Engagement, wave: int, installed: int, failed: int, on: date, remark: str
) -> WaveProgress:
    """How far a wave of the newest plan is (S38). Raises `UptakeError` where there is no such wave."""
    kept = WavesRow.objects.filter(inventory__engagement=row).first()
    if kept is None or wave not in {each.number for each in restored(Waves, kept.value).waves}:
        raise UptakeError(f"there is no wave {wave}")
    last = WaveProgress.objects.filter(waves=kept, wave=wave).first()
    made = WaveProgress.objects.create(
        waves=kept, wave=wave, by=actor.name, installed=installed, failed=failed, on=on, remark=remark
    )
    said = f"{installed} installed, {failed} failed on {on}"
    audit(row, actor, "wave", [Change(f"wave {wave}", str(last.installed) if last else "", said)])
    return made


@transaction.atomic
def plan(actor: User, row: Engagement, inventory: InventoryRow, wanted: WavePlan, lang: str) -> WavesRow:
    """Waves for an inventory. Raises `UptakeError` for a plan that cannot be."""
    devices: tuple[Device, ...] = inventory_of(inventory).devices
    waves = plan_waves(devices, wanted, lang)
    made = WavesRow.objects.create(inventory=inventory, plan=stored(wanted), value=stored(waves), by=actor.name)
    shown = f"{sum(each.number > 0 for each in waves.waves)} waves from {wanted.start}, {len(waves.unplanned)} devices not planned"
    audit(row, actor, "waves", [Change("waves", "", shown)])
    return made


def client_megabytes(row: Engagement) -> int:
    """What one device pulls for the newest package, the upper end of the range; 0 without a package."""
    last = PackageRow.objects.filter(engagement=row).first()
    if last is None:
        return 0
    try:
        return round(size_plan(last.content.encode(), Network(devices=0)).client_mb[1])
    except UptakeError:
        return 0
