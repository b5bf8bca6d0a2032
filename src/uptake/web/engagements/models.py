"""Tables of the engagement. Their columns are the fields of the frozen values of `uptake.guide`, which hold all rules.

Why tables and no document: reports, searches and constraints ask across engagements. `store.py` turns one into the other.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uptake.guide.elements import DataField, Element, Meeting, RequestStage, Stream
from uptake.web.accounts.models import Organisation, Team, User
from uptake.web.common.playbook import playbook, say
from uptake.web.common.words import say_reference

MOST_SEATS = 50_000_000


def seats_field(label: Any, **more: Any) -> Any:
    """A number of seats."""
    return models.PositiveIntegerField(label, validators=[MaxValueValidator(MOST_SEATS)], **more)


class Engagement(models.Model):
    """One customer on the way."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="engagements")
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="engagements", verbose_name=_("team")
    )
    customer = models.CharField(_("customer"), max_length=160)
    tenant = models.CharField(_("tenant"), max_length=160, blank=True)
    cloud = models.CharField(_("cloud"), max_length=20)
    scenario = models.CharField(_("scenario"), max_length=40)
    playbook_version = models.CharField(_("playbook version"), max_length=20)
    playbook_digest = models.CharField(max_length=16, blank=True)
    engagement_scenario = models.CharField(_("engagement scenario"), max_length=40, blank=True)
    is_get_modern = models.BooleanField(_("on the Get Modern path"), default=False)
    switched_on = models.JSONField(default=list, blank=True)
    scope = models.JSONField(default=list, blank=True)
    """Services whose questionnaires are in scope."""
    created = models.DateField()
    intent_given = models.BooleanField(null=True)
    intent_on = models.DateField(null=True)
    intent_said_by = models.CharField(max_length=120, blank=True)
    intent_seats = models.PositiveIntegerField(default=0)
    eligible = models.BooleanField(null=True)
    eligible_on = models.DateField(null=True)
    eligible_source = models.CharField(max_length=300, blank=True)
    completed_on = models.DateField(null=True, blank=True)
    measured = models.JSONField(default=dict, blank=True)
    checklist_stamp = models.JSONField(null=True, blank=True)
    """Edition, scope, versions and unanswered questions of the generated checklist; its items are rows."""

    # What lists need, computed from the rest after each change (`services.refresh`).
    phase = models.CharField(max_length=20, blank=True, db_index=True)
    l1 = models.CharField(max_length=20, blank=True, db_index=True)
    seats = models.PositiveIntegerField(default=0)
    gate = models.CharField(max_length=40, blank=True)
    gate_missing = models.PositiveSmallIntegerField(default=0)
    fields_missing = models.PositiveSmallIntegerField(default=0)
    items_open = models.PositiveSmallIntegerField(default=0)
    items_shown = models.PositiveSmallIntegerField(default=0)
    is_blocked = models.BooleanField(default=False)
    next_kind = models.CharField(max_length=40, blank=True)
    next_reference = models.CharField(max_length=80, blank=True)
    next_title = models.CharField(max_length=300, blank=True)
    next_role = models.CharField(max_length=20, blank=True)
    next_due = models.DateField(null=True, blank=True)
    reminder_on = models.DateField(null=True, blank=True)
    """The first day on which something is late if nobody does anything."""
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["customer", "pk"]
        indexes: ClassVar = [
            models.Index(fields=("organisation", "phase")),
            models.Index(fields=("organisation", "customer")),
        ]

    def __str__(self) -> str:
        return self.customer

    @property
    def next_action_text(self) -> str:
        """The next action of the lists, in the reader's language."""
        book = playbook()
        kinds: dict[str, type[Element]] = {"meeting": Meeting, "note": Stream, "field": DataField}
        if self.next_kind in kinds:
            element = book.of(kinds[self.next_kind]).get(self.next_reference)
            return say(element) if element else self.next_title
        if self.next_kind == "request":
            stage = book.of(RequestStage).get(self.next_title)
            return say(stage) if stage else self.next_title
        said = say_reference(self.next_reference)
        return said if said != self.next_reference else self.next_title


class Part(models.Model):
    """What belongs to one engagement. `FIELDS` are columns that are fields of the frozen value as well."""

    FIELDS: ClassVar[tuple[str, ...]] = ()
    engagement = models.ForeignKey(Engagement, models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class Participant(Part):
    """Somebody in a role; with an account when they sign in here."""

    FIELDS = ("name", "role")
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20)
    email = models.EmailField(_("e-mail address"), blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="participations")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "name", "role"), name="person_in_role")]
        ordering: ClassVar = ["role", "name"]


class ProgressRow(Part):
    """What was recorded on a step or task."""

    FIELDS = ("state", "reason", "on", "by")
    reference = models.CharField(max_length=80)
    state = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    on = models.DateField(null=True)
    by = models.CharField(max_length=120, blank=True)
    evidence = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "reference"), name="one_progress")]


class EntitlementRow(Part):
    """Seats of one service, or a part of them, with one status."""

    FIELDS = (
        "id", "service", "seats", "l1", "l2", "l3", "service_status", "engagement_scenario", "target_date", "unblock_date",
        "start_date", "owner", "next_action", "next_action_date", "split_from", "split_total", "split_reason", "business_reasons",
    )  # fmt: skip
    row = models.BigAutoField(primary_key=True)
    id = models.CharField(_("id"), max_length=60)
    service = models.CharField(_("service"), max_length=40)
    seats = seats_field(_("paid seats"))
    l1 = models.CharField(_("L1 Consumption Status"), max_length=30)
    l2 = models.CharField(_("L2 reason"), max_length=60, blank=True)
    l3 = models.CharField(_("L3 engineering reason"), max_length=60, blank=True)
    service_status = models.CharField(_("service status"), max_length=30, blank=True)
    engagement_scenario = models.CharField(_("engagement scenario"), max_length=40, blank=True)
    target_date = models.DateField(_("target date"), null=True, blank=True)
    unblock_date = models.DateField(_("projected unblock date"), null=True, blank=True)
    start_date = models.DateField(_("engagement start date"), null=True, blank=True)
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    next_action = models.CharField(_("next action"), max_length=300, blank=True)
    next_action_date = models.DateField(_("date of the next action"), null=True, blank=True)
    split_from = models.CharField(max_length=60, blank=True)
    split_total = models.PositiveIntegerField(default=0)
    split_reason = models.CharField(max_length=300, blank=True)
    business_reasons = models.JSONField(_("business reasons"), default=list, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "id"), name="entitlement_id")]
        ordering: ClassVar = ["service", "id"]


class DecisionRow(Part):
    """A decision of the workshop."""

    FIELDS = ("topic", "choice", "reason", "decider", "on", "options")
    topic = models.CharField(_("topic"), max_length=60)
    choice = models.CharField(_("choice"), max_length=500)
    reason = models.TextField(_("reason"), blank=True)
    decider = models.CharField(_("decider"), max_length=120)
    on = models.DateField(_("date"))
    options = models.JSONField(default=list, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "topic"), name="one_decision")]
        ordering: ClassVar = ["pk"]


class NoteRow(Part):
    """A note; never changed and never deleted."""

    FIELDS = (
        "stream", "text", "author", "author_role", "on", "workload", "l1", "status", "next_action", "next_action_date",
        "next_action_owner", "concern", "insight", "next_update",
    )  # fmt: skip
    stream = models.CharField(_("stream"), max_length=4)
    text = models.TextField(_("text"))
    author = models.CharField(max_length=120)
    author_role = models.CharField(max_length=20)
    on = models.DateField()
    workload = models.CharField(_("service"), max_length=40, blank=True)
    l1 = models.CharField(_("L1 Consumption Status"), max_length=30, blank=True)
    status = models.CharField(_("status"), max_length=30, blank=True)
    next_action = models.CharField(_("next action"), max_length=300, blank=True)
    next_action_date = models.DateField(_("date of the next action"), null=True, blank=True)
    next_action_owner = models.CharField(_("owner of the next action"), max_length=120, blank=True)
    concern = models.CharField(_("concern"), max_length=30, blank=True)
    insight = models.CharField(_("Insight id"), max_length=60, blank=True)
    next_update = models.DateField(_("next update"), null=True, blank=True)
    score = models.CharField(max_length=10, blank=True)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=("engagement", "stream"))]


class MeetingRow(Part):
    """A meeting that was held, or a session with its snapshot of progress."""

    FIELDS = ("kind", "on", "outcome", "next_on")
    kind = models.CharField(_("kind"), max_length=30)
    on = models.DateField(_("date"))
    outcome = models.TextField(_("outcome"), blank=True)
    next_on = models.DateField(_("next date"), null=True, blank=True)
    attendees = models.JSONField(default=list)
    deck = models.CharField(_("version of the deck"), max_length=80, blank=True)
    snapshot = models.JSONField(default=dict, blank=True)
    """Progress on the day: settled tasks, open items, files with findings (S40)."""

    class Meta:
        ordering: ClassVar = ["on", "pk"]


class ItemRow(Part):
    """One item of the checklist; hidden ones are kept (S32)."""

    FIELDS = (
        "id", "questionnaire", "title", "action", "done_when", "owner_role", "shown", "digest", "found", "state", "owner", "due",
        "evidence", "acknowledged_by", "by_scan",
    )  # fmt: skip
    row = models.BigAutoField(primary_key=True)
    id = models.CharField(max_length=40)
    questionnaire = models.CharField(max_length=40)
    title = models.TextField()
    action = models.TextField()
    done_when = models.TextField()
    owner_role = models.CharField(max_length=20)
    shown = models.CharField(max_length=20)
    digest = models.CharField(max_length=16)
    found = models.JSONField(default=list)
    state = models.CharField(max_length=10)
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    due = models.DateField(_("due"), null=True, blank=True)
    evidence = models.JSONField(default=list)
    acknowledged_by = models.CharField(max_length=120, blank=True)
    by_scan = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "id"), name="item_id")]
        ordering: ClassVar = ["row"]


class Answer(Part):
    """An answer to one question of a questionnaire."""

    question = models.CharField(max_length=40)
    value = models.JSONField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("engagement", "question"), name="one_answer")]


class Conversation(Part):
    """An adoption and change management conversation (S21 to S23); it can be held again to restart a stalled customer."""

    on = models.DateField(_("date"))
    audience = models.CharField(_("audience"), max_length=300)
    material = models.TextField(_("material handed over"), blank=True)
    outcome = models.TextField(_("outcome"), blank=True)
    restarts = models.BooleanField(_("held to restart a stalled customer"), default=False)
    by = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["-on", "-pk"]


class Objection(Part):
    """What somebody held against it, and the answer that was used (S22)."""

    on = models.DateField(_("date"))
    who = models.CharField(_("who"), max_length=120, blank=True)
    objection = models.TextField(_("objection"))
    answer = models.TextField(_("answer used"))
    is_settled = models.BooleanField(_("settled"), default=False)

    class Meta:
        ordering: ClassVar = ["-on", "-pk"]


class Message(Part):
    """One line of the communications plan, from a template filled with the engagement's facts."""

    template = models.CharField(_("template"), max_length=40)
    language = models.CharField(_("language"), max_length=5)
    audience = models.CharField(_("audience"), max_length=200)
    channel = models.CharField(_("channel"), max_length=80, blank=True)
    planned_on = models.DateField(_("planned for"), null=True, blank=True)
    sent_on = models.DateField(_("sent on"), null=True, blank=True)
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    text = models.TextField(_("text"))

    class Meta:
        ordering: ClassVar = ["planned_on", "pk"]


class RequestRow(Part):
    """A request for an SME or another resource with its clock (S15, section 9)."""

    raised_from = models.CharField(max_length=80)
    reason = models.TextField(_("reason"))
    values = models.JSONField(default=dict)
    reached = models.JSONField(default=dict)
    """Stage → moment, ISO 8601."""
    outcome = models.TextField(_("outcome"), blank=True)
    by = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["-pk"]


class Attachment(Part):
    """A file of evidence. Stored under a name of our own outside of the web root, served as an attachment only."""

    reference = models.CharField(max_length=80)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    file = models.FileField(upload_to="evidence/%Y/%m/")
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["pk"]


class Submission(Part):
    """That a completed checklist was handed over: where to, by whom (S33). Nothing is mailed by us."""

    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=120)
    destination = models.CharField(_("destination"), max_length=300)
    receipt = models.CharField(_("receipt"), max_length=300, blank=True)
    versions = models.JSONField(default=dict)
    items = models.PositiveIntegerField()
    items_open = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["-pk"]


class Summary(Part):
    """An executive summary as it was given (D6)."""

    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=120)
    values = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-pk"]


class AuditEntry(models.Model):
    """One change: who, when, what, before, after, why. Rows are added and never changed; the database refuses the rest."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="audit")
    engagement = models.ForeignKey(Engagement, models.PROTECT, null=True, related_name="audit")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    who = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    what = models.CharField(max_length=200)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    why = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=("engagement", "-id"))]
