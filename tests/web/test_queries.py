"""The number of queries of a page does not grow with what it shows."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from uptake.guide.engagement import Note
from uptake.web.addins.models import AddInRow, Collection, DeviceRow, Installed
from uptake.web.assessments.models import Cluster, FindingRow, Scan
from uptake.web.config.demo import user_detail
from uptake.web.engagements import services
from uptake.web.engagements.models import NoteRow
from uptake.web.insights import services as services_of_usage
from web_world import World, values_of

BOUNDS = {"/portfolio/": 14, "/e/{pk}/": 26, "/e/{pk}/board/": 24, "/e/{pk}/tasks/": 24, "/e/{pk}/notes/": 14, "/e/{pk}/readiness/": 16,
          "/e/{pk}/addins/": 20, "/e/{pk}/addins/devices/": 14, "/e/{pk}/checklist/": 36, "/e/{pk}/audit/": 13, "/reminders/": 14,
          "/e/{pk}/usage/": 19, "/watch/": 12}  # fmt: skip


def _grow(world: World, times: int) -> None:
    for number in range(times):
        services.create(world.member, world.org, values_of(customer=f"Customer {number}", team=world.team))
    note = Note("N1", "Called because of the date", "Ben", "FM", timezone.localdate())
    NoteRow.objects.bulk_create(
        NoteRow(
            engagement=world.row, stream=note.stream, text=note.text, author=note.author, author_role="FM", on=note.on
        )
        for _ in range(times * 5)
    )
    scan, _made = Scan.objects.get_or_create(
        engagement=world.row,
        name="x",
        defaults={"file": "x", "size": 1, "ran_on": timezone.localdate(), "state": "complete"},
    )
    for months in range(times):
        on = timezone.localdate() - timedelta(days=2 + 30 * months)
        services_of_usage.take_report(world.member, world.fresh(), io.BytesIO(user_detail(on, 20, 12)), "detail.csv")
    services_of_usage.set_seats(
        world.member, world.fresh(), 20, timezone.localdate() - timedelta(days=900), "Product list"
    )
    for number in range(times):
        key = f"{times}-{number}"
        cluster = Cluster.objects.create(
            scan=scan, by="cause", key=key, title=key, rule="B01", severity=3, findings_count=1, files_count=1
        )
        FindingRow.objects.create(cause=cluster, path="a.xlsm")
    collection = Collection.objects.create(engagement=world.row, name="x", file="x", size=1, state="complete")
    for number in range(times):
        key = f"{times}-{number}"
        addin = AddInRow.objects.create(
            engagement=world.row, app="excel", key=key, title=key, kind="com", devices_count=1, rules=["A01", "A08"]
        )
        device = DeviceRow.objects.create(
            engagement=world.row, collection=collection, name=key, key=key, collected_at=timezone.now(), department=key
        )
        Installed.objects.create(device=device, addin=addin, bitness="any")


@pytest.mark.parametrize("path", BOUNDS)
def test_a_page_asks_the_same_number_of_questions_for_few_and_for_many(
    world: World, path: str, post: Callable[..., object]
) -> None:
    post("checklist/questions/m365-apps/", **{"A-ID-01": "no"})
    post("checklist/generate/")
    client = world.client(world.member)
    counts = []
    for times in (2, 20):
        _grow(world, times)
        client.get(path.format(pk=world.row.pk))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path.format(pk=world.row.pk)).status_code == 200
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 1, counts
    assert counts[1] <= BOUNDS[path]
