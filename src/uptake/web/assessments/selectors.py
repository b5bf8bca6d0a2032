"""What other pages ask of the scans of an engagement."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from uptake.web.assessments.models import RANK, Cluster, Scan
from uptake.web.engagements.models import Engagement


def latest(row: Engagement) -> Scan | None:
    """The newest scan that was read to its end."""
    return Scan.objects.filter(engagement=row, state="complete").first()


def newest(rows: QuerySet[Engagement]) -> QuerySet[Scan]:
    """The newest scan of each engagement that was read to its end."""
    same = Scan.objects.filter(engagement=OuterRef("engagement"), state="complete")
    return Scan.objects.filter(engagement__in=rows, pk=Subquery(same.values("pk")[:1]))


def open_rules(row: Engagement) -> list[str] | None:
    """Rules whose findings still speak: not fixed and not accepted. None while there was no scan, which closes nothing."""
    scan = latest(row)
    if scan is None:
        return None
    found = Cluster.objects.filter(scan=scan, by="cause", severity__gt=RANK["ready"]).exclude(state__in=Cluster.SETTLED)
    return list(found.values_list("rule", flat=True).distinct())


def package_rules(row: Engagement) -> list[str] | None:
    """Checks that speak in the newest package; None while there is none, which closes nothing."""
    from uptake.web.packages.models import PackageRow

    last = PackageRow.objects.filter(engagement=row).first()
    return list(last.rules) if last else None


def addin_rules(row: Engagement) -> list[str] | None:
    """Rules of add-ins that still speak; None while nothing was collected, which closes nothing."""
    from uptake.web.addins.models import AddInFinding, AddInRow, Collection

    if not Collection.objects.filter(engagement=row, state="complete").exists():
        return None
    found = AddInFinding.objects.filter(addin__engagement=row, addin__devices_count__gt=0, severity__gt=RANK["ready"])
    return list(found.exclude(addin__state__in=AddInRow.SETTLED).values_list("rule", flat=True).distinct().order_by())
