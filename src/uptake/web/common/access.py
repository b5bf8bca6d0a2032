"""Who may open what. Every view is declared with one of the decorators here; a test walks all addresses and fails for one without.

Why one file: a rule that is written in each view is forgotten in the next one. Somebody who may not know that an engagement
exists gets “not found”, the same as for a number that was never given out.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from uptake.web.accounts.models import Membership, Organisation, Team, User
from uptake.web.engagements.models import Engagement, Participant

CUSTOMER_ROLES = frozenset(("CUSTOMER-IT", "CUSTOMER-PM", "SPONSOR", "CHAMPION"))
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Level(IntEnum):
    """What a person may do in one engagement; each level holds the ones below it."""

    NONE = 0
    CUSTOMER = 1
    """Sees its own progress, answers questionnaires, acknowledges items."""
    MEMBER = 2
    """Works on it."""
    ADMIN = 3
    """Administers the organisation that it belongs to."""


def user_of(request: HttpRequest) -> User:
    """The person who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def memberships(user: User) -> list[Membership]:
    """What a person belongs to, asked for once a request: the person is loaded anew for each."""
    found: list[Membership] | None = getattr(user, "_memberships", None)
    if found is None:
        found = list(user.memberships.select_related("organisation"))
        user._memberships = found  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def level(user: User, engagement: Engagement) -> Level:
    """What a person may do in an engagement."""
    if not user.is_active:
        return Level.NONE
    membership = next((each for each in memberships(user) if each.organisation_id == engagement.organisation_id), None)
    if membership and membership.role == Membership.Role.ADMIN:
        return Level.ADMIN
    is_customer = membership is not None and membership.role == Membership.Role.CUSTOMER
    if (
        membership
        and not is_customer
        and engagement.team_id
        and membership.teams.filter(pk=engagement.team_id).exists()
    ):
        return Level.MEMBER
    roles = set(Participant.objects.filter(engagement=engagement, user=user).values_list("role", flat=True))
    if roles - CUSTOMER_ROLES and not is_customer:
        return Level.MEMBER
    return Level.CUSTOMER if roles else Level.NONE


def visible_to(user: User, least: Level = Level.MEMBER) -> QuerySet[Engagement]:
    """All engagements in which a person has at least a level."""
    mine = memberships(user)
    administered = [each.organisation_id for each in mine if each.role == Membership.Role.ADMIN]
    as_member = [each.pk for each in mine if each.role == Membership.Role.MEMBER]
    teams = list(Team.objects.filter(members__in=as_member).values_list("pk", flat=True)) if as_member else []
    roles = Participant.objects.filter(user=user)
    if least >= Level.MEMBER:
        customer_of = [each.organisation_id for each in mine if each.role == Membership.Role.CUSTOMER]
        roles = roles.exclude(role__in=CUSTOMER_ROLES).exclude(engagement__organisation__in=customer_of)
    # Roles in engagements of an organisation that one administers add nothing, and leaving them out spares the database the list.
    roles = roles.exclude(engagement__organisation__in=administered) if administered else roles
    found = Q(pk__in=list(roles.values_list("engagement", flat=True)))
    if administered:
        found |= Q(organisation_id__in=administered)
    if teams:
        found |= Q(team_id__in=teams)
    return Engagement.objects.filter(found)


def is_delivery(user: User) -> bool:
    """Whether somebody belongs to an organisation as more than a customer."""
    return any(each.role != Membership.Role.CUSTOMER for each in memberships(user))


def _declared(view: View, access: str) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """For everybody, also without signing in."""
    return _declared(view, "public")


def signed_in(view: View) -> View:
    """For everybody who has signed in."""
    return _declared(login_required(view), "signed-in")


def delivery(view: View) -> View:
    """For members and administrators of an organisation, not for customers."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        if not is_delivery(user_of(request)):
            raise PermissionDenied
        return view(request, *args, **more)

    return _declared(login_required(checked), "delivery")  # type: ignore[return-value]


def org_admin(view: View) -> View:
    """For administrators of the organisation whose number is in the address; the view receives the organisation."""

    @wraps(view)
    def checked(request: HttpRequest, organisation: int, *args: Any, **more: Any) -> HttpResponseBase:
        found = get_object_or_404(
            Organisation, pk=organisation, memberships__user=user_of(request), memberships__role=Membership.Role.ADMIN
        )
        return view(request, found, *args, **more)

    return _declared(login_required(checked), "org-admin")  # type: ignore[return-value]


def engagement_for(user: User, pk: int, least: Level) -> Engagement:
    """The engagement when somebody has the level. Raises `Http404` when they must not know of it, `PermissionDenied` below."""
    row = Engagement.objects.select_related("organisation", "team").filter(pk=pk).first()
    have = level(user, row) if row else Level.NONE
    if row is None or have is Level.NONE:
        raise Http404
    if have < least:
        raise PermissionDenied
    row.level = have  # type: ignore[attr-defined]
    return row


def within(least: Level) -> Callable[[View], View]:
    """For people with a level in the engagement whose number is in the address; the view receives the engagement."""

    def declare(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, pk: int, *args: Any, **more: Any) -> HttpResponseBase:
            return view(request, engagement_for(user_of(request), pk, least), *args, **more)

        return _declared(login_required(checked), f"engagement:{least.name.lower()}")  # type: ignore[return-value]

    return declare


member = within(Level.MEMBER)
customer = within(Level.CUSTOMER)
engagement_admin = within(Level.ADMIN)
