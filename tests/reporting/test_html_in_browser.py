"""The report in a real Chromium: policy, sorting, filtering, no JavaScript, phone, dark, both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from uptake.reporting import write_report
from uptake.reporting.model import ListReport

pytestmark = pytest.mark.browser


@pytest.fixture
def open_report(browser: Any, make_report: Callable[..., ListReport], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens the report of `lang`; whatever reaches the console or the network fails the test."""
    noise: list[str] = []
    contexts = []

    def opened(lang: str = "en", *, hostile: bool = True, **options: Any) -> Any:
        (path,) = write_report(make_report(lang, hostile=hostile), "html", tmp_path / f"{lang}.html", lang)
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("dialog", lambda dialog: noise.append(dialog.message))
        page.on("request", lambda request: None if request.url.startswith("file:") else noise.append(request.url))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not noise


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1280])
def test_page_fits_its_window_and_keeps_its_policy(open_report: Any, lang: str, scheme: str, width: int) -> None:
    page = open_report(lang, viewport={"width": width, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("#toggle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.lang") == lang
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(251, 251, 249)" if scheme == "light" else "rgb(20, 22, 23)")


def test_filters_narrow_the_findings_and_say_how_many_are_left(open_report: Any) -> None:
    page = open_report(hostile=False)
    rows = "#finding-table tbody:not([hidden])"
    assert page.locator(rows).count() == 25
    page.fill("#filter-text", "regopenkeyex payroll")
    assert page.locator(rows).count() == 1
    assert page.inner_text("#shown") == "1 of 25 shown"
    page.fill("#filter-text", "")
    page.select_option("#filter-rule", "=B01")
    page.select_option("#filter-owner", "=経理部")
    assert page.locator(rows).count() == 3
    page.select_option("#filter-severity", "=2")
    assert page.locator(rows).count() == 0
    assert page.inner_text("#shown") == "0 of 25 shown"


def test_columns_sort_both_ways_and_code_stays_with_its_finding(open_report: Any) -> None:
    page = open_report(hostile=False)
    heading = page.locator("#finding-table th").nth(2)
    files = "#finding-table tbody tr:first-child td:nth-child(3) .name"
    heading.locator("button").click()
    names = page.locator(files).all_inner_texts()
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert page.locator(files).first.inner_text() == names[-1]
    jet = page.locator("#finding-table tbody", has_text="Orders.xlsm")
    assert "Jet.OLEDB" in jet.text_content()
    numbers = page.locator("#what > table th", has_text="Findings")
    numbers.locator("button").click()
    cells = page.locator("#what > table td:nth-child(4)").all_inner_texts()
    assert [int(text) for text in cells] == sorted(map(int, cells), reverse=True)


def test_everything_can_be_opened_and_rules_open_when_they_are_linked(open_report: Any) -> None:
    page = open_report(hostile=False)
    page.click("#toggle")
    assert page.locator("#finding-table details:not([open])").count() == 0
    page.click("#toggle")
    assert page.locator("#finding-table details[open]").count() == 0
    page.click('#what a[href="#rule-B01"]')
    page.wait_for_selector("#rule-B01[open]")


def test_page_is_complete_without_javascript(open_report: Any) -> None:
    page = open_report(hostile=False, java_script_enabled=False)
    assert page.inner_text("h1") == "9 of 56 files need work before 64-bit"
    assert not page.is_visible(".tools")
    assert page.locator("#finding-table tbody:visible").count() == 25
    assert page.locator("th button").count() == 0
    page.click("#finding-table details:not([open]) summary >> nth=0")
    assert page.locator("#finding-table details[open]").count() == 3


def test_print_shows_the_code_of_every_finding(open_report: Any) -> None:
    page = open_report(hostile=False)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert not page.is_visible(".tools")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#finding-table details[open]").count() == 2


def test_headings_buttons_and_fields_have_names_for_screen_readers(open_report: Any) -> None:
    page = open_report(hostile=False)
    for selector in ("input", "select", "svg"):
        for element in page.locator(selector).all():
            assert element.get_attribute("aria-label") or element.locator("title").count()
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
