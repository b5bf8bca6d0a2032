"""Why use has stalled: a reason class suggested from statuses, notes, findings, blockers and figures, each with its grounds.

A suggestion is no decision (S48): it says what speaks for each of the four classes, and nothing where nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from uptake import catalogue
from uptake.guide.elements import L1, L2, Branch
from uptake.guide.engagement import Entitlement, MeetingRecord, Note
from uptake.guide.playbook import Playbook
from uptake.prove.acceleration.texts import Text, text
from uptake.prove.usage.model import Active
from uptake.prove.usage.snapshots import SharedComputers

RECENT_DAYS = 120
SILENT_DAYS = 45
"""Days without a session after which priority may have gone down; our own figure."""
MUCH = 0.5


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """What a scan still holds against 64-bit Microsoft 365 Apps."""

    findings: int
    severe: int
    files: int


@dataclass(frozen=True, slots=True)
class Blocker:
    """An open item of a gate or a checklist; `is_technical` where findings or compatibility stand behind it."""

    what: str
    where: str
    is_technical: bool = True


@dataclass(frozen=True, slots=True)
class Records:
    """Everything that a suggestion is made from; what is not known stays empty."""

    entitlements: tuple[Entitlement, ...] = ()
    notes: tuple[Note, ...] = ()
    meetings: tuple[MeetingRecord, ...] = ()
    findings: FindingCounts | None = None
    blockers: tuple[Blocker, ...] = ()
    active: Active | None = None
    activated: int | None = None
    """Users who have activated the apps on a device."""
    paid: int | None = None
    assigned: int | None = None
    shared: SharedComputers | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One reason class with what speaks for it."""

    branch: str
    weight: int
    grounds: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class _Ground:
    branch: str
    weight: int
    text: Text


def suggest(playbook: Playbook, records: Records, today: date) -> tuple[Suggestion, ...]:
    """Reason classes for which something speaks, the strongest first; equal ones in the order of the playbook."""
    grounds = [
        *_of_statuses(playbook, records.entitlements), *_of_notes(records.notes, today), *_of_findings(records),
        *_of_figures(records), *_of_silence(records.meetings, today),
    ]  # fmt: skip
    order = [branch.id for branch in sorted(playbook.of(Branch).values(), key=lambda branch: branch.order)]
    by_branch = {branch: [ground for ground in grounds if ground.branch == branch] for branch in order}
    found = [
        Suggestion(branch, sum(ground.weight for ground in own), tuple(ground.text for ground in own))
        for branch, own in by_branch.items()
        if own
    ]
    return tuple(sorted(found, key=lambda each: -each.weight))


def _of_statuses(playbook: Playbook, entitlements: Sequence[Entitlement]) -> Iterator[_Ground]:
    for each in entitlements:
        if each.service != "OPP" or each.l1 not in ("blocked", "no-intent"):
            continue
        for branch in playbook.of(Branch).values():
            if each.l2 in branch.likely_l2:
                l1, l2 = playbook.of(L1)[each.l1].title, playbook.of(L2)[each.l2].title
                yield _Ground(branch.id, 5, text("ground-l2", what=each.id, l1=l1, l2=l2))


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, re.Pattern[str], int], ...]:
    def pattern(word: str) -> re.Pattern[str]:
        return re.compile(rf"\b{re.escape(word)}(?:s|es|d|ed|ing)?\b" if word.isascii() else re.escape(word))

    return tuple(
        (row["branch"], pattern(row["word"]), int(row["weight"])) for row in catalogue.read_table("stall_words")
    )


def _of_notes(notes: Iterable[Note], today: date) -> Iterator[_Ground]:
    """Notes of the last four months; a note counts once for a class, however often it says the word."""
    for note in notes:
        if not 0 <= (today - note.on).days <= RECENT_DAYS:
            continue
        lowered = f"{note.text} {note.concern}".lower()
        hits: dict[str, list[tuple[int, str]]] = {}
        for branch, pattern, weight in _words():
            match = pattern.search(lowered)
            if match:
                hits.setdefault(branch, []).append((weight, match[0]))
        for branch, found in hits.items():
            shown = ", ".join(f"“{word}”" for _, word in found)
            who = f"{note.author} ({note.stream})"
            yield _Ground(branch, max(w for w, _ in found), text("ground-words", date=note.on, who=who, words=shown))


def _of_findings(records: Records) -> Iterator[_Ground]:
    found = records.findings
    if found and found.severe:
        values = {"count": found.findings, "severe": found.severe, "files": found.files}
        yield _Ground("technical", 2, text("ground-findings", **values))
    for each in records.blockers:
        yield _Ground(
            "technical" if each.is_technical else "resource",
            2,
            text("ground-blocker", what=each.what, where=each.where),
        )


def _of_figures(records: Records) -> Iterator[_Ground]:
    """Activated and not used speaks for adoption, seats that nobody got for resources."""
    active = records.active
    if active and active.desktop is not None and records.activated and active.desktop < MUCH * records.activated:
        yield _Ground("adoption", 3, text("ground-desktop", activated=records.activated, active=active.desktop))
    if active and active.any and active.without_teams is not None and active.without_teams < MUCH * active.any:
        yield _Ground("adoption", 2, text("ground-teams", any=active.any, without=active.without_teams))
    if records.paid and records.assigned is not None and records.assigned < MUCH * records.paid:
        yield _Ground(
            "resource", 2, text("ground-unassigned", count=records.paid - records.assigned, paid=records.paid)
        )


def _of_silence(meetings: Sequence[MeetingRecord], today: date) -> Iterator[_Ground]:
    last = max((meeting.on for meeting in meetings if meeting.on <= today), default=None)
    if last is not None and (today - last).days > SILENT_DAYS:
        yield _Ground("priority", 2, text("ground-silence", days=(today - last).days))
