"""Sentences of `usage_reasons.csv`: why a verdict is what it is, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from uptake import catalogue


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a code of the table and what its sentence is filled with."""

    code: str
    values: tuple[tuple[str, str], ...] = ()


def because(code: str, **values: object) -> Reason:
    return Reason(code, tuple((name, _shown(value)) for name, value in values.items()))


def places(value: float) -> int:
    """Decimal places to show: one; two where one would show a whole number that it is not: 2.99 is below 3, 3.0 is not."""
    return 2 if round(value, 1) == round(value) != round(value, 6) else 1


def signed(value: float) -> str:
    """A change, always with its sign."""
    return f"{value:+.{places(value)}f}"


def _shown(value: object) -> str:
    return f"{value:.{places(value)}f}" if isinstance(value, float) else str(value)


@lru_cache(maxsize=1)
def _sentences() -> Mapping[str, Mapping[str, str]]:
    return {row["code"]: row for row in catalogue.read_table("usage_reasons")}


def said(reason: Reason, lang: str = "en") -> str:
    """The sentence of a reason; English where a language is missing."""
    row = _sentences()[reason.code]
    return (row.get(lang) or row["en"]).format_map(dict(reason.values))


def sentence(reasons: Iterable[Reason], lang: str = "en") -> str:
    """All reasons as one text."""
    return ("。" if lang == "ja" else "; ").join(said(reason, lang) for reason in reasons)
