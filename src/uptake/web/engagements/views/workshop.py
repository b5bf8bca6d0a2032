"""The assessment workshop: who came, which deck, and each decision with its choice, reason, decider and date (S17 to S20)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from uptake.guide.elements import DecisionTopic, Link
from uptake.guide.engagement import Evidence
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import form_page, show
from uptake.web.common.playbook import playbook, say
from uptake.web.engagements import services
from uptake.web.engagements.forms import DecisionForm, WorkshopForm
from uptake.web.engagements.models import Engagement, MeetingRow, Participant
from uptake.web.engagements.store import load

KIND = "workshop"


@member
def workshop(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The agenda of decision points and the workshops that were held."""
    engagement = load(row)
    made = {each.topic: each for each in engagement.decisions}
    agenda = [(topic, made.get(topic.id)) for topic in playbook().of(DecisionTopic).values()]
    held = [
        {"it": each, "has_it": any(person["role"] == "CUSTOMER-IT" for person in each.attendees)}
        for each in MeetingRow.objects.filter(engagement=row, kind=KIND).order_by("-on", "-pk")
    ]
    links = [playbook().of(Link)[key] for key in ("workshop-deck", "deployment-guide") if key in playbook().of(Link)]
    open_count = sum(decision is None for _topic, decision in agenda)
    return show(
        request,
        "engagements/workshop.html",
        row,
        tab="workshop",
        agenda=agenda,
        held=held,
        links=links,
        open_count=open_count,
    )


@member
def hold(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Record a workshop; what it proves for task 3080 is recorded with it."""
    people = "\n".join(f"{each.name}, {each.role}" for each in Participant.objects.filter(engagement=row))
    form = WorkshopForm(request.POST or None, initial={"on": timezone.localdate(), "attendees": people})

    def save(values: dict[str, Any]) -> None:
        user = user_of(request)
        services.hold_meeting(user, row, KIND, values)
        services.prove(
            user,
            row.pk,
            "task:3080",
            Evidence("workshop", f"{values['on']} · {values['deck']}", values["on"], user.name),
        )
        names = ", ".join(each.name for each in values["attendees"] if each.role == "CUSTOMER-IT")
        if names:
            services.prove(user, row.pk, "task:3080", Evidence("responsible-it", names, values["on"], user.name))

    return form_page(
        request, form, save, reverse("workshop", args=[row.pk]), row=row, title=_("Record a workshop"), tab="workshop"
    )


@member
def decision(request: HttpRequest, row: Engagement, topic: str) -> HttpResponse:
    """One decision."""
    point = playbook().of(DecisionTopic).get(topic)
    if point is None:
        raise Http404
    old = next((each for each in load(row).decisions if each.topic == topic), None)
    stored: dict[str, Any] = {}
    if old:
        choice: Any = old.choice if old.choice != "none" else ""
        stored = {
            "choice": choice.split() if point.answer == "many" else choice,
            "reason": old.reason,
            "decider": old.decider,
            "on": old.on,
        }
    form = DecisionForm(
        request.POST or None, topic=point, stored=stored, initial={} if old else {"on": timezone.localdate()}
    )
    return form_page(
        request,
        form,
        lambda values: services.decide(user_of(request), row, topic, values, point.choices),
        reverse("workshop", args=[row.pk]),
        row=row,
        title=say(point),
        intro=say(point, "question"),
        tab="workshop",
    )
