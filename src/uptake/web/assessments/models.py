"""Scans of an engagement, their findings, and the clusters in which people work through them.

Why clusters are rows: a million findings have some thousand causes. They are counted once, while the scan is read, so that a
page asks for fifty rows and never groups a million.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uptake.rules.translation import message_in
from uptake.web.common.playbook import language
from uptake.web.engagements.models import Engagement

RANK = {"ready": 0, "design": 1, "minimal": 2, "limited": 3, "significant": 4}


class Scan(models.Model):
    """Results that were uploaded, and how far they are read."""

    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="scans")
    kind = models.CharField(max_length=10, default="upload")
    """`upload`: results of `uptake scan`; `ort`: a workbook of the retired toolkit."""
    name = models.CharField(max_length=255)
    file = models.FileField(upload_to="scans/%Y/%m/")
    size = models.PositiveBigIntegerField()
    method = models.CharField(_("how it was run"), max_length=200, blank=True)
    coverage = models.CharField(_("what it covers"), max_length=300, blank=True)
    ran_on = models.DateField(_("date of the scan"))
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, default="queued")
    problem = models.TextField(blank=True)
    skipped = models.PositiveIntegerField(default=0)
    """Lines or rows that could not be read; the first ones are named in `problem`."""
    files = models.PositiveIntegerField(default=0)
    with_vba = models.PositiveIntegerField(default=0)
    findings_count = models.PositiveIntegerField(default=0)
    statuses = models.JSONField(default=dict)
    by_severity = models.JSONField(default=dict)
    """Files by their worst severity."""
    signed_by = models.CharField(max_length=120, blank=True)
    signed_on = models.DateField(null=True)

    class Meta:
        ordering: ClassVar = ["-ran_on", "-pk"]


class Triage(models.Model):
    """What people say about something that was found; it is kept while results come and go."""

    NAMES: ClassVar = ("process", "criticality", "assignee", "state", "remark")
    SETTLED: ClassVar = ("fixed", "accepted")
    """States in which something found no longer opens items of the checklist."""
    process = models.CharField(_("business process"), max_length=200, blank=True)
    criticality = models.CharField(_("criticality"), max_length=20, blank=True)
    assignee = models.CharField(_("assigned to"), max_length=120, blank=True)
    state = models.CharField(_("state"), max_length=10, default="untriaged")
    remark = models.TextField(_("remark"), blank=True)

    class Meta:
        abstract = True


class Cluster(Triage):
    """Findings that belong together: of one cause, of one reused module, or of one owner's folder."""

    class By(models.TextChoices):
        """What makes them belong together."""

        CAUSE = "cause", _("cause")
        CODE = "code", _("reused code")
        OWNER = "owner", _("owner")

    scan = models.ForeignKey(Scan, models.CASCADE, related_name="clusters")
    by = models.CharField(max_length=6, choices=By.choices)
    key = models.CharField(max_length=64)
    """Digest of what they have in common; the same in the next scan, so that triage is carried over."""
    title = models.CharField(max_length=500)
    rule = models.CharField(max_length=10, blank=True)
    severity = models.PositiveSmallIntegerField()
    certainty = models.CharField(max_length=10, blank=True)
    statement = models.TextField(blank=True)
    proposal = models.TextField(blank=True)
    message = models.TextField(blank=True)
    arguments = models.JSONField(default=dict)
    """What the message of the finding is made from, so that it can be said in another language."""
    findings_count = models.PositiveIntegerField(default=0)
    files_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("scan", "by", "key"), name="one_cluster")]
        indexes: ClassVar = [
            models.Index(fields=("scan", "by", "-severity", "-files_count")),
            models.Index(fields=("scan", "by", "state")),
        ]
        ordering: ClassVar = ["-severity", "-files_count", "pk"]

    def said(self) -> str:
        """The message in the reader's language; a folder or a module is its own name."""
        if self.by != self.By.CAUSE:
            return self.title
        finding = {
            "rule": self.rule,
            "message": self.message or self.title,
            "arguments": self.arguments,
            "variant": self.arguments.get("_variant", ""),
        }
        return message_in(language(), finding) or self.title

    @property
    def severity_name(self) -> str:
        """`significant` …"""
        return next(name for name, rank in RANK.items() if rank == self.severity)


class FindingRow(models.Model):
    """One finding; its text stands in the cluster of its cause."""

    cause = models.ForeignKey(Cluster, models.CASCADE, related_name="caused")
    code = models.ForeignKey(Cluster, models.CASCADE, null=True, related_name="coded")
    owner = models.ForeignKey(Cluster, models.CASCADE, null=True, related_name="owned")
    path = models.CharField(max_length=1000)
    container = models.CharField(max_length=300, blank=True)
    module = models.CharField(max_length=255, blank=True)
    line = models.PositiveIntegerField(default=0)
    editor_line = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["pk"]
