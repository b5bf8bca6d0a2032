"""Work in the background: verdicts of a whole organisation, after its numbers have changed or a day has gone by."""

from __future__ import annotations

from django_tasks import task

from uptake.web.engagements.models import Engagement
from uptake.web.insights.models import SnapshotRow
from uptake.web.insights.services import assess


@task()
def judge_organisation(pk: int) -> None:
    """Judge every engagement of an organisation that has figures."""
    with_figures = SnapshotRow.objects.filter(engagement__organisation=pk).values("engagement")
    for row in Engagement.objects.filter(pk__in=with_figures).select_related("organisation").iterator():
        assess(row)
