"""Forms of the engagement; which values there are comes from the playbook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from uptake.guide import engagement as guide
from uptake.guide.elements import (
    L1,
    L2,
    BusinessReason,
    DecisionTopic,
    Element,
    EvidenceKind,
    Link,
    Meeting,
    Need,
    Question,
    Questionnaire,
    RequestField,
    RequestStage,
    Role,
    Stream,
    Version,
    Word,
)  # fmt: skip
from uptake.guide.gates import needs_of
from uptake.guide.statuses import pair_problem
from uptake.web.accounts.models import User
from uptake.web.common.forms import Form, choice_field, date_field, text_field
from uptake.web.common.playbook import playbook, say, say_all
from uptake.web.common.words import say_word
from uptake.web.engagements.models import MOST_SEATS

SCENARIOS = ("FTC-led", "partner-led", "other-partner", "customer-led")
YES_NO = [("yes", _l("Yes")), ("no", _l("No"))]
SERVICE_STATUSES = ("Initiate", "Migrate", "Adoption", "N/A")


def elements(kind: type[Element]) -> list[tuple[str, str]]:
    """The elements of a kind as choices."""
    return [(key, say(each)) for key, each in playbook().of(kind).items()]


def services() -> list[tuple[str, str]]:
    """The services that have a questionnaire."""
    return [(each.service, say(each)) for each in playbook().of(Questionnaire).values()]


def _words(kind: str) -> list[tuple[str, str]]:
    return [(each.id, say(each)) for each in playbook().of(Word).values() if each.kind == kind]


def _clouds() -> list[tuple[str, str]]:
    return [(each, say_word(each)) for each in playbook().scenario.clouds]


def _not_ahead(on: date | None) -> date | None:
    if on and on > timezone.localdate():
        raise forms.ValidationError(_("This lies in the future."))
    return on


class Details(Form):
    """What an engagement is."""

    customer = text_field(_l("Customer"), most=160)
    tenant = text_field(_l("Tenant"), required=False, most=160, hint=_l("Domain or id of the tenant."))
    cloud = choice_field(
        _l("Cloud"), _clouds, hint=_l("Questionnaires are made for one cloud; the wrong edition is refused.")
    )
    engagement_scenario = choice_field(
        _l("Engagement scenario"), lambda: [(each, say_word(each)) for each in SCENARIOS], required=False
    )
    scope = forms.MultipleChoiceField(
        label=_l("Services in scope"), choices=services, widget=forms.CheckboxSelectMultiple, initial=["OPP"],
        help_text=_l("Guidance for the others is hidden in the checklist and kept."),
    )  # fmt: skip
    is_get_modern = forms.BooleanField(
        label=_l("On the Get Modern path (Windows upgrade with Office)"), required=False,
        help_text=_l("Can be switched at any time; nothing is lost."),
    )  # fmt: skip


class NewEngagement(Details):
    """A new engagement; without intent none is started."""

    playbook_version = choice_field(
        _l("Playbook version"), lambda: [(key, f"{key} · {title}") for key, title in elements(Version)]
    )
    team: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_l("Team"), queryset=None, required=False, empty_label="—"
    )
    seats = forms.IntegerField(label=_l("Paid seats of Microsoft 365 Apps"), min_value=0, max_value=MOST_SEATS)
    intent = choice_field(
        _l("Does the customer intend to deploy Microsoft 365 Apps?"),
        [("yes", _l("Yes")), ("no", _l("No, and has said so")), ("unknown", _l("Nobody knows yet"))],
        hint=_l("Without intent the engagement is recorded as No Intent or Status Unknown and does not start."),
    )
    intent_on = date_field(_l("Date on which the intent was stated"), required=False)
    intent_said_by = text_field(_l("Who stated it"), required=False, most=120)
    eligible = choice_field(_l("Are the licences eligible?"), YES_NO, required=False, empty=_l("not decided"))
    eligible_on = date_field(_l("Date of the decision on eligibility"), required=False)
    eligible_source = text_field(_l("Source of the decision"), required=False)

    def __init__(self, *args: Any, teams: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["playbook_version"].initial = next(iter(playbook().of(Version)))

    def clean(self) -> dict[str, Any]:
        """An intent has a date and a voice; a decision has a date and a source."""
        values = super().clean()
        if values.get("intent") in ("yes", "no"):
            self._need(values, "intent_on", "intent_said_by")
        if values.get("eligible"):
            self._need(values, "eligible_on", "eligible_source")
        return values

    def _need(self, values: dict[str, Any], *names: str) -> None:
        for name in names:
            if not values.get(name) and name not in self.errors:
                self.add_error(name, _("This is needed."))

    def clean_intent_on(self) -> date | None:
        """Not in the future."""
        return _not_ahead(self.cleaned_data["intent_on"])


class IntentForm(Form):
    """The customer's intent (S66)."""

    intent = choice_field(_l("Does the customer intend to deploy Microsoft 365 Apps?"), YES_NO)
    on = date_field(_l("Date"))
    said_by = text_field(_l("Who stated it"), most=120)
    seats_this_year = forms.IntegerField(
        label=_l("Seats planned for this year"), min_value=0, max_value=MOST_SEATS, required=False
    )
    why = text_field(_l("Why it has changed"), lines=2, required=False)

    def clean_on(self) -> date | None:
        """Not in the future."""
        return _not_ahead(self.cleaned_data["on"])


class EligibilityForm(Form):
    """The decision on eligibility, with date and source (S75)."""

    eligible = choice_field(_l("Are the licences eligible?"), YES_NO)
    on = date_field(_l("Date"))
    source = text_field(_l("Source of the decision"))


class PersonForm(Form):
    """Somebody in a role."""

    name = text_field(_l("Name"), most=120)
    role = choice_field(_l("Role"), lambda: [(key, f"{key} · {title}") for key, title in elements(Role)])
    email = forms.EmailField(
        label=_l("E-mail address"), required=False, max_length=254,
        help_text=_l("With the address of somebody who has an account here, they see this engagement."),
    )  # fmt: skip


class EntitlementForm(Form):
    """Seats of one service with their status; which L2 fits which L1 is checked."""

    service = choice_field(_l("Service"), lambda: [(key, f"{key} · {title}") for key, title in _words("prefix")])
    seats = forms.IntegerField(label=_l("Paid seats"), min_value=0, max_value=MOST_SEATS)
    l1 = choice_field(_l("L1 Consumption Status"), lambda: elements(L1))
    l2 = forms.ChoiceField(label=_l("L2 reason"), required=False)
    l3 = text_field(
        _l("L3 engineering reason"), required=False, most=60, hint=_l("No page lists values; use your organisation's.")
    )
    service_status = choice_field(_l("Service status"), [(each, each) for each in SERVICE_STATUSES], required=False)
    engagement_scenario = choice_field(
        _l("Engagement scenario"), lambda: [(each, say_word(each)) for each in SCENARIOS], required=False
    )
    target_date = date_field(_l("Target date"), required=False, hint=_l("Needed while In Progress."))
    unblock_date = date_field(_l("Projected unblock date"), required=False, hint=_l("Needed while Blocked."))
    start_date = date_field(_l("Engagement start date"), required=False, hint=_l("Only while In Progress."))
    owner = text_field(_l("Owner"), required=False, most=120)
    next_action = text_field(_l("Next action"), required=False)
    next_action_date = date_field(_l("Date of the next action"), required=False)
    business_reasons = forms.MultipleChoiceField(
        label=_l("Business reasons"),
        choices=lambda: elements(BusinessReason),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    why = text_field(
        _l("Why the status changes"), lines=2, required=False, hint=_l("Kept as an Entitlement Status Note.")
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        l1 = playbook().of(L1)
        groups: dict[str, list[tuple[str, str]]] = {}
        for each in playbook().of(L2).values():
            if each.applies:
                groups.setdefault(say(l1[each.l1]), []).append((each.id, say(each)))
        self.fields["l2"].choices = [("", "—"), *groups.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What fits together, and what each status needs."""
        values = super().clean()
        status = playbook().of(L1).get(values.get("l1", ""))
        if status is None:
            return values
        if pair_problem(playbook(), status.id, values.get("l2", "")):
            message = (
                _("This L1 needs a reason (L2).") if not values.get("l2") else _("This L2 does not belong to this L1.")
            )
            self.add_error("l2", message)
        for name in ("target_date", "unblock_date"):
            if name in status.requires and not values.get(name):
                self.add_error(name, _("%(status)s needs it.") % {"status": say(status)})
        if values.get("start_date") and status.id != "in-progress":
            self.add_error("start_date", _("Only while In Progress."))
        is_new_status = not self.stored or self.stored.get("l1") != status.id
        if "note" in status.requires and is_new_status and not values.get("why"):
            self.add_error("why", _("%(status)s needs a note that says why.") % {"status": say(status)})
        return values


class SplitForm(Form):
    """An entitlement in two to four parts that add up (4.7)."""

    reason = choice_field(
        _l("Reason"),
        [
            ("geography", _l("Several geographies decide differently")),
            ("companies", _l("Several operating companies in one tenant")),
            ("bundle", _l("Duplicates of bundles or upgrades, approved")),
        ],
    )
    approval = text_field(_l("Approval"), required=False, hint=_l("Duplicates of bundles need an approval."))

    def __init__(self, *args: Any, whole: guide.Entitlement, **more: Any) -> None:
        super().__init__(*args, **more)
        self.whole = whole
        for index in range(1, 5):
            needed = index <= 2
            self.fields[f"name{index}"] = text_field(_("Part %(number)s") % {"number": index}, required=needed, most=50)
            self.fields[f"seats{index}"] = forms.IntegerField(
                label=_("Seats of part %(number)s") % {"number": index},
                min_value=1,
                max_value=MOST_SEATS,
                required=needed,
            )

    def parts(self) -> list[tuple[str, int]]:
        """Id and seats of each part."""
        found = ((self.cleaned_data.get(f"name{i}"), self.cleaned_data.get(f"seats{i}")) for i in range(1, 5))
        return [(f"{self.whole.id}/{name}", seats) for name, seats in found if name and seats]

    def clean(self) -> dict[str, Any]:
        """The parts add up, and duplicates are approved."""
        values = super().clean()
        if values.get("reason") == "bundle" and not values.get("approval"):
            self.add_error("approval", _("This is needed."))
        for index in (3, 4):
            if bool(values.get(f"name{index}")) != bool(values.get(f"seats{index}")):
                self.add_error(f"seats{index}", _("A part has a name and seats."))
        total = sum(seats for _name, seats in self.parts())
        if not self.errors and total != self.whole.seats:
            sums = {"parts": total, "whole": self.whole.seats}
            self.add_error("seats1", _("The parts have %(parts)s seats, the whole has %(whole)s.") % sums)
        return values


class SettleForm(Form):
    """A step or task: done with its evidence, bypassed with reason and evidence, not applicable with a reason, or open again."""

    state = choice_field(
        _l("State"),
        [
            ("done", _l("Done")),
            ("bypassed", _l("Bypassed: it has been dealt with before")),
            ("not_applicable", _l("Not applicable")),
            ("ready", _l("Open again")),
        ],
    )
    on = date_field(_l("Date"))
    reason = text_field(_l("Reason"), lines=2, required=False, hint=_l("Needed when it is bypassed or does not apply."))

    def __init__(self, *args: Any, reference: str, engagement: guide.Engagement, **more: Any) -> None:
        super().__init__(*args, **more)
        self.reference, self.engagement = reference, engagement
        kinds = playbook().of(EvidenceKind)
        given = {each.kind for each in engagement.recorded(reference).evidence}
        self.needs: list[tuple[Need, str]] = [
            (need, f"evidence_{need.kind}") for need in needs_of(playbook(), reference)
        ]
        element = element_of(reference)
        texts = say_all(element, "evidence") if element else ()
        for (need, name), said in zip(self.needs, texts or [need.what for need, _n in self.needs], strict=True):
            kind = kinds.get(need.kind)
            if kind is None or not kind.derived:
                hint = _("Recorded already.") if need.kind in given else ""
                self.fields[name] = text_field(said or (say(kind) if kind else need.kind), required=False, hint=hint)
        self.fields["evidence_file"] = text_field(
            _("Other evidence"), required=False, hint=_("A link, a place, a name; files below.")
        )

    def offered(self) -> tuple[guide.Evidence, ...]:
        """The evidence that was typed."""
        on, found = self.cleaned_data.get("on"), []
        for name, value in self.cleaned_data.items():
            if name.startswith("evidence_") and value:
                found.append(guide.Evidence(name.removeprefix("evidence_"), value, on))
        return tuple(found)

    def clean(self) -> dict[str, Any]:
        """Each state with what it needs; the missing evidence is named at its own field."""
        from uptake.guide.gates import missing_evidence

        values = super().clean()
        state = values.get("state")
        if state == "done":
            for need in missing_evidence(playbook(), self.engagement, self.reference, self.offered()):
                name = f"evidence_{need.kind}"
                if name in self.fields:
                    self.add_error(name, _("This evidence is missing."))
                else:
                    kind = playbook().of(EvidenceKind)[need.kind]
                    self.add_error("state", _("Missing: %(what)s") % {"what": say(kind, "meaning")})
        if state in ("bypassed", "not_applicable") and not values.get("reason"):
            self.add_error("reason", _("This is needed."))
        if state == "bypassed" and not self.offered():
            self.add_error("evidence_file", _("Say what proves it."))
        return values

    def clean_on(self) -> date | None:
        """Not in the future."""
        return _not_ahead(self.cleaned_data["on"])


def element_of(reference: str) -> Element | None:
    """The step or task of a reference."""
    from uptake.guide.elements import Step, Task

    kind, _sep, key = reference.partition(":")
    return {"task": playbook().of(Task), "step": playbook().of(Step)}.get(kind, {}).get(key)


class DecisionForm(Form):
    """One decision of the workshop: what was decided, why, by whom, when."""

    def __init__(self, *args: Any, topic: DecisionTopic, **more: Any) -> None:
        super().__init__(*args, **more)
        if topic.answer == "many":
            choice: forms.Field = forms.MultipleChoiceField(
                label=_("Choice"), choices=[(each, say_word(each)) for each in topic.choices], required=False,
                widget=forms.CheckboxSelectMultiple, help_text=_("Nothing chosen: none."),
            )  # fmt: skip
        elif topic.answer == "choice":
            offered = [(each, {"yes": _("Yes"), "no": _("No")}.get(each, each)) for each in topic.choices]
            choice = forms.ChoiceField(
                label=_("Choice"), choices=offered, widget=forms.RadioSelect, initial=topic.default
            )
        else:
            choice = text_field(_("Choice"), required=False, most=500)
        choice.help_text = say(topic, "help")
        self.fields = {
            "choice": choice,
            "reason": text_field(_("Reason"), lines=2),
            "decider": text_field(_("Decided by"), most=120),
            "on": date_field(_("Date")),
            **self.fields,
        }

    def clean_on(self) -> date | None:
        """Not in the future."""
        return _not_ahead(self.cleaned_data["on"])


class WorkshopForm(Form):
    """A workshop that was held (S17 to S19)."""

    on = date_field(_l("Date"))
    deck = text_field(_l("Version of the deck"), most=80, hint=_l("Which deck was used, such as v4 of 2026-10."))
    attendees = text_field(
        _l("Attendees"), lines=5,
        hint=_l("One a line: name, comma, role such as FE, FM, CUSTOMER-IT. Responsible IT of the customer must be there."),
    )  # fmt: skip
    outcome = text_field(_l("Outcome"), lines=3, required=False)
    next_on = date_field(_l("Next date"), required=False)

    def clean_attendees(self) -> list[guide.Person]:
        """Lines as people in roles."""
        return people_in(self.cleaned_data["attendees"])

    def clean_on(self) -> date | None:
        """Not in the future."""
        return _not_ahead(self.cleaned_data["on"])


def people_in(text: str) -> list[guide.Person]:
    """`name, ROLE` a line. Raises `ValidationError` for a role that the playbook does not know."""
    known, found = playbook().of(Role), []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _sep, role = line.replace("、", ",").rpartition(",")
        if not name or role.strip().upper() not in known:
            values = {"line": line, "roles": ", ".join(known)}
            raise forms.ValidationError(_("“%(line)s”: name, comma, role. Roles: %(roles)s") % values)
        found.append(guide.Person(name.strip()[:120], role.strip().upper()))
    return found


class MeetingForm(WorkshopForm):
    """A meeting of the playbook's kinds; a follow-on session keeps a snapshot of the progress."""

    kind = choice_field(_l("Kind"), lambda: elements(Meeting))
    deck = None  # type: ignore[assignment]
    field_order = ("kind", "on", "attendees", "outcome", "next_on")


class ConversationForm(Form):
    """An adoption and change management conversation."""

    on = date_field(_l("Date"))
    audience = text_field(_l("Audience"))
    material = text_field(_l("Material handed over"), lines=2, required=False)
    outcome = text_field(_l("Outcome"), lines=3, required=False)
    restarts = forms.BooleanField(label=_l("Held to restart a stalled customer"), required=False)

    def clean_on(self) -> date | None:
        """Not in the future."""
        return _not_ahead(self.cleaned_data["on"])


class ObjectionForm(Form):
    """An objection and the answer."""

    on = date_field(_l("Date"))
    who = text_field(_l("Who"), required=False, most=120)
    objection = text_field(_l("Objection"), lines=2)
    answer = text_field(_l("Answer used"), lines=3)
    is_settled = forms.BooleanField(label=_l("Settled"), required=False)


class MessageForm(Form):
    """One message of the communications plan."""

    audience = text_field(_l("Audience"), most=200)
    channel = text_field(_l("Channel"), required=False, most=80, hint=_l("Mail, intranet, team meeting …"))
    owner = text_field(_l("Owner"), required=False, most=120)
    planned_on = date_field(_l("Planned for"), required=False)
    sent_on = date_field(_l("Sent on"), required=False, hint=_l("Nothing is sent from here."))
    text = text_field(_l("Text"), lines=12)


class NoteForm(Form):
    """A note in one of the streams; the checks of its stream run while it is written."""

    stream = choice_field(_l("Stream"), lambda: [(key, f"{key} · {title}") for key, title in elements(Stream)])
    author_role = choice_field(_l("In the role of"), lambda: elements(Role))
    workload = choice_field(
        _l("Service"), lambda: [(key, f"{key} · {title}") for key, title in _words("prefix")], required=False
    )
    l1 = choice_field(_l("L1 Consumption Status"), lambda: elements(L1), required=False)
    status = choice_field(_l("Status"), lambda: [*_words("status"), *_words("colour")], required=False)
    text = text_field(_l("Text"), lines=7)
    concern = choice_field(_l("Concern"), lambda: _words("concern"), required=False)
    insight = text_field(_l("Insight id"), required=False, most=60)
    next_action = text_field(_l("Next action"), required=False)
    next_action_date = date_field(_l("Date of the next action"), required=False)
    next_action_owner = text_field(_l("Owner of the next action"), required=False, most=120)
    next_update = date_field(_l("Next update"), required=False)

    def note(self, author: str, on: date) -> guide.Note:
        """The note as the engine sees it; also of a form that is only half filled."""
        values: dict[str, Any] = getattr(self, "cleaned_data", {})
        texts = (
            "stream",
            "author_role",
            "workload",
            "l1",
            "status",
            "text",
            "concern",
            "insight",
            "next_action",
            "next_action_owner",
        )
        days = ("next_action_date", "next_update")
        filled: dict[str, Any] = {name: values.get(name) or "" for name in texts}
        filled |= {name: values.get(name) for name in days}
        return guide.Note(author=author, on=on, **filled)


class SummaryForm(Form):
    """The executive summary with the limits of its fields (D6)."""

    customer = text_field(
        _l("The customer"), lines=2, most=256, hint=_l("Industry, structure, size, news. 256 characters.")
    )
    status = choice_field(
        _l("Status of the engagement"),
        [("on-hold", _l("On Hold")), ("reactive", _l("Reactive")), ("fully-engaged", _l("Fully Engaged"))],
    )
    deployment = choice_field(
        _l("Progress of the deployment"),
        [("not", _l("Not Deployed")), ("partially", _l("Partially Deployed")), ("fully", _l("Fully Deployed"))],
    )
    relationship = text_field(
        _l("Relationship"), lines=2, most=512, hint=_l("Customer, partner, account team. 512 characters.")
    )
    snapshot = text_field(_l("Snapshot per service with next actions"), lines=3, most=512, hint=_l("512 characters."))
    requests = text_field(_l("Requests for support"), lines=2, required=False, most=512, hint=_l("512 characters."))
    risks = text_field(_l("Risks and escalations"), lines=2, required=False, most=512, hint=_l("512 characters."))


class BlockForm(Form):
    """“Report a block”: note, L1, L2 and dates in one step (S54)."""

    entitlement = forms.ChoiceField(label=_l("Entitlement"))
    l2 = choice_field(
        _l("Reason (L2)"),
        lambda: [(k, say(e)) for k, e in playbook().of(L2).items() if e.l1 == "blocked" and e.applies],
    )
    text = text_field(_l("What blocks, and why"), lines=4)
    unblock_date = date_field(_l("Projected unblock date"))
    next_action = text_field(_l("Next action"))
    next_action_date = date_field(_l("Date of the next action"))

    def __init__(self, *args: Any, entitlements: Iterable[guide.Entitlement], **more: Any) -> None:
        super().__init__(*args, **more)
        offered = [(each.id, f"{each.id} · {each.seats}") for each in entitlements]
        self.fields["entitlement"].choices = offered  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The dates lie ahead."""
        values = super().clean()
        for name in ("unblock_date", "next_action_date"):
            if values.get(name) and values[name] < timezone.localdate():
                self.add_error(name, _("This must lie ahead."))
        return values


class RequestForm(Form):
    """The request for an SME with the fields of the tool (9.1)."""

    reason = text_field(_l("Why help is needed"), lines=2)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for each in playbook().of(RequestField).values():
            if each.values:
                field: forms.Field = choice_field(
                    say(each), [(value, value) for value in each.values], required=each.required
                )
            else:
                lines = 5 if each.id == "additional" else 0
                field = text_field(say(each), lines=lines, required=each.required)
            self.fields[each.id] = field
        if self.stored is None:
            self.order_fields([each for each in self.fields if each != "reason"] + ["reason"])


class StageForm(Form):
    """A stage that a request has reached."""

    stage = choice_field(_l("Stage"), lambda: elements(RequestStage))
    at = forms.DateTimeField(
        label=_l("When"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    outcome = text_field(_l("Outcome"), lines=2, required=False)


class ItemForm(Form):
    """Who sees to an item, until when, and what resolved it."""

    owner = text_field(_l("Owner"), required=False, most=120)
    due = date_field(_l("Due"), required=False)
    state = choice_field(_l("State"), [("open", _l("Open")), ("resolved", _l("Resolved"))])
    evidence = text_field(_l("Evidence"), lines=2, required=False, hint=_l("What was done and where it can be seen."))

    def clean(self) -> dict[str, Any]:
        """Resolved with evidence."""
        values = super().clean()
        is_new = not self.stored or self.stored.get("state") != "resolved"
        if values.get("state") == "resolved" and is_new and not values.get("evidence"):
            self.add_error("evidence", _("Say what was done and where it can be seen."))
        return values


class QuestionnaireForm(Form):
    """The questions of one service; an answer can be “unknown”, and blank is none."""

    def __init__(self, *args: Any, questions: Iterable[Question], **more: Any) -> None:
        super().__init__(*args, **more)
        self.questions = tuple(questions)
        made: dict[str, forms.Field] = {each.id: _question_field(each) for each in self.questions}
        self.fields = {**made, **self.fields}
        for field in made.values():
            if isinstance(field, forms.CharField):
                field.max_length = field.max_length or 2_000

    def by_topic(self) -> list[tuple[str, list[tuple[Question, Any]]]]:
        """Topic → questions with their fields, in the order of the questionnaire."""
        found: dict[str, list[tuple[Question, Any]]] = {}
        for each in self.questions:
            found.setdefault(each.topic, []).append((each, self[each.id]))
        return list(found.items())


def _question_field(question: Question) -> forms.Field:
    label = say(question, "question")
    unknown = ("unknown", _("Not known"))
    if question.answer == "yes-no":
        offered = [("yes", _("Yes")), ("no", _("No")), unknown]
        return forms.ChoiceField(label=label, choices=offered, widget=forms.RadioSelect, required=False)
    if question.answer in ("choice", "many"):
        offered = [*zip(question.choices, say_all(question, "choices"), strict=True)]
        if question.answer == "choice":
            return forms.ChoiceField(label=label, choices=[*offered, unknown], widget=forms.RadioSelect, required=False)
        return forms.MultipleChoiceField(
            label=label, choices=[*offered, unknown], widget=forms.CheckboxSelectMultiple, required=False
        )
    if question.answer == "number":
        return forms.RegexField(
            r"^(\d{1,12}|unknown)$", label=label, required=False, max_length=12,
            error_messages={"invalid": _("A whole number, or “unknown”.")},
        )  # fmt: skip
    return text_field(label, required=False, most=2_000)


class SubmissionForm(Form):
    """Where a completed checklist was handed over (S33)."""

    destination = text_field(
        _l("Destination"), hint=_l("An address of a channel, a folder, a ticket. Nothing is mailed from here.")
    )
    receipt = text_field(_l("Receipt"), required=False)


class CompletionForm(Form):
    """That the deployment is complete; recorded by a person, with a date (C2)."""

    on = date_field(_l("Date"))
    why = text_field(_l("What shows it"), lines=2)

    def clean_on(self) -> date | None:
        """Not in the future."""
        return _not_ahead(self.cleaned_data["on"])


class TasksForm(Form):
    """Which tasks of linked pages this engagement follows as well."""

    switched_on = forms.MultipleChoiceField(label=_l("Tasks"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offered = [
            (key, f"{key} {say(task)} · {task.role}") for key, task in playbook().tasks.items() if not task.default
        ]
        self.fields["switched_on"].choices = offered  # type: ignore[attr-defined]


class LinksForm(Form):
    """Addresses of the link registry for this organisation (S78)."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for key, each in playbook().of(Link).items():
            self.fields[key] = forms.URLField(label=say(each), required=False, assume_scheme="https", initial=each.url)


def writer_roles(user: User, engagement: guide.Engagement) -> list[str]:
    """Roles that a person holds in an engagement by name."""
    return [each.role for each in engagement.people if each.name == user.name]
