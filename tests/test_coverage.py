"""The page of what serves the playbook names only what there is, and leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import get_resolver

from uptake.cli import COMMANDS
from uptake.cli.docs import coverage

HOME = Path(__file__).resolve().parents[1]
ROWS = coverage()


def test_every_element_and_every_capability_has_its_line() -> None:
    ids = [row["id"] for row in ROWS]
    assert ids == [f"S{number}" for number in range(1, 79)] + [str(number) for number in range(1, 44)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_line_names_what_exists_or_says_why_not(row: dict[str, str]) -> None:
    from uptake.web.api import api

    assert (row["served_by"] and row["test"]) or row["remark"], "neither served nor explained"
    pages = {name for name in get_resolver().reverse_dict if isinstance(name, str)} | _nested()
    operations = {each["operationId"] for path in api.get_openapi_schema()["paths"].values() for each in path.values()}
    known = {"page": pages, "command": set(COMMANDS), "api": operations}
    for served in filter(None, map(str.strip, row["served_by"].split(";"))):
        kind, _sep, name = served.partition(":")
        assert name in known[kind], served
    if row["test"]:
        path, _sep, name = row["test"].partition("::")
        assert re.search(rf"^def {re.escape(name)}\(", (HOME / path).read_text(encoding="utf-8"), re.MULTILINE), row[
            "test"
        ]


def _nested() -> set[str]:
    found: set[str] = set()
    todo = list(get_resolver().url_patterns)
    while todo:
        each = todo.pop()
        todo += getattr(each, "url_patterns", [])
        found.add(getattr(each, "name", None) or "")
    return found
