"""Excel 4.0 macro sheets: which there are, whether they are hidden, what they call ([MS-XLS] 2.4.28, 2.5.198).

Facts: `macro_sheet` (key: the sheet's name) and `xlm_call` (key: the function's name).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from uptake.assess.documents.budget import Bytes, note
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Container, Document, DocumentDefect
from uptake.assess.documents.whole import NAME, WholeFile
from uptake.assess.extraction.parts import (
    MOST_TEXT,
    bytes_of,
    elements,
    parts_of_type,
    relationships,
    short,
    text_of,
)
from uptake.assess.extraction.twins import twins
from uptake.core.facts import Fact

_TYPES = (
    "application/vnd.ms-excel.macrosheet+xml",
    "application/vnd.ms-excel.intlmacrosheet+xml",
    "application/vnd.ms-excel.macrosheet",
    "application/vnd.ms-excel.intlmacrosheet",
)
_CALLS = {  # [MS-XLS] 2.5.198.17 Ftab, [MS-XLSB] 2.5.97.10
    17: "run",
    110: "exec",
    132: "fopen",
    136: "freadln",
    137: "fwriteln",
    138: "fread",
    139: "fwrite",
    149: "register",
    150: "call",
    267: "register.id",
    109: "initiate",
    107: "poke",
    106: "execute",
    108: "request",
}
_DANGEROUS = frozenset(_CALLS.values())
_CALL_TEXT = re.compile(r"(?i)(?<![\w.])(" + "|".join(re.escape(name) for name in sorted(_DANGEROUS)) + r")\s*\(")
_FUNCTION = re.compile(rb"[\x22\x42\x62][\x00-\x1e\x80-\x9e](..)", re.DOTALL)  # PtgFuncVar: arguments, function
_FORMULA_TEXT = re.compile(r"<(?:\w+:)?f\b[^<>]*>([^<]*)<")
_STATES = {0: "visible", 1: "hidden", 2: "very hidden"}
_RECORD_HEAD = struct.Struct("<HH")
_MACRO_SHEET = re.compile(
    rb"\x85\x00.\x00.{5}[\x01\x11\x21\x31\x41\x51\x61\x71\x81\x91\xa1\xb1\xc1\xd1\xe1\xf1]", re.DOTALL
)
"""Where a BOUNDSHEET record of a macro sheet may stand: what most workbooks fail at."""
_KEPT_HEAD = 1 << 20
_BOUNDSHEET, _NAME, _SST, _EOF, _FILEPASS, _FORMULA = 0x85, 0x18, 0xFC, 0x0A, 0x2F, 0x06
_BUILT_IN = {1: "auto_open", 2: "auto_close", 10: "auto_activate", 11: "auto_deactivate"}


def macro_sheets(document: Document) -> list[Fact]:
    """Facts about macro sheets of a workbook of any format; empty for everything else."""
    container = document.container
    if container is None or document.host != "excel":
        return []
    try:
        if document.content_types:
            return _package_facts(document, container)
        if isinstance(container, CompoundFile | Storage | WholeFile):
            return _binary_facts(document, container)
    except DocumentDefect as problem:
        note(document, f"macro sheets could not be looked for: {problem}")
    return []


# Packages


def _package_facts(document: Document, container: Container) -> list[Fact]:
    parts = parts_of_type(document, *_TYPES)
    if not parts:
        return []
    sheets = _sheet_names(document, container)
    facts = []
    for part in parts:
        name, state = sheets.get(part.lower(), (short(part).rpartition(".")[0], "unknown"))
        facts.append(_sheet_fact(name, state, part))
        facts += _part_calls(container, part, name)
    facts += _package_starts(document, container)
    return facts


def _sheet_fact(name: str, state: str, where: str) -> Fact:
    return Fact("macro_sheet", name.lower(), name[:MOST_TEXT], attributes={"state": state, "where": where})


def _sheet_names(document: Document, container: Container) -> dict[str, tuple[str, str]]:
    """Part in lower case → name and state, by the workbook part and its relationships."""
    workbook = next((name for name in document.content_types if short(name).lower().startswith("workbook.")), "")
    targets = {
        row.get("Id", ""): _target(workbook, row.get("Target", "")) for row in relationships(container, workbook)
    }
    rows: Iterator[tuple[str, str, str]]
    rows = _binary_rows(container, workbook) if workbook.lower().endswith(".bin") else _xml_rows(container, workbook)
    return {targets.get(relation, "").lower(): (name, state) for relation, name, state in rows}


def _target(source: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    folder = source.rpartition("/")[0]
    return f"{folder}/{target}" if folder else target


def _xml_rows(container: Container, workbook: str) -> Iterator[tuple[str, str, str]]:
    for sheet in elements(text_of(container, workbook), "sheet"):
        relation = next((value for key, value in sheet.items() if key.endswith(":id")), "")
        state = {"hidden": "hidden", "veryHidden": "very hidden"}.get(sheet.get("state", ""), "visible")
        yield relation, sheet.get("name", ""), state


def _binary_rows(container: Container, workbook: str) -> Iterator[tuple[str, str, str]]:
    """BrtBundleSh ([MS-XLSB] 2.4.313): state, id, relationship and name."""
    for kind, content in binary_records(bytes_of(container, workbook, 16 << 20)):
        if kind == 156 and len(content) > 12:
            relation, position = _wide(content, 8)
            name, _ = _wide(content, position)
            yield relation, name, _STATES.get(int.from_bytes(content[:4], "little"), "unknown")


def _wide(content: bytes, position: int) -> tuple[str, int]:
    length = int.from_bytes(content[position : position + 4], "little")
    if length > len(content):
        return "", len(content)
    end = position + 4 + 2 * length
    return content[position + 4 : end].decode("utf-16-le", "replace"), end


def binary_records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Records of an xlsb part: type in one or two bytes, size in up to four of seven bits ([MS-XLSB] 2.1.4)."""
    position, end = 0, len(stream)
    while position < end:
        kind, position = stream[position], position + 1
        if kind & 0x80 and position < end:
            kind, position = kind & 0x7F | (stream[position] & 0x7F) << 7, position + 1
        size = shift = 0
        while position < end and shift < 28:
            byte, position = stream[position], position + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, stream[position : position + size]
        position += size


def _part_calls(container: Container, part: str, sheet: str) -> list[Fact]:
    if part.lower().endswith(".bin"):
        formulas = [content for kind, content in binary_records(bytes_of(container, part, 16 << 20)) if 8 <= kind <= 11]
        return _call_facts(_token_calls(formulas), sheet)
    found: dict[str, str] = {}
    for formula in _FORMULA_TEXT.findall(text_of(container, part)):
        for name in _CALL_TEXT.findall(formula):
            found.setdefault(name.lower(), formula)
    return [Fact("xlm_call", name, text[:MOST_TEXT], attributes={"sheet": sheet}) for name, text in found.items()]


def _call_facts(names: set[str], sheet: str) -> list[Fact]:
    return [Fact("xlm_call", name, name.upper(), attributes={"sheet": sheet}) for name in sorted(names)]


def _token_calls(formulas: list[bytes]) -> set[str]:
    """Names of dangerous functions whose tokens occur in parsed formulas."""
    found = set()
    for formula in formulas:
        for number in _FUNCTION.findall(formula):
            name = _CALLS.get(int.from_bytes(number, "little") & 0x7FFF, "")
            if name in _DANGEROUS:
                found.add(name)
    return found


def _package_starts(document: Document, container: Container) -> list[Fact]:
    """Defined names that run by themselves."""
    facts = []
    for name in document.content_types:
        if short(name).lower() == "workbook.xml":
            for row in elements(text_of(container, name), "definedName"):
                known = row.get("name", "").lower().removeprefix("_xlnm.")
                if known.startswith("auto_"):
                    facts.append(Fact("xlm_call", known, row.get("name", "")[:MOST_TEXT]))
    return facts


# Binary workbooks


def _binary_facts(document: Document, container: CompoundFile | Storage | WholeFile) -> list[Fact]:
    stream = workbook_stream(document, container)
    if stream is None:
        return []
    name, head = stream
    if not _MACRO_SHEET.search(head):
        return []
    rows = list(scan(head, frozenset((_BOUNDSHEET, _FILEPASS))))
    if any(kind == _FILEPASS for kind, _, _ in rows):
        return []
    sheets = [content for kind, _, content in rows if len(content) > 7 and content[5] & 0x0F == 1]
    if not sheets:
        return []
    whole = bytes_of(container, name)
    facts = []
    for content in sheets:
        title = _title(content[6:], is_wide_format=not _is_biff5(head))
        facts.append(_sheet_fact(title, _STATES.get(content[4] & 3, "unknown"), name))
        start = int.from_bytes(content[:4], "little")
        formulas = [row for _, _, row in scan(whole[start : start + (16 << 20)], frozenset((_FORMULA,)))]
        facts += _call_facts(_token_calls(formulas), title)
    facts += _binary_starts(whole)
    return facts


def workbook_stream(document: Document, container: CompoundFile | Storage | WholeFile) -> tuple[str, bytes] | None:
    """Name of the workbook's stream and as much of its start as describes the sheets."""
    found = document.workbook_head or _workbook_head(container)
    if found and len(found[1]) <= _KEPT_HEAD:
        document.workbook_head = found
    return found


def _workbook_head(container: CompoundFile | Storage | WholeFile) -> tuple[str, bytes] | None:
    if isinstance(container, WholeFile):
        return NAME, container.read(NAME)
    name = container.find("Workbook") or container.find("Book")
    if name is None:
        return None
    size = 16 << 10
    head = container.head(name, size)
    while len(head) == size and size < 64 << 20 and not _reaches_sheets(head):
        size *= 8
        head = container.head(name, size)
    return name, head


def _reaches_sheets(head: bytes) -> bool:
    """Whether the head holds the list of sheets and what follows it up to the strings or the end."""
    if twins is not None:
        found: bool = twins.has_record(head, _SST, _EOF)
        return found
    return reaches_slowly(head)


def reaches_slowly(head: bytes) -> bool:
    """The same in Python."""
    position, end, unpack = 0, len(head) - 4, _RECORD_HEAD.unpack_from
    while position <= end:
        kind, length = unpack(head, position)
        if kind in (_SST, _EOF):
            return True
        position += 4 + length
    return False


def scan(stream: Bytes, wanted: frozenset[int]) -> Iterator[tuple[int, int, bytes]]:
    """Type, offset and content of wanted records up to the strings or the end of the first substream."""
    position, end = 0, len(stream)
    while position + 4 <= end:
        kind = stream[position] | stream[position + 1] << 8
        length = stream[position + 2] | stream[position + 3] << 8
        if kind in wanted:
            yield kind, position, stream[position + 4 : position + 4 + length]
        if kind in (_SST, _EOF):
            return
        position += 4 + length


def _is_biff5(head: bytes) -> bool:
    return head[4:6] == b"\x00\x05"


def _title(content: bytes, *, is_wide_format: bool) -> str:
    """A ShortXLUnicodeString ([MS-XLS] 2.5.240); a plain byte string before BIFF8."""
    length = content[0]
    if not is_wide_format:
        return content[1 : 1 + length].decode("cp1252", "replace")
    if content[1] & 1:
        return content[2 : 2 + 2 * length].decode("utf-16-le", "replace")
    return content[2 : 2 + length].decode("latin-1")


def _binary_starts(stream: bytes) -> list[Fact]:
    """Lbl records ([MS-XLS] 2.4.150) of built-in names that run by themselves."""
    facts = []
    for _, _, content in scan(stream, frozenset((_NAME,))):
        if len(content) > 15 and content[0] & 0x20 and content[3] == 1:
            known = _BUILT_IN.get(content[15])
            if known:
                facts.append(Fact("xlm_call", known, known.title()))
    return facts
