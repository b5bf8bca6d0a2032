"""`python -m django due`: put what is due into the queue; `uptake serve` calls it every hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from uptake.web.insights.tasks import enqueue_due


class Command(BaseCommand):
    """Verdicts that are older than a day, reports that should be fetched, and reports that should be made."""

    help = "Put what is due into the queue: verdicts of today, reports from Microsoft Graph, reports for sessions."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Enqueue and say how much."""
        verdicts, tenants, reports = enqueue_due()
        self.stdout.write(f"{verdicts} verdicts, {tenants} tenants, {reports} reports")
