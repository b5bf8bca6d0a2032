"""What people do in an engagement: each function checks with the engine, writes, and leaves its entry in the audit trail.

Pages and the API call the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from uptake.core.errors import UptakeError
from uptake.guide import engagement as guide
from uptake.guide import gates, statuses
from uptake.guide.checklist import Answer as AnswerValue
from uptake.guide.checklist import Diff, assign, generate, regenerate, reopen, resolve
from uptake.guide.elements import L1
from uptake.guide.notes import Verdict, review
from uptake.web.accounts.models import Membership, Organisation, Team, User
from uptake.web.assessments.selectors import addin_rules, open_rules, package_rules
from uptake.web.common.playbook import playbook, template
from uptake.web.engagements.models import Answer, Engagement, MeetingRow, NoteRow, Participant
from uptake.web.engagements.refresh import refresh
from uptake.web.engagements.store import Change, audit, change, differences, load, write


@transaction.atomic
def create(actor: User, organisation: Organisation, values: Mapping[str, Any]) -> Engagement:
    """A new engagement. Without intent its entitlement stands at No Intent or Status Unknown, and nothing starts (S66)."""
    book, today = playbook(), timezone.localdate()
    row = Engagement(
        organisation=organisation, team=values.get("team"), customer=values["customer"], tenant=values.get("tenant", ""),
        cloud=values["cloud"], scenario=book.scenario.id, playbook_version=values["playbook_version"], playbook_digest=book.digest,
        created=today, scope=list(values.get("scope") or ["OPP"]),
    )  # fmt: skip
    row.save()
    before = load(row)
    intent = values.get("intent")
    l1 = {"yes": "in-progress", "no": "no-intent"}.get(str(intent), "status-unknown")
    first = guide.Entitlement(
        "OPP", "OPP", values["seats"], l1, _first_l2(l1), engagement_scenario=values.get("engagement_scenario", "")
    )  # fmt: skip
    after = replace(
        before,
        engagement_scenario=values.get("engagement_scenario", ""),
        is_get_modern=bool(values.get("is_get_modern")),
        intent=guide.Intent(intent == "yes", values["intent_on"], values["intent_said_by"])
        if intent in ("yes", "no")
        else None,
        eligibility=_eligibility(values),
        entitlements=(first,),
    )
    write(row, before, after)
    audit(row, actor, "created", [Change("engagement", "", row.customer), *differences(before, after)])
    refresh(row, after)
    add_person(actor, row, actor.name, "FE", actor.email)
    row.refresh_from_db()
    return row


def _first_l2(l1: str) -> str:
    """The reason that stands first below an L1 of a new engagement; none where a person has to choose."""
    if l1 == "no-intent":
        return ""
    return next(
        (
            each.id
            for each in statuses.allowed_l2(playbook(), l1)
            if each.applies and (each.automatic or l1 == "in-progress")
        ),
        "",
    )


def _eligibility(values: Mapping[str, Any]) -> guide.Eligibility | None:
    if not values.get("eligible"):
        return None
    return guide.Eligibility(values["eligible"] == "yes", values["eligible_on"], values["eligible_source"])


@transaction.atomic
def describe(actor: User, row: Engagement, values: Mapping[str, Any]) -> None:
    """Change what an engagement is; services in scope and the tenant are no field of the engine."""
    old = {"tenant": row.tenant, "scope": ", ".join(row.scope), "team": str(row.team or "")}
    Engagement.objects.filter(pk=row.pk).update(tenant=values["tenant"], scope=values["scope"])
    new = {"tenant": values["tenant"], "scope": ", ".join(values["scope"]), "team": old["team"]}
    audit(row, actor, "described", [Change(key, old[key], new[key]) for key in old if old[key] != new[key]])
    names = ("customer", "cloud", "engagement_scenario", "is_get_modern")
    change(actor, row.pk, "described", lambda before: replace(before, **{name: values[name] for name in names}))


def settle(
    actor: User, pk: int, reference: str, values: Mapping[str, Any], offered: tuple[guide.Evidence, ...]
) -> guide.Engagement:
    """A step or task done, bypassed, not applicable or open again. Raises `GateError`."""
    state, on, reason = values["state"], values["on"], values.get("reason", "")

    def make(before: guide.Engagement) -> guide.Engagement:
        book = playbook()
        if state == "done":
            return gates.complete(book, before, reference, offered, on, actor.name)
        if state == "bypassed":
            return gates.bypass(book, before, reference, reason, offered, on, actor.name)
        if state == "not_applicable":
            return gates.set_aside(before, reference, reason, on, actor.name)
        return gates.take_up(before, reference, on, actor.name)

    return change(actor, pk, state, make, reason)


def prove(actor: User | str, pk: int, reference: str, evidence: guide.Evidence) -> guide.Engagement:
    """Add evidence to a step or task without settling it; the same evidence is not added twice."""

    def make(before: guide.Engagement) -> guide.Engagement:
        recorded = before.recorded(reference)
        if any((each.kind, each.what) == (evidence.kind, evidence.what) for each in recorded.evidence):
            return before
        return before.with_progress(reference, replace(recorded, evidence=(*recorded.evidence, evidence)))

    return change(actor, pk, "evidence", make)


@transaction.atomic
def add_person(actor: User, row: Engagement, name: str, role: str, email: str) -> None:
    """Put somebody into a role; who has an account with this address in the same organisation sees the engagement from then on."""
    person = guide.Person(name, role)
    change(
        actor, row.pk, "assigned",
        lambda before: before if person in before.people else replace(before, people=(*before.people, person)),
    )  # fmt: skip
    user = (
        User.objects.filter(email=email.lower(), memberships__organisation=row.organisation_id).first()
        if email
        else None
    )
    Participant.objects.filter(engagement=row, name=name, role=role).update(email=email.lower(), user=user)


def remove_person(actor: User, row: Engagement, name: str, role: str) -> None:
    """Take somebody out of a role."""
    gone = guide.Person(name, role)
    change(
        actor,
        row.pk,
        "removed",
        lambda before: replace(before, people=tuple(each for each in before.people if each != gone)),
    )


def set_entitlement(actor: User, row: Engagement, key: str, values: Mapping[str, Any]) -> None:
    """Record an entitlement; a change of status leaves an Entitlement Status Note that says why."""
    names = [name for name in guide.Entitlement.__slots__ if name in values]
    fields: dict[str, Any] = {
        name: tuple(values[name]) if name == "business_reasons" else values[name] for name in names
    }
    why = values.get("why", "")
    status = playbook().of(L1).get(str(fields.get("l1", "")))
    if status and status.owner and not fields.get("owner"):
        fields["owner"] = status.owner  # whoever the playbook says owns a blocked entitlement, or one without intent

    def make(before: guide.Engagement) -> guide.Engagement:
        old = next((each for each in before.entitlements if each.id == key), None)
        if old is None:
            new = guide.Entitlement(id=_free_id(before, fields["service"]), **fields)
            after = replace(before, entitlements=(*before.entitlements, new))
        else:
            new = replace(old, **fields)
            after = replace(before, entitlements=tuple(new if each.id == key else each for each in before.entitlements))
        if why:
            note = guide.Note("N2", why, actor.name, "FM", timezone.localdate(), new.service, new.l1)
            after = replace(after, notes=(*after.notes, note))
        return after

    change(actor, row.pk, "status", make, why)


def _free_id(engagement: guide.Engagement, service: str) -> str:
    taken = {each.id for each in engagement.entitlements}
    candidates = [service, *(f"{service}-{number}" for number in range(2, 1000))]
    return next(each for each in candidates if each not in taken)


def split_entitlement(actor: User, row: Engagement, key: str, parts: list[tuple[str, int]], reason: str) -> None:
    """An entitlement in parts. Raises `StatusError`."""

    def make(before: guide.Engagement) -> guide.Engagement:
        whole = next(each for each in before.entitlements if each.id == key)
        pieces = statuses.split(whole, parts, reason)
        others = [each for each in before.entitlements if each.id != key]
        return replace(before, entitlements=(*others, *pieces))

    change(actor, row.pk, "split", make, reason)


def report_block(actor: User, row: Engagement, values: Mapping[str, Any]) -> None:
    """Note, L1, L2, owner and dates together (S54)."""
    report = statuses.BlockReport(author=actor.name, **values)
    change(
        actor,
        row.pk,
        "block",
        lambda before: statuses.report_block(playbook(), before, report, timezone.localdate()),
        values["text"],
    )


def decide(actor: User, row: Engagement, topic: str, values: Mapping[str, Any], options: tuple[str, ...]) -> None:
    """Record a decision of the workshop; a later one on the same topic takes its place, and the trail keeps both."""
    choice = values["choice"]
    text = " ".join(choice) if isinstance(choice, list) else choice.strip()
    made = guide.Decision(topic, text or "none", values["reason"], values["decider"], values["on"], options)

    def make(before: guide.Engagement) -> guide.Engagement:
        if any(each.topic == topic for each in before.decisions):
            return replace(before, decisions=tuple(made if each.topic == topic else each for each in before.decisions))
        return replace(before, decisions=(*before.decisions, made))

    change(actor, row.pk, "decided", make, values["reason"])


@transaction.atomic
def hold_meeting(actor: User, row: Engagement, kind: str, values: Mapping[str, Any]) -> MeetingRow:
    """Record a meeting with a snapshot of the progress on that day (S40)."""
    record = guide.MeetingRecord(
        kind, values["on"], tuple(values["attendees"]), values.get("outcome", ""), values.get("next_on")
    )
    after = change(actor, row.pk, "meeting", lambda before: replace(before, meetings=(*before.meetings, record)))
    made = MeetingRow.objects.filter(engagement=row).latest("pk")
    made.deck, made.snapshot = values.get("deck", ""), snapshot(after)
    made.save()
    return made


def snapshot(engagement: guide.Engagement) -> dict[str, Any]:
    """Progress on the day of a session, in numbers."""
    book = playbook()
    applying = gates.applying(book, engagement)
    settled = [each for each in applying if gates.state_of(book, engagement, f"task:{each.id}") in guide.SETTLED]
    checklist = engagement.checklist
    return {
        "phase": gates.current_phase(book, engagement).id,
        "tasks_done": len(settled),
        "tasks": len(applying),
        "items_open": len(checklist.open) if checklist else None,
        "items": len(checklist.visible) if checklist else None,
        "seats": sum(each.seats for each in engagement.entitlements if each.service == "OPP"),
        "l1": {each.id: each.l1 for each in engagement.entitlements},
    }


def write_note(actor: User, row: Engagement, note: guide.Note) -> Verdict:
    """Write a note; what its checks say is kept with it and never keeps it from being written."""
    after = change(actor, row.pk, "note", lambda before: replace(before, notes=(*before.notes, note)))
    verdict = review(playbook(), note, after.notes[:-1])
    last = NoteRow.objects.filter(engagement=row).latest("pk")
    NoteRow.objects.filter(pk=last.pk).update(score=str(verdict.score))
    return verdict


def answers_of(row: Engagement) -> dict[str, AnswerValue]:
    """Question → answer."""
    found = Answer.objects.filter(engagement=row).values_list("question", "value")
    return {question: tuple(value) if isinstance(value, list) else value for question, value in found}


@transaction.atomic
def answer(actor: User, row: Engagement, values: Mapping[str, Any]) -> int:
    """Keep the answers that have changed; how many there were."""
    before = answers_of(row)
    changes = []
    for question, value in values.items():
        old = before.get(question, "")
        new = tuple(value) if isinstance(value, list) else value.strip()
        if new == old or (not new and not old):
            continue
        stored = list(new) if isinstance(new, tuple) else new
        defaults = {"value": stored, "by": actor.name, "at": timezone.now()}
        Answer.objects.update_or_create(engagement=row, question=question, defaults=defaults)
        changes.append(Change(f"answer {question}", _shown(old), _shown(new)))
    audit(row, actor, "answered", changes)
    return len(changes)


def _shown(value: AnswerValue) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def preview(row: Engagement, findings: Iterable[str] | None) -> Diff | None:
    """What generating the checklist again would change; None before the first time."""
    engagement = load(row)
    if engagement.checklist is None:
        return None
    fresh = generate(template(), answers_of(row), row.scope, row.cloud, findings, package_rules(row), addin_rules(row))
    return regenerate(engagement.checklist, fresh)[1]


def generate_checklist(actor: User | str, row: Engagement, findings: Iterable[str] | None) -> guide.Engagement:
    """Generate the checklist, or generate it again with all that people did to it kept. Raises `WrongEditionError`."""
    fresh = generate(template(), answers_of(row), row.scope, row.cloud, findings, package_rules(row), addin_rules(row))

    def make(before: guide.Engagement) -> guide.Engagement:
        merged = regenerate(before.checklist, fresh)[0] if before.checklist else fresh
        return replace(before, checklist=merged)

    return change(actor, row.pk, "checklist", make)


def renew_checklist(row: Engagement) -> str:
    """Generate the checklist again after something was found or settled, where there is one; what stands in the way, in words."""
    if not row.checklist_stamp:
        return ""
    try:
        generate_checklist("uptake", row, open_rules(row))
    except UptakeError as error:
        return str(error)
    return ""


def set_item(actor: User, row: Engagement, item: str, values: Mapping[str, Any]) -> None:
    """Owner, due date and state of an item; resolved with evidence. Raises `UptakeError`."""

    def make(before: guide.Engagement) -> guide.Engagement:
        assert before.checklist is not None
        changed = assign(before.checklist, item, values["owner"], values["due"])
        is_open = next(each for each in changed.items if each.id == item).is_open
        if values["state"] == "resolved" and (is_open or values.get("evidence")):
            changed = resolve(changed, item, values.get("evidence") or "")
        elif values["state"] == "open" and not is_open:
            changed = reopen(changed, item)
        return replace(before, checklist=changed)

    change(actor, row.pk, "item", make)


def acknowledge(actor: User, row: Engagement, item: str) -> None:
    """The customer says that an item is as it should be; it stays open until it is resolved."""

    def make(before: guide.Engagement) -> guide.Engagement:
        assert before.checklist is not None
        items = tuple(
            replace(each, acknowledged_by=actor.name) if each.id == item else each for each in before.checklist.items
        )
        return replace(before, checklist=replace(before.checklist, items=items))

    change(actor, row.pk, "acknowledged", make)


def acknowledge_all(actor: User, row: Engagement, on: date) -> None:
    """The customer has reviewed the whole checklist: evidence for task 3190."""
    prove(actor, row.pk, "task:3190", guide.Evidence("acknowledgement", actor.name, on, actor.name))


def customers_of(user: User) -> list[Engagement]:
    """The engagements in which somebody is on the customer's side."""
    from uptake.web.common.access import Level, visible_to

    mine = visible_to(user, Level.CUSTOMER).exclude(pk__in=visible_to(user).values("pk"))
    return list(mine.order_by("customer"))


def teams_for(user: User) -> Any:
    """Teams into which somebody can put an engagement: all of the organisations they administer, else their own."""
    administered = user.memberships.filter(role=Membership.Role.ADMIN).values("organisation")
    return (
        Team.objects.filter(Q(organisation__in=administered) | Q(members__user=user))
        .distinct()
        .select_related("organisation")
    )


def organisation_of(user: User, values: Mapping[str, Any]) -> Organisation:
    """The organisation in which somebody creates: that of the team, else their own. Raises `UptakeError` without one."""
    if values.get("team"):
        organisation: Organisation = values["team"].organisation
        return organisation
    membership = user.memberships.exclude(role=Membership.Role.CUSTOMER).select_related("organisation").first()
    if membership is None:
        raise UptakeError("you belong to no organisation that delivers")
    found: Organisation = membership.organisation
    return found
