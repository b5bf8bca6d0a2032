"""Questionnaires, the checklist that they generate, its items, its workbook and its submission (S28 to S34)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from uptake.core.errors import UptakeError
from uptake.guide.checklist import age, stale
from uptake.guide.elements import Question, Questionnaire
from uptake.web.assessments.selectors import open_rules
from uptake.web.common.access import Level, customer, member, user_of
from uptake.web.common.messages import say_error
from uptake.web.common.pages import form_page, show
from uptake.web.common.playbook import language, playbook, say, template
from uptake.web.engagements import services
from uptake.web.engagements.forms import ItemForm, QuestionnaireForm, SubmissionForm
from uptake.web.engagements.models import Attachment, Engagement, Submission
from uptake.web.engagements.store import Change, audit, load
from uptake.web.engagements.workbook import as_html, as_xlsx


def base_of(row: Engagement) -> str:
    """Customers see their own frame, without the pages of the delivery team."""
    return "customer/base.html" if row.level == Level.CUSTOMER else "base.html"  # type: ignore[attr-defined]


def questionnaires(row: Engagement) -> list[dict[str, Any]]:
    """Those in scope with how far they are answered, for the tenant's cloud."""
    answers = services.answers_of(row)
    found = []
    for each in playbook().of(Questionnaire).values():
        if each.service not in row.scope:
            continue
        asked = _asked(row, each.id)
        done = sum(bool(answers.get(question.id)) for question in asked)
        found.append({"it": each, "asked": len(asked), "answered": done, "fits": row.cloud in each.editions})
    return found


def _asked(row: Engagement, key: str) -> list[Question]:
    questions = template().of(key)
    return [each for each in questions if not each.editions or row.cloud in each.editions]


@member
def checklist(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Questionnaires and items; hidden items on request."""
    engagement = load(row)
    current = engagement.checklist
    today = timezone.localdate()
    shown = request.GET.get("show", "open")
    items = _filtered(current, shown) if current else []
    diff = None
    try:
        diff = services.preview(row, open_rules(row))
    except UptakeError as error:
        messages.error(request, say_error(error))
    return show(
        request,
        "engagements/checklist.html",
        row,
        tab="checklist",
        questionnaires=questionnaires(row),
        checklist=current,
        items=items,
        shown=shown,
        diff=diff if diff and not diff.is_empty else None,
        age=age(current, today) if current else 0,
        stale=stale(current, template(), today) if current else (),
        submissions=Submission.objects.filter(engagement=row)[:5],
        words={each.id: each for each in playbook().of(Question).values()},
    )


def _filtered(current: Any, shown: str) -> list[Any]:
    return {
        "open": list(current.open),
        "resolved": [each for each in current.visible if not each.is_open],
        "hidden": [each for each in current.items if not each.is_visible],
    }.get(shown, list(current.visible))


@customer
def questionnaire(request: HttpRequest, row: Engagement, key: str) -> HttpResponse:
    """The questions of one service; the customer can answer them as well."""
    each = playbook().of(Questionnaire).get(key)
    if each is None or each.service not in row.scope:
        raise Http404
    asked = _asked(row, key)
    answers = services.answers_of(row)
    stored = {question.id: _as_form(answers.get(question.id, "")) for question in asked}
    form = QuestionnaireForm(request.POST or None, questions=asked, stored=stored)
    is_customer = row.level == Level.CUSTOMER  # type: ignore[attr-defined]
    back = reverse("customer", args=[row.pk]) if is_customer else reverse("checklist", args=[row.pk])

    def save(values: dict[str, Any]) -> None:
        services.answer(user_of(request), row, {name: values[name] for name in stored})

    return form_page(
        request,
        form,
        save,
        back,
        row=row,
        title=say(each),
        tab="checklist",
        template="engagements/questionnaire.html",
        questionnaire=each,
        base=base_of(row),
        is_customer=is_customer,
    )


def _as_form(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@require_POST
@member
def generate(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Generate the checklist, or again; what people did to it is kept."""
    try:
        after = services.generate_checklist(user_of(request), row, open_rules(row))
    except UptakeError as error:
        messages.error(request, say_error(error))
        return redirect("checklist", row.pk)
    count = len(after.checklist.visible) if after.checklist else 0
    messages.success(
        request,
        ngettext("The checklist has %(count)s item in scope.", "The checklist has %(count)s items in scope.", count)
        % {"count": count},
    )
    return redirect("checklist", row.pk)


@member
def item(request: HttpRequest, row: Engagement, key: str) -> HttpResponse:
    """One item: owner, due date, state, evidence, acknowledgement."""
    current = load(row).checklist
    found = next((each for each in current.items if each.id == key), None) if current else None
    if found is None:
        raise Http404
    form = ItemForm(request.POST or None, stored={"owner": found.owner, "due": found.due, "state": str(found.state)})
    return form_page(
        request,
        form,
        lambda values: services.set_item(user_of(request), row, key, values),
        reverse("checklist", args=[row.pk]),
        row=row,
        title=key,
        tab="checklist",
        template="engagements/item.html",
        item=found,
        question=playbook().of(Question).get(key),
        attachments=Attachment.objects.filter(engagement=row, reference=f"item:{key}"),
    )


@member
def export(request: HttpRequest, row: Engagement, kind: str) -> HttpResponse:  # noqa: ARG001
    """The completed workbook, stamped with the versions of its questionnaires and their age."""
    current = load(row).checklist
    if current is None:
        raise Http404
    if kind == "xlsx":
        body = as_xlsx(row, current, language())
        content = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        body, content = as_html(row, current, language()).encode(), "text/html; charset=utf-8"
    response = HttpResponse(body, content_type=content)
    response["Content-Disposition"] = f'attachment; filename="checklist-{row.pk}.{kind}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@member
def submit(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Record that a copy was handed over, with the digest of the workbook as it was then."""
    current = load(row).checklist
    if current is None:
        raise Http404
    form = SubmissionForm(request.POST or None, initial={"destination": row.organisation.submission_destination})

    def save(values: dict[str, Any]) -> None:
        import hashlib

        user = user_of(request)
        made = Submission.objects.create(
            engagement=row,
            by=user.name,
            items=len(current.visible),
            items_open=len(current.open),
            versions={key: on.isoformat() for key, on in current.versions.items()},
            sha256=hashlib.sha256(as_html(row, current, "en").encode()).hexdigest(),
            **values,
        )
        audit(row, user, "submitted", [Change("submission", "", f"{made.destination} {made.sha256[:12]}")])

    return form_page(
        request,
        form,
        save,
        reverse("checklist", args=[row.pk]),
        row=row,
        title=_("Record the submission"),
        tab="checklist",
        intro=_("Hand over the workbook yourself; here it is recorded to which destination, when and in which state."),
    )
