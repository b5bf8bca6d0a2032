"""What every template can use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from uptake import __version__
from uptake.web.accounts.models import Membership, User
from uptake.web.common.access import memberships


def shared(request: HttpRequest) -> dict[str, Any]:
    """The version, and what the person belongs to."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"version": __version__, "has_sso": bool(settings.SOCIALACCOUNT_PROVIDERS)}
    mine = memberships(user)
    return {
        "version": __version__,
        "is_delivery": any(each.role != Membership.Role.CUSTOMER for each in mine),
        "administered": [each.organisation for each in mine if each.role == Membership.Role.ADMIN],
    }
