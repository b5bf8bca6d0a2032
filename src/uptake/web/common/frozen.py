"""Frozen values ↔ JSON, by their type hints.

Why no library: pydantic takes the field `date: date` of a slotted class for its own type and refuses the class. The wings' values
use few types, and what is stored must come back equal; a type that is not known here is an error when it is first used.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")
PLAIN = (str, int, float, bool, type(None))


def stored(value: Any) -> Any:
    """A frozen value as JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: stored(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): stored(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [stored(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(stored(each) for each in value)
    if isinstance(value, PLAIN):
        return value
    raise TypeError(f"{type(value).__name__} cannot be stored")


def restored(kind: type[Value], value: Any) -> Value:
    """The value of a type again, equal to what was stored."""
    made: Value = _read(kind, value)
    return made


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(next(each for each in get_args(kind) if each is not type(None)), value)
    if origin is tuple:
        inner = get_args(kind)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_read(inner[0], each) for each in value)
        return tuple(_read(each, part) for each, part in zip(inner, value, strict=True))
    if origin is frozenset:
        return frozenset(_read(get_args(kind)[0], each) for each in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _read(get_args(kind)[1], each) for key, each in value.items()}
    return _read_plain(kind, value)


def _read_plain(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        # A field that a later version has dropped is passed over; one that it has added keeps its default.
        return kind(
            **{each.name: _read(hints[each.name], value[each.name]) for each in fields(kind) if each.name in value}
        )
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind in PLAIN:
        return float(value) if kind is float and value is not None else value
    raise TypeError(f"{kind} cannot be restored")
