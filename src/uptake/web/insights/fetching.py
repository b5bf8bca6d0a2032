"""Reports fetched from Microsoft Graph on a schedule, by the background worker, through the same import as an upload.

The application is the server's: UPTAKE_GRAPH_CLIENT_ID, and UPTAKE_GRAPH_CERTIFICATE or UPTAKE_GRAPH_SECRET as a reference
(`env:NAME`, `file:/path`, `command:vault read …`). No secret, no token and no address of a download is stored or logged.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from uptake.adapters.graph.clouds import cloud_named, consent_link
from uptake.adapters.graph.pulling import Connection, Pulled, pull
from uptake.adapters.graph.secrets import Application
from uptake.core.errors import UptakeError
from uptake.web.insights.models import GraphTenant
from uptake.web.insights.services import take_report

LICENCES, USERS, ACTIVATIONS = "subscribed_skus", "m365_app_user_detail", "activations_user_counts"


def application(environment: Mapping[str, str] = os.environ) -> Application | None:
    """The server's application; None where none is configured."""
    client_id = environment.get("UPTAKE_GRAPH_CLIENT_ID", "")
    certificate, secret = environment.get("UPTAKE_GRAPH_CERTIFICATE", ""), environment.get("UPTAKE_GRAPH_SECRET", "")
    return Application(client_id, certificate, secret) if client_id and (certificate or secret) else None


def consent_for(row: GraphTenant, state: str) -> str:
    """Where the customer's administrator agrees, once; empty where no application is configured."""
    found = application()
    if found is None:
        return ""
    return consent_link(cloud_named(row.cloud), row.tenant, found.client_id, settings.PUBLIC_URL, state)


def due() -> list[GraphTenant]:
    """Tenants whose reports should be fetched now; one that failed is tried again after a day."""
    now = timezone.now()
    found = []
    for row in GraphTenant.objects.filter(is_on=True).select_related("engagement__organisation"):
        is_late = row.fetched_at is None or now - row.fetched_at >= timedelta(days=row.every_days)
        is_rested = row.tried_at is None or now - row.tried_at >= timedelta(days=1)
        if is_late and is_rested:
            found.append(row)
    return found


def fetch(rows: list[GraphTenant], connect: Any = None) -> int:
    """Fetch and import; how many tenants came through. What is wrong is kept with its tenant, and costs nobody else."""
    found = application()
    if found is None:
        GraphTenant.objects.filter(pk__in=[row.pk for row in rows]).update(
            tried_at=timezone.now(), problem="no application is configured on this server (UPTAKE_GRAPH_CLIENT_ID)"
        )
        return 0
    good = 0
    for cloud in sorted({row.cloud for row in rows}):
        mine = {row.tenant: row for row in rows if row.cloud == cloud}
        connection = connect(cloud, found) if connect else Connection(cloud_named(cloud), found)
        with tempfile.TemporaryDirectory(prefix="uptake-graph-") as folder:
            etags = {(tenant, name): etag for tenant, row in mine.items() for name, etag in row.etags.items()}
            for pulled in pull(mine, Path(folder), connection, etags=etags):
                good += _keep(mine[pulled.tenant], pulled, Path(folder) / pulled.tenant)
    return good


def _keep(row: GraphTenant, pulled: Pulled, folder: Path) -> bool:
    """Import what came of one tenant. Users first: seats need a data date to stand beside."""
    problems = [f"{each.name}: {each.problem} {each.hint}".strip() for each in pulled.problems]
    for name in (USERS, LICENCES, ACTIVATIONS):
        file = pulled.file(name)
        if file:
            try:
                with (folder / file).open("rb") as source:
                    take_report("uptake", row.engagement, source, f"{name} of {row.tenant}")
            except UptakeError as error:
                problems.append(f"{name}: {error}")
    now = timezone.now()
    etags = {each.name: each.etag for each in pulled.items if each.etag and not each.problem}
    values: dict[str, Any] = {
        "tried_at": now,
        "problem": "\n".join(problems[:10]),
        "etags": {**row.etags, **etags},
        "is_concealed": pulled.concealed,
    }
    if not problems:
        values["fetched_at"] = now
    GraphTenant.objects.filter(pk=row.pk).update(**values)
    return not problems
