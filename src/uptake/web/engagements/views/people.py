"""Who is in which role."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uptake.guide.elements import Role, RoleSection
from uptake.guide.gates import owner_gaps
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import form_page
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.forms import PersonForm
from uptake.web.engagements.models import Engagement, Participant
from uptake.web.engagements.store import load


@member
def people(request: HttpRequest, row: Engagement) -> HttpResponse:
    """People in roles, primary and secondary roles by section, and tasks that nobody answers for (S16)."""
    form = PersonForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda values: services.add_person(user_of(request), row, **values),
        reverse("people", args=[row.pk]),
        row=row,
        title=_("People"),
        tab="people",
        template="engagements/people.html",
        submit=_("Add"),
        people=Participant.objects.filter(engagement=row).select_related("user"),
        roles=playbook().of(Role),
        sections=playbook().of(RoleSection).values(),
        gaps=owner_gaps(playbook(), load(row)),
    )


@require_POST
@member
def remove(request: HttpRequest, row: Engagement, person: int) -> HttpResponse:
    """Take somebody out of a role; what they did stays."""
    found = Participant.objects.filter(engagement=row, pk=person).first()
    if found:
        services.remove_person(user_of(request), row, found.name, found.role)
        messages.success(request, _("Removed."))
    return redirect("people", row.pk)
