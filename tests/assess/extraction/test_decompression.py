"""Decompression: fast and slow are the same function, and both undo the samples' compressor."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.assess.documents import DocumentDefect, Status
from uptake.assess.extraction.decompression import decompress, decompress_slowly, decompress_tolerantly
from uptake.assess.samples.compression import compress, raw_container

LIMIT = 1 << 20
WORDS = st.lists(st.sampled_from([b"Sub ", b"End Sub\r\n", b"    ", b"x = x + 1\r\n", b"\x00", b"aaaa"]), max_size=900)
TEXTS = st.one_of(st.binary(max_size=9000), WORDS.map(b"".join))


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert decompress(compress(text), LIMIT) == text == decompress_slowly(compress(text), LIMIT)
    assert decompress(raw_container(text), LIMIT)[: len(text)] == text


@given(TEXTS, st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_fast_and_slow_agree_on_damaged_content(text: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(compress(text))
    for place, value in changes:
        data[place % len(data)] = value
    assert outcome(decompress, bytes(data)) == outcome(decompress_slowly, bytes(data))


@given(st.binary(max_size=600))
@settings(max_examples=300, deadline=None)
def test_fast_and_slow_agree_on_noise(noise: bytes) -> None:
    body = len(noise).to_bytes(2, "little")
    header = (0xB000 | max(0, len(noise) - 1)).to_bytes(2, "little")
    for data in (b"\x01" + noise, b"\x01" + header + noise, b"\x01" + body + noise):
        assert outcome(decompress, data) == outcome(decompress_slowly, data)


def outcome(function: object, data: bytes) -> bytes | str:
    assert callable(function)
    try:
        return bytes(function(data, LIMIT))
    except DocumentDefect:
        return "damaged"


def test_the_examples_of_the_specification() -> None:
    """[MS-OVBA] 3.2.1 and 3.2.3: no compression and maximum compression."""
    none = bytes.fromhex("0119B000616263646566676800696A6B6C6D6E6F70007172737475762E")
    most = bytes.fromhex("0103B002614500")
    assert decompress(none, LIMIT) == b"abcdefghijklmnopqrstuv."
    assert decompress(most, LIMIT) == b"a" * 73


def test_the_limit_is_kept() -> None:
    with pytest.raises(DocumentDefect) as problem:
        decompress(compress(b"a" * 50_000), 10_000)
    assert problem.value.status is Status.LIMIT_REACHED


def test_damage_leaves_what_came_before_it() -> None:
    data = compress(bytes(range(256)) * 64)
    content, defect = decompress_tolerantly(data[:-20], LIMIT)
    assert defect is not None
    assert content[:12_000] == (bytes(range(256)) * 64)[:12_000]
