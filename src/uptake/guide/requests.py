"""The request for an SME (section 9): what it must hold, what would have it denied, and its clock.

Nothing is sent from here. The clock is computed from recorded moments; what time it is, is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from uptake.guide.elements import RequestField, RequestStage
from uptake.guide.engagement import Engagement
from uptake.guide.playbook import Playbook

NO_HOLIDAYS: frozenset[date] = frozenset()
THIN = 80
"""Characters below which the additional information is thin; our own figure."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, from wherever in the engagement it was raised (S15)."""

    id: str
    raised_from: str
    """`step:ort`, `task:1247`, a stall …"""
    reason: str
    values: Mapping[str, str]
    reached: Mapping[str, datetime] = field(default_factory=dict)
    """Stage → when; a request exists from `submitted` on."""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One stage with its clock; `due` is None where the pages set none, or while it has not begun."""

    stage: str
    due: datetime | None
    reached: datetime | None
    owner: str = ""

    def is_overdue(self, now: datetime) -> bool:
        """Reached too late, or not reached and the time is up."""
        return self.due is not None and (self.reached or now) > self.due


def problems(playbook: Playbook, request: Request) -> tuple[tuple[str, str], ...]:
    """(field, what is wrong): required ones that are empty, values that the form does not know."""
    found = []
    for each in playbook.of(RequestField).values():
        value = request.values.get(each.id, "").strip()
        if each.required and not value:
            found.append((each.id, "is required"))
        elif value and each.values and value not in each.values:
            found.append((each.id, f"one of {', '.join(each.values)}"))
    return tuple(found)


def denial_risks(request: Request, fpm: str, others: Iterable[Request] = ()) -> tuple[str, ...]:
    """Rules of `requests.yaml` that would have it denied: thin information, or a topic that was asked for other customers."""
    text = request.values.get("additional", "")
    risks = []
    if len(text.strip()) < THIN or (fpm and fpm.lower() not in text.lower()):
        risks.append("thin")
    mine = _topic(text)
    if any(
        mine and mine == _topic(other.values.get("additional", "")) and _tenant(other) != _tenant(request)
        for other in others
    ):
        risks.append("repeated")
    return tuple(risks)


def _topic(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.lower()) if len(word) > 3)


def _tenant(request: Request) -> str:
    return request.values.get("tenant-id", "")


def prefilled(engagement: Engagement, partner: str, contact: str) -> dict[str, str]:
    """What the form can take from the engagement (D11); justification is left to people."""
    return {
        "tenant-name": engagement.customer,
        "seats": str(sum(each.seats for each in engagement.entitlements if each.service == "OPP")),
        "delivery-team": "FTP/FRP Partner",
        "partner-name": partner,
        "contact": contact,
        "role": "FastTrack Engineer SME",
        "workload": "OPP",
    }


def clock(playbook: Playbook, request: Request, holidays: Collection[date] = NO_HOLIDAYS) -> tuple[Deadline, ...]:
    """Every stage in its order with its deadline, each counted from the submission."""
    start = request.reached.get("submitted")
    stages = sorted(playbook.of(RequestStage).values(), key=lambda stage: stage.order)
    return tuple(
        Deadline(stage.id, _due(stage, start, holidays), request.reached.get(stage.id), stage.owner) for stage in stages
    )


def _due(stage: RequestStage, start: datetime | None, holidays: Collection[date]) -> datetime | None:
    if start is None:
        return None
    if stage.minutes:
        return start + timedelta(minutes=stage.minutes)
    return add_business_days(start, stage.business_days, holidays) if stage.business_days else None


def add_business_days(start: datetime, days: int, holidays: Collection[date] = NO_HOLIDAYS) -> datetime:
    """The same time of day after so many business days; Saturday, Sunday and the given holidays do not count."""
    moment = start
    while days > 0:
        moment += timedelta(days=1)
        if moment.weekday() < 5 and moment.date() not in holidays:
            days -= 1
    return moment


def overdue(
    playbook: Playbook, request: Request, now: datetime, holidays: Collection[date] = NO_HOLIDAYS
) -> tuple[Deadline, ...]:
    """Stages that nobody has reached although their time is up; none once a later stage was reached."""
    stages = clock(playbook, request, holidays)
    last = max((index for index, stage in enumerate(stages) if stage.reached), default=-1)
    return tuple(stage for index, stage in enumerate(stages) if index > last and stage.is_overdue(now))


def state(playbook: Playbook, request: Request) -> str:
    """The last stage that was reached, `draft` before the first."""
    return next((stage.stage for stage in reversed(clock(playbook, request)) if stage.reached), "draft")
