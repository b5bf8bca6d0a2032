"""Configurations with their history and approval, inventories, pilots, wave plans and how far each wave is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uptake.web.engagements.models import Engagement


class PackageRow(models.Model):
    """One version of a configuration. Secrets are masked before it is stored."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="packages")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    """`built` from the decisions, or `uploaded`."""
    name = models.CharField(_("name"), max_length=120)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    decisions = models.JSONField(default=list)
    """The decisions that it was built from, as they were then."""
    errors = models.PositiveIntegerField(default=0)
    rules = models.JSONField(default=list)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)
    approved_by = models.CharField(max_length=120, blank=True)
    approved_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "number"), name="package_number")]
        ordering: ClassVar = ["-number"]


class InventoryRow(models.Model):
    """An inventory of devices."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="inventories")
    name = models.CharField(max_length=255)
    file = models.FileField(upload_to="inventories/%Y/%m/")
    devices = models.PositiveIntegerField()
    items = models.PositiveIntegerField()
    problems = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-pk"]


class PilotRow(models.Model):
    """A pilot group that was computed, with its proof; the result is entered by people."""

    inventory = models.ForeignKey(InventoryRow, models.CASCADE, related_name="pilots")
    most = models.PositiveIntegerField(_("at most"), null=True, blank=True)
    exclusions = models.TextField(_("left out"), blank=True)
    state = models.CharField(max_length=10, default="queued")
    problem = models.TextField(blank=True)
    value = models.JSONField(null=True)
    result = models.TextField(_("result of the pilot"), blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-pk"]


class WavesRow(models.Model):
    """A plan of waves as it was computed."""

    inventory = models.ForeignKey(InventoryRow, models.CASCADE, related_name="waves")
    plan = models.JSONField()
    value = models.JSONField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-pk"]


class WaveProgress(models.Model):
    """How many devices of a wave have the package, as entered or imported (S38)."""

    waves = models.ForeignKey(WavesRow, models.CASCADE, related_name="progress")
    wave = models.IntegerField(_("wave"))
    installed = models.PositiveIntegerField(_("devices with the package"))
    failed = models.PositiveIntegerField(_("devices that failed"), default=0)
    on = models.DateField(_("date"))
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    by = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["wave", "-on", "-pk"]
