"""`python -m django due`: put what is due into the queue; `uptake serve` calls it every hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from uptake.web.insights.tasks import enqueue_due


class Command(BaseCommand):
    """Verdicts that are older than a day, and reports that should be fetched."""

    help = "Put what is due into the queue: verdicts of today, reports from Microsoft Graph."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Enqueue and say how much."""
        verdicts, tenants = enqueue_due()
        self.stdout.write(f"{verdicts} verdicts, {tenants} tenants")
