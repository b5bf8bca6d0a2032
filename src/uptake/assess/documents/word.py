"""Word documents in compound files: version and encryption by the file information block ([MS-DOC] 2.5)."""

from __future__ import annotations

from uptake.assess.documents.budget import Visit
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Document, Status

_WORD_97 = 0xC0
"""Lowest nFib of a Word 97 file ([MS-DOC] 2.5.2 says 0x00C1, an early build wrote 0x00C0)."""


def inspect_word(document: Document, container: CompoundFile | Storage, name: str, _: Visit) -> None:
    """Fills in what the FibBase of a WordDocument stream says."""
    document.format, document.host, document.status, document.reason = "doc", "word", Status.NO_VBA, ""
    fib = container.head(name, 32)
    if len(fib) < 32:
        document.status, document.reason = Status.ERROR, "the WordDocument stream is cut off"
        return
    version, flags = int.from_bytes(fib[2:4], "little"), int.from_bytes(fib[10:12], "little")
    if flags & 1:
        document.format = "dot"
    if flags & 0x0100:  # fEncrypted; with fObfuscated (0x8000) only XORed
        document.status, document.reason = Status.PASSWORD_PROTECTED, "the document is encrypted with a password"
        document.marks.add("legacy-encryption")
    elif version < _WORD_97:
        document.status, document.reason = Status.NOT_READABLE_YET, "WordBasic macros of Word 6.0/95 cannot be read"
