"""The API for scripts: everything a page can do that a script would want, with tokens per person. `/api/openapi.json` describes it.

Each operation resolves its engagement through `common.access`, like a page, and calls the same services.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import File, NinjaAPI, Schema, Status
from ninja.files import UploadedFile
from ninja.security import HttpBearer
from pydantic import Field

from uptake import __version__
from uptake.core.errors import UptakeError
from uptake.core.plain import as_plain
from uptake.guide import engagement as guide
from uptake.guide import gates
from uptake.guide.elements import L1, Question, Role, Stream
from uptake.prove.usage.departments import counted_by, shown
from uptake.prove.usage.snapshots import Formula
from uptake.web.accounts.models import ApiToken, User, digest
from uptake.web.common.access import Level, is_delivery, visible_to
from uptake.web.common.api import PAGE, PROBLEMS, Long, Number, Text, row_of, user_of_token
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.forms import element_of
from uptake.web.engagements.models import NoteRow
from uptake.web.engagements.refresh import actions_of
from uptake.web.engagements.store import load
from uptake.web.packages.api import rollout


class Token(HttpBearer):
    """A token of a person; `read` ones do not write."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """The person of the token, while it and the person's account work."""
        now = timezone.now()
        found = (
            ApiToken.objects.select_related("user")
            .filter(token_digest=digest(token), expires_at__gt=now, user__is_active=True)
            .first()
        )
        if found is None:
            return None
        if request.method not in ("GET", "HEAD") and found.scope != ApiToken.Scope.WRITE:
            raise PermissionDenied
        if found.used_at is None or (now - found.used_at).total_seconds() > 60:
            ApiToken.objects.filter(pk=found.pk).update(used_at=now)
        request.user = found.user
        return found.user


api = NinjaAPI(title="uptake", version=__version__, auth=Token(), docs_url=None, urls_namespace="api")


@api.exception_handler(UptakeError)
def refused(request: HttpRequest, error: UptakeError) -> HttpResponse:
    """What the engine refuses is a conflict with what is recorded."""
    return api.create_response(request, {"detail": str(error), "hint": error.hint or ""}, status=409)


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:  # noqa: ARG001
    """The token or the role does not include it."""
    return api.create_response(request, {"detail": "not for this token or role"}, status=403)


class EngagementOut(Schema):
    """One engagement as lists show it."""

    id: int
    customer: str
    tenant: str
    cloud: str
    phase: str
    l1: str
    seats: int
    gate: str
    gate_missing: int
    items_open: int
    is_blocked: bool
    next_kind: str
    next_reference: str
    next_due: date | None
    changed_at: datetime


class EngagementIn(Schema):
    """A new engagement."""

    customer: Annotated[str, Field(min_length=1, max_length=160, pattern=r"^[^\x00]*$")]
    tenant: Annotated[str, Field(max_length=160, pattern=r"^[^\x00]*$")] = ""
    cloud: Literal["commercial", "gcc-high-dod"] = "commercial"
    seats: Annotated[int, Field(ge=0, le=50_000_000)]
    intent: Literal["yes", "no", "unknown"]
    intent_on: date | None = None
    intent_said_by: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""
    scope: list[Literal["OPP", "EXO", "OD", "TEAMS", "CORE"]] = Field(default=["OPP"])
    playbook_version: Text = ""


class NeedOut(Schema):
    """Evidence that is missing."""

    kind: str
    what: str


class TaskOut(Schema):
    """A task or step with its state."""

    reference: str
    title: str
    role: str
    mandatory: bool
    state: str
    missing: list[NeedOut]


class EvidenceIn(Schema):
    """Evidence of one kind."""

    kind: Annotated[str, Field(max_length=40, pattern=r"^[a-z-]+$")]
    what: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
    on: date | None = None


class SettleIn(Schema):
    """What is recorded on a task or step."""

    state: Literal["done", "bypassed", "not_applicable", "ready"]
    on: date | None = None
    reason: Long = ""
    evidence: Annotated[list[EvidenceIn], Field(max_length=50, default_factory=list)]


class NoteOut(Schema):
    """A note."""

    stream: str
    text: str
    author: str
    author_role: str
    on: date
    workload: str
    l1: str
    next_action: str
    next_action_date: date | None
    score: str


class NoteIn(Schema):
    """A new note."""

    stream: Annotated[str, Field(pattern=r"^N[1-6]$")]
    text: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
    author_role: Annotated[str, Field(max_length=20, pattern=r"^[A-Z-]+$")]
    workload: Annotated[str, Field(max_length=40, pattern=r"^[^\x00]*$")] = "OPP"
    l1: Annotated[str, Field(max_length=30, pattern=r"^[a-z-]*$")] = ""
    next_action: Text = ""
    next_action_date: date | None = None
    next_action_owner: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""


class VerdictOut(Schema):
    """What the checks of a note say."""

    score: str
    remarks: list[str]


class ActionOut(Schema):
    """One next action."""

    urgency: str
    kind: str
    reference: str
    title: str
    role: str
    owners: list[str]
    due: date | None


class ItemOut(Schema):
    """One item of the checklist."""

    id: str
    questionnaire: str
    title: str
    action: str
    done_when: str
    owner_role: str
    shown: str
    state: str
    owner: str
    due: date | None
    evidence: list[str]
    acknowledged_by: str


class ItemIn(Schema):
    """What changes at an item."""

    state: Literal["open", "resolved"]
    owner: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""
    due: date | None = None
    evidence: Long = ""


class ChecklistOut(Schema):
    """The checklist, stamped."""

    edition: str
    versions: dict[str, date]
    is_complete: bool
    is_resolved: bool
    unanswered: list[str]
    items: list[ItemOut]


class AnswersIn(Schema):
    """Question → answer."""

    answers: dict[
        Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] | list[Text]
    ]


class ScanOut(Schema):
    """A scan and how far it is read."""

    id: int
    state: str
    problem: str
    files: int
    with_vba: int
    findings_count: int
    by_severity: dict[str, int]


@api.get("/engagements", response={200: list[EngagementOut], **PROBLEMS}, operation_id="list_engagements")
def list_engagements(
    request: HttpRequest, after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0, phase: Text = ""
) -> Any:
    """Engagements by number, at most 100 behind `after`."""
    found = visible_to(user_of_token(request)).filter(pk__gt=after).order_by("pk")
    return list((found.filter(phase=phase) if phase else found)[:PAGE])


@api.post("/engagements", response={201: EngagementOut, **PROBLEMS}, operation_id="create_engagement")
def create_engagement(request: HttpRequest, given: EngagementIn) -> Any:
    """Create an engagement in the organisation of the token's person."""
    from uptake.guide.elements import Version

    user = user_of_token(request)
    if not is_delivery(user):
        raise PermissionDenied
    values = given.dict()
    values["playbook_version"] = values["playbook_version"] or next(iter(playbook().of(Version)))
    if values["playbook_version"] not in playbook().of(Version):
        raise UptakeError("no such version of the playbook")
    if values["intent"] != "unknown" and not (values["intent_on"] and values["intent_said_by"]):
        raise UptakeError("an intent has a date and somebody who stated it")
    return Status(201, services.create(user, services.organisation_of(user, values), values))


@api.get("/engagements/{pk}", response={200: EngagementOut, **PROBLEMS}, operation_id="get_engagement")
def get_engagement(request: HttpRequest, pk: Number) -> Any:
    """One engagement."""
    return row_of(request, pk)


@api.get("/engagements/{pk}/actions", response={200: list[ActionOut], **PROBLEMS}, operation_id="list_actions")
def list_actions(request: HttpRequest, pk: Number) -> Any:
    """Next actions, the most urgent first."""
    row = row_of(request, pk)
    return [
        {
            "urgency": each.urgency.name.lower(),
            "kind": str(each.kind),
            "reference": each.reference,
            "title": each.title,
            "role": each.role,
            "owners": list(each.owners),
            "due": each.due,
        }
        for each in actions_of(row, load(row))
    ]


def _task(engagement: guide.Engagement, reference: str) -> dict[str, Any]:
    element: Any = element_of(reference)
    missing = gates.missing_evidence(playbook(), engagement, reference)
    return {
        "reference": reference,
        "title": element.title,
        "role": getattr(element, "role", ""),
        "mandatory": getattr(element, "mandatory", True),
        "state": str(gates.state_of(playbook(), engagement, reference)),
        "missing": [{"kind": each.kind, "what": each.what} for each in missing],
    }


@api.get("/engagements/{pk}/tasks", response={200: list[TaskOut], **PROBLEMS}, operation_id="list_tasks")
def list_tasks(request: HttpRequest, pk: Number) -> Any:
    """The tasks that apply."""
    engagement = load(row_of(request, pk))
    return [_task(engagement, f"task:{each.id}") for each in gates.applying(playbook(), engagement)]


@api.post("/engagements/{pk}/tasks/{reference}", response={200: TaskOut, **PROBLEMS}, operation_id="settle_task")
def settle_task(request: HttpRequest, pk: Number, reference: Text, given: SettleIn) -> Any:
    """Record a task or step as done, bypassed, not applicable or open again."""
    row = row_of(request, pk)
    if element_of(reference) is None:
        raise Http404
    on = given.on or timezone.localdate()
    if on > timezone.localdate():
        raise UptakeError("this lies in the future")
    offered = tuple(
        guide.Evidence(each.kind, each.what, each.on or on, user_of_token(request).name) for each in given.evidence
    )
    after = services.settle(
        user_of_token(request), row.pk, reference, {"state": given.state, "on": on, "reason": given.reason}, offered
    )
    return _task(after, reference)


@api.get("/engagements/{pk}/notes", response={200: list[NoteOut], **PROBLEMS}, operation_id="list_notes")
def list_notes(request: HttpRequest, pk: Number, stream: Text = "") -> Any:
    """The last hundred notes."""
    found = NoteRow.objects.filter(engagement=row_of(request, pk)).order_by("-pk")
    return list((found.filter(stream=stream) if stream else found)[:PAGE])


@api.post("/engagements/{pk}/notes", response={201: VerdictOut, **PROBLEMS}, operation_id="write_note")
def write_note(request: HttpRequest, pk: Number, given: NoteIn) -> Any:
    """Write a note; the answer is what its checks say."""
    row = row_of(request, pk)
    for kind, key in ((Stream, given.stream), (Role, given.author_role), (L1, given.l1)):
        if key and key not in playbook().of(kind):
            raise UptakeError(f"the playbook has no {kind.__name__.lower()} {key}")
    note = guide.Note(author=user_of_token(request).name, on=timezone.localdate(), **given.dict())
    verdict = services.write_note(user_of_token(request), row, note)
    return Status(201, {"score": str(verdict.score), "remarks": [each.title for each in verdict.remarks]})


@api.put("/engagements/{pk}/answers", response={200: dict[str, int], **PROBLEMS}, operation_id="answer")
def answer(request: HttpRequest, pk: Number, given: AnswersIn) -> Any:
    """Answer questions; customers can."""
    from uptake.guide.checklist import answer_problem

    row = row_of(request, pk, Level.CUSTOMER)
    known = playbook().of(Question)
    for key, value in given.answers.items():
        if key not in known:
            raise UptakeError(f"no question {key[:40]}")
        said = tuple(value) if isinstance(value, list) else value
        problem = answer_problem(known[key], said) if said else ""
        if problem:
            raise UptakeError(f"{key}: {problem}")
    return {"changed": services.answer(user_of_token(request), row, given.answers)}


def _checklist(engagement: guide.Engagement) -> dict[str, Any]:
    current = engagement.checklist
    if current is None:
        raise Http404
    names = ItemOut.model_fields
    items = [
        {
            **{name: getattr(each, name) for name in names},
            "shown": str(each.shown),
            "state": str(each.state),
            "evidence": list(each.evidence),
        }
        for each in current.visible
    ]
    return {
        "edition": current.edition,
        "versions": dict(current.versions),
        "is_complete": current.is_complete,
        "is_resolved": current.is_resolved,
        "unanswered": list(current.unanswered),
        "items": items,
    }


@api.get("/engagements/{pk}/checklist", response={200: ChecklistOut, **PROBLEMS}, operation_id="get_checklist")
def get_checklist(request: HttpRequest, pk: Number) -> Any:
    """The checklist with the items in scope."""
    return _checklist(load(row_of(request, pk)))


@api.post("/engagements/{pk}/checklist", response={200: ChecklistOut, **PROBLEMS}, operation_id="generate_checklist")
def generate_checklist(request: HttpRequest, pk: Number) -> Any:
    """Generate the checklist from the answers and the latest scan."""
    from uptake.web.assessments.selectors import open_rules

    row = row_of(request, pk)
    return _checklist(services.generate_checklist(user_of_token(request), row, open_rules(row)))


@api.put("/engagements/{pk}/checklist/{item}", response={200: ChecklistOut, **PROBLEMS}, operation_id="set_item")
def set_item(request: HttpRequest, pk: Number, item: Text, given: ItemIn) -> Any:
    """Owner, due date and state of an item."""
    row = row_of(request, pk)
    current = load(row).checklist
    if current is None or item not in {each.id for each in current.items}:
        raise Http404
    services.set_item(user_of_token(request), row, item, given.dict())
    return _checklist(load(row))


@api.post("/engagements/{pk}/scans", response={202: ScanOut, **PROBLEMS}, operation_id="upload_scan")
def upload_scan(
    request: HttpRequest,
    pk: Number,
    file: File[UploadedFile],
    method: Text = "",
    coverage: Text = "",
    ran_on: date | None = None,
) -> Any:
    """Upload the results of a scan; they are read in the background."""
    from django.conf import settings

    from uptake.web.assessments.importing import read_scan
    from uptake.web.assessments.models import Scan

    row = row_of(request, pk)
    if (file.size or 0) > settings.MOST_SCAN:
        raise UptakeError("the file is too large")
    name = (file.name or "scan").replace("\\", "/").rpartition("/")[2][:200]
    scan = Scan(
        engagement=row,
        name=name,
        size=file.size or 0,
        method=method[:200],
        coverage=coverage,
        ran_on=ran_on or timezone.localdate(),
        by=user_of_token(request).name,
    )
    scan.file.save("scan", file)
    read_scan.enqueue(scan.pk)
    return Status(202, scan)


@api.get("/engagements/{pk}/scans", response={200: list[ScanOut], **PROBLEMS}, operation_id="list_scans")
def list_scans(request: HttpRequest, pk: Number) -> Any:
    """Scans, the newest first."""
    from uptake.web.assessments.models import Scan

    return list(Scan.objects.filter(engagement=row_of(request, pk))[:PAGE])


class UsageOut(Schema):
    """Verdicts of today as `uptake usage status` prints them."""

    usage_pct: float | None
    growth_points: float | None
    growth_relative: float | None
    healthy: str
    sustained: str
    stalled: str
    certainty: str
    why: str


class ImportOut(Schema):
    """What became of a report."""

    report: str
    refresh_date: date | None
    rows: int
    skipped_count: int
    is_concealed: bool
    outcome: str


class DepartmentOut(Schema):
    """One department; an empty name are the people of whom none is known."""

    department: str
    active: int | None
    people: int | None
    percent: float | None
    silence: Literal["small", "would_tell"] | None


class DepartmentsOut(Schema):
    """Active users by department."""

    data_date: date
    formula: str
    source: str
    report: str
    lines: list[DepartmentOut]


class ReportOut(Schema):
    """A report that was made on a schedule, or why it could not be."""

    id: int
    occasion: Literal["month", "session"]
    on: date
    made_at: datetime
    data_date: date | None
    languages: list[str]
    state: Literal["ready", "failed"]
    problem: str


@api.post("/engagements/{pk}/usage", response={201: ImportOut, **PROBLEMS}, operation_id="import_usage")
def import_usage(
    request: HttpRequest, pk: Number, file: File[UploadedFile], people: File[UploadedFile | None] = None
) -> Any:
    """Import a usage or licence report, and with it a list of people with their departments."""
    from uptake.web.insights.services import take_report
    from uptake.web.insights.views import MOST_REPORT

    row = row_of(request, pk)
    if max(file.size or 0, (people.size or 0) if people else 0) > MOST_REPORT:
        raise UptakeError("the file is too large")
    listed: Any = (people.file, people.name or "people") if people else None
    return Status(201, take_report(user_of_token(request), row, file.file, file.name or "report", listed))  # type: ignore[arg-type]


@api.get(
    "/engagements/{pk}/usage/departments", response={200: DepartmentsOut, **PROBLEMS}, operation_id="get_departments"
)
def get_departments(request: HttpRequest, pk: Number) -> Any:
    """Active users by department on the newest data date, by the formula of the engagement; small departments show no numbers."""
    from uptake.web.insights.people import departments_of
    from uptake.web.insights.services import settings_of

    row = row_of(request, pk)
    found, formula = departments_of(row), counted_by(Formula.named(settings_of(row).formula))
    if found is None:
        raise Http404
    lines = [
        {"department": each.name, "active": each.active, "people": each.people, "percent": each.percent, "silence": each.silence}
        for each in shown(found, formula)
    ]  # fmt: skip
    return {**as_plain(found), "formula": formula.name, "lines": lines}


@api.get("/engagements/{pk}/usage/reports", response={200: list[ReportOut], **PROBLEMS}, operation_id="list_reports")
def list_reports(request: HttpRequest, pk: Number) -> Any:
    """Reports that were made on a schedule, the newest first."""
    from uptake.web.insights.models import ReportRow

    return list(ReportRow.objects.filter(engagement=row_of(request, pk)).defer("value")[:PAGE])


@api.get("/engagements/{pk}/usage/reports/file", response={200: bytes, **PROBLEMS}, operation_id="get_report")
def get_report(
    request: HttpRequest, pk: Number, report: Number | None = None, language: Literal["en", "ja"] = "en",
    kind: Literal["html", "xlsx", "pptx"] = "html",
) -> HttpResponse:  # fmt: skip
    """A file of a report; the newest one where none is named."""
    from uptake.web.insights.models import ReportRow
    from uptake.web.insights.reports import KINDS, written

    ready = ReportRow.objects.filter(engagement=row_of(request, pk), state=ReportRow.State.READY)
    found = (ready.filter(pk=report) if report else ready).first()
    if found is None or language not in found.value:
        raise Http404
    return HttpResponse(written(found, language, kind), content_type=KINDS[kind][1])


@api.get("/engagements/{pk}/usage", response={200: UsageOut, **PROBLEMS}, operation_id="get_usage")
def get_usage(request: HttpRequest, pk: Number, as_of: date | None = None) -> Any:
    """The verdicts of a day, today by default, with their reasons."""
    from uptake.web.insights.services import judged

    return judged(row_of(request, pk), as_of).as_json("en")


Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class CollectionOut(Schema):
    """An upload of endpoints' files and how far it is read."""

    id: int
    name: str
    state: str
    problem: str
    files: int
    skipped: int
    devices: int
    new: int
    replaced: int
    same: int
    older: int
    addins: int


class AddInOut(Schema):
    """An add-in over all devices."""

    id: int
    title: str
    name: str
    app: str
    kind: str
    publisher: str
    bitness: str
    readiness: str
    rules: list[str]
    devices_count: int
    departments_count: int
    status: str
    statement: str
    statement_source: str
    statement_date: str
    state: str
    assignee: str


class EndpointOut(Schema):
    """A device as it was collected last."""

    id: int
    name: str
    user: str
    department: str
    collected_at: datetime
    readiness: str
    addins_count: int
    problems: list[str]


class StatementOut(Schema):
    """What a vendor says of an add-in."""

    id: int
    addin: str
    status: str
    statement: str
    source: str
    on: date


class StatementIn(Schema):
    """A statement to add, or to put in place of the one of the same add-in."""

    addin: Name
    status: Literal[
        "Highly adopted", "Adopted", "Adopted version available", "Supported version available", "Contact software provider",
        "Insufficient data", "Unknown",
    ]  # fmt: skip
    statement: Annotated[str, Field(max_length=4_000, pattern=r"^[^\x00]*$")] = ""
    source: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    on: date


@api.post(
    "/engagements/{pk}/addins/collections", response={202: CollectionOut, **PROBLEMS}, operation_id="upload_addins"
)
def upload_addins(request: HttpRequest, pk: Number, file: File[UploadedFile], device: Text = "") -> Any:
    """Upload what endpoints report: one file, or a zip of many; it is read in the background."""
    from uptake.web.addins.services import take

    row = row_of(request, pk)
    return Status(202, take(user_of_token(request), row, [(file.name or "file", file.file)], file.size or 0, device))  # type: ignore[list-item]


@api.get(
    "/engagements/{pk}/addins/collections",
    response={200: list[CollectionOut], **PROBLEMS},
    operation_id="list_collections",
)
def list_collections(request: HttpRequest, pk: Number) -> Any:
    """Uploads, the newest first, with their counts."""
    from uptake.web.addins.models import Collection

    return list(Collection.objects.filter(engagement=row_of(request, pk))[:PAGE])


def _part(found: Any, page: int) -> list[Any]:
    """One page of a list, each row with its severity in words."""
    rows = list(found[(page - 1) * PAGE : page * PAGE])
    for each in rows:
        each.readiness = each.severity_name
    return rows


Page = Annotated[int, Field(ge=1, le=100_000)]


@api.get("/engagements/{pk}/addins", response={200: list[AddInOut], **PROBLEMS}, operation_id="list_addins")
def list_addins(request: HttpRequest, pk: Number, page: Page = 1) -> Any:
    """Add-ins that are on devices, the worst readiness first, a hundred a page."""
    from uptake.web.addins.models import AddInRow

    return _part(AddInRow.objects.filter(engagement=row_of(request, pk), devices_count__gt=0), page)


@api.get(
    "/engagements/{pk}/addins/devices", response={200: list[EndpointOut], **PROBLEMS}, operation_id="list_addin_devices"
)
def list_addin_devices(request: HttpRequest, pk: Number, page: Page = 1) -> Any:
    """Devices, the worst readiness first, a hundred a page."""
    from uptake.web.addins.models import DeviceRow

    return _part(DeviceRow.objects.filter(engagement=row_of(request, pk)), page)


@api.get(
    "/engagements/{pk}/addins/statements",
    response={200: list[StatementOut], **PROBLEMS},
    operation_id="list_statements",
)
def list_statements(request: HttpRequest, pk: Number, page: Page = 1) -> Any:
    """Statements of vendors that the organisation of the engagement keeps."""
    from uptake.web.addins.models import Statement

    found = Statement.objects.filter(organisation=row_of(request, pk).organisation)
    return list(found[(page - 1) * PAGE : page * PAGE])


@api.put("/engagements/{pk}/addins/statements", response={200: StatementOut, **PROBLEMS}, operation_id="set_statement")
def set_statement(request: HttpRequest, pk: Number, given: StatementIn) -> Any:
    """Add a statement, or put it in place of the one of the same add-in."""
    from uptake.web.addins.models import Statement
    from uptake.web.addins.services import keep_statement, statement_key

    row = row_of(request, pk)
    known = Statement.objects.filter(organisation=row.organisation, key=statement_key(given.addin)).first()
    return keep_statement(user_of_token(request), row, given.dict(), known.pk if known else 0)


@api.delete(
    "/engagements/{pk}/addins/statements/{number}", response={204: None, **PROBLEMS}, operation_id="remove_statement"
)
def remove_statement(request: HttpRequest, pk: Number, number: Number) -> Any:
    """Remove a statement; the shipped one, where there is one, speaks again."""
    from uptake.web.addins.models import Statement
    from uptake.web.addins.services import drop_statement

    row = row_of(request, pk)
    found = Statement.objects.filter(organisation=row.organisation, pk=number).first()
    if found is None:
        raise Http404
    drop_statement(user_of_token(request), row, found)
    return Status(204, None)


class ForecastOut(Schema):
    """A forecast as `uptake usage forecast --format json` prints it."""

    reach_70: dict[str, date | None] | str
    path: list[dict[str, Any]]


class CaseOut(Schema):
    """An acceleration case: why it was opened, which branch, what was done, how it ended."""

    id: int
    is_open: bool
    opened_on: date
    opened_by: str
    opened_for: str
    branch: str
    answers: dict[str, bool]
    actions: list[dict[str, Any]]
    efforts: list[dict[str, Any]]
    ending: dict[str, Any] | None


class StandingOut(Schema):
    """A customer in the watch list."""

    engagement: int
    customer: str
    usage: float | None
    seats: int | None
    data_date: date | None
    growth: float | None
    healthy: str
    sustained: str
    stalled: str
    certainty: str
    reach: date | None
    has_case: bool
    l1: str
    enterprise: str
    score: int
    reasons: list[str]


@api.get("/engagements/{pk}/usage/forecast", response={200: ForecastOut, **PROBLEMS}, operation_id="get_forecast")
def get_forecast(request: HttpRequest, pk: Number) -> Any:
    """When the goal will be reached, and the path to it with its interval."""
    from uptake.web.insights.services import foretold, points_of, thresholds_of

    row = row_of(request, pk)
    made = foretold(points_of(row), thresholds_of(row.organisation).goal)
    if made is None:
        raise UptakeError("there are no figures of usage with seats yet")
    return made.as_json()


@api.get("/engagements/{pk}/cases", response={200: list[CaseOut], **PROBLEMS}, operation_id="list_cases")
def list_cases(request: HttpRequest, pk: Number) -> Any:
    """Acceleration cases, open ones first."""
    from uptake.web.insights.models import CaseRow

    rows = CaseRow.objects.filter(engagement=row_of(request, pk))[:PAGE]
    return [{**each.value, "id": each.pk, "is_open": each.is_open} for each in rows]


@api.get("/watch", response={200: list[StandingOut], **PROBLEMS}, operation_id="list_watch")
def list_watch(request: HttpRequest, after: Annotated[int, Field(ge=0, le=1_000_000)] = 0) -> Any:
    """The watch list: customers with a reason to look at them, the most urgent first, at most 100 behind `after`."""
    from uptake.core.plain import from_plain
    from uptake.prove.usage.reasons import Reason, said
    from uptake.web.insights.models import Standing

    user = user_of_token(request)
    if not is_delivery(user):
        raise PermissionDenied
    found = Standing.objects.filter(engagement__in=visible_to(user), score__gt=0).select_related("engagement")
    names = ("usage", "seats", "data_date", "growth", "healthy", "sustained", "stalled", "certainty", "reach", "has_case", "enterprise", "score")  # fmt: skip
    return [
        {
            **{name: getattr(each, name) for name in names}, "engagement": each.engagement_id, "customer": each.engagement.customer,
            "l1": each.engagement.l1, "reasons": [said(from_plain(Reason, reason)) for reason in each.reasons],
        }
        for each in found.order_by("-score", "-seats", "engagement__customer")[after : after + PAGE]
    ]  # fmt: skip


api.add_router("", rollout)
