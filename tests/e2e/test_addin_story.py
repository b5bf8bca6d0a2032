"""From the files of endpoints to an add-in that somebody sees to, its checklist item and the pilot: real browser, both languages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from test_deploy_and_prove import engagement
from test_journey import PEOPLE, Person

from e2e_site import Site
from uptake.web.config.demo import collections_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DEPARTMENTS = ("Finance", "HR", "Sales", "Logistics")
INVENTORY = "device,user,department,site,model,language,items\n" + "".join(
    f"PC-{n:04},u{n},{DEPARTMENTS[n % 4]},{('Tokyo', 'Osaka')[n % 2]},M{n % 2},ja,{f'macro{n % 5}' if n % 3 == 0 else ''}\n"
    for n in range(24)
)
FOUND = {"en": "opened by the scan", "ja": "スキャンにより追加"}
STATED = {"en": "LedgerLink.Connect", "ja": "rates.xll"}


def wait_for(person: Person, path: str, text: str) -> None:
    """The background worker reads what was uploaded."""
    for _ in range(80):
        person.go(path)
        if person.page.locator(f"main >> text={text}").count():
            return
        person.page.wait_for_timeout(500)
    raise AssertionError(person.page.locator("main").inner_text())


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_collections_become_addins_a_triage_a_checklist_item_and_a_pilot(
    browser: Browser, site: Site, shots: Path, tmp_path: Path, lang: str
) -> None:
    fe = Person(browser, site, PEOPLE[lang], shots, lang)
    today = str(date.today())  # noqa: DTZ011
    base = engagement(fe, f"Wingtip {lang}")
    fe.go(f"{base}addins/")
    fe.picture("addins-empty")
    fe.go(f"{base}checklist/questions/m365-apps/")
    fe.fill(**{"A-ADD-02": "0"})
    fe.send()
    fe.go(f"{base}checklist/")
    fe.follow(fe.page.locator("form[action$='generate/'] button"))
    assert not fe.page.locator("a[href*='/item/A-ADD-02/']").count()

    files = []
    for name, content in collections_of(24).items():
        (tmp_path / name).write_bytes(content)
        files.append(tmp_path / name)
    fe.go(f"{base}addins/upload/")
    fe.page.set_input_files("[name=uploads]", files)
    fe.picture("addins-upload")
    fe.send()
    wait_for(fe, f"{base}addins/", "LedgerLink")
    fe.picture("addins")
    fe.go(f"{base}addins/?q=ledger")
    assert fe.page.locator("main table").first.locator("tbody tr").count() == 1
    fe.follow(fe.page.locator("main table a", has_text="LedgerLink").first)
    fe.picture("addin")
    fe.fill(state="assigned", process="Monthly closing", criticality="business-critical", assignee="Kenji")
    fe.follow(fe.page.locator("aside form.edit button.btn"))
    assert fe.page.locator("main table", has_text="Kenji").count() == 1

    fe.go(f"{base}checklist/")
    assert fe.page.locator("a[href*='/item/A-ADD-02/']").count()
    fe.go(f"{base}checklist/item/A-ADD-02/")
    assert FOUND[lang] in fe.page.locator("main").inner_text()

    fe.go(f"{base}addins/statements/new/?addin={STATED[lang]}")
    fe.fill(status="Supported version available", statement="Version 9 has a 64-bit edition", source="Letter", on=today)
    fe.picture("addin-statement")
    fe.send()
    fe.picture("addin-statements")
    file = tmp_path / "inventory.csv"
    file.write_text(INVENTORY, encoding="utf-8")
    fe.go(f"{base}rollout/inventory/")
    fe.page.set_input_files("[name=file]", file)
    fe.send()
    fe.go(f"{base}addins/devices/")
    fe.picture("addin-devices")
    fe.follow(fe.page.locator("main a[href*='/addins/devices/']:not([href*='?'])", has_text="PC-0000").first)
    fe.picture("addin-device")
    fe.go("/rules/A18/")
    fe.picture("rule")
    fe.go(f"{base}rollout/pilot/")
    fe.send()
    for _ in range(120):
        fe.go(f"{base}rollout/")
        if fe.page.locator("section a[href*='/rollout/pilot/']").count():
            break
        fe.page.wait_for_timeout(500)
    fe.page.locator("section details summary").click()
    assert "LedgerLink.Connect" in fe.page.locator("section details").inner_text()
    fe.picture("addins-rollout")
    assert fe.complaints == []
    fe.context.close()
