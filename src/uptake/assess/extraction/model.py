"""Facts of VBA projects as they come out of a document: projects, references, modules with decoded source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of a project ([MS-OVBA] 2.3.4.2.2): a type library, a control library or another project."""

    name: str
    kind: str
    """registered, control, original or project."""
    libid: str
    guid: str = ""
    """Upper case with braces, `{00020430-0000-0000-C000-000000000046}`; empty for projects."""
    version: str = ""
    """`major.minor` in decimal: a libid says `c.0` in hexadecimal, this says `12.0`."""
    lcid: int = 0
    path: str = ""
    description: str = ""
    relative: str = ""
    """Of a project: its relative path."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What the PROJECT stream's CMG, DPB and GC say ([MS-OVBA] 2.3.1.15 to 2.3.1.17)."""

    user: bool = False
    host: bool = False
    vbe: bool = False
    password: bool = False
    visible: bool = True
    damaged: bool = False
    """The values do not decode: broken on purpose, as “unviewable” tools do, or by accident."""

    @property
    def is_locked(self) -> bool:
        return self.user or self.host or self.vbe or self.password or self.damaged or not self.visible


@dataclass(slots=True)
class Module:
    """One module with its whole source, line ends as LF, hidden `Attribute` lines included."""

    name: str
    kind: str
    """document, standard, class or form."""
    source: str
    stream: str = ""
    private: bool = False
    readonly: bool = False
    has_source: bool = True
    """False where the compressed source is empty or damaged although the stream holds compiled code."""
    _sha256: str = ""

    @property
    def sha256(self) -> str:
        """Digest of the source in UTF-8."""
        if not self._sha256:
            self._sha256 = hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()
        return self._sha256

    @property
    def lines(self) -> int:
        """Number of lines; a last line without an end counts."""
        return self.source.count("\n") + (1 if self.source and not self.source.endswith("\n") else 0)


@dataclass(slots=True)
class VbaProject:
    """One VBA project, decoded."""

    location: str
    name: str = ""
    codepage: int = 0
    """As the dir stream says it; 0 occurs."""
    codec: str = "cp1252"
    """Python codec that the names and sources were decoded with."""
    syskind: int = -1
    """0 Win16, 1 Win32, 2 Macintosh, 3 Win64 ([MS-OVBA] 2.3.4.2.1.1); -1 not said."""
    lcid: int = 0
    version: tuple[int, int] = (0, 0)
    constants: str = ""
    """Conditional compilation constants of the project, `Name = Value : Name = Value`."""
    protection: Protection = field(default_factory=Protection)
    signatures: tuple[str, ...] = ()
    """legacy, agile, v3."""
    references: list[Reference] = field(default_factory=list)
    modules: list[Module] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    source_missing: bool = False
    """Compiled code is there and the source of at least one module that should have it is not."""
    stomped: bool = False
    """The module cache holds much more code than the source could have made, or names that the source lacks."""
