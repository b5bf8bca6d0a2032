"""Whether the server lives; for load balancers and containers."""

from django.db import connection
from django.http import HttpRequest, JsonResponse

from uptake.web.common.access import public


@public
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """`{"status": "ok"}` when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
