"""People, organisations and an engagement for the tests of the web application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from uptake.web.accounts.models import Membership, Organisation, Team, User
from uptake.web.engagements import services
from uptake.web.engagements.models import Engagement


@dataclass
class World:
    """One partner with two teams, another partner, and an engagement of the first team."""

    org: Organisation
    other_org: Organisation
    team: Team
    admin: User
    member: User
    """Of the team that has the engagement."""
    colleague: User
    """Of another team of the same organisation."""
    guest: User
    """Of no team, with a role in the engagement."""
    customer: User
    other_customer: User
    stranger: User
    """Administrator of the other organisation."""
    row: Engagement

    def client(self, user: User | None) -> Client:
        client = Client()
        if user:
            client.force_login(user)
        return client

    def fresh(self) -> Engagement:
        return Engagement.objects.get(pk=self.row.pk)


def _person(org: Organisation, name: str, role: str, *teams: Team) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.org", "a long password of tests", name=name)
    membership = Membership.objects.create(user=user, organisation=org, role=role)
    membership.teams.set(teams)
    return user


def values_of(**more: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "customer": "Contoso Kansai", "tenant": "contoso.example", "cloud": "commercial", "seats": 4200, "intent": "yes",
        "intent_on": today - timedelta(days=9), "intent_said_by": "CIO", "scope": ["OPP"], "team": None,
        "playbook_version": "2020-04-30", "engagement_scenario": "partner-led", **more,
    }  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    org = Organisation.objects.create(name="Partner")
    other = Organisation.objects.create(name="Rival")
    team, elsewhere = (
        Team.objects.create(organisation=org, name="One"),
        Team.objects.create(organisation=org, name="Two"),
    )
    admin = _person(org, "Ada", "admin")
    member = _person(org, "Ben", "member", team)
    colleague = _person(org, "Cem", "member", elsewhere)
    guest = _person(org, "Gil", "member")
    customer, other_customer = _person(org, "Kai", "customer"), _person(org, "Lou", "customer")
    stranger = _person(other, "Sam", "admin")
    row = services.create(member, org, values_of(team=team))
    services.add_person(member, row, "Ben", "FE", member.email)
    services.add_person(member, row, "Gil", "SME", guest.email)
    services.add_person(member, row, "Kai", "CUSTOMER-IT", customer.email)
    return World(
        org,
        other,
        team,
        admin,
        member,
        colleague,
        guest,
        customer,
        other_customer,
        stranger,
        Engagement.objects.get(pk=row.pk),
    )


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def post(world: World) -> Callable[..., Any]:
    """Post a form as the member; the answer."""
    client = world.client(world.member)

    def send(path: str, **values: Any) -> Any:
        return client.post(f"/e/{world.row.pk}/{path}", values)

    return send
