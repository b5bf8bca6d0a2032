"""What pages and the API ask of the packages and the roll-out of an engagement."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from uptake.web.engagements.models import Engagement
from uptake.web.packages.models import InventoryRow, PackageRow


def version_of(row: Engagement, number: int) -> PackageRow:
    """A version of the configuration; what is not there is not found."""
    return get_object_or_404(PackageRow, engagement=row, number=number)


def newest_inventory(row: Engagement) -> InventoryRow:
    """The inventory that counts; without one there is no pilot to be found."""
    found = InventoryRow.objects.filter(engagement=row).first()
    if found is None:
        raise Http404
    return found
