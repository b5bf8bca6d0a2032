"""YAML of the playbook → elements, with the line of every field, so that an error says where to look.

The bytes may be an organisation's own: nothing in them is executed, and what is wrong becomes a list of problems.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; line 0 where only the file is known."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a playbook, in which field."""

    place: Place
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.field}: {self.message}" if self.field else f"{self.place}: {self.message}"


@dataclass(slots=True)
class Record:
    """A mapping as it was written: values, and the place of each."""

    place: Place
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def over(self, base: Record) -> Record:
        """This record laid over another: what it does not say stays."""
        return Record(self.place, {**base.values, **self.values}, {**base.places, **self.places})

    def at(self, name: str) -> Place:
        return self.places.get(name, self.place)


class LineLoader(Base):  # type: ignore[misc]
    """Safe YAML whose mappings are records."""


def _record(loader: Any, node: yaml.MappingNode) -> Record:
    found = Record(Place(loader.name, node.start_mark.line + 1))
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a name must be a text", key_node.start_mark)
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in found.values:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
        found.values[key] = loader.construct_object(value_node, deep=True)
        found.places[key] = Place(loader.name, line)
    return found


LineLoader.add_constructor("tag:yaml.org,2002:map", _record)


def read_yaml(text: str, name: str) -> tuple[Any, list[Problem]]:
    """Content of one file, and why there is none."""
    try:
        loader = LineLoader(text)
        loader.name = name
        return loader.get_single_data(), []
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = f"not YAML: {getattr(error, 'problem', None) or error}"
        return None, [Problem(Place(name, mark.line + 1 if mark else 0), "", message)]
    except (ValueError, RecursionError) as error:  # a date that no calendar has; brackets without end
        return None, [Problem(Place(name), "", f"not readable: {type(error).__name__}: {error}"[:200])]


class WrongValueError(Exception):
    """A value that its field cannot hold."""

    def __init__(self, field_name: str, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.field = field_name
        self.place = place


@lru_cache(maxsize=128)
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind)}


def _required(kind: Any) -> Iterator[str]:
    for each in fields(kind):
        if each.default is MISSING and each.default_factory is MISSING:
            yield each.name


def build(kind: type[Built], record: Record) -> tuple[Built | None, list[Problem]]:
    """An element from its record, or all that hinders it."""
    hints = _hints(kind)  # type: ignore[arg-type]
    problems = [Problem(record.at(name), name, f"unknown field; known: {', '.join(hints)}")
                for name in record.values if name not in hints]  # fmt: skip
    problems += [Problem(record.place, name, "missing") for name in _required(kind) if record.values.get(name) is None]
    values: dict[str, Any] = {}
    for name in hints.keys() & record.values.keys():
        try:
            values[name] = convert(hints[name], record.values[name], name)
        except WrongValueError as error:
            problems.append(Problem(error.place or record.at(name), error.field, str(error)))
    return (None if problems else kind(**values)), problems


def convert(hint: Any, value: Any, name: str) -> Any:
    """A YAML value as the type of its field; a single value stands for a list of one."""
    kind = get_origin(hint)
    if kind in (tuple, frozenset):
        items = value if isinstance(value, list) else [] if value is None else [value]
        return kind(convert(get_args(hint)[0], item, name) for item in items)
    if kind in (Mapping, types.MappingProxyType):
        return _texts(value, name)
    if is_dataclass(hint):
        return _nested(hint, value, name)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _choice(hint, value, name)
    return _scalar(hint, value, name)


def _scalar(hint: Any, value: Any, name: str) -> Any:
    if hint is str and isinstance(value, (str, int, float, date)) and not isinstance(value, bool):
        return str(value).strip()
    if hint in (bool, int) and type(value) is hint:
        return value
    if hint is date and type(value) is date:
        return value
    raise WrongValueError(name, f"expected {_word(hint)}, found {_word(type(value))}")


WORDS = {
    "str": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "date": "a date such as 2026-01-31",
    "list": "a list",
    "Record": "a mapping",
    "NoneType": "nothing",
}


def _word(hint: type) -> str:
    return WORDS.get(hint.__name__, hint.__name__)


def _choice(hint: type[StrEnum], value: Any, name: str) -> StrEnum:
    try:
        return hint(value)
    except ValueError:
        found = repr(value) if isinstance(value, str) else _word(type(value))
        raise WrongValueError(name, f"{found} is none of {', '.join(hint)}") from None


def _texts(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, Record):
        raise WrongValueError(name, "expected a mapping")
    return {key: convert(str, text, f"{name}.{key}") for key, text in value.values.items()}


def _nested(hint: Any, value: Any, name: str) -> Any:
    if not isinstance(value, Record):
        raise WrongValueError(name, f"expected a mapping with {', '.join(_hints(hint))}")
    found, problems = build(hint, value)
    for problem in problems:
        raise WrongValueError(f"{name}.{problem.field}", problem.message, problem.place)
    return found


def records(content: Any, name: str) -> tuple[list[Record], list[Problem]]:
    """The records of a list, each with an id; a lone mapping counts as a list of one."""
    items = content if isinstance(content, list) else [] if content is None else [content]
    problems = [_strange(item, name) for item in items if not _has_id(item)]
    return [item for item in items if _has_id(item)], problems


def _has_id(item: Any) -> bool:
    return (
        isinstance(item, Record)
        and isinstance(item.values.get("id"), (str, int, float, date))
        and item.values["id"] != ""
    )


def _strange(item: Any, name: str) -> Problem:
    """No text of the item is shown: a few lines of YAML can stand for more than memory holds."""
    if isinstance(item, Record):
        return Problem(item.at("id"), "id", "missing" if item.values.get("id") in (None, "") else "expected a text")
    return Problem(Place(name), "", f"expected a mapping, found {_word(type(item))}")
