"""Sentences of the packaging wing in the reader's language: `catalogue/odt/phrases.yaml` and its mirror."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from uptake import catalogue
from uptake.rules.catalogue import Loader


@lru_cache(maxsize=4)
def phrases(lang: str) -> Mapping[str, str]:
    """Key → sentence; a key that a language lacks falls back to English."""
    english = _read("odt")
    return english if lang == "en" else {**english, **_read(lang, "odt")}


def _read(*folder: str) -> dict[str, str]:
    path = catalogue.folder(*folder, "phrases.yaml")
    if not path.is_file():
        return {}
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=Loader))  # noqa: S506 - a safe loader


def said(key: str, lang: str = "en", **arguments: Any) -> str:
    """A sentence with its arguments; a key that nobody wrote shows as itself."""
    return phrases(lang).get(key, key).format_map(_Missing(arguments))


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"‹{key}›"
