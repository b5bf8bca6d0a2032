"""Notes with live checks, and the executive summary with the limits of its fields."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uptake.guide.elements import L1, L2, NoteCheck, Stream
from uptake.guide.engagement import Engagement as GuideEngagement
from uptake.guide.engagement import Note
from uptake.guide.notes import review
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import form_page, paged, show
from uptake.web.common.playbook import playbook, say, say_all
from uptake.web.engagements import services
from uptake.web.engagements.forms import NoteForm, SummaryForm, writer_roles
from uptake.web.engagements.models import Engagement, NoteRow, Summary
from uptake.web.engagements.store import Change, audit, load
from uptake.web.insights.services import rate

COLOURS = ("red", "yellow", "green")


@member
def notes(request: HttpRequest, row: Engagement) -> HttpResponse:
    """All notes, by stream."""
    stream = request.GET.get("stream", "")
    found = NoteRow.objects.filter(engagement=row).order_by("-pk")
    found = found.filter(stream=stream) if stream else found
    streams = playbook().of(Stream).values()
    summaries = Summary.objects.filter(engagement=row)[:3]
    return show(
        request,
        "engagements/notes.html",
        row,
        tab="notes",
        notes=paged(request, found),
        streams=streams,
        stream=stream,
        summaries=summaries,
    )


@member
def new_note(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Write a note; the checks of its stream are shown while it is written, and never stop it."""
    engagement = load(row)
    roles = writer_roles(user_of(request), engagement)
    stream = request.GET.get("stream", "N3" if "FE" in roles else "N1")
    known = playbook().of(Stream).get(stream)
    role = next((each for each in roles if known and each in known.authors), roles[0] if roles else "FE")
    prefix = f"[{playbook().scenario.note_prefix}] " if stream == "N3" else ""
    start = {"stream": stream, "author_role": role, "workload": "OPP", "text": prefix}
    form = NoteForm(request.POST or None, initial=start)

    def save(_values: dict[str, Any]) -> None:
        user = user_of(request)
        note = form.note(user.name, timezone.localdate())
        services.write_note(user, row, note)
        if note.stream == "N4" and note.status in COLOURS:
            rate(row, note.status)

    return form_page(
        request,
        form,
        save,
        reverse("notes", args=[row.pk]),
        row=row,
        title=_("Write a note"),
        tab="notes",
        template="engagements/note.html",
        streams=playbook().of(Stream).values(),
        slots=[(say(each), say_all(each, "note_slots")) for each in playbook().of(L1).values() if each.note_slots],
    )


@require_POST
@member
def check_note(request: HttpRequest, row: Engagement) -> HttpResponse:
    """What the checks say of a note that is being written."""
    form = NoteForm(request.POST)
    form.is_valid()
    note = form.note(user_of(request).name, timezone.localdate())
    verdict = review(playbook(), note, load(row).notes)
    remarks = [(playbook().of(NoteCheck)[each.check], each.found, each.weight) for each in verdict.remarks]
    return show(request, "engagements/verdict.html", verdict=verdict, remarks=remarks, length=len(note.text))


def snapshot_text(engagement: GuideEngagement) -> str:
    """Each service with seats, status and next action, as far as the field of the summary holds it (D6)."""
    lines = []
    for each in engagement.entitlements:
        status = " · ".join(filter(None, (say(playbook().of(L1).get(each.l1)), say(playbook().of(L2).get(each.l2)))))
        target = f" → {each.target_date:%Y-%m-%d}" if each.target_date else ""
        action = f"; {each.next_action} {each.next_action_date or ''}".rstrip() if each.next_action else ""
        lines.append(f"{each.id} {each.seats}: {status}{target}{action}")
    return "\n".join(lines)[:512]


@member
def summary(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The executive summary (D6); kept, and written as a note of stream N5."""

    last = Summary.objects.filter(engagement=row).first()
    engagement = load(row)
    start = {"customer": row.customer, **(last.values if last else {}), "snapshot": snapshot_text(engagement)}
    form = SummaryForm(request.POST or None, initial=start)

    def save(values: dict[str, Any]) -> None:
        user = user_of(request)
        Summary.objects.create(engagement=row, by=user.name, values=values)
        audit(row, user, "summary", [Change("executive summary", "", values["snapshot"])])
        services.write_note(user, row, Note("N5", values["snapshot"], user.name, "FM", timezone.localdate(), "OPP"))

    return form_page(
        request, form, save, reverse("notes", args=[row.pk]), row=row, title=_("Executive summary"), tab="notes"
    )
