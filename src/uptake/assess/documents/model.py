"""Document: what the bytes of a file turned out to be, and the containers inside it, opened but not yet understood.

Reading a document never raises for what is wrong *in* the document: that becomes a status, a reason or a defect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Status(StrEnum):
    """What became of a file: the eight words of Microsoft's retired toolkit (2023-12-18) and what we know better."""

    NO_VBA = "no VBA"
    HAS_VBA = "has VBA"
    CLOUD_BASED = "cloud-based"
    PASSWORD_PROTECTED = "password protected"
    INACCESSIBLE = "inaccessible"
    DRIVER_REQUIRED = "driver required"
    LOCKED = "locked"
    ERROR = "error"
    LIMIT_REACHED = "limit reached"
    SOURCE_MISSING = "source missing"
    NOT_OFFICE = "not an Office file"
    NOT_READABLE_YET = "not readable yet"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a document may ask of us. Sizes in bytes; every limit that is met is reported, never passed over."""

    file_size: int = 1 << 30
    part_size: int = 256 << 20
    """Decompressed size of one part, stream or project."""
    total_size: int = 768 << 20
    """Decompressed size of everything that is read of one file on disk."""
    ratio: int = 2000
    """Decompressed to compressed size of one part, looked at past 16 MB."""
    depth: int = 8
    """Documents inside documents."""
    entries: int = 100_000
    """Members of a zip archive or entries of a compound file directory."""
    embedded: int = 2_000
    """Documents inside one file on disk, at all depths together."""


class Container(Protocol):
    """Named byte streams: the parts of a zip package or the streams of a compound file."""

    def names(self) -> list[str]:
        """Every stream's path, with `/` between storages, in the order of the file."""

    def size(self, name: str) -> int:
        """Size of one stream in bytes, as the directory claims it."""

    def read(self, name: str, limit: int | None = None) -> bytes:
        """The bytes of one stream; `DocumentDefect` where it is damaged or over the limit."""


class DocumentDefect(Exception):
    """Something in a document is damaged, missing or over a limit; caught at the nearest place that can go on."""

    def __init__(self, reason: str, status: Status = Status.ERROR) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class ProjectStorage:
    """The streams of one VBA project, found but not decoded ([MS-OVBA] 2.2).

    `streams` maps upper-case paths below the project root (`PROJECT`, `PROJECTWM`, `VBA/DIR`, `VBA/MODULE1`,
    `VBA/_VBA_PROJECT`, `USERFORM1/F`, …) to names for `container.read`.
    """

    location: str
    """Where in the document it is: `xl/vbaProject.bin`, `_VBA_PROJECT_CUR`, `PowerPoint Document@39633`, …"""
    container: Container
    streams: Mapping[str, str]

    def has(self, path: str) -> bool:
        return path.upper() in self.streams

    def read(self, path: str) -> bytes:
        """The bytes of the stream at `path` in any case; `DocumentDefect` where there is none."""
        name = self.streams.get(path.upper())
        if name is None:
            raise DocumentDefect(f"the project has no stream {path!r}")
        return self.container.read(name)


@dataclass(slots=True)
class Document:
    """One document: a file on disk, or one embedded in another at `location`."""

    format: str
    """Short name by content: xlsm, xls, docm, ppt, vsd, msg, zip, rtf, mht, word2003xml, flatopc, vba, accdb, text, …"""
    host: str
    """Application that would open it: excel, word, powerpoint, visio, project, publisher, outlook, access, '' unknown."""
    status: Status
    reason: str = ""
    location: str = ""
    """Path inside the file on disk, levels joined by `!`; empty for the file itself."""
    size: int = 0
    container: Container | None = None
    content_types: Mapping[str, str] = field(default_factory=dict)
    """OOXML: part name without leading slash → content type, overrides and defaults applied, for every part."""
    projects: list[ProjectStorage] = field(default_factory=list)
    source: bytes | None = None
    """Bytes of a plain VBA source file (.bas, .cls, .frm, …)."""
    embedded: list[Document] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    """What is damaged or over a limit although the rest could be read, in sentences."""
    marks: set[str] = field(default_factory=set)
    """Things seen on the way that rules ask for: `signature`, `signature-agile`, `signature-v3`, `irm`, `legacy-encryption`, …"""

    workbook_head: tuple[str, bytes] | None = None
    """Name of the stream of a binary workbook and its start; kept by `workbook_stream` for the next who asks."""
    by_type: dict[str, list[str]] | None = None
    """Content type in lower case → parts; made by `parts_by_type` on first use."""

    def parts_by_type(self) -> dict[str, list[str]]:
        """Parts of an OOXML package by their content type in lower case; the types are few, the parts can be many."""
        if self.by_type is None:
            by_written: defaultdict[str, list[str]] = defaultdict(list)
            for name, kind in self.content_types.items():
                by_written[kind].append(name)
            self.by_type = {}
            for kind, names in by_written.items():
                self.by_type.setdefault(kind.lower(), []).extend(names)
        return self.by_type

    def walk(self) -> Iterator[Document]:
        """This document and all inside it, outermost first."""
        yield self
        for inner in self.embedded:
            yield from inner.walk()
