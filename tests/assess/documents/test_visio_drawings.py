"""Legacy Visio drawings: the project is reached through the tree of pointers, compressed or not."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.assess.documents import Status, open_document
from uptake.assess.documents.visio import unpack
from uptake.assess.extraction.project import read_project
from uptake.assess.samples import SampleModule, SampleProject, project_bin
from uptake.assess.samples.compound import compound

PROJECT = SampleProject((SampleModule("ThisDocument", kind="document"), SampleModule("Module1", "Sub A()\nEnd Sub\n")))
COMPRESSED = 2


def packed(data: bytes) -> bytes:
    """Visio's compression with literals only."""
    groups = (data[start : start + 8] for start in range(0, len(data), 8))
    return b"".join(bytes([(1 << len(group)) - 1]) + group for group in groups)


def drawing(project: bytes, *, compressed: bool) -> bytes:
    """A drawing: header, blocks of the project, trailer with a pointer to each of them."""
    stream = bytearray(b"Visio (TM) Drawing\r\n\x00".ljust(0x36, b"\x00"))
    struct.pack_into("<H", stream, 0x1A, 11)
    flag = COMPRESSED if compressed else 0
    pointers = []
    for start in range(0, len(project), 8192):
        block = project[start : start + 8192]
        body = struct.pack("<L", len(block)) + block
        body = packed(body) if compressed else body
        pointers.append(struct.pack("<LLLLH", 0x1F, 0, len(stream), len(body), 0x40 | flag))
        stream += body
    inner = struct.pack("<L", 8) + bytes(4) + struct.pack("<LL", len(pointers), 0) + b"".join(reversed(pointers))
    trailer = packed(bytes(4) + inner)
    struct.pack_into("<LLLLH", stream, 0x24, 0x14, 0, len(stream), len(trailer), 0x50 | COMPRESSED)
    return compound({"VisioDocument": bytes(stream + trailer)})


@pytest.mark.parametrize("compressed", [True, False])
def test_the_blocks_of_a_drawing_are_a_project(compressed: bool) -> None:
    large = SampleProject((*PROJECT.modules, SampleModule("Large", "' line of text\n" * 9000)))
    document = open_document(drawing(project_bin(large), compressed=compressed))
    assert (document.format, document.status) == ("vsd", Status.HAS_VBA)
    project = read_project(document.projects[0])
    assert [module.name for module in project.modules] == ["ThisDocument", "Module1", "Large"]
    assert project.modules[2].source.count("' line of text\n") == 9000


def test_a_drawing_without_blocks_has_no_vba() -> None:
    assert open_document(drawing(b"", compressed=True)).status is Status.NO_VBA


def test_a_copy_in_compressed_data_takes_what_was_written_before() -> None:
    assert unpack(b"\x07abc" + bytes([0xEE, 0xF3]), 100) == b"abc" + b"abcabc"


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_literals_unpack_to_themselves_and_noise_never_raises(data: bytes) -> None:
    assert unpack(packed(data), 1000)[: len(data)] == data
    unpack(data, 1000)
