"""OOXML packages: real format, VBA projects, signatures and embedded documents, by content types ([ECMA-376-2] 7).

The extension of the file and the names of the parts are claims of whoever wrote them. Office goes by content types and
relationships, so a project in `xl/notes.dat` is found, and an .xlsx that is a .docm is called one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

from uptake.assess.documents.budget import Visit, doubt, note
from uptake.assess.documents.compound import SIGNATURE, CompoundFile
from uptake.assess.documents.content_types import ContentTypes
from uptake.assess.documents.model import Container, Document, DocumentDefect, ProjectStorage, Status
from uptake.assess.documents.projects import find_projects

VBA = "application/vnd.ms-office.vbaproject"
_WORD, _EXCEL, _POINT = (
    "application/vnd.openxmlformats-officedocument." + kind
    for kind in ("wordprocessingml.", "spreadsheetml.", "presentationml.")
)
_SIGNATURES = {
    "application/vnd.ms-office.vbaprojectsignature": "signature",
    "application/vnd.ms-office.vbaprojectsignatureagile": "signature-agile",
    "application/vnd.ms-office.vbaprojectsignaturev3": "signature-v3",
}
MAIN_TYPES: dict[str, tuple[str, str]] = {
    _WORD + "document.main+xml": ("docx", "word"),
    _WORD + "template.main+xml": ("dotx", "word"),
    "application/vnd.ms-word.document.macroenabled.main+xml": ("docm", "word"),
    "application/vnd.ms-word.template.macroenabledtemplate.main+xml": ("dotm", "word"),
    "application/vnd.ms-word.template.macroenabled.main+xml": ("dotm", "word"),
    _EXCEL + "sheet.main+xml": ("xlsx", "excel"),
    _EXCEL + "template.main+xml": ("xltx", "excel"),
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": ("xlsm", "excel"),
    "application/vnd.ms-excel.template.macroenabled.main+xml": ("xltm", "excel"),
    "application/vnd.ms-excel.addin.macroenabled.main+xml": ("xlam", "excel"),
    "application/vnd.ms-excel.sheet.binary.macroenabled.main": ("xlsb", "excel"),
    _POINT + "presentation.main+xml": ("pptx", "powerpoint"),
    _POINT + "template.main+xml": ("potx", "powerpoint"),
    _POINT + "slideshow.main+xml": ("ppsx", "powerpoint"),
    "application/vnd.ms-powerpoint.presentation.macroenabled.main+xml": ("pptm", "powerpoint"),
    "application/vnd.ms-powerpoint.template.macroenabled.main+xml": ("potm", "powerpoint"),
    "application/vnd.ms-powerpoint.slideshow.macroenabled.main+xml": ("ppsm", "powerpoint"),
    "application/vnd.ms-powerpoint.addin.macroenabled.main+xml": ("ppam", "powerpoint"),
    _POINT + "slide.main+xml": ("sldx", "powerpoint"),
    "application/vnd.ms-powerpoint.slide.macroenabled.main+xml": ("sldm", "powerpoint"),
    "application/vnd.ms-visio.drawing.main+xml": ("vsdx", "visio"),
    "application/vnd.ms-visio.template.main+xml": ("vstx", "visio"),
    "application/vnd.ms-visio.stencil.main+xml": ("vssx", "visio"),
    "application/vnd.ms-visio.drawing.macroenabled.main+xml": ("vsdm", "visio"),
    "application/vnd.ms-visio.template.macroenabled.main+xml": ("vstm", "visio"),
    "application/vnd.ms-visio.stencil.macroenabled.main+xml": ("vssm", "visio"),
    "application/vnd.openxmlformats-officedocument.theme+xml": ("thmx", "powerpoint"),
}
_FOLDERS = {
    "xl": ("xlsx", "excel"),
    "word": ("docx", "word"),
    "ppt": ("pptx", "powerpoint"),
    "visio": ("vsdx", "visio"),
}
_EMBEDDED_TYPES = re.compile(
    r"oleobject$|document\.macroenabled\.12$|sheet\.macroenabled\.12$|sheet\.binary\.macroenabled\.12$|"
    r"presentation\.macroenabled\.12$|officedocument\.\w+\.(?:document|sheet|presentation|slide|template|slideshow)$|"
    r"^application/(?:msword|vnd\.ms-excel|vnd\.ms-powerpoint|vnd\.visio|vnd\.ms-visio\.drawing|rtf|zip)$"
)
_EMBEDDED_NAMES = re.compile(r"(?i)/embeddings/|\.(?:do[ct][xm]?|xl[st][xmb]?|pp[ts][xm]?|rtf|mht|vsd[xm]?|zip|msg)\Z")
_RELATIONSHIP = re.compile(r"<(?:\w+:)?Relationship\s([^<>]*?)/?>")
_ATTRIBUTE = re.compile(r"""(?<!\w)(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class Parts(Container, Protocol):
    """A container of parts, whose names are equal regardless of case."""

    def find(self, name: str) -> str | None: ...


def open_ooxml(container: Parts, visit: Visit, types: dict[str, str] | None = None) -> Document:
    """A document in an OPC package; `types` is given where the content types stand elsewhere (Flat OPC)."""
    document = Document("opc", "", Status.NO_VBA, container=container, location=visit.location)
    document.content_types = _content_types(container, document) if types is None else types
    lower = {name: kind.lower() for name, kind in document.content_types.items()}
    _set_format(document, container, lower)
    suspects = []
    for name, kind in lower.items():
        if kind == VBA or name[-14:].lower() == "vbaproject.bin":
            suspects.append(name)
        elif kind in _SIGNATURES:
            document.marks.add(_SIGNATURES[kind])
    for name in suspects:
        _open_project(document, container, name, visit)
    _open_embedded(document, container, lower, visit)
    if document.projects:
        document.status, document.reason = Status.HAS_VBA, ""
    elif "no-content-types" in document.marks:
        doubt(document, "the content types of the package cannot be read, so a project may be missed")
    return document


def _content_types(container: Parts, document: Document) -> dict[str, str]:
    name = container.find("[Content_Types].xml")
    try:
        return ContentTypes(container.read(name or "[Content_Types].xml")).apply(container.names())
    except DocumentDefect as problem:
        note(document, f"the content types cannot be read: {problem}", "no-content-types")
        return {name: VBA if name.lower().endswith("vbaproject.bin") else "" for name in container.names()}


def _set_format(document: Document, container: Parts, types: dict[str, str]) -> None:
    """The format by the main part; a package with several is asked which one it starts with."""
    found = {name: MAIN_TYPES[kind] for name, kind in types.items() if kind in MAIN_TYPES}
    if len(found) > 1:
        main = _main_part(container)
        found = {main: found[main]} if main in found else dict(list(found.items())[:1])
    if found:
        document.format, document.host = next(iter(found.values()))
        return
    folders = {name.split("/", 1)[0].lower() for name in container.names() if "/" in name}
    guess = next((known for folder, known in _FOLDERS.items() if folder in folders), None)
    if guess is None:
        document.status, document.reason = Status.NOT_OFFICE, "a package without a document of Office"
        return
    document.format, document.host = guess
    note(document, "no part of the package has the content type of a document")


def _main_part(container: Parts) -> str:
    """Target of the package's relationship of type officeDocument ([ECMA-376-2] 6.5)."""
    try:
        text = container.read(container.find("_rels/.rels") or "_rels/.rels").decode("utf-8", "replace")
    except DocumentDefect:
        return ""
    for attributes in _RELATIONSHIP.findall(text):
        values = {key: double or single for key, double, single in _ATTRIBUTE.findall(attributes)}
        if values.get("Type", "").endswith("/officeDocument") or values.get("Type", "").endswith("/document"):
            return container.find(values.get("Target", "").lstrip("/")) or ""
    return ""


def _open_project(document: Document, container: Parts, name: str, visit: Visit) -> None:
    """A part that is a VBA project by its type or its name; what else hides behind the type is of no interest."""
    try:
        data = container.read(name)
        if data.startswith(SIGNATURE):
            file = CompoundFile(data, visit.budget)
            document.projects += find_projects(file, name)
            document.defects += file.defects
            return
        problem = f"{name!r} is not a VBA project, whatever its content type says"
        status = document.status
    except DocumentDefect as defect:
        problem, status = f"the VBA project {name!r} cannot be read: {defect}", defect.status
        if status is Status.INACCESSIBLE:  # the document is fine, the project in it is not
            status = Status.ERROR
    if name[-14:].lower() == "vbaproject.bin":
        note(document, problem)
        if status is not Status.NO_VBA:
            document.status, document.reason = status, problem


def _holds_document(kind: str) -> bool:
    """Whether a content type is that of an embedded object; a package has many parts of few types."""
    return _is_known_to_hold(kind) if len(kind) < 200 else _EMBEDDED_TYPES.search(kind) is not None


@lru_cache(maxsize=1024)
def _is_known_to_hold(kind: str) -> bool:
    return _EMBEDDED_TYPES.search(kind) is not None


def _open_embedded(document: Document, container: Parts, types: dict[str, str], visit: Visit) -> None:
    for name, kind in types.items():
        if not (_holds_document(kind) or _EMBEDDED_NAMES.search(name)) or name.endswith(".rels"):
            continue
        if kind.endswith("activex") or kind.startswith("image/"):
            continue
        if not visit.may_descend(document):
            return
        try:
            visit.open_inside(document, container.read(name), name, name)
        except DocumentDefect as problem:
            note(document, f"embedded object {name!r}: {problem}")


__all__ = ["MAIN_TYPES", "VBA", "Parts", "ProjectStorage", "open_ooxml"]
