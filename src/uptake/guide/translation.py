"""The playbook in the reader's language: the mirror `catalogue/ja/playbook` holds prose only, English stands in for what it lacks.

Each entry names in `of:` the digest of the English that it was made from, so that a changed original is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from uptake import catalogue
from uptake.guide.elements import KINDS, Element, place_of, prose_of
from uptake.guide.playbook import Playbook
from uptake.guide.reading import Record, read_yaml, records

Text = str | tuple[str, ...]
Said = Mapping[str, Text]
NO_TEXTS: Mapping[tuple[str, str], Record] = {}


@dataclass(frozen=True, slots=True)
class Untranslated:
    """A field that a reader of another language sees in English, and whether that is because the English has changed."""

    place: str
    id: str
    field: str
    is_stale: bool = False


def digest_of(element: Element) -> str:
    """Digest of an element's English prose."""
    return sha256(repr(sorted(prose_of(element).items())).encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def _mirror(lang: str) -> Mapping[tuple[str, str], Record]:
    """(list, id) → what the mirror says; the same files and lists as the English."""
    root = catalogue.folder(lang, "playbook")
    if not root.is_dir():
        return NO_TEXTS
    found: dict[tuple[str, str], Record] = {}
    folders = [("", root), *((f"{each.name}/*", each) for each in root.iterdir() if each.is_dir())]
    for pattern, folder in folders:
        for path in folder.iterdir():
            if path.name.endswith(".yaml"):
                text = path.read_text(encoding="utf-8")
                for section, record in _entries(text, path.name):
                    file = pattern or path.name.removesuffix(".yaml")
                    found[f"{file}.{section}" if section else file, str(record.values["id"])] = record
    return found


def _entries(text: str, name: str) -> Iterator[tuple[str, Record]]:
    content, _ = read_yaml(text, name)
    sections = content.values if isinstance(content, Record) and "id" not in content.values else {"": content}
    for section, items in sections.items():
        found, _ = records(items, name)
        for record in found:
            yield section, record


def said(element: Element, lang: str) -> Said:
    """What an element says to a reader, field by field; English where there is no translation of the same shape."""
    english = prose_of(element)
    record = _mirror(lang).get((place_of(type(element)), element.id)) if lang != "en" else None
    if record is None:
        return english
    return {name: _translated(record, name, text) or text for name, text in english.items()}


def _translated(record: Record, name: str, english: Text) -> Text | None:
    value = record.values.get(name)
    if isinstance(english, str):
        return str(value).strip() if isinstance(value, str) and value.strip() else None
    if not isinstance(value, list) or len(value) != len(english) or not all(isinstance(each, str) for each in value):
        return None
    return tuple(each.strip() for each in value)


def untranslated(playbook: Playbook, lang: str) -> tuple[Untranslated, ...]:
    """Every field of the playbook that has no translation, or one that was made from other English."""
    return tuple(missing for element in playbook.all() for missing in _missing(element, lang))


def _missing(element: Element, lang: str) -> Iterator[Untranslated]:
    place = place_of(type(element))
    record = _mirror(lang).get((place, element.id))
    is_stale = record is not None and record.values.get("of") != digest_of(element)
    for name, english in prose_of(element).items():
        if record is None or is_stale or _translated(record, name, english) is None:
            yield Untranslated(place, element.id, name, is_stale)


def orphans(playbook: Playbook, lang: str) -> tuple[tuple[str, str], ...]:
    """Entries of the mirror that have no original."""
    known = {(place_of(kind), key) for kind in KINDS for key in playbook.of(kind)}
    return tuple(sorted(set(_mirror(lang)) - known))
