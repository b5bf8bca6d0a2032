"""The two movements of nearly every page: show, and take a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from uptake.core.errors import UptakeError
from uptake.web.common.messages import say_error
from uptake.web.engagements.models import Engagement

Save = Callable[[dict[str, Any]], Any]


def show(
    request: HttpRequest, template: str, row: Engagement | None = None, *, status: int = 200, **context: Any
) -> HttpResponse:
    """A page; of an engagement with its head."""
    return render(request, template, {"engagement": row, **context}, status=status)


def form_page(
    request: HttpRequest, form: BaseForm, save: Save, back: str, *, title: str, row: Engagement | None = None,
    template: str = "form.html", done: str = "", **context: Any,
) -> HttpResponse:  # fmt: skip
    """Show a form, or take it: saved and on to `back`, or shown again with what is wrong and all that was typed."""
    if request.method == "POST" and form.is_valid():
        try:
            save(form.cleaned_data)
        except UptakeError as error:
            form.add_error(None, say_error(error))
        else:
            messages.success(request, done or _("Saved."))
            return redirect(back)
    status = 422 if request.method == "POST" else 200
    return show(request, template, row, status=status, form=form, title=title, back=back, **context)


def paged(request: HttpRequest, found: Any, size: int = 50) -> Page[Any]:
    """The page of a list that `?page=` names."""
    return Paginator(found, size).get_page(request.GET.get("page"))
