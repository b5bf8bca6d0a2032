r"""Rich Text Format: objects in `\objdata` groups. RTF holds no VBA of its own, what it embeds may.

[MS-OLEDS] 2.2.4 for the objects, RTF 1.9.1 for the groups. Control words and groups between the digits are how malware
hides from readers, so they are skipped as Word skips them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from uptake.assess.documents.budget import Bytes, Visit, note
from uptake.assess.documents.compound import SIGNATURE
from uptake.assess.documents.model import Document, DocumentDefect, Status
from uptake.assess.documents.native import ole1_object, packaged
from uptake.assess.documents.whole import WholeFile

_OBJECT = re.compile(rb"\\objdata(?![a-z])")
_START = b"\\objdata"
_TOKEN = re.compile(
    rb"([0-9A-Fa-f]+)|(\\bin)(\d+) ?|\\'[0-9A-Fa-f]{2}|\\[a-zA-Z]+-?\d* ?|\\[^a-zA-Z]|([{}])|[^0-9A-Fa-f{}\\]+|\\"
)


def open_rtf(data: Bytes, visit: Visit) -> Document:
    """An RTF document and what is embedded in it."""
    document = Document("rtf", "word", Status.NO_VBA, location=visit.location, container=WholeFile(data))
    for number, found in enumerate(_OBJECT.finditer(data)):
        if number >= visit.limits.embedded:
            note(document, f"more than {number} objects: the rest was not opened", "limit")
            break
        if not visit.may_descend(document):
            break
        _open_object(document, data, found.end(), f"objdata{number}", visit)
    return document


def _open_object(document: Document, data: Bytes, position: int, place: str, visit: Visit) -> None:
    try:
        raw = _hex_content(data, position, visit.limits.part_size)
        visit.budget.spend(len(raw))
        kind, content = ole1_object(raw)
    except ValueError:
        note(document, f"{place} is not an OLE object")
        return
    except DocumentDefect as problem:
        note(document, f"{place}: {problem}", "limit" if problem.status is Status.LIMIT_REACHED else "")
        return
    name = ""
    if kind.lower() == "package" and not content.startswith(SIGNATURE):
        content, name = packaged(content)
    visit.open_inside(document, content, place, name)


def _hex_content(data: Bytes, position: int, limit: int) -> bytes:
    """The bytes that the hexadecimal digits of a group spell."""
    digits: list[bytes] = []
    out = bytearray()
    for piece, is_binary in _pieces(data, position):
        if is_binary:
            out += _from_hex(digits)
            out += piece
        else:
            digits.append(piece)
        if len(out) > limit:
            raise DocumentDefect(f"an object is larger than {limit} bytes", Status.LIMIT_REACHED)
    out += _from_hex(digits)
    return bytes(out)


def _from_hex(digits: list[bytes]) -> bytes:
    joined = b"".join(digits)
    digits.clear()
    return bytes.fromhex(joined[: len(joined) & ~1].decode("ascii"))


def _pieces(data: Bytes, position: int) -> Iterator[tuple[bytes, bool]]:
    depth = 0
    while True:
        token = _TOKEN.match(data, position)
        if token is None:
            return
        if token[0].startswith(_START):  # the next object: each byte is read for one of them only
            return
        position = token.end()
        if token[1]:
            yield token[1], False
        elif token[2]:
            size = int(token[3][:10])
            yield data[position : position + size], True
            position += size
        elif token[4] == b"{":
            depth += 1
        elif token[4] == b"}":
            depth -= 1
            if depth < 0:
                return
