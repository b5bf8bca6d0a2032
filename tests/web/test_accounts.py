"""Coming in: by invitation only, once; nothing tells who has an account; the second factor where it is required."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core.exceptions import ImmediateHttpResponse  # noqa: F401 - what the adapter may raise
from django.core.cache import cache
from django.test import Client

from uptake.web.accounts.adapter import KnownPeopleOnly
from uptake.web.accounts.models import Invitation, Membership, Organisation, User
from uptake.web.config.server import first_link
from uptake.web.engagements.models import AuditEntry, Participant
from web_world import World

PASSWORD = "a long password of tests"


@pytest.fixture(autouse=True)
def _no_limits_of_other_tests() -> None:
    cache.clear()


def test_the_link_of_the_terminal_makes_the_first_administrator_once(db: None) -> None:
    link = first_link("http://x")
    path = link.removeprefix("http://x")
    client = Client()
    assert client.get(path).status_code == 200
    form = {"name": "Ada", "email": "ada@example.org", "password": "correct horse battery", "language": "ja"}
    assert client.post(path, form)["Location"] == "/"
    assert Membership.objects.get(user__email="ada@example.org").role == "admin"
    assert Client().get(path).status_code == 404
    assert first_link("http://x") == ""


def test_a_new_link_makes_the_old_one_worthless(db: None) -> None:
    old = first_link("")
    first_link("")
    assert Client().get(old).status_code == 404


def test_an_invitation_brings_role_team_and_the_engagements_that_name_the_address(world: World) -> None:
    Participant.objects.create(engagement=world.row, name="New", role="FM", email="new@example.org")
    made, token = Invitation.make(world.org, email="new@example.org", role="member")
    made.teams.add(world.team)
    client = Client()
    answer = client.post(f"/join/{token}/", {"name": "New", "password": "correct horse battery", "language": "en"})
    assert answer.status_code == 302
    user = User.objects.get(email="new@example.org")
    assert list(user.memberships.get().teams.all()) == [world.team]
    assert Participant.objects.get(email="new@example.org").user == user
    assert client.get(f"/e/{world.row.pk}/").status_code == 200
    assert AuditEntry.objects.filter(action="joined").exists()


@pytest.mark.parametrize(("password", "why"), [("short", "too short"), ("password12345", "too common")])
def test_a_weak_password_is_refused_beside_its_field(world: World, password: str, why: str) -> None:
    _made, token = Invitation.make(world.org, email="new@example.org")
    answer = Client().post(f"/join/{token}/", {"name": "New", "password": password, "language": "en"})
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_expired_invitation_is_nothing(world: World) -> None:
    _made, token = Invitation.make(world.org, email="new@example.org", days=-1)
    assert Client().get(f"/join/{token}/").status_code == 404


def sign_in(email: str, password: str) -> Any:
    return Client().post("/account/login/", {"login": email, "password": password})


def test_a_wrong_password_and_a_stranger_get_the_same_answer(world: World) -> None:
    known, unknown = (
        sign_in("ada@example.org", "wrong password here"),
        sign_in("nobody@example.org", "wrong password here"),
    )
    assert known.status_code == unknown.status_code == 200

    def errors(answer: Any) -> list[str]:
        return [str(each) for each in answer.context["form"].non_field_errors()]

    assert errors(known) == errors(unknown) != []


def test_guessing_passwords_is_stopped(world: World) -> None:
    for _ in range(6):
        sign_in("ada@example.org", "wrong password here")
    answer = sign_in("ada@example.org", PASSWORD)
    assert "_auth_user_id" not in answer.client.session
    assert "Too many" in answer.content.decode()


def test_the_right_password_lets_in_and_nobody_registers_alone(world: World) -> None:
    assert sign_in("ada@example.org", PASSWORD)["Location"] == "/"
    page = Client().get("/account/signup/").content.decode()
    assert "By invitation only" in page
    Client().post("/account/signup/", {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(email="x@example.org").exists()


def test_where_a_second_factor_is_required_nothing_opens_without_one(world: World) -> None:
    Organisation.objects.filter(pk=world.org.pk).update(requires_mfa=True)
    client = world.client(world.member)
    answer = client.get("/portfolio/")
    assert answer.status_code == 302
    assert answer["Location"] == "/account/2fa/totp/activate/"


def test_a_second_factor_is_asked_for_at_sign_in(world: World) -> None:
    from allauth.mfa.totp.internal.auth import (
        TOTP,
        format_hotp_value,
        generate_totp_secret,
        hotp_value,
        yield_hotp_counters_from_time,
    )

    secret = generate_totp_secret()
    TOTP.activate(world.member, secret)
    client = Client()
    answer = client.post("/account/login/", {"login": world.member.email, "password": PASSWORD})
    assert answer["Location"].startswith("/account/2fa/authenticate/")
    assert client.get("/portfolio/").status_code == 302
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    assert client.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/account/2fa/authenticate/", {"code": code})["Location"] == "/"
    assert client.get("/portfolio/").status_code == 200


@pytest.mark.parametrize(
    ("claims", "is_let_in"),
    [
        ({"email": "ben@example.org", "email_verified": True}, True),
        ({"email": "ben@example.org", "xms_edov": "1"}, True),
        ({"email": "ben@example.org"}, False),  # any tenant can claim any address
        ({"email": "ben@example.org", "email_verified": False}, False),
        ({"email": "nobody@example.org", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_single_sign_on_opens_only_the_account_of_a_verified_invited_address(
    world: World, claims: dict[str, Any], is_let_in: bool
) -> None:
    connected: list[User] = []
    login = SimpleNamespace(
        is_existing=False,
        account=SimpleNamespace(extra_data=claims),
        connect=lambda _request, user: connected.append(user),
    )
    KnownPeopleOnly().pre_social_login(None, login)  # type: ignore[arg-type]
    assert connected == ([world.member] if is_let_in else [])


def test_the_last_administrator_stays(world: World) -> None:
    client = world.client(world.admin)
    membership = Membership.objects.get(user=world.admin)
    client.post(f"/organisation/{world.org.pk}/member/{membership.pk}/")
    client.post(f"/organisation/{world.org.pk}/member/{membership.pk}/", {"role": "member"})
    assert Membership.objects.get(pk=membership.pk).role == "admin"


def test_who_leaves_the_organisation_sees_nothing_more(world: World) -> None:
    membership = Membership.objects.get(user=world.guest)
    world.client(world.admin).post(f"/organisation/{world.org.pk}/member/{membership.pk}/")
    assert world.client(world.guest).get(f"/e/{world.row.pk}/").status_code == 404


def test_every_answer_carries_a_strict_policy_and_no_script_of_its_own(world: World) -> None:
    client = world.client(world.member)
    for path in ("/portfolio/", f"/e/{world.row.pk}/", "/me/"):
        answer = client.get(path)
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer["Cache-Control"] == "no-store"
        html = answer.content.decode()
        assert "<script>" not in html
        assert " style=" not in html
        assert " onclick" not in html


def test_the_language_is_kept_for_the_person(world: World) -> None:
    client = world.client(world.member)
    client.post("/language/", {"language": "ja", "next": "/portfolio/"})
    assert "ポートフォリオ" in client.get("/portfolio/").content.decode()
    assert client.post("/language/", {"language": "en", "next": "https://evil.example/"})["Location"] == "/"


def test_a_token_is_shown_once_and_not_stored(world: World) -> None:
    client = world.client(world.member)
    answer = client.post("/me/token/", {"name": "script", "scope": "read", "days": "30"})
    token = answer.context["text"]
    assert token in answer.content.decode()
    made = world.member.tokens.get()
    assert token not in made.token_digest
    assert client.get("/api/engagements", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    client.post(f"/me/token/{made.pk}/revoke/")
    assert client.get("/api/engagements", headers={"Authorization": f"Bearer {token}"}).status_code == 401
