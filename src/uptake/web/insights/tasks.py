"""Work in the background: verdicts of a whole organisation, and reports that are due."""

from __future__ import annotations

from django_tasks import task

from uptake.web.engagements.models import Engagement
from uptake.web.insights.models import GraphTenant, ReportPlan, SnapshotRow, VerdictRow
from uptake.web.insights.people import count_again, forget, membership_of
from uptake.web.insights.services import assess


@task()
def judge_organisation(pk: int) -> None:
    """Judge every engagement of an organisation that has figures."""
    with_figures = SnapshotRow.objects.filter(engagement__organisation=pk).values("engagement")
    for row in Engagement.objects.filter(pk__in=with_figures).select_related("organisation").iterator():
        assess(row)


@task()
def fetch_reports(pks: list[int]) -> None:
    """Fetch the reports of tenants."""
    from uptake.web.insights.fetching import fetch

    fetch(list(GraphTenant.objects.filter(pk__in=pks).select_related("engagement__organisation")))


@task()
def forget_people() -> None:
    """Delete rows about people that are older than their organisation says."""
    forget()


@task()
def count_departments(pk: int) -> None:
    """Join what is kept of users with the departments of a new inventory."""
    row = Engagement.objects.select_related("organisation").get(pk=pk)
    count_again(row, *membership_of(row))


@task()
def judge_again(pk: int) -> None:
    """Judge one engagement: data grow old, and a verdict of today may be another one."""
    assess(Engagement.objects.select_related("organisation").get(pk=pk))


@task()
def make_report(pk: int) -> None:
    """Make the report of a plan, if one is due."""
    from django.utils import timezone

    from uptake.web.insights.reports import make

    make(ReportPlan.objects.get(pk=pk), timezone.localdate())


def enqueue_due() -> tuple[int, int, int]:
    """What is due today: verdicts older than a day, tenants whose reports should be fetched, reports to make. How many of each."""
    from django.db.models import Max
    from django.utils import timezone

    from uptake.web.insights.fetching import due
    from uptake.web.insights.reports import due_plans

    forget_people.enqueue()
    today = timezone.localdate()
    newest = VerdictRow.objects.values("engagement").annotate(last=Max("as_of")).filter(last__lt=today)
    old = [each["engagement"] for each in newest]
    for pk in old:
        judge_again.enqueue(pk)
    tenants = [row.pk for row in due()]
    if tenants:
        fetch_reports.enqueue(tenants)
    plans = due_plans(today)
    for plan in plans:
        make_report.enqueue(plan.pk)
    return len(old), len(tenants), len(plans)
