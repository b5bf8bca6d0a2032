"""What a customer sees: its own progress, the questionnaires, the items that it acknowledges. Nothing else."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uptake.guide.elements import Question
from uptake.web.assessments.selectors import latest
from uptake.web.common.access import customer, user_of
from uptake.web.common.pages import show
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.store import load
from uptake.web.engagements.views.checklist import questionnaires
from uptake.web.engagements.views.overview import journey


@customer
def progress(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Where the project stands, and what the customer is asked to do."""
    engagement = load(row)
    checklist = engagement.checklist
    items = checklist.visible if checklist else ()
    waiting = [each for each in items if not each.acknowledged_by]
    acknowledged = any(each.kind == "acknowledgement" for each in engagement.recorded("task:3190").evidence)
    questions = questionnaires(row)
    return show(
        request,
        "customer/progress.html",
        row,
        journey=journey(engagement),
        items=items,
        waiting=waiting,
        checklist=checklist,
        questionnaires=questions,
        open_questions=sum(each["asked"] - each["answered"] for each in questions),
        acknowledged=acknowledged,
        words=playbook().of(Question),
        scan=latest(row),
        next_meeting=_next(engagement),
    )


def _next(engagement: object) -> object:
    days = [each.next_on for each in engagement.meetings if each.next_on and each.next_on >= timezone.localdate()]  # type: ignore[attr-defined]
    return min(days, default=None)


@require_POST
@customer
def acknowledge(request: HttpRequest, row: Engagement, key: str) -> HttpResponse:
    """Acknowledge one item that is shown."""
    checklist = load(row).checklist
    if checklist is None or key not in {each.id for each in checklist.visible}:
        raise Http404
    services.acknowledge(user_of(request), row, key)
    messages.success(request, _("Acknowledged."))
    return redirect("customer", row.pk)


@require_POST
@customer
def acknowledge_all(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The customer has reviewed the checklist and everything in it is resolved."""
    checklist = load(row).checklist
    if checklist is None or not checklist.is_resolved:
        messages.error(request, _("There are open items in the checklist."))
        return redirect("customer", row.pk)
    services.acknowledge_all(user_of(request), row, timezone.localdate())
    messages.success(request, _("Thank you. Your confirmation was recorded."))
    return redirect("customer", row.pk)
