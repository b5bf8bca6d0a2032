"""Reports from Microsoft Graph on a schedule: the same connector and import, against a server of our own over TLS."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from web_world import World

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "adapters"))
from fake_graph import FakeGraph, Tenant, detail, serving

from uptake.adapters.graph.pulling import Connection
from uptake.adapters.graph.secrets import Application
from uptake.web.insights.fetching import application, due, fetch
from uptake.web.insights.models import GraphTenant, SnapshotRow, UsageImport, VerdictRow
from uptake.web.insights.tasks import enqueue_due


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGraph]:
    monkeypatch.setenv("UPTAKE_GRAPH_CLIENT_ID", "app")
    monkeypatch.setenv("UPTAKE_GRAPH_SECRET", "env:TEST_GRAPH_SECRET")
    monkeypatch.setenv("TEST_GRAPH_SECRET", "very secret")
    with serving() as fake:
        yield fake


def connecting(graph: FakeGraph) -> Callable[[str, Application], Connection]:
    return lambda _cloud, found: Connection(graph.cloud, found, graph.trust)


def reports() -> dict[str, bytes]:
    return {"getM365AppUserDetail": detail(5, str(timezone.localdate() - timedelta(days=2)))}


def of(world: World, tenant: str = "t") -> GraphTenant:
    return GraphTenant.objects.create(engagement=world.row, tenant=tenant)


def test_what_is_fetched_is_imported_like_an_upload(
    world: World, graph: FakeGraph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    graph.tenants["t"] = Tenant(reports=reports())
    fetch([of(world)], connecting(graph))
    assert SnapshotRow.objects.get(engagement=world.row).value["active"]["any"] == 5
    assert UsageImport.objects.filter(by="uptake", report="m365_app_user_detail").count() == 1
    row = GraphTenant.objects.get()
    assert row.is_concealed is True
    page = world.client(world.member).get(f"/e/{world.row.pk}/usage/tenant/").content.decode()
    assert "Names of users are concealed" in page
    for secret in (*graph.secrets, "very secret"):
        assert secret not in caplog.text
        assert secret not in page
        assert secret not in row.problem


def test_a_tenant_that_fails_keeps_its_problem_and_rests_a_day(world: World, graph: FakeGraph) -> None:
    graph.tenants["t"] = Tenant(consent=False)
    row = of(world)
    assert due() == [row]
    assert fetch([row], connecting(graph)) == 0
    assert "consent" in GraphTenant.objects.get().problem
    assert due() == []
    GraphTenant.objects.update(tried_at=timezone.now() - timedelta(days=2))
    assert len(due()) == 1


def test_without_an_application_nothing_is_tried_and_the_page_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UPTAKE_GRAPH_CLIENT_ID", raising=False)
    assert application() is None
    fetch([of(world)])
    assert "UPTAKE_GRAPH_CLIENT_ID" in GraphTenant.objects.get().problem
    assert (
        "UPTAKE_GRAPH_CLIENT_ID" in world.client(world.member).get(f"/e/{world.row.pk}/usage/tenant/").content.decode()
    )


def test_verdicts_of_yesterday_are_made_again_today(world: World, graph: FakeGraph) -> None:
    graph.tenants["t"] = Tenant(reports=reports())
    fetch([of(world)], connecting(graph))
    VerdictRow.objects.update(as_of=timezone.localdate() - timedelta(days=1))
    GraphTenant.objects.update(is_on=False)
    assert enqueue_due() == (1, 0, 0)
    assert VerdictRow.objects.filter(as_of=timezone.localdate()).exists()
    assert enqueue_due() == (0, 0, 0)


@pytest.mark.parametrize("tenant", ["", "../../etc", "a b", "https://x", "-x"])
def test_a_tenant_that_is_no_name_is_refused_at_the_form(world: World, post: Callable[..., Any], tenant: str) -> None:
    assert post("usage/tenant/", tenant=tenant, cloud="global", every_days="7").status_code == 422
    assert not GraphTenant.objects.exists()


def test_the_consent_link_is_shown_for_the_tenant(world: World, post: Callable[..., Any], graph: FakeGraph) -> None:
    assert (
        post("usage/tenant/", tenant="contoso.example", cloud="global", every_days="7", is_on="on").status_code == 302
    )
    page = world.client(world.member).get(f"/e/{world.row.pk}/usage/tenant/").content.decode()
    assert "login.microsoftonline.com/contoso.example/" in page
    assert "very secret" not in page
