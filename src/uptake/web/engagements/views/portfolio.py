"""All engagements that somebody may see, with filters that are links; reminders; search; the page of the playbook."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from uptake.guide.elements import (
    L1,
    Cell,
    DecisionTopic,
    EndState,
    Gate,
    Link,
    Meeting,
    Outcome,
    Phase,
    Process,
    Role,
    Step,
    Stream,
    Version,
)
from uptake.web.common.access import delivery, is_delivery, signed_in, user_of, visible_to
from uptake.web.common.pages import form_page, paged, show
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.forms import NewEngagement
from uptake.web.engagements.models import Engagement, NoteRow


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """To the portfolio; a customer to its own page."""
    if is_delivery(user_of(request)):
        return redirect("portfolio")
    found = services.customers_of(user_of(request))
    if len(found) == 1:
        return redirect("customer", found[0].pk)
    return show(request, "customer/list.html", engagements=found, title=_("Your engagements"))


def filtered(request: HttpRequest) -> tuple[Any, dict[str, str]]:
    """The engagements that the address asks for, and what it asks."""
    user, today = user_of(request), timezone.localdate()
    asked = {name: request.GET.get(name, "") for name in ("phase", "l1", "only")}
    found = visible_to(user)
    if asked["phase"]:
        found = found.filter(phase=asked["phase"])
    if asked["l1"]:
        found = found.filter(l1=asked["l1"])
    only = {
        "overdue": Q(reminder_on__lte=today) | Q(next_due__lt=today),
        "blocked": Q(is_blocked=True),
        "missing": Q(fields_missing__gt=0),
        "gate": Q(gate_missing=1),
        "mine": Q(pk__in=user.participations.values("engagement")),
    }.get(asked["only"])
    return (found.filter(only) if only is not None else found), asked


@delivery
def portfolio(request: HttpRequest) -> HttpResponse:
    """Every engagement in one line: phase, gate, next action, status."""
    today = timezone.localdate()
    found, asked = filtered(request)
    every = visible_to(user_of(request))
    in_phase = {each.id: each for each in playbook().of(Phase).values() if each.applies}
    numbers = every.order_by().aggregate(
        all=Count("pk"),
        overdue=Count("pk", filter=Q(reminder_on__lte=today) | Q(next_due__lt=today)),
        blocked=Count("pk", filter=Q(is_blocked=True)),
        missing=Count("pk", filter=Q(fields_missing__gt=0)),
        **{f"in_{key}": Count("pk", filter=Q(phase=key)) for key in in_phase},
    )
    order = F("next_due").asc(nulls_last=True)
    return show(
        request,
        "engagements/portfolio.html",
        section="portfolio",
        engagements=paged(request, found.order_by(order, "customer", "pk"), 25),
        numbers=numbers,
        asked=asked,
        statuses=playbook().of(L1).values(),
        phases=[(each, numbers[f"in_{key}"]) for key, each in in_phase.items()],
    )


@delivery
def reminders(request: HttpRequest) -> HttpResponse:
    """What is late or due, across all engagements, those of one's own first (D10)."""
    user, today = user_of(request), timezone.localdate()
    soon = visible_to(user).filter(Q(reminder_on__isnull=False) | Q(next_due__isnull=False))
    mine = set(user.participations.values_list("engagement", flat=True))
    late = soon.filter(Q(reminder_on__lte=today) | Q(next_due__lte=today))
    is_mine = Case(When(pk__in=user.participations.values("engagement"), then=Value(0)), default=Value(1))
    late = late.order_by(is_mine, F("next_due").asc(nulls_last=True), "customer")
    found = [(each, each.pk in mine) for each in late[:60]]
    coming = soon.filter(reminder_on__gt=today).order_by("reminder_on")[:20]
    return show(request, "engagements/reminders.html", section="reminders", found=found, coming=coming, today=today)


@delivery
def new(request: HttpRequest) -> HttpResponse:
    """Create an engagement."""
    user = user_of(request)
    teams = services.teams_for(user)
    form = NewEngagement(request.POST or None, teams=teams, initial={"scope": ["OPP"], "cloud": "commercial"})
    made: list[Engagement] = []

    def save(values: dict[str, Any]) -> None:
        values.pop("_seen", None)
        made.append(services.create(user, services.organisation_of(user, values), values))

    response = form_page(
        request,
        form,
        save,
        reverse("portfolio"),
        title=_("New engagement"),
        section="portfolio",
        submit=_("Create"),
        intro=_("Office 365 ProPlus stand-alone deployment. You are entered as FE; change people afterwards."),
    )
    return redirect("engagement", made[0].pk) if made else response


@delivery
def search(request: HttpRequest) -> HttpResponse:
    """Customers, notes, findings of the newest scans and add-ins that hold the words, of what one may see."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    context = _found(visible_to(user_of(request)), words) if words else {}
    return show(request, "engagements/search.html", query=words, **context)


def _found(mine: QuerySet[Engagement], words: str) -> dict[str, Any]:
    from uptake.web.addins.models import AddInRow
    from uptake.web.assessments.models import Cluster
    from uptake.web.assessments.selectors import newest

    finding = (
        Q(statement__icontains=words) | Q(title__icontains=words) | Q(rule__iexact=words) | Q(process__icontains=words)
    )
    addin = (
        Q(name__icontains=words)
        | Q(title__icontains=words)
        | Q(publisher__icontains=words)
        | Q(process__icontains=words)
    )
    causes = Cluster.objects.filter(scan__in=newest(mine), by="cause").filter(finding)
    return {
        "engagements": mine.filter(Q(customer__icontains=words) | Q(tenant__icontains=words))[:20],
        "notes": NoteRow.objects.filter(engagement__in=mine, text__icontains=words).select_related("engagement").order_by("-pk")[:20],
        "clusters": causes.select_related("scan__engagement").order_by("-severity")[:20],
        "addins": AddInRow.objects.filter(addin, engagement__in=mine, devices_count__gt=0).select_related("engagement")[:20],
    }  # fmt: skip


@delivery
def playbook_page(request: HttpRequest) -> HttpResponse:
    """The playbook, generated from its data: phases, gates, steps, tasks, roles, statuses, meetings, links."""
    book = playbook()
    custom: dict[str, str] = {}
    for membership in user_of(request).memberships.select_related("organisation"):
        custom |= membership.organisation.links
    phases = sorted((each for each in book.of(Phase).values() if each.applies), key=lambda each: each.order)
    return show(
        request,
        "engagements/playbook.html",
        section="playbook",
        book=book,
        scenario=book.scenario,
        versions=book.of(Version).values(),
        phases=phases,
        gates={each.phase: each for each in book.of(Gate).values()},
        steps=book.of(Step).values(),
        tasks=[each for each in book.tasks.values() if each.default],
        linked=[each for each in book.tasks.values() if not each.default],
        processes=book.of(Process).values(),
        roles=book.of(Role).values(),
        statuses=book.of(L1).values(),
        streams=book.of(Stream).values(),
        meetings=book.of(Meeting).values(),
        links=[(each, custom.get(each.id) or each.url) for each in book.of(Link).values()],
        outcomes=book.of(Outcome).values(),
        ends=book.of(EndState).values(),
        decisions=book.of(DecisionTopic).values(),
        cells=book.of(Cell).values(),
    )
