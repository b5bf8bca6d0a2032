"""Who may come in: people who were invited. Nobody registers by themselves, with a password or by single sign-on."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from uptake.web.accounts.models import User


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """No sign-up page; an invitation makes the account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing is mailed."""


class KnownPeopleOnly(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on opens the account of the person whom the identity provider names by a verified address, and makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Tie the identity to the invited person on the first sign-in; the subject id counts from then on."""
        if sociallogin.is_existing:
            return
        claims = sociallogin.account.extra_data or {}
        claims = claims.get("userinfo") or claims.get("id_token") or claims
        address = str(claims.get("email") or "").lower()
        # An address that its tenant does not vouch for can be anybody's: Entra ID says `xms_edov`, others `email_verified`.
        is_vouched = str(claims.get("email_verified", claims.get("xms_edov", ""))).lower() in ("true", "1")
        user = User.objects.filter(email=address, is_active=True).first() if address and is_vouched else None
        if user:
            sociallogin.connect(request, user)
