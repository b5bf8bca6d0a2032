"""What the wing `prove` made, kept: snapshots by data date, verdicts with their inputs, acceleration cases, known solutions.

The frozen values are kept as JSON beside the columns that lists and filters need: a verdict must come back exactly as it was made,
with its inputs and the version of its rule.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uptake.web.accounts.models import Organisation
from uptake.web.engagements.models import Engagement


class UsageSettings(models.Model):
    """The named choices of one engagement."""

    engagement = models.OneToOneField(Engagement, models.CASCADE, related_name="usage_settings")
    formula = models.CharField(_("formula"), max_length=40, default="any/28/paid")
    is_shared = models.BooleanField(_("shared computers"), default=False)


class UsageImport(models.Model):
    """A file that was imported, and what became of it."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="usage_imports")
    name = models.CharField(max_length=255)
    report = models.CharField(max_length=60)
    refresh_date = models.DateField(null=True)
    rows = models.PositiveIntegerField()
    skipped = models.JSONField(default=list)
    skipped_count = models.PositiveIntegerField(default=0)
    is_concealed = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-pk"]


class SnapshotRow(models.Model):
    """What was known of one data date; a restated date keeps its earlier figures inside."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="usage_snapshots")
    refresh_date = models.DateField()
    value = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "refresh_date"), name="one_snapshot")]
        ordering: ClassVar = ["refresh_date"]


class DepartmentsRow(models.Model):
    """Active users by department on one data date; small departments are silent already when they are stored."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="usage_departments")
    data_date = models.DateField()
    value = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "data_date"), name="one_departments")]
        ordering: ClassVar = ["-data_date"]


class PeopleRow(models.Model):
    """Rows about people of one file, packed: deleted when they are as old as the organisation says."""

    class Kind(models.TextChoices):
        """Who used what, or who belongs where."""

        USE = "use"
        MEMBERSHIP = "membership"

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="usage_people")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    data_date = models.DateField()
    source = models.CharField(max_length=255)
    people = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("engagement", "kind", "data_date"), name="one_people_row")
        ]
        ordering: ClassVar = ["-data_date", "-pk"]


class ReportPlan(models.Model):
    """When the usage report of an engagement is made."""

    engagement = models.OneToOneField(Engagement, models.CASCADE, related_name="report_plan")
    every = models.CharField(_("make a report"), max_length=10, default="off")
    """A word of `prove.usage.scheduled.Every`."""
    day = models.PositiveSmallIntegerField(_("day of the month"), default=1)
    days_before = models.PositiveSmallIntegerField(_("days before the session"), default=3)
    languages = models.JSONField(default=list)
    since = models.DateField(default=timezone.localdate)


class ReportRow(models.Model):
    """A report that was made on a schedule: its inputs by language, frozen; or why it could not be made."""

    class State(models.TextChoices):
        """Whether it is there."""

        READY = "ready"
        FAILED = "failed"

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="usage_reports")
    occasion = models.CharField(max_length=10)
    on = models.DateField()
    """The day of the month, or of the session."""
    made_at = models.DateTimeField(default=timezone.now)
    data_date = models.DateField(null=True)
    languages = models.JSONField(default=list)
    value = models.JSONField(default=dict)
    version = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.FAILED)
    problem = models.CharField(max_length=500, blank=True)
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("engagement", "occasion", "on"), name="one_report_an_occasion")
        ]
        ordering: ClassVar = ["-made_at", "-pk"]


class VerdictRow(models.Model):
    """A judgement with its inputs, formula and version; the newest one of an engagement is what lists show."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="verdicts")
    as_of = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)
    version = models.CharField(max_length=40)
    stalled = models.CharField(max_length=10)
    value = models.JSONField()

    class Meta:
        ordering: ClassVar = ["-as_of", "-pk"]


class GraphTenant(models.Model):
    """A tenant whose reports are fetched on a schedule. The application and its secret are the server's, never in the database."""

    engagement = models.OneToOneField(Engagement, models.CASCADE, related_name="graph_tenant")
    tenant = models.CharField(_("tenant id"), max_length=100)
    cloud = models.CharField(_("cloud"), max_length=20, default="global")
    every_days = models.PositiveSmallIntegerField(_("every so many days"), default=7)
    is_on = models.BooleanField(_("fetch on schedule"), default=True)
    tried_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    etags = models.JSONField(default=dict)
    is_concealed = models.BooleanField(null=True)


class Standing(models.Model):
    """The line of an engagement in the watch list, computed when its figures or its cases change."""

    engagement = models.OneToOneField(Engagement, models.CASCADE, related_name="standing")
    usage = models.FloatField(null=True)
    active = models.PositiveIntegerField(null=True)
    seats = models.PositiveIntegerField(null=True)
    data_date = models.DateField(null=True)
    growth = models.FloatField(null=True)
    healthy = models.CharField(max_length=10, default="unknown")
    sustained = models.CharField(max_length=10, default="unknown")
    stalled = models.CharField(max_length=10, default="unknown")
    certainty = models.CharField(max_length=10, default="unsure")
    reach = models.DateField(null=True)
    has_forecast = models.BooleanField(default=False)
    has_case = models.BooleanField(default=False)
    score = models.IntegerField(default=0, db_index=True)
    reasons = models.JSONField(default=list)
    enterprise = models.CharField(_("Enterprise Status"), max_length=10, default="unknown")
    """Red, yellow or green: the FTA's opinion of the pace, never computed."""
    on = models.DateField(default=timezone.localdate)


class CaseRow(models.Model):
    """An acceleration case."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="cases")
    value = models.JSONField()
    is_open = models.BooleanField(default=True)
    opened_on = models.DateField()
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-is_open", "-opened_on", "-pk"]


class SolutionRow(models.Model):
    """An impediment that was resolved, and by what: the organisation's own memory (S50)."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="solutions")
    impediment = models.TextField(_("impediment"))
    resolution = models.TextField(_("resolution"))
    resolved_on = models.DateField(_("resolved on"))
    source = models.CharField(_("source"), max_length=200, blank=True)
    add_ins = models.JSONField(default=list)
    rules = models.JSONField(default=list)
    app_version = models.CharField(_("version"), max_length=60, blank=True)
    branch = models.CharField(max_length=20, default="technical")

    class Meta:
        ordering: ClassVar = ["-resolved_on", "-pk"]
