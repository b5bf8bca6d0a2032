"""Documents in compound files: which application's it is, whether it is encrypted, what is embedded in it.

[MS-DOC] 2.1, [MS-XLS] 2.1, [MS-PPT] 2.1, [MS-OFFCRYPTO] 2.2 and 2.3, [MS-OXMSG] 2.1; Project and Publisher publish no
format, they are told by their streams and CLSIDs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from uptake.assess.documents.biff import inspect_workbook
from uptake.assess.documents.budget import Bytes, Visit, doubt, note
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Document, DocumentDefect, Status
from uptake.assess.documents.native import native_content
from uptake.assess.documents.outlook import open_attachments
from uptake.assess.documents.powerpoint import inspect_presentation
from uptake.assess.documents.projects import ancestors, find_projects
from uptake.assess.documents.visio import inspect_drawing
from uptake.assess.documents.word import inspect_word

_Inspect = Callable[[Document, CompoundFile | Storage, str, Visit], None]
_MAIN_STREAMS = ("Workbook", "Book", "WordDocument", "PowerPoint Document", "VisioDocument")
_OBJECT_STREAMS = frozenset(
    [*(name.upper() for name in _MAIN_STREAMS), "PACKAGE", "\x01OLE10NATIVE", "ENCRYPTEDPACKAGE", "CONTENTS"]
)
_PROJECT_CLSID = bytes.fromhex("3a8fb774c8c8d111be1100c04fb6faf1")
_PROPS = re.compile(r"\A(?:Props(?:9|12|14)?|   1?\d{1,2}/.*)\Z")


def open_compound(data: Bytes, visit: Visit) -> Document:
    """A document in a compound file."""
    try:
        file = CompoundFile(data, visit.budget)
    except DocumentDefect as problem:
        return Document("ole", "", problem.status, reason=str(problem))
    document = inspect_storage(file, visit)
    document.defects += (sentence for sentence in file.defects if sentence not in document.defects)
    if file.is_incomplete:
        doubt(document, "the compound file is damaged, and there is no VBA in what can still be read")
    return document


def inspect_storage(container: CompoundFile | Storage, visit: Visit) -> Document:
    """The document whose streams stand in a compound file or in one of its storages."""
    document = Document("ole", "", Status.NOT_OFFICE, container=container, location=visit.location)
    document.reason = "a compound file that is not of Office"
    try:
        _inspect(document, container, visit)
    except DocumentDefect as problem:
        _fail(document, problem)
    _mark(document, container)
    _open_objects(document, container, visit)
    document.projects += find_projects(container)
    inner = [inner for inner in document.embedded if inner.container is not None]
    _give_away(document, inner)
    if document.projects and document.status in (Status.NO_VBA, Status.NOT_OFFICE, Status.NOT_READABLE_YET):
        document.status, document.reason = Status.HAS_VBA, ""
    if document.format == "ole" and document.projects:
        document.format = "vbaproject"
    elif document.status is Status.NOT_OFFICE and visit.depth and any(container.storages[""]):
        document.format, document.status, document.reason = "ole-object", Status.NO_VBA, ""
    return document


def _fail(document: Document, problem: DocumentDefect) -> None:
    document.status, document.reason = problem.status, str(problem)


def _inspect(document: Document, container: CompoundFile | Storage, visit: Visit) -> None:
    """Tells the format by the streams at the root and lets the format's own file look further."""
    for name, inspect in _INSPECTORS:
        found = name if name in container.streams else None
        if found is not None:
            inspect(document, container, found, visit)
            return
    for name in container.streams:
        upper = name.upper()
        for known, inspect in _INSPECTORS:
            if known.upper() == upper:
                inspect(document, container, name, visit)
                return
    _inspect_rare(document, container)


def _inspect_encrypted(document: Document, container: CompoundFile | Storage, _: str, __: Visit) -> None:
    """[MS-OFFCRYPTO] 2.3.4: the package is encrypted as a whole; with data spaces by rights management (2.2)."""
    document.format, document.status = "ooxml-encrypted", Status.PASSWORD_PROTECTED
    document.reason = "the document is encrypted with a password"
    if any("DRM" in path.upper() for path in [*container.streams, *container.storages]):
        document.marks.add("irm")
        document.reason = "the document is protected by rights management"


def _inspect_mail(document: Document, container: CompoundFile | Storage, _: str, visit: Visit) -> None:
    document.format, document.host, document.status, document.reason = "msg", "outlook", Status.NO_VBA, ""
    open_attachments(document, container, visit, inspect_storage)


def _inspect_rights(document: Document, _: CompoundFile | Storage, __: str, ___: Visit) -> None:
    document.status, document.reason = Status.PASSWORD_PROTECTED, "the document is protected by rights management"
    document.marks.add("irm")


_INSPECTORS: tuple[tuple[str, _Inspect], ...] = (
    ("Workbook", inspect_workbook),
    ("WordDocument", inspect_word),
    ("PowerPoint Document", inspect_presentation),
    ("VisioDocument", inspect_drawing),
    ("Book", inspect_workbook),
    ("EncryptedPackage", _inspect_encrypted),
    ("__properties_version1.0", _inspect_mail),
    ("\x09DRMContent", _inspect_rights),
)


def _inspect_rare(document: Document, container: CompoundFile | Storage) -> None:
    """Formats without a telling main stream."""
    streams, storages = container.streams, container.storages
    found = ("", "", Status.NO_VBA, "")
    if storages[""] == _PROJECT_CLSID or any(_PROPS.match(name) for name in streams):
        found = ("mpp", "project", Status.NO_VBA, "")
    elif "Quill/QuillSub/CONTENTS" in streams:
        found = ("pub", "publisher", Status.NO_VBA, "")
    elif "OutlookProjectData" in streams:
        found = ("otm", "outlook", Status.NO_VBA, "")
    elif "PP40" in streams or "PersistentStorage Directory" in streams:
        found = ("ppt95", "powerpoint", Status.NO_VBA, "PowerPoint 95 and older have no macros")
    elif "MatOST" in streams or "MN0" in streams:
        found = ("wps", "", Status.NOT_OFFICE, "a Microsoft Works document")
    elif "\x01Ole10Native" in streams or "Package" in streams or "CONTENTS" in streams:
        found = ("ole-object", "", Status.NO_VBA, "")
    if found[0]:
        document.format, document.host, document.status, document.reason = found


def _mark(document: Document, container: CompoundFile | Storage) -> None:
    """Things that rules ask for and that the directory alone tells."""
    for name in container.streams:
        if "SIGNATURE" in name.upper() or name.startswith("_signatures"):
            document.marks.add("signature")
        elif name.endswith(("DRMContent", "DRMViewerContent")):
            document.marks.add("irm")


# Embedded objects: [MS-OLEDS] 2.3


def _open_objects(document: Document, container: CompoundFile | Storage, visit: Visit) -> None:
    """Embedded objects: storages with a main stream of their own, and whole files in `Package` and `Ole10Native`."""
    places: set[str] = set()
    for name in container.streams:
        parent, _, last = name.rpartition("/")
        if last.upper() not in _OBJECT_STREAMS or parent.startswith(("__", "Quill")):
            continue
        if parent:
            places.add(parent)
        else:
            _open_stream(document, container, name, visit)
    for place in sorted(places):
        if not any(outer in places for outer in ancestors(place)):
            _open_storage(document, container, place, visit)


def _open_storage(document: Document, container: CompoundFile | Storage, place: str, visit: Visit) -> None:
    """A storage that is a document by itself."""
    file, root = container, place
    if isinstance(container, Storage):
        file, root = container.file, f"{container.root}/{place}" if container.root else place
    if not isinstance(file, CompoundFile) or not visit.may_descend(document):
        return
    visit.budget.documents += 1
    inner = inspect_storage(Storage(file, root), visit.down(place))
    if inner.status is not Status.NOT_OFFICE or inner.embedded:
        document.embedded.append(inner)


def _open_stream(document: Document, container: CompoundFile | Storage, name: str, visit: Visit) -> None:
    """A stream that holds a whole file."""
    upper = name.upper()
    if upper not in ("PACKAGE", "\x01OLE10NATIVE", "CONTENTS"):
        return
    try:
        content, label = container.read(name), ""
        if upper == "\x01OLE10NATIVE":
            content, label = native_content(content)
        visit.open_inside(document, content, name.strip("\x01"), label)
    except DocumentDefect as problem:
        note(document, f"embedded object {name.strip(chr(1))!r}: {problem}")


def _give_away(document: Document, inner: list[Document]) -> None:
    """Projects that lie inside an embedded storage belong to that document, not to the one around it."""
    roots = {
        place.location[len(document.location) :].lstrip("!") for place in inner if isinstance(place.container, Storage)
    }
    if roots:
        document.projects = [
            project
            for project in document.projects
            if project.location not in roots and not any(outer in roots for outer in ancestors(project.location))
        ]
