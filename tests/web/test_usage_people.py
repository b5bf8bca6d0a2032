"""Departments on the usage page, and how long rows about people stay."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from uptake.core.errors import UptakeError
from uptake.web.accounts.models import ApiToken, Organisation
from uptake.web.config.demo import user_detail
from uptake.web.insights import people, services, tasks
from uptake.web.insights.models import DepartmentsRow, PeopleRow, UsageImport
from uptake.web.packages.services import take_inventory
from web_world import World

Give = Callable[..., Any]
NASTY = '=cmd|"/c calc"!A1<script>alert(1)</script>'


def listed(names: dict[int, str], head: str = "User principal name,Department") -> bytes:
    """Users of the made report with their departments."""
    quoted = (f'user{n:05}@demo.example,"{name.replace(chr(34), chr(34) * 2)}"\n' for n, name in names.items())
    return (head + "\n" + "".join(quoted)).encode()


# 40 users of whom 20 are active: Sales has all of the first ten, IT is half, the directors are few.
NAMES = {n: "Sales" if n < 10 else "IT" if n < 30 else "Directors" for n in range(33)}


@pytest.fixture
def give(world: World, today: date) -> Give:
    """Upload a report through the form, perhaps with a list of people."""

    def send(names: dict[int, str] | None = None, days_ago: int = 2, body: bytes = b"") -> Any:
        report = body or user_detail(today - timedelta(days=days_ago), 40, 20)
        sent = {"file": SimpleUploadedFile("detail.csv", report)}
        if names is not None:
            sent["people"] = SimpleUploadedFile("people.csv", listed(names))
        return world.client(world.member).post(f"/e/{world.row.pk}/usage/import/", sent)

    return send


def page(world: World, query: str = "") -> str:
    return str(world.client(world.member).get(f"/e/{world.row.pk}/usage/{query}").content.decode())


def set_days(world: World, days: int) -> None:
    Organisation.objects.filter(pk=world.org.pk).update(keep_people_days=days)


def test_a_report_with_a_list_of_people_gives_a_table_of_departments(world: World, give: Give) -> None:
    assert give(NAMES).status_code == 302
    html = page(world)
    for part in (
        "100.0\N{NO-BREAK SPACE}%",
        "50.0\N{NO-BREAK SPACE}%",
        "fewer than 5 people",
        "No department known",
        "people.csv",
    ):
        assert part in html, part
    assert html.index(">IT<") < html.index(">Sales<") < html.index(">Directors<")
    assert "user00001@demo.example" not in html


def test_the_table_is_sorted_as_the_reader_asks(world: World, give: Give) -> None:
    give(NAMES)
    down = page(world, "?sort=-share")
    assert down.index(">Sales<") < down.index(">IT<") < down.index(">Directors<")
    assert 'href="?sort=-share#departments" aria-current="true"' in down
    by_name = page(world, "?sort=name")
    assert by_name.index(">Directors<") < by_name.index(">IT<") < by_name.index(">Sales<")
    assert page(world, "?sort='\"><script>")


def test_a_report_or_inventory_that_comes_later_finds_what_is_kept(world: World, give: Give) -> None:
    give()
    assert "No department is known yet" in page(world)
    lines = "".join(f"PC{n},DEMO\\user{n:05},{name}\n" for n, name in NAMES.items())
    take_inventory(world.member, world.fresh(), f"device,user,department\n{lines}".encode(), "devices.csv")
    tasks.count_departments.func(world.row.pk)
    assert "devices.csv" in page(world)
    listing = SimpleUploadedFile("hr.csv", listed(dict.fromkeys(range(40), "All")))
    world.client(world.member).post(f"/e/{world.row.pk}/usage/import/", {"file": listing})
    assert ">All<" in page(world)
    assert ">Sales<" not in page(world)


def test_a_new_report_uses_the_inventory_that_is_there(world: World, give: Give) -> None:
    lines = "".join(f"PC{n},user{n:05}@demo.example,{name}\n" for n, name in NAMES.items())
    take_inventory(world.member, world.fresh(), f"device,user,department\n{lines}".encode(), "devices.csv")
    give()
    assert ">Sales<" in page(world)


def test_rows_about_people_go_when_they_are_older_than_the_organisation_says(
    world: World, give: Give, today: date
) -> None:
    give(NAMES, days_ago=30)
    give(NAMES, days_ago=2)
    assert PeopleRow.objects.filter(kind="use").count() == 2
    assert people.forget(today + timedelta(days=5)) == 0
    assert people.forget(today + timedelta(days=6)) == 1
    assert people.forget(today + timedelta(days=36)) == 2
    assert not PeopleRow.objects.exists()
    assert DepartmentsRow.objects.count() == 2


def test_the_background_worker_and_an_import_delete_them(world: World, give: Give) -> None:
    give(NAMES, days_ago=20)
    set_days(world, 10)
    tasks.enqueue_due()
    call_command("due")
    tasks.forget_people.func()
    assert not PeopleRow.objects.filter(kind="use").exists()
    set_days(world, 35)
    give(days_ago=20)
    set_days(world, 10)
    give(days_ago=1)
    assert [each.data_date for each in PeopleRow.objects.filter(kind="use")] != []
    assert PeopleRow.objects.filter(kind="use").count() == 1


def test_data_that_are_too_old_are_not_kept_at_all(world: World, give: Give) -> None:
    give(NAMES, days_ago=40)
    assert not PeopleRow.objects.filter(kind="use").exists()
    assert ">Sales<" in page(world)


def test_zero_days_keep_the_sums_and_no_row_about_a_person(world: World, give: Give) -> None:
    set_days(world, 0)
    give(NAMES)
    assert not PeopleRow.objects.exists()
    assert ">Sales<" in page(world)
    for row in DepartmentsRow.objects.all():
        assert "user0" not in str(row.value)
    with pytest.raises(UptakeError, match="keeps none"):
        services.take_report(world.member, world.fresh(), io.BytesIO(listed(NAMES)), "people.csv")


def test_lowering_the_days_deletes_at_once(world: World, give: Give) -> None:
    give(NAMES, days_ago=2)
    answer = world.client(world.admin).post(
        f"/organisation/{world.org.pk}/", {"name": "Partner", "keep_people_days": "0"}
    )
    assert answer.status_code == 302
    tasks.forget_people.func()
    assert not PeopleRow.objects.exists()


def test_concealed_names_say_what_to_do_in_place_of_a_table(world: World, give: Give, today: date) -> None:
    give(NAMES, days_ago=30)
    body = user_detail(today - timedelta(days=2), 40, 20).decode()
    for n in range(40):
        body = body.replace(f"user{n:05}@demo.example", f"{n:032X}")
    give(NAMES, body=body.encode())
    html = page(world)
    assert "Org settings" in html
    assert ">Sales<" not in html
    assert not PeopleRow.objects.filter(kind="use", data_date=today - timedelta(days=2)).exists()
    report = world.client(world.member).get(f"/e/{world.row.pk}/usage/report.html").content.decode()
    assert "Sales" not in report


def test_a_hostile_department_stays_text(world: World, give: Give) -> None:
    give(dict.fromkeys(range(30), NASTY))
    assert "<script>alert" not in page(world)
    client = world.client(world.member)
    for kind in ("html", "xlsx", "pptx"):
        assert client.get(f"/e/{world.row.pk}/usage/report.{kind}").status_code == 200


def test_a_list_without_departments_is_refused_and_nothing_is_stored(world: World, today: date) -> None:
    for body in (listed({1: ""}), b"name,place\nx,y\n", listed({1: "x"}, head="User principal name")):
        sent = {
            "file": SimpleUploadedFile("detail.csv", user_detail(today - timedelta(days=2), 40, 20)),
            "people": SimpleUploadedFile("people.csv", body),
        }
        answer = world.client(world.member).post(f"/e/{world.row.pk}/usage/import/", sent)
        assert answer.status_code == 422
    assert not UsageImport.objects.exists()


def test_an_earlier_file_of_a_restated_date_does_not_come_back(world: World, today: date) -> None:
    on = today - timedelta(days=2)
    everybody = listed(dict.fromkeys(range(40), "All"))
    for active in (10, 20, 10):
        services.take_report(
            world.member,
            world.fresh(),
            io.BytesIO(user_detail(on, 40, active)),
            "d.csv",
            (io.BytesIO(everybody), "p.csv"),
        )
    assert DepartmentsRow.objects.get().value["lines"][0]["active"]["any"] == 20


def test_departments_come_by_the_api_without_a_name(world: World, give: Give) -> None:
    headers = {"Authorization": f"Bearer {ApiToken.make(world.member, 'test', 'write', 1)[1]}"}
    client, path = world.client(None), f"/api/engagements/{world.row.pk}/usage/departments"
    assert client.get(path, headers=headers).status_code == 404
    give(NAMES)
    found = client.get(path, headers=headers).json()
    assert [each["department"] for each in found["lines"]] == ["IT", "Sales", "Directors", ""]
    assert found["lines"][1] == {"department": "Sales", "active": 10, "people": 10, "percent": 100.0, "silence": None}
    assert found["formula"] == "any/28/assigned"
    assert "@" not in str(found)
