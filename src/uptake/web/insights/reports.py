"""Usage reports that are made on a schedule: the inputs are frozen on the day, the files are written from them when somebody asks.

Frozen inputs instead of files: a page, a workbook and a deck in two languages weigh a hundred times what they are made of, and a
report of last year says what it said then, whatever was imported since. Nothing is mailed: somebody fetches it.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import date
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone, translation

from uptake import __version__
from uptake.core.errors import UptakeError
from uptake.core.plain import as_plain as stored
from uptake.core.plain import from_plain as restored
from uptake.prove.usage.scheduled import Every, Occasion, Plan, due
from uptake.reporting.usage_excel import write_usage_excel
from uptake.reporting.usage_html import write_usage_html
from uptake.reporting.usage_model import LANGUAGES, UsageBook
from uptake.reporting.usage_slides import write_usage_slides
from uptake.web.accounts.models import User
from uptake.web.engagements.models import Engagement, MeetingRow
from uptake.web.engagements.store import Change, audit
from uptake.web.insights.models import ReportPlan, ReportRow
from uptake.web.insights.services import SESSION, book_of

Write = Callable[[UsageBook, BinaryIO, str], None]
KINDS: dict[str, tuple[Write, str]] = {
    "html": (write_usage_html, "text/html; charset=utf-8"),
    "xlsx": (write_usage_excel, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": (write_usage_slides, "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}


def plan_of(row: Engagement) -> ReportPlan:
    """The plan of an engagement; off where nobody has chosen."""
    return ReportPlan.objects.filter(engagement=row).first() or ReportPlan(engagement=row, languages=list(LANGUAGES))


@transaction.atomic
def choose_plan(actor: User, row: Engagement, every: str, day: int, days_before: int, languages: list[str]) -> None:
    """A new plan, from today on."""
    before = plan_of(row)
    values = {"every": Every(every), "day": day, "days_before": days_before, "languages": languages}
    ReportPlan.objects.update_or_create(engagement=row, defaults={**values, "since": timezone.localdate()})
    audit(row, actor, "usage", [Change("report plan", _said(before), _said(ReportPlan(engagement=row, **values)))])


def _said(plan: ReportPlan) -> str:
    rhythm = {Every.MONTH: f"month, day {plan.day}", Every.SESSION: f"session, {plan.days_before} days before"}
    return f"{rhythm.get(Every(plan.every), 'off')} {' '.join(plan.languages)}"


def occasion_of(plan: ReportPlan, today: date) -> Occasion | None:
    """What is due for an engagement; a report that failed is due again."""
    made = ReportRow.objects.filter(engagement=plan.engagement, state=ReportRow.State.READY)
    done = {Occasion(Every(each.occasion), each.on) for each in made.only("occasion", "on")}
    wanted = Plan(Every(plan.every), plan.day, plan.days_before, plan.since)
    return due(wanted, today, sessions_of(plan.engagement), done)


def sessions_of(row: Engagement) -> list[date]:
    """The date that the newest follow-on session agreed on."""
    last = MeetingRow.objects.filter(engagement=row, kind=SESSION).order_by("-on", "-pk").first()
    return [last.next_on] if last and last.next_on else []


def due_plans(today: date) -> list[ReportPlan]:
    """Plans that have something to make."""
    plans = ReportPlan.objects.exclude(every=Every.OFF).select_related("engagement__organisation")
    return [plan for plan in plans if occasion_of(plan, today)]


def make(plan: ReportPlan, today: date) -> ReportRow | None:
    """Make the report that is due, if it still is. What goes wrong is kept with its reason, and tried again the next time."""
    with transaction.atomic():
        plan = ReportPlan.objects.select_for_update().select_related("engagement__organisation").get(pk=plan.pk)
        wanted = occasion_of(plan, today)
        if wanted is None:
            return None
        row, _new = ReportRow.objects.get_or_create(
            engagement=plan.engagement, occasion=wanted.kind, on=wanted.on, defaults={"languages": plan.languages}
        )
        before, problem = row.problem, _fill(row, plan)
        row.state = ReportRow.State.FAILED if problem else ReportRow.State.READY
        row.problem, row.tries, row.made_at = problem, row.tries + 1, timezone.now()
        row.save()
        if not problem or problem != before:
            what = f"{row.occasion} {row.on}: {problem or 'made'}"
            audit(plan.engagement, "uptake", "usage", [Change("report", "", what)])
    return row


def _fill(row: ReportRow, plan: ReportPlan) -> str:
    """Freeze the inputs and try all files once; the reason when that cannot be."""
    try:
        with transaction.atomic():
            books = {lang: _book(plan.engagement, lang) for lang in plan.languages}
        last = next(iter(books.values())).judgement.data_date
        if last is None:
            raise UptakeError("there are no figures of usage with seats yet")
        for lang, book in books.items():
            for write, _content in KINDS.values():
                write(book, io.BytesIO(), lang)
    except UptakeError as error:
        return str(error)[:500]
    except Exception as error:
        logging.getLogger(__name__).exception("report of engagement %s", plan.engagement.pk)
        return f"an error of the program ({type(error).__name__}); its log says more"
    row.languages, row.data_date, row.version = list(books), last, __version__
    row.value = {lang: stored(book) for lang, book in books.items()}
    return ""


def _book(row: Engagement, lang: str) -> UsageBook:
    with translation.override(lang):
        return book_of(row)


def written(row: ReportRow, lang: str, kind: str) -> bytes:
    """A file of a report, from its frozen inputs."""
    out = io.BytesIO()
    KINDS[kind][0](restored(UsageBook, row.value[lang]), out, lang)
    return out.getvalue()
