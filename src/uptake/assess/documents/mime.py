"""Web archives (MHT) and mails as MIME text: parts that are Office's, above all `editdata.mso` ([RFC 2557]).

Structure in a hostile archive is worth little, so every header block that announces a body is tried, nested or not.
"""

from __future__ import annotations

import quopri
import re

from uptake.assess.documents.budget import Bytes, Visit, note
from uptake.assess.documents.model import Document, DocumentDefect, Status
from uptake.assess.documents.office_xml import from_base64, take_binary
from uptake.assess.documents.sniff import sniff

_BOUNDARY = re.compile(rb'(?i)boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))')
_HEADER = re.compile(
    rb"(?im)^(content-(?:location|transfer-encoding|type|disposition)):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)"
)
_FILE_NAME = re.compile(rb'(?i)name\s*=\s*"?([^";\r\n]+)')
_HEADERS_END = re.compile(rb"\r?\n[ \t]*\r?\n")
_OFFICE = (b"office:word", b"office:excel", b"office:powerpoint", b"office:publisher", b"Word.Document", b"Excel.Sheet")
_MOST_BOUNDARIES = 64
_WANTED = frozenset({"compound", "zip", "activemime", "rtf", "xml", "jet", "biff"})


def open_mime(data: Bytes, visit: Visit) -> Document:
    """A web archive or a mail."""
    content = bytes(data[:])
    document = Document("mht", _host(content), Status.NO_VBA, location=visit.location)
    for headers, body in _parts(content):
        _open_part(document, headers, body, visit)
    if not document.host and not document.embedded and not document.projects:
        document.format, document.status, document.reason = (
            "mime",
            Status.NOT_OFFICE,
            "a mail or web archive without Office",
        )
    return document


def _host(content: bytes) -> str:
    """The application that wrote the archive, by the namespaces of its main part."""
    found = next((mark for mark in _OFFICE if mark in content), b"")
    name = found.decode().lower().rpartition(":")[2].partition(".")[0]
    return name if found else ""


def _parts(content: bytes) -> list[tuple[dict[str, bytes], bytes]]:
    """Headers and body of everything between boundaries."""
    found = dict.fromkeys(b"--" + (double or single) for double, single in _BOUNDARY.findall(content))
    marks = list(found)[:_MOST_BOUNDARIES]
    if not marks:
        pieces = [content]
    else:
        splitter = (
            b"(?m)^(?:"
            + b"|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True))
            + b")(?:--)?[ \t]*\r?$"
        )
        pieces = re.split(splitter, content)
    parts = []
    for piece in pieces:
        piece = piece.lstrip(b"\r\n")
        end = _HEADERS_END.search(piece)
        if end:
            headers = {key.lower().decode(): value for key, value in _HEADER.findall(piece[: end.start() + 2])}
            parts.append((headers, piece[end.end() :]))
    return parts


def _open_part(document: Document, headers: dict[str, bytes], body: bytes, visit: Visit) -> None:
    encoding = headers.get("content-transfer-encoding", b"").strip().lower()
    if encoding == b"base64":
        data = from_base64(body)
    elif encoding == b"quoted-printable":
        data = quopri.decodestring(body)
    else:
        data = body
    if sniff(data[:8192]) not in _WANTED:
        return
    place = _place(headers)
    try:
        visit.budget.spend(len(data))
        take_binary(document, data, place, visit)
    except DocumentDefect as problem:
        note(document, f"{place}: {problem}")


def _place(headers: dict[str, bytes]) -> str:
    """A part's file name."""
    raw = headers.get("content-location", b"").strip()
    if not raw:
        for key in ("content-disposition", "content-type"):
            found = _FILE_NAME.search(headers.get(key, b""))
            if found:
                raw = found[1]
                break
    return raw.decode("utf-8", "replace").rpartition("/")[2] or "part"
