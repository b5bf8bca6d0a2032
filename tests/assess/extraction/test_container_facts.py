"""Facts that stand beside the code: macro sheets, controls, links."""

from __future__ import annotations

import struct

import pytest

from uptake.assess.documents import open_document
from uptake.assess.extraction.controls import controls
from uptake.assess.extraction.links import links
from uptake.assess.extraction.macro_sheets import macro_sheets
from uptake.assess.extraction.oforms import class_ids
from uptake.assess.extraction.parts import masked
from uptake.assess.samples import Extras, binary, ooxml
from uptake.assess.samples.compound import compound
from uptake.core.facts import Fact

COMBO_BOX = "{8BD21D30-EC42-11CE-9E0D-00AA006002F3}"


def keys(facts: list[Fact], kind: str) -> set[str]:
    return {fact.key for fact in facts if fact.kind == kind}


def test_macro_sheets_of_a_package_come_with_their_calls() -> None:
    sheets = ((("A1", '=REGISTER("kernel32","Beep","JJJ")'), ("A2", '=EXEC("calc.exe")'), ("A3", "=HALT()")),)
    facts = macro_sheets(open_document(ooxml("xlsm", Extras(macro_sheets=sheets))))
    assert len(keys(facts, "macro_sheet")) == 1
    assert keys(facts, "xlm_call") == {"register", "exec"}


def test_macro_sheets_of_a_binary_workbook_come_with_state_and_calls() -> None:
    names = [("Sheet1", 0, 0), ("Macro1", 1, 2)]
    document = open_document(compound({"Workbook": _workbook(names)}))
    facts = macro_sheets(document)
    assert [(fact.key, fact.attributes["state"]) for fact in facts if fact.kind == "macro_sheet"] == [
        ("macro1", "very hidden")
    ]
    assert keys(facts, "xlm_call") == {"exec", "auto_open"}


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _workbook(sheets: list[tuple[str, int, int]]) -> bytes:
    """A BIFF8 workbook: the list of sheets, the name Auto_Open, and one formula EXEC() where all sheets start."""
    bof = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    name = _record(0x18, struct.pack("<HBBHHHBBBB", 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0) + b"\x00\x01")
    end = _record(0x0A, b"")
    start = len(bof) + sum(4 + 8 + len(title) for title, _, _ in sheets) + len(name) + len(end)
    rows = [
        _record(0x85, struct.pack("<IBBBB", start, state, kind, len(title), 0) + title.encode())
        for title, kind, state in sheets
    ]
    formula = _record(0x06, bytes(20) + struct.pack("<H", 4) + b"\x42\x01" + struct.pack("<H", 110))
    return bof + b"".join(rows) + name + end + bof + formula + end


def test_a_workbook_of_worksheets_has_no_macro_sheets() -> None:
    assert macro_sheets(open_document(binary.xls())) == []
    assert macro_sheets(open_document(ooxml("xlsx"))) == []


@pytest.mark.parametrize("kind", ["xlsx", "docx", "pptx"])
def test_activex_controls_are_known_by_their_class(kind: str) -> None:
    facts = controls(open_document(ooxml(kind, Extras(activex=(COMBO_BOX,)))))
    assert [(fact.key, fact.attributes["where"]) for fact in facts] == [(COMBO_BOX.lower(), "activex")]


def test_embedded_objects_of_a_compound_file_are_known_by_their_class() -> None:
    equation = "0002CE02-0000-0000-C000-000000000046"
    data = compound(
        {"WordDocument": b"\xec\xa5\xc1\x00" + bytes(60), "ObjectPool/_1/Equation Native": b"x"},
        clsids={"ObjectPool/_1": equation},
    )
    facts = controls(open_document(data))
    assert keys(facts, "control") == {"{" + equation.lower() + "}"}


def _form(classes: list[bytes], *, font: bool) -> bytes:
    """An `f` stream: form properties, optionally a font, class table."""
    mask = (1 << 6) | ((1 << 20) if font else 0)
    properties = struct.pack("<II", mask, 4)
    stream = b"\x00\x04" + struct.pack("<H", len(properties)) + properties
    if font:
        face = b"Tahoma"
        stream += bytes.fromhex("0352E30B918FCE119DE300AA004BB851") + bytes(10) + bytes([len(face)]) + face
    stream += struct.pack("<H", len(classes))
    for clsid in classes:
        stream += struct.pack("<HHI", 0, 20, 1) + clsid
    return stream + bytes(8)


@pytest.mark.parametrize("font", [True, False])
def test_foreign_controls_of_a_form_are_in_its_class_table(font: bool) -> None:
    clsid = bytes.fromhex("B49041C78985D111B16A00C0F0283628")
    assert class_ids(_form([clsid], font=font)) == ["{c74190b4-8589-11d1-b16a-00c0f0283628}"]


def test_a_form_that_is_not_understood_has_no_guessed_controls() -> None:
    assert class_ids(b"") == class_ids(bytes(100)) == class_ids(b"\x00\x04\xff\xff" + bytes(30)) == []


def test_linked_workbooks_templates_and_dde_are_links() -> None:
    extras = Extras(external=("file:///\\\\Server\\Share\\A.xlsx",), dde=(("RSLinx", "Topic"),))
    facts = links(open_document(ooxml("xlsx", extras)))
    assert keys(facts, "link") == {"file:///\\\\server\\share\\a.xlsx"}
    assert keys(facts, "dde") == {"rslinx|topic"}
    facts = links(open_document(ooxml("docx", Extras(external=("file:///C:/old.dotm",), dde=(("excel", "book"),)))))
    assert "file:///c:/old.dotm" in keys(facts, "link")
    assert any(key.startswith("excel") for key in keys(facts, "dde"))


def test_connections_lose_their_passwords() -> None:
    text = "Provider=SQLOLEDB;User ID=sa;Password=Geheim!1;Data Source=db"
    facts = links(open_document(ooxml("xlsx", Extras(connections=(text,)))))
    (fact,) = [fact for fact in facts if fact.kind == "connection"]
    assert fact.text == "Provider=SQLOLEDB;User ID=sa;Password=***;Data Source=db"
    assert "geheim" not in fact.key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PWD=a;x=1", "PWD=***;x=1"),
        ('Jet OLEDB:Database Password="a;b";x=1', "Jet OLEDB:Database Password=***;x=1"),
        ("pwd={a;b};x", "pwd=***;x"),
        ("ftp://user:secret@host/x", "ftp://user:***@host/x"),
        ("https://host/x?sig=abc&y=1", "https://host/x?sig=***&y=1"),
        ("Data Source=x", "Data Source=x"),
    ],
)
def test_secrets_are_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_text_of_a_fact_is_short() -> None:
    assert len(masked("x" * 5000)) == 500


def test_supporting_books_of_a_binary_workbook_are_links_and_dde() -> None:
    path = "\x01\x01@server\x03share\x03old.xls"
    book = _record(0x1AE, struct.pack("<HHB", 1, len(path), 0) + path.encode("latin-1"))
    dde = _record(0x1AE, struct.pack("<HHB", 0, 9, 0) + b"cmd\x03topic") + _record(0x23, b"\x02\x00" + bytes(8))
    workbook = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + book + dde + _record(0x0A, b"")
    facts = links(open_document(compound({"Workbook": workbook})))
    assert keys(facts, "link") == {"\\\\server\\share\\old.xls"}
    assert keys(facts, "dde") == {"cmd|topic"}


def test_fields_of_word_are_found_in_rtf_and_in_binary_documents() -> None:
    rtf = rb"{\rtf1{\field{\*\fldinst {DDEAUTO excel \"C:\\\\a.xls\" r1c1}}{\fldrslt x}}}"
    assert len(keys(links(open_document(rtf)), "dde")) == 1
    stream = b"\xec\xa5\xc1\x00" + bytes(60)
    for field in (
        b"\x13 DDEAUTO cmd topic \x14x\x15",
        "\x13 LINK Excel.Sheet.8 C:\\\\a.xls \x14x\x15".encode("utf-16-le"),
    ):
        facts = links(open_document(compound({"WordDocument": stream + field + bytes(40)})))
        assert len(facts) == 1


def test_hyperlinks_are_not_links_of_a_document() -> None:
    assert links(open_document(ooxml("docx"))) == []
