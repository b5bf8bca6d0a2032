"""Many customers side by side: colours, health, and a watch list ranked by risk, each with its reasons (D15, D22, M5, M10, M11).

L1, the Enterprise colour, Customer Health and the stall are four opinions of four sources; they stand beside each other and are
never mixed into one. The risk is only an order for reading: what makes it up is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from uptake.prove.usage.forecast import Forecast
from uptake.prove.usage.reasons import Reason, because, sentence
from uptake.prove.usage.rules import Certainty, Judgement, Verdict

RED_BELOW, GREEN_FROM = 40.0, 70.0
"""Percent (M5); exactly 40 has no colour on the pages and is yellow here, exactly 70 green."""
WEIGHTS = {
    "risk-stalled": 40, "risk-falling": 20, "risk-no-case": 15, "risk-never": 15, "risk-late": 5, "risk-no-data": 25,
    "risk-unsure": -5, "risk-blocked": 20, "risk-colour": 10, "risk-overdue": 10, "risk-large": 5,
}  # fmt: skip
"""Points of risk for each reason; our own order, to be read top down and argued with."""
LARGE = 1000
"""Seats without an active user from which size itself is a reason."""


class Colour(StrEnum):
    """Colours of the health metrics; blue only for a whole customer (M10)."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """One customer with what each source says of it."""

    id: str
    name: str
    judgement: Judgement | None = None
    forecast: Forecast | None = None
    l1: str = ""
    enterprise: Colour = Colour.UNKNOWN
    """Red, yellow or green, the GM FTA's opinion."""
    health: Colour = Colour.UNKNOWN
    """Customer Health over all services (M10)."""
    has_open_case: bool | None = False
    """None where nobody can tell, as with a file of figures."""
    next_action: date | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A customer's place on the watch list."""

    standing: Standing
    score: int
    reasons: tuple[Reason, ...]

    def said(self, lang: str = "en") -> str:
        return sentence(self.reasons, lang)


def colour_of(percent: float | None, red_below: float = RED_BELOW, green_from: float = GREEN_FROM) -> Colour:
    """Colour of a usage figure (M5)."""
    if percent is None:
        return Colour.UNKNOWN
    return Colour.RED if percent < red_below else Colour.GREEN if percent >= green_from else Colour.YELLOW


def group_colour(kind: str, percents: Sequence[float | None]) -> Colour:
    """Colour of a group of services (M11): `one` has to be high, `both` have to be, `management` has limits of its own."""
    known = [percent for percent in percents if percent is not None]
    if not known:
        return Colour.UNKNOWN
    if kind == "management":
        if len(known) == len(percents) and all(percent > 30 for percent in known):
            return Colour.GREEN
        return Colour.YELLOW if any(percent > 15 for percent in known) else Colour.RED
    high = [percent > GREEN_FROM for percent in known]
    if (kind == "one" and any(high)) or (kind == "both" and all(high) and len(known) == len(percents)):
        return Colour.GREEN
    return Colour.YELLOW if any(percent > RED_BELOW for percent in known) else Colour.RED


def customer_health(groups: Sequence[Colour]) -> Colour:
    """Of three groups none green is red, one yellow, two green, three blue (M10); unknown while a group is."""
    if Colour.UNKNOWN in groups or not groups:
        return Colour.UNKNOWN
    return (Colour.RED, Colour.YELLOW, Colour.GREEN, Colour.BLUE)[
        min(3, sum(group is Colour.GREEN for group in groups))
    ]


def risk_of(standing: Standing, today: date) -> Risk:
    """The reasons to look at a customer, and their sum."""
    reasons = (*_of_usage(standing), *_of_records(standing, today))
    return Risk(standing, sum(WEIGHTS[reason.code] for reason in reasons), reasons)


def _of_usage(standing: Standing) -> Iterable[Reason]:
    judged = standing.judgement
    if judged is None or judged.usage_pct is None or judged.healthy is Verdict.UNKNOWN:
        yield because("risk-no-data", why=sentence(judged.why) if judged else "–")
        return
    if judged.healthy is Verdict.MET:
        return
    if judged.stalled is Verdict.MET:
        yield because("risk-stalled", percent=judged.usage_pct)
        if standing.has_open_case is False:
            yield because("risk-no-case")
    if judged.growth_points is not None and judged.growth_points < 0:
        yield because("risk-falling", points=-judged.growth_points, months=judged.thresholds.months)
    if judged.certainty is Certainty.UNSURE:
        yield because("risk-unsure")
    made = standing.forecast
    if made is not None:
        yield because("risk-never") if made.reach is None else because("risk-late", month=f"{made.reach.median:%Y-%m}")
    last = judged.inputs[-1]
    if last.paid - last.active >= LARGE:
        yield because("risk-large", seats=last.paid - last.active)


def _of_records(standing: Standing, today: date) -> Iterable[Reason]:
    if standing.l1 in ("blocked", "no-intent"):
        yield because("risk-blocked", l1=standing.l1)
    if standing.enterprise is Colour.RED:
        yield because("risk-colour", colour=standing.enterprise.value)
    if standing.next_action is not None and standing.next_action < today:
        yield because("risk-overdue", date=standing.next_action)


def ranked(standings: Iterable[Standing], today: date) -> tuple[Risk, ...]:
    """All customers, the most urgent first; equal ones by the seats that are not used, then by name."""
    found = [risk_of(standing, today) for standing in standings]
    return tuple(sorted(found, key=lambda risk: (-risk.score, -_unused(risk.standing), risk.standing.name)))


def watch_list(standings: Iterable[Standing], today: date) -> tuple[Risk, ...]:
    """Customers with a reason to look at them, in the order of `ranked`."""
    return tuple(risk for risk in ranked(standings, today) if risk.score > 0)


def _unused(standing: Standing) -> int:
    judged = standing.judgement
    return judged.inputs[-1].paid - judged.inputs[-1].active if judged and judged.inputs else 0
