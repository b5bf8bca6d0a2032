"""VBA projects from storages: names, kinds, source, references, protection, and what damage leaves of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.assess.documents import open_document
from uptake.assess.documents.model import DocumentDefect, ProjectStorage
from uptake.assess.extraction.codepages import codec_of, decode
from uptake.assess.extraction.dir_stream import libid_reference, read_dir
from uptake.assess.extraction.model import VbaProject
from uptake.assess.extraction.project import as_text, read_project
from uptake.assess.extraction.project_stream import read_project_text, reveal
from uptake.assess.samples import SampleModule, SampleProject, SampleReference, project_bin, project_streams
from uptake.assess.samples.compound import compound
from uptake.assess.samples.compression import compress
from uptake.assess.samples.protection import obscured
from uptake.assess.samples.vba import STDOLE, dir_stream, module_source

MODULES = (
    SampleModule("ThisWorkbook", kind="document"),
    SampleModule("Module1", "Sub A()\r\n    MsgBox 1\r\nEnd Sub\r\n"),
    SampleModule("Class1", "Public X As Long\n", "class"),
    SampleModule("Form1", "' a form\n", "form"),
)
PROJECT = SampleProject(MODULES)


def read(project: SampleProject) -> VbaProject:
    (storage,) = open_document(project_bin(project)).projects
    return read_project(storage)


def with_streams(changes: dict[str, bytes], project: SampleProject = PROJECT) -> VbaProject:
    (storage,) = open_document(compound(project_streams(project) | changes)).projects
    return read_project(storage)


def test_modules_come_with_kind_and_source() -> None:
    project = read(PROJECT)
    assert [(module.name, module.kind) for module in project.modules] == [
        ("ThisWorkbook", "document"),
        ("Module1", "standard"),
        ("Class1", "class"),
        ("Form1", "form"),
    ]
    assert [module.source for module in project.modules] == [
        as_text(module_source(m).encode(), "cp1252") for m in MODULES
    ]
    assert all(module.has_source for module in project.modules)
    assert (project.defects, project.source_missing, project.stomped) == ([], False, False)


def test_the_project_says_name_code_page_constants_and_system() -> None:
    project = read(SampleProject(MODULES, name="Payroll", codepage=932, lcid=0x411, constants="Debugging = 1"))
    assert (project.name, project.codepage, project.codec, project.lcid) == ("Payroll", 932, "cp932", 0x411)
    assert (project.constants, project.syskind) == ("Debugging = 1", 3)


def test_japanese_names_and_source_survive() -> None:
    source = 'Sub 転記()\n    MsgBox "～①㈱"\nEnd Sub\n'
    project = read(SampleProject((SampleModule("標準モジュール", source),), name="経理", codepage=932))
    assert (project.name, project.modules[0].name) == ("経理", "標準モジュール")
    assert project.modules[0].source.endswith(source)


def test_code_page_0_is_the_language_s_own() -> None:
    assert codec_of(0, 0x411) == "cp932"
    assert codec_of(0, 0x419) == "cp1251"
    assert codec_of(0, 0x404) == "cp950"
    assert codec_of(0, 0x409) == "cp1252"


@pytest.mark.parametrize(
    ("page", "codec"),
    [(932, "cp932"), (10000, "mac_roman"), (10007, "mac_cyrillic"), (1361, "johab"), (65001, "utf_8"), (874, "cp874")],
)
def test_code_pages_are_microsoft_s(page: int, codec: str) -> None:
    assert codec_of(page) == codec


def test_an_unknown_code_page_is_read_as_western() -> None:
    assert codec_of(12345) == "cp1252"


@given(st.binary(max_size=60), st.sampled_from([874, 932, 936, 949, 950, 1250, 1252, 1255, 1361, 10000, 20127, 65001]))
def test_decoding_never_raises(raw: bytes, page: int) -> None:
    decode(raw, codec_of(page))


@pytest.mark.parametrize("page", [1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 20127])
def test_a_byte_that_a_code_page_does_not_define_is_not_lost(page: int) -> None:
    """The text of all bytes has one character for each, no replacement marks."""
    text = decode(bytes(range(256)), codec_of(page))
    assert len(text) == 256
    assert "\ufffd" not in text


def test_line_ends_of_every_kind_become_line_feeds() -> None:
    assert as_text(b"a\r\nb\rc\nd", "cp1252") == "a\nb\nc\nd"


def test_references_are_told_apart() -> None:
    control = "*\\G{831FDD16-0C5C-11D2-A9FC-0000F8754DA1}#2.0#0#C:\\Windows\\SysWow64\\MSCOMCTL.OCX#Common Controls"
    project = read(
        SampleProject(
            MODULES,
            references=(
                SampleReference("stdole", STDOLE),
                SampleReference("MSComctlLib", control, "control"),
                SampleReference("Helper", "C:\\tools\\helper.xlam", "project"),
            ),
        )
    )
    kinds = {reference.name: reference for reference in project.references}
    assert kinds["stdole"].guid == "{00020430-0000-0000-C000-000000000046}"
    assert (kinds["MSComctlLib"].kind, kinds["MSComctlLib"].libid) == ("control", control)
    assert kinds["MSComctlLib"].path.endswith("MSCOMCTL.OCX")
    assert (kinds["Helper"].kind, kinds["Helper"].path) == ("project", "C:\\tools\\helper.xlam")


def test_the_version_of_a_library_is_decimal() -> None:
    reference = libid_reference("DAO", "registered", "*\\G{4AC9E1DA-5BAD-4AC7-86E3-24F4CDCECA28}#c.0#409#a#b")
    assert (reference.version, reference.lcid, reference.path, reference.description) == ("12.0", 0x409, "a", "b")


@pytest.mark.parametrize(
    ("kind", "locked", "password"),
    [("none", False, False), ("password", True, True), ("user", True, False), ("unviewable", True, False)],
)
def test_protection_is_read(kind: str, locked: bool, password: bool) -> None:
    protection = read(SampleProject(MODULES, protection=kind)).protection
    assert (protection.is_locked, protection.password) == (locked, password)
    assert protection.damaged == (kind == "unviewable")


@given(st.binary(max_size=40), st.integers(0, 255))
@settings(deadline=None)
def test_what_was_obscured_is_revealed(data: bytes, seed: int) -> None:
    assert reveal(obscured(data, "{00000000-0000-0000-0000-000000000001}", seed)) == data


@given(st.text(max_size=200))
def test_a_project_text_of_noise_never_raises(text: str) -> None:
    read_project_text(text)


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_a_dir_stream_of_noise_never_raises(noise: bytes) -> None:
    read_dir(noise)
    read_dir(dir_stream(PROJECT)[: len(noise)] + noise)


def test_a_damaged_module_leaves_the_others() -> None:
    project = read(SampleProject((SampleModule("Bad", "Sub A()\nEnd Sub\n", damage="corrupt"), MODULES[1])))
    assert "'Bad'" in project.defects[0]
    assert project.modules[1].has_source


def test_a_module_with_code_and_without_source_is_source_missing() -> None:
    project = read(SampleProject((SampleModule("Gone", "Sub A()\nEnd Sub\n", damage="no-source", cache=bytes(900)),)))
    assert project.source_missing
    assert not project.modules[0].has_source


def test_a_module_with_much_code_and_only_attributes_is_stomped() -> None:
    source = 'Attribute VB_Name = "Module1"\r\n'
    cache = bytes(range(256)) * 40
    changed = _with_offset("Module1", len(cache))
    project = with_streams({"VBA/Module1": cache + compress(source.encode()), "VBA/dir": changed})
    assert (project.stomped, project.source_missing) == (True, True)


def _with_offset(name: str, offset: int) -> bytes:
    """The dir stream with another offset of one module's source."""
    content = bytearray(dir_stream(PROJECT))
    place = content.index(
        b"\x31\x00\x04\x00\x00\x00", content.index(b"\x19\x00" + len(name).to_bytes(4, "little") + name.encode())
    )
    content[place + 6 : place + 10] = offset.to_bytes(4, "little")
    return compress(bytes(content))


def test_an_empty_module_is_not_stomped() -> None:
    source = 'Attribute VB_Name = "Module1"\r\n'
    cache = bytes(2400)
    changed = _with_offset("Module1", len(cache))
    project = with_streams({"VBA/Module1": cache + compress(source.encode()), "VBA/dir": changed})
    assert (project.stomped, project.source_missing) == (False, False)


@pytest.mark.parametrize("damage", ["corrupt-dir", "no-dir"])
def test_without_a_dir_stream_modules_are_searched_for(damage: str) -> None:
    project = read(SampleProject(MODULES, damage=damage))
    assert {"Module1", "Class1"} <= {module.name for module in project.modules}
    assert project.defects
    assert "MsgBox 1" in next(module.source for module in project.modules if module.name == "Module1")


def test_a_storage_that_cannot_be_read_gives_a_project_with_defects() -> None:
    class Broken:
        def names(self) -> list[str]:
            return ["VBA/dir"]

        def size(self, name: str) -> int:
            return 1

        def read(self, name: str, limit: int | None = None) -> bytes:
            raise DocumentDefect("nothing can be read")

    project = read_project(ProjectStorage("x", Broken(), {"VBA/DIR": "VBA/dir", "PROJECT": "PROJECT"}))
    assert project.modules == []
    assert len(project.defects) == 2


def test_a_module_over_the_limit_is_a_defect() -> None:
    (storage,) = open_document(project_bin(SampleProject((SampleModule("Long", "' x\n" * 20_000),)))).projects
    project = read_project(storage, limit=10_000)
    assert "more than 10000 bytes" in project.defects[0]
