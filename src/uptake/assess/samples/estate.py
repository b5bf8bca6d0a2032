"""A believable small company: about sixty documents in the folders of a file share, half of them without a macro.

The demo scans it, tests count on it: equal seed, equal bytes. What a document is for stands in its line.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from uptake.assess.samples import binary, broken, text
from uptake.assess.samples.excel import Sheets, workbook
from uptake.assess.samples.library import CONTROLS, module, project
from uptake.assess.samples.ooxml import ooxml
from uptake.assess.samples.parts import Extras
from uptake.assess.samples.vba import SampleProject
from uptake.assess.samples.word import word_document, word_package

Entry = tuple[str, Callable[[], bytes]]
JAPANESE: dict[str, Any] = {"codepage": 932, "lcid": 0x411}


def build_estate(folder: Path, *, seed: int = 1) -> list[Path]:
    """Writes the estate below `folder`; returns the paths, in the order written.

    Names that the file system refuses (`|` and control characters on Windows) are written with `_` in their place.
    """
    chance = random.Random(seed)  # noqa: S311
    return [_write(folder, name, make()) for name, make in _entries(chance)]


def _write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(data)
    except (OSError, ValueError):
        path = path.with_name("".join(c if c.isalnum() or c in " .-" else "_" for c in path.name))
        path.write_bytes(data)
    return path


def _entries(chance: random.Random) -> Iterator[Entry]:
    yield from _finance(chance)
    yield from _sales(chance)
    yield from _people(chance)
    yield from _japanese(chance)
    yield from _templates(chance)
    yield from _archive(chance)
    yield from _quarantine(chance)


def _figures(chance: random.Random) -> Sheets:
    rows: list[list[str | int | float]] = [["Account", "Planned", "Actual"]]
    rows += [[f"{4000 + 10 * n}", chance.randrange(1000, 90000), chance.randrange(1000, 90000)] for n in range(12)]
    return {"Plan": [*rows, ["Total", "=SUM(B2:B13)", "=SUM(C2:C13)"]]}


def _plain(chance: random.Random, title: str, kind: str = "xlsx") -> Callable[[], bytes]:
    sheets = _figures(chance)
    return lambda: workbook(kind, sheets=sheets, title=title)


def _letter(chance: random.Random, title: str) -> Callable[[], bytes]:
    number = chance.randrange(10000, 99999)
    return lambda: word_document("docx", paragraphs=[title, f"Our reference: {number}"], title=title)


def _with(kind: str, made: SampleProject, **more: object) -> Callable[[], bytes]:
    return lambda: ooxml(kind, Extras(project=made, **more))  # type: ignore[arg-type]


def _finance(chance: random.Random) -> Iterator[Entry]:
    yield "Finance/Budget 2026.xlsx", _plain(chance, "Budget 2026")
    yield "Finance/Budget 2025.xlsx", _plain(chance, "Budget 2025")
    yield "Finance/Cash flow.xlsx", _plain(chance, "Cash flow")
    yield "Finance/Monthly report.xlsm", _with("xlsm", project("monthly_report.bas", "budget.bas"))
    yield "Finance/Approval.xlsm", _with("xlsm", project("declares_2007.bas", "budget.bas"))
    yield "Finance/payroll_2014.xlsm", _with("xlsm", project("registry.bas", "clipboard.bas", name="Payroll"))
    yield "Finance/Closing toolbar.xls", lambda: binary.xls(project("toolbar.bas", "file_search.bas"))
    yield "Finance/Exchange rates.xlsm", _with("xlsm", project("browser.bas"), connections=[JET, WEB_QUERY])
    yield "Finance/Quotes.xls", lambda: binary.xls(project("dde_quotes.bas"))
    yield "Finance/Quotes linked.xlsx", lambda: workbook("xlsx", Extras(dde=[("RSLINX", "QUOTES")]), _figures(chance))
    yield "Finance/Consolidation.xlsx", lambda: workbook("xlsx", Extras(external=LINKED), _figures(chance))
    yield "Finance/Macro sheet 1997.xls", lambda: binary.xls(macro_sheet=["notepad.exe", "C:\\Tools\\post.exe"])
    yield "Finance/Rates XLM.xlsm", lambda: workbook("xlsm", Extras(macro_sheets=[MACRO_SHEET]))
    yield (
        "Finance/Memory tools.xlam",
        _with("xlam", project("arrays_by_pointer.bas", "guarded_api.bas", constants="DEBUGGING = 1")),
    )


JET = "Provider=Microsoft.Jet.OLEDB.4.0;Data Source=\\\\fileserver\\finance\\rates.mdb;"
WEB_QUERY = "Provider=MSDASQL;DSN=Ledger;UID=reader;"
LINKED = [
    "file:///\\\\fileserver\\finance\\subsidiaries\\osaka.xls",
    "file:///C:\\Users\\old.name\\Desktop\\munich.xlsx",
]
MACRO_SHEET = (
    ("A1", '=REGISTER("C:\\Tools\\rates32.dll","GetRate","BC","GetRate")'),
    ("A2", '=CALL("kernel32","Sleep","JJ",500)'),
    ("A3", "=HALT()"),
)


def _sales(chance: random.Random) -> Iterator[Entry]:
    yield "Sales/Orders.xlsm", _with("xlsm", project("jet_import.bas", references=["DAO", "ADODB"]))
    yield "Sales/Price list.xlsm", _with("xlsm", project("ace_import.bas"))
    yield "Sales/Price list 2024.xlsx", _plain(chance, "Price list 2024")
    yield "Sales/Customer codes.xlsm", _with("xlsm", project("check_codes.bas", references=["VBScript_RegExp_55"]))
    yield "Sales/Label printing.xlsm", _with("xlsm", project("label_printer.bas"))
    yield "Sales/Screen size.xlsm", _with("xlsm", project("half_migrated.bas"))
    yield "Sales/Nightly export.xlsm", _with("xlsm", project("run_script.bas"))
    yield "Sales/Folder picker.xlsm", _with("xlsm", project("browse_folder.bas", "group_totals.bas"))
    yield "Sales/Forecast.xlsb", _with("xlsb", project("group_totals.bas", references=["Scripting"]))
    yield "Sales/Pitch.pptx", lambda: ooxml("pptx", title="Pitch")
    yield "Sales/Agenda builder.pptm", _with("pptm", project("agenda.bas", host="powerpoint"))
    yield "Sales/Catalogue 2003.ppt", lambda: binary.ppt(project("toolbar.bas", host="powerpoint"))
    yield "Sales/Offer.docx", _letter(chance, "Offer")
    yield "Sales/Map.vsdm", _with("vsdm", project("half_migrated.bas", host="visio"))
    yield (
        "Sales/Message with orders.msg",
        lambda: binary.msg([("Orders.xlsm", _with("xlsm", project("jet_import.bas"))())]),
    )


def _people(chance: random.Random) -> Iterator[Entry]:
    staff = project(references=["MSForms", "MSComctlLib"])
    tree = replace(
        staff, modules=[*staff.modules, module("tree_view.frm", name="StaffTree", controls=["MSComctlLib.TreeCtrl.2"])]
    )
    holiday = project(references=["MSForms", "MSACAL"])
    dates = replace(
        holiday, modules=[*holiday.modules, module("calendar.frm", name="PickDate", controls=["MSCAL.Calendar.7"])]
    )
    yield "HR/Staff tree.xlsm", _with("xlsm", tree, activex=[CONTROLS["TreeView"], CONTROLS["CommandButton"]])
    yield "HR/Holiday planner.xlsm", _with("xlsm", dates, activex=[CONTROLS["Calendar"]])
    yield (
        "HR/Contract letter.docm",
        _with("docm", project("letters.bas", host="word"), signatures=["legacy", "agile", "v3"]),
    )
    yield "HR/Contract letter 2003.doc", lambda: binary.doc(project("letters.bas", "declares_2007.bas", host="word"))
    yield "HR/Handbook.docx", _letter(chance, "Handbook")
    yield "HR/Vacancies.docx", _letter(chance, "Vacancies")
    yield "HR/Formula test.xlsm", _with("xlsm", project("script_control.bas", protection="password"))
    yield "HR/Salaries 2026 (protected).xlsx", lambda: broken.encrypted(workbook("xlsx", sheets=_figures(chance)))


def _japanese(chance: random.Random) -> Iterator[Entry]:
    yield "経理部/仕訳転送.xls", lambda: binary.xls(project("keiri.bas", **JAPANESE))
    yield "経理部/請求書.xlsm", _with("xlsm", project("seikyu.bas", **JAPANESE))
    yield "経理部/予算2026.xlsx", _plain(chance, "予算2026")
    yield "経理部/月次報告.xlsm", _with("xlsm", project("monthly_report.bas", "keiri.bas", **JAPANESE))
    yield "人事/勤怠表.xlsm", _with("xlsm", project("kintai.bas", **JAPANESE))
    yield "人事/勤怠表 (コピー).xlsm", _with("xlsm", project("kintai.bas", **JAPANESE))
    yield "人事/社員名簿.xls", lambda: binary.xls(project("meibo.bas", references=["DAO"], **JAPANESE))
    yield "人事/就業規則.docx", _letter(chance, "就業規則")


def _templates(chance: random.Random) -> Iterator[Entry]:
    letter = project("letters.bas", host="word")
    yield "Templates/Letter.dotm", _with("dotm", letter, external=["file:///\\\\fileserver\\it\\global.dotm"])
    yield "Templates/Invoice.xltm", _with("xltm", project("budget.bas", "guarded_api.bas"))
    yield (
        "Templates/Report.potm",
        _with("potm", project("agenda.bas", host="powerpoint"), project_part="ppt/macros.bin"),
    )
    yield "Templates/Wheel hook.xlam", _with("xlam", project("subclass.bas", references=["common"]))
    yield "Templates/Timesheet.xltx", _plain(chance, "Timesheet", "xltx")
    yield "Templates/Live field.docx", lambda: word_document("docx", Extras(dde=[("excel", "C:\\Data\\rates.xls")]))


def _archive(chance: random.Random) -> Iterator[Entry]:
    letter = project("letters.bas", "run_script.bas", host="word")
    embedded = binary.embedded_project(project("clipboard.bas"), "ObjectPool/_1123581321")
    yield "Archive/2014/payroll_2014.xlsm", _with("xlsm", project("registry.bas", "clipboard.bas", name="Payroll"))
    yield (
        "Archive/2014/payroll_2014 - Copy.xlsm",
        _with("xlsm", project("registry.bas", "clipboard.bas", name="Payroll")),
    )
    yield "Archive/2009/Letter.mht", lambda: text.mht(letter)
    yield "Archive/2009/Letter.xml", lambda: text.word_2003_xml(letter)
    yield "Archive/2012/Letter flat.xml", lambda: text.flat_opc(word_package("docm", Extras(project=letter)))
    yield "Archive/2009/With sheet.doc", lambda: binary.doc(extra=embedded)
    yield "Archive/2009/With sheet.rtf", lambda: text.rtf(binary.xls(project("file_search.bas")))
    yield "Archive/2011/Plant.vsd", lambda: binary.vsd(project("half_migrated.bas", host="visio"))
    yield "Archive/2011/Leaflet.pub", binary.pub
    yield "Archive/2016/VbaProject.OTM", lambda: binary.otm(project("mail_rules.bas", host="outlook"))
    yield "Archive/source/modClipboard.bas", lambda: text.source_file(module("clipboard.bas", name="modClipboard"))
    yield "Archive/source/LogWriter.cls", lambda: text.source_file(module("log_writer.cls"))
    yield "Archive/readme.txt", lambda: b"Old files. Ask IT before deleting.\r\n"
    yield (
        "Archive/2014/Budget 2014.xls",
        lambda: binary.xls(rows=[("Item", "Amount"), ("Rent", chance.randrange(9000))]),
    )


def _quarantine(chance: random.Random) -> Iterator[Entry]:
    hostile = project("hostile_names.bas", name="Hostile")
    missing = replace(hostile, modules=[*hostile.modules, module("browser.bas", damage="no-source")])
    stomped = replace(hostile, modules=[module("declares_2007.bas", damage="stomped")])
    corrupt = replace(hostile, modules=[module("declares_2007.bas", damage="corrupt"), module("budget.bas")])
    plain = workbook("xlsx")
    half = _with("xlsm", project("clipboard.bas"))()
    yield "Quarantine/=cmd|' !A0.xlsm", _with("xlsm", hostile)
    yield "Quarantine/<script>alert(1)<!-- .xlsm", _with("xlsm", hostile)
    yield "Quarantine/\x1b[31mred\x07\n+1.xlsm", _with("xlsm", hostile)
    yield "Quarantine/Source missing.xlsm", _with("xlsm", missing)
    yield "Quarantine/Stomped.xlsm", _with("xlsm", stomped)
    yield "Quarantine/Damaged module.xlsm", _with("xlsm", corrupt)
    yield "Quarantine/Unviewable.xlsm", _with("xlsm", project("budget.bas", protection="unviewable"))
    yield "Quarantine/Half copied.xlsm", lambda: broken.truncated(half, 0.6)
    yield (
        "Quarantine/Bad disk.xls",
        lambda: broken.flipped(binary.xls(project("budget.bas")), seed=chance.randrange(99), count=300, start=512),
    )
    yield "Quarantine/Loop.xls", lambda: broken.cyclic(binary.xls(project("clipboard.bas", "registry.bas")))
    yield "Quarantine/Bomb.xlsx", lambda: broken.zip_bomb(plain, megabytes=300)
    yield "Quarantine/Deep.zip", lambda: broken.nested_zip(plain, 30)
    yield "Quarantine/Entities.xlsx", lambda: broken.xml_entities(plain)
    yield "Quarantine/Outside entity.xlsx", lambda: broken.xml_entities(plain, external=True)
    yield "Quarantine/Empty.docx", lambda: b""
