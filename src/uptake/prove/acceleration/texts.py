"""Sentences of `acceleration_texts.csv` in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from uptake import catalogue


@dataclass(frozen=True, slots=True)
class Text:
    """A code of the table and what its sentence is filled with; a value may be a text itself."""

    code: str
    values: tuple[tuple[str, str], ...] = ()


def text(code: str, **values: object) -> Text:
    return Text(code, tuple((name, str(value)) for name, value in values.items()))


@lru_cache(maxsize=1)
def _sentences() -> Mapping[str, Mapping[str, str]]:
    return {row["code"]: row for row in catalogue.read_table("acceleration_texts")}


def said(what: Text, lang: str = "en") -> str:
    """The sentence; English where a language is missing."""
    row = _sentences()[what.code]
    return (row.get(lang) or row["en"]).format_map(dict(what.values))
