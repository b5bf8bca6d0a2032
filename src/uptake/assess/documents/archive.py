"""Zip files: OOXML packages, OpenDocument, and plain archives whose documents are opened one by one."""

from __future__ import annotations

import re

from uptake.assess.documents.budget import Bytes, Visit, doubt, note
from uptake.assess.documents.model import Document, DocumentDefect, Status
from uptake.assess.documents.ooxml import open_ooxml
from uptake.assess.documents.package import Package
from uptake.assess.documents.sniff import HEAD, sniff
from uptake.assess.documents.source import looks_like_source

_NEVER = frozenset({"png", "jpeg", "gif", "pdf", "exe", "elf", "wmf", "binary", "chm", "sqlite", "wordperfect"})
_PACKED = frozenset({"7z", "rar", "gzip", "bzip2", "xz"})
_MAIN_PARTS = ("xl/workbook.xml", "xl/workbook.bin", "word/document.xml", "ppt/presentation.xml")
_ODF = re.compile(r"\Aapplication/(?:vnd\.oasis\.opendocument\.|x-vnd\.oasis\.opendocument\.)([\w-]+)")
_ODF_FORMATS = {
    "text": "odt",
    "text-template": "ott",
    "spreadsheet": "ods",
    "spreadsheet-template": "ots",
    "presentation": "odp",
    "presentation-template": "otp",
    "graphics": "odg",
}
_ODF_HOSTS = {"odt": "word", "ott": "word", "ods": "excel", "ots": "excel", "odp": "powerpoint", "otp": "powerpoint"}


def open_zip(data: Bytes, visit: Visit) -> Document:
    """Whatever a zip file is."""
    try:
        package = Package(data, visit.budget)
    except DocumentDefect as problem:
        return Document("zip", "", problem.status, str(problem), visit.location)
    document = _open(package, visit)
    document.defects += (sentence for sentence in package.defects if sentence not in document.defects)
    if package.is_recovered:
        doubt(document, "the zip file is damaged, and there is no VBA in what can still be read")
    return document


def _open(package: Package, visit: Visit) -> Document:
    if package.find("[Content_Types].xml") is not None:
        return open_ooxml(package, visit)
    kind = _open_document_kind(package)
    if kind is not None:
        return _open_odf(package, kind, visit)
    if any(package.find(main) for main in _MAIN_PARTS):
        return open_ooxml(package, visit)
    return _open_archive(package, visit)


def _open_document_kind(package: Package) -> str | None:
    """The OpenDocument kind by the `mimetype` member ([ODF 1.3 part 2] 3.3), or by the members every one has."""
    if "mimetype" in package.members:
        try:
            found = _ODF.match(package.head("mimetype", 200).decode("latin-1"))
        except DocumentDefect:
            found = None
        if found:
            return _ODF_FORMATS.get(found[1], "odf")
    if "content.xml" in package.members and "META-INF/manifest.xml" in package.members:
        return "odf"
    return None


def _open_odf(package: Package, kind: str, visit: Visit) -> Document:
    """OpenDocument holds no VBA project and its Basic does not run in Office; embedded objects may be Office's."""
    document = Document(kind, _ODF_HOSTS.get(kind, ""), Status.NO_VBA, location=visit.location, container=package)
    document.reason = "OpenDocument files cannot hold VBA"
    if any(name.startswith(("Basic/", "Scripts/")) for name in package.members):
        document.marks.add("odf-macros")
    for name in package.members:
        if name.startswith("Object ") and "/" not in name:
            _open_member(document, package, name, visit)
    return document


def _open_archive(package: Package, visit: Visit) -> Document:
    """A plain archive: only members whose first bytes may be Office's are unpacked."""
    document = Document("zip", "", Status.NOT_OFFICE, location=visit.location, container=package)
    document.reason = "an archive without documents of Office"
    locked = 0
    for name, member in package.members.items():
        if name.endswith("/") or not (member.size or member.packed):
            continue
        if member.is_encrypted:
            locked += 1
        elif not _open_member(document, package, name, visit):
            break
    if locked:
        note(document, f"{locked} members of the archive are encrypted")
        document.status, document.reason = Status.PASSWORD_PROTECTED, "the archive is encrypted with a password"
    elif document.embedded:
        document.status, document.reason = Status.NO_VBA, ""
    return document


def _open_member(document: Document, package: Package, name: str, visit: Visit) -> bool:
    """Opens one member; False when no more may be opened."""
    try:
        head = package.head(name, HEAD)
        kind = sniff(head)
        if kind in _NEVER or (kind == "text" and not looks_like_source(head, name)):
            return True
        if kind in _PACKED:
            note(document, f"{name!r} is an archive of a kind that is not opened ({kind})")
            return True
        if not visit.may_descend(document):
            return False
        visit.open_inside(document, package.read(name), name, name)
    except DocumentDefect as problem:
        note(document, f"member {name!r}: {problem}", "limit" if problem.status is Status.LIMIT_REACHED else "")
    return True
