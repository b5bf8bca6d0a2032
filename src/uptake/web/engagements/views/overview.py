"""The engagement at a glance, the board, and the page of each step and task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from uptake.guide import engagement as guide
from uptake.guide import gates
from uptake.guide.data_fields import completeness
from uptake.guide.elements import DataField, Link, Phase, Process, Role, Step, Task
from uptake.guide.statuses import complaints
from uptake.web.common.access import member, user_of
from uptake.web.common.pages import form_page, show
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.forms import (
    CompletionForm,
    Details,
    EligibilityForm,
    IntentForm,
    SettleForm,
    TasksForm,
    element_of,
)
from uptake.web.engagements.models import Attachment, Engagement
from uptake.web.engagements.refresh import actions_of
from uptake.web.engagements.store import change, load


def journey(engagement: guide.Engagement) -> list[dict[str, Any]]:
    """The phases that apply with what has been settled in each."""
    book = playbook()
    phases = [each for each in book.of(Phase).values() if each.applies]
    current = gates.current_phase(book, engagement)
    found = []
    for phase in sorted(phases, key=lambda each: each.order):
        tasks = [each for each in gates.applying(book, engagement) if each.phase == phase.id]
        settled = sum(gates.state_of(book, engagement, f"task:{each.id}") in guide.SETTLED for each in tasks)
        state = "past" if phase.order < current.order else "now" if phase.id == current.id else ""
        found.append({"phase": phase, "state": state, "tasks": len(tasks), "settled": settled})
    return found


@member
def overview(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Where are we, what is missing, what do I do now."""
    book, engagement = playbook(), load(row)
    gate = gates.next_gate(book, engagement)
    actions = actions_of(row, engagement)
    mine = [each for each in actions if user_of(request).name in each.owners]
    context: dict[str, Any] = {
        "tab": "overview",
        "engagement_state": engagement,
        "journey": journey(engagement),
        "gate": gate,
        "blocks": gates.blocks(book, engagement, gate) if gate else (),
        "warnings": gates.warnings(book, engagement, gate) if gate else (),
        "first": next(iter(mine or actions), None),
        "is_mine": bool(mine),
        "actions": actions[:8],
        "more_actions": max(0, len(actions) - 8),
        "start": gates.may_start(book, engagement),
        "ends": gates.end_states(book, engagement),
        "fields": [(book.of(DataField)[each.field], each) for each in completeness(book, engagement)],
        "complaints": [each for part in engagement.entitlements for each in complaints(book, part, engagement.notes)],
        "notes": engagement.notes[-3:][::-1],
        "wizard": book.of(Link).get("wizard"),
        "is_pilot_missing": _is_broad_without_pilot(engagement),
    }
    return show(request, "engagements/overview.html", row, **context)


def _is_broad_without_pilot(engagement: guide.Engagement) -> bool:
    """Going broad with no pilot (S6)."""
    is_broad = engagement.recorded("task:1247").state is guide.State.DONE
    has_pilot = any(each.kind == "pilot" for progress in engagement.progress.values() for each in progress.evidence)
    return is_broad and not has_pilot


@member
def board(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Roles × phases with the current position and what blocks where (S9)."""
    book, engagement = playbook(), load(row)
    squares = gates.board(book, engagement)
    phases = sorted((each for each in book.of(Phase).values() if each.applies), key=lambda each: each.order)
    roles = list(dict.fromkeys(square.cell.role for square in squares))
    at = {(square.cell.role, square.cell.phase): square for square in squares}
    lanes = [
        {
            "role": book.of(Role)[role],
            "owners": engagement.people_in(role),
            "cells": [at.get((role, phase.id)) for phase in phases],
        }
        for role in roles
    ]
    current = gates.current_phase(book, engagement)
    return show(request, "engagements/board.html", row, tab="board", phases=phases, lanes=lanes, current=current)


@member
def tasks(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Steps and tasks under the processes that they belong to (S10 to S13)."""
    book, engagement = playbook(), load(row)
    applying = gates.applying(book, engagement)
    states = {f"task:{each.id}": gates.state_of(book, engagement, f"task:{each.id}") for each in book.tasks.values()}
    states |= {f"step:{key}": gates.state_of(book, engagement, f"step:{key}") for key in book.of(Step)}
    groups = []
    for process in book.of(Process).values():
        steps = [(each, states[f"step:{each.id}"]) for each in book.of(Step).values() if each.process == process.id]
        found = [(each, states[f"task:{each.id}"]) for each in applying if each.process == process.id]
        if steps or found:
            groups.append({"process": process, "steps": steps, "tasks": found})
    rest = [(each, states[f"task:{each.id}"]) for each in applying if not each.process]
    set_aside = [
        each
        for each in book.tasks.values()
        if (each.default or each.id in engagement.switched_on)
        and states[f"task:{each.id}"] is guide.State.NOT_APPLICABLE
    ]
    return show(request, "engagements/tasks.html", row, tab="tasks", groups=groups, rest=rest, set_aside=set_aside)


@member
def settle(request: HttpRequest, row: Engagement, reference: str) -> HttpResponse:
    """One step or task: what it needs, what was recorded, and the form that settles it."""
    element = element_of(reference)
    if not isinstance(element, Step | Task):
        raise Http404
    engagement = load(row)
    recorded = engagement.recorded(reference)
    form = SettleForm(
        request.POST or None,
        reference=reference,
        engagement=engagement,
        stored={"state": str(recorded.state), "reason": recorded.reason},
        initial={
            "on": timezone.localdate(),
            "state": "done" if recorded.state == guide.State.READY else str(recorded.state),
        },
    )
    links = [playbook().of(Link)[key] for key in element.links] if isinstance(element, Step) else []
    return form_page(
        request,
        form,
        lambda values: services.settle(user_of(request), row.pk, reference, values, form.offered()),
        reverse("task", args=[row.pk, reference]),
        row=row,
        title=str(reference),
        template="engagements/task.html",
        tab="tasks",
        element=element,
        is_step=isinstance(element, Step),
        reference=reference,
        recorded=recorded,
        links=links,
        state=gates.state_of(playbook(), engagement, reference),
        missing=gates.missing_evidence(playbook(), engagement, reference),
        attachments=Attachment.objects.filter(engagement=row, reference=reference),
        custom_links=row.organisation.links,
    )


@member
def details(request: HttpRequest, row: Engagement) -> HttpResponse:
    """What the engagement is."""
    names = ("customer", "tenant", "cloud", "engagement_scenario", "scope", "is_get_modern")
    form = Details(request.POST or None, stored={name: getattr(row, name) for name in names})
    return form_page(
        request,
        form,
        lambda values: services.describe(user_of(request), row, values),
        reverse("engagement", args=[row.pk]),
        row=row,
        title=_("Details"),
        tab="details",
        template="engagements/details.html",
    )


@member
def intent(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The customer's intent."""
    given = {None: "", True: "yes", False: "no"}[row.intent_given]
    stored = {"intent": given, "on": row.intent_on, "said_by": row.intent_said_by, "seats_this_year": row.intent_seats}
    form = IntentForm(request.POST or None, stored=stored)

    def save(values: dict[str, Any]) -> None:
        new = guide.Intent(values["intent"] == "yes", values["on"], values["said_by"], values["seats_this_year"] or 0)
        change(user_of(request), row.pk, "intent", lambda before: replace(before, intent=new), values["why"])

    return form_page(
        request, form, save, reverse("engagement", args=[row.pk]), row=row, title=_("Intent"), tab="details"
    )


@member
def eligibility(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The decision that the licences are eligible."""
    stored = {
        "eligible": {None: "", True: "yes", False: "no"}[row.eligible],
        "on": row.eligible_on,
        "source": row.eligible_source,
    }
    form = EligibilityForm(request.POST or None, stored=stored)

    def save(values: dict[str, Any]) -> None:
        new = guide.Eligibility(values["eligible"] == "yes", values["on"], values["source"])
        change(user_of(request), row.pk, "eligibility", lambda before: replace(before, eligibility=new))

    return form_page(
        request,
        form,
        save,
        reverse("engagement", args=[row.pk]),
        row=row,
        title=_("Eligibility of the licences"),
        tab="details",
        intro=_(
            "The playbook leaves this to the service description of FastTrack; record what was decided, when, and from which source."
        ),
    )


@member
def linked_tasks(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Tasks of linked pages, off by default."""
    form = TasksForm(request.POST or None, stored={"switched_on": row.switched_on})

    def save(values: dict[str, Any]) -> None:
        chosen = frozenset(values["switched_on"])
        change(user_of(request), row.pk, "tasks", lambda before: replace(before, switched_on=chosen))

    return form_page(
        request,
        form,
        save,
        reverse("tasks", args=[row.pk]),
        row=row,
        title=_("Tasks of linked pages"),
        tab="tasks",
        intro=_("They apply through their service; switch on what this engagement follows. Ids are the playbook's."),
    )


@member
def completion(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Record the end state “deployment complete”."""
    form = CompletionForm(request.POST or None, stored={"on": row.completed_on})

    def save(values: dict[str, Any]) -> None:
        change(
            user_of(request),
            row.pk,
            "completed",
            lambda before: replace(before, completed_on=values["on"]),
            values["why"],
        )

    return form_page(
        request,
        form,
        save,
        reverse("engagement", args=[row.pk]),
        row=row,
        title=_("Deployment complete"),
        tab="overview",
        intro=_(
            "Recorded by a person: every package has reached the groups that it was meant for. It is neither task 1247 nor 70 %."
        ),
    )
