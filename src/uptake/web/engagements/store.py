"""Rows ↔ the frozen `uptake.guide.Engagement`: load the whole, let the engine make a new one, write what differs.

Why so: the engine owns every rule and knows no database; here nothing is decided. Each difference becomes an entry of the
audit trail, whatever page or script caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import date
from typing import Any, TypeVar

from django.db import models, transaction

from uptake.guide import engagement as guide
from uptake.guide.checklist import Checklist, Item, ItemState, Shown
from uptake.web.accounts.models import User
from uptake.web.engagements.models import (
    AuditEntry,
    DecisionRow,
    Engagement,
    EntitlementRow,
    ItemRow,
    MeetingRow,
    NoteRow,
    Part,
    Participant,
    ProgressRow,
)  # fmt: skip

Row = TypeVar("Row", bound=Part)
LONGEST = 2_000
"""Characters of a value in the audit trail; a note stands whole in its own table."""


def load(row: Engagement) -> guide.Engagement:
    """The engagement as the engine sees it; a fixed number of queries whatever its size."""
    return guide.Engagement(
        id=str(row.pk),
        customer=row.customer,
        cloud=row.cloud,
        scenario=row.scenario,
        playbook_version=row.playbook_version,
        created=row.created,
        intent=_intent(row),
        eligibility=_eligibility(row),
        engagement_scenario=row.engagement_scenario,
        is_get_modern=row.is_get_modern,
        people=tuple(guide.Person(**_columns(each)) for each in _of(row, Participant)),
        switched_on=frozenset(row.switched_on),
        progress={each.reference: _progress(each) for each in _of(row, ProgressRow)},
        entitlements=tuple(guide.Entitlement(**_columns(each)) for each in _of(row, EntitlementRow)),
        decisions=tuple(guide.Decision(**_columns(each)) for each in _of(row, DecisionRow)),
        notes=tuple(guide.Note(**_columns(each)) for each in _of(row, NoteRow)),
        meetings=tuple(_meeting(each) for each in _of(row, MeetingRow)),
        checklist=_checklist(row),
        completed_on=row.completed_on,
        measured={key: date.fromisoformat(on) if on else None for key, on in row.measured.items()},
    )


def _of(row: Engagement, kind: type[Row]) -> models.QuerySet[Row]:
    return kind._default_manager.filter(engagement=row)  # noqa: SLF001


def _columns(row: Part) -> dict[str, Any]:
    return {name: _frozen(getattr(row, name)) for name in row.FIELDS}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _intent(row: Engagement) -> guide.Intent | None:
    if row.intent_given is None or row.intent_on is None:
        return None
    return guide.Intent(row.intent_given, row.intent_on, row.intent_said_by, row.intent_seats)


def _eligibility(row: Engagement) -> guide.Eligibility | None:
    if row.eligible is None or row.eligible_on is None:
        return None
    return guide.Eligibility(row.eligible, row.eligible_on, row.eligible_source)


def _progress(row: ProgressRow) -> guide.Progress:
    evidence = tuple(guide.Evidence(**{**each, "on": _day(each.get("on"))}) for each in row.evidence)
    return guide.Progress(guide.State(row.state), row.reason, evidence, row.on, row.by)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _meeting(row: MeetingRow) -> guide.MeetingRecord:
    people = tuple(guide.Person(each["name"], each["role"]) for each in row.attendees)
    return guide.MeetingRecord(row.kind, row.on, people, row.outcome, row.next_on)


def _checklist(row: Engagement) -> Checklist | None:
    stamp = row.checklist_stamp
    if stamp is None:
        return None
    return Checklist(
        edition=stamp["edition"],
        scope=frozenset(stamp["scope"]),
        versions={key: date.fromisoformat(on) for key, on in stamp["versions"].items()},
        items=tuple(_item(each) for each in _of(row, ItemRow)),
        unanswered=tuple(stamp["unanswered"]),
    )


def _item(row: ItemRow) -> Item:
    values = _columns(row)
    return Item(**{**values, "shown": Shown(row.shown), "state": ItemState(row.state), "found": frozenset(row.found)})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, as the audit trail shows it."""

    what: str
    before: str
    after: str


def differences(before: object, after: object, what: str = "") -> Iterator[Change]:
    """What differs between two values, named by path: `entitlement OPP: l1`."""
    if before == after:
        return
    if is_dataclass(before) and is_dataclass(after):
        for each in fields(after):
            name = each.name if not what else f"{what}: {each.name}" if ":" not in what else f"{what} {each.name}"
            yield from differences(getattr(before, each.name), getattr(after, each.name), name)
    elif _is_many(before) or _is_many(after):
        old, new = _by_key(before), _by_key(after)
        for key in [*old, *(each for each in new if each not in old)]:
            yield from differences(old.get(key), new.get(key), f"{what} {key}".strip())
    else:
        yield Change(what, _text(before), _text(after))


def _is_many(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, tuple) and any(is_dataclass(each) for each in value))


def _by_key(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    if not isinstance(value, tuple):
        return {}
    return {_key(each, index): each for index, each in enumerate(value)}


def _key(value: Any, index: int) -> str:
    if isinstance(value, guide.Person):
        return f"{value.role} {value.name}"
    return str(getattr(value, "id", None) or getattr(value, "topic", None) or f"#{index + 1}")


def _text(value: object) -> str:
    if value is None:
        return ""
    if is_dataclass(value) and not isinstance(value, type):
        parts = (f"{name}: {_text(each)}" for name, each in asdict(value).items() if each not in (None, "", (), [], 0))
        return "; ".join(parts)[:LONGEST]
    if isinstance(value, (tuple, frozenset, set, list)):
        return ", ".join(
            _text(each) for each in (sorted(value, key=str) if not isinstance(value, (tuple, list)) else value)
        )[:LONGEST]
    return str(value)[:LONGEST]


def audit(row: Engagement, actor: User | str, action: str, changes: Iterable[Change], why: str = "") -> None:
    """Entries for changes of an engagement."""
    who = actor if isinstance(actor, str) else f"{actor.name} <{actor.email}>"
    AuditEntry.objects.bulk_create(
        AuditEntry(
            organisation_id=row.organisation_id, engagement=row, who=who, action=action, what=each.what[:200],
            before=each.before, after=each.after, why=why,
        )
        for each in changes
    )  # fmt: skip


@transaction.atomic
def change(
    actor: User | str, pk: int, action: str, make: Callable[[guide.Engagement], guide.Engagement], why: str = ""
) -> guide.Engagement:
    """Load, let `make` build the new state, write the difference and its audit entries; nobody else writes meanwhile."""
    row = Engagement.objects.select_for_update().get(pk=pk)
    before = load(row)
    after = make(before)
    write(row, before, after)
    audit(row, actor, action, differences(before, after), why)
    from uptake.web.engagements.refresh import refresh

    refresh(row, after)
    return after


def write(row: Engagement, before: guide.Engagement, after: guide.Engagement) -> None:
    """Write what differs into the rows."""
    _write_row(row, after)
    _sync(row, Participant, ("role", "name"), before.people, after.people)
    _write_progress(row, before, after)
    _sync(row, EntitlementRow, ("id",), before.entitlements, after.entitlements)
    _sync(row, DecisionRow, ("topic",), before.decisions, after.decisions)
    added = after.notes[len(before.notes) :]
    NoteRow.objects.bulk_create(NoteRow(engagement=row, **_stored(NoteRow, each)) for each in added)
    for meeting in after.meetings[len(before.meetings) :]:
        people = [asdict(each) for each in meeting.attendees]
        MeetingRow.objects.create(engagement=row, attendees=people, **_stored(MeetingRow, meeting))
    if after.checklist is not before.checklist:
        old = before.checklist.items if before.checklist else ()
        _sync(row, ItemRow, ("id",), old, after.checklist.items if after.checklist else ())


def _write_row(row: Engagement, after: guide.Engagement) -> None:
    intent, eligibility, checklist = after.intent, after.eligibility, after.checklist
    row.customer, row.cloud, row.engagement_scenario = after.customer, after.cloud, after.engagement_scenario
    row.playbook_version, row.is_get_modern = after.playbook_version, after.is_get_modern
    row.switched_on, row.completed_on = sorted(after.switched_on), after.completed_on
    row.intent_given, row.intent_on = (intent.is_given, intent.on) if intent else (None, None)
    row.intent_said_by, row.intent_seats = (intent.said_by, intent.seats_this_year) if intent else ("", 0)
    row.eligible, row.eligible_on = (eligibility.is_eligible, eligibility.on) if eligibility else (None, None)
    row.eligible_source = eligibility.source if eligibility else ""
    row.measured = {key: on.isoformat() if on else None for key, on in after.measured.items()}
    row.checklist_stamp = checklist and {
        "edition": checklist.edition,
        "scope": sorted(checklist.scope),
        "versions": {key: on.isoformat() for key, on in checklist.versions.items()},
        "unanswered": list(checklist.unanswered),
    }


def _stored(kind: type[Part], value: Any) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in kind.FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return sorted(value) if isinstance(value, frozenset) else value


def _sync(
    row: Engagement, kind: type[Part], keys: tuple[str, ...], before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    """Rows of one kind: those that are new are added, those that differ changed, those that are gone deleted."""
    if before == after:
        return

    def key(value: Any) -> tuple[Any, ...]:
        return tuple(getattr(value, name) for name in keys)

    old, new = {key(each): each for each in before}, {key(each): each for each in after}
    manager = kind._default_manager  # noqa: SLF001
    gone = [each for each in old if each not in new]
    for each in gone:
        manager.filter(engagement=row, **dict(zip(keys, each, strict=True))).delete()
    manager.bulk_create(kind(engagement=row, **_stored(kind, value)) for each, value in new.items() if each not in old)
    for each, value in new.items():
        if each in old and old[each] != value:
            manager.filter(engagement=row, **dict(zip(keys, each, strict=True))).update(**_stored(kind, value))


def _write_progress(row: Engagement, before: guide.Engagement, after: guide.Engagement) -> None:
    for reference, progress in after.progress.items():
        if before.progress.get(reference) == progress:
            continue
        evidence = [{**asdict(each), "on": each.on.isoformat() if each.on else None} for each in progress.evidence]
        values = {name: getattr(progress, name) for name in ProgressRow.FIELDS}
        ProgressRow.objects.update_or_create(
            engagement=row, reference=reference, defaults={**values, "state": str(progress.state), "evidence": evidence}
        )


def add_people(engagement: guide.Engagement, *people: guide.Person) -> guide.Engagement:
    """The engagement with more people in roles."""
    return replace(engagement, people=(*engagement.people, *(each for each in people if each not in engagement.people)))
