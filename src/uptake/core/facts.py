"""Fact: one thing that is so, with the place where it stands; what rules are matched against.

The rule engine knows facts only in this form, so it can be tested with a listing and no document at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

NOTHING: Mapping[str, Any] = {}


class Fact(NamedTuple):
    """One located fact.

    `kind` says what it is (`member`, `literal`, `declare`, `reference`, `control`, `link`, …; the list is in
    `assess/extraction/__init__.py`), `key` is what rules look up, always lower case, `text` is the evidence as written.
    """

    kind: str
    key: str
    text: str = ""
    line: int = 0
    """Physical line of the module stream, 1 is the first; 0 where the fact is not in source."""
    attributes: Mapping[str, Any] = NOTHING
