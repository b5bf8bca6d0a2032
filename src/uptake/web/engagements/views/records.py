"""The audit trail, the handover pack, and files of evidence."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import suppress

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uptake.guide import gates
from uptake.guide.engagement import Evidence
from uptake.reporting.clean import no_formula, visible
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import paged, show
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.models import (
    Attachment,
    AuditEntry,
    Conversation,
    Engagement,
    MeetingRow,
    NoteRow,
    Objection,
    Participant,
)
from uptake.web.engagements.refresh import actions_of
from uptake.web.engagements.store import Change, audit, load

KINDS = {
    b"%PDF-": "pdf",
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole",
    b"GIF8": "gif",
}
ALLOWED = {
    "pdf": ("pdf",),
    "png": ("png",),
    "jpeg": ("jpg", "jpeg"),
    "gif": ("gif",),
    "zip": ("docx", "xlsx", "pptx", "zip"),
    "ole": ("msg", "doc", "xls", "ppt"),
    "text": ("txt", "csv", "log", "xml", "json", "md", "eml"),
}


@member
def trail(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Who changed what, when, from what to what, and why."""
    found = AuditEntry.objects.filter(engagement=row)
    return show(request, "engagements/audit.html", row, tab="audit", entries=paged(request, found, 100))


class _Echo:
    def write(self, value: str) -> str:
        """What the writer of CSV hands over."""
        return value


@member
def trail_csv(request: HttpRequest, row: Engagement) -> HttpResponseBase:  # noqa: ARG001
    """The whole trail as CSV; nothing in it can become a formula."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow(["at", "who", "action", "what", "before", "after", "why"])
        for each in AuditEntry.objects.filter(engagement=row).order_by("pk").iterator(2000):
            cells = (each.who, each.action, each.what, each.before, each.after, each.why)
            yield writer.writerow([each.at.isoformat(), *(no_formula(visible(cell)) for cell in cells)])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{row.pk}.csv"'
    return response


@member
def handover(request: HttpRequest, row: Engagement) -> HttpResponse:
    """All that a successor needs, on one page that prints (D19)."""
    book, engagement = playbook(), load(row)
    gate = gates.next_gate(book, engagement)
    return show(
        request,
        "engagements/handover.html",
        row,
        tab="audit",
        state=engagement,
        gate=gate,
        blocks=gates.blocks(book, engagement, gate) if gate else (),
        actions=actions_of(row, engagement)[:15],
        people=Participant.objects.filter(engagement=row),
        notes=NoteRow.objects.filter(engagement=row).order_by("-pk")[:10],
        meetings=MeetingRow.objects.filter(engagement=row).order_by("-on")[:5],
        ends=gates.end_states(book, engagement),
        objections=Objection.objects.filter(engagement=row, is_settled=False),
        conversations=Conversation.objects.filter(engagement=row)[:5],
    )


def kind_of(start: bytes) -> str:
    """What a file is by its first bytes; empty when it is nothing that can be evidence."""
    for magic, kind in KINDS.items():
        if start.startswith(magic):
            return kind
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:  # a character may be cut at the end
            return "text" if _is_cp932(start) else ""
        return "text"
    return "" if "\0" in text or _is_active(text) else "text"


def _is_cp932(start: bytes) -> bool:
    """Japanese text of Windows; the last byte may be half a character."""
    for part in (start, start[:-1]):
        with suppress(UnicodeDecodeError):
            part.decode("cp932")
            return b"\0" not in start
    return False


def _is_active(text: str) -> bool:
    head = text.lstrip().lower()
    return head.startswith(("<!doctype html", "<html", "<script", "<svg", "mz"))


@require_POST
@member
def upload(request: HttpRequest, row: Engagement, reference: str) -> HttpResponse:
    """A file of evidence: bounded, known by its content, kept outside of the web root."""
    target = request.POST.get("next", "")
    back = target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else f"/e/{row.pk}/"
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose a file first."))
        return redirect(back)
    if (file.size or 0) > settings.MOST_EVIDENCE:
        messages.error(
            request, _("The file is larger than %(size)s MB.") % {"size": settings.MOST_EVIDENCE // 1_000_000}
        )
        return redirect(back)
    name = visible((file.name or "file").replace("\\", "/").rpartition("/")[2])[:200] or "file"
    start = next(file.chunks(65536), b"")
    kind = kind_of(start)
    if not kind or name.rpartition(".")[2].lower() not in ALLOWED[kind]:
        known = ", ".join(sorted(each for names in ALLOWED.values() for each in names))
        messages.error(
            request,
            _("The content of this file is none that can be kept as evidence. Known: %(kinds)s") % {"kinds": known},
        )
        return redirect(back)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    user = user_of(request)
    made = Attachment(
        engagement=row,
        reference=reference[:80],
        name=name,
        size=file.size or 0,
        sha256=digest.hexdigest(),
        kind=kind,
        by=user.name,
    )
    made.file.save(f"{digest.hexdigest()[:32]}.{kind}", file)
    audit(row, user, "file", [Change(f"file {reference}", "", f"{name} {made.sha256[:12]}")])
    if reference.startswith(("task:", "step:")):
        services.prove(
            user, row.pk, reference, Evidence("file", f"{name} ({made.sha256[:12]})", timezone.localdate(), user.name)
        )
    messages.success(request, _("Kept."))
    return redirect(back)


@member
def download(request: HttpRequest, row: Engagement, number: int) -> HttpResponseBase:  # noqa: ARG001
    """A file of evidence, always as an attachment and never as something that a browser runs."""
    found = Attachment.objects.filter(engagement=row, pk=number).first()
    if found is None:
        raise Http404
    response = FileResponse(
        found.file.open("rb"), as_attachment=True, filename=found.name, content_type="application/octet-stream"
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
