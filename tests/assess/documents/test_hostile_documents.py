"""Documents that were damaged by chance or on purpose: nothing raises, everything ends, everything has a status."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.assess.documents import Document, Limits, Status, open_document
from uptake.assess.extraction.controls import controls
from uptake.assess.extraction.links import links
from uptake.assess.extraction.macro_sheets import macro_sheets
from uptake.assess.extraction.project import read_project
from uptake.assess.samples import Extras, SampleModule, SampleProject, binary, broken, ooxml, text
from uptake.assess.samples.word import word_package

PROJECT = SampleProject((SampleModule("ThisWorkbook", kind="document"), SampleModule("Form1", "' a form\n", "form")))
FULL = Extras(
    project=PROJECT,
    activex=("{D7053240-CE69-11CD-A777-00DD01143C57}",),
    external=("file:///C:/old.xlsx",),
    dde=(("excel", "topic"),),
)
LIMITS = Limits(part_size=4 << 20, total_size=16 << 20)
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "xlsm": lambda: ooxml("xlsm", FULL),
    "xlsb": lambda: ooxml("xlsb", Extras(project=PROJECT)),
    "docm": lambda: ooxml("docm", FULL),
    "xls": lambda: binary.xls(PROJECT),
    "doc": lambda: binary.doc(PROJECT, extra=binary.embedded_project(PROJECT, "ObjectPool/_1")),
    "ppt": lambda: binary.ppt(PROJECT),
    "msg": lambda: binary.msg([("a.xls", binary.xls(PROJECT))]),
    "rtf": lambda: text.rtf(binary.xls(PROJECT)),
    "mht": lambda: text.mht(PROJECT),
    "flatopc": lambda: text.flat_opc(word_package("docm", FULL)),
    "word2003xml": lambda: text.word_2003_xml(PROJECT),
}


def read_everything(data: bytes, name: str = "") -> Document:
    document = open_document(data, name=name, limits=LIMITS)
    for inner in document.walk():
        assert inner.status in Status
        for storage in inner.projects:
            read_project(storage, limit=1 << 20)
        for extract in (macro_sheets, controls, links):
            extract(inner)
    return document


def mutations(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Bit flips, cuts, blown-up numbers and repeated stretches."""
    chance = random.Random(seed)
    for _ in range(count):
        body = bytearray(data)
        kind = chance.randrange(4)
        if kind == 0:
            for _ in range(chance.randrange(1, 30)):
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del body[chance.randrange(len(body)) :]
        elif kind == 2:
            for _ in range(chance.randrange(1, 8)):
                place = chance.randrange(max(1, len(body) - 4))
                body[place : place + 4] = chance.choice(
                    (b"\xff\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f", b"\1\0\0\0")
                )
        else:
            start, end = sorted(chance.randrange(len(body)) for _ in range(2))
            body[start:start] = body[start:end]
        yield bytes(body)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_mutated_documents_never_raise_and_end_in_time(kind: str) -> None:
    data = DOCUMENTS[kind]()
    started = time.perf_counter()
    for body in mutations(data, seed=len(data), count=60):
        read_everything(body)
    assert time.perf_counter() - started < 60


@given(st.binary(max_size=2000))
@settings(max_examples=200, deadline=None)
def test_noise_behind_any_signature_never_raises(noise: bytes) -> None:
    for start in (
        b"",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"{\\rtf1\\objdata ",
        b"<?xml ",
        b"ActiveMime",
    ):
        read_everything(start + noise)


@pytest.mark.parametrize(
    "data",
    [
        broken.cyclic(binary.xls(PROJECT)),
        broken.zip_bomb(ooxml("xlsx"), megabytes=64),
        broken.nested_zip(b"nothing", 60),
        broken.xml_entities(ooxml("xlsx")),
        broken.xml_entities(ooxml("xlsx"), external=True),
        broken.xml_entities(ooxml("xlsx"), part="[Content_Types].xml"),
        broken.truncated(ooxml("xlsm", FULL)),
        broken.truncated(binary.xls(PROJECT)),
    ],
)
def test_documents_made_to_hurt_do_not(data: bytes) -> None:
    started = time.perf_counter()
    read_everything(data)
    assert time.perf_counter() - started < 10


def test_a_package_cut_in_half_says_what_is_wrong() -> None:
    document = read_everything(broken.truncated(ooxml("xlsm", FULL)))
    assert document.status in {Status.ERROR, Status.HAS_VBA, Status.INACCESSIBLE}
    assert document.defects


@pytest.mark.parametrize(
    "data",
    [
        b"{\\rtf1" + b"\\objdata" * 100_000,
        b"{\\rtf1" + b"\\fldinst DDE" * 100_000,
        b'<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">'
        + b"<w:binData <w:fldSimple w:instr=" * 30_000,
        b'<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">' + b"<pkg:part>" * 100_000,
        b"MIME-Version: 1.0\n" + b"".join(b"boundary=x%d\n--x%d\n" % (number, number) for number in range(50_000)),
        ooxml("xlsx", Extras(parts=(("xl/connections.xml", b"<dbPr " + b"a" * (1 << 20), "x"),))),
        b"Public " * 200_000,
    ],
)
def test_searches_stay_linear_in_hostile_text(data: bytes) -> None:
    started = time.perf_counter()
    read_everything(data, "module.bas")
    assert time.perf_counter() - started < 10
