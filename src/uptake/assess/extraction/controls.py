"""Controls and OLE objects: which servers a document needs to be there, by CLSID or ProgID.

Facts of kind `control`; `where` is `activex` (a control on a page or sheet), `ole` (an embedded or linked object) or
`form` (a control on a UserForm). [ECMA-376-1] 19.3, [MS-OLEDS] 2.3.8 for `\\x01CompObj`, [MS-OFORMS] 2.2.10 for forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from uptake.assess.documents.budget import note
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Container, Document, DocumentDefect, ProjectStorage
from uptake.assess.extraction.oforms import class_ids
from uptake.assess.extraction.parts import MOST_TEXT, bytes_of, clsid_text, elements, text_of
from uptake.core.facts import Fact

_ACTIVEX = "application/vnd.ms-office.activex+xml"
_OBJECT_PLACE = re.compile(r"(?:\A|/)(?:MBD[0-9A-Fa-f]{8}|LNK[0-9A-Fa-f]{8}|ObjectPool/_\d+)\Z")
_OBJECT_FILE = re.compile(r"(?:@\d+|objdata\d+|embeddings/[^!/]*)\Z")
"""Locations of files that are OLE objects; other files inside files are attachments."""
_SOURCES = re.compile(r"(?i)/_rels/(?:sheet|slide|document|header|footer|vmldrawing|page|notesslide)[^/]*\.rels\Z")
_OBJECT_RELATION = re.compile(rb"""(?i)relationships/(?:oleobject|package|control)["']""")
"""A relationship to an embedded object; the word alone stands in the namespace of every such part."""


def controls(document: Document) -> list[Fact]:
    """Facts about every control and OLE object of one document (not of those embedded in it)."""
    facts: list[Fact] = []
    container = document.container
    try:
        if document.content_types and container is not None:
            facts += _package_controls(document, container)
        elif isinstance(container, CompoundFile | Storage):
            facts += _storage_controls(document, container)
        for project in document.projects:
            facts += _form_controls(project)
    except DocumentDefect as problem:
        note(document, f"controls could not be looked for: {problem}")
    return _unique(facts)


def _fact(where: str, clsid: str, progid: str, place: str, name: str = "") -> Fact | None:
    key = clsid or progid
    if not key:
        return None
    more = {"clsid": clsid.lower(), "progid": progid, "where": where, "place": place}
    if name:
        more["name"] = name
    return Fact("control", key.lower(), (progid or clsid)[:MOST_TEXT], attributes=more)


def _unique(facts: list[Fact]) -> list[Fact]:
    seen: dict[tuple[object, ...], Fact] = {}
    for fact in facts:
        seen.setdefault((fact.key, fact.attributes["where"], fact.attributes["place"]), fact)
    return list(seen.values())


# Packages


def _package_controls(document: Document, container: Container) -> list[Fact]:
    facts: list[Fact | None] = []
    has_objects = False
    for kind, names in document.parts_by_type().items():
        if kind == _ACTIVEX:
            facts += _activex(container, names)
        elif kind.endswith("oleobject"):
            has_objects = True
    if has_objects or "/embeddings/" in "\n".join(container.names()):
        facts += _ole_objects(container)
    return [fact for fact in facts if fact is not None]


def _activex(container: Container, names: list[str]) -> Iterator[Fact | None]:
    for name in names:
        for control in elements(text_of(container, name), "ocx"):
            classid = next((value for key, value in control.items() if key.endswith("classid")), "")
            yield _fact("activex", classid, "", name)


def _ole_objects(container: Container) -> list[Fact | None]:
    """ProgIDs of the objects in parts that have relationships to objects."""
    facts: list[Fact | None] = []
    for name in container.names():
        if not _SOURCES.search(name):
            continue
        raw = bytes_of(container, name)
        if not _OBJECT_RELATION.search(raw.replace(b"\0", b"")):  # also in UTF-16
            continue
        source = name.replace("/_rels/", "/").removesuffix(".rels")
        text = text_of(container, source)
        for element in ("oleObject", "OLEObject", "oleObj"):
            rows = elements(text, element)
            facts += (_fact("ole", "", row.get("progId") or row.get("ProgID") or "", source) for row in rows)
    return facts


# Compound files


def _storage_controls(document: Document, container: CompoundFile | Storage) -> list[Fact]:
    facts: list[Fact | None] = []
    for path, clsid in container.storages.items():
        if path and _OBJECT_PLACE.search(path):
            facts.append(_object_fact(container, path, clsid))
    if isinstance(container, CompoundFile) and (
        document.format == "ole-object" or _OBJECT_FILE.search(document.location)
    ):
        facts.append(_object_fact(container, "", container.storages[""]))
    return [fact for fact in facts if fact is not None]


def _object_fact(container: CompoundFile | Storage, path: str, clsid: bytes) -> Fact | None:
    prefix = path + "/" if path else ""
    is_control = f"{prefix}\x03OCXNAME" in container.streams or f"{prefix}\x03OCXDATA" in container.streams
    return _fact("activex" if is_control else "ole", clsid_text(clsid), _progid(container, prefix), path)


def _progid(container: CompoundFile | Storage, prefix: str) -> str:
    """The ProgID in a CompObj stream ([MS-OLEDS] 2.3.8): behind the user type and the clipboard format."""
    name = f"{prefix}\x01CompObj"
    if name not in container.streams:
        return ""
    content = bytes_of(container, name, 1 << 16)
    position = 28
    length = int.from_bytes(content[position : position + 4], "little")
    position += 4 + length
    marker = int.from_bytes(content[position : position + 4], "little")
    position += 8 if marker in (0xFFFFFFFF, 0xFFFFFFFE) else 4 + marker
    length = int.from_bytes(content[position : position + 4], "little")
    if not 0 < length <= 40:  # [MS-OLEDS] 2.3.8: longer is ignored
        return ""
    return content[position + 4 : position + 4 + length].rstrip(b"\x00").decode("latin-1")


# UserForms


def _form_controls(project: ProjectStorage) -> list[Fact]:
    facts = []
    for path, name in project.streams.items():
        if not path.endswith("/F") or path.startswith("VBA/"):
            continue
        form = path.rpartition("/")[0]
        for clsid in class_ids(bytes_of(project.container, name, 16 << 20)):
            fact = _fact("form", clsid, "", f"{project.location}/{form}", form)
            if fact is not None:
                facts.append(fact)
    return facts
