"""What a check gives back: a place where it holds, or that it cannot tell and what would tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from uptake.deploy.odt.situation import Situation
from uptake.deploy.odt.view import View


@dataclass(frozen=True, slots=True)
class Found:
    """The check holds at a line."""

    line: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""
    severity: str = ""
    """Where it is not the check's own."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """The check may hold; `needs` names what would decide it, a field of the situation or `versions`."""

    needs: str


Outcome = Found | Undecided
Predicate = Callable[[View, Situation], Iterator[Outcome]]
ERROR, WARNING, INFORMATION = "error", "warning", "info"
