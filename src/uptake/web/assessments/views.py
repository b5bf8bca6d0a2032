"""Readiness inside the engagement: upload, causes, reused code, owners, triage, FE sign-off (S25 to S27)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST

from uptake.guide.engagement import Evidence
from uptake.reporting.charts import stacked_bar
from uptake.reporting.clean import visible
from uptake.rules.translation import rule_texts
from uptake.web.accounts.models import User
from uptake.web.assessments.importing import read_scan
from uptake.web.assessments.models import RANK, Cluster, FindingRow, Scan, Triage
from uptake.web.assessments.selectors import latest, open_rules
from uptake.web.common.access import member, user_of
from uptake.web.common.forms import Form, bounded, choice_field, date_field, text_field
from uptake.web.common.pages import form_page, paged, show
from uptake.web.common.playbook import language
from uptake.web.common.words import say_word
from uptake.web.engagements import services
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.store import Change, audit

STATES = ("untriaged", "assigned", "fixed", "accepted")
CRITICALITIES = ("business-critical", "important", "convenience")


class UploadForm(Form):
    """Results of a scan."""

    file = forms.FileField(
        label=_l("Results"),
        help_text=_l(
            "results.jsonl or the JSON report of “uptake scan”, or a workbook of the Readiness Toolkit with the sheet “VBA Results”."
        ),
    )
    ran_on = date_field(_l("Date of the scan"))
    method = text_field(
        _l("How it was run"), most=200, hint=_l("By the customer, stand-alone or through Configuration Manager.")
    )
    coverage = text_field(_l("What it covers"), hint=_l("Shares, departments, how many of the devices."))

    def clean_file(self) -> Any:
        """Bounded, and of a kind that can be read."""
        file = bounded(self.cleaned_data["file"], settings.MOST_SCAN)
        start = next(file.chunks(64), b"")
        file.seek(0)
        if not start.startswith(b"PK\x03\x04") and not start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            raise forms.ValidationError(_("This is neither JSON of a scan nor a workbook."))
        return file


class TriageForm(Form):
    """What people say about a cluster."""

    process = text_field(
        _l("Business process"), required=False, most=200, hint=_l("Which process stops when this does not work?")
    )
    criticality = choice_field(
        _l("Criticality"), lambda: [(each, say_word(each)) for each in CRITICALITIES], required=False
    )
    assignee = text_field(_l("Assigned to"), required=False, most=120)
    state = choice_field(_l("State"), lambda: [(each, say_word(each)) for each in STATES])
    remark = text_field(_l("Remark"), lines=3, required=False)

    def clean(self) -> dict[str, Any]:
        """Whoever accepts a finding says why."""
        values = super().clean()
        if values.get("state") == "accepted" and not values.get("remark"):
            self.add_error("remark", _("Say why it is accepted."))
        return values


def triage_form(request: HttpRequest, found: Triage) -> TriageForm:
    """The form of what is stored about a cluster or an add-in."""
    return TriageForm(request.POST or None, stored={name: getattr(found, name) for name in found.NAMES})


def save_triage(user: User, row: Engagement, found: Triage, title: str, values: dict[str, Any]) -> None:
    """Keep what people say, with its entry in the audit trail."""
    changes = [Change(f"{title}: {name}", getattr(found, name), values[name]) for name in found.NAMES]
    type(found).objects.filter(pk=found.pk).update(**{name: values[name] for name in found.NAMES})  # type: ignore[attr-defined]
    audit(row, user, "triage", [each for each in changes if each.before != each.after], values["remark"])


@lru_cache(maxsize=2)
def rules_said(lang: str) -> dict[str, dict[str, Any]]:
    """What the rules say in a language; they do not change while the server runs."""
    return rule_texts(lang)


def severity_bar(scan: Scan) -> str:
    """Files with macros by their worst severity."""
    parts = [(f"s{rank}", scan.by_severity.get(name, 0)) for name, rank in RANK.items()]
    said = ", ".join(
        f"{say_word('ready64' if name == 'ready' else name)} {scan.by_severity.get(name, 0)}" for name in RANK
    )
    return stacked_bar(parts, said)


@member
def readiness(request: HttpRequest, row: Engagement) -> HttpResponse:
    """The latest scan: verdict first, then the clusters to work through."""
    scans = list(Scan.objects.filter(engagement=row)[:20])
    scan = latest(row)
    context: dict[str, Any] = {"scans": scans, "scan": scan, "tab": "readiness"}
    if scan:
        by = request.GET.get("by", "cause")
        state, severity = request.GET.get("state", ""), request.GET.get("severity", "")
        found = Cluster.objects.filter(scan=scan, by=by if by in Cluster.By.values else "cause")
        found = found.filter(state=state) if state in STATES else found
        found = found.filter(severity=RANK[severity]) if severity in RANK else found
        context |= {
            "clusters": paged(request, found),
            "by": by,
            "state": state,
            "severity": severity,
            "bys": Cluster.By.choices,
            "states": STATES,
            "severities": list(reversed(RANK)),
            "bar": severity_bar(scan),
            "untriaged": Cluster.objects.filter(
                scan=scan, by="cause", severity__gte=RANK["limited"], state="untriaged"
            ).count(),
            "legend": [
                ("ready64" if n == "ready" else n, scan.by_severity.get(n, 0), f"s{r}") for n, r in RANK.items()
            ],
            "hard": scan.by_severity.get("significant", 0),
            "light": scan.by_severity.get("limited", 0),
        }
    return show(request, "assessments/readiness.html", row, **context)


@member
def upload(request: HttpRequest, row: Engagement) -> HttpResponse:
    """Take the results of a scan; they are read in the background."""
    form = UploadForm(request.POST or None, request.FILES or None, initial={"ran_on": timezone.localdate()})

    def save(values: dict[str, Any]) -> None:
        file, user = values["file"], user_of(request)
        name = visible((file.name or "scan").replace("\\", "/").rpartition("/")[2])[:200]
        scan = Scan(
            engagement=row,
            name=name,
            size=file.size,
            method=values["method"],
            coverage=values["coverage"],
            ran_on=values["ran_on"],
            by=user.name,
        )
        scan.file.save("scan", file)
        audit(row, user, "scan", [Change("scan", "", f"{name}, {file.size} bytes")])
        what = f"{values['ran_on']} · {values['method']} · {values['coverage']}"
        services.prove(user, row.pk, "step:ort", Evidence("scan", what[:500], values["ran_on"], user.name))
        read_scan.enqueue(scan.pk)

    return form_page(
        request,
        form,
        save,
        reverse("readiness", args=[row.pk]),
        row=row,
        title=_("Upload results"),
        tab="readiness",
        done=_("The results are being read. Reload the page in a moment."),
        intro=_("The customer runs the scan, FastTrack does not. Large files are read as a stream."),
    )


def _cluster(row: Engagement, number: int) -> Cluster:
    found = Cluster.objects.select_related("scan").filter(scan__engagement=row, pk=number).first()
    if found is None:
        raise Http404
    return found


@member
def cluster(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """One cluster: why, the corrected line, where it is, and who sees to it."""
    found = _cluster(row, number)
    form = triage_form(request, found)

    def save(values: dict[str, Any]) -> None:
        before = open_rules(row)
        save_triage(user_of(request), row, found, f"{found.rule} {found.title[:80]}", values)
        if open_rules(row) != before:
            services.renew_checklist(row)

    rows = {"cause": "cause", "code": "code", "owner": "owner"}[found.by]
    places = FindingRow.objects.filter(**{rows: found}).select_related("cause").order_by("pk")
    rule = rules_said(language()).get(found.rule)
    return form_page(
        request,
        form,
        save,
        reverse("readiness", args=[row.pk]),
        row=row,
        title=found.title,
        tab="readiness",
        template="assessments/cluster.html",
        cluster=found,
        rule=rule,
        places=paged(request, places, 100),
    )


@require_POST
@member
def sign(request: HttpRequest, row: Engagement, number: int) -> HttpResponse:
    """The FE signs that business-critical processes were looked at (S26); not while a serious cause is untriaged."""
    scan = Scan.objects.filter(engagement=row, pk=number, state="complete").first()
    if scan is None:
        raise Http404
    left = Cluster.objects.filter(scan=scan, by="cause", severity__gte=RANK["limited"], state="untriaged").count()
    if left:
        messages.error(
            request,
            _("%(count)s causes of limited or significant remediation have not been looked at.") % {"count": left},
        )
        return redirect("readiness", row.pk)
    user, today = user_of(request), timezone.localdate()
    Scan.objects.filter(pk=scan.pk).update(signed_by=user.name, signed_on=today)
    audit(row, user, "sign-off", [Change(f"scan {scan.pk}", "", user.name)])
    services.prove(user, row.pk, "step:ort", Evidence("fe-review", f"{user.name} · {scan.name}", today, user.name))
    messages.success(request, _("Signed off."))
    return redirect("readiness", row.pk)
