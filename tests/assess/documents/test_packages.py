"""Our zip directory reader against zipfile, and what it does with hostile archives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.assess.documents.budget import Budget
from uptake.assess.documents.model import DocumentDefect, Limits, Status
from uptake.assess.documents.package import Package

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00\\"), min_size=1, max_size=12)
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
MEMBERS = st.dictionaries(NAMES, st.tuples(METHODS, st.binary(max_size=3000)), max_size=8)


def zipped(members: dict[str, tuple[int, bytes]], comment: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = comment
        for name, (method, data) in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


@given(MEMBERS, st.binary(max_size=30), st.binary(max_size=30))
@settings(max_examples=80, deadline=None)
def test_members_read_as_zipfile_reads_them(
    members: dict[str, tuple[int, bytes]], comment: bytes, prefix: bytes
) -> None:
    data = prefix + zipped(members, comment.replace(b"PK", b""))
    with zipfile.ZipFile(io.BytesIO(data)) as oracle:
        expected = {info.filename: oracle.read(info) for info in oracle.infolist()}
    package = Package(data)
    assert {name: package.read(name) for name in package.names()} == expected
    assert not package.defects


@given(MEMBERS, st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=6), st.integers(0, 4000))
@settings(max_examples=150, deadline=None)
def test_small_parts_in_a_row_are_what_read_gives_in_damaged_files_too(
    members: dict[str, tuple[int, bytes]], flips: list[tuple[int, int]], limit: int
) -> None:
    data = bytearray(zipped(members))
    for place, value in flips:
        data[place % len(data)] = value
    try:
        together, alone = Package(bytes(data)), Package(bytes(data))
    except DocumentDefect:
        return
    expected = []
    for name in alone.names():
        try:
            expected.append((name, alone.read(name, limit)))
        except DocumentDefect:
            continue
    assert list(together.small_parts(together.names(), limit)) == expected
    assert (together.defects, together.budget.spent) == (alone.defects, alone.budget.spent)


def test_a_zip64_member_is_found_by_its_extra_field() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("big", "w", force_zip64=True) as member:
        member.write(b"content")
    assert Package(file.getvalue()).read("big") == b"content"


def test_without_a_directory_local_headers_are_read() -> None:
    data = zipped({"a": (8, b"first" * 100), "b": (0, b"second")})
    package = Package(data[: data.index(b"PK\x01\x02")])
    assert package.read("a") == b"first" * 100
    assert package.read("b") == b"second"
    assert "directory is damaged" in package.defects[0]


def test_the_last_of_two_members_of_one_name_is_read_and_it_is_said() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"two")
    package = Package(file.getvalue())
    assert package.read("a") == b"two"
    assert "same name" in package.defects[0]


def test_overlapping_members_are_reported() -> None:
    data = bytearray(zipped({"a": (0, b"x" * 100), "b": (0, b"y" * 100)}))
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, second + 42, 0)
    assert "parts of the zip file overlap" in Package(bytes(data)).defects


def test_a_bomb_is_not_unpacked() -> None:
    data = zipped({"bomb": (8, bytes(40 << 20))})
    with pytest.raises(DocumentDefect) as problem:
        Package(data, Budget(Limits(ratio=100))).read("bomb")
    assert problem.value.status is Status.LIMIT_REACHED
    with pytest.raises(DocumentDefect) as problem:
        Package(data, Budget(Limits(part_size=1 << 20))).read("bomb")
    assert problem.value.status is Status.LIMIT_REACHED


def test_a_size_that_lies_does_not_help_a_bomb() -> None:
    data = bytearray(zipped({"bomb": (8, bytes(4 << 20))}))
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 24, 10)
    with pytest.raises(DocumentDefect, match="larger than"):
        Package(bytes(data)).read("bomb", 1 << 20)


def test_a_wrong_checksum_is_a_defect_and_the_content_is_still_given() -> None:
    data = bytearray(zipped({"a": (0, b"content")}))
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 16, zlib.crc32(b"other"))
    package = Package(bytes(data))
    assert package.read("a") == b"content"
    assert "checksum" in package.defects[0]


def test_an_encrypted_member_says_password() -> None:
    data = bytearray(zipped({"a": (0, b"content")}))
    struct.pack_into("<H", data, data.rindex(b"PK\x01\x02") + 8, 1)
    with pytest.raises(DocumentDefect) as problem:
        Package(bytes(data)).read("a")
    assert problem.value.status is Status.PASSWORD_PROTECTED


def test_too_many_members_are_a_limit() -> None:
    with pytest.raises(DocumentDefect) as problem:
        Package(zipped({str(number): (0, b"") for number in range(20)}), Budget(Limits(entries=10)))
    assert problem.value.status is Status.LIMIT_REACHED
