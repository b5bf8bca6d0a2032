"""Entitlements with seats and status, splits, and “report a block”."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from uptake.guide import engagement as guide
from uptake.guide.elements import L1, L2
from uptake.guide.statuses import complaints, overdue_dates, split_problems
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import form_page, show
from uptake.web.common.playbook import playbook, say, say_all
from uptake.web.engagements import services
from uptake.web.engagements.forms import BlockForm, EntitlementForm, SplitForm
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.store import load


@member
def entitlements(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Every entitlement with what it lacks and what is late."""
    book, engagement, today = playbook(), load(row), timezone.localdate()
    found = [
        {
            "it": each,
            "l1": book.of(L1).get(each.l1),
            "l2": book.of(L2).get(each.l2),
            "lacks": complaints(book, each, engagement.notes),
            "late": overdue_dates(each, today),
        }
        for each in engagement.entitlements
    ]
    problems = split_problems(engagement.entitlements)
    return show(
        request, "engagements/entitlements.html", row, tab="status", entitlements=found, split_problems=problems
    )


def _one(engagement: guide.Engagement, key: str) -> guide.Entitlement:
    found = next((each for each in engagement.entitlements if each.id == key), None)
    if found is None:
        raise Http404
    return found


@member
def entitlement(request: HttpRequest, row: Engagement, key: str = "") -> HttpResponse:
    """Change one entitlement, or add one."""
    old = _one(load(row), key) if key else None
    stored = (
        {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(old).items()} if old else {}
    )
    shown = {name: value for name, value in stored.items() if name in EntitlementForm.base_fields}
    form = EntitlementForm(
        request.POST or None, stored=shown, initial={} if old else {"service": "OPP", "l1": "status-unknown"}
    )
    guidance = [
        (say(each), say(each, "use_when"), say_all(each, "asks")) for each in playbook().of(L2).values() if each.applies
    ]
    return form_page(
        request,
        form,
        lambda values: services.set_entitlement(user_of(request), row, key, values),
        reverse("entitlements", args=[row.pk]),
        row=row,
        title=key or _("New entitlement"),
        tab="status",
        template="engagements/entitlement.html",
        guidance=guidance,
        old=old,
    )


@member
def split(request: HttpRequest, row: Engagement, key: str) -> HttpResponse:
    """The split editor: parts that add up, with an approved reason (4.7)."""
    whole = _one(load(row), key)
    form = SplitForm(request.POST or None, whole=whole)

    def save(values: dict[str, Any]) -> None:
        reason = values["reason"] + (f": {values['approval']}" if values["approval"] else "")
        services.split_entitlement(user_of(request), row, key, form.parts(), reason)

    return form_page(
        request,
        form,
        save,
        reverse("entitlements", args=[row.pk]),
        row=row,
        tab="status",
        title=_("Split %(key)s") % {"key": key},
        intro=_("The whole has %(seats)s seats.") % {"seats": whole.seats},
        submit=_("Split"),
    )


@member
def block(request: HttpRequest, row: Engagement) -> HttpResponse:
    """One form for a block: note, L1, L2 and dates together (S54)."""
    engagement = load(row)
    form = BlockForm(request.POST or None, entitlements=engagement.entitlements)
    reasons = [each for each in playbook().of(L2).values() if each.l1 == "blocked" and each.applies]
    return form_page(
        request,
        form,
        lambda values: services.report_block(user_of(request), row, values),
        reverse("entitlements", args=[row.pk]),
        row=row,
        title=_("Report a block"),
        tab="status",
        template="engagements/block.html",
        reasons=reasons,
        submit=_("Record the block"),
        intro=_(
            "Writes the Engagement Management note, L1 = Blocked, the reason, the owner and the dates in one step."
        ),
    )
