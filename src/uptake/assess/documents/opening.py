"""Opening: bytes of unknown kind → Document. The one entry to this package.

What is wrong with the bytes becomes a status, a reason or a defect. The kind is decided by content; `name` only helps
with texts, which have no signature.
"""

from __future__ import annotations

from collections.abc import Callable

from uptake.assess.documents.archive import open_zip
from uptake.assess.documents.biff import open_raw_workbook
from uptake.assess.documents.budget import Budget, Bytes, Visit
from uptake.assess.documents.mime import open_mime
from uptake.assess.documents.model import Document, DocumentDefect, Limits, Status
from uptake.assess.documents.office_xml import open_xml, take_binary
from uptake.assess.documents.ole import open_compound
from uptake.assess.documents.rtf import open_rtf
from uptake.assess.documents.sniff import HEAD, sniff
from uptake.assess.documents.source import open_text

_DAMAGE = (ValueError, IndexError, KeyError, OverflowError, ArithmeticError, RecursionError)


def open_document(data: Bytes, *, name: str = "", limits: Limits | None = None) -> Document:
    """The document that `data` is, with everything embedded in it; never raises for what is in `data`.

    A `MemoryError` is about the machine and goes on to the caller, who knows what limit was set.
    """
    limits = limits or Limits()
    if len(data) > limits.file_size:
        reason = f"the file is larger than {limits.file_size} bytes"
        return Document("", "", Status.LIMIT_REACHED, reason, size=len(data), defects=[reason])
    return _open(data, name, Visit(_open, Budget(limits)))


def _open(data: Bytes, name: str, visit: Visit) -> Document:
    """One document of any depth."""
    try:
        document = _dispatch(data, name, visit)
    except DocumentDefect as problem:
        document = Document("", "", problem.status, str(problem))
    except _DAMAGE as problem:  # a reader met something it was not made for: this document fails, the scan goes on
        document = Document("", "", Status.ERROR, f"the document is damaged ({type(problem).__name__}: {problem})")
    document.location = visit.location
    document.size = len(data)
    _weigh(document)
    return document


def _dispatch(data: Bytes, name: str, visit: Visit) -> Document:
    if not len(data):
        return Document("empty", "", Status.NOT_OFFICE, "the file is empty")
    head = data[:HEAD]
    kind = sniff(head)
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(data, visit)
    if kind == "text":
        return open_text(bytes(data[: visit.limits.part_size]), name, visit.location)
    return Document(kind, "", Status.NOT_OFFICE, "" if kind != "binary" else "bytes of no format that is known")


def _open_jet(data: Bytes, _: Visit) -> Document:
    """Access databases: the VBA project lies in rows of system tables, which are not read yet."""
    version = data[0x14] if len(data) > 0x14 else 0
    is_ace = b"ACE DB" in data[:32]
    document = Document("accdb" if is_ace else "mdb", "access", Status.NOT_READABLE_YET)
    document.reason = "VBA in Access databases is not read yet"
    if not is_ace and version == 0:
        document.format, document.reason = "mdb97", "VBA in Access 97 databases cannot be read"
    return document


def _open_biff(data: Bytes, _: Visit) -> Document:
    return open_raw_workbook(bytes(data[:]))


def _open_old_word(_: Bytes, visit: Visit) -> Document:
    reason = "WordBasic macros of Word before 97 cannot be read"
    return Document("oldword", "word", Status.NOT_READABLE_YET, reason, visit.location)


def _open_old_powerpoint(_: Bytes, visit: Visit) -> Document:
    return Document("oldppt", "powerpoint", Status.NO_VBA, "PowerPoint 95 and older have no macros", visit.location)


def _open_sylk(_: Bytes, visit: Visit) -> Document:
    return Document("slk", "excel", Status.NO_VBA, "SYLK files cannot hold VBA", visit.location)


def _open_active_mime(data: Bytes, visit: Visit) -> Document:
    document = Document("mso", "", Status.NO_VBA, location=visit.location)
    take_binary(document, bytes(data[:]), "activemime", visit)
    return document


def _open_html(data: Bytes, visit: Visit) -> Document:
    """A web page; Office's own keeps its project in a file beside it, to which it links."""
    head = bytes(data[:65536]).lower()
    hosts = {b"office:excel": "excel", b"office:word": "word", b"office:powerpoint": "powerpoint"}
    host = next((host for mark, host in hosts.items() if mark in head), "")
    if not host:
        return Document("html", "", Status.NOT_OFFICE, "a web page", visit.location)
    document = Document("html", host, Status.NO_VBA, location=visit.location)
    if b"edit-time-data" in head:
        document.reason = "a project would stand in the file editdata.mso beside the page"
        document.marks.add("edit-time-data")
    return document


_READERS: dict[str, Callable[[Bytes, Visit], Document]] = {
    "compound": open_compound,
    "zip": open_zip,
    "rtf": open_rtf,
    "xml": open_xml,
    "html": _open_html,
    "mime": open_mime,
    "jet": _open_jet,
    "biff": _open_biff,
    "oldword": _open_old_word,
    "oldpowerpoint": _open_old_powerpoint,
    "sylk": _open_sylk,
    "activemime": _open_active_mime,
}

# What a document with documents in it is called

_CARRIERS = frozenset({"zip", "msg", "mht", "mso", "ole-object"})
"""Containers without content of their own: what is inside says everything."""
_RANK = (Status.PASSWORD_PROTECTED, Status.NOT_READABLE_YET, Status.ERROR, Status.INACCESSIBLE, Status.LIMIT_REACHED)


def _weigh(document: Document) -> None:
    """Gives the outer document the status that all in it amount to; VBA anywhere wins over anything but encryption."""
    inner = {embedded.status for embedded in document.embedded}
    if Status.HAS_VBA in inner:
        if document.status is not Status.PASSWORD_PROTECTED or document.format == "zip":
            document.status, document.reason = Status.HAS_VBA, ""
    elif document.status in (Status.NO_VBA, Status.NOT_OFFICE):
        _weigh_lesser(document, inner)
    is_empty = document.status in (Status.NO_VBA, Status.NOT_OFFICE)
    if is_empty and ("limit" in document.marks or Status.LIMIT_REACHED in inner):
        document.status = Status.LIMIT_REACHED
        document.reason = document.defects[-1] if document.defects else "a limit was met inside"


def _weigh_lesser(document: Document, inner: set[Status]) -> None:
    """What could not be read inside: of a carrier it is the status, elsewhere the embedded document says it itself."""
    if document.format in _CARRIERS:
        worst = next((status for status in _RANK if status in inner), None)
        if worst is not None:
            source = next(embedded for embedded in document.embedded if embedded.status is worst)
            is_said = bool(source.embedded) and source.format in _CARRIERS  # its reason names the place already
            document.status, document.reason = (
                worst,
                source.reason if is_said else f"{source.location}: {source.reason}",
            )
        elif inner and document.status is Status.NOT_OFFICE:
            document.status, document.reason = Status.NO_VBA, ""
