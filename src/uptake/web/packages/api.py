"""The API of packages and the roll-out: versions with their checks and meaning, approval, inventory, pilot, waves, progress."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from uptake.core.errors import UptakeError
from uptake.core.plain import as_plain, from_plain
from uptake.deploy.odt.comparing import Change, diff
from uptake.deploy.odt.explaining import explain
from uptake.deploy.odt.linting import lint
from uptake.deploy.rollout.waves import WavePlan, Waves
from uptake.web.common.api import PAGE, PROBLEMS, Number, Text, row_of, user_of_token
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.store import load
from uptake.web.packages import services
from uptake.web.packages.models import PackageRow, PilotRow, WavesRow
from uptake.web.packages.selectors import newest_inventory, version_of
from uptake.web.packages.views import MOST_INVENTORY, MOST_XML

rollout = Router()
Language = Literal["en", "ja"]
Site = Annotated[str, Field(max_length=3, pattern=r"^[A-Za-z0-9]*$")]
Wave = Annotated[int, Field(ge=0, le=100_000)]


class PackageOut(Schema):
    """A version of a configuration."""

    number: int
    kind: str
    name: str
    sha256: str
    errors: int
    rules: list[str]
    content: str
    approved_by: str
    approved_on: date | None


class CheckOut(Schema):
    """A check that holds at a line, as `uptake odt lint --format json` prints it."""

    rule: str
    severity: str
    line: int
    message: str
    fix: str


class ChangeOut(Schema):
    """One difference by meaning; an empty side says nothing of it."""

    kind: str
    subject: str
    before: str
    after: str
    sentence: str
    effect: str


class ExplainedOut(Schema):
    """What a version does on a device, under one heading."""

    section: str
    title: str
    sentences: list[str]


class PackageWholeOut(PackageOut):
    """A version with its checks, what it does, and where it departs from the decisions of today."""

    findings: list[CheckOut]
    explanation: list[ExplainedOut]
    departures: list[ChangeOut]
    problem: str
    """Why the decisions of today make no package to compare with; empty when they do."""


class PilotResultIn(Schema):
    """What came of the pilot."""

    result: Annotated[str, Field(min_length=1, max_length=5_000, pattern=r"^[^\x00]*$")]
    ended_on: date


class ProgressIn(Schema):
    """How far a wave is."""

    installed: Annotated[int, Field(ge=0, le=50_000_000)]
    failed: Annotated[int, Field(ge=0, le=50_000_000)] = 0
    on: date
    remark: Text = ""


class ProgressOut(ProgressIn):
    """How far a wave was on a day, and who said so."""

    wave: int
    by: str


class PilotIn(Schema):
    """What a pilot may cost and who stays out."""

    most: Annotated[int, Field(ge=1, le=100_000)] | None = None
    exclusions: Annotated[list[Text], Field(max_length=1000)] = Field(default_factory=list)


class PilotOut(Schema):
    """A pilot group, how far its computation is, and what came of it."""

    id: int
    state: str
    problem: str
    pilot: dict[str, Any] | None
    result: str
    ended_on: date | None


class WaveOut(Schema):
    """A wave as `uptake rollout waves` prints it."""

    wave: str | int | None
    start: date | None
    devices: list[str]
    reasons: list[str]


class WavesIn(Schema):
    """A plan of waves."""

    start: date
    pilot_weeks: Annotated[int, Field(ge=0, le=52)] = 2
    per_week: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    exit_criteria: Annotated[list[Text], Field(max_length=50)] = Field(default_factory=list)
    rollback: Text = ""


class InventoryOut(Schema):
    """An inventory that was kept."""

    id: int
    devices: int
    items: int
    problems: list[str]


@rollout.get("/engagements/{pk}/packages", response={200: list[PackageOut], **PROBLEMS}, operation_id="list_packages")
def list_packages(request: HttpRequest, pk: Number) -> Any:
    """Versions, the newest first; secrets are masked in all of them."""
    return list(PackageRow.objects.filter(engagement=row_of(request, pk))[:PAGE])


@rollout.post("/engagements/{pk}/packages", response={201: PackageOut, **PROBLEMS}, operation_id="build_package")
def build_package(request: HttpRequest, pk: Number) -> Any:
    """Build the package of today's decisions and keep it as a version."""
    return Status(201, services.build(user_of_token(request), row_of(request, pk)))


def _changed(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [{**as_plain(each), "kind": each.kind} for each in changes]


@rollout.post(
    "/engagements/{pk}/packages/upload", response={201: PackageOut, **PROBLEMS}, operation_id="upload_package"
)
def upload_package(request: HttpRequest, pk: Number, file: File[UploadedFile]) -> Any:
    """Keep a configuration that the customer has as a version; secrets are masked first."""
    row = row_of(request, pk)
    if (file.size or 0) > MOST_XML:
        raise UptakeError("the file is too large")
    return Status(201, services.take(user_of_token(request), row, file.read(), file.name or "configuration.xml"))


@rollout.get(
    "/engagements/{pk}/packages/{number}", response={200: PackageWholeOut, **PROBLEMS}, operation_id="get_package"
)
def get_package(request: HttpRequest, pk: Number, number: Number, language: Language = "en") -> Any:
    """A version with its checks, its explanation, and where it departs from the decisions of today."""
    row = row_of(request, pk)
    found = version_of(row, number)
    content, situation = found.content.encode(), services.situation(row)
    departures, problem = [], ""
    try:
        departures = [each.change for each in services.preview(load(row), content, language).differences]
    except UptakeError as error:
        problem = str(error)
    return {
        **PackageOut.from_orm(found).dict(), "problem": problem, "departures": _changed(departures),
        "findings": [each.as_json() for each in lint(content, situation, language).findings],
        "explanation": [as_plain(each) for each in explain(content, situation, language)],
    }  # fmt: skip


@rollout.get(
    "/engagements/{pk}/packages/{number}/since/{other}", response={200: list[ChangeOut], **PROBLEMS},
    operation_id="compare_packages",
)  # fmt: skip
def compare_packages(request: HttpRequest, pk: Number, number: Number, other: Number, language: Language = "en") -> Any:
    """What changed by meaning from version `other` to version `number`."""
    row = row_of(request, pk)
    before, after = version_of(row, other), version_of(row, number)
    return _changed(diff(before.content.encode(), after.content.encode(), language, (f"{other}", f"{number}")))


@rollout.post(
    "/engagements/{pk}/packages/{number}/approve",
    response={200: PackageOut, **PROBLEMS},
    operation_id="approve_package",
)
def approve_package(request: HttpRequest, pk: Number, number: Number) -> Any:
    """Approve a version: evidence for task 1247. One with errors is refused."""
    row = row_of(request, pk)
    services.approve(user_of_token(request), row, version_of(row, number))
    return version_of(row, number)


@rollout.get(
    "/engagements/{pk}/packages/{number}/artefacts", response={200: bytes, **PROBLEMS}, operation_id="get_artefacts"
)
def get_artefacts(request: HttpRequest, pk: Number, number: Number, site: Site = "", share: Text = "") -> HttpResponse:
    """A zip of everything that delivers a version; `site` and `share` are those of Configuration Manager."""
    row = row_of(request, pk)
    return HttpResponse(services.artefacts(row, version_of(row, number), site, share), content_type="application/zip")


@rollout.post("/engagements/{pk}/inventory", response={201: InventoryOut, **PROBLEMS}, operation_id="upload_inventory")
def upload_inventory(request: HttpRequest, pk: Number, file: File[UploadedFile]) -> Any:
    """Upload an inventory of devices, CSV or Excel."""
    row = row_of(request, pk)
    if (file.size or 0) > MOST_INVENTORY:
        raise UptakeError("the file is too large")
    return Status(201, services.take_inventory(user_of_token(request), row, file.read(), file.name or "inventory"))


def _pilot(row: Any) -> dict[str, Any]:
    made = services.pilot_of(row)
    return {
        "id": row.pk, "state": row.state, "problem": row.problem, "pilot": made.as_json() if made else None, "result": row.result,
        "ended_on": row.ended_on,
    }  # fmt: skip


@rollout.post("/engagements/{pk}/pilot", response={202: PilotOut, **PROBLEMS}, operation_id="compute_pilot")
def compute_pilot(request: HttpRequest, pk: Number, given: PilotIn) -> Any:
    """Have the smallest pilot group computed for the newest inventory."""
    asked = services.ask_pilot(
        user_of_token(request), newest_inventory(row_of(request, pk)), given.most, "\n".join(given.exclusions)
    )
    return Status(202, _pilot(asked))


@rollout.get("/engagements/{pk}/pilot", response={200: PilotOut, **PROBLEMS}, operation_id="get_pilot")
def get_pilot(request: HttpRequest, pk: Number) -> Any:
    """The newest pilot."""
    found = PilotRow.objects.filter(inventory__engagement=row_of(request, pk)).first()
    if found is None:
        raise Http404
    return _pilot(found)


@rollout.post("/engagements/{pk}/pilot/result", response={200: PilotOut, **PROBLEMS}, operation_id="end_pilot")
def end_pilot(request: HttpRequest, pk: Number, given: PilotResultIn) -> Any:
    """Record what came of the newest pilot: evidence for task 3190."""
    row = row_of(request, pk)
    found = PilotRow.objects.filter(inventory__engagement=row, state="complete").first()
    if found is None:
        raise Http404
    services.end_pilot(user_of_token(request), row, found, given.result, given.ended_on)
    found.refresh_from_db()
    return _pilot(found)


@rollout.post("/engagements/{pk}/waves", response={201: list[WaveOut], **PROBLEMS}, operation_id="plan_waves")
def plan_waves(request: HttpRequest, pk: Number, given: WavesIn) -> Any:
    """Plan waves for the newest inventory; the newest pilot is wave 0."""
    row = row_of(request, pk)
    inventory = newest_inventory(row)
    if not 2000 <= given.start.year <= 2200:
        raise UptakeError("the start is too far away")
    last = PilotRow.objects.filter(inventory__engagement=row, state="complete").first()
    pilot = services.pilot_of(last) if last else None
    wanted = WavePlan(
        given.start, pilot.devices if pilot else (), given.pilot_weeks, given.per_week, client_mb=services.client_megabytes(row),
        exit_criteria=tuple(given.exit_criteria), rollback=given.rollback,
    )  # fmt: skip
    services.plan(user_of_token(request), row, inventory, wanted, "en")
    return Status(201, _waves(row))


def _waves(row: Engagement) -> list[dict[str, Any]]:
    last = WavesRow.objects.filter(inventory__engagement=row).first()
    if last is None:
        raise Http404
    return [each.as_json() for each in from_plain(Waves, last.value).waves]


@rollout.get("/engagements/{pk}/waves", response={200: list[WaveOut], **PROBLEMS}, operation_id="list_waves")
def list_waves(request: HttpRequest, pk: Number) -> Any:
    """The newest plan."""
    return _waves(row_of(request, pk))


@rollout.get(
    "/engagements/{pk}/waves/progress", response={200: list[ProgressOut], **PROBLEMS}, operation_id="list_progress"
)
def list_progress(request: HttpRequest, pk: Number) -> Any:
    """How far each wave of the newest plan was, the newest entry of a wave first."""
    last = WavesRow.objects.filter(inventory__engagement=row_of(request, pk)).first()
    return list(last.progress.all()[:PAGE]) if last else []


@rollout.post(
    "/engagements/{pk}/waves/{wave}/progress", response={201: ProgressOut, **PROBLEMS}, operation_id="record_progress"
)
def record_progress(request: HttpRequest, pk: Number, wave: Wave, given: ProgressIn) -> Any:
    """Record how many devices of a wave have the package; wave 0 is the pilot."""
    row = row_of(request, pk)
    return Status(201, services.record_progress(user_of_token(request), row, wave, **given.dict()))
