"""Usage of one engagement, the watch list of all, and acceleration cases through their branches."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST

from uptake.adapters.graph.clouds import clouds
from uptake.adapters.graph.pulling import CONCEALED, TENANT
from uptake.core.errors import UptakeError
from uptake.core.plain import from_plain as restored
from uptake.guide.elements import Branch, Exit, Move
from uptake.guide.statuses import BlockReport
from uptake.prove.acceleration import case as cases
from uptake.prove.acceleration.agenda import agenda, evidence_pack
from uptake.prove.acceleration.case import Action, Case, Effort, State
from uptake.prove.acceleration.solutions import Question, search
from uptake.prove.usage.departments import counted_by
from uptake.prove.usage.departments import shown as by_formula
from uptake.prove.usage.reasons import Reason
from uptake.prove.usage.reasons import said as reason_said
from uptake.prove.usage.rules import DEFAULTS, Basis, Judgement, judge, replay
from uptake.prove.usage.snapshots import Denominator, Formula, Numerator, Window, series
from uptake.reporting.usage_chart import trend
from uptake.reporting.usage_model import UsageBook
from uptake.web.accounts.models import Organisation
from uptake.web.common.access import delivery, member, org_admin, user_of, visible_to
from uptake.web.common.forms import Form, bounded, choice_field, date_field, text_field
from uptake.web.common.messages import say_error
from uptake.web.common.pages import form_page, paged, show
from uptake.web.common.playbook import language, playbook
from uptake.web.engagements.forms import BlockForm, people_in
from uptake.web.engagements.models import MOST_SEATS, Engagement, Participant
from uptake.web.engagements.store import Change, audit, load
from uptake.web.insights import services
from uptake.web.insights.fetching import application, consent_for
from uptake.web.insights.models import CaseRow, GraphTenant, ReportRow, SolutionRow, Standing, UsageImport, VerdictRow
from uptake.web.insights.reports import KINDS, choose_plan, plan_of, sessions_of, written
from uptake.web.insights.tasks import fetch_reports, judge_organisation

MOST_REPORT = 200_000_000
CONDITIONS = {
    "no_sme": _l("Is no OPP SME engaged yet?"),
    "needs_insight": _l("Does the product or the process need to be improved (FTC Insight)?"),
    "add_in_or_performance": _l("Is it an add-in or performance?"),
    "unresolved": _l("Can it not be resolved?"),
    "deeper_acm_needed": _l("Is deeper change management needed?"),
    "gm_fta_attached": _l("Is a GM FTA attached?"),
}


KIND_NAMES = (("html", "HTML"), ("xlsx", "Excel"), ("pptx", "PowerPoint"))
ORDERS: dict[str, tuple[Any, Any]] = {
    "share": (_l("Lowest share"), lambda each: each.percent),
    "-share": (_l("Highest share"), lambda each: each.percent),
    "-people": (_l("Most people"), lambda each: each.people),
    "name": (_l("Name"), lambda each: each.name or None),
}
"""Order of departments → its name and the value to go by; those without a value come last."""


class ReportForm(Form):
    """A usage or licence report, and who belongs to which department."""

    file = forms.FileField(
        label=_l("Report"),
        help_text=_l(
            "The user detail of the Microsoft 365 Apps usage report, a product list or subscribedSkus; CSV, JSON or an Excel workbook (.xlsx)."
        ),
    )

    people = forms.FileField(
        label=_l("People and departments"),
        required=False,
        help_text=_l(
            "A list with the columns User principal name and Department, for the table of departments. Without it the departments of the device inventory count."
        ),
    )

    def clean_file(self) -> Any:
        """Bounded."""
        return bounded(self.cleaned_data["file"], MOST_REPORT)

    def clean_people(self) -> Any:
        """Bounded."""
        return bounded(self.cleaned_data["people"], MOST_REPORT)


class TenantForm(Form):
    """A tenant whose reports are fetched."""

    tenant = text_field(_l("Tenant id"), most=100, hint=_l("The id or a verified domain of the tenant."))
    cloud = choice_field(_l("Cloud"), lambda: [(key, each.title) for key, each in clouds().items()])
    every_days = forms.IntegerField(label=_l("Every so many days"), min_value=1, max_value=90, initial=7)
    is_on = forms.BooleanField(label=_l("Fetch on schedule"), required=False)

    def clean_tenant(self) -> str:
        """An id or a domain."""
        tenant = str(self.cleaned_data["tenant"]).strip()
        if not TENANT.fullmatch(tenant):
            raise forms.ValidationError(_("This is neither an id nor a domain."))
        return tenant


class SeatsForm(Form):
    """Paid seats that somebody read in a portal."""

    seats = forms.IntegerField(label=_l("Paid seats"), min_value=1, max_value=MOST_SEATS)
    on = date_field(_l("Date"))
    source = text_field(_l("Source"), most=200)


class FormulaForm(Form):
    """Which users count, in which days, of which seats."""

    numerator = choice_field(
        _l("Active users"),
        [
            ("any", _l("in any app")),
            ("desktop", _l("on Windows or Mac")),
            ("without_teams", _l("in another app than Teams")),
        ],
    )
    window = choice_field(
        _l("Days"), [("28", _l("28 days up to the data date")), ("reported", _l("as the report counts"))]
    )
    denominator = choice_field(
        _l("Of"), [("paid", _l("paid seats")), ("assigned", _l("assigned seats")), ("enabled", _l("enabled users"))]
    )
    is_shared = forms.BooleanField(label=_l("The tenant has shared computers"), required=False)


class PlanForm(Form):
    """When the usage report is made, and in which languages."""

    every = choice_field(
        _l("Make a report"),
        [
            ("off", _l("only when somebody asks")),
            ("month", _l("every month")),
            ("session", _l("before each planned follow-on session")),
        ],
    )
    day = forms.IntegerField(
        label=_l("Day of the month"),
        min_value=1,
        max_value=31,
        help_text=_l("A month that is too short has its last day."),
    )
    days_before = forms.IntegerField(
        label=_l("Days before the session"), min_value=0, max_value=30,
        help_text=_l("The date is the next date of the newest follow-on session."),
    )  # fmt: skip
    languages = forms.MultipleChoiceField(
        label=_l("Languages"), choices=[("en", "English"), ("ja", "日本語")], widget=forms.CheckboxSelectMultiple
    )


class OpenForm(Form):
    """Open a case by hand."""

    reason = text_field(_l("Reason"), lines=2, required=False, hint=_l("Not needed for a stall."))


class ChooseForm(Form):
    """The reason class with its evidence."""

    branch = choice_field(_l("Reason class"), lambda: [(key, title) for key, title in _elements(Branch)])
    evidence = text_field(_l("Evidence"), lines=3, hint=_l("What was seen or said, where and when."))


class ActForm(Form):
    """A move of the tree that was made."""

    outcome = text_field(_l("Outcome"), lines=3)
    reference = text_field(
        _l("Number or address"), required=False, hint=_l("Of the Insight, request, referral or escalation.")
    )
    owner = text_field(_l("Owner"), required=False, most=120)
    due = date_field(_l("Due"), required=False)
    attendees = text_field(_l("Attendees"), lines=4, required=False, hint=_l("One a line: name, comma, role."))

    def clean_attendees(self) -> tuple[str, ...]:
        """`Name (ROLE)`."""
        return tuple(f"{each.name} ({each.role})" for each in people_in(self.cleaned_data["attendees"] or ""))


class EffortForm(Form):
    """An entry of task 3650."""

    what = text_field(_l("What was done"), lines=2)


class SolutionForm(Form):
    """A known solution."""

    impediment = text_field(_l("Impediment"), lines=2)
    resolution = text_field(_l("Resolution"), lines=2)
    resolved_on = date_field(_l("Resolved on"))
    add_ins = text_field(_l("Add-ins"), required=False, hint=_l("Apart by commas."))
    rules = text_field(_l("Rules"), required=False, hint=_l("Such as B03, apart by commas."))
    app_version = text_field(_l("Version or channel"), required=False, most=60)


class ThresholdsForm(Form):
    """What an organisation sets; empty means the default."""

    goal = forms.FloatField(label=_l("Goal in percent"), min_value=1, max_value=100, required=False)
    growth = forms.FloatField(label=_l("Growth below which use stalls"), min_value=0, max_value=100, required=False)
    months = forms.IntegerField(label=_l("Months of growth"), min_value=1, max_value=12, required=False)
    basis = choice_field(
        _l("Growth in"),
        [("points", _l("percentage points")), ("relative", _l("percent of the earlier use"))],
        required=False,
    )
    sustained_months = forms.IntegerField(
        label=_l("Months above the goal until it is sustained"), min_value=1, max_value=12, required=False
    )
    stale_days = forms.IntegerField(
        label=_l("Days after which figures are too old for a verdict on a stall"),
        min_value=1,
        max_value=60,
        required=False,
    )


def _elements(kind: type[Branch]) -> list[tuple[str, str]]:
    from uptake.web.common.playbook import say

    return [(key, say(each)) for key, each in playbook().of(kind).items()]


@member
def usage(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The trend with goal and forecast, every percentage with its proof, verdicts with their reasons, and what to do."""
    history = services.history_of(row)
    chosen = services.settings_of(row)
    formula = Formula.named(chosen.formula)
    points = series(history, formula)
    book = services.book_of(row, history)
    judgement, made = book.judgement, book.forecast
    title = ", ".join(f"{each.date} {each.percent:.1f} %" for each in points[-12:] if each.percent is not None)
    return show(
        request, "insights/usage.html", row, tab="usage", points=points, judgement=judgement, forecast=made,
        last=book.shown, reasons=[reason_said(each, language()) for each in judgement.why],
        chart=trend(points, made, judgement.thresholds.goal, book.marks, title=title, goal_word=_("goal %(n)s %%") % {"n": f"{judgement.thresholds.goal:g}"}),
        imports=UsageImport.objects.filter(engagement=row)[:10], open_case=CaseRow.objects.filter(engagement=row, is_open=True).first(), formula=formula,
        table=[(each, each.before) for each in reversed(history[-24:])], percents={each.date: each.percent for each in points},
        verdicts=VerdictRow.objects.filter(engagement=row).only("as_of", "stalled", "engagement")[:10], is_shared=chosen.is_shared,
        plan=plan_of(row), reports=ReportRow.objects.filter(engagement=row).defer("value")[:3], kinds=KIND_NAMES,
        **_departments(book, formula, request.GET.get("sort", "")), is_concealed=book.is_concealed,
    )  # fmt: skip


def _departments(book: UsageBook, formula: Formula, wanted: str) -> dict[str, Any]:
    """The table of departments, in the order that the reader wants."""
    table = book.departments
    order = wanted if wanted in ORDERS else next(iter(ORDERS))
    value = ORDERS[order][1]
    found = by_formula(table, formula) if table else ()
    known = sorted((each for each in found if value(each) is not None), key=value, reverse=order.startswith("-"))
    return {
        "departments": table,
        "counted_by": counted_by(formula).name,
        "lines": [*known, *(each for each in found if value(each) is None)],
        "orders": [(key, label) for key, (label, _value) in ORDERS.items()],
        "sort": order,
    }


@member
def take(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Import a report."""
    form = ReportForm(request.POST or None, request.FILES or None)

    def save(values: dict[str, Any]) -> None:
        listed = (values["people"].file, values["people"].name or "people") if values["people"] else None
        made = services.take_report(user_of(request), row, values["file"].file, values["file"].name or "report", listed)
        if made.is_concealed:
            messages.warning(
                request,
                _(
                    "The names in this report are concealed. The figures are right; departments cannot be shown. The tenant's administrator can change it under Org settings, Reports."
                ),
            )
        if made.skipped_count:
            messages.warning(
                request, _("%(count)s lines could not be read; the import lists them.") % {"count": made.skipped_count}
            )

    return form_page(
        request,
        form,
        save,
        reverse("usage", args=[row.pk]),
        row=row,
        title=_("Import a report"),
        tab="usage",
        submit=_("Import"),
    )


@member
def tenant(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The tenant whose reports are fetched from Microsoft Graph, and the link by which its administrator agrees."""
    kept = GraphTenant.objects.filter(engagement=row).first()
    names = ("tenant", "cloud", "every_days", "is_on")
    stored = {name: getattr(kept, name) for name in names} if kept else None
    form = TenantForm(
        request.POST or None, stored=stored, initial={} if kept else {"tenant": row.tenant, "is_on": True}
    )

    def save(values: dict[str, Any]) -> None:
        changed = {name: values[name] for name in names}
        if kept is None or kept.tenant != values["tenant"]:
            changed |= {"etags": {}, "tried_at": None, "fetched_at": None, "problem": ""}
        GraphTenant.objects.update_or_create(engagement=row, defaults=changed)
        audit(row, user_of(request), "usage", [Change("tenant", kept.tenant if kept else "", values["tenant"])])

    return form_page(
        request, form, save, reverse("usage-tenant", args=[row.pk]), row=row, title=_("Fetch from Microsoft Graph"), tab="usage",
        template="insights/tenant.html", kept=kept, consent=consent_for(kept, str(row.pk)) if kept else "", has_application=application() is not None,
        concealed=CONCEALED[language()] if kept and kept.is_concealed else "",
    )  # fmt: skip


@require_POST
@member
def fetch_now(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Fetch at once, in the background."""
    kept = GraphTenant.objects.filter(engagement=row).first()
    if kept is None:
        raise Http404
    fetch_reports.enqueue([kept.pk])
    messages.success(request, _("The reports are being fetched. Reload the page in a moment."))
    return redirect("usage-tenant", row.pk)


@member
def seats(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Paid seats by hand."""
    form = SeatsForm(request.POST or None, initial={"on": timezone.localdate()})
    return form_page(
        request, form, lambda values: services.set_seats(user_of(request), row, values["seats"], values["on"], values["source"]),
        reverse("usage", args=[row.pk]), row=row, title=_("Paid seats"), tab="usage",
        intro=_("They hold for data dates that have no seats of their own. A product list or subscribedSkus is the better source."),
    )  # fmt: skip


@member
def formula(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The formula of the engagement."""
    chosen = services.settings_of(row)
    numerator, window, denominator = chosen.formula.split("/")
    stored = {"numerator": numerator, "window": window, "denominator": denominator, "is_shared": chosen.is_shared}
    form = FormulaForm(request.POST or None, stored=stored)

    def save(values: dict[str, Any]) -> None:
        made = Formula(Numerator(values["numerator"]), Window(values["window"]), Denominator(values["denominator"]))
        services.choose_formula(user_of(request), row, made.name, is_shared=values["is_shared"])

    return form_page(request, form, save, reverse("usage", args=[row.pk]), row=row, title=_("Formula"), tab="usage")


@member
def verdict(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """A verdict of a past day with its inputs, and whether the rules say the same again."""
    kept = VerdictRow.objects.filter(engagement=row, pk=number).first()
    if kept is None:
        raise Http404
    judgement = restored(Judgement, kept.value)
    return show(
        request, "insights/verdict.html", row, tab="usage", kept=kept, judgement=judgement, is_same=replay(judgement) == judgement,
        reasons=[reason_said(each, language()) for each in judgement.why], now=judge(judgement.inputs, judgement.as_of, judgement.thresholds, is_shared=judgement.is_shared),
    )  # fmt: skip


@member
def report(request: HttpRequest, row: Engagement, kind: str) -> HttpResponse:  # noqa: ARG001
    """The usage report as HTML, workbook or slides, in the reader's language."""
    write, content = KINDS[kind]
    out = io.BytesIO()
    write(services.book_of(row), out, language())
    return _attached(out.getvalue(), content, f"usage-{row.pk}.{kind}")


def _attached(body: bytes, content: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=content)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@member
def reports(request: HttpRequest, row: Engagement) -> HttpResponse:
    """When reports are made, and all that were."""
    kept = plan_of(row)
    names = ("every", "day", "days_before", "languages")
    form = PlanForm(request.POST or None, stored={name: getattr(kept, name) for name in names})

    def save(values: dict[str, Any]) -> None:
        choose_plan(user_of(request), row, *(values[name] for name in names))

    return form_page(
        request, form, save, reverse("usage-reports", args=[row.pk]), row=row, title=_("Reports on a schedule"), tab="usage",
        template="insights/reports.html", page=paged(request, ReportRow.objects.filter(engagement=row).defer("value"), 25),
        sessions=sessions_of(row), kinds=KIND_NAMES,
        intro=_("The report is made in the background on its day and kept here. Nothing is mailed."),
    )  # fmt: skip


@member
def made_report(request: HttpRequest, row: Engagement, number: str, lang: str, kind: str) -> HttpResponse:  # noqa: ARG001
    """A file of a report that was made."""
    found = ReportRow.objects.filter(engagement=row, pk=int(number), state=ReportRow.State.READY).first()
    if found is None or lang not in found.value:
        raise Http404
    return _attached(written(found, lang, kind), KINDS[kind][1], f"usage-{row.pk}-{found.on}.{lang}.{kind}")


@delivery
def watch(request: HttpRequest) -> HttpResponse:
    """Customers with a reason to look at them, the most urgent first; L1, Enterprise colour, health and stall side by side (D15)."""
    mine = visible_to(user_of(request))
    only = request.GET.get("only", "")
    found = Standing.objects.filter(engagement__in=mine).select_related("engagement")
    filters = {
        "stalled": Q(stalled="met"),
        "healthy": Q(healthy="met"),
        "unknown": Q(stalled="unknown"),
        "case": Q(has_case=True),
    }
    numbers = found.aggregate(
        all=Count("pk"), **{f"n_{key}": Count("pk", filter=each) for key, each in filters.items()}
    )
    found = found.filter(filters[only]) if only in filters else found.filter(score__gt=0)
    page = paged(request, found.order_by("-score", "-seats", "engagement__customer"), 25)
    lines = [(each, [reason_said(restored(Reason, reason), language()) for reason in each.reasons]) for each in page]
    return show(
        request,
        "insights/watch.html",
        section="watch",
        page=page,
        lines=lines,
        only=only,
        numbers=numbers,
        without=mine.filter(standing=None).count(),
    )


@org_admin
def thresholds(request: HttpRequest, org: Organisation) -> HttpResponse:
    """The numbers of the rules for this organisation."""
    names = services.SETTABLE
    now = {name: org.thresholds.get(name) for name in names}
    form = ThresholdsForm(request.POST or None, stored=now)
    for name in names:
        default = getattr(DEFAULTS, name)
        form.fields[name].help_text = _("Default: %(value)s") % {
            "value": default.value if isinstance(default, Basis) else f"{default:g}"
        }

    def save(values: dict[str, Any]) -> None:
        chosen = services.values_for_thresholds(values)
        from uptake.web.accounts.views import record

        record(
            org,
            user_of(request),
            "rules",
            *(Change(f"threshold {n}", str(org.thresholds.get(n, "")), str(chosen.get(n, ""))) for n in names),
        )
        Organisation.objects.filter(pk=org.pk).update(thresholds=chosen)
        judge_organisation.enqueue(org.pk)

    return form_page(
        request, form, save, reverse("organisation", args=[org.pk]), title=_("Thresholds"), section="organisation",
        intro=_("The playbook says 70 %, 3 and three months and does not say whether 3 are points; points are our default. Verdicts that were stored stay as they are."),
    )  # fmt: skip


@member
def acceleration(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Cases, suggestions, and the way to open one."""
    judgement = services.judged(row)
    form = OpenForm(request.POST if request.method == "POST" else None)

    def save(values: dict[str, Any]) -> None:
        user, today = user_of(request), timezone.localdate()
        points = services.points_of(row)
        made = services.foretold(points, judgement.thresholds.goal)
        services.start_case(
            user, row, lambda key: cases.open_case(key, judgement, made, today, user.name, values["reason"])
        )

    return form_page(
        request, form, save, reverse("acceleration", args=[row.pk]), row=row, title=_("Acceleration"), tab="usage", template="insights/acceleration.html",
        cases=services.cases_of(row), judgement=judgement, submit=_("Open a case"),
        suggestions=_said_suggestions(row), done=_("The case is open. First comes the discussion of FM, FE and SME."),
    )  # fmt: skip


def _said_suggestions(row: Engagement) -> list[tuple[Branch, list[str]]]:
    from uptake.prove.acceleration.texts import said

    found = services.suggestions_for(row, load(row))
    return [
        (playbook().of(Branch)[each.branch], [said(ground, language()) for ground in each.grounds]) for each in found
    ]


def _kept(row: Engagement, number: int) -> tuple[CaseRow, Case]:
    found = CaseRow.objects.filter(engagement=row, pk=number).first()
    if found is None:
        raise Http404
    return found, restored(Case, found.value)


@member
def case(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """One case: where it is in the tree, what is next, what was done and what came of it."""
    from uptake.prove.acceleration.texts import said

    kept, it = _kept(row, number)
    engagement, lang = load(row), language()
    points = services.points_of(row)
    judgement = services.judged(row, None, points)
    suggestions = services.suggestions_for(row, engagement)
    known = services.solutions_of(row.organisation)
    matches = search(Question(text=f"{it.evidence} {it.opened_for}"), known)
    moves = [(each, said(each.why, lang) if each.why else "") for each in cases.next_moves(playbook(), it)]
    efforts = services.effects_of(row, points)
    return show(
        request, "insights/case.html", row, tab="usage", kept=kept, it=it, moves=moves, conditions=CONDITIONS, states=State,
        first_move=next((each for each, _why in moves if each.state in (State.READY, State.ASK)), None), suggestions=_said_suggestions(row),
        agenda=agenda(playbook(), row.customer, it, suggestions, lang),
        pack=evidence_pack(playbook(), it, suggestions, engagement.notes, matches, efforts, lang),
        exits=cases.open_exits(playbook(), it, judgement, row.l1), exit_of=playbook().of(Exit), branch=playbook().of(Branch).get(it.branch),
        move_of=playbook().of(Move), efforts=efforts, has_sme=bool(engagement.people_in("SME")), has_gmfta=bool(engagement.people_in("GMFTA")),
    )  # fmt: skip


@member
def choose(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """The reason class, before any plan (S48)."""
    _kept_row, it = _kept(row, number)
    first = next(iter(services.suggestions_for(row, load(row))), None)
    form = ChooseForm(
        request.POST or None, initial={"branch": it.branch or (first.branch if first else ""), "evidence": it.evidence}
    )
    user = user_of(request)

    def save(values: dict[str, Any]) -> None:
        def make(before: Case) -> Case:
            return cases.choose(
                playbook(), before, values["branch"], values["evidence"], timezone.localdate(), user.name
            )

        services.step(user, row, number, "reason", make)

    return form_page(
        request, form, save, reverse("case", args=[row.pk, number]), row=row, title=_("Reason of the stall"), tab="usage",
        template="insights/choose.html", suggestions=_said_suggestions(row), branches=playbook().of(Branch).values(),
    )  # fmt: skip


@member
def act(request: HttpRequest, row: Engagement, number: int, move: str) -> HttpResponse:
    """A move that was made, with the forecast that was made before it."""
    _kept_row, _it = _kept(row, number)
    known = playbook().of(Move).get(move)
    if known is None or move in ("find-reason", "report-block", "log-effort"):
        raise Http404
    present = "\n".join(
        f"{each.name}, {each.role}" for each in Participant.objects.filter(engagement=row, role__in=("FM", "FE", "SME"))
    )
    form = ActForm(request.POST or None, initial={"attendees": present if known.records == "meeting" else ""})
    if known.records != "meeting":
        del form.fields["attendees"]
    if known.records not in cases.NEEDS_REFERENCE:
        del form.fields["reference"]
    if known.records != "actions":
        del form.fields["owner"], form.fields["due"]
    user = user_of(request)

    def save(values: dict[str, Any]) -> None:
        points = services.points_of(row)
        made = services.foretold(points, DEFAULTS.goal)
        action = Action(
            move, timezone.localdate(), user.name, values["outcome"], values.get("reference") or "", values.get("owner") or "",
            values.get("due"), values.get("attendees") or (), made,
        )  # fmt: skip
        services.step(user, row, number, move, lambda before: cases.act(playbook(), before, action))

    from uptake.web.common.playbook import say

    return form_page(
        request,
        form,
        save,
        reverse("case", args=[row.pk, number]),
        row=row,
        title=say(known),
        tab="usage",
        submit=_("Record"),
    )


@require_POST
@member
def answer(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """An answer to a condition of the tree."""
    _kept(row, number)
    condition, holds = request.POST.get("condition", ""), request.POST.get("holds", "")
    try:
        services.step(
            user_of(request),
            row,
            number,
            f"answer {condition} {holds}",
            lambda before: cases.answer(before, condition, holds == "yes"),
        )
    except UptakeError as error:
        messages.error(request, say_error(error))
    return redirect("case", row.pk, number)


@member
def effort(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """An entry of task 3650, a log that goes on (S59)."""
    _kept(row, number)
    form = EffortForm(request.POST or None)
    user = user_of(request)

    def save(values: dict[str, Any]) -> None:
        before = services.judged(row).usage_pct
        made = Effort(timezone.localdate(), user.name, values["what"], before)
        services.step(user, row, number, "effort", lambda case_: cases.log_effort(case_, made))
        from uptake.guide.engagement import Evidence
        from uptake.web.engagements.services import prove

        shown = f"{values['what']} ({before:.1f} %)" if before is not None else values["what"]
        prove(user, row.pk, "task:3650", Evidence("effort", shown[:500], timezone.localdate(), user.name))

    return form_page(
        request,
        form,
        save,
        reverse("case", args=[row.pk, number]),
        row=row,
        title=_("Entry of task 3650"),
        tab="usage",
        submit=_("Record"),
    )


@member
def block(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """It cannot be resolved: note, L1 Blocked, L2 and dates in one step, and the case ends (S54)."""
    _kept(row, number)
    engagement = load(row)
    form = BlockForm(request.POST or None, entitlements=engagement.entitlements)
    user = user_of(request)

    def save(values: dict[str, Any]) -> None:
        given = BlockReport(
            author=user.name, **{key: value for key, value in values.items() if key in BlockReport.__slots__}
        )

        def make(before: Any, it: Case) -> Any:
            marked = cases.answer(it, "unresolved", True)
            return cases.block(playbook(), before, marked, given, timezone.localdate())

        services.block_case(user, row, number, make)

    return form_page(
        request,
        form,
        save,
        reverse("case", args=[row.pk, number]),
        row=row,
        title=_("Report a block"),
        tab="usage",
        submit=_("Record the block"),
    )


@require_POST
@member
def close(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """End a case by one of its open exits."""
    _kept(row, number)
    user, exit_ = user_of(request), request.POST.get("exit", "")
    judgement = services.judged(row)
    try:
        services.step(
            user, row, number, f"end {exit_}",
            lambda before: cases.close(playbook(), before, exit_, timezone.localdate(), user.name, judgement, row.l1),
        )  # fmt: skip
    except UptakeError as error:
        messages.error(request, say_error(error))
    return redirect("case", row.pk, number)


@member
def solution(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Keep what resolved an impediment for the next customer (S50)."""
    form = SolutionForm(request.POST or None, initial={"resolved_on": timezone.localdate()})

    def save(values: dict[str, Any]) -> None:
        listed = {
            name: [part.strip() for part in (values[name] or "").split(",") if part.strip()]
            for name in ("add_ins", "rules")
        }
        made = SolutionRow.objects.create(
            organisation=row.organisation, impediment=values["impediment"], resolution=values["resolution"], resolved_on=values["resolved_on"],
            source=row.customer, app_version=values["app_version"], **listed,
        )  # fmt: skip
        audit(row, user_of(request), "solution", [Change("known solution", "", made.impediment)])

    return form_page(
        request,
        form,
        save,
        reverse("acceleration", args=[row.pk]),
        row=row,
        title=_("Keep a known solution"),
        tab="usage",
    )
