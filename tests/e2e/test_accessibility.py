"""Axe finds no serious violation on any page, in either language and theme; nothing scrolls sideways on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from e2e_site import Site, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
LEFT_OUT = ("logout", ".csv", "export", "/files/", "/api/", "report.", "download.", ".ics", ".ps1", "/en.", "/ja.")
KINDS = (
    (r"/e/\d+", "/e/N"), (r"readiness/\d+", "readiness/X"), (r"addins/(devices/|statements/)?\d+", r"addins/\1X"), (r"^/rules/.*", "rules"), (r"item/[\w-]+", "item/X"), (r"do/(task|step):[\w.-]+", r"do/\1"), (r"workshop/[a-z-]+/$", "workshop/X/"),
    (r"status/of/.*/split", "status/split"), (r"status/of/.*", "status/of"), (r"(objection|message|requests)/\d+", r"\1/X"), (r"questions/.*", "questions"), (r"\?.*", ""),
)  # fmt: skip


def kind_of(path: str) -> str:
    for pattern, name in KINDS:
        path = re.sub(pattern, name, path)
    return path


def pages(page: Page, site: Site) -> list[str]:
    """One address of each kind that can be reached by links."""
    todo, found, seen = ["/"], [], set()
    while todo:
        path = todo.pop(0)
        if kind_of(path) in seen or any(part in path for part in LEFT_OUT):
            continue
        seen.add(kind_of(path))
        answer = page.goto(site.address + path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        found.append(path)
        links = page.eval_on_selector_all("a[href]", "all => all.map(each => each.getAttribute('href'))")
        todo += [link.split("#")[0] for link in links if link.startswith("/")]
    return found


@pytest.mark.parametrize(
    ("who", "scheme"), [("fe@demo.example", "light"), ("fe.ja@demo.example", "dark"), ("it@kansai.example", "light")]
)
def test_no_page_has_a_serious_violation_or_scrolls_sideways(
    browser: Browser, site: Site, who: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1320, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, site.address, who)
    found, wide = [], []
    every = pages(page, site)
    assert len(every) > (4 if "it@" in who else 45)
    for path in every:
        page.goto(site.address + path)
        page.evaluate(AXE)
        for each in page.evaluate(RUN)["violations"]:
            if each["impact"] in ("serious", "critical"):
                found.append(
                    (path, each["id"], each["nodes"][0]["html"][:160], each["nodes"][0]["failureSummary"][:200])
                )
        page.set_viewport_size({"width": 390, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(path)
        page.set_viewport_size({"width": 1320, "height": 900})
    assert found == []
    assert wide == []
    context.close()


def test_the_pages_before_sign_in_are_accessible_in_both_languages(browser: Browser, site: Site) -> None:
    for locale in ("en", "ja"):
        context = browser.new_context(locale=locale)
        page = context.new_page()
        for path in ("/account/login/", "/account/signup/", "/nothing/"):
            page.goto(site.address + path)
            page.evaluate(AXE)
            serious = [
                each["id"] for each in page.evaluate(RUN)["violations"] if each["impact"] in ("serious", "critical")
            ]
            assert serious == [], (locale, path)
        context.close()
