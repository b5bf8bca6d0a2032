"""Excel workbooks in OOXML: xlsx, xlsm, xltx, xltm, xlam and a minimal xlsb ([ISO/IEC 29500-1] 12, [MS-XLSB])."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from uptake.assess.samples.package import MICROSOFT, RELATIONSHIPS, Package
from uptake.assess.samples.parts import NOTHING_MORE, Extras, attach, attach_activex, core_properties

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
WORKBOOK_TYPES = {
    "xlsx": f"{SPREADSHEET}.sheet.main+xml",
    "xltx": f"{SPREADSHEET}.template.main+xml",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "xltm": "application/vnd.ms-excel.template.macroEnabled.main+xml",
    "xlam": "application/vnd.ms-excel.addin.macroEnabled.main+xml",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
}
Cell = str | int | float
Sheets = Mapping[str, Sequence[Sequence[Cell]]]
ONE_SHEET: Sheets = {"Sheet1": [["Item", "Amount"], ["Travel", 1200], ["Paper", 80], ["Total", "=SUM(B2:B3)"]]}


def workbook(kind: str = "xlsx", extras: Extras = NOTHING_MORE, sheets: Sheets = ONE_SHEET, title: str = "") -> bytes:
    """A workbook of `kind`; a cell text that begins with `=` is a formula."""
    if kind == "xlsb":
        return binary_workbook(extras, sheets)
    package, main = Package(), "xl/workbook.xml"
    package.relate("", "officeDocument", main)
    core_properties(package, title)
    entries = [_sheet(package, main, number, name, rows) for number, (name, rows) in enumerate(sheets.items(), 1)]
    controls = attach_activex(package, "xl/worksheets/sheet1.xml", "xl", extras.activex)
    if controls:
        _add_controls(package, controls)
    entries += [_macro_sheet(package, main, number, cells) for number, cells in enumerate(extras.macro_sheets, 1)]
    references = _external(package, main, extras)
    _styles(package, main)
    _connections(package, main, extras.connections)
    attach(package, main, "xl", extras)
    names = "".join(f"<definedName name={quoteattr(n)}>{escape(formula)}</definedName>" for n, formula in extras.names)
    body = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}"><sheets>{"".join(entries)}</sheets>'
    body += f"<externalReferences>{references}</externalReferences>" if references else ""
    body += f"<definedNames>{names}</definedNames>" if names else ""
    package.add(main, body + "</workbook>", WORKBOOK_TYPES[kind])
    return package.data()


def _sheet(package: Package, main: str, number: int, name: str, rows: Sequence[Sequence[Cell]]) -> str:
    part = f"xl/worksheets/sheet{number}.xml"
    lines = (
        f'<row r="{r}">' + "".join(_cell(f"{chr(64 + c)}{r}", value) for c, value in enumerate(row, 1)) + "</row>"
        for r, row in enumerate(rows, 1)
    )
    body = f'<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
    package.add(part, body, f"{SPREADSHEET}.worksheet+xml")
    relation = package.relate(main, "worksheet", part)
    return f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="{relation}"/>'


def _cell(address: str, value: Cell) -> str:
    if not isinstance(value, str):
        return f'<c r="{address}"><v>{value}</v></c>'
    if value.startswith("="):
        return f'<c r="{address}"><f>{escape(value[1:])}</f></c>'
    return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _add_controls(package: Package, ids: list[str]) -> None:
    part = "xl/worksheets/sheet1.xml"
    controls = "".join(f'<control shapeId="{1024 + n}" r:id="{i}" name="Control{n}"/>' for n, i in enumerate(ids, 1))
    end = b"</worksheet>"
    package.parts[part] = package.parts[part].replace(end, f"<controls>{controls}</controls>".encode() + end)


def _macro_sheet(package: Package, main: str, number: int, cells: Sequence[tuple[str, str]]) -> str:
    part = f"xl/macrosheets/sheet{number}.xml"
    rows = "".join(
        f'<row r="{address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}">{_cell(address, formula)}</row>'
        for address, formula in cells
    )
    namespace = "http://schemas.microsoft.com/office/excel/2006/main"
    body = f'<xm:macrosheet xmlns="{MAIN}" xmlns:xm="{namespace}"><sheetData>{rows}</sheetData></xm:macrosheet>'
    package.add(part, body, "application/vnd.ms-excel.macrosheet+xml")
    relation = package.relate(main, f"{MICROSOFT}/xlMacrosheet", part)
    return f'<sheet name="Macro{number}" sheetId="{100 + number}" state="hidden" r:id="{relation}"/>'


def _external(package: Package, main: str, extras: Extras) -> str:
    bodies: list[tuple[str, str]] = [("", target) for target in extras.external]
    references = []
    for number, (_, target) in enumerate(bodies, 1):
        part = f"xl/externalLinks/externalLink{number}.xml"
        relation = package.relate(part, "externalLinkPath", target, external=True)
        book = f'<externalBook r:id="{relation}"><sheetNames><sheetName val="Sheet1"/></sheetNames></externalBook>'
        references.append(_external_part(package, main, part, book))
    for number, (service, topic) in enumerate(extras.dde, len(bodies) + 1):
        part = f"xl/externalLinks/externalLink{number}.xml"
        link = f"<ddeLink ddeService={quoteattr(service)} ddeTopic={quoteattr(topic)}/>"
        references.append(_external_part(package, main, part, link))
    return "".join(references)


def _external_part(package: Package, main: str, part: str, inner: str) -> str:
    body = f'<externalLink xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}">{inner}</externalLink>'
    package.add(part, body, f"{SPREADSHEET}.externalLink+xml")
    return f'<externalReference r:id="{package.relate(main, "externalLink", part)}"/>'


def _styles(package: Package, main: str) -> None:
    body = (
        f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
    package.add("xl/styles.xml", body, f"{SPREADSHEET}.styles+xml")
    package.relate(main, "styles", "xl/styles.xml")


def _connections(package: Package, main: str, strings: Sequence[str]) -> None:
    if not strings:
        return
    lines = "".join(
        f'<connection id="{n}" name="Query{n}" type="5" refreshedVersion="6"><dbPr connection={quoteattr(text)} '
        f'command="Orders"/></connection>'
        for n, text in enumerate(strings, 1)
    )
    package.add("xl/connections.xml", f'<connections xmlns="{MAIN}">{lines}</connections>', CONNECTIONS_TYPE)
    package.relate(main, "connections", "xl/connections.xml")


CONNECTIONS_TYPE = f"{SPREADSHEET}.connections+xml"


def binary_workbook(extras: Extras = NOTHING_MORE, sheets: Sheets = ONE_SHEET) -> bytes:
    """An xlsb: the same package with records in place of XML ([MS-XLSB] 2.1.7); texts only, formulas are left out."""
    package, main = Package(), "xl/workbook.bin"
    package.relate("", "officeDocument", main)
    bundle = b""
    for number, (name, rows) in enumerate(sheets.items(), 1):
        part = f"xl/worksheets/sheet{number}.bin"
        package.add(part, _binary_sheet(rows), "application/vnd.ms-excel.worksheet")
        bundle += _bundle_entry(name, number, package.relate(main, "worksheet", part))
    for number, cells in enumerate(extras.macro_sheets, 1):
        part = f"xl/macrosheets/sheet{number}.bin"
        package.add(part, _binary_sheet([[text] for _, text in cells]), "application/vnd.ms-excel.macrosheet")
        bundle += _bundle_entry(f"Macro{number}", 100 + number, package.relate(main, f"{MICROSOFT}/xlMacrosheet", part))
    records = _record(131) + _record(143) + bundle + _record(144) + _record(132)
    package.add(main, records, WORKBOOK_TYPES["xlsb"])
    attach(package, main, "xl", extras)
    return package.data()


def _record(number: int, data: bytes = b"") -> bytes:
    """Record number in one or two bytes, size in groups of seven bits."""
    head = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    size, rest = bytearray(), len(data)
    while rest > 0x7F:
        size.append(rest & 0x7F | 0x80)
        rest >>= 7
    return head + bytes([*size, rest]) + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _bundle_entry(name: str, number: int, relation: str) -> bytes:
    return _record(156, struct.pack("<II", 0, number) + _wide(relation) + _wide(name))


def _binary_sheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    body = b""
    for r, row in enumerate(rows):
        body += _record(0, struct.pack("<IIHHBI", r, 0, 300, 0, 0, 0))
        for c, value in enumerate(row):
            head = struct.pack("<II", c, 0)
            body += (
                _record(6, head + _wide(value))
                if isinstance(value, str)
                else _record(5, head + struct.pack("<d", value))
            )
    return _record(129) + _record(145) + body + _record(146) + _record(130)
