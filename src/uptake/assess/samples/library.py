"""The macros and references that the sample estate is made of: real habits of real offices, written for this project.

The source is in `code/`, one file a module, so that it reads like code and not like strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from uptake.assess.samples.vba import STDOLE, VBA_LIBRARY, SampleModule, SampleProject, SampleReference

CODE = Path(__file__).parent / "code"
KINDS = {".bas": "standard", ".cls": "class", ".frm": "form"}
SYSTEM = "C:\\Windows\\SysWOW64\\"
CONTROLS = {
    "TreeView": "{C74190B6-8589-11D1-B16A-00C0F0283628}",
    "ListView": "{BDD1F04B-858B-11D1-B16A-00C0F0283628}",
    "Calendar": "{8E27C92B-1264-101C-8A2F-040224009C02}",
    "CommandButton": "{D7053240-CE69-11CD-A777-00DD01143C57}",
    "WebBrowser": "{8856F961-340A-11D0-A96B-00C04FD705A2}",
}
REFERENCES = {
    "VBA": SampleReference("VBA", VBA_LIBRARY),
    "stdole": SampleReference("stdole", STDOLE),
    "MSForms": SampleReference(
        "MSForms",
        f"*\\G{{0D452EE1-E08F-101A-852E-02608C4D0BB4}}#2.0#0#{SYSTEM}FM20.DLL#Microsoft Forms 2.0 Object Library",
        "control",
        "{0D452EE1-E08F-101A-852E-02608C4D0BB4}",
    ),
    "MSComctlLib": SampleReference(
        "MSComctlLib",
        f"*\\G{{831FDD16-0C5C-11D2-A9FC-0000F8754DA1}}#2.2#0#{SYSTEM}MSCOMCTL.OCX"
        "#Microsoft Windows Common Controls 6.0 (SP6)",
        "control",
        "{831FDD16-0C5C-11D2-A9FC-0000F8754DA1}",
    ),
    "MSACAL": SampleReference(
        "MSACAL",
        "*\\G{8E27C92E-1264-101C-8A2F-040224009C02}#7.0#0#C:\\Program Files\\Microsoft Office\\Office12\\MSCAL.OCX"
        "#Microsoft Calendar Control 2007",
        "control",
        "{8E27C92E-1264-101C-8A2F-040224009C02}",
    ),
    "DAO": SampleReference(
        "DAO",
        "*\\G{00025E01-0000-0000-C000-000000000046}#5.0#0#C:\\Program Files (x86)\\Common Files\\"
        "Microsoft Shared\\DAO\\dao360.dll#Microsoft DAO 3.6 Object Library",
    ),
    "ADODB": SampleReference(
        "ADODB",
        "*\\G{2A75196C-D9EB-4129-B803-931327F72D5C}#2.8#0#C:\\Program Files\\Common Files\\System\\ado\\msado28.tlb"
        "#Microsoft ActiveX Data Objects 2.8 Library",
    ),
    "VBScript_RegExp_55": SampleReference(
        "VBScript_RegExp_55",
        f"*\\G{{3F4DACA7-160D-11D2-A8E9-00104B365C9F}}#5.5#0#{SYSTEM}vbscript.dll\\3"
        "#Microsoft VBScript Regular Expressions 5.5",
    ),
    "Scripting": SampleReference(
        "Scripting",
        "*\\G{420B2830-E718-11CF-893D-00A0C9054228}#1.0#0#C:\\Windows\\System32\\scrrun.dll"
        "#Microsoft Scripting Runtime",
    ),
    "common": SampleReference("common", "\\\\fileserver\\it\\common_2009.xla", "project"),
}


@cache
def code(name: str) -> str:
    """The text of `code/<name>` with LF line ends."""
    return (CODE / name).read_text(encoding="utf-8")


def module(file_name: str, *, name: str = "", controls: Sequence[str] = (), damage: str = "") -> SampleModule:
    """The module of `code/<file_name>`, named after its file unless `name` says otherwise."""
    stem, _, extension = file_name.rpartition(".")
    title = name or "".join(word.capitalize() for word in stem.split("_"))
    return SampleModule(title, code(file_name), KINDS[f".{extension}"], controls=tuple(controls), damage=damage)


def project(*files: str, references: Sequence[str] = (), host: str = "excel", **options: object) -> SampleProject:
    """A project of `code/` files with the document modules of `host` and the usual two references before its own."""
    modules = [*_document_modules(host), *(module(name) for name in files)]
    chosen = [REFERENCES[name] for name in ("VBA", "stdole", *references)]
    return SampleProject(modules, references=chosen, **options)  # type: ignore[arg-type]


def _document_modules(host: str) -> list[SampleModule]:
    if host == "word":
        return [SampleModule("ThisDocument", kind="document")]
    if host == "excel":
        opening = SampleModule("ThisWorkbook", code("open_workbook.cls"), "document")
        return [opening, SampleModule("Sheet1", kind="document")]
    return []
