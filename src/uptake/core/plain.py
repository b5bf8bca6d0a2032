"""Frozen dataclasses ↔ plain JSON values, so that a judgement, a case or a snapshot can be stored and be the same again.

Types are read from the classes themselves: dates, enums, tuples, mappings, optional and nested values. What does not fit is an
error that names the field, never a half-read value.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from uptake.core.errors import UptakeError

Kind = TypeVar("Kind")


class NotPlainError(UptakeError):
    """A stored value that does not fit its class."""


def as_plain(value: Any) -> Any:
    """JSON values of a dataclass and of all inside it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): as_plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [as_plain(each) for each in (sorted(value) if isinstance(value, frozenset) else value)]
    return value


@lru_cache(maxsize=256)
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind)}


def from_plain(kind: type[Kind], value: Any) -> Kind:
    """The dataclass again; fields that a later version added take their defaults. Raises `NotPlainError`."""
    return cast("Kind", _read(kind, value, getattr(kind, "__name__", str(kind))))


def _read(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(hint), value, where)
    if origin in (tuple, frozenset):
        return _several(hint, value, where)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(hint, value, where)
    if is_dataclass(hint):
        return _object(hint, value, where)
    return _single(hint, value, where)


def _one_of(hints: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in hints:
        return None
    for hint in hints:
        if hint is not type(None):
            return _read(hint, value, where)
    raise NotPlainError(f"{where}: nothing fits")


def _several(hint: Any, value: Any, where: str) -> Any:
    arguments = get_args(hint)
    if not isinstance(value, list):
        raise NotPlainError(f"{where}: not a list")
    if get_origin(hint) is frozenset:
        return frozenset(_read(arguments[0], each, where) for each in value)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_read(arguments[0], each, where) for each in value)
    if len(arguments) != len(value):
        raise NotPlainError(f"{where}: {len(value)} values where {len(arguments)} belong")
    return tuple(_read(each, part, where) for each, part in zip(arguments, value, strict=True))


def _mapping(hint: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise NotPlainError(f"{where}: not a mapping")
    key, inner = get_args(hint)
    return {_read(key, name, where): _read(inner, each, f"{where}.{name}") for name, each in value.items()}


def _object(hint: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise NotPlainError(f"{where}: not an object")
    hints = _hints(hint)
    unknown = value.keys() - hints.keys()
    if unknown:
        raise NotPlainError(f"{where}: unknown field {', '.join(sorted(unknown))}")
    try:
        return hint(**{name: _read(hints[name], each, f"{where}.{name}") for name, each in value.items()})
    except TypeError as error:
        raise NotPlainError(f"{where}: {error}") from None


def _single(hint: Any, value: Any, where: str) -> Any:
    if hint is Any or (value is None and hint is type(None)):
        return value
    if hint is float and type(value) in (int, float):
        return float(value)
    if isinstance(hint, type) and issubclass(hint, Enum | date):
        try:
            if issubclass(hint, Enum):
                return hint(value)
            return hint.fromisoformat(value) if issubclass(hint, datetime) else date.fromisoformat(value)
        except (ValueError, TypeError):
            raise NotPlainError(f"{where}: {value!r} is no {hint.__name__}") from None
    if type(value) is not hint:
        raise NotPlainError(f"{where}: {value!r} is no {getattr(hint, '__name__', hint)}")
    return value
