"""Data only: rules, tables, translations. `read_table` and `read_text` are the one way to them."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable


def folder(*parts: str) -> Traversable:
    """A folder or file of the catalogue, also from inside a zipped wheel."""
    return files("uptake.catalogue").joinpath(*parts)


def read_text(*parts: str) -> str:
    return folder(*parts).read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def read_table(name: str) -> tuple[dict[str, str], ...]:
    """Rows of `tables/<name>.csv`; lines that start with `#` are remarks."""
    lines = [line for line in read_text("tables", f"{name}.csv").splitlines() if line and not line.startswith("#")]
    return tuple(csv.DictReader(io.StringIO("\n".join(lines))))
