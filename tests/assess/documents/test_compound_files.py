"""Our compound file reader against olefile, on files that the samples write and on broken ones."""

from __future__ import annotations

import io
import struct
from itertools import pairwise

import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.assess.documents.budget import Budget
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import DocumentDefect, Limits, Status
from uptake.assess.samples.compound import compound

NAMES = st.text("abcdefgh", min_size=1, max_size=8)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
STREAMS = st.dictionaries(PATHS, st.binary(max_size=9000), max_size=8)


def consistent(streams: dict[str, bytes]) -> dict[str, bytes]:
    """No stream is a storage at the same time, no name differs from another by case only."""
    return {
        path: data
        for path, data in streams.items()
        if not any(other.startswith(path + "/") for other in streams if other != path)
    }


def by_olefile(data: bytes) -> dict[str, bytes]:
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        return {"/".join(path): file.openstream(path).read() for path in file.listdir()}


@given(STREAMS)
@settings(max_examples=60, deadline=None)
def test_every_stream_reads_as_olefile_reads_it(streams: dict[str, bytes]) -> None:
    data = compound(consistent(streams))
    file = CompoundFile(data)
    assert {name: file.read(name) for name in file.names()} == by_olefile(data)
    assert not file.defects


def test_a_file_with_more_than_109_table_sectors_reads_through_the_difat() -> None:
    content = bytes(range(256)) * (30 << 10)
    file = CompoundFile(compound({"Workbook": content, "small": b"x" * 100}))
    assert file.read("Workbook") == content
    assert file.read("small") == b"x" * 100


def test_a_stream_that_lies_in_pieces_is_put_together() -> None:
    data = bytearray(compound({"a": b"A" * 5000}))
    table = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
    file = CompoundFile(bytes(data))
    start = file.streams["a"].start
    chain = [start + step for step in range(10)]
    swapped = [chain[0], chain[2], chain[1], *chain[3:]]
    for here, there in pairwise(swapped):
        struct.pack_into("<I", data, table + 4 * here, there)
    one, two = (512 * (1 + chain[index]) for index in (1, 2))
    data[one : one + 512], data[two : two + 512] = b"2" * 512, b"1" * 512
    assert CompoundFile(bytes(data)).read("a")[:2048] == b"A" * 512 + b"1" * 512 + b"2" * 512 + b"A" * 512


def test_a_cycle_in_a_chain_ends() -> None:
    data = bytearray(compound({"a": b"A" * 50_000}))
    table = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
    start = CompoundFile(bytes(data)).streams["a"].start
    struct.pack_into("<I", data, table + 4 * (start + 3), start)
    assert len(CompoundFile(bytes(data)).read("a")) == 50_000


def test_a_stream_that_breaks_off_gives_what_is_there_and_says_so() -> None:
    whole = compound({"a": b"A" * 50_000})
    file = CompoundFile(whole)
    data = bytearray(whole)
    table = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
    struct.pack_into("<I", data, table + 4 * (file.streams["a"].start + 3), 0xFFFFFFFE)
    broken = CompoundFile(bytes(data))
    assert broken.read("a") == b"A" * 2048
    assert broken.defects == ["stream 'a' ends after 2048 of 50000 bytes"]


@pytest.mark.parametrize("length", [8, 100, 511])
def test_a_file_that_ends_inside_its_header_is_inaccessible(length: int) -> None:
    with pytest.raises(DocumentDefect) as problem:
        CompoundFile(compound({"a": b"x"})[:length])
    assert problem.value.status is Status.INACCESSIBLE


def test_a_storage_shows_only_what_lies_in_it() -> None:
    file = CompoundFile(compound({"Pool/_1/WordDocument": b"w", "Pool/_1/x/y": b"y", "Pool/_12/z": b"z", "top": b"t"}))
    storage = Storage(file, "Pool/_1")
    assert sorted(storage.names()) == ["WordDocument", "x/y"]
    assert storage.read("x/y") == b"y"
    assert storage.find("worddocument") == "WordDocument"


def test_limits_on_streams_and_on_everything_together_are_kept() -> None:
    data = compound({"a": b"A" * 50_000, "b": b"B" * 50_000})
    with pytest.raises(DocumentDefect, match="larger than 100"):
        CompoundFile(data).read("a", 100)
    file = CompoundFile(data, Budget(Limits(total_size=60_000)))
    file.read("a")
    with pytest.raises(DocumentDefect) as problem:
        file.read("b")
    assert problem.value.status is Status.LIMIT_REACHED
