"""Status of entitlements: which L2 fits which L1, what each asks for, splits that add up, and a block reported in one step.

The rules are sections 4.1 to 4.9 of the facts; the values are data, what is checked here is how they fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from uptake.core.errors import UptakeError
from uptake.guide.elements import L1, L2, L3, BusinessReason, StatusChange
from uptake.guide.engagement import Engagement, Entitlement, Note
from uptake.guide.playbook import Playbook

FIELD_OF = {"target_date": "target_date", "unblock_date": "unblock_date", "owner": "owner"}


class StatusError(UptakeError):
    """A status that cannot be recorded like this."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with an entitlement, and in which field of it."""

    entitlement: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class BlockReport:
    """All that one form asks for when something blocks (S54)."""

    entitlement: str
    l2: str
    text: str
    unblock_date: date
    next_action: str
    next_action_date: date
    author: str
    l3: str = ""


def allowed_l2(playbook: Playbook, l1: str) -> tuple[L2, ...]:
    """The reasons that can stand below a status; none below Duplicate/Invalid."""
    return tuple(each for each in playbook.of(L2).values() if each.l1 == l1)


def pair_problem(playbook: Playbook, l1: str, l2: str) -> str:
    """Why an L2 cannot stand below an L1, in a sentence; empty when it can."""
    status = playbook.of(L1).get(l1)
    if status is None:
        return f"no L1 {l1!r}"
    reason = playbook.of(L2).get(l2)
    if not l2:
        return f"{status.title} needs an L2" if "l2" in status.requires else ""
    if reason is None:
        return f"no L2 {l2!r}"
    if reason.l1 != l1:
        return f"{reason.title} belongs to {playbook.of(L1)[reason.l1].title}, not to {status.title}"
    return ""


def complaints(playbook: Playbook, entitlement: Entitlement, notes: Iterable[Note] = ()) -> tuple[Complaint, ...]:
    """All that an entitlement lacks or contradicts; `notes` are those of the engagement."""
    found = [
        *_of_pair(playbook, entitlement),
        *_of_l3(playbook, entitlement),
        *_of_fields(playbook, entitlement, notes),
    ]
    if entitlement.start_date and entitlement.l1 != "in-progress":
        found.append(("start_date", "an engagement start date stands only while In Progress"))
    if entitlement.seats < 0:
        found.append(("seats", "seats cannot be negative"))
    known = playbook.of(BusinessReason)
    found += [
        ("business_reasons", f"no business reason {key!r}") for key in entitlement.business_reasons if key not in known
    ]
    return tuple(Complaint(entitlement.id, *each) for each in found)


def _of_pair(playbook: Playbook, entitlement: Entitlement) -> Iterator[tuple[str, str]]:
    problem = pair_problem(playbook, entitlement.l1, entitlement.l2)
    if problem:
        yield ("l1" if entitlement.l1 not in playbook.of(L1) else "l2"), problem
    reason = playbook.of(L2).get(entitlement.l2)
    if reason and not reason.applies:
        yield "l2", f"{reason.title} is not used for this service"


def _of_l3(playbook: Playbook, entitlement: Entitlement) -> Iterator[tuple[str, str]]:
    """L3 is optional; the pages list no value, so one is checked only where the organisation has listed its own."""
    listed = playbook.of(L3)
    if not entitlement.l3 or not listed:
        return
    if entitlement.l3 not in listed:
        yield "l3", f"no L3 {entitlement.l3!r}"
    elif listed[entitlement.l3].l2 != entitlement.l2:
        yield "l3", f"{listed[entitlement.l3].title} belongs to another L2"


def _of_fields(playbook: Playbook, entitlement: Entitlement, notes: Iterable[Note]) -> Iterator[tuple[str, str]]:
    status = playbook.of(L1).get(entitlement.l1)
    for name in status.requires if status else ():
        if name in FIELD_OF and not getattr(entitlement, FIELD_OF[name]):
            yield name, f"{status.title if status else ''} needs it"
        if name == "note" and not any(_explains(note, entitlement) for note in notes):
            yield "note", "a note that says why is missing"
    if status and status.owner and entitlement.owner and entitlement.owner != status.owner:
        yield "owner", f"the owner of this status is {status.owner}"


def _explains(note: Note, entitlement: Entitlement) -> bool:
    return note.stream in ("N1", "N2") and note.l1 == entitlement.l1 and note.workload in ("", entitlement.service)


def overdue_dates(entitlement: Entitlement, today: date) -> tuple[tuple[str, date], ...]:
    """Dates of an entitlement that have passed: next action, unblock date of a block, target date of what is in progress."""
    watched = {
        "next_action_date": True,
        "unblock_date": entitlement.l1 == "blocked",
        "target_date": entitlement.l1 == "in-progress",
    }
    dates = ((name, getattr(entitlement, name)) for name, is_watched in watched.items() if is_watched)
    return tuple((name, when) for name, when in dates if when is not None and when < today)


def split(entitlement: Entitlement, parts: Iterable[tuple[str, int]], reason: str) -> tuple[Entitlement, ...]:
    """An entitlement as parts with ids and seats of their own. Raises `StatusError` unless they add up and a reason is given."""
    shares = tuple(parts)
    if entitlement.split_from:
        raise StatusError(f"{entitlement.id} is a part already", hint="Join the parts, then split the whole again.")
    if not reason.strip():
        raise StatusError(
            "a split needs its reason", hint="Geography, operating company, or approved duplicates of bundles."
        )
    if len(shares) < 2 or len({key for key, _ in shares}) < len(shares) or any(seats < 1 for _, seats in shares):
        raise StatusError("a split has two or more parts with ids of their own and at least one seat each")
    total = sum(seats for _, seats in shares)
    if total != entitlement.seats:
        raise StatusError(f"the parts have {total} seats, the whole has {entitlement.seats}")
    return tuple(
        replace(
            entitlement, id=key, seats=seats, split_from=entitlement.id, split_total=total, split_reason=reason.strip()
        )
        for key, seats in shares
    )


def split_problems(entitlements: Iterable[Entitlement]) -> tuple[Complaint, ...]:
    """Wholes whose parts no longer add up."""
    wholes: dict[str, list[Entitlement]] = {}
    for each in entitlements:
        if each.split_from:
            wholes.setdefault(each.split_from, []).append(each)
    return tuple(
        Complaint(whole, "seats", f"the parts have {sum(p.seats for p in parts)} seats, the whole has {parts[0].split_total}")
        for whole, parts in wholes.items() if sum(part.seats for part in parts) != parts[0].split_total
    )  # fmt: skip


def report_block(playbook: Playbook, engagement: Engagement, report: BlockReport, today: date) -> Engagement:
    """One step that writes the note, L1, L2, owner and dates together (S54, 4.5). Raises `StatusError`, then nothing is written."""
    entitlement = next((each for each in engagement.entitlements if each.id == report.entitlement), None)
    if entitlement is None:
        raise StatusError(f"no entitlement {report.entitlement!r}")
    _refuse_incomplete(playbook, report, today)
    status, change = playbook.of(L1)["blocked"], playbook.of(StatusChange)["block"]
    blocked = replace(
        entitlement, l1=status.id, l2=report.l2, l3=report.l3, service_status=change.service_status, owner=status.owner,
        target_date=None, start_date=None, unblock_date=report.unblock_date, next_action=report.next_action,
        next_action_date=report.next_action_date,
    )  # fmt: skip
    note = Note(
        stream="N1", text=report.text.strip(), author=report.author, author_role="FM", on=today, workload=entitlement.service,
        l1=status.id, next_action=report.next_action, next_action_date=report.next_action_date, next_action_owner=status.owner,
    )  # fmt: skip
    others = tuple(blocked if each.id == blocked.id else each for each in engagement.entitlements)
    return replace(engagement, entitlements=others, notes=(*engagement.notes, note))


def _refuse_incomplete(playbook: Playbook, report: BlockReport, today: date) -> None:
    problem = pair_problem(playbook, "blocked", report.l2)
    if problem:
        raise StatusError(problem, hint=f"One of {', '.join(each.id for each in allowed_l2(playbook, 'blocked'))}.")
    if not report.text.strip() or not report.next_action.strip():
        raise StatusError("a block is reported with a note that explains it and with a next action")
    if report.unblock_date < today or report.next_action_date < today:
        raise StatusError("the projected unblock date and the date of the next action lie ahead")
