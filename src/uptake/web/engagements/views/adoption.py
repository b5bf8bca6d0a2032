"""Adoption and change management: conversations, objections with their answers, and the plan of messages to users (S21 to S23)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from uptake.guide.engagement import Evidence
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import form_page, show
from uptake.web.engagements import services
from uptake.web.engagements.communications import TEMPLATES, filled, objections
from uptake.web.engagements.forms import ConversationForm, MessageForm, ObjectionForm
from uptake.web.engagements.models import Conversation, Engagement, Message, Objection
from uptake.web.engagements.store import Change, audit, load


@member
def adoption(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Everything of the conversation on one page."""
    return show(
        request,
        "engagements/adoption.html",
        row,
        tab="adoption",
        conversations=Conversation.objects.filter(engagement=row),
        objections=Objection.objects.filter(engagement=row),
        plan=Message.objects.filter(engagement=row),
        templates=TEMPLATES,
        known=objections(),
    )


@member
def converse(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Record a conversation; it is evidence for task 3738."""
    form = ConversationForm(request.POST or None, initial={"on": timezone.localdate()})

    def save(values: dict[str, Any]) -> None:
        user = user_of(request)
        made = Conversation.objects.create(engagement=row, by=user.name, **values)
        audit(row, user, "conversation", [Change("conversation", "", f"{made.on} {made.audience}")])
        what = f"{made.on} · {made.audience} · {made.material}"
        services.prove(user, row.pk, "task:3738", Evidence("conversation", what[:500], made.on, user.name))

    return form_page(
        request,
        form,
        save,
        reverse("adoption", args=[row.pk]),
        row=row,
        title=_("Record a conversation"),
        tab="adoption",
    )


@member
def objection(request: HttpRequest, row: Engagement, number: int = 0) -> HttpResponse:
    """An objection with the answer that was used."""
    old = Objection.objects.filter(engagement=row, pk=number).first() if number else None
    if number and old is None:
        raise Http404
    names = ("on", "who", "objection", "answer", "is_settled")
    known = next((each for each in objections() if each["id"] == request.GET.get("known")), None)
    start = {
        "on": timezone.localdate(),
        **({"objection": known["objection"], "answer": known["answer"]} if known else {}),
    }
    stored = {name: getattr(old, name) for name in names} if old else None
    form = ObjectionForm(request.POST or None, stored=stored, initial={} if old else start)

    def save(values: dict[str, Any]) -> None:
        if old:
            Objection.objects.filter(pk=old.pk).update(**{name: values[name] for name in names})
        else:
            Objection.objects.create(engagement=row, **values)
        audit(row, user_of(request), "objection", [Change("objection", old.answer if old else "", values["answer"])])

    return form_page(
        request, form, save, reverse("adoption", args=[row.pk]), row=row, title=_("Objection"), tab="adoption"
    )


@member
def message(request: HttpRequest, row: Engagement, number: int = 0) -> HttpResponse:
    """A message of the plan: a template in either language, filled with the facts of the engagement, then edited by people."""
    old = Message.objects.filter(engagement=row, pk=number).first() if number else None
    if number and old is None:
        raise Http404
    key, lang = request.GET.get("template", ""), request.GET.get("lang", "en")
    if old is None and (key not in TEMPLATES or lang not in ("en", "ja")):
        raise Http404
    names = ("audience", "channel", "owner", "planned_on", "sent_on", "text")
    stored = {name: getattr(old, name) for name in names} if old else None
    start = (
        {}
        if old
        else {"text": filled(key, lang, row, load(row)), "audience": _("All users who receive Microsoft 365 Apps")}
    )
    form = MessageForm(request.POST or None, stored=stored, initial=start)

    def save(values: dict[str, Any]) -> None:
        if old:
            Message.objects.filter(pk=old.pk).update(**{name: values[name] for name in names})
        else:
            Message.objects.create(engagement=row, template=key, language=lang, **values)
        audit(row, user_of(request), "message", [Change("message", old.text if old else "", values["text"])])

    title = _("Message: %(template)s") % {"template": TEMPLATES[old.template if old else key]}
    return form_page(request, form, save, reverse("adoption", args=[row.pk]), row=row, title=title, tab="adoption")
