"""What operations of the API share: bounded types, the forms of a refusal, who asks and for which engagement."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from uptake.web.accounts.models import User
from uptake.web.common.access import Level, engagement_for
from uptake.web.engagements.models import Engagement

Text = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]
Long = Annotated[str, Field(max_length=20_000, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
PAGE = 100


class Problem(Schema):
    """Why something was refused."""

    detail: str
    hint: str = ""


PROBLEMS: dict[Any, Any] = {401: Problem, 403: Problem, 404: Problem, 409: Problem}


def user_of_token(request: HttpRequest) -> User:
    """The person whose token it is."""
    user: User = request.auth  # type: ignore[attr-defined]
    return user


def row_of(request: HttpRequest, pk: int, least: Level = Level.MEMBER) -> Engagement:
    """The engagement, when the person may do that much in it; else it is not there."""
    return engagement_for(user_of_token(request), pk, least)
