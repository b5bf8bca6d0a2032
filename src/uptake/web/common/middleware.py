"""Headers for every answer, the person's language and time zone, and the second factor where an organisation asks for it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from uptake.web.accounts.models import User
from uptake.web.common.access import memberships

Answer = Callable[[HttpRequest], HttpResponse]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'{issuer}; frame-ancestors 'none'; base-uri 'none'"
)
FREE_OF_MFA = ("/account/", "/static/", "/language/", "/health")


def security_headers(answer: Answer) -> Answer:
    """A strict content security policy and what else a browser should not do."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        # Single sign-on leaves by a form; the browser checks the address that it is sent on to as well.
        issuer = " https:" if settings.SOCIALACCOUNT_PROVIDERS and request.path.startswith("/account/") else ""
        response.headers.setdefault("Content-Security-Policy", POLICY.format(issuer=issuer))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def personal_settings(answer: Answer) -> Answer:
    """Language and time zone of the person who is signed in; before that those of the browser."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return answer(request)
        with translation.override(request.user.language), timezone.override(_zone(request.user.time_zone)):
            request.LANGUAGE_CODE = request.user.language
            response = answer(request)
            response.headers["Content-Language"] = request.user.language
            return response

    return middleware


@lru_cache(maxsize=1000)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    """A time zone by name; the server's for one that this machine does not know."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def second_factor(answer: Answer) -> Answer:
    """Who must have a second factor and has none yet sets it up before anything else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if (
            isinstance(user, User)
            and not request.path.startswith(FREE_OF_MFA)
            and _must(user)
            and not is_mfa_enabled(user)
        ):
            return redirect("mfa_activate_totp")
        return answer(request)

    return middleware


def _must(user: User) -> bool:
    return settings.REQUIRE_MFA or any(each.organisation.requires_mfa for each in memberships(user))
