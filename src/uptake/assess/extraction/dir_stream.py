"""The `dir` stream of a VBA project: names, code page, references and modules ([MS-OVBA] 2.3.4.2).

It is read as a flat list of records. Sizes of reference records are known to be wrong in real files, so the lengths
inside them are what is trusted.
"""

from __future__ import annotations

import struct
from codecs import utf_16_le_decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from uptake.assess.extraction.codepages import codec_of, decode
from uptake.assess.extraction.model import Reference
from uptake.assess.extraction.parts import clsid_text

_VERSION, _END, _MODULE_END = 0x09, 0x10, 0x2B
_REGISTERED, _PROJECT, _CONTROL, _EXTENDED, _ORIGINAL = 0x0D, 0x0E, 0x2F, 0x30, 0x33


@dataclass(slots=True)
class DirModule:
    """One MODULE record ([MS-OVBA] 2.3.4.2.3.2)."""

    name: str = ""
    stream: str = ""
    narrow_name: bytes = b""
    narrow_stream: bytes = b""
    """The two names in the project's code page: used where the wide ones, which follow as a rule, are missing."""
    offset: int = -1
    """Where the compressed source starts in the module's stream; -1 not said."""
    is_procedural: bool = True
    is_private: bool = False
    is_readonly: bool = False


@dataclass(slots=True)
class DirStream:
    """What a dir stream says."""

    name: str = ""
    codepage: int = 0
    codec: str = "cp1252"
    syskind: int = -1
    lcid: int = 0
    version: tuple[int, int] = (0, 0)
    constants: str = ""
    references: list[Reference] = field(default_factory=list)
    modules: list[DirModule] = field(default_factory=list)
    is_complete: bool = False
    """The end record was met."""
    defects: list[str] = field(default_factory=list)


_HEAD = struct.Struct("<HI")
_IRREGULAR = frozenset((_VERSION, _REGISTERED, _PROJECT, _CONTROL, _ORIGINAL, _END))
"""Records whose size field is not the size of what follows."""


class _Cursor:
    """A position in the decompressed stream that cannot run past its end."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def left(self) -> int:
        return len(self.content) - self.position

    def take(self, size: int) -> bytes:
        if size > self.left():
            raise EOFError
        start = self.position
        self.position += size
        return self.content[start : self.position]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def sized(self) -> bytes:
        """Bytes behind their own 32-bit length."""
        return self.take(self.number(4))

    def peek(self) -> int:
        """The next record's id, or -1 at the end."""
        if self.left() < 2:
            return -1
        return int.from_bytes(self.content[self.position : self.position + 2], "little")


class _DirReader:
    """Walks the records and fills a `DirStream`; modules and references are being built across records."""

    def __init__(self, content: bytes) -> None:
        self.cursor = _Cursor(content)
        self.stream = DirStream()
        self.pending = ""
        """Name of the reference that the next record describes."""
        self.original = ""
        """Libid of a REFERENCEORIGINAL whose control record follows."""

    def run(self) -> DirStream:
        cursor, content, end = self.cursor, self.cursor.content, len(self.cursor.content)
        unpack, actions, position = _HEAD.unpack_from, _RECORDS, 0
        try:
            while position + 2 <= end and not self.stream.is_complete:
                # Nearly all records are an id, a size and that many bytes: read here without a detour.
                kind, size = unpack(content, position) if position + 6 <= end else (_END, 0)
                if kind in _IRREGULAR:
                    cursor.position = position
                    self._record()
                    position = cursor.position
                    continue
                start = position + 6
                position = start + size
                if position > end:
                    raise EOFError
                action = actions.get(kind)
                if action is not None:
                    action(self, content[start:position])
        except EOFError:
            self.stream.defects.append("the dir stream ends inside a record")
        self.finish_names()
        return self.stream

    def _record(self) -> None:
        cursor = self.cursor
        kind = cursor.number(2)
        if kind == _VERSION:  # its size field says 4 and six bytes follow
            cursor.take(4)
            self.stream.version = (cursor.number(4), cursor.number(2))
        elif kind in (_REGISTERED, _PROJECT, _CONTROL, _ORIGINAL):
            self._reference(kind)
        elif kind == _END:
            self.stream.is_complete = True
        else:
            content = cursor.sized()
            action = _RECORDS.get(kind)
            if action is not None:
                action(self, content)

    def text(self, raw: bytes) -> str:
        return decode(raw, self.stream.codec)

    # References: [MS-OVBA] 2.3.4.2.2

    def _reference(self, kind: int) -> None:
        cursor = self.cursor
        size = cursor.number(4)
        if kind == _ORIGINAL:  # the only one whose size is the size of its libid
            self.original = self.text(cursor.take(size))
            if cursor.peek() != _CONTROL:
                self._add(libid_reference(self.pending, "original", self.original))
        elif kind == _REGISTERED:
            libid = self.text(cursor.sized())
            cursor.take(6)
            self._add(libid_reference(self.pending, "registered", libid))
        elif kind == _PROJECT:
            absolute, relative = self.text(cursor.sized()), self.text(cursor.sized())
            version = f"{cursor.number(4)}.{cursor.number(2)}"
            self._add(_project_reference(self.pending, absolute, relative, version))
        else:
            self._control()

    def _control(self) -> None:
        """REFERENCECONTROL: a cached (“twiddled”) libid, then the extended one; the original says most."""
        cursor = self.cursor
        twiddled = self.text(cursor.sized())
        cursor.take(6)
        while cursor.peek() in (0x16, 0x3E):
            kind = cursor.number(2)
            raw = cursor.sized()
            if kind == 0x3E:
                self.pending = _wide(raw) or self.pending
        extended = original_guid = ""
        if cursor.peek() == _EXTENDED:
            cursor.take(6)
            extended = self.text(cursor.sized())
            cursor.take(6)
            original_guid = clsid_text(cursor.take(16)).upper()
            cursor.take(4)
        if self.original:
            self._add(libid_reference(self.pending, "control", self.original))
            return
        # the GUIDs in cached libids were made on one machine; the library's own stands beside them
        libid = twiddled if not extended or "{00000000-" in extended else extended
        self._add(replace(libid_reference(self.pending, "control", libid), guid=original_guid))

    def _add(self, reference: Reference) -> None:
        self.stream.references.append(reference)
        self.pending = self.original = ""

    # Modules: [MS-OVBA] 2.3.4.2.3

    @property
    def module(self) -> DirModule:
        modules = self.stream.modules
        if not modules:
            modules.append(DirModule())
        return modules[-1]

    def start_module(self, content: bytes) -> None:
        self.stream.modules.append(DirModule(narrow_name=content))

    def finish_names(self) -> None:
        """Names that only the code page knows."""
        for module in self.stream.modules:
            module.name = module.name or self.text(module.narrow_name)
            module.stream = module.stream or self.text(module.narrow_stream) or module.name

    def set_codepage(self, content: bytes) -> None:
        self.stream.codepage = _number(content)
        self.stream.codec = codec_of(self.stream.codepage, self.stream.lcid)


def _number(content: bytes) -> int:
    return int.from_bytes(content[:4], "little")


def _wide(content: bytes) -> str:
    return utf_16_le_decode(content[: len(content) & ~1], "surrogatepass")[0]


def _set_syskind(reader: _DirReader, content: bytes) -> None:
    reader.stream.syskind = _number(content)


def _set_lcid(reader: _DirReader, content: bytes) -> None:
    reader.stream.lcid = _number(content)


def _set_name(reader: _DirReader, content: bytes) -> None:
    reader.stream.name = reader.text(content)


def _set_constants(reader: _DirReader, content: bytes) -> None:
    reader.stream.constants = reader.text(content)


def _set_constants_wide(reader: _DirReader, content: bytes) -> None:
    reader.stream.constants = _wide(content) or reader.stream.constants


def _set_reference_name(reader: _DirReader, content: bytes) -> None:
    reader.pending = reader.text(content)


def _set_reference_name_wide(reader: _DirReader, content: bytes) -> None:
    reader.pending = _wide(content) or reader.pending


def _set_module_name_wide(reader: _DirReader, content: bytes) -> None:
    reader.module.name = _wide(content) or reader.module.name


def _set_stream(reader: _DirReader, content: bytes) -> None:
    reader.module.narrow_stream = content


def _set_stream_wide(reader: _DirReader, content: bytes) -> None:
    reader.module.stream = _wide(content) or reader.module.stream


def _set_offset(reader: _DirReader, content: bytes) -> None:
    reader.module.offset = _number(content)


def _set_other(reader: _DirReader, _: bytes) -> None:
    reader.module.is_procedural = False


def _set_readonly(reader: _DirReader, _: bytes) -> None:
    reader.module.is_readonly = True


def _set_private(reader: _DirReader, _: bytes) -> None:
    reader.module.is_private = True


_RECORDS: dict[int, Callable[[_DirReader, bytes], None]] = {
    0x01: _set_syskind,
    0x02: _set_lcid,
    0x03: _DirReader.set_codepage,
    0x04: _set_name,
    0x0C: _set_constants,
    0x3C: _set_constants_wide,
    0x16: _set_reference_name,
    0x3E: _set_reference_name_wide,
    0x19: _DirReader.start_module,
    0x47: _set_module_name_wide,
    0x1A: _set_stream,
    0x32: _set_stream_wide,
    0x31: _set_offset,
    0x22: _set_other,
    0x25: _set_readonly,
    0x28: _set_private,
}


def read_dir(content: bytes) -> DirStream:
    """Reads a decompressed dir stream; never raises, a stream that breaks off gives what came before."""
    return _DirReader(content).run()


def libid_reference(name: str, kind: str, libid: str) -> Reference:
    r"""A reference by the text `*\G{guid}#major.minor#lcid#path#description` ([MS-OVBA] 2.1.1.8)."""
    parts = libid.split("#", 4)
    head, version, lcid, path, description = parts + [""] * (5 - len(parts))
    start, end = head.find("{"), head.find("}")
    guid = head[start : end + 1].upper() if 0 <= start < end else ""
    return Reference(name, kind, libid, guid, _decimal(version), _hex(lcid), path, description)


def _project_reference(name: str, absolute: str, relative: str, version: str) -> Reference:
    r"""A reference to another project: `*\A` to `*\D` and a path ([MS-OVBA] 2.1.1.12)."""
    path = absolute[3:] if absolute.startswith("*\\") else absolute
    near = relative[3:] if relative.startswith("*\\") else relative
    return Reference(name, "project", absolute, version=version, path=path, relative=near)


def _decimal(version: str) -> str:
    major, _, minor = version.partition(".")
    return f"{_hex(major)}.{_hex(minor)}" if version else ""


def _hex(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0
