"""What a file is, by content: format, host, status and what is in it."""

from __future__ import annotations

import io
import mmap
import zipfile
from pathlib import Path

import pytest

from uptake.assess.documents import Document, Limits, Status, open_document
from uptake.assess.extraction.project import read_project
from uptake.assess.samples import Extras, SampleModule, SampleProject, binary, broken, ooxml, project_bin, text
from uptake.assess.samples.compound import compound
from uptake.assess.samples.ooxml import KINDS
from uptake.assess.samples.word import word_package

PROJECT = SampleProject((SampleModule("ThisWorkbook", kind="document"), SampleModule("Module1", "Sub A()\nEnd Sub\n")))
WITH_MACROS = Extras(project=PROJECT)


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members.items():
            zipped.writestr(name, data)
    return file.getvalue()


def module_names(document: Document) -> list[str]:
    projects = [read_project(storage) for inner in document.walk() for storage in inner.projects]
    return sorted(module.name for project in projects for module in project.modules)


@pytest.mark.parametrize("kind", KINDS)
def test_an_ooxml_document_is_called_what_its_main_part_says(kind: str) -> None:
    document = open_document(ooxml(kind), name="wrong.txt")
    assert (document.format, document.status, document.defects) == (kind, Status.NO_VBA, [])
    assert document.host in {"excel", "word", "powerpoint", "visio"}


@pytest.mark.parametrize(
    ("data", "kind", "host"),
    [
        (ooxml("xlsm", WITH_MACROS), "xlsm", "excel"),
        (ooxml("docm", WITH_MACROS), "docm", "word"),
        (ooxml("pptm", WITH_MACROS), "pptm", "powerpoint"),
        (ooxml("xlsb", WITH_MACROS), "xlsb", "excel"),
        (binary.xls(PROJECT), "xls", "excel"),
        (binary.doc(PROJECT), "doc", "word"),
        (binary.ppt(PROJECT), "ppt", "powerpoint"),
        (binary.ppt(PROJECT, stored=True), "ppt", "powerpoint"),
        (binary.mpp(PROJECT), "mpp", "project"),
        (binary.pub(PROJECT), "pub", "publisher"),
        (binary.otm(PROJECT), "otm", "outlook"),
        (text.word_2003_xml(PROJECT), "word2003xml", "word"),
        (text.flat_opc(word_package("docm", WITH_MACROS)), "flatopc", "word"),
        (text.mht(PROJECT), "mht", "word"),
        (project_bin(PROJECT), "vbaproject", ""),
    ],
)
def test_a_project_is_found_in_every_container(data: bytes, kind: str, host: str) -> None:
    document = open_document(data)
    assert (document.format, document.host, document.status) == (kind, host, Status.HAS_VBA)
    assert "Module1" in module_names(document)


@pytest.mark.parametrize(
    "data", [binary.xls(), binary.doc(), binary.ppt(), binary.mpp(), binary.pub(), ooxml("xlsb"), ooxml("dotm")]
)
def test_a_document_without_a_project_has_no_vba(data: bytes) -> None:
    document = open_document(data)
    assert (document.status, document.projects, document.defects) == (Status.NO_VBA, [], [])


def test_a_project_is_found_by_its_content_type_when_its_part_is_called_otherwise() -> None:
    document = open_document(ooxml("xlsm", Extras(project=PROJECT, project_part="xl/notes.dat")))
    assert document.status is Status.HAS_VBA
    assert [project.location for project in document.projects] == ["xl/notes.dat"]


def test_content_types_in_utf_16_with_character_entities_are_understood() -> None:
    with zipfile.ZipFile(io.BytesIO(ooxml("xlsm", WITH_MACROS))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    types = parts["[Content_Types].xml"].decode().replace("macroEnabled", "macro&#69;nabled")
    types = types.replace("UTF-8", "UTF-16").replace("utf-8", "utf-16")
    parts["[Content_Types].xml"] = types.encode("utf-16")
    document = open_document(archive(parts))
    assert (document.format, document.status) == ("xlsm", Status.HAS_VBA)


def test_a_project_in_an_embedded_object_counts_for_the_document_around_it() -> None:
    document = open_document(binary.doc(extra=_in_object_pool()))
    assert document.status is Status.HAS_VBA
    assert not document.projects
    assert [(inner.format, inner.location) for inner in document.embedded] == [("xls", "ObjectPool/_1")]
    assert [project.location for project in document.embedded[0].projects] == ["_VBA_PROJECT_CUR"]


def _in_object_pool() -> dict[str, bytes]:
    return binary.embedded_project(PROJECT, "ObjectPool/_1")


@pytest.mark.parametrize(
    "data",
    [
        binary.msg([("plan.xlsm", ooxml("xlsm", WITH_MACROS))]),
        archive({"folder/plan.xlsm": ooxml("xlsm", WITH_MACROS)}),
        archive({"inner.zip": archive({"plan.xls": binary.xls(PROJECT)})}),
        text.rtf(binary.xls(PROJECT)),
        ooxml("docx", Extras(embeddings=(("oleObject1.bin", binary.xls(PROJECT)),))),
        ooxml("pptx", Extras(embeddings=(("sheet.xlsm", ooxml("xlsm", WITH_MACROS)),))),
    ],
)
def test_a_document_inside_another_is_opened(data: bytes) -> None:
    document = open_document(data)
    assert document.status is Status.HAS_VBA
    assert "Module1" in module_names(document)


def test_locations_are_paths_inside_the_file_on_disk() -> None:
    document = open_document(archive({"a.zip": archive({"b.xls": binary.xls(PROJECT)})}))
    assert [inner.location for inner in document.walk()] == ["", "a.zip", "a.zip!b.xls"]


def test_an_encrypted_package_is_password_protected() -> None:
    document = open_document(broken.encrypted(ooxml("xlsm", WITH_MACROS)))
    assert (document.format, document.status) == ("ooxml-encrypted", Status.PASSWORD_PROTECTED)
    assert "password" in document.reason


def test_an_encrypted_workbook_is_password_protected_and_its_readable_project_is_listed() -> None:
    data = binary.xls(PROJECT)
    workbook = b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(12) + b"\x2f\x00\x06\x00" + bytes(6) + b"\x0a\x00\x00\x00"
    streams = {f"_VBA_PROJECT_CUR/{name}": content for name, content in _streams(data).items()}
    document = open_document(compound({"Workbook": workbook} | streams))
    assert document.status is Status.PASSWORD_PROTECTED
    assert "legacy-encryption" in document.marks
    assert "Module1" in module_names(document)


def _streams(data: bytes) -> dict[str, bytes]:
    storage = open_document(data).projects[0]
    return {path: storage.read(path) for path in storage.streams}


def test_an_encrypted_word_document_is_password_protected() -> None:
    fib = bytearray(64)
    fib[0:4], fib[10:12] = b"\xec\xa5\xc1\x00", b"\x00\x01"
    assert open_document(compound({"WordDocument": bytes(fib)})).status is Status.PASSWORD_PROTECTED


def test_word_95_is_not_readable_yet_rather_than_free_of_macros() -> None:
    fib = bytearray(64)
    fib[0:4] = b"\xdc\xa5\x68\x00"
    document = open_document(compound({"WordDocument": bytes(fib)}))
    assert document.status is Status.NOT_READABLE_YET
    assert "Word 6.0/95" in document.reason


def test_excel_95_with_module_sheets_is_not_readable_yet() -> None:
    sheet = bytes(4) + b"\x00\x06\x07Module1"
    book = b"\x09\x08\x08\x00\x00\x05\x05\x00" + bytes(4)
    book += b"\x85\x00" + len(sheet).to_bytes(2, "little") + sheet + b"\x0a\x00\x00\x00"
    assert open_document(compound({"Book": book})).status is Status.NOT_READABLE_YET
    assert open_document(compound({"Book": book.replace(b"\x00\x06\x07", b"\x00\x00\x07")})).status is Status.NO_VBA


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x00\x01\x00\x00Standard Jet DB\x00\x01" + bytes(100), "mdb"),
        (b"\x00\x01\x00\x00Standard Jet DB\x00\x00" + bytes(100), "mdb97"),
        (b"\x00\x01\x00\x00Standard ACE DB\x00\x02" + bytes(100), "accdb"),
    ],
)
def test_access_is_not_readable_yet_rather_than_free_of_macros(data: bytes, kind: str) -> None:
    document = open_document(data)
    assert (document.format, document.status) == (kind, Status.NOT_READABLE_YET)
    assert "Access" in document.reason


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"digraph { a -> b }\n",
        b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n',
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><html><body>Sub A()</body></html>",
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"\\documentclass{article}\n",
        b"Imports System\nPublic Class A\n  Public Sub B()\n  End Sub\nEnd Class\n",
        b"Here is how to write a macro:\nSub A()\nEnd Sub\n",
        bytes(range(256)) * 10,
        archive({"a.txt": b"nothing", "b.png": b"\x89PNG"}),
    ],
)
def test_a_look_alike_is_not_an_office_file(data: bytes) -> None:
    document = open_document(data, name="look.alike.xls")
    assert document.status is Status.NOT_OFFICE


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'Attribute VB_Name = "Module1"\r\n', "x.txt"),
        (b'Option Explicit\nPrivate Declare Sub Sleep Lib "kernel32" (ByVal ms As Long)\n', "x.txt"),
        (b"' comment\n\nPublic Sub A()\n  MsgBox 1\nEnd Sub\n", "x"),
        (b'VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1\nEND\nAttribute VB_Name = "C"\n', "c.cls"),
        (b"Option Explicit\n", "empty.bas"),
        ("Sub テスト()\nEnd Sub\n".encode("utf-16"), "x.bas"),
    ],
)
def test_exported_source_is_told_by_its_content(data: bytes, name: str) -> None:
    document = open_document(data, name=name)
    assert (document.format, document.status, document.source) == ("vba", Status.HAS_VBA, data)


def test_signatures_leave_marks() -> None:
    document = open_document(ooxml("docm", Extras(project=PROJECT, signatures=("legacy", "agile", "v3"))))
    assert {"signature", "signature-agile", "signature-v3"} <= document.marks


def test_documents_in_documents_stop_at_the_limit_and_it_is_said() -> None:
    document = open_document(broken.nested_zip(binary.xls(PROJECT), 20))
    assert document.status is Status.LIMIT_REACHED
    assert "levels deep" in document.reason


def test_the_number_of_embedded_documents_is_limited() -> None:
    data = archive({f"{number}.xls": binary.xls() for number in range(20)})
    document = open_document(data, limits=Limits(embedded=5))
    assert document.status is Status.LIMIT_REACHED
    assert len(document.embedded) == 5


def test_a_file_over_the_limit_is_not_looked_into() -> None:
    assert open_document(binary.xls(PROJECT), limits=Limits(file_size=100)).status is Status.LIMIT_REACHED


def test_a_mapped_file_opens_like_bytes(tmp_path: Path) -> None:
    for data in (ooxml("xlsm", WITH_MACROS), binary.xls(PROJECT), text.rtf(binary.xls(PROJECT)), text.mht(PROJECT)):
        path = tmp_path / "document"
        path.write_bytes(data)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            document = open_document(mapped)
            assert (document.status, document.size) == (Status.HAS_VBA, len(data))
            assert "Module1" in module_names(document)
            del document
