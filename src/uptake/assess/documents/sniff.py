"""What kind of bytes a file is made of, by its first few kilobytes and never by its name.

A name is a hint where content alone cannot decide (plain source); it is never believed against the content.
"""

from __future__ import annotations

import re

HEAD = 8192
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
_MAGIC = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound"),
    *((magic, "zip") for magic in _ZIP),
    (b"{\\rt", "rtf"),
    (b"\x00\x01\x00\x00Standard Jet DB", "jet"),
    (b"\x00\x01\x00\x00Standard ACE DB", "jet"),
    (b"\x00\x01\x00\x00Jet System DB", "jet"),
    (b"ActiveMime", "activemime"),
    (b"\x09\x00\x04\x00", "biff"),
    (b"\x09\x00\x06\x00", "biff"),
    (b"\x09\x02\x06\x00", "biff"),
    (b"\x09\x04\x06\x00", "biff"),
    (b"\x09\x08\x08\x00", "biff"),
    (b"\x09\x08\x10\x00", "biff"),
    (b"\x9b\xa5", "oldword"),
    (b"\xdb\xa5", "oldword"),
    (b"\xdc\xa5", "oldword"),
    (b"\xec\xa5", "oldword"),
    (b"\x31\xbe\x00\x00", "oldword"),
    (b"\xfe\x37\x00", "oldword"),
    (b"\xed\xde\xad\x0b", "oldpowerpoint"),
    (b"ID;P", "sylk"),
)
_OTHERS = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"MZ", "exe"),
    (b"\x7fELF", "elf"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"ITSF", "chm"),
    (b"SQLite format 3", "sqlite"),
    (b"\xd7\xcd\xc6\x9a", "wmf"),
    (b"\xffWPC", "wordperfect"),
)
_MIME = re.compile(rb"(?im)^(?:mime-version:|content-type: *multipart/|x-unsent:)")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def sniff(head: bytes) -> str:
    """compound, zip, rtf, jet, biff, …, xml, html, mime, text, binary; or the name of a format that is not Office's."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    text = as_text(head)
    if text is not None:
        kind = _sniff_text(text)
        if kind != "text":
            return kind
    if head.lstrip()[:4] == b"{\\rt":
        return "rtf"
    if _MIME.search(head):
        return "mime"
    for magic, kind in _OTHERS:
        if head.startswith(magic):
            return kind
    return "text" if text is not None else "binary"


def as_text(head: bytes) -> str | None:
    """The start of a file as text, or None where it is none; bytes of unknown encoding become Latin-1."""
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return head.decode(codec, "replace")
    if head[:2] in (b"<\x00", b"\x00<"):
        return head.decode("utf-16-le" if head[0] else "utf-16-be", "replace")
    if b"\x00" in head:
        return None
    return head.decode("latin-1")


def _sniff_text(text: str) -> str:
    start = text.lstrip()[:512].lower()
    if start.startswith("<?xml") or re.match(r"<(?!!doctype html|html\b|!--)[\w:]+[\s>]", start):
        return "xml"
    if start.startswith("<!--") and "<html" not in text.lower():
        return "xml"
    if start.startswith(("<!doctype html", "<html")):
        return "html"
    if _MIME.search(text.encode("utf-8", "replace")):
        return "mime"
    if "<html" in start:
        return "html"
    return "text"


def is_office_kind(kind: str) -> bool:
    """Whether content of this kind is looked into; of all others the first bytes have told enough."""
    return kind in _LOOKED_INTO


_LOOKED_INTO = frozenset((*(kind for _, kind in _MAGIC), "xml", "html", "mime", "text"))
