"""Links to the world outside: external references, DDE, data connections.

Facts: `link`, `dde`, `connection`; key is the target in lower case, text the target as written with secrets masked.
Nothing is ever followed. [ECMA-376-2] 6.5, [ECMA-376-1] 17.16 and 18.14, [MS-XLS] 2.4.271, [MS-XLSB] 2.4.165.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from uptake.assess.documents.budget import note
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Container, Document, DocumentDefect
from uptake.assess.documents.package import Package
from uptake.assess.documents.whole import NAME, WholeFile
from uptake.assess.extraction.macro_sheets import binary_records, scan, workbook_stream
from uptake.assess.extraction.parts import as_text, bytes_of, elements, masked, parts_of_type, short, text_of
from uptake.core.facts import Fact

_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_EXTERNAL = (_SPREADSHEET + "externallink+xml", "application/vnd.ms-excel.externallink")
_CONNECTIONS = (_SPREADSHEET + "connections+xml", "application/vnd.ms-excel.connections")
_WORD_TEXT = re.compile(r"wordprocessingml\.(?:document\.main|template\.main|header|footer|footnotes|endnotes)\+xml\Z")
_WORD_MACRO = re.compile(r"\Aapplication/vnd\.ms-word\..*main\+xml\Z")
_NOT_LINKS = frozenset({"hyperlink"})
_INSTRUCTION = re.compile(r"<w:instrText\b[^<>]*>([^<]*)<|<w:fldChar\b[^<>]*?w:fldCharType=\"(begin|separate|end)\"")
_SIMPLE_FIELD = re.compile(r"<w:fldSimple\b[^<>]*?w:instr=\"([^\"]*)\"")
_FIELD = re.compile(r"(?i)\A\s*(DDEAUTO|DDE|LINK|INCLUDETEXT|INCLUDEPICTURE|DATABASE)\s+(.*)", re.DOTALL)
_DOC_FIELD = re.compile(rb"\x13\s*((?:DDEAUTO|DDE|LINK|INCLUDETEXT)\s[^\x13-\x15]{1,600})")
_DOC_WIDE_FIELD = re.compile(
    rb"\x13\x00(?:\s\x00)*((?:D\x00D\x00E\x00(?:A\x00U\x00T\x00O\x00)?|L\x00I\x00N\x00K\x00|"
    rb"I\x00N\x00C\x00L\x00U\x00D\x00E\x00T\x00E\x00X\x00T\x00)\s\x00(?:[^\x13-\x15]\x00|.[^\x00]){1,600})"
)
_RTF_FIELD = re.compile(rb"\\fldinst(?![a-z])")
_RTF_WANTED = re.compile(rb"(?i)DDE|LINK|INCLUDE|DATABASE")
_MOST_FIELDS = 20_000
_LONGEST_FIELD = 2000
_RTF_NOISE = re.compile(rb"\\'[0-9a-fA-F]{2}|\\[a-zA-Z]+-?\d* ?|[{}\r\n]")
_SUPBOOK, _EXTERNAL_NAME, _FILEPASS = 0x1AE, 0x23, 0x2F
_WIDE_TEXT = re.compile(rb"(?:[\x20-\x7e]\x00){8,}")
_CONNECTION_TEXT = re.compile(r"(?i)\b(?:provider|driver|dsn|data source|server|odbc|oledb|url)\b[^=]*[=;]")


def links(document: Document) -> list[Fact]:
    """Facts about everything outside that one document refers to."""
    container = document.container
    if container is None:
        return []
    try:
        if document.content_types:
            facts = list(_package_links(document, container))
        elif isinstance(container, CompoundFile | Storage):
            facts = list(_binary_links(document, container))
        elif isinstance(container, WholeFile):
            facts = list(_text_links(document, container))
        else:
            facts = []
    except DocumentDefect as problem:
        note(document, f"links could not be looked for: {problem}")
        return []
    unique: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        if fact.key.strip("|"):
            unique.setdefault((fact.kind, fact.key), fact)
    return list(unique.values())


def _fact(kind: str, target: str, how: str, where: str) -> Fact:
    """A link with its secrets masked, in the key too."""
    text = masked(target.strip())
    return Fact(kind, text.lower(), text, attributes={"type": how, "where": where})


# Packages


def _package_links(document: Document, container: Container) -> Iterator[Fact]:
    # Layouts are many and refer to their own theme.
    names = [name for name in container.names() if name.endswith(".rels") and "/slideLayouts/" not in name]
    for name, raw in _small_parts(container, names):
        if b"External" in raw or (_may_be_wide(raw) and b"E\0x\0t\0e" in raw):
            yield from _external_targets(raw, name)
    for part in parts_of_type(document, *_EXTERNAL):
        yield from _dde_links(container, part)
    for part in parts_of_type(document, *_CONNECTIONS):
        yield from _connections(container, part)
    if document.host == "word":
        for kind, parts in document.parts_by_type().items():
            if _WORD_TEXT.search(kind) or _WORD_MACRO.search(kind):
                for part in parts:
                    yield from _word_fields(container, part)


def _small_parts(container: Container, names: list[str]) -> Iterable[tuple[str, bytes]]:
    if isinstance(container, Package):
        return container.small_parts(names, 16 << 20)
    return ((name, bytes_of(container, name, 16 << 20)) for name in names)


def _may_be_wide(raw: bytes) -> bool:
    """Whether a part of XML may be in UTF-16; nearly none is, and then there is nothing wide to look for."""
    return raw[:1] != b"<" or raw[1:2] == b"\0"


def _external_targets(raw: bytes, name: str) -> Iterator[Fact]:
    """Relationships to something outside the package; hyperlinks are for readers, not for Office."""
    for row in elements(as_text(raw), "Relationship"):
        how = short(row.get("Type", ""))
        if row.get("TargetMode") == "External" and how.lower() not in _NOT_LINKS and row.get("Target"):
            yield _fact("link", row["Target"], how, name)


def _dde_links(container: Container, part: str) -> Iterator[Fact]:
    if part.lower().endswith(".bin"):
        yield from _binary_dde_links(container, part)
        return
    for row in elements(text_of(container, part), "ddeLink"):
        yield _fact("dde", f"{row.get('ddeService', '')}|{row.get('ddeTopic', '')}", "ddeLink", part)


def _binary_dde_links(container: Container, part: str) -> Iterator[Fact]:
    """BrtBeginSupBook ([MS-XLSB] 2.4.165): 1 is DDE, with the service and the topic as text."""
    for kind, content in binary_records(bytes_of(container, part, 16 << 20)):
        if kind == 360 and content[:2] == b"\x01\x00":
            service, position = _wide(content, 2)
            topic, _ = _wide(content, position)
            yield _fact("dde", f"{service}|{topic}", "ddeLink", part)


def _wide(content: bytes, position: int) -> tuple[str, int]:
    length = int.from_bytes(content[position : position + 4], "little")
    end = min(len(content), position + 4 + 2 * length)
    return content[position + 4 : end].decode("utf-16-le", "replace"), end


def _connections(container: Container, part: str) -> Iterator[Fact]:
    if part.lower().endswith(".bin"):
        for found in _WIDE_TEXT.findall(bytes_of(container, part, 16 << 20)):
            text = found.decode("utf-16-le")
            if _CONNECTION_TEXT.search(text):
                yield _fact("connection", text, "connections", part)
        return
    text = text_of(container, part)
    wanted = (("dbPr", "connection"), ("olapPr", "localConnection"), ("webPr", "url"), ("textPr", "sourceFile"))
    for element, attribute in (*wanted, ("connection", "odcFile"), ("connection", "sourceFile")):
        for row in elements(text, element):
            if row.get(attribute):
                yield _fact("connection", row[attribute], element, part)


# Fields of Word


def _word_fields(container: Container, part: str) -> Iterator[Fact]:
    raw = bytes_of(container, part, 64 << 20)
    is_wide = _may_be_wide(raw) and (b"i\0n\0s\0t\0r\0T" in raw or b"f\0l\0d\0S\0i" in raw)
    if not (is_wide or b"instrText" in raw or b"fldSimple" in raw):
        return
    text = as_text(raw)
    for instruction in _SIMPLE_FIELD.findall(text):
        yield from _field(html.unescape(instruction), part)
    pieces: list[str] = []
    for piece, mark in _INSTRUCTION.findall(text):
        pieces.append(piece)
        if mark:
            yield from _field(html.unescape("".join(pieces)), part)
            pieces.clear()


def _field(instruction: str, where: str) -> Iterator[Fact]:
    """A field that starts another program or takes in another file ([ECMA-376-1] 17.16.5)."""
    found = _FIELD.match(instruction)
    if found is None:
        return
    name, rest = found[1].upper(), " ".join(found[2].split())
    kind = {"DDE": "dde", "DDEAUTO": "dde", "DATABASE": "connection"}.get(name, "link")
    yield _fact(kind, rest, name.lower(), where)


def _text_links(document: Document, container: WholeFile) -> Iterator[Fact]:
    """RTF and Word 2003 XML."""
    content = container.read(NAME)
    if document.format == "rtf":
        yield from _rtf_fields(content)
    elif document.format == "word2003xml":
        yield from _word_fields(container, NAME)
    elif document.host == "excel":
        yield from _workbook_links(document, container)


def _rtf_fields(content: bytes) -> Iterator[Fact]:
    """Field instructions of RTF: what stands behind `fldinst`, without groups and control words."""
    for start in islice(_RTF_FIELD.finditer(content), _MOST_FIELDS):
        piece = content[start.end() : start.end() + _LONGEST_FIELD].partition(b"\\fldrslt")[0]
        if _RTF_WANTED.search(piece):
            plain = _RTF_NOISE.sub(b"", piece).decode("latin-1")
            yield from _field(plain.replace("\\\\", "\\"), NAME)


# Compound files


def _binary_links(document: Document, container: CompoundFile | Storage) -> Iterator[Fact]:
    if document.host == "excel":
        yield from _workbook_links(document, container)
    elif document.format in ("doc", "dot") and "legacy-encryption" not in document.marks:
        name = container.find("WordDocument")
        if name is not None:
            yield from _document_links(bytes_of(container, name), name)


def _document_links(stream: bytes, where: str) -> Iterator[Fact]:
    """Field codes in the text of a Word 97 document: between the characters 0x13 and 0x14 ([MS-DOC] 2.8.25)."""
    if b"\x13" not in stream:
        return
    for found in _DOC_FIELD.findall(stream):
        yield from _field(found.decode("cp1252", "replace"), where)
    for found in _DOC_WIDE_FIELD.findall(stream):
        yield from _field(found.decode("utf-16-le", "replace"), where)


def _workbook_links(document: Document, container: CompoundFile | Storage | WholeFile) -> Iterator[Fact]:
    stream = workbook_stream(document, container)
    if stream is None:
        return
    name, head = stream
    if b"\xae\x01" not in head:  # no SupBook record, as in most workbooks
        return
    book = ""
    for kind, _, content in scan(head, frozenset((_SUPBOOK, _EXTERNAL_NAME, _FILEPASS))):
        if kind == _FILEPASS:
            return
        if kind == _SUPBOOK:
            book = _supporting_book(content)
            if book and "|" not in book:
                yield _fact("link", book, "externalBook", name)
        elif "|" in book and len(content) > 2:
            is_ole = bool(content[0] & 0x10)
            yield _fact("link" if is_ole else "dde", book, "oleLink" if is_ole else "ddeLink", name)


def _supporting_book(content: bytes) -> str:
    """SupBook ([MS-XLS] 2.4.271): a path, `service|topic` of DDE or OLE; empty for the workbook itself and add-ins."""
    length = int.from_bytes(content[2:4], "little")
    if len(content) < 6 or not 0 < length <= 255:
        return ""
    is_wide = content[4] & 1
    raw = (
        content[5 : 5 + 2 * length].decode("utf-16-le", "replace")
        if is_wide
        else content[5 : 5 + length].decode("latin-1")
    )
    if raw[:1] == "\x01":
        return _decoded_path(raw[1:])
    return raw.replace("\x03", "|", 1)


def _decoded_path(path: str) -> str:
    """A virtual path ([MS-XLS] 2.5.277): volume, same volume, folders, parents and start-up folders as characters."""
    if path[:1] == "\x01":
        path = ("\\\\" + path[2:]) if path[1:2] == "@" else f"{path[1:2]}:\\{path[2:]}"
    elif path[:1] == "\x05":
        path = path[2:]
    for code, text in (("\x02", "\\"), ("\x03", "\\"), ("\x04", "..\\"), ("\x06", ""), ("\x07", ""), ("\x08", "")):
        path = path.replace(code, text)
    return path.strip("\x00")
