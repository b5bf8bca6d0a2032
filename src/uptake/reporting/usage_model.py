"""What a usage report of one customer shows, in whatever form: figures, verdicts, forecast, what was done and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from uptake.guide.elements import Move
from uptake.guide.playbook import load_playbook
from uptake.guide.translation import said as element_said
from uptake.prove.acceleration.case import Effort
from uptake.prove.acceleration.effect import Effect
from uptake.prove.usage.departments import Departments, Shown, shown
from uptake.prove.usage.forecast import Forecast
from uptake.prove.usage.reasons import places, said, signed
from uptake.prove.usage.rules import Judgement
from uptake.prove.usage.snapshots import Formula, Percentage, Point

SHOWN_MONTHS = 24
LANGUAGES = ("en", "ja")
WORDS: Mapping[str, Mapping[str, str]] = json.loads(
    (Path(__file__).parent / "templates" / "usage_words.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on the time axis: a wave, an action, a session."""

    date: date
    label: str
    kind: str = "action"
    """wave, action or session."""


@dataclass(frozen=True, slots=True)
class UsageBook:
    """One customer on one day."""

    customer: str
    made_on: date
    judgement: Judgement
    forecast: Forecast | None = None
    shown: Percentage | None = None
    """The percentage with its formula and sources, where it was made from reports."""
    marks: tuple[Mark, ...] = ()
    effects: tuple[Effect, ...] = ()
    efforts: tuple[Effort, ...] = ()
    departments: Departments | None = None
    """None where names are concealed or nobody's department is known."""
    is_concealed: bool = False
    next_steps: tuple[str, ...] = ()

    @property
    def moment(self) -> datetime:
        """What a file of the report states as its time: of the day it speaks of, so that the same report is the same file."""
        return datetime(self.made_on.year, self.made_on.month, self.made_on.day, tzinfo=UTC)

    @property
    def points(self) -> tuple[Point, ...]:
        """Figures with a percentage of the last two years."""
        return tuple(point for point in self.judgement.inputs if point.percent is not None)[-SHOWN_MONTHS * 5 :]

    @property
    def by_department(self) -> tuple[Shown, ...]:
        """Departments by the formula of the report, the lowest share first."""
        if self.departments is None or self.is_concealed:
            return ()
        return shown(self.departments, Formula.named(self.judgement.formula) if self.judgement.formula else Formula())


class UsageWords:
    """The words of one language; anything but `ja` is English."""

    def __init__(self, lang: str) -> None:
        self.lang = lang if lang in LANGUAGES else "en"

    def __call__(self, key: str, **values: object) -> str:
        text = WORDS[key][self.lang]
        return text.format(**values) if values else text

    def verdict(self, name: str, value: str) -> str:
        """`Stalled: yes`, in words."""
        return self(f"{name}_{value}")

    def percent(self, value: float | None) -> str:
        return "–" if value is None else f"{value:.{places(value)}f} %"

    def points(self, value: float | None) -> str:
        return "–" if value is None else self("points_n", n=signed(value))


def headline(book: UsageBook, words: UsageWords) -> str:
    """The verdict first."""
    judged = book.judgement
    if judged.usage_pct is None:
        return words("headline_unknown", customer=book.customer)
    key = "headline_stalled" if judged.stalled.value == "met" else f"headline_{judged.healthy.value}"
    return words(
        key, customer=book.customer, percent=words.percent(judged.usage_pct), goal=f"{judged.thresholds.goal:g}"
    )


def reached(book: UsageBook, words: UsageWords) -> str:
    """When the goal is reached, in a sentence."""
    made = book.forecast
    if made is None:
        return words("reach_unknown")
    if made.reach is None:
        return words("reach_never", goal=f"{made.goal:g}")
    if made.reach.median == made.made_from:
        return words("reach_there", goal=f"{made.goal:g}")
    later = words("later")
    values = {"median": made.reach.median, "low": made.reach.low or later, "high": made.reach.high or later}
    return words("reach_when", goal=f"{made.goal:g}", **values)


def department_cells(each: Shown, words: UsageWords) -> tuple[str, str, str, str]:
    """Name, active, people, share; a silent department says why in place of its people."""
    name = each.name or words("no_department")
    if each.silence is not None:
        return name, "–", words(f"silence_{each.silence.value}"), "–"
    counts = ("–" if n is None else f"{n:,}" for n in (each.active, each.people))
    return name, *counts, words.percent(each.percent)  # type: ignore[return-value]


def departments_said(book: UsageBook, words: UsageWords) -> str:
    """Date and sources of the table."""
    made = book.departments
    return (
        words("departments_of", date=made.data_date, source=made.source or "–", report=made.report or "–")
        if made
        else ""
    )


def formula_of(book: UsageBook, words: UsageWords) -> str:
    """Numerator, window, denominator, data date and source: what every percentage has to show."""
    judged, shown = book.judgement, book.shown
    last = book.points[-1] if book.points else None
    if shown is None:
        if last is None:
            return words("formula_none")
        return words(
            "formula_plain",
            active=f"{last.active:,}",
            seats=f"{last.paid:,}",
            date=last.date,
            formula=judged.formula or "–",
        )
    return words(
        "formula_full", active=f"{shown.active:,}", seats=f"{shown.seats:,}", days=shown.window_days or "–", formula=shown.formula,
        date=shown.data_date, source=shown.source or "–", seats_source=shown.seats_source or "–",
    )  # fmt: skip


def what_was_done(effect: Effect, words: UsageWords) -> str:
    """The title of a move of the playbook in the reader's language; other text as it is."""
    move = load_playbook().of(Move).get(effect.what)
    return str(element_said(move, words.lang)["title"]) if move else effect.what


def reasons(book: UsageBook, words: UsageWords) -> list[str]:
    return [said(reason, words.lang) for reason in book.judgement.why]
