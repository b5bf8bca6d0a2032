"""Collections of an engagement, its devices, its add-ins with their triage, and which device has which.

Why an add-in is a row with counts: 5,000 devices with 40 add-ins are 200,000 rows. They are counted once, after a collection was
read, so that a page asks for fifty rows. The row outlives collections, and with it what people said about the add-in.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uptake.rules.translation import message_in
from uptake.web.accounts.models import Organisation
from uptake.web.assessments.models import RANK, Triage
from uptake.web.common.playbook import language
from uptake.web.engagements.models import Engagement


class Collection(models.Model):
    """Files that were uploaded together, and what became of them."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="collections")
    name = models.CharField(max_length=255)
    device = models.CharField(max_length=200, blank=True)
    """The one device of which all files are; empty where they say it themselves."""
    file = models.FileField(upload_to="collections/%Y/%m/")
    size = models.PositiveBigIntegerField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, default="queued")
    problem = models.TextField(blank=True)
    files = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    """Files that could not be read; the first ones are named in `problem`."""
    devices = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    replaced = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    """Devices of which nothing has changed."""
    older = models.PositiveIntegerField(default=0)
    """Devices of which something newer was known already."""
    addins = models.PositiveIntegerField(default=0)
    by_severity = models.JSONField(default=dict)
    """All devices of the engagement by their worst severity, after this collection."""

    class Meta:
        ordering: ClassVar = ["-pk"]


class DeviceRow(models.Model):
    """A device as it was collected last, over all of its users."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="endpoints")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    """The name for comparing."""
    user = models.CharField(max_length=200, blank=True)
    own_department = models.CharField(max_length=200, blank=True)
    """As the collector was told."""
    department = models.CharField(_("department"), max_length=200, blank=True)
    """As the inventory of the rollout says, else the collector's."""
    collected_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    severity = models.PositiveSmallIntegerField(default=0)
    addins_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "key"), name="one_device")]
        indexes: ClassVar = [
            models.Index(fields=("engagement", "-severity", "key")),
            models.Index(fields=("engagement", "department", "severity")),
        ]
        ordering: ClassVar = ["-severity", "key"]

    @property
    def severity_name(self) -> str:
        """`significant` …"""
        return SEVERITIES[self.severity]


class DevicePart(models.Model):
    """What one user's collection said of a device, packed: the next one of another user is joined with it, and not put in its place."""

    device = models.ForeignKey(DeviceRow, models.CASCADE, related_name="parts")
    user = models.CharField(max_length=200, blank=True)
    collected_at = models.DateTimeField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("device", "user"), name="one_device_part")]
        ordering: ClassVar = ["user"]


class AddInRow(Triage):
    """An add-in of one application over all devices, counted after each collection."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="addins")
    app = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    """ProgID or name of the file, for comparing."""
    title = models.CharField(max_length=255)
    """ProgID or name of the file."""
    name = models.CharField(max_length=255, blank=True)
    file = models.CharField(max_length=255, blank=True)
    """Name of its file, for comparing."""
    publisher = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=20)
    bitness = models.CharField(max_length=10, default="unknown")
    severity = models.PositiveSmallIntegerField(default=0)
    rules = models.JSONField(default=list)
    versions_count = models.PositiveIntegerField(default=0)
    devices_count = models.PositiveIntegerField(default=0)
    departments_count = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=30, default="Unknown")
    """The toolkit's word, as a vendor's statement gives it."""
    statement = models.TextField(blank=True)
    statement_source = models.CharField(max_length=300, blank=True)
    statement_date = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "app", "key"), name="one_addin")]
        indexes: ClassVar = [
            models.Index(fields=("engagement", "-severity", "-devices_count")),
            models.Index(fields=("key",)),
            models.Index(fields=("file",)),
        ]
        ordering: ClassVar = ["-severity", "-devices_count", "key"]

    @property
    def severity_name(self) -> str:
        """`significant` …"""
        return SEVERITIES[self.severity]

    @property
    def shown(self) -> str:
        """The name that people know."""
        return self.name or self.title


class AddInFinding(models.Model):
    """A rule that holds for an add-in, once, with the number of devices for which it does."""

    addin = models.ForeignKey(AddInRow, models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=10)
    severity = models.PositiveSmallIntegerField()
    certainty = models.CharField(max_length=10, blank=True)
    message = models.TextField()
    arguments = models.JSONField(default=dict)
    devices_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("addin", "rule"), name="one_addin_finding")]
        ordering: ClassVar = ["-severity", "rule"]

    @property
    def severity_name(self) -> str:
        """`significant` …"""
        return SEVERITIES[self.severity]

    def said(self) -> str:
        """The message in the reader's language."""
        return said_of({"rule": self.rule, "message": self.message, "arguments": self.arguments})


class Installed(models.Model):
    """An add-in on a device."""

    device = models.ForeignKey(DeviceRow, models.CASCADE, related_name="installed")
    addin = models.ForeignKey(AddInRow, models.CASCADE, related_name="installed")
    version = models.CharField(max_length=60, blank=True)
    path = models.CharField(max_length=500, blank=True)
    bitness = models.CharField(max_length=10)
    severity = models.PositiveSmallIntegerField(default=0)
    findings = models.JSONField(default=list)
    """Rule, severity, certainty, message and what it is made from, as they hold on this device."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("device", "addin"), name="one_installed")]
        indexes: ClassVar = [models.Index(fields=("addin", "-severity"))]
        ordering: ClassVar = ["-severity", "pk"]

    @property
    def severity_name(self) -> str:
        """`significant` …"""
        return SEVERITIES[self.severity]

    def said(self) -> list[tuple[str, str]]:
        """Rule and message of each finding, in the reader's language."""
        return [(each["rule"], said_of(each)) for each in self.findings]


class Statement(models.Model):
    """What a vendor says of an add-in, as an organisation found it; it stands before the row that we ship."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="statements")
    key = models.CharField(max_length=255)
    """The add-in's ProgID or file name, for comparing."""
    addin = models.CharField(_("add-in"), max_length=255)
    status = models.CharField(_("status"), max_length=30)
    statement = models.TextField(_("statement"), blank=True)
    source = models.CharField(_("source"), max_length=300)
    on = models.DateField(_("date"))
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("organisation", "key"), name="one_statement")]
        ordering: ClassVar = ["key"]


SEVERITIES = {rank: name for name, rank in RANK.items()}


def said_of(finding: dict[str, object]) -> str:
    """A finding's message in the reader's language."""
    return message_in(language(), {"variant": "", **finding}) or str(finding["message"])
