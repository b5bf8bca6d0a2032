"""Uploaded files as one zip, and that zip as files again: one level of zips inside it is opened, and nothing may unfold without end.

What a header says about sizes is a stranger's; bytes are counted while they are unpacked.
"""

from __future__ import annotations

import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from uptake.core.errors import UptakeError
from uptake.reporting.clean import visible

ZIP = b"PK\x03\x04"
MOST_FILES = 50_000
MOST_FILE = 256 << 20
"""Bytes of one file; a hive of programs and classes has some 100 MB."""
MOST_ALL = 8 << 30
MOST_RATIO = 300
"""Unpacked to packed, for a file of more than `SMALL` bytes. The collector's JSON reaches 20."""
SMALL = 8 << 20
CHUNK = 1 << 20

BROKEN = (
    zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What the library raises for an entry that is damaged, encrypted or packed in a way that it does not know."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside: its name, and where it is."""

    name: str
    place: tuple[str, ...]
    """Name in the outer zip, and in the inner one."""


def pack(uploads: Iterable[tuple[str, IO[bytes]]], target: BinaryIO) -> int:
    """Write uploads into one zip, under numbers, for two can have one name; how many there are."""
    count = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for count, (name, file) in enumerate(uploads, 1):
            with archive.open(f"{count:05}/{_plain(name)}", "w", force_zip64=True) as out:
                while chunk := file.read(CHUNK):
                    out.write(chunk)
    return count


def _plain(name: str) -> str:
    return visible(name.replace("\\", "/").rpartition("/")[2])[:200] or "file"


class Files:
    """The files of a packed upload. Raises `UptakeError` for what unfolds to too much or too many."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.unpacked = 0
        self.inner: tuple[str, zipfile.ZipFile] | None = None
        self.problems: list[str] = []
        """Zips that could not be opened."""

    def members(self) -> Iterator[Member]:
        """Every file once, those of zips inside in their place."""
        count = 0
        for outer in self.archive.infolist():
            for member in self._opened(outer):
                count += 1
                if count > MOST_FILES:
                    raise UptakeError(f"more than {MOST_FILES:,} files", hint="Upload them in parts.")
                yield member

    def _opened(self, outer: zipfile.ZipInfo) -> list[Member]:
        try:
            return list(self._of(outer))
        except UptakeError as error:
            self.problems.append(str(error))
            return []

    def _of(self, outer: zipfile.ZipInfo) -> Iterator[Member]:
        with self.archive.open(outer) as file:
            is_zip = file.read(4) == ZIP
        if not is_zip:
            yield Member(_plain(outer.filename), (outer.filename,))
            return
        inside = self._inside(outer.filename)
        for info in inside.infolist():
            if not info.is_dir():
                yield Member(_plain(info.filename), (outer.filename, info.filename))

    def _inside(self, name: str) -> zipfile.ZipFile:
        if self.inner is None or self.inner[0] != name:
            if self.inner:
                self.inner[1].close()
            file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the zip that it is
            with self.archive.open(name) as packed:
                shutil.copyfileobj(packed, file, CHUNK)
            try:
                self.inner = (name, zipfile.ZipFile(file))
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise UptakeError(f"{_plain(name)} is no zip that can be read") from error
        return self.inner[1]

    def read(self, member: Member) -> bytes:
        """The bytes of a file. Raises `UptakeError` when it is damaged, encrypted, or unfolds to too much."""
        archive = self.archive if len(member.place) == 1 else self._inside(member.place[0])
        try:
            with archive.open(member.place[-1]) as file:
                content = self._bounded(file, member.name, archive.getinfo(member.place[-1]).compress_size)
        except BROKEN as error:
            raise UptakeError(f"{member.name} cannot be unpacked: {type(error).__name__}") from error
        return content

    def _bounded(self, file: IO[bytes], name: str, packed: int) -> bytes:
        made = bytearray()
        while chunk := file.read(CHUNK):
            made += chunk
            self.unpacked += len(chunk)
            if len(made) > MOST_FILE or (len(made) > SMALL and len(made) > MOST_RATIO * max(packed, 1)):
                raise UptakeError(f"{name} unfolds to too much", hint=f"A file has at most {MOST_FILE >> 20} MB.")
            if self.unpacked > MOST_ALL:
                raise TooMuchError("the upload unfolds to too much", hint="Upload it in parts.")
        return bytes(made)


class TooMuchError(UptakeError):
    """The whole upload, and not one of its files, is beyond the limits."""
