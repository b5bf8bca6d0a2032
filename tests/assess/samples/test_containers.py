"""What we write, others read back: olefile, olevba, openpyxl and msoffcrypto are the oracles."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable

import msoffcrypto
import olefile
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oletools.olevba import VBA_Parser, decompress_stream

from uptake.assess.samples import Extras, SampleModule, SampleProject, SampleReference, binary, broken, ooxml, text
from uptake.assess.samples.compound import compound
from uptake.assess.samples.compression import compress, raw_container
from uptake.assess.samples.ooxml import KINDS
from uptake.assess.samples.protection import obscured
from uptake.assess.samples.vba import STDOLE, module_source, project_bin
from uptake.assess.samples.word import word_package

MODULES = (
    SampleModule("ThisWorkbook", kind="document"),
    SampleModule("Module1", 'Sub A()\n    MsgBox "x"\nEnd Sub\n'),
    SampleModule("Class1", "Public X As Long\n", "class"),
    SampleModule("Form1", "' a form\n", "form"),
)
PROJECT = SampleProject(MODULES)


def modules_of(data: bytes, name: str = "sample.bin") -> dict[str, str]:
    entries = VBA_Parser(name, data=data).extract_all_macros()
    return {entry[2].rpartition(".")[0]: entry[3] for entry in entries if entry[2]}


def expected(project: SampleProject = PROJECT) -> dict[str, str]:
    return {module.name: module_source(module) for module in project.modules}


def test_compound_file_with_small_large_and_empty_streams_reads_back() -> None:
    streams = {f"S{i}/stream {j}": bytes([i]) * (j * 700) for i in range(4) for j in range(12)}
    data = compound(streams, clsids={"": "00020906-0000-0000-c000-000000000046"}, storages=["Empty/Inner"])
    with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_POTENTIAL) as ole:
        assert {path: ole.openstream(path).read() for path in streams} == streams
        assert ole.root.clsid == "00020906-0000-0000-C000-000000000046"
        assert ole.exists("Empty/Inner")


def test_compound_file_past_the_109_sectors_of_the_header_reads_back() -> None:
    big = random.Random(1).randbytes(1 << 20) * 16
    with olefile.OleFileIO(io.BytesIO(compound({"big": big, "small": b"x"}))) as ole:
        assert ole.openstream("big").read() == big
        assert ole.openstream("small").read() == b"x"


def test_siblings_are_found_by_every_name() -> None:
    names = [f"{'n' * (i % 7)}Stream{i}" for i in range(200)]
    with olefile.OleFileIO(io.BytesIO(compound({name: name.encode() for name in names}))) as ole:
        assert sorted(entry[0] for entry in ole.listdir()) == sorted(names)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=9000), st.lists(st.sampled_from([b"Dim ", b"x", b"\r\n"])).map(b"".join)))
def test_compressed_bytes_decompress_to_themselves(data: bytes) -> None:
    read = bytes(decompress_stream(bytearray(compress(data)))) if data else b""
    assert read[: len(data)] == data
    assert not read[len(data) :].strip(b"\0")


def test_compression_saves_most_of_source_code_and_raw_chunks_read_back() -> None:
    source = ("Sub X()\r\n" + "  Cells(i, 1).Value = i\r\n" * 20 + "End Sub\r\n").encode() * 100
    assert len(compress(source)) < len(source) / 5
    assert bytes(decompress_stream(bytearray(raw_container(source)))).rstrip(b"\0") == source


def test_project_reads_back_with_all_module_kinds() -> None:
    assert modules_of(project_bin(PROJECT)) == expected()


def test_japanese_names_and_source_read_back_from_code_page_932() -> None:
    project = SampleProject([SampleModule("経理", 'MsgBox "仕訳ソ表"\n')], name="会計", codepage=932, lcid=0x411)
    assert modules_of(project_bin(project)) == expected(project)


def test_every_kind_of_reference_is_accepted_by_a_strict_reader() -> None:
    guid = "{831FDD16-0C5C-11D2-A9FC-0000F8754DA1}"
    references = (
        SampleReference("stdole", STDOLE),
        SampleReference("MSComctlLib", f"*\\G{guid}#2.0#0#C:\\MSCOMCTL.OCX#Controls", "control", guid),
        SampleReference("Common", "C:\\x\\common.xla", "project", version=(3, 1)),
    )
    project = SampleProject(MODULES, references=references, constants="DEBUGGING = 1", description="About")
    assert modules_of(project_bin(project)) == expected(project)


def test_protection_values_decode_to_what_was_asked() -> None:
    encoded = bytes.fromhex(obscured(b"\x05\0\0\0", "{A}", seed=0x9C))
    key = sum(b"{A}") & 0xFF
    assert encoded[1] ^ encoded[0] == 2
    assert encoded[2] ^ encoded[0] == key
    plain, out = key, []
    for index in range(3, len(encoded)):
        plain = encoded[index] ^ ((encoded[index - 2] + plain) & 0xFF)
        out.append(plain)
    ignored = (0x9C & 6) // 2
    assert bytes(out[ignored:]) == b"\x04\0\0\0\x05\0\0\0"


@pytest.mark.parametrize("kind", KINDS)
def test_ooxml_kind_is_a_sound_package_and_holds_its_project(kind: str) -> None:
    data = ooxml(kind, Extras(project=PROJECT, activex=["{8E27C92B-1264-101C-8A2F-040224009C02}"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        types = archive.read("[Content_Types].xml")
    assert b"application/vnd.ms-office.vbaProject" in types
    assert modules_of(data, f"x.{kind}") == expected()


def test_project_is_found_under_any_part_name_by_its_content_type() -> None:
    data = ooxml("docm", Extras(project=PROJECT, project_part="word/other.bin", signatures=["legacy", "agile", "v3"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "word/vbaProject.bin" not in archive.namelist()
        assert "word/vbaProjectSignatureV3.bin" in archive.namelist()
        assert "word/_rels/other.bin.rels" in archive.namelist()


@pytest.mark.parametrize("kind", ["xlsx", "xlsm", "xltx", "xltm"])
def test_workbook_opens_with_its_values(kind: str) -> None:
    extras = Extras(
        PROJECT if kind.endswith("m") else None, external=["file:///C:\\a.xlsx"], names=[("N", "Sheet1!$A$1")]
    )
    book = openpyxl.load_workbook(io.BytesIO(ooxml(kind, extras, "Title")))
    assert [[cell.value for cell in row] for row in book["Sheet1"].iter_rows(max_row=2)] == [
        ["Item", "Amount"],
        ["Travel", 1200],
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xls", binary.xls(PROJECT, macro_sheet=["calc.exe"])),
        ("a.doc", binary.doc(PROJECT)),
        ("a.ppt", binary.ppt(PROJECT)),
        ("b.ppt", binary.ppt(PROJECT, stored=True)),
        ("a.otm", binary.otm(PROJECT)),
        ("a.mpp", binary.mpp(PROJECT)),
        ("a.mht", text.mht(PROJECT)),
        ("a.xml", text.word_2003_xml(PROJECT)),
        ("f.xml", text.flat_opc(word_package("docm", Extras(project=PROJECT)))),
        ("o.doc", binary.doc(extra=binary.embedded_project(PROJECT, "ObjectPool/_1"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_formats_hold_their_project(name: str, data: bytes) -> None:
    assert modules_of(data, name) == expected()


def test_damage_is_where_it_was_asked_for() -> None:
    for damage in ("no-source", "stomped", "corrupt"):
        project = SampleProject([SampleModule("M", "Sub Secret()\nEnd Sub\n", damage=damage)])
        assert "Secret" not in modules_of(project_bin(project)).get("M", "")


@pytest.mark.parametrize("kind", ["xlsx", "docm"])
@pytest.mark.parametrize("encrypt", [broken.encrypted, broken.encrypted_agile])
def test_encrypted_package_opens_with_its_password_only(kind: str, encrypt: Callable[[bytes, str], bytes]) -> None:
    plain = ooxml(kind, Extras(parts=[("docProps/thumbnail.bin", random.Random(1).randbytes(5000), "")]))
    locked = encrypt(plain, "pässword")
    file = msoffcrypto.OfficeFile(io.BytesIO(locked))
    file.load_key(password="pässword", verify_password=True)
    out = io.BytesIO()
    file.decrypt(out)
    assert out.getvalue() == plain
    with pytest.raises(msoffcrypto.exceptions.InvalidKeyError):
        file.load_key(password="other", verify_password=True)


def test_hostile_documents_are_small_and_what_they_say() -> None:
    plain = ooxml("xlsx")
    bomb = broken.zip_bomb(plain, megabytes=64)
    assert len(bomb) < 200_000
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert archive.getinfo("xl/media/image1.png").file_size == 64 << 20
    assert len(broken.nested_zip(plain, 20)) < 100_000
    assert broken.flipped(plain) != plain
    with zipfile.ZipFile(io.BytesIO(broken.xml_entities(plain, external=True))) as archive:
        assert b"<!ENTITY e SYSTEM" in archive.read("xl/workbook.xml")


def test_chain_of_a_cyclic_file_returns_to_its_start() -> None:
    with olefile.OleFileIO(io.BytesIO(broken.cyclic(compound({"big": bytes(9000)})))) as ole:
        assert list(ole.fat[:3]) == [1, 2, 0]
