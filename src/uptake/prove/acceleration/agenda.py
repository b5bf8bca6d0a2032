"""The drafted agenda of the FM, FE and SME discussion, and the evidence pack that goes with it (S47, S48), in both languages.

Drafts only: nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from uptake.guide.elements import Branch, Move
from uptake.guide.engagement import Note
from uptake.guide.playbook import Playbook
from uptake.guide.translation import said as said_of
from uptake.prove.acceleration.case import FIRST, Case, moves_of
from uptake.prove.acceleration.effect import Effect
from uptake.prove.acceleration.solutions import Match
from uptake.prove.acceleration.suggesting import Suggestion
from uptake.prove.acceleration.texts import Text, said, text
from uptake.prove.usage.forecast import Forecast
from uptake.prove.usage.reasons import said as reason_said
from uptake.prove.usage.rules import Judgement

NOTES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Agenda:
    """A title and its points, in one language."""

    title: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the evidence pack."""

    title: str
    lines: tuple[str, ...]


def agenda(
    playbook: Playbook, customer: str, case: Case, suggestions: Sequence[Suggestion] = (), lang: str = "en"
) -> Agenda:
    """The agenda of the status discussion for a case as it stands."""
    found: list[str] = []
    if case.judgement is not None:
        found.append(said(_figures(case.judgement), lang))
    if case.forecast is not None:
        found.append(said(text("agenda-forecast", reach=reach(case.forecast, lang)), lang))
    found += [said(text("agenda-since"), lang), said(text("agenda-why"), lang)]
    if suggestions:
        first = suggestions[0]
        grounds = "; ".join(said(ground, lang) for ground in first.grounds[:3])
        found.append(
            said(
                text("agenda-suggested", branch=_title(playbook.of(Branch)[first.branch], lang), grounds=grounds), lang
            )
        )
    branch = case.branch or (suggestions[0].branch if suggestions else "")
    if branch:
        moves = [_title(move, lang) for move in moves_of(playbook, branch) if move.id not in FIRST]
        found.append(said(text("agenda-plan", moves=", ".join(moves)), lang))
    found.append(said(text("agenda-next"), lang))
    return Agenda(said(text("agenda-title", customer=customer), lang), tuple(found))


def _figures(judgement: Judgement) -> Text:
    last = judgement.inputs[-1] if judgement.inputs else None
    growth = "?" if judgement.growth_points is None else f"{judgement.growth_points:+.1f}"
    percent = "?" if judgement.usage_pct is None else f"{judgement.usage_pct:.1f}"
    shown = {"percent": percent, "paid": last.paid if last else "?", "growth": growth, "date": judgement.data_date}
    return text("agenda-figures", months=judgement.thresholds.months, **shown)


def reach(forecast: Forecast, lang: str = "en") -> str:
    """When 70 % is reached, in a sentence."""
    found = forecast.reach
    if found is None:
        return said(text("reach-never"), lang)
    later = said(text("later"), lang)
    return said(text("reach-when", median=found.median, low=found.low or later, high=found.high or later), lang)


def evidence_pack(
    playbook: Playbook,
    case: Case,
    suggestions: Sequence[Suggestion] = (),
    notes: Iterable[Note] = (),
    matches: Sequence[Match] = (),
    effects: Sequence[Effect] = (),
    lang: str = "en",
) -> tuple[Section, ...]:
    """What the three need in front of them; a part with nothing in it says so."""
    judgement = case.judgement
    verdicts = [reason_said(reason, lang) for reason in judgement.why] if judgement else []
    if judgement:
        verdicts += [f"{p.date}: {p.active} / {p.paid}" for p in judgement.inputs[-6:]]
    reasons = [
        f"{_title(playbook.of(Branch)[each.branch], lang)}: " + "; ".join(said(ground, lang) for ground in each.grounds)
        for each in suggestions
    ]
    newest = sorted(notes, key=lambda note: note.on, reverse=True)[:NOTES_SHOWN]
    solved = [
        f"{m.solution.impediment} → {m.solution.resolution} ({m.solution.resolved_on}; {', '.join(m.why)})"
        for m in matches
    ]
    efforts = [_shown(each) for each in effects]
    parts = (
        ("pack-verdicts", verdicts),
        ("pack-reasons", reasons),
        ("pack-notes", [f"{note.on} {note.stream} {note.author}: {note.text}" for note in newest]),
        ("pack-solutions", solved),
        ("pack-efforts", efforts),
    )
    return tuple(Section(said(text(code), lang), tuple(lines) or (said(text("none"), lang),)) for code, lines in parts)


def _shown(effect: Effect) -> str:
    before = "?" if effect.usage_before is None else f"{effect.usage_before:.1f} %"
    after = "?" if effect.usage_after is None else f"{effect.usage_after:.1f} %"
    foretold = "?" if effect.foretold is None else f"{effect.foretold:.1f} %"
    return f"{effect.on} {effect.what}: {before} → {after} ({foretold})"


def _title(element: Branch | Move, lang: str) -> str:
    return str(said_of(element, lang)["title"])
