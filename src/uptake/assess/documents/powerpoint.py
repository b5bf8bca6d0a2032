"""PowerPoint presentations in compound files: projects and objects in ExOleObjStg records ([MS-PPT] 2.10.34).

The document stream is a list of top-level records. A project or an embedded object is a compound file of its own in a
record of type 0x1011, usually deflated; all of them are opened, not only the one that VbaInfoAtom points to.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct

from uptake.assess.documents.budget import Visit, note
from uptake.assess.documents.compound import SIGNATURE, CompoundFile, Storage
from uptake.assess.documents.model import Document, DocumentDefect, ProjectStorage, Status
from uptake.assess.documents.projects import find_projects

_RECORD = Struct("<HHL")
_OBJECT_STORAGE = 0x1011
_ENCRYPTED = b"\xdf\xc4\xd1\xf3"  # [MS-PPT] 2.3.2 CurrentUserAtom.headerToken


def inspect_presentation(document: Document, container: CompoundFile | Storage, name: str, visit: Visit) -> None:
    """Fills in what the streams of a presentation say and opens every object storage."""
    document.format, document.host, document.status, document.reason = "ppt", "powerpoint", Status.NO_VBA, ""
    user = container.find("Current User")
    if user is not None and container.head(user, 16)[12:16] == _ENCRYPTED:
        document.status, document.reason = Status.PASSWORD_PROTECTED, "the presentation is encrypted with a password"
        document.marks.add("legacy-encryption")
        return
    stream = container.read(name)
    if stream.find(b"\x11\x10") >= 0:
        for offset, instance, content in object_storages(stream):
            _open_object(document, content, instance, f"{name}@{offset}", visit)


def object_storages(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Offset, instance (1 is deflated) and content of every ExOleObjStg record at the top level of the stream."""
    position, end = 0, len(stream)
    while position + 8 <= end:
        version, kind, length = _RECORD.unpack_from(stream, position)
        if kind == _OBJECT_STORAGE:
            yield position, version >> 4, stream[position + 8 : position + 8 + length]
        position += 8 + length


def _open_object(document: Document, content: bytes, instance: int, place: str, visit: Visit) -> None:
    try:
        data = _inflate(content, visit) if instance == 1 or not content.startswith(SIGNATURE) else content
        file = CompoundFile(data, visit.budget)
    except DocumentDefect as problem:
        note(document, f"{place}: {problem}")
        return
    projects = find_projects(file, place)
    own = [project for project in projects if _is_whole(project, place)]
    document.projects += own
    if not own:
        visit.open_inside(document, data, place)


def _is_whole(project: ProjectStorage, place: str) -> bool:
    """Whether the project is the object itself, not something in an object."""
    return project.location == place


def _inflate(content: bytes, visit: Visit) -> bytes:
    """[MS-PPT] 2.10.35: the decompressed size in four bytes, then a zlib stream."""
    limit = visit.limits.part_size
    try:
        data = zlib.decompressobj().decompress(content[4:], limit + 1)
    except zlib.error:
        raise DocumentDefect("an object storage is damaged") from None
    if len(data) > limit:
        raise DocumentDefect(f"an object storage is larger than {limit} bytes", Status.LIMIT_REACHED)
    visit.budget.spend(len(data))
    return data
