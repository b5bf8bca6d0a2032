"""The playbook: every element of `catalogue/playbook/`, and what an organisation's own folder adds to it or changes in it.

Why a folder and no fork: ours stays readable and can be updated, theirs holds only the differences.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, cast

from uptake import catalogue
from uptake.core.errors import CatalogueError
from uptake.guide.elements import KINDS, Element, Question, Scenario, Task, place_of
from uptake.guide.reading import Place, Problem, Record, build, read_yaml, records

Kind = TypeVar("Kind", bound=Element)
LINKED = "linked_tasks.csv"
FILES = frozenset(kind.file for kind in KINDS)
BOUNDED = 4_000_000
"""Bytes of one file; a playbook is written by people."""


@dataclass(frozen=True)
class Playbook:
    """Elements by kind and id, in the order in which they stand."""

    elements: Mapping[type[Element], Mapping[str, Element]]
    places: Mapping[tuple[type[Element], str], Place] = field(default_factory=dict)
    added: frozenset[tuple[type[Element], str]] = frozenset()
    """What only an organisation's own folder has."""
    digest: str = ""
    """Of all bytes that it was read from; an engagement keeps it beside the version."""

    def of(self, kind: type[Kind]) -> Mapping[str, Kind]:
        """Id → element of one kind."""
        return cast("Mapping[str, Kind]", self.elements.get(kind, {}))

    @cached_property
    def scenario(self) -> Scenario:
        return next(iter(self.of(Scenario).values()))

    @property
    def tasks(self) -> Mapping[str, Task]:
        return self.of(Task)

    def all(self) -> Iterator[Element]:
        for kind in KINDS:
            yield from self.of(kind).values()


@dataclass(slots=True)
class _Pile:
    """What was read so far: place in the playbook → id → record."""

    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    added: set[tuple[str, str]] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    digest: Any = field(default_factory=sha256)

    def add(self, place: str, found: Iterable[Record], is_overlay: bool) -> None:
        """Records of one list; an id may come again only from the overlay."""
        known = self.records.setdefault(place, {})
        seen: set[str] = set()
        for record in found:
            key = str(record.values.get("id"))
            if key in seen or (key in known and not is_overlay):
                self.problems.append(Problem(record.at("id"), "id", f"{key} is used twice in {place}"))
            if is_overlay and key not in known:
                self.added.add((place, key))
            known[key] = record.over(known[key]) if key in known else record
            seen.add(key)


def load_playbook(overlay: Path | None = None) -> Playbook:
    """The playbook, whole. Raises `CatalogueError` with file, line and field of everything that is wrong."""
    return _shipped() if overlay is None else _sound(*read_playbook(overlay))


@lru_cache(maxsize=1)
def _shipped() -> Playbook:
    return _sound(*read_playbook())


def _sound(playbook: Playbook, problems: list[Problem]) -> Playbook:
    if problems:
        shown = "\n".join(map(str, problems[:20]))
        raise CatalogueError(
            f"the playbook has {len(problems)} problem(s):\n{shown}", hint="`uptake playbook lint` shows all."
        )
    return playbook


def read_playbook(overlay: Path | None = None) -> tuple[Playbook, list[Problem]]:
    """As much of the playbook as can be read, and what cannot."""
    pile = _Pile()
    _read_folder(catalogue.folder("playbook"), "", pile, is_overlay=False)
    if overlay is not None:
        if not overlay.is_dir():
            raise CatalogueError(
                f"{overlay} is no folder", hint="A folder with files such as links.yaml or tasks/9001.yaml."
            )
        _read_folder(overlay, f"{overlay.name}/", pile, is_overlay=True)
    return _assemble(pile), pile.problems


def _read_folder(folder: Traversable, shown: str, pile: _Pile, *, is_overlay: bool) -> None:
    for name, path in _files(folder):
        if name.endswith(".yml"):
            pile.problems.append(Problem(Place(shown + name), "", "the name must end with .yaml"))
        if name != LINKED and not name.endswith(".yaml"):
            continue
        text = _text(path, pile, shown + name)
        if name == LINKED:
            pile.add(Task.file, _linked(text, shown + name, pile), is_overlay)
        else:
            _read_file(text, name.removesuffix(".yaml"), shown, pile, is_overlay)


def _files(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Name inside the folder → file; `tasks/3080-….yaml`. Sub-folders one deep, in the order of their names."""
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.is_dir():
            inner = sorted(path.iterdir(), key=lambda each: each.name)
            yield from ((f"{path.name}/{each.name}", each) for each in inner if each.is_file())
        else:
            yield path.name, path


def _text(path: Traversable, pile: _Pile, shown: str) -> str:
    data = path.read_bytes()
    pile.digest.update(shown.encode() + b"\0" + data)
    if len(data) > BOUNDED:
        pile.problems.append(Problem(Place(shown), "", f"larger than {BOUNDED} bytes"))
        return ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        pile.problems.append(Problem(Place(shown, data[: error.start].count(b"\n") + 1), "", "not UTF-8"))
        return ""


def _read_file(text: str, name: str, shown: str, pile: _Pile, is_overlay: bool) -> None:
    """One YAML file: a list, or lists by name; in `tasks/` one task a file."""
    file = f"{shown}{name}.yaml"
    content, problems = read_yaml(text, file)
    pile.problems += problems
    pattern = f"{name.split('/')[0]}/*" if "/" in name else name
    if pattern not in FILES:
        pile.problems.append(Problem(Place(file), "", f"no such file in a playbook; known: {', '.join(sorted(FILES))}"))
        return
    for section, items in _sections(content, pattern, pile):
        found, wrong = records(items, file)
        pile.problems += wrong
        if pattern.startswith("questionnaires"):
            _name_questionnaire(found, section, name.split("/")[1])
        pile.add(f"{pattern}.{section}" if section else pattern, found, is_overlay)


def _name_questionnaire(found: Iterable[Record], section: str, name: str) -> None:
    for record in found if section == Question.section else ():
        record.values.setdefault("questionnaire", name)


def _sections(content: Any, pattern: str, pile: _Pile) -> Iterator[tuple[str, Any]]:
    known = {kind.section for kind in KINDS if kind.file == pattern}
    if not isinstance(content, Record) or pattern == Task.file:
        yield "", content
        return
    for section, items in content.values.items():
        if section in known:
            yield section, items
        else:
            message = f"no such list; known: {', '.join(sorted(filter(None, known))) or 'none, the file is a list'}"
            pile.problems.append(Problem(content.at(section), section, message))


def _linked(text: str, file: str, pile: _Pile) -> list[Record]:
    """Rows of the table of tasks that linked pages bring; evidence kinds stand behind `;`."""
    found = []
    rows = csv.DictReader(io.StringIO(text, newline=""))
    for row in rows:
        place = Place(file, rows.line_num)
        if None in row or None in row.values():
            pile.problems.append(Problem(place, "", "this row has more or fewer columns than the first line"))
            continue
        found.append(Record(place, _linked_values({k: v.strip() for k, v in row.items()}, place)))
    return found


def _linked_values(row: dict[str, str], place: Place) -> dict[str, Any]:
    needs = [Record(place, {"kind": kind}) for kind in row["evidence"].split(";") if kind]
    return {
        **{name: row[name] for name in ("id", "title", "role", "phase", "process", "done_when", "source")},
        "mandatory": row["mandatory"] == "M",
        "usual": row["usual"] == "yes",
        "certainty": row["certainty"] or "stated",
        "services": row["services"].split("/"),
        "default": False,
        "evidence": needs,
    }


def _assemble(pile: _Pile) -> Playbook:
    elements: dict[type[Element], dict[str, Element]] = {}
    places: dict[tuple[type[Element], str], Place] = {}
    for kind in KINDS:
        for key, record in pile.records.get(place_of(kind), {}).items():
            element, problems = build(kind, record)
            pile.problems += problems
            if element is not None:
                elements.setdefault(kind, {})[element.id] = element
                places[kind, key] = record.place
    if not elements.get(Scenario):
        pile.problems.append(Problem(Place("scenario.yaml"), "scenario", "missing"))
    added = frozenset((kind, key) for kind, key in places if (place_of(kind), key) in pile.added)
    return Playbook(elements, places, added, pile.digest.hexdigest()[:16])
