"""Meetings and follow-on sessions (S40, section 10), and requests for an SME with their clock (S15, section 9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from uptake.guide.elements import RequestRule
from uptake.guide.next_actions import cadences
from uptake.guide.requests import Request, clock, denial_risks, prefilled, state
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import form_page, show
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.forms import MeetingForm, RequestForm, StageForm
from uptake.web.engagements.models import Engagement, MeetingRow, Participant, RequestRow
from uptake.web.engagements.refresh import refresh, requests_of
from uptake.web.engagements.store import Change, audit, load


@member
def meetings(request: HttpRequest, row: Engagement) -> HttpResponse:
    """What was held, each with its snapshot, and what is due."""
    held = list(MeetingRow.objects.filter(engagement=row).order_by("-on", "-pk"))
    return show(
        request, "engagements/meetings.html", row, tab="meetings", held=held, rhythm=cadences(playbook(), load(row))
    )


@member
def new_meeting(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Record a meeting."""
    people = "\n".join(f"{each.name}, {each.role}" for each in Participant.objects.filter(engagement=row))
    start = {"kind": request.GET.get("kind", "follow-on"), "on": timezone.localdate(), "attendees": people}
    form = MeetingForm(request.POST or None, initial=start)
    return form_page(
        request,
        form,
        lambda values: services.hold_meeting(user_of(request), row, values["kind"], values),
        reverse("meetings", args=[row.pk]),
        row=row,
        title=_("Record a meeting"),
        tab="meetings",
        intro=_("A snapshot of the progress is kept with it."),
    )


@member
def requests(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Requests with every stage and its deadline."""
    now = timezone.now()
    others = tuple(
        Request(str(each.pk), each.raised_from, each.reason, each.values)
        for each in RequestRow.objects.filter(engagement__organisation=row.organisation)
        .exclude(engagement=row)
        .order_by("-pk")[:500]
    )
    found = [
        {
            "it": each,
            "stages": [(stage, stage.is_overdue(now)) for stage in clock(playbook(), each)],
            "state": state(playbook(), each),
            "risks": [
                playbook().of(RequestRule).get(key) or key for key in denial_risks(each, row.organisation.fpm, others)
            ],
        }
        for each in requests_of(row)
    ]
    return show(request, "engagements/requests.html", row, tab="meetings", requests=found)


@member
def new_request(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Ask for an SME, from any page; nothing is sent, the record and its clock begin."""
    start = prefilled(load(row), row.organisation.partner_name or row.organisation.name, user_of(request).email)
    start["tenant-id"] = row.tenant
    form = RequestForm(request.POST or None, initial=start)
    origin = request.GET.get("from", "")[:80]

    def save(values: dict[str, Any]) -> None:
        user = user_of(request)
        reason = values.pop("reason")
        values.pop("_seen", None)
        made = RequestRow.objects.create(
            engagement=row,
            raised_from=origin,
            reason=reason,
            values=values,
            by=user.name,
            reached={"submitted": timezone.now().isoformat()},
        )
        audit(row, user, "request", [Change(f"request {made.pk}", "", reason)])
        refresh(row, load(row))

    return form_page(
        request,
        form,
        save,
        reverse("requests", args=[row.pk]),
        row=row,
        title=_("Request an SME"),
        tab="meetings",
        submit=_("Record the request"),
        intro=_(
            "An SME supports and never replaces the FM, the FE or an architect. Nothing is sent from here: enter it in the request tool as well."
        ),
    )


@member
def stage(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """Record that a request has reached a stage."""
    found = RequestRow.objects.filter(engagement=row, pk=number).first()
    if found is None:
        raise Http404
    form = StageForm(request.POST or None, initial={"at": timezone.localtime(), "outcome": found.outcome})

    def save(values: dict[str, Any]) -> None:
        at: datetime = values["at"]
        before = found.reached.get(values["stage"], "")
        found.reached = {**found.reached, values["stage"]: at.isoformat()}
        found.outcome = values["outcome"]
        found.save()
        audit(
            row,
            user_of(request),
            "request",
            [Change(f"request {found.pk} {values['stage']}", before, at.isoformat())],
            values["outcome"],
        )
        refresh(row, load(row))

    return form_page(
        request,
        form,
        save,
        reverse("requests", args=[row.pk]),
        row=row,
        title=_("Stage of the request"),
        tab="meetings",
    )
