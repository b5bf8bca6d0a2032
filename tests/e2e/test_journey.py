"""One engagement from intent to remediation exit, by a person who knows only the playbook: in a real browser, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from e2e_site import Site, sign_in
from uptake.guide.checklist import is_triggered
from uptake.guide.elements import Question
from uptake.guide.playbook import load_playbook

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {"enable": "Enable", "resolved": "all resolved", "missing": "missing"},
    "ja": {"enable": "有効化", "resolved": "すべて解決", "missing": "足りません"},
}
PEOPLE = {"en": "fe@demo.example", "ja": "fe.ja@demo.example"}


class Person:
    """Somebody in front of the browser. Every page is looked at for sideways scrolling and for errors of scripts."""

    def __init__(self, browser: Browser, site: Site, email: str, shots: Path, lang: str) -> None:
        self.context = browser.new_context(viewport={"width": 1320, "height": 900}, locale=lang)
        self.page: Page = self.context.new_page()
        self.site, self.shots, self.lang = site, shots, lang
        self.complaints: list[str] = []
        self.page.on(
            "console", lambda message: self.complaints.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        sign_in(self.page, site.address, email)

    def go(self, path: str) -> None:
        self.page.goto(self.site.address + path)

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            field = self.page.locator(f"main [name='{name}']").first
            kind = field.evaluate("e => e.tagName + ':' + e.type")
            if kind.startswith("SELECT"):
                field.select_option(value)
            elif kind.endswith((":radio", ":checkbox")):
                self.page.locator(f"main [name='{name}'][value='{value}']").check()
            else:
                field.fill(value)

    def send(self) -> None:
        """Send the form by the keyboard."""
        button = self.page.locator("main form.edit button.btn").first
        button.focus()
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        assert self.page.locator("ul.errors").count() == 0, self.page.locator("main").inner_text()

    def follow(self, target: Locator) -> None:
        """Click a link or a button and wait for the page that it leads to."""
        with self.page.expect_navigation():
            target.click()

    def picture(self, name: str) -> None:
        self.page.wait_for_load_state()
        self.page.wait_for_selector("main")
        for width in (1320, 390):
            self.page.set_viewport_size({"width": width, "height": 900})
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            self.page.screenshot(path=self.shots / f"{name}-{self.lang}-{width}.png", full_page=True)
        self.page.set_viewport_size({"width": 1320, "height": 900})


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_an_engagement_runs_from_intent_to_remediation_exit(
    browser: Browser, site: Site, shots: Path, tmp_path: Path, lang: str
) -> None:
    fe = Person(browser, site, PEOPLE[lang], shots, lang)
    today = date.today()  # noqa: DTZ011
    customer = f"Adatum {lang}"
    words = WORDS[lang]

    fe.go("/portfolio/new/")
    fe.fill(customer=customer, tenant="adatum.example", cloud="commercial", seats="640", intent="yes", intent_on=str(today - timedelta(days=5)),
            intent_said_by="CIO", eligible="yes", eligible_on=str(today), eligible_source="Product list", playbook_version="2020-04-30")  # fmt: skip
    fe.picture("new")
    fe.send()
    base = re.search(r"/e/\d+/", fe.page.url)[0]  # type: ignore[index]
    fe.picture("overview-new")

    for name, role in (("Mia Keller", "FM"), ("Kenji", "CUSTOMER-IT")):
        fe.go(f"{base}people/")
        fe.fill(name=name, role=role)
        fe.send()

    fe.go(f"{base}workshop/new/")
    fe.fill(on=str(today), deck="v4, 2026-10")
    fe.send()
    for topic, choice in (("channel", "MonthlyEnterprise"), ("architecture", "64"), ("languages", "ja-jp en-us")):
        fe.go(f"{base}workshop/{topic}/")
        fe.fill(choice=choice, reason="Agreed in the workshop", decider="Kenji", on=str(today))
        fe.send()
    fe.picture("workshop")
    settle(fe, base, "task:3080", today)

    fe.go(f"{base}adoption/new/")
    fe.fill(on=str(today), audience="IT", material="Deck", outcome="Champions named")
    fe.send()
    fe.picture("adoption")
    settle(fe, base, "task:3738", today)

    results = tmp_path / "results.jsonl"
    results.write_text(json.dumps(result_of_scan()) + "\n", encoding="utf-8")
    fe.go(f"{base}readiness/upload/")
    fe.page.set_input_files("[name=file]", results)
    fe.fill(ran_on=str(today), method="stand-alone", coverage="Finance")
    fe.send()
    for _ in range(40):  # the background worker reads it
        fe.go(f"{base}readiness/")
        if fe.page.locator("text=B01").count():
            break
        fe.page.wait_for_timeout(500)
    fe.picture("readiness")
    fe.follow(fe.page.locator("main table a").first)
    fe.fill(state="assigned", process="Payroll", criticality="business-critical", assignee="Kenji")
    fe.picture("finding")
    fe.follow(fe.page.locator("aside form.edit button.btn"))
    fe.follow(fe.page.locator("form[action*='sign'] button"))
    settle(fe, base, "step:ort", today)

    answer_questions(fe, base)
    fe.go(f"{base}checklist/")
    fe.follow(fe.page.locator("form[action$='generate/'] button"))
    fe.picture("checklist-open")
    settle(fe, base, "task:3070", today)
    while True:
        fe.go(f"{base}checklist/")
        item = fe.page.locator("main table tbody a").first
        if not item.count():
            break
        fe.follow(item)
        fe.fill(state="resolved", evidence="Seen in the portal", owner="Kenji")
        fe.send()
    assert words["resolved"] in fe.page.locator("main").inner_text()

    refused = fe.page
    fe.go(f"{base}do/task:3190/")
    fe.fill(state="done", on=str(today))
    fe.page.locator("main form.edit button.btn").first.click()
    assert words["missing"] in refused.locator("ul.errors").first.inner_text()
    fe.picture("gate-refuses")
    fe.fill(evidence_acknowledgement="Kenji")
    fe.send()

    fe.go(base)
    assert words["enable"] in fe.page.locator("li[aria-current=step]").inner_text()
    fe.picture("overview-enable")
    assert fe.complaints in (
        [],
        ["Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"],
    )
    fe.context.close()


def settle(person: Person, base: str, reference: str, today: date) -> None:
    """Done, with what is there; whatever is still asked for is typed."""
    person.go(f"{base}do/{reference}/")
    person.fill(state="done", on=str(today))
    person.send()
    assert person.page.locator("h2 .tag.ok").count() == 1, person.page.locator("main").inner_text()


def answer_questions(person: Person, base: str) -> None:
    """All questions: two answers that make items, the others none."""
    person.go(f"{base}checklist/questions/m365-apps/")
    for number, question in enumerate(
        each for each in load_playbook().of(Question).values() if each.questionnaire == "m365-apps"
    ):
        if question.editions and "commercial" not in question.editions:
            continue
        offered = {"yes-no": ("yes", "no"), "number": ("0", "5"), "text": ("As discussed",)}.get(
            question.answer, question.choices
        )
        wanted = [each for each in offered if is_triggered(question, each) is (number < 2)] or list(offered)
        person.fill(**{question.id: wanted[0]})
    person.picture("questionnaire")
    person.send()


def result_of_scan() -> dict[str, Any]:
    finding = {
        "rule": "B01", "severity": "limited", "certainty": "certain", "module": "modPay", "container": "xl/vbaProject.bin", "line": 12,
        "editor_line": 3, "statement": 'Declare Sub Sleep Lib "kernel32" (ByVal ms As Long)', "message": "`Sleep` is declared without PtrSafe.",
        "proposal": 'Declare PtrSafe Sub Sleep Lib "kernel32" (ByVal ms As Long)', "arguments": {}, "variant": "",
    }  # fmt: skip
    projects = [{"container": "xl/vbaProject.bin", "modules": [{"name": "modPay", "sha256": "c" * 64}]}]
    return {"path": "//fs/Finance/給与/payroll.xlsm", "status": "has VBA", "projects": projects, "findings": [finding]}


def test_a_customer_sees_its_page_answers_and_acknowledges(browser: Browser, site: Site, shots: Path) -> None:
    customer = Person(browser, site, "it@kansai.example", shots, "ja")
    assert customer.page.url.endswith("/customer/")
    customer.picture("customer")
    buttons = customer.page.locator("form[action*='acknowledge/A-'] button")
    before = buttons.count()
    customer.follow(buttons.first)
    assert customer.page.locator("form[action*='acknowledge/A-'] button").count() == before - 1
    assert customer.page.locator("nav.tabs").count() == 0
    customer.context.close()


def test_the_checks_of_a_note_come_while_it_is_written(browser: Browser, site: Site, shots: Path) -> None:
    fe = Person(browser, site, PEOPLE["en"], shots, "en")
    fe.go("/e/2/notes/new/?stream=N2")
    fe.page.locator("[name=text]").press_sequentially("Blocked for now")
    fe.page.wait_for_selector("#verdict .tag")
    assert "for now" in fe.page.locator("#verdict").inner_text()
    fe.picture("note")
    assert fe.complaints == []
    fe.page.evaluate("window.onbeforeunload = null")
    fe.context.close()


def test_every_page_works_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site.address, PEOPLE["en"])
    page.goto(f"{site.address}/e/2/notes/new/?stream=N1")
    page.fill("[name=text]", "Called the IT manager because the date moved; new plan on Friday.")
    page.fill("[name=next_action]", "Send the plan")
    page.locator("main form.edit button.btn").first.click()
    assert "Called the IT manager" in page.locator("main").inner_text()
    context.close()


def test_a_new_server_prints_a_link_that_makes_the_first_administrator(
    browser: Browser, start: Callable[..., Site]
) -> None:
    site = start("--workers", "1")
    link = re.search(r"http://\S+/join/\S+/", site.output.read_text())[0]  # type: ignore[index]
    page = browser.new_context().new_page()
    page.goto(link)
    for name, value in (("name", "Ada"), ("email", "ada@example.org"), ("password", "correct horse battery")):
        page.fill(f"[name={name}]", value)
    with page.expect_navigation():
        page.locator("main button.btn").click()
    assert page.url.endswith("/portfolio/"), page.locator("main").inner_text()
    assert page.goto(link).status == 404  # type: ignore[union-attr]
