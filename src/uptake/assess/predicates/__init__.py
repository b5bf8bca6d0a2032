"""The few rules that need Python: each module looks at one subject and yields hits of the rules that name it as `predicate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from uptake.assess.extraction.code import CodeModule
from uptake.assess.predicates import declares, guards, pointers, structures
from uptake.rules.model import Hit

Predicate = Callable[[CodeModule], Iterator[Hit]]

PREDICATES: Mapping[str, Predicate] = {
    "declares": declares.check,
    "structures": structures.check,
    "pointers": pointers.check,
    "guards": guards.check,
    "legacy": guards.legacy,
}
