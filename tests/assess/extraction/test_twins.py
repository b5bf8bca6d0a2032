"""The twins in C are held equal to the Python that they stand in for; where none was compiled, there is nothing to hold."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.assess.extraction.decompression import decompress_in_python, decompress_slowly
from uptake.assess.extraction.macro_sheets import reaches_slowly
from uptake.assess.extraction.source import TOKEN, WORD_TABLE, SourceText, quoted_slowly
from uptake.assess.extraction.twins import twins
from uptake.assess.samples.compression import compress

HAS_COMPILER = any(shutil.which(name) for name in ("cc", "gcc", "clang"))
ASCII = st.text(alphabet=st.sampled_from(sorted({*"aAzZ09_ \t\n\r\x0b\x00'\":=[]().&HhxX#RrEeMm,%"})), max_size=60)


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if twins is None:
        if os.environ.get("UPTAKE_REQUIRE_ALL") == "1" and HAS_COMPILER and not os.environ.get("UPTAKE_PURE_PYTHON"):
            pytest.fail("there is a compiler, but the twins were not built")
        pytest.skip("the twins in C were not built here: no compiler")


@given(ASCII)
def test_tokens_are_those_of_the_expression(text: str) -> None:
    found = twins.tokens(text)  # type: ignore[union-attr]
    expected = TOKEN.findall(text)
    assert found[0] == expected
    offsets = memoryview(found[1]).cast("i").tolist()
    assert offsets == [sum(map(len, expected[:i])) for i in range(len(expected) + 1)]


@given(
    st.lists(
        st.sampled_from(
            [
                "\n",
                " _\n",
                "\t_ \n",
                "Rem",
                "rem ",
                " ",
                "'",
                '"',
                '""',
                ":",
                ":=",
                ": Rem x",
                "10 ",
                "&H1F",
                "&HG",
                "a1",
                "1.5e",
                "[x]",
                "[x",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_tokens_are_those_of_the_expression_in_texts_like_vba(text: str) -> None:
    assert twins.tokens("\n" + text)[0] == TOKEN.findall("\n" + text)  # type: ignore[union-attr]


@given(ASCII, st.lists(ASCII))
def test_words_are_those_of_the_split(text: str, others: list[str]) -> None:
    lowered = text.lower()
    expected, found = frozenset(lowered.translate(WORD_TABLE).split()), twins.words(lowered)  # type: ignore[union-attr]
    asked = expected | {word for other in others for word in other.lower().split()} | {"", "関数", "\ud800"}
    assert {word for word in asked if word in found} == expected
    assert found & frozenset(asked) == expected
    assert found.isdisjoint(asked - expected)
    assert all(not found.isdisjoint([word, "nobody"]) for word in expected)


def test_a_text_of_many_words_makes_the_table_grow() -> None:
    text = " ".join(f"word{n}" for n in range(20_000))
    found = twins.words(text)  # type: ignore[union-attr]
    assert found & frozenset([*text.split(), "word20000"]) == frozenset(text.split())


def test_a_set_of_words_takes_no_other_questions() -> None:
    found = twins.words("a b")  # type: ignore[union-attr]
    assert 7 not in found
    with pytest.raises(TypeError):
        found.isdisjoint(7)
    with pytest.raises(TypeError):
        found & 7
    with pytest.raises(TypeError):
        type(found)()


@given(ASCII, st.lists(st.text(alphabet='a"A_z. ', min_size=2, max_size=4), max_size=6).map(tuple))
def test_pieces_of_literals_are_those_of_the_expression(text: str, needles: tuple[str, ...]) -> None:
    lowered = text.lower()
    assert twins.pieces(lowered, needles) == quoted_slowly(lowered, needles)  # type: ignore[union-attr]


def test_needles_that_the_bits_cannot_hold_are_left_to_python() -> None:
    for needles in (("a",), ("a\nb",), ("ab",) * 300):
        assert twins.pieces('"a"', needles) is None  # type: ignore[union-attr]
        assert SourceText('x = "a"').quoted(needles) == quoted_slowly('x = "a"', needles)


@given(st.lists(st.sampled_from(["dim", "Dim", "dimx", "_dim", " ", '"', "'", "\n", "x", "(", "[dim]", "2", "."])))
def test_places_are_those_of_a_look_at_every_token(pieces: list[str]) -> None:
    text = "".join(pieces)
    tokens, offsets = twins.tokens("\n" + text)  # type: ignore[union-attr]
    slow = [index for index, token in enumerate(tokens) if token.lower() == "dim"]
    assert twins.places(text.lower(), "dim", offsets) == slow  # type: ignore[union-attr]


def test_offsets_of_another_text_lead_nowhere() -> None:
    assert twins.places("dim dim", "dim", b"") == []  # type: ignore[union-attr]
    assert twins.places("", "dim", b"1234567") == []  # type: ignore[union-attr]
    assert twins.places("dim", "", b"\0" * 8) == []  # type: ignore[union-attr]


@given(st.text(alphabet="ab\né関\U0001f600\r\x0b"))
def test_line_ends_are_counted_in_characters(text: str) -> None:
    found = memoryview(twins.line_ends(text)).cast("i").tolist()  # type: ignore[union-attr]
    assert found == [at for at, character in enumerate(text) if character == "\n"] + [len(text)]
    assert twins.line_ends("a\ud800") is None  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["é", "関数 a", "a\ud800b"])
def test_text_outside_ascii_is_left_to_python(text: str) -> None:
    assert twins.tokens(text) is None  # type: ignore[union-attr]
    assert twins.words(text) is None  # type: ignore[union-attr]


@given(st.binary(max_size=9000) | st.text(alphabet="ab \n", max_size=9000).map(str.encode))
def test_sound_containers_unpack_to_the_same(content: bytes) -> None:
    packed = compress(content)
    assert twins.decompress(packed, 1 << 20) == content == decompress_slowly(packed, 1 << 20)  # type: ignore[union-attr]


@given(st.binary(max_size=300), st.integers(0, 5000))
def test_any_bytes_unpack_to_what_python_says_or_to_nothing(data: bytes, limit: int) -> None:
    found = twins.decompress(b"\x01" + data, limit)  # type: ignore[union-attr]
    content, defect = decompress_in_python(b"\x01" + data, limit)
    assert found is None or (found == content and defect is None)


def test_damaged_containers_never_read_or_write_outside() -> None:
    packed = bytearray(compress(b'Attribute VB_Name = "Module1"\r\nSub A()\r\nEnd Sub\r\n' * 300))
    chance = random.Random(7)
    for _ in range(3000):
        damaged = bytearray(packed)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        found = twins.decompress(bytes(damaged[: chance.randint(1, len(damaged))]), 1 << 16)  # type: ignore[union-attr]
        assert found is None or len(found) <= 1 << 16


def test_without_the_twins_everything_still_works() -> None:
    code = "from uptake.assess.extraction.twins import twins; from uptake.assess.extraction.source import SourceText; assert twins is None; print(len(SourceText('a b').tokens))"
    environment = {**os.environ, "UPTAKE_PURE_PYTHON": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "4", done.stderr


@given(ASCII, st.integers(0, 60))
def test_statements_are_those_of_python(text: str, place: int) -> None:
    source = SourceText(text)
    index = min(place, len(source.tokens))
    start = end = index
    while start > 0 and not source.is_separator(start - 1):
        start -= 1
    while end < len(source.tokens) and not source.is_separator(end):
        end += 1
    assert twins.statement(source.tokens, index) == (start, end)  # type: ignore[union-attr]


def test_a_statement_of_no_token_is_an_error() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            twins.statement(["a", "b"], index)  # type: ignore[union-attr]
    with pytest.raises((TypeError, IndexError)):
        twins.statement(["", 7], 2)  # type: ignore[union-attr]


@given(st.text(alphabet="ab\r\n\x00", max_size=40) | ASCII)
def test_line_ends_become_line_feeds(text: str) -> None:
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert twins.with_line_feeds(text.encode()) == expected  # type: ignore[union-attr]
    assert twins.with_line_feeds(text.encode() + b"\xe9") is None  # type: ignore[union-attr]


@given(st.text(alphabet="ab\n\u95a2", max_size=40))
def test_one_line_is_what_a_split_gives(text: str) -> None:
    source = SourceText(text)
    assert [
        source.physical_line(number) for number in range(1, len(source.physical_lines) + 1)
    ] == source.physical_lines


RECORDS = st.lists(st.tuples(st.sampled_from([0x0A, 0xFC, 0x85, 0x809]), st.binary(max_size=5)), max_size=6)


@given(RECORDS, st.binary(max_size=6))
def test_a_row_of_records_reaches_what_python_says(records: list[tuple[int, bytes]], tail: bytes) -> None:
    row = b"".join(kind.to_bytes(2, "little") + len(data).to_bytes(2, "little") + data for kind, data in records) + tail
    assert twins.has_record(row, 0xFC, 0x0A) == reaches_slowly(row)  # type: ignore[union-attr]
