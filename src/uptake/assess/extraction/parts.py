"""Small readers that the fact extractors share: relationships, attributes of XML elements, CLSIDs, masked secrets.

Regular expressions stand in for an XML parser on purpose: parts are hostile, no entity may be expanded, and only a few
attributes of a few elements are wanted.
"""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Iterator

from uptake.assess.documents.budget import Bytes
from uptake.assess.documents.model import Container, Document, DocumentDefect

MOST_TEXT = 500
"""Characters of evidence in one fact."""
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SECRET = re.compile(
    r"(?i)\b(password|passwd|pwd|accountkey|sharedaccesskey|client_?secret|access_?token|sig)(\s*=\s*)"
    r"(?:\"[^\"]*\"|'[^']*'|\{[^}]*\}|[^;&\"']*)"
)
_USER_PART = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^/\s:@]*):[^/\s@]*@")


def masked(text: str) -> str:
    """Text without the secrets that connection strings and addresses carry, at most 500 characters long."""
    text = _SECRET.sub(lambda found: f"{found[1]}{found[2]}***", text[: 4 * MOST_TEXT])
    return _USER_PART.sub(r"\1:***@", text)[:MOST_TEXT]


def attributes(text: str) -> dict[str, str]:
    """Attributes of an XML start tag, entities of characters resolved."""
    return {key: html.unescape(double or single) for key, double, single in _ATTRIBUTE.findall(text)}


def elements(text: str, name: str) -> Iterator[dict[str, str]]:
    """Attributes of every element of a local name, whatever its prefix."""
    for found in re.finditer(rf"<(?:[\w.-]+:)?{name}\b([^<>]*)>", text):
        yield attributes(found[1])


def text_of(container: Container, name: str, limit: int = 16 << 20) -> str:
    """A part as text; empty where it is missing, damaged or too large."""
    try:
        raw = container.read(name, limit)
    except DocumentDefect:
        return ""
    return as_text(raw)


def as_text(raw: bytes) -> str:
    """XML as text by its byte order mark; UTF-8 without one."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    return raw.decode("utf-8", "replace")


def bytes_of(container: Container, name: str, limit: int | None = None) -> bytes:
    """A stream; empty where it is missing, damaged or too large."""
    try:
        return container.read(name, limit)
    except DocumentDefect:
        return b""


def relationships(container: Container, part: str) -> list[dict[str, str]]:
    """Relationships of a part ([ECMA-376-2] 6.5); an empty list where it has none."""
    folder, _, name = part.rpartition("/")
    wanted = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    return list(elements(text_of(container, wanted), "Relationship"))


def parts_of_type(document: Document, *kinds: str) -> list[str]:
    """Parts of an OOXML package by content type, given in lower case."""
    known = document.parts_by_type()
    return [name for kind in kinds for name in known.get(kind, ())]


def clsid_text(raw: Bytes) -> str:
    """`{…}` in lower case of 16 bytes as stored; empty for none or the null id."""
    content = bytes(raw[:16])
    if len(content) < 16 or not any(content):
        return ""
    return "{" + str(uuid.UUID(bytes_le=content)) + "}"


def short(name: str) -> str:
    """The last segment of a relationship type or a path."""
    return name.rpartition("/")[2]
