"""From decisions to package, pilot and waves, and a stalled customer through each branch to its exit: real browser, both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from test_journey import PEOPLE, Person

from e2e_site import Site
from uptake.web.config.demo import user_detail

pytestmark = [pytest.mark.browser, pytest.mark.slow]
INVENTORY = "device,user,department,site,model,language,items\n" + "".join(
    f"PC{n:03},u{n},{('Finance', 'HR', 'Sales')[n % 3]},{('Tokyo', 'Osaka')[n % 2]},M{n % 2},ja,addin{n % 5};macro{n % 9}\n"
    for n in range(60)
)


def engagement(person: Person, name: str, seats: int = 200) -> str:
    today = date.today()  # noqa: DTZ011
    person.go("/portfolio/new/")
    person.fill(
        customer=name,
        cloud="commercial",
        seats=str(seats),
        intent="yes",
        intent_on=str(today),
        intent_said_by="CIO",
        playbook_version="2020-04-30",
    )
    person.send()
    return re.search(r"/e/\d+/", person.page.url)[0]  # type: ignore[index]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_decisions_become_a_package_a_pilot_and_waves(
    browser: Browser, site: Site, shots: Path, tmp_path: Path, lang: str
) -> None:
    fe = Person(browser, site, PEOPLE[lang], shots, lang)
    today = date.today()  # noqa: DTZ011
    base = engagement(fe, f"Tailspin {lang}")
    for topic, choice in (
        ("channel", "MonthlyEnterprise"),
        ("architecture", "64"),
        ("languages", "ja-jp en-us"),
        ("product", "O365ProPlusRetail"),
    ):
        fe.go(f"{base}workshop/{topic}/")
        fe.fill(choice=choice, reason="Agreed", decider="Kenji", on=str(today))
        fe.send()
    fe.go(f"{base}packages/")
    assert "MonthlyEnterprise" in fe.page.locator("main").inner_text()
    fe.picture("packages")
    with fe.page.expect_navigation():
        fe.page.locator("form[action$='build/'] button").click()
    fe.picture("package")
    with fe.page.expect_navigation():
        fe.page.locator("form[action$='approve/'] button").click()
    assert fe.page.locator("h2 .tag.ok").count() == 1
    with fe.page.expect_download() as zipped:
        fe.page.locator("aside form[method=get] button").click()
    assert zipped.value.suggested_filename.endswith(".zip")
    fe.go(f"{base}workshop/channel/")
    fe.fill(choice="Current", reason="Changed", decider="Kenji", on=str(today))
    fe.send()
    fe.go(f"{base}packages/")
    with fe.page.expect_navigation():
        fe.page.locator("form[action$='build/'] button").click()
    with fe.page.expect_navigation():
        fe.page.locator("a[href*='/with/']").first.click()
    assert "Current" in fe.page.locator("main table").inner_text()
    fe.picture("compare")

    file = tmp_path / "inventory.csv"
    file.write_text(INVENTORY, encoding="utf-8")
    fe.go(f"{base}rollout/inventory/")
    fe.page.set_input_files("[name=file]", file)
    fe.send()
    fe.go(f"{base}rollout/pilot/")
    fe.fill(exclusions="u7")
    fe.send()
    for _ in range(120):  # the background worker proves it
        fe.go(f"{base}rollout/")
        if fe.page.locator("section a[href*='/rollout/pilot/']").count():
            break
        fe.page.wait_for_timeout(500)
    fe.follow(fe.page.locator("section a[href*='/rollout/pilot/']"))
    fe.fill(result="No case in ten days", ended_on=str(today))
    fe.send()
    fe.go(f"{base}rollout/plan/")
    fe.fill(
        start=str(today + timedelta(days=7)), per_week="15", exit_criteria="No case", rollback="Last build by policy"
    )
    fe.send()
    fe.picture("rollout")
    with fe.page.expect_navigation():
        fe.page.locator("a[href*='/rollout/wave/']").first.click()
    fe.fill(installed="4", on=str(today))
    fe.send()
    assert fe.page.locator("main table progress").count() == 1
    assert fe.complaints == []
    fe.context.close()


def act(person: Person, base: str, number: str, move: str, **values: str) -> None:
    person.go(f"{base}acceleration/{number}/do/{move}/")
    person.fill(**values)
    person.send()


def answer(person: Person, holds: str) -> None:
    with person.page.expect_navigation():
        person.page.locator(f"button[name=holds][value={holds}]").first.click()


def technical(person: Person, base: str, number: str) -> None:
    answer(person, "yes")
    act(person, base, number, "engage-sme", outcome="Asked", reference="R-1")
    act(person, base, number, "known-solutions", outcome="None fits")
    act(person, base, number, "work-with-customer", outcome="Vendor asked", owner="Kenji", due=str(date.today()))  # noqa: DTZ011
    for _ in range(2):
        answer(person, "no")
    person.go(f"{base}acceleration/{number}/block/")
    ahead = date.today() + timedelta(days=40)  # noqa: DTZ011
    person.fill(
        l2="app-compatibility",
        text="No 64-bit build because the vendor was sold",
        unblock_date=str(ahead),
        next_action="Call",
        next_action_date=str(ahead),
    )
    person.send()


def adoption(person: Person, base: str, number: str) -> None:
    act(person, base, number, "mini-acm", outcome="Champions found", attendees="Kenji, CUSTOMER-IT")
    person.go(f"{base}acceleration/{number}/effort/")
    person.fill(what="Mini workshop")
    person.send()
    reach_the_goal(person, base)
    end(person, base, number)


def resource(person: Person, base: str, number: str) -> None:
    answer(person, "yes")
    act(person, base, number, "quickleads", outcome="Referred", reference="QL-1")
    reach_the_goal(person, base)
    end(person, base, number)


def priority(person: Person, base: str, number: str) -> None:
    answer(person, "no")
    act(person, base, number, "ats-atu", outcome="Account team called", reference="Mail")
    person.go(f"{base}status/of/OPP/")
    person.fill(l1="no-intent", l2="executive-sponsorship", why="The board has decided so")
    person.send()
    end(person, base, number)


def reach_the_goal(person: Person, base: str) -> None:
    give(person, base, date.today() - timedelta(days=1), 150)  # noqa: DTZ011


def give(person: Person, base: str, on: date, active: int, users: int = 200) -> None:
    person.go(f"{base}usage/import/")
    person.page.set_input_files(
        "[name=file]", {"name": f"detail-{on}.csv", "mimeType": "text/csv", "buffer": user_detail(on, users, active)}
    )
    person.send()


def end(person: Person, base: str, number: str) -> None:
    person.go(f"{base}acceleration/{number}/")
    with person.page.expect_navigation():
        person.page.locator("form[action$='/close/'] button").click()


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_stalled_customer_is_taken_through_each_branch_to_its_exit(
    browser: Browser, site: Site, shots: Path, lang: str
) -> None:
    fm = Person(browser, site, PEOPLE[lang], shots, lang)
    today = date.today()  # noqa: DTZ011
    branches: dict[str, Callable[[Person, str, str], None]] = {
        "technical": technical,
        "adoption": adoption,
        "resource": resource,
        "priority": priority,
    }
    for branch, go_through in branches.items():
        base = engagement(fm, f"Woodgrove {branch} {lang}")
        for months, active in enumerate((102, 101, 100, 99, 97)):
            give(fm, base, today - timedelta(days=2 + 30 * months), active)
        fm.go(f"{base}usage/seats/")
        fm.fill(seats="200", on=str(today - timedelta(days=122)), source="Product list")
        fm.send()
        if branch == "technical":
            fm.picture("usage")
        fm.go(f"{base}acceleration/")
        fm.send()
        number = re.search(r"acceleration/(\d+)/", fm.page.locator("main article a").first.get_attribute("href") or "")[
            1
        ]  # type: ignore[index]
        act(fm, base, number, "discuss", outcome="Agreed", attendees="Ren, FE\nMia, FM\nSue, SME")
        fm.go(f"{base}acceleration/{number}/reason/")
        fm.fill(branch=branch, evidence="What the customer said in the session")
        fm.send()
        fm.picture(f"case-{branch}")
        go_through(fm, base, number)
        fm.go(f"{base}acceleration/{number}/")
        assert fm.page.locator("section h2 .tag.ok").count() == 1, (branch, fm.page.locator("main").inner_text())
        fm.picture(f"ended-{branch}")
    fm.go("/watch/")
    fm.picture("watch")
    assert fm.complaints == []
    fm.context.close()
