"""Reports on a schedule: made by the background worker, kept with their inputs, fetched and never mailed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command

from uptake.core.errors import UptakeError
from uptake.web.accounts.models import ApiToken
from uptake.web.config.demo import user_detail
from uptake.web.engagements.models import AuditEntry, Engagement, MeetingRow
from uptake.web.insights import reports, services
from uptake.web.insights.models import ReportPlan, ReportRow
from web_world import World

Post = Callable[..., Any]


def give(world: World, on: date, active: int = 50) -> None:
    services.take_report(world.member, world.fresh(), io.BytesIO(user_detail(on, 100, active)), "detail.csv")
    services.set_seats(world.member, world.fresh(), 100, on, "Product list")


def plan(world: World, today: date, every: str = "month", **more: Any) -> ReportPlan:
    values = {"every": every, "day": today.day, "languages": ["en", "ja"], "since": today, **more}
    return ReportPlan.objects.create(engagement=world.fresh(), **values)


def fetched(world: World, row: ReportRow, lang: str, kind: str) -> bytes:
    answer = world.client(world.member).get(f"/e/{world.row.pk}/usage/reports/{row.pk}/{lang}.{kind}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    return bytes(answer.content)


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_the_worker_makes_the_report_of_the_month_once_and_mails_nothing(world: World, today: date) -> None:
    give(world, today - timedelta(days=2))
    plan(world, today)
    for _ in range(2):
        call_command("due")
    row = ReportRow.objects.get()
    assert (row.state, row.on, row.data_date, row.languages) == (
        "ready",
        today,
        today - timedelta(days=2),
        ["en", "ja"],
    )
    assert "50.0 %" in fetched(world, row, "en", "html").decode()
    assert "有償シートの 50.0 %" in fetched(world, row, "ja", "html").decode()
    for lang in ("en", "ja"):
        for kind in ("xlsx", "pptx"):
            assert fetched(world, row, lang, kind).startswith(b"PK")
    assert AuditEntry.objects.filter(who="uptake", what="report").count() == 1
    assert mail.outbox == []


def test_a_kept_report_says_the_same_after_later_imports(world: World, today: date) -> None:
    give(world, today - timedelta(days=9))
    kept = reports.make(plan(world, today), today)
    assert kept is not None
    before = {kind: fetched(world, kept, "en", kind) for kind in ("html", "xlsx", "pptx")}
    give(world, today - timedelta(days=2), active=90)
    Engagement.objects.filter(pk=world.row.pk).update(customer="Renamed")
    assert fetched(world, kept, "en", "html") == before["html"]
    assert parts(fetched(world, kept, "en", "pptx")).keys() == parts(before["pptx"]).keys()
    for kind in ("xlsx", "pptx"):
        old, new = parts(before[kind]), parts(fetched(world, kept, "en", kind))
        assert [name for name in old if old[name] != new[name] and not name.endswith(".xlsx")] == []


def test_a_session_is_prepared_for_and_old_reports_stay(world: World, today: date) -> None:
    give(world, today - timedelta(days=2))
    it = plan(world, today, "session", days_before=3)
    assert reports.make(it, today) is None
    MeetingRow.objects.create(
        engagement=world.fresh(), kind="follow-on", on=today - timedelta(days=7), next_on=today + timedelta(days=4)
    )
    assert reports.due_plans(today) == []
    assert reports.due_plans(today + timedelta(days=1)) == [it]
    reports.make(it, today + timedelta(days=1))
    MeetingRow.objects.create(engagement=world.fresh(), kind="follow-on", on=today, next_on=today + timedelta(days=11))
    reports.make(it, today + timedelta(days=9))
    assert [each.on for each in ReportRow.objects.order_by("on")] == [
        today + timedelta(days=4),
        today + timedelta(days=11),
    ]


def test_a_failure_keeps_its_reason_and_is_tried_again(world: World, today: date) -> None:
    plan(world, today)
    for _ in range(2):
        call_command("due")
    row = ReportRow.objects.get()
    assert (row.state, row.tries) == ("failed", 2)
    page = world.client(world.member).get(f"/e/{world.row.pk}/usage/").content.decode()
    assert "There are no figures of usage with seats yet." in page
    assert AuditEntry.objects.filter(what="report").count() == 1
    give(world, today - timedelta(days=2))
    call_command("due")
    row.refresh_from_db()
    assert (row.state, row.problem, row.tries) == ("ready", "", 3)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(UptakeError("nothing works"), "nothing works"), (ZeroDivisionError("secret"), "ZeroDivisionError")],
)
def test_whatever_goes_wrong_is_recorded_without_its_innards(
    world: World, today: date, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def broken(_row: Engagement) -> Any:
        raise error

    give(world, today - timedelta(days=2))
    monkeypatch.setattr(reports, "book_of", broken)
    row = reports.make(plan(world, today), today)
    assert row is not None
    assert reason in row.problem
    assert "secret" not in row.problem


def test_the_schedule_is_chosen_on_a_page_and_leaves_its_trail(world: World, post: Post) -> None:
    answer = post("usage/reports/", every="session", day="1", days_before="5", languages=["ja"])
    assert answer.status_code == 302
    kept = ReportPlan.objects.get()
    assert (kept.every, kept.days_before, kept.languages) == ("session", 5, ["ja"])
    assert AuditEntry.objects.filter(what="report plan", after="session, 5 days before ja").exists()
    assert post("usage/reports/", every="daily", day="1", days_before="5", languages=["ja"]).status_code == 422
    assert post("usage/reports/", every="month", day="32", days_before="5", languages=[]).status_code == 422


def test_reports_of_others_and_languages_that_were_not_made_are_not_there(world: World, today: date) -> None:
    give(world, today - timedelta(days=2))
    row = reports.make(plan(world, today, languages=["en"]), today)
    assert row is not None
    path = f"/e/{world.row.pk}/usage/reports/{row.pk}"
    assert world.client(world.member).get(f"{path}/ja.html").status_code == 404
    assert world.client(world.member).get(f"{path}/en.pdf").status_code == 404
    assert world.client(world.customer).get(f"{path}/en.html").status_code == 403
    assert world.client(world.stranger).get(f"{path}/en.html").status_code == 404


def test_the_api_lists_reports_and_gives_their_files(world: World, today: date) -> None:
    give(world, today - timedelta(days=2))
    reports.make(plan(world, today), today)
    headers = {"Authorization": f"Bearer {ApiToken.make(world.member, 'test', 'read', 1)[1]}"}
    client, base = world.client(None), f"/api/engagements/{world.row.pk}/usage/reports"
    [found] = client.get(base, headers=headers).json()
    assert (found["occasion"], found["state"], found["languages"]) == ("month", "ready", ["en", "ja"])
    answer = client.get(f"{base}/file?report={found['id']}&language=ja&kind=pptx", headers=headers)
    assert answer.content.startswith(b"PK")
    assert client.get(f"{base}/file?report=999", headers=headers).status_code == 404
