"""Office documents in XML and MIME: Word 2003 XML, Flat OPC, Visio XML, MHT, and the ActiveMime wrapper.

A Word 2003 XML or MHT keeps its VBA project in `editdata.mso`: a header “ActiveMime” and a zlib stream that is a
compound file. Flat OPC keeps parts as base64 ([MS-DOCX] has no say; Eric White's description and Word's own output).
"""

from __future__ import annotations

import binascii
import re
import string
import zlib
from dataclasses import replace

from uptake.assess.documents.budget import Bytes, Visit, note
from uptake.assess.documents.model import Document, DocumentDefect, ProjectStorage, Status
from uptake.assess.documents.ooxml import open_ooxml
from uptake.assess.documents.sniff import HEAD, as_text
from uptake.assess.documents.whole import WholeFile

_PART = re.compile(rb"<pkg:part\b")
_ATTRIBUTE = re.compile(rb"""pkg:(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_BINARY = re.compile(rb"<pkg:binaryData\b[^<>]{0,2000}>([^<]*)<")
_WORD_BINARY = re.compile(rb"""<(?:\w+:)?binData\b([^<>]{0,2000})>([^<]*)<""")
_VISIO_PROJECT = re.compile(rb"<(?:\w+:)?VBProjectData\b[^<>]{0,2000}>([^<]*)<")
_NAME = re.compile(rb"""name\s*=\s*["']([^"']*)["']""")
_ROOTS: tuple[tuple[str, str, str], ...] = (
    ("http://schemas.microsoft.com/office/2006/xmlpackage", "flatopc", ""),
    ("http://schemas.microsoft.com/office/word/2003/wordml", "word2003xml", "word"),
    ("urn:schemas-microsoft-com:office:spreadsheet", "excel2003xml", "excel"),
    ("http://schemas.microsoft.com/visio/2003/core", "vdx", "visio"),
    ("urn:schemas-microsoft-com:office:visio", "vdx", "visio"),
    ("http://schemas.microsoft.com/project", "mspdi", "project"),
)


def open_xml(data: Bytes, visit: Visit) -> Document:
    """An XML file: one of Office's formats by its root's namespaces, or nothing of Office."""
    content = bytes(data[:])
    text = as_text(content[:HEAD]) or ""
    lower = text.lower()
    kind, host = next(((kind, host) for mark, kind, host in _ROOTS if mark in lower), ("xml", ""))
    if kind == "xml":
        return Document("xml", "", Status.NOT_OFFICE, "XML that is not of Office", visit.location)
    if b"\x00" in content[:64]:  # UTF-16
        content = (as_text(content) or "").encode("utf-8")
    document = Document(kind, host, Status.NO_VBA, location=visit.location, container=WholeFile(content))
    if kind == "flatopc":
        return _open_flat(content, visit)
    if kind == "word2003xml":
        _open_binaries(document, content, visit)
    elif kind == "vdx":
        _open_visio_project(document, content, visit)
    elif kind == "excel2003xml":
        document.reason = "a workbook in XML of 2003 cannot hold VBA"
    return document


class FlatParts:
    """Parts of a Flat OPC document as a container; base64 is decoded when a part is read."""

    def __init__(self, content: bytes) -> None:
        self._parts: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        for piece in _PART.split(content)[
            1:
        ]:  # one pass: a search for each end would be quadratic where ends are missing
            tag, _, rest = piece.partition(b">")
            values = {key.decode(): (double or single) for key, double, single in _ATTRIBUTE.findall(tag[:4096])}
            name = values.get("name", b"").decode("utf-8", "replace").lstrip("/")
            self._parts[name] = rest.partition(b"</pkg:part")[0]
            self.types[name] = values.get("contentType", b"").decode("utf-8", "replace")

    def names(self) -> list[str]:
        return list(self._parts)

    def size(self, name: str) -> int:
        return len(self._body(name))

    def find(self, name: str) -> str | None:
        """The part's name as written, found in any case."""
        wanted = name.lower()
        return next((known for known in self._parts if known.lower() == wanted), None)

    def read(self, name: str, limit: int | None = None) -> bytes:
        body = self._body(name)
        if limit is not None and len(body) > limit:
            raise DocumentDefect(f"part {name!r} is larger than {limit} bytes", Status.LIMIT_REACHED)
        binary = _BINARY.search(body)
        if binary is None:
            return _unwrapped(body)
        return from_base64(binary[1])

    def _body(self, name: str) -> bytes:
        try:
            return self._parts[name]
        except KeyError:
            raise DocumentDefect(f"there is no part {name!r}") from None


def _open_flat(content: bytes, visit: Visit) -> Document:
    parts = FlatParts(content)
    document = open_ooxml(parts, visit, parts.types)
    document.marks.add("flat-opc")
    document.marks.add(f"flat-{document.format}")
    document.format = "flatopc"
    return document


def _open_binaries(document: Document, content: bytes, visit: Visit) -> None:
    """`w:binData` and its relatives that hold an ActiveMime or a compound file."""
    for number, (attributes, body) in enumerate(_WORD_BINARY.findall(content)):
        found = _NAME.search(attributes)
        place = found[1].decode("utf-8", "replace") if found else f"binData{number}"
        if not place.lower().endswith((".mso", ".bin")) and b"QWN0aXZl" not in body[:64] and b"0M8R4" not in body[:64]:
            continue
        _take_in(document, body, place, visit)


def _open_visio_project(document: Document, content: bytes, visit: Visit) -> None:
    for body in _VISIO_PROJECT.findall(content):
        if body.strip():
            _take_in(document, body, "VBProjectData", visit)


def _take_in(document: Document, body: bytes, place: str, visit: Visit) -> None:
    """Opens base64 content; a project in it is the document's own, other things are embedded."""
    try:
        data = from_base64(body)
        visit.budget.spend(len(data))
        take_binary(document, data, place, visit)
    except DocumentDefect as problem:
        note(document, f"{place}: {problem}")


def take_binary(document: Document, data: bytes, place: str, visit: Visit) -> None:
    """Gives a document the projects of an ActiveMime or compound file; adopts the file when it is a document."""
    if not visit.may_descend(document):
        return
    if data.startswith(b"ActiveMime"):
        data = unwrap_activemime(data, visit)
    inner = visit.opener(data, "", visit.down(place))
    visit.budget.documents += 1
    if inner.format == "vbaproject" and not inner.embedded:
        for project in inner.projects:
            document.projects.append(_moved(project, place))
        document.defects += inner.defects
    elif inner.status is not Status.NOT_OFFICE or inner.embedded:
        document.embedded.append(inner)
    if document.projects:
        document.status, document.reason = Status.HAS_VBA, ""


def _moved(project: ProjectStorage, place: str) -> ProjectStorage:
    return replace(project, location=f"{place}/{project.location}" if project.location else place)


def unwrap_activemime(data: bytes, visit: Visit) -> bytes:
    """The content of an ActiveMime file: a zlib stream behind a header whose length stands at 0x1E."""
    start = int.from_bytes(data[0x1E:0x20], "little") + 0x2E if len(data) > 0x20 else 0
    candidates = [start, 0x32, data.find(b"x\x9c"), data.find(b"x\x01"), data.find(b"x^"), data.find(b"x\xda")]
    limit = visit.limits.part_size
    for candidate in candidates:
        if not 0 < candidate < len(data):
            continue
        try:
            content = zlib.decompressobj().decompress(data[candidate:], limit + 1)
        except zlib.error:
            continue
        if len(content) > limit:
            raise DocumentDefect(f"an ActiveMime part is larger than {limit} bytes", Status.LIMIT_REACHED)
        visit.budget.spend(len(content))
        return content
    raise DocumentDefect("an ActiveMime part is damaged")


_XML_DATA, _XML_DATA_END = re.compile(rb"\s*<pkg:xmlData\b[^>]*>"), b"</pkg:xmlData>"
_ENTITY = re.compile(rb"&#(?:x[0-9a-fA-F]+|\d+);")
_NOT_BASE64 = bytes(set(range(256)) - set(string.ascii_letters.encode() + string.digits.encode() + b"+/"))


def _unwrapped(body: bytes) -> bytes:
    """A part without the `pkg:xmlData` around it."""
    head, tail = _XML_DATA.match(body), body.rstrip()
    end = len(tail) - len(_XML_DATA_END) if tail.endswith(_XML_DATA_END) else len(body)
    return body[head.end() if head else 0 : end]


def from_base64(body: bytes) -> bytes:
    """Base64 with blanks and entities of line ends in it; what can be decoded of a damaged one."""
    if b"&" in body:
        body = _ENTITY.sub(b"", body)
    body = body.translate(None, _NOT_BASE64)
    try:
        return binascii.a2b_base64(body + b"=" * (-len(body) % 4))
    except binascii.Error:
        return binascii.a2b_base64(body[: len(body) // 4 * 4])
