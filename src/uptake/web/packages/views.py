"""Builder, comparison and approval of packages; inventory, pilot and waves with their progress (S35 to S39)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST

from uptake.core.errors import UptakeError
from uptake.core.plain import from_plain as restored
from uptake.deploy.odt.building import report as told_package
from uptake.deploy.odt.comparing import diff
from uptake.deploy.odt.explaining import explain
from uptake.deploy.odt.linting import lint
from uptake.deploy.odt.sizing import Network
from uptake.deploy.odt.sizing import plan as size_plan
from uptake.deploy.odt.sizing import told as told_sizes
from uptake.deploy.rollout.pilot import told as told_pilot
from uptake.deploy.rollout.waves import Blackout, WavePlan, Waves, calendar, moves
from uptake.guide.elements import DecisionTopic
from uptake.web.addins.models import AddInRow
from uptake.web.common.access import member, user_of
from uptake.web.common.forms import Form, bounded, date_field, text_field
from uptake.web.common.messages import say_error
from uptake.web.common.pages import form_page, show
from uptake.web.common.playbook import language, playbook
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.store import load
from uptake.web.packages import services
from uptake.web.packages.models import InventoryRow, PackageRow, PilotRow, WaveProgress, WavesRow
from uptake.web.packages.selectors import newest_inventory, version_of

MOST_XML = 2_000_000
MOST_INVENTORY = 100_000_000


class ConfigurationForm(Form):
    """A configuration that somebody has."""

    file = forms.FileField(
        label=_l("configuration.xml"), help_text=_l("Product keys that are not public are masked before it is stored.")
    )

    def clean_file(self) -> Any:
        """Bounded."""
        return bounded(self.cleaned_data["file"], MOST_XML)


class InventoryForm(Form):
    """An inventory of devices."""

    file = forms.FileField(
        label=_l("Inventory"),
        help_text=_l(
            "CSV or Excel with one row a device: device, user, department, site, model, language, items; exports of Configuration Manager, Intune and others are recognised by their columns."
        ),
    )

    def clean_file(self) -> Any:
        """Bounded."""
        return bounded(self.cleaned_data["file"], MOST_INVENTORY)


class PilotForm(Form):
    """What a pilot may cost and who stays out."""

    most = forms.IntegerField(label=_l("At most so many devices"), min_value=1, max_value=100_000, required=False)
    exclusions = text_field(
        _l("Left out"),
        lines=4,
        required=False,
        hint=_l("One a line: a device, a user, or department=Board. Executives, quarter end …"),
    )


class PilotResultForm(Form):
    """What came of the pilot."""

    result = text_field(_l("Result of the pilot"), lines=3)
    ended_on = date_field(_l("Ended on"))


class WavesForm(Form):
    """Start, capacities, days on which nothing happens, exit criteria, the way back."""

    start = date_field(_l("First day"))
    pilot_weeks = forms.IntegerField(label=_l("Weeks of the pilot"), min_value=0, max_value=52, initial=2)
    per_week = forms.IntegerField(
        label=_l("Devices a week at each site"), min_value=1, max_value=1_000_000, initial=500
    )
    blackouts = text_field(
        _l("Days without roll-out"),
        lines=3,
        required=False,
        hint=_l("One a line: first day, last day, department (optional), reason. 2026-12-24, 2027-01-04, , holidays"),
    )
    exit_criteria = text_field(_l("Exit criteria of the pilot"), lines=3, required=False, hint=_l("One a line."))
    rollback = text_field(_l("The way back"), lines=2, required=False)

    def clean_blackouts(self) -> tuple[Blackout, ...]:
        """Lines as days."""
        found = []
        for line in filter(None, map(str.strip, (self.cleaned_data["blackouts"] or "").splitlines())):
            parts = [part.strip() for part in line.split(",", 3)]
            try:
                start, end = date.fromisoformat(parts[0]), date.fromisoformat(parts[1])
            except (ValueError, IndexError):
                raise forms.ValidationError(
                    _("“%(line)s”: first day, last day, such as 2026-12-24, 2027-01-04") % {"line": line}
                ) from None
            if end < start:
                raise forms.ValidationError(_("“%(line)s”: the end is before the start") % {"line": line})
            found.append(
                Blackout(start, end, parts[2] if len(parts) > 2 else "", "", parts[3] if len(parts) > 3 else "")
            )
        return tuple(found)


class ProgressForm(Form):
    """How far a wave is."""

    installed = forms.IntegerField(label=_l("Devices with the package"), min_value=0, max_value=50_000_000)
    failed = forms.IntegerField(label=_l("Devices that failed"), min_value=0, max_value=50_000_000, initial=0)
    on = date_field(_l("Date"))
    remark = text_field(_l("Remark"), required=False)


@member
def packages(request: HttpRequest, row: Engagement) -> HttpResponse:
    """What the decisions make today, with its checks and its explanation beside it, and all versions."""
    engagement, lang = load(row), language()
    open_topics = [
        each
        for each in playbook().of(DecisionTopic).values()
        if each.id not in {made.topic for made in engagement.decisions}
    ]
    context: dict[str, Any] = {
        "open_topics": open_topics,
        "versions": PackageRow.objects.filter(engagement=row),
        "tab": "packages",
    }
    try:
        made = services.preview(engagement, None, lang)
        situation = services.situation(row)
        last = context["versions"].first()
        context |= {
            "made": made, "xml": made.content.decode(), "parts": explain(made.content, situation, lang), "report": told_package(made, lang),
            "is_new": last is None or last.content != made.content.decode(),
        }  # fmt: skip
    except UptakeError as error:
        context["problem"] = say_error(error)
    return show(request, "packages/packages.html", row, **context)


@require_POST
@member
def build(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Keep the package of today as a version."""
    try:
        made = services.build(user_of(request), row)
    except UptakeError as error:
        messages.error(request, say_error(error))
        return redirect("packages", row.pk)
    return redirect("package", row.pk, made.number)


@member
def upload(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Take a configuration that the customer has."""
    form = ConfigurationForm(request.POST or None, request.FILES or None)
    return form_page(
        request, form, lambda values: services.take(user_of(request), row, values["file"].read(), values["file"].name or "configuration.xml"),
        reverse("packages", args=[row.pk]), row=row, title=_("Upload a configuration"), tab="packages", submit=_("Upload"),
    )  # fmt: skip


@member
def package(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """One version: checks, what it does on a device, sizes, what departs from today's decisions, files that deliver it."""
    found, lang = version_of(row, number), language()
    content, situation = found.content.encode(), services.situation(row)
    sizes: tuple[str, ...] = ()
    differences: tuple[Any, ...] = ()
    try:
        network = Network(devices=row.seats)
        sizes = told_sizes(size_plan(content, network), network, lang)
        differences = services.preview(load(row), content, lang).differences
    except UptakeError as error:
        messages.error(request, say_error(error))
    return show(
        request, "packages/package.html", row, tab="packages", package=found, lint=lint(content, situation, lang), parts=explain(content, situation, lang),
        sizes=sizes, differences=differences, others=PackageRow.objects.filter(engagement=row).exclude(pk=found.pk),
    )  # fmt: skip


@member
def compare(request: HttpRequest, row: Engagement, number: int, other: int) -> HttpResponse:
    """Two versions by meaning."""
    before, after = version_of(row, other), version_of(row, number)
    changes = diff(before.content.encode(), after.content.encode(), language(), (f"{other}", f"{number}"))
    return show(request, "packages/compare.html", row, tab="packages", before=before, after=after, changes=changes)


@require_POST
@member
def approve(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """Approve a version."""
    try:
        services.approve(user_of(request), row, version_of(row, number))
        messages.success(request, _("Approved. It is evidence for task 1247."))
    except UptakeError as error:
        messages.error(request, say_error(error))
    return redirect("package", row.pk, number)


@member
def download(request: HttpRequest, row: Engagement, number: int, kind: str) -> HttpResponse:
    """The configuration, or a zip with everything that delivers it."""
    found = version_of(row, number)
    try:
        site, share = request.GET.get("site", "").strip()[:3], request.GET.get("share", "").strip()[:300]
        body = found.content.encode() if kind == "xml" else services.artefacts(row, found, site, share)
    except UptakeError as error:
        messages.error(request, say_error(error))
        return redirect("package", row.pk, number)
    response = HttpResponse(body, content_type="application/xml" if kind == "xml" else "application/zip")
    name = "configuration" if kind == "xml" else f"package-{row.pk}-{number}"
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


@member
def rollout(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Inventory, pilot, waves: where they stand."""
    inventory = InventoryRow.objects.filter(engagement=row).first()
    pilots = list(PilotRow.objects.filter(inventory__engagement=row)[:5])
    pilot = next((each for each in pilots if each.state == "complete"), None)
    kept = WavesRow.objects.filter(inventory__engagement=row)[:2]
    waves = restored(Waves, kept[0].value) if kept else None
    changed = moves(restored(Waves, kept[1].value), waves) if waves and len(kept) > 1 else ()
    progress = {each.wave: each for each in reversed(WaveProgress.objects.filter(waves=kept[0]))} if kept else {}
    lines = [(each, progress.get(each.number)) for each in waves.waves] if waves else []
    found = services.pilot_of(pilot) if pilot else None
    return show(
        request, "packages/rollout.html", row, tab="rollout", inventory=inventory, pilots=pilots, pilot_row=pilot, pilot=found,
        pilot_told=told_pilot(found, language()) if found else (), waves=waves, lines=lines, changed=changed[:20], changed_count=len(changed),
        plan=restored(WavePlan, kept[0].plan) if kept else None, waiting=any(each.state in ("queued", "reading") for each in pilots),
        installed=sum(each.installed for each in progress.values()), addins_url=reverse("addins", args=[row.pk]),
        collected=AddInRow.objects.filter(engagement=row, devices_count__gt=0).count(),
    )  # fmt: skip


@member
def take_inventory(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Upload an inventory."""
    form = InventoryForm(request.POST or None, request.FILES or None)

    def save(values: dict[str, Any]) -> None:
        made = services.take_inventory(user_of(request), row, values["file"].read(), values["file"].name or "inventory")
        for problem in made.problems[:3]:
            messages.warning(request, problem)

    return form_page(
        request,
        form,
        save,
        reverse("rollout", args=[row.pk]),
        row=row,
        title=_("Upload an inventory"),
        tab="rollout",
        submit=_("Upload"),
    )


@member
def pilot(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Have the smallest pilot group computed."""
    inventory = newest_inventory(row)
    form = PilotForm(request.POST if request.method == "POST" else None)
    return form_page(
        request, form, lambda values: services.ask_pilot(user_of(request), inventory, values["most"], values["exclusions"]),
        reverse("rollout", args=[row.pk]), row=row, title=_("Compute the pilot group"), tab="rollout", submit=_("Compute"),
        intro=_("The smallest group that covers every add-in, every macro project, department, site, model and language."),
        done=_("The group is being computed; a proof may take a minute. Reload the page in a moment."),
    )  # fmt: skip


@member
def end_pilot(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """The result of a pilot."""
    found = PilotRow.objects.filter(inventory__engagement=row, pk=number, state="complete").first()
    if found is None:
        raise Http404
    form = PilotResultForm(request.POST or None, stored={"result": found.result, "ended_on": found.ended_on})
    return form_page(
        request, form, lambda values: services.end_pilot(user_of(request), row, found, values["result"], values["ended_on"]),
        reverse("rollout", args=[row.pk]), row=row, title=_("Result of the pilot"), tab="rollout",
    )  # fmt: skip


@member
def plan(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Plan the waves; the last computed pilot is wave 0."""
    inventory = newest_inventory(row)
    last = WavesRow.objects.filter(inventory__engagement=row).first()
    old = restored(WavePlan, last.plan) if last else None
    start: dict[str, Any] = {"start": timezone.localdate()}
    if old:
        lines = [f"{each.start}, {each.end}, {each.department}, {each.reason}" for each in old.blackouts]
        start = {
            "start": old.start, "pilot_weeks": old.pilot_weeks, "per_week": old.per_week, "blackouts": "\n".join(lines),
            "exit_criteria": "\n".join(old.exit_criteria), "rollback": old.rollback,
        }  # fmt: skip
    form = WavesForm(request.POST or None, initial=start)

    def save(values: dict[str, Any]) -> None:
        complete = PilotRow.objects.filter(inventory__engagement=row, state="complete").first()
        found = services.pilot_of(complete) if complete else None
        wanted = WavePlan(
            values["start"], found.devices if found else (), values["pilot_weeks"], values["per_week"], blackouts=values["blackouts"],
            client_mb=services.client_megabytes(row), rollback=values["rollback"],
            exit_criteria=tuple(filter(None, map(str.strip, values["exit_criteria"].splitlines()))),
        )  # fmt: skip
        services.plan(user_of(request), row, inventory, wanted, language())

    return form_page(
        request,
        form,
        save,
        reverse("rollout", args=[row.pk]),
        row=row,
        title=_("Plan the waves"),
        tab="rollout",
        submit=_("Plan"),
    )


@member
def progress(request: HttpRequest, row: Engagement, wave: int) -> HttpResponse:
    """How far a wave is."""
    kept = WavesRow.objects.filter(inventory__engagement=row).first()
    if kept is None or wave not in {each.number for each in restored(Waves, kept.value).waves}:
        raise Http404
    last = WaveProgress.objects.filter(waves=kept, wave=wave).first()
    form = ProgressForm(
        request.POST or None, initial={"on": timezone.localdate(), "installed": last.installed if last else 0}
    )

    def save(values: dict[str, Any]) -> None:
        services.record_progress(user_of(request), row, wave, **values)

    title = _("Progress of the pilot") if wave == 0 else _("Progress of wave %(number)s") % {"number": wave}
    return form_page(request, form, save, reverse("rollout", args=[row.pk]), row=row, title=title, tab="rollout")


@member
def ics(request: HttpRequest, row: Engagement) -> HttpResponse:  # noqa: ARG001
    """The waves as a calendar."""
    kept = WavesRow.objects.filter(inventory__engagement=row).first()
    if kept is None:
        raise Http404
    body = calendar(restored(Waves, kept.value), kept.at.date(), row.customer)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="waves-{row.pk}.ics"'
    return response
