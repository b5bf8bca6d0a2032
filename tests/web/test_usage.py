"""Usage inside an engagement: reports in, verdicts with their proof, cases through each of the four branches."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from uptake.core.plain import as_plain as stored
from uptake.core.plain import from_plain as restored
from uptake.prove.acceleration.case import Case
from uptake.prove.usage.rules import Judgement, Verdict
from uptake.prove.usage.snapshots import Snapshot
from uptake.web.accounts.models import ApiToken, Organisation, User
from uptake.web.config.demo import user_detail as report_of
from uptake.web.engagements import services as engagements
from uptake.web.engagements.models import AuditEntry
from uptake.web.engagements.store import load
from uptake.web.insights import services
from uptake.web.insights.models import CaseRow, SnapshotRow, SolutionRow, Standing, UsageImport, VerdictRow
from web_world import World

Post = Callable[..., Any]


def give(world: World, today: date, *percents: int, users: int = 200) -> None:
    """Monthly figures up to two days ago, the newest last, with seats."""
    for months, percent in enumerate(reversed(percents)):
        on = today - timedelta(days=2 + 30 * months)
        services.take_report(
            world.member, world.fresh(), io.BytesIO(report_of(on, users, users * percent // 100)), "detail.csv"
        )
    services.set_seats(
        world.member, world.fresh(), users, today - timedelta(days=2 + 30 * (len(percents) - 1)), "Product list"
    )


def page(world: World, path: str) -> Any:
    return world.client(world.member).get(f"/e/{world.row.pk}/{path}")


def test_a_report_becomes_a_percentage_with_everything_it_is_made_of(world: World, today: date) -> None:
    client = world.client(world.member)
    body = SimpleUploadedFile("ProPlusUsageUserDetail.csv", report_of(today - timedelta(days=2), 100, 41))
    assert client.post(f"/e/{world.row.pk}/usage/import/", {"file": body}).status_code == 302
    assert "no seats" in page(world, "usage/").content.decode()
    client.post(
        f"/e/{world.row.pk}/usage/seats/",
        {"seats": "100", "on": str(today - timedelta(days=2)), "source": "Product list"},
    )
    html = page(world, "usage/").content.decode()
    for part in ("41.0 %", "<b>41</b>", "<b>100</b>", "any/28/paid", "Product list", "ProPlusUsageUserDetail.csv"):
        assert part in html, part


def test_importing_twice_changes_nothing_and_another_figure_restates_the_date(world: World, today: date) -> None:
    on = today - timedelta(days=2)
    for active in (40, 40, 45):
        services.take_report(world.member, world.fresh(), io.BytesIO(report_of(on, 100, active)), "detail.csv")
    assert [each.outcome for each in UsageImport.objects.order_by("pk")] == ["added", "unchanged", "restated"]
    kept = restored(Snapshot, SnapshotRow.objects.get().value)
    assert (kept.active.any, kept.before[0].active.any) == (45, 40)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing,here\n1,2\n",
        b"\x00\x01\x02",
        b"{}",
        "Report Refresh Date,User Principal Name\r\n".encode("utf-16"),
    ],
)
def test_what_is_no_report_is_refused_at_the_form_and_nothing_is_stored(world: World, body: bytes) -> None:
    answer = world.client(world.member).post(
        f"/e/{world.row.pk}/usage/import/", {"file": SimpleUploadedFile("x.csv", body)}
    )
    assert answer.status_code == 422
    assert not SnapshotRow.objects.exists()


def as_workbook(report: bytes) -> bytes:
    """A CSV report as Excel saves it."""
    book = openpyxl.Workbook()
    for line in csv.reader(io.StringIO(report.decode("utf-8-sig"), newline="")):
        book.worksheets[0].append(line)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_reports_and_product_lists_are_taken_as_workbooks(world: World, today: date) -> None:
    client, path = world.client(world.member), f"/e/{world.row.pk}/usage/import/"
    products = b"Product Title,Total Licenses,Expired Licenses,Assigned licenses,Status Message\r\nMicrosoft 365 Apps for enterprise,100,0,80,\r\n"
    for body in (report_of(today - timedelta(days=2), 100, 41), products):
        given = SimpleUploadedFile("export.xlsx", as_workbook(body))
        assert client.post(path, {"file": given}).status_code == 302
    assert "41.0 %" in page(world, "usage/").content.decode()


def test_a_broken_workbook_is_refused_in_the_readers_language(world: World) -> None:
    body = as_workbook(b"a,b\r\n")[:-300]
    client = world.client(world.member)
    for language, said in (("en", "CSV UTF-8"), ("ja", "として保存してください")):
        client.post("/language/", {"language": language, "next": "/portfolio/"})
        given = SimpleUploadedFile("export.xlsx", body)
        answer = client.post(f"/e/{world.row.pk}/usage/import/", {"file": given})
        assert answer.status_code == 422
        assert said in answer.content.decode(), language


def test_healthy_enters_the_engagement_from_figures_only(world: World, today: date) -> None:
    give(world, today, 60, 66, 72, 75)
    reached = {each.id: each.is_reached for each in page(world, "").context["ends"]}
    assert reached["healthy"] is True
    engagement = load(world.fresh())
    assert engagement.measured["healthy"] is not None
    assert Standing.objects.get().healthy == "met"


def test_a_stall_is_judged_stored_with_its_inputs_and_replayed(world: World, today: date) -> None:
    give(world, today, 48, 49, 50, 50, 51)
    kept = VerdictRow.objects.filter(stalled="met").first()
    assert kept is not None
    judgement = restored(Judgement, kept.value)
    assert judgement.stalled is Verdict.MET
    assert stored(judgement) == kept.value
    html = page(world, f"usage/verdict/{kept.pk}/").content.decode()
    assert "the rules say the same again" in html
    standing = Standing.objects.get()
    assert standing.stalled == "met"
    assert standing.score > 0
    listed = world.client(world.member).get("/watch/").content.decode()
    assert f"/e/{world.row.pk}/usage/" in listed
    assert f"/e/{world.row.pk}/usage/" not in world.client(world.stranger).get("/watch/").content.decode()


def test_the_formula_is_a_named_choice_and_changes_the_verdict(world: World, today: date, post: Post) -> None:
    give(world, today, 48, 49, 50, 50, 51)
    assert post("usage/formula/", numerator="desktop", window="28", denominator="paid").status_code == 302
    assert "desktop/28/paid" in page(world, "usage/").content.decode()
    assert AuditEntry.objects.filter(what="formula").exists()


def test_an_organisation_sets_its_own_numbers(world: World, today: date) -> None:
    give(world, today, 48, 49, 50, 50, 51)
    path = f"/organisation/{world.org.pk}/thresholds/"
    answer = world.client(world.admin).post(path, {"goal": "50", "growth": "1"})
    assert answer.status_code == 302
    assert Organisation.objects.get(pk=world.org.pk).thresholds == {"goal": 50.0, "growth": 1.0}
    assert Standing.objects.get().healthy == "met"
    assert services.judged(world.fresh()).thresholds.goal == 50.0


@pytest.mark.parametrize(("kind", "start"), [("html", b"<!"), ("xlsx", b"PK"), ("pptx", b"PK")])
def test_the_report_for_the_session_comes_as_page_workbook_and_slides(
    world: World, today: date, kind: str, start: bytes
) -> None:
    give(world, today, 40, 45, 50)
    answer = page(world, f"usage/report.{kind}")
    assert answer.status_code == 200
    assert answer.content[:2].lower() == start.lower()
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.fixture
def stalled(world: World, today: date, post: Post) -> int:
    """An open case of a stalled customer, after the discussion."""
    give(world, today, 48, 49, 50, 50, 51)
    assert post("acceleration/").status_code == 302
    number = CaseRow.objects.get().pk
    answer = post(f"acceleration/{number}/do/discuss/", outcome="Agreed", attendees="Ben, FE\nMia, FM\nGil, SME")
    assert answer.status_code == 302, answer.content[-900:]
    return number


def case_of(number: int) -> Case:
    return restored(Case, CaseRow.objects.get(pk=number).value)


def test_the_discussion_needs_fm_fe_and_sme(world: World, today: date, post: Post) -> None:
    give(world, today, 48, 49, 50, 50, 51)
    post("acceleration/")
    number = CaseRow.objects.get().pk
    refused = post(f"acceleration/{number}/do/discuss/", outcome="Agreed", attendees="Ben, FE")
    assert refused.status_code == 422
    assert "FM" in refused.content.decode()


def test_without_a_stall_a_case_needs_a_reason(world: World, today: date, post: Post) -> None:
    give(world, today, 30, 45, 60)
    refused = post("acceleration/")
    assert refused.status_code == 422
    assert post("acceleration/", reason="The customer asked for help").status_code == 302


def test_the_technical_branch_keeps_its_order_and_ends_in_one_step(
    world: World, today: date, post: Post, stalled: int
) -> None:
    base = f"acceleration/{stalled}/"
    assert post(f"{base}reason/", branch="technical", evidence="The add-in fails on 64-bit").status_code == 302
    refused = post(f"{base}do/known-solutions/", outcome="x")
    assert refused.status_code == 422
    post(f"{base}answer/", condition="no_sme", holds="yes")
    assert post(f"{base}do/engage-sme/", outcome="Asked", reference="R-17").status_code == 302
    assert post(f"{base}do/known-solutions/", outcome="None fits").status_code == 302
    assert post(f"{base}do/work-with-customer/", outcome="Vendor asked", owner="Kai", due=str(today)).status_code == 302
    for condition in ("needs_insight", "add_in_or_performance"):
        post(f"{base}answer/", condition=condition, holds="yes")
    assert post(f"{base}do/insight/", outcome="Written", reference="I-5").status_code == 302
    assert post(f"{base}do/app-assure/", outcome="Referred", reference="A-9").status_code == 302
    values = {"entitlement": "OPP", "l2": "app-compatibility", "text": "The vendor has no 64-bit build because it was sold",
              "unblock_date": str(today + timedelta(days=60)), "next_action": "Call the vendor", "next_action_date": str(today + timedelta(days=7))}  # fmt: skip
    before = load(world.fresh())
    assert post(f"{base}block/", **{**values, "text": ""}).status_code == 422
    assert load(world.fresh()) == before
    answer = post(f"{base}block/", **values)
    assert answer.status_code == 302, answer.content[-1200:]
    after = load(world.fresh())
    assert after.entitlements[0].l1 == "blocked"
    assert case_of(stalled).ending is not None
    assert page(world, base).status_code == 200


def test_the_adoption_branch_holds_a_mini_workshop_and_ends_at_the_goal(
    world: World, today: date, post: Post, stalled: int
) -> None:
    base = f"acceleration/{stalled}/"
    post(f"{base}reason/", branch="adoption", evidence="Installed everywhere, opened by half")
    assert (
        post(f"{base}do/mini-acm/", outcome="Champions in each department", attendees="Ben, FE\nMia, FM").status_code
        == 302
    )
    assert post(f"{base}effort/", what="Mini workshop and two mails").status_code == 302
    assert any(each.kind == "effort" for each in load(world.fresh()).recorded("task:3650").evidence)
    post(f"{base}close/", exit="healthy")
    assert case_of(stalled).is_open
    services.take_report(
        world.member, world.fresh(), io.BytesIO(report_of(today - timedelta(days=1), 200, 150)), "detail.csv"
    )
    post(f"{base}close/", exit="healthy")
    assert case_of(stalled).ending.exit == "healthy"  # type: ignore[union-attr]


def test_the_resource_branch_refers_with_a_number(world: World, post: Post, stalled: int) -> None:
    base = f"acceleration/{stalled}/"
    post(f"{base}reason/", branch="resource", evidence="Two people for 4,000 seats")
    post(f"{base}answer/", condition="deeper_acm_needed", holds="yes")
    assert post(f"{base}do/quickleads/", outcome="Sent").status_code == 422
    assert post(f"{base}do/quickleads/", outcome="Sent", reference="QL-3").status_code == 302
    assert case_of(stalled).did("quickleads")


def test_the_priority_branch_asks_for_the_gm_fta_and_ends_with_the_intent(
    world: World, post: Post, stalled: int
) -> None:
    base = f"acceleration/{stalled}/"
    post(f"{base}reason/", branch="priority", evidence="A merger comes first")
    post(f"{base}answer/", condition="gm_fta_attached", holds="no")
    assert post(f"{base}do/ats-atu/", outcome="Account team called", reference="Mail of today").status_code == 302
    engagements.set_entitlement(
        world.member,
        world.fresh(),
        "OPP",
        {"service": "OPP", "seats": 200, "l1": "no-intent", "l2": "executive-sponsorship", "why": "Board"},
    )
    post(f"{base}close/", exit="no-intent")
    assert case_of(stalled).ending.exit == "no-intent"  # type: ignore[union-attr]


def test_a_known_solution_is_found_again_in_the_same_organisation_only(world: World, post: Post, stalled: int) -> None:
    post(
        "acceleration/solution/",
        impediment="Add-in PayTool fails on 64-bit",
        resolution="Version 7 is 64-bit",
        resolved_on="2026-05-01",
        add_ins="PayTool",
        rules="T01",
    )
    assert SolutionRow.objects.get().organisation == world.org
    post(f"acceleration/{stalled}/reason/", branch="technical", evidence="PayTool add-in fails after the move")
    assert "Version 7 is 64-bit" in page(world, f"acceleration/{stalled}/").content.decode()


def test_hostile_names_in_reports_stay_inert(world: World, today: date) -> None:
    body = report_of(today, 3, 1).replace(b"user00000@demo.example", b"=cmd|'/c calc'!A1")
    services.take_report(world.member, world.fresh(), io.BytesIO(body), "<script>alert(1)</script>.csv")
    assert "<script>alert" not in page(world, "usage/").content.decode()


def test_frozen_values_come_back_equal(world: World, today: date, stalled: int) -> None:
    case = case_of(stalled)
    assert restored(Case, stored(case)) == case
    assert case.judgement is not None
    assert restored(Judgement, stored(case.judgement)) == case.judgement


def test_waves_and_actions_are_marks_on_the_time_axis(world: World, today: date, post: Post, stalled: int) -> None:
    inventory = SimpleUploadedFile("i.csv", b"device,department\nD1,Finance\nD2,HR\n")
    world.client(world.member).post(f"/e/{world.row.pk}/rollout/inventory/", {"file": inventory})
    post("rollout/plan/", start=str(today - timedelta(days=30)), pilot_weeks="0", per_week="5")
    kinds = {each.kind for each in services.book_of(world.fresh()).marks}
    assert kinds == {"wave", "action"}
    assert page(world, "usage/").status_code == 200


def test_the_colour_of_an_enterprise_note_stands_beside_the_usage_and_is_never_computed(
    world: World, today: date, post: Post
) -> None:
    give(world, today, 48, 49, 50, 50, 51)
    post("notes/new/", stream="N4", author_role="FTA", status="red", text="Adoption has slowed because of the merger.")
    assert Standing.objects.get().enterprise == "red"
    services.assess(world.fresh())
    assert Standing.objects.get().enterprise == "red"
    assert "Red" in world.client(world.member).get("/watch/").content.decode()


def test_forecast_cases_and_the_watch_list_are_read_through_the_api(world: World, stalled: int) -> None:
    def read(path: str, who: User = world.member) -> Any:
        token = ApiToken.make(who, "test", "read", 1)[1]
        return world.client(None).get(f"/api{path}", headers={"Authorization": f"Bearer {token}"})

    base = f"/engagements/{world.row.pk}"
    assert len(read(f"{base}/usage/forecast").json()["path"]) == 12
    (case,) = read(f"{base}/cases").json()
    assert (case["id"], case["is_open"], case["opened_for"]) == (stalled, True, "stall")
    assert [each["move"] for each in case["actions"]] == ["discuss"]
    (watched,) = read("/watch").json()
    assert (watched["customer"], watched["stalled"], watched["has_case"]) == (world.row.customer, "met", True)
    assert watched["reasons"]
    assert read("/watch?after=1").json() == read("/watch", world.stranger).json() == []
    assert read("/watch", world.customer).status_code == 403
