"""The pages: generated ones are current, links lead somewhere, Japanese has what English has, every option is described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from uptake.cli import COMMANDS, cli
from uptake.cli.docs import main

HOME = Path(__file__).resolve().parents[1]
PAGES = sorted([HOME / "README.md", HOME / "CONTRIBUTING.md", *(HOME / "docs").rglob("*.md")])
FENCE = re.compile(r"^(```+)[^\n]*\n.*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([^"]+)">')
ENGLISH_ONLY = {"commands.md", "playbook-coverage.md"}
BOTH_COMMANDS = ("python3 tasks.py run", "python3 tasks.py test")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))


def text_of(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors_of(page: Path) -> set[str]:
    """Places of a page that a link can name: ids of its own, and its headings in the form that code hosts give them."""
    text = text_of(page)
    names = (re.sub(r"\[([^\]]*)\]\([^)]*\)|`", r"\1", heading) for heading in HEADING.findall(text))
    slugs = {re.sub(r"[^\w\- ]", "", name.lower()).strip().replace(" ", "-") for name in names}
    return slugs | set(ANCHOR.findall(text))


def broken_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(text_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            yield link


def names_of(lang: str) -> set[str]:
    folder = HOME / "docs" / lang
    return {page.relative_to(folder).as_posix() for page in folder.rglob("*.md")}


def code_blocks(page: Path) -> list[str]:
    return [match.group() for match in FENCE.finditer(page.read_text(encoding="utf-8"))]


def commands() -> dict[str, click.Command]:
    context = click.Context(cli, info_name="uptake")
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


def described(name: str) -> str:
    """The part of the page that describes one command."""
    text = (HOME / "docs" / "en" / "commands.md").read_text(encoding="utf-8")
    return text.partition(f"\n## uptake {name}\n")[2].partition("\n## ")[0]


def test_the_generated_pages_are_current() -> None:
    assert main(["--check"]) == 0


def test_every_english_page_has_its_japanese_one() -> None:
    assert names_of("en") - ENGLISH_ONLY == names_of("ja") - {"index.md"}


@pytest.mark.parametrize("name", sorted(names_of("en") - ENGLISH_ONLY))
def test_a_japanese_page_has_the_structure_of_the_english_one(name: str) -> None:
    english, japanese = HOME / "docs" / "en" / name, HOME / "docs" / "ja" / name
    assert len(HEADING.findall(text_of(english))) == len(HEADING.findall(text_of(japanese)))
    assert len(code_blocks(english)) == len(code_blocks(japanese))
    assert re.search(r"[ぁ-ゖァ-ヺ一-鿿]", text_of(japanese))


@each_page
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_a_link_to_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '# One · two\n\n<a id="x1"></a>\n[a](page.md#one--two) [b](#x1) [c](none.md) [d](#none) [e](https://example.org/)\n'
        "```text\n[f](none.md)\n```\n",
        encoding="utf-8",
    )
    assert list(broken_links(page)) == ["none.md", "#none"]


@pytest.mark.parametrize("page", ["README.md", "docs/ja/index.md"])
def test_the_start_pages_name_both_commands(page: str) -> None:
    blocks = "\n".join(code_blocks(HOME / page))
    assert [command for command in BOTH_COMMANDS if command not in blocks] == []


def test_the_languages_link_to_each_other() -> None:
    assert "docs/ja/index.md" in LINK.findall(text_of(HOME / "README.md"))
    assert "../../README.md" in LINK.findall(text_of(HOME / "docs" / "ja" / "index.md"))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_every_option_is_described(name: str) -> None:
    text = described(name)
    options = [option for parameter in commands()[name].params for option in parameter.opts if option.startswith("--")]
    assert text
    assert [option for option in options if not re.search(rf"{re.escape(option)}(?![\w-])", text)] == []
