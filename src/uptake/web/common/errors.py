"""Pages for what goes wrong: a sentence, and what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, title: str, what: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "what": what, "status": status}, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """404, also for what somebody must not know of."""
    return _page(request, 404, _("Nothing here"), _("There is no such page, or it is not yours to see."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """403."""
    return _page(
        request,
        403,
        _("Not for your role"),
        _("Your role does not include this. Ask the people who lead the engagement."),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """400."""
    return _page(request, 400, _("This request cannot be read"), _("Go back and try again."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The form is too old, or comes from another site."""
    return _page(
        request, 403, _("This form has expired"), _("Go back, load the page again and send the form once more.")
    )


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """500: without template or database, for either may be what is broken."""
    text = _("Something went wrong on our side. It was written to the log of the server.")
    return HttpResponse(f"<!doctype html><title>500</title><p>{text}</p>", status=500)
