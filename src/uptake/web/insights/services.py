"""Reports in, verdicts out, and cases step by step: every decision is one of the wing `prove`, here it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from uptake.core.errors import UptakeError
from uptake.core.plain import as_plain as stored
from uptake.core.plain import from_plain as restored
from uptake.deploy.rollout.waves import Waves
from uptake.guide import engagement as guide
from uptake.prove.acceleration.case import Case
from uptake.prove.acceleration.effect import Effect, effects, measured
from uptake.prove.acceleration.solutions import Solution
from uptake.prove.acceleration.suggesting import FindingCounts, Records, Suggestion, suggest
from uptake.prove.usage.forecast import Forecast, forecast
from uptake.prove.usage.licences import Seats, seats_of
from uptake.prove.usage.model import UsageReport
from uptake.prove.usage.portfolio import Colour, risk_of
from uptake.prove.usage.portfolio import Standing as Stand
from uptake.prove.usage.reading import Use, read_report
from uptake.prove.usage.rules import DEFAULTS, Basis, Judgement, Thresholds, Verdict, judge
from uptake.prove.usage.snapshots import (
    Formula,
    Outcome,
    Percentage,
    Point,
    Snapshot,
    is_truncated,
    merged,
    percentage,
    series,
    shared_computers,
    snapshot_of,
    with_seats,
)
from uptake.reporting.clean import visible
from uptake.reporting.usage_model import Mark, UsageBook
from uptake.web.accounts.models import Organisation, User
from uptake.web.assessments.models import RANK, Cluster
from uptake.web.assessments.selectors import latest
from uptake.web.common.playbook import playbook
from uptake.web.engagements.models import Engagement, MeetingRow
from uptake.web.engagements.store import Change, audit, change
from uptake.web.insights import people
from uptake.web.insights.models import (
    CaseRow,
    SnapshotRow,
    SolutionRow,
    Standing,
    UsageImport,
    UsageSettings,
    VerdictRow,
)
from uptake.web.packages.models import WavesRow

USERS = "m365_app_user_detail"
SESSION = "follow-on"
"""The meeting of the playbook that prepares with a usage report (S40)."""
SETTABLE = ("goal", "growth", "months", "basis", "sustained_months", "stale_days")


def settings_of(row: Engagement) -> UsageSettings:
    """The choices of an engagement; the defaults where nobody has chosen."""
    return UsageSettings.objects.filter(engagement=row).first() or UsageSettings(engagement=row)


def thresholds_of(organisation: Organisation) -> Thresholds:
    """The defaults with what the organisation has set."""
    known = {each.name for each in fields(Thresholds)}
    given = {key: value for key, value in organisation.thresholds.items() if key in known and key in SETTABLE}
    if "basis" in given:
        given["basis"] = Basis(given["basis"])
    return Thresholds(**given) if given else DEFAULTS


def history_of(row: Engagement) -> tuple[Snapshot, ...]:
    """All snapshots in the order of their dates."""
    return tuple(restored(Snapshot, each.value) for each in SnapshotRow.objects.filter(engagement=row))


def points_of(row: Engagement, history: tuple[Snapshot, ...] | None = None) -> tuple[Point, ...]:
    """The series by the formula of the engagement."""
    return series(history if history is not None else history_of(row), Formula.named(settings_of(row).formula))


@transaction.atomic
def take_report(
    actor: User | str, row: Engagement, source: BinaryIO, name: str, listed: tuple[BinaryIO, str] | None = None
) -> UsageImport:
    """Import one file. Raises `UptakeError` for one that is no report, is empty, or is a part; then nothing is stored.

    `listed` is a list of people with their departments, which may come with the report.
    """
    Engagement.objects.select_for_update().get(pk=row.pk)
    shown = _name_of(name)
    uses: list[Use] = []
    report = read_report(source, shown, witness=uses.append)
    history = history_of(row)
    membership = _membership(row, listed)
    if report.report == USERS:
        _refuse_cut_off(report, history)
        after, outcome = merged(history, snapshot_of(report, _last_seats(history)))
        _take_people(row, report, after, uses, membership)
    elif report.report in people.LISTS:
        after, outcome = history, _take_list(row, source, shown)
    elif report.licences or report.report == "licensed_users":
        after, outcome = _with_licences(report, history, row)
    elif report.products:
        after, outcome = history, _mark_shared(report, row)
    else:
        raise UptakeError(
            f"{shown} ({report.report}) says neither who is active nor what was bought",
            hint="Import the user detail of the Microsoft 365 Apps usage report, and a product list or subscribedSkus.",
        )
    _keep(row, history, after)
    people.forget()
    made = UsageImport.objects.create(
        engagement=row, name=shown, report=report.report, refresh_date=report.refresh_date, rows=report.rows,
        skipped=[{"line": each.line, "why": each.why} for each in report.skipped[:20]], skipped_count=report.skipped_count or len(report.skipped),
        is_concealed=report.concealed, outcome=str(outcome), digest=report.digest, by=actor if isinstance(actor, str) else actor.name,
    )  # fmt: skip
    audit(row, actor, "usage", [Change(f"usage {report.report}", "", f"{shown} {report.refresh_date or ''} {outcome}")])
    assess(row, actor)
    return made


def _name_of(name: str) -> str:
    return visible(name.replace("\\", "/").rpartition("/")[2])[:200]


def _membership(row: Engagement, listed: tuple[BinaryIO, str] | None) -> tuple[dict[str, str], str]:
    """User → department, from the list that came with the report, or from what is kept."""
    if listed is None:
        return people.membership_of(row)
    name = _name_of(listed[1])
    found = people.read_membership(listed[0], name)
    people.keep_membership(row, found, name)
    people.count_again(row, found, name)
    return found, name


def _take_people(
    row: Engagement,
    report: UsageReport,
    after: tuple[Snapshot, ...],
    uses: list[Use],
    membership: tuple[dict[str, str], str],
) -> None:
    """The table by department of a report whose figures hold: an earlier one that was restated since changes nothing."""
    current = next(each for each in after if each.refresh_date == report.refresh_date)
    if report.concealed or (current.active, current.rows) != (report.active, report.rows):
        return
    people.count(row, report, uses, *membership)
    people.keep_use(row, report, uses)


def _take_list(row: Engagement, source: BinaryIO, name: str) -> Outcome:
    source.seek(0)
    found = people.read_membership(source, name)
    if not people.keep_membership(row, found, name):
        raise UptakeError(
            f"{name} is a list of people, and the organisation keeps none",
            hint="Choose it together with the usage report: it is read and not stored.",
        )
    people.count_again(row, found, name)
    return Outcome.ADDED


def _refuse_cut_off(report: UsageReport, history: tuple[Snapshot, ...]) -> None:
    seats = _last_seats(history)
    if is_truncated(report, seats.assigned if seats else None, history[-1].rows if history else None):
        raise UptakeError(
            f"{report.file} has {report.rows} rows and seems to be cut off", hint="Export it again; nothing was stored."
        )


def _last_seats(history: tuple[Snapshot, ...]) -> Seats | None:
    return next((each.seats for each in reversed(history) if each.seats), None)


def _with_licences(
    report: UsageReport, history: tuple[Snapshot, ...], row: Engagement
) -> tuple[tuple[Snapshot, ...], Outcome]:
    on = report.refresh_date or timezone.localdate()
    return _seated(history, seats_of(report, as_of=on), row), Outcome.ADDED


def _seated(history: tuple[Snapshot, ...], seats: Seats, row: Engagement) -> tuple[Snapshot, ...]:
    if not history:
        raise UptakeError(
            "import the usage report first, then the licences", hint=f"{row.customer} has no data date yet."
        )
    first = (
        history[0].refresh_date
        if not any(each.seats for each in history)
        else (seats.as_of or history[-1].refresh_date)
    )
    return with_seats(history, seats, first)


def _mark_shared(report: UsageReport, row: Engagement) -> Outcome:
    found = shared_computers(report)
    if found is None:
        return Outcome.UNCHANGED
    UsageSettings.objects.update_or_create(engagement=row, defaults={"is_shared": found.is_flagged})
    return Outcome.ADDED


@transaction.atomic
def set_seats(actor: User, row: Engagement, seats: int, on: date, source: str) -> None:
    """Paid seats that a person has read somewhere, with date and source."""
    history = history_of(row)
    made = Seats(paid=seats, as_of=on, source=source, counted=("by hand",))
    after = _seated(history, made, row)
    _keep(row, history, after)
    audit(row, actor, "seats", [Change("paid seats", "", f"{seats} {on} {source}")])
    assess(row, actor)


def _keep(row: Engagement, before: tuple[Snapshot, ...], after: tuple[Snapshot, ...]) -> None:
    known = {each.refresh_date: each for each in before}
    for each in after:
        if known.get(each.refresh_date) != each:
            SnapshotRow.objects.update_or_create(
                engagement=row, refresh_date=each.refresh_date, defaults={"value": stored(each)}
            )


@transaction.atomic
def choose_formula(actor: User, row: Engagement, formula: str, *, is_shared: bool) -> None:
    """The named formula of an engagement."""
    old = settings_of(row)
    UsageSettings.objects.update_or_create(
        engagement=row, defaults={"formula": Formula.named(formula).name, "is_shared": is_shared}
    )
    audit(row, actor, "usage", [Change("formula", f"{old.formula} {old.is_shared}", f"{formula} {is_shared}")])
    assess(row, actor)


def judged(
    row: Engagement,
    as_of: date | None = None,
    points: tuple[Point, ...] | None = None,
    chosen: UsageSettings | None = None,
) -> Judgement:
    """The verdicts on a day, today by default."""
    chosen = chosen or settings_of(row)
    return judge(
        points if points is not None else points_of(row), as_of or timezone.localdate(), thresholds_of(row.organisation),
        is_shared=chosen.is_shared, formula=chosen.formula,
    )  # fmt: skip


def foretold(points: tuple[Point, ...], goal: float) -> Forecast | None:
    """The forecast; None where there is no figure."""
    try:
        return forecast(points, goal=goal)
    except UptakeError:
        return None


@transaction.atomic
def assess(row: Engagement, actor: User | str = "uptake", as_of: date | None = None) -> Judgement:
    """Judge, keep the verdict with its inputs, tell the engagement its end states, and renew its line in the watch list."""
    points = points_of(row)
    judgement = judged(row, as_of, points)
    VerdictRow.objects.create(
        engagement=row,
        as_of=judgement.as_of,
        version=judgement.version,
        stalled=str(judgement.stalled),
        value=stored(judgement),
    )
    _tell(row, actor, judgement)
    stand(row, judgement, foretold(points, judgement.thresholds.goal))
    return judgement


def _tell(row: Engagement, actor: User | str, judgement: Judgement) -> None:
    """`healthy` and `sustained` come from figures only (S45); unknown ones are not there."""
    from dataclasses import replace

    found: dict[str, date | None] = {}
    for key, verdict in (("healthy", judgement.healthy), ("sustained", judgement.sustained)):
        if verdict is not Verdict.UNKNOWN:
            since = row.measured.get(key)
            found[key] = (
                (date.fromisoformat(since) if since else judgement.data_date) if verdict is Verdict.MET else None
            )

    def make(before: guide.Engagement) -> guide.Engagement:
        return before if dict(before.measured) == found else replace(before, measured=found)

    change(actor, row.pk, "measured", make)


def stand(row: Engagement, judgement: Judgement | None = None, made: Forecast | None = None) -> Standing:
    """The line of the watch list, computed anew."""
    row = Engagement.objects.get(pk=row.pk)
    if judgement is None:
        last = VerdictRow.objects.filter(engagement=row).first()
        judgement = restored(Judgement, last.value) if last else None
        made = foretold(points_of(row), judgement.thresholds.goal) if judgement else None
    old = Standing.objects.filter(engagement=row).first()
    enterprise = Colour(old.enterprise) if old else Colour.UNKNOWN
    has_case = CaseRow.objects.filter(engagement=row, is_open=True).exists()
    given = Stand(
        str(row.pk), row.customer, judgement, made, row.l1, enterprise, has_open_case=has_case, next_action=row.next_due
    )
    risk = risk_of(given, timezone.localdate())
    last_point = judgement.inputs[-1] if judgement and judgement.inputs else None
    values: dict[str, Any] = {
        "usage": judgement.usage_pct if judgement else None,
        "active": last_point.active if last_point else None,
        "seats": last_point.paid if last_point else None,
        "data_date": judgement.data_date if judgement else None,
        "growth": judgement.growth_points if judgement else None,
        "healthy": str(judgement.healthy) if judgement else "unknown",
        "sustained": str(judgement.sustained) if judgement else "unknown",
        "stalled": str(judgement.stalled) if judgement else "unknown",
        "certainty": str(judgement.certainty) if judgement else "unsure",
        "reach": made.reach.median if made and made.reach else None,
        "has_forecast": made is not None,
        "has_case": has_case,
        "score": risk.score,
        "reasons": [stored(each) for each in risk.reasons],
        "on": timezone.localdate(),
    }
    return Standing.objects.update_or_create(engagement=row, defaults=values)[0]


def rate(row: Engagement, colour: str) -> None:
    """The Enterprise Status of an FTA's note: red, yellow or green, an opinion and never computed."""
    Standing.objects.update_or_create(engagement=row, defaults={"enterprise": Colour(colour).value})
    stand(row)


def cases_of(row: Engagement) -> list[tuple[CaseRow, Case]]:
    """All cases, open ones first."""
    return [(each, restored(Case, each.value)) for each in CaseRow.objects.filter(engagement=row)]


@transaction.atomic
def start_case(actor: User, row: Engagement, make: Callable[[str], Case]) -> CaseRow:
    """Open a case."""
    made = CaseRow.objects.create(engagement=row, value={}, opened_on=timezone.localdate())
    case = make(str(made.pk))
    made.value, made.opened_on = stored(case), case.opened_on
    made.save()
    audit(row, actor, "case", [Change(f"case {made.pk}", "", case.opened_for)])
    stand(row)
    return made


@transaction.atomic
def step(actor: User, row: Engagement, number: int, what: str, make: Callable[[Case], Case]) -> Case:
    """One step of a case; nobody else writes it meanwhile. Raises `CaseError`."""
    kept = CaseRow.objects.select_for_update().get(engagement=row, pk=number)
    before = restored(Case, kept.value)
    after = make(before)
    kept.value, kept.is_open, kept.version = stored(after), after.is_open, kept.version + 1
    kept.save()
    audit(row, actor, "case", [Change(f"case {number} {what}", _state(before), _state(after))])
    stand(row)
    return after


def _state(case: Case) -> str:
    done = ", ".join(f"{each.move} {each.on}: {each.outcome}" for each in case.actions[-1:])
    return f"{case.branch or '–'} {done}{' ended: ' + case.ending.exit if case.ending else ''}"[:2000]


@transaction.atomic
def block_case(
    actor: User, row: Engagement, number: int, make: Callable[[guide.Engagement, Case], tuple[guide.Engagement, Case]]
) -> None:
    """Note, status and end of the case in one step, or nothing (S54)."""
    kept = CaseRow.objects.select_for_update().get(engagement=row, pk=number)
    ended: list[Case] = []

    def both(before: guide.Engagement) -> guide.Engagement:
        after, case = make(before, restored(Case, kept.value))
        ended.append(case)
        return after

    change(actor, row.pk, "block", both)
    kept.value, kept.is_open = stored(ended[0]), False
    kept.save()
    audit(row, actor, "case", [Change(f"case {number}", "", "blocked")])
    stand(row)


def records_of(row: Engagement, engagement: guide.Engagement) -> Records:
    """All that a reason class can be suggested from."""
    scan = latest(row)
    findings = None
    if scan:
        open_ = Cluster.objects.filter(scan=scan, by="cause").exclude(state__in=("fixed", "accepted"))
        severe = open_.filter(severity__gte=RANK["limited"])
        findings = FindingCounts(
            sum(open_.values_list("findings_count", flat=True)), sum(severe.values_list("findings_count", flat=True)),
            max(severe.values_list("files_count", flat=True), default=0),
        )  # fmt: skip
    history = history_of(row)
    last = history[-1] if history else None
    seats = _last_seats(history)
    return Records(
        entitlements=engagement.entitlements, notes=engagement.notes, meetings=engagement.meetings, findings=findings,
        active=last.active if last else None, paid=seats.paid if seats else None, assigned=seats.assigned if seats else None,
    )  # fmt: skip


def suggestions_for(row: Engagement, engagement: guide.Engagement) -> tuple[Suggestion, ...]:
    """Reason classes with what speaks for them."""
    return suggest(playbook(), records_of(row, engagement), timezone.localdate())


def solutions_of(organisation: Organisation) -> list[Solution]:
    """The organisation's known solutions."""
    return [
        Solution(
            str(each.pk), each.impediment, each.resolution, each.resolved_on, each.source, tuple(each.add_ins), tuple(each.rules),
            each.app_version, each.branch,
        )
        for each in SolutionRow.objects.filter(organisation=organisation)[:2000]
    ]  # fmt: skip


def effects_of(row: Engagement, points: tuple[Point, ...]) -> tuple[Effect, ...]:
    """What came of all actions, against the forecast made before each."""
    today = timezone.localdate()
    return tuple(each for _kept, case in cases_of(row) for each in effects(case, points, today))


def book_of(row: Engagement, history: tuple[Snapshot, ...] | None = None) -> UsageBook:
    """The report of a customer as it stands: figures, verdicts, forecast, marks, effects. Everything is asked for once."""
    history = history_of(row) if history is None else history
    chosen = settings_of(row)
    formula = Formula.named(chosen.formula)
    points = series(history, formula)
    judgement = judged(row, None, points, chosen)
    kept = [case for _row, case in cases_of(row)]
    today = timezone.localdate()
    return UsageBook(
        row.customer, today, judgement, foretold(points, judgement.thresholds.goal), _newest(history, formula), _marks(row, kept),
        tuple(each for case in kept for each in effects(case, points, today)),
        tuple(measured(each, points, today) for case in kept for each in case.efforts),
        people.departments_of(row), bool(history and history[-1].concealed),
    )  # fmt: skip


def _newest(history: tuple[Snapshot, ...], formula: Formula) -> Percentage | None:
    """The last percentage that the formula makes."""
    return next((found for each in reversed(history) if (found := percentage(each, formula))), None)


def _marks(row: Engagement, kept: list[Case]) -> tuple[Mark, ...]:
    """Sessions, actions and waves on the time axis."""
    sessions = MeetingRow.objects.filter(engagement=row, kind=SESSION).values_list("on", flat=True)
    marks = [Mark(on, SESSION, "session") for on in sessions]
    marks += [Mark(action.on, action.move, "action") for case in kept for action in case.actions]
    last = WavesRow.objects.filter(inventory__engagement=row).first()
    waves = restored(Waves, last.value).waves if last else ()
    marks += [
        Mark(each.start, _("Pilot") if each.number == 0 else _("Wave %(n)s") % {"n": each.number}, "wave")
        for each in waves
        if each.start
    ]
    return tuple(marks)


def values_for_thresholds(given: Mapping[str, Any]) -> dict[str, Any]:
    """What an organisation has set and what differs from the default."""
    return {
        key: value
        for key, value in given.items()
        if key in SETTABLE and value not in (None, "") and value != getattr(DEFAULTS, key)
    }
