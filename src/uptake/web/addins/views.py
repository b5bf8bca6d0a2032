"""Pages of add-ins: overview, one add-in, devices, uploads, statements of vendors, the collector, results to take away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from uptake.assess.addins.collector import collector
from uptake.assess.addins.readiness import STATUSES
from uptake.reporting.charts import stacked_bar
from uptake.web.addins import services
from uptake.web.addins.counting import counted_departments, severities_of
from uptake.web.addins.models import AddInRow, Collection, DeviceRow, Installed, Statement
from uptake.web.addins.words import KIND, say_kind, say_status
from uptake.web.assessments.models import RANK
from uptake.web.assessments.selectors import addin_rules
from uptake.web.assessments.views import STATES, rules_said, save_triage, triage_form
from uptake.web.common.access import member, signed_in, user_of
from uptake.web.common.forms import Form, bounded, choice_field, date_field, text_field
from uptake.web.common.pages import form_page, paged, show
from uptake.web.common.playbook import language
from uptake.web.common.words import say_word
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.services import renew_checklist

MOST_CSV = 5_000_000
COMMAND = "powershell.exe -NoProfile -ExecutionPolicy Bypass -File collect.ps1 -OutFile %COMPUTERNAME%.json -Department Finance"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ManyFiles(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """All files of a field, as a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each is a file, and together they are not too large."""
        several = data if isinstance(data, (list, tuple)) else [data]
        found = [super(FilesField, self).clean(each, initial) for each in several]
        if sum(each.size for each in found) > settings.MOST_COLLECTION:
            raise forms.ValidationError(
                _("The files are larger than %(size)s MB.") % {"size": settings.MOST_COLLECTION // 1_000_000}
            )
        return found


class CollectionForm(Form):
    """What endpoints report."""

    uploads = FilesField(
        label=_l("Files of the devices"),
        help_text=_l(
            "JSON of the collector, .reg exports, registry hives, Outlook's events as XML, manifests, CSV of an inventory; many at once, or a zip of them."
        ),
    )
    device = text_field(
        _l("All files are of this one device"), required=False, most=200,
        hint=_l("For hives and .reg exports, which do not name their device."),
    )  # fmt: skip


class StatementForm(Form):
    """What a vendor says of an add-in."""

    addin = text_field(_l("Add-in"), most=255, hint=_l("ProgID or name of the file."))
    status = choice_field(_l("Status"), lambda: [(each, say_status(each)) for each in STATUSES])
    statement = text_field(_l("Statement"), lines=3, required=False)
    source = text_field(_l("Source"), hint=_l("Page, letter or call, and who said it."))
    on = date_field(_l("Date"))


class StatementsForm(Form):
    """A CSV of statements."""

    file = forms.FileField(
        label=_l("Statements"), help_text=_l("CSV with the columns addin, status, statement, source, date.")
    )

    def clean_file(self) -> str:
        """Bounded, and text."""
        file = bounded(self.cleaned_data["file"], MOST_CSV)
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is not UTF-8 text.")) from None


def _severity_bar(found: dict[str, int]) -> str:
    parts = [(f"s{rank}", found.get(name, 0)) for name, rank in RANK.items()]
    said = ", ".join(f"{_severity(name)} {found.get(name, 0)}" for name in RANK)
    return stacked_bar(parts, said)


def _severity(name: str) -> str:
    return say_word("ready64" if name == "ready" else name)


def _filtered(request: HttpRequest, row: Engagement) -> tuple[QuerySet[AddInRow], dict[str, str]]:
    """Add-ins as the address asks for them; what it asks for that is none of the choices counts as nothing."""
    choices: dict[str, Any] = {"severity": RANK, "status": STATUSES, "kind": KIND, "state": STATES}
    asked = {name: request.GET.get(name, "") for name in choices}
    asked = {name: value if value in choices[name] else "" for name, value in asked.items()}
    found = AddInRow.objects.filter(engagement=row, devices_count__gt=0)
    for name, value in asked.items():
        if value:
            found = found.filter(**{name: RANK[value] if name == "severity" else value})
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    if text:
        found = found.filter(
            Q(title__icontains=text) | Q(name__icontains=text) | Q(publisher__icontains=text) | Q(file__icontains=text)
        )
    return found, {**asked, "q": text}


@member
def overview(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Add-ins, the worst first, with the devices behind them."""
    collections = list(Collection.objects.filter(engagement=row)[:10])
    found, asked = _filtered(request, row)
    devices = severities_of(row)
    kinds = AddInRow.objects.filter(engagement=row, devices_count__gt=0).values_list("kind", flat=True)
    return show(
        request, "addins/overview.html", row, tab="addins", addins=paged(request, found), asked=asked, collections=collections, command=COMMAND,
        has_devices=bool(devices), devices_count=sum(devices.values()), bar=_severity_bar(devices), severities=list(reversed(RANK)),
        legend=[("ready64" if name == "ready" else name, devices.get(name, 0)) for name in RANK],
        statuses=[(each, say_status(each)) for each in STATUSES], kinds=[(each, say_kind(each)) for each in sorted(set(kinds.distinct().order_by()))],
        states=STATES, untriaged=AddInRow.objects.filter(
            engagement=row, devices_count__gt=0, severity__gte=RANK["limited"], state="untriaged"
        ).count(), waiting=any(each.state in ("queued", "reading") for each in collections),
    )  # fmt: skip


@member
def upload(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Take what endpoints report; it is read in the background."""
    form = CollectionForm(request.POST or None, request.FILES or None)

    def save(values: dict[str, Any]) -> None:
        files = values["uploads"]
        uploads = [(each.name or "file", each.file) for each in files]
        services.take(user_of(request), row, uploads, sum(each.size for each in files), values["device"])

    return form_page(
        request, form, save, reverse("addins", args=[row.pk]), row=row, title=_("Upload collections"), tab="addins", submit=_("Upload"),
        done=_("The files are being read. Reload the page in a moment."),
        intro=_("The newest collection of a user on a device takes the place of the older one; the users of a device are joined."),
    )  # fmt: skip


def _addin(row: Engagement, number: int) -> AddInRow:
    found = AddInRow.objects.filter(engagement=row, pk=number).first()
    if found is None:
        raise Http404
    return found


@member
def addin(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """One add-in: what holds for it and why, on which devices, and who sees to it."""
    found = _addin(row, number)
    form = triage_form(request, found)

    def save(values: dict[str, Any]) -> None:
        before = addin_rules(row)
        save_triage(user_of(request), row, found, found.title[:80], values)
        if addin_rules(row) != before:
            renew_checklist(row)

    rules = rules_said(language())
    installed = Installed.objects.filter(addin=found).select_related("device")
    versions = installed.values_list("version").annotate(n=Count("pk")).order_by("-n", "version")
    departments = (
        installed.values_list("device__department").annotate(n=Count("pk")).order_by("-n", "device__department")
    )
    return form_page(
        request, form, save, reverse("addins", args=[row.pk]), row=row, title=found.shown, tab="addins", template="addins/addin.html",
        addin=found, findings=[(each, rules.get(each.rule)) for each in found.findings.all()], versions=list(versions[:20]),
        departments=list(departments[:50]), places=paged(request, installed.order_by("-severity", "device__key"), 100),
        own=Statement.objects.filter(organisation=row.organisation, key__in=[found.key, found.file]).exclude(key="").first(),
    )  # fmt: skip


@member
def devices(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Devices, the worst first, and their departments."""
    found = DeviceRow.objects.filter(engagement=row)
    severity, department = request.GET.get("severity", ""), request.GET.get("department")
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = found.filter(severity=RANK[severity]) if severity in RANK else found
    found = found.filter(department=department.replace("\0", "")) if department is not None else found
    found = found.filter(Q(name__icontains=text) | Q(user__icontains=text)) if text else found
    return show(
        request, "addins/devices.html", row, tab="addins", devices=paged(request, found), severity=severity, department=department, q=text,
        severities=list(reversed(RANK)), departments=counted_departments(row)[:200],
    )  # fmt: skip


def _device(row: Engagement, number: int) -> DeviceRow:
    found = DeviceRow.objects.filter(engagement=row, pk=number).first()
    if found is None:
        raise Http404
    return found


@member
def device(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """One device with its add-ins, and what could not be read of it."""
    found = _device(row, number)
    installed = Installed.objects.filter(device=found).select_related("addin").order_by("-severity", "addin__key")
    return show(
        request, "addins/device.html", row, tab="addins", device=found, installed=paged(request, installed, 100),
        parts=found.parts.defer("content"),
    )  # fmt: skip


@require_POST
@member
def forget(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """A device that is no longer there."""
    found = _device(row, number)
    services.forget_device(user_of(request), row, found)
    messages.success(request, _("%(device)s no longer counts.") % {"device": found.name})
    return redirect("addin-devices", row.pk)


@member
def script(request: HttpRequest, row: Engagement) -> HttpResponse:  # noqa: ARG001
    """The collector for Windows."""
    response = HttpResponse(collector(), content_type="application/octet-stream")
    response["Content-Disposition"] = 'attachment; filename="collect.ps1"'
    return response


@member
def export(request: HttpRequest, row: Engagement, kind: str) -> HttpResponse:  # noqa: ARG001
    """What was found, as a workbook or CSV in the reader's language."""
    if kind == "csv":
        response = HttpResponse(services.as_csv(row), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(services.as_xlsx(row), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="add-ins-{row.pk}.{kind}"'
    return response


@member
def devices_csv(request: HttpRequest, row: Engagement) -> HttpResponseBase:  # noqa: ARG001
    """Every add-in of every device."""
    response = StreamingHttpResponse(services.devices_csv(row), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="devices-{row.pk}.csv"'
    return response


@member
def statements(request: HttpRequest, row: Engagement) -> HttpResponse:
    """What vendors say, as the organisation found it; all its engagements share the table."""
    found = Statement.objects.filter(organisation=row.organisation)
    form = StatementsForm(request.POST or None, request.FILES or None)
    back = reverse("addin-statements", args=[row.pk])

    def save(values: dict[str, Any]) -> None:
        count = services.import_statements(user_of(request), row, values["file"])
        messages.info(
            request, ngettext("%(n)s statement was taken.", "%(n)s statements were taken.", count) % {"n": count}
        )

    return form_page(
        request, form, save, back, row=row, title=_("Statements of vendors"), tab="addins", template="addins/statements.html",
        statements=paged(request, found),
    )  # fmt: skip


@member
def statement(request: HttpRequest, row: Engagement, number: int = 0) -> HttpResponse:
    """Add or change one statement."""
    names = ("addin", "status", "statement", "source", "on")
    known = Statement.objects.filter(organisation=row.organisation, pk=number).first() if number else None
    if number and known is None:
        raise Http404
    stored = {name: getattr(known, name) for name in names} if known else None
    first = {"addin": request.GET.get("addin", "")[:255], "on": timezone.localdate()}
    form = (
        StatementForm(request.POST or None, stored=stored)
        if known
        else StatementForm(request.POST or None, initial=first)
    )

    def save(values: dict[str, Any]) -> None:
        services.keep_statement(user_of(request), row, {name: values[name] for name in names}, number)

    return form_page(
        request, form, save, reverse("addin-statements", args=[row.pk]), row=row, tab="addins", template="addins/statement.html",
        title=_("Statement of a vendor"), known=known,
    )  # fmt: skip


@require_POST
@member
def drop_statement(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """Remove one statement."""
    found = Statement.objects.filter(organisation=row.organisation, pk=number).first()
    if found is None:
        raise Http404
    services.drop_statement(user_of(request), row, found)
    messages.success(request, _("Removed."))
    return redirect("addin-statements", row.pk)


@member
def statements_csv(request: HttpRequest, row: Engagement) -> HttpResponse:  # noqa: ARG001
    """The table as a file."""
    response = HttpResponse(services.statements_csv(row.organisation), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="statements.csv"'
    return response


@signed_in
def rule(request: HttpRequest, key: str) -> HttpResponse:
    """What a rule of the catalogue says: why, what to do, when it is wrong, and where that is from."""
    found = rules_said(language()).get(key)
    if found is None:
        raise Http404
    return show(request, "addins/rule.html", key=key, rule=found)
