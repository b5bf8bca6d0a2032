"""Files inside OLE 1 objects: the `\\x01Ole10Native` stream of the packager ([MS-OLEDS] 2.3.6) and RTF's objects."""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812

_LONG = Struct("<L")


def native_content(stream: bytes) -> tuple[bytes, str]:
    """The file in an Ole10Native stream and its name; the data as they are where no packager wrote them."""
    if len(stream) < 4:
        return b"", ""
    body = stream[4 : 4 + _LONG.unpack_from(stream)[0]]
    return packaged(body)


def packaged(body: bytes) -> tuple[bytes, str]:
    """The file that the packager (`Package`) wrapped: flags, label, path, type, temporary path, size, content."""
    try:
        position = 2
        label, position = _text(body, position)
        _, position = _text(body, position)
        position += 4
        position += 4 + _LONG.unpack_from(body, position)[0]
        (size,) = _LONG.unpack_from(body, position)
    except (StructError, ValueError):
        return body, ""
    content = body[position + 4 : position + 4 + size]
    return (content, label) if content else (body, "")


def _text(body: bytes, position: int) -> tuple[str, int]:
    end = body.index(b"\x00", position)
    return body[position:end].decode("latin-1"), end + 1


def ole1_object(data: bytes) -> tuple[str, bytes]:
    """Class name and native data of an OLE 1 embedded object ([MS-OLEDS] 2.2.5); `ValueError` where it is none."""
    position, names = 8, []
    try:
        for _ in range(3):
            (length,) = _LONG.unpack_from(data, position)
            names.append(data[position + 4 : position + 4 + length].rstrip(b"\x00").decode("latin-1"))
            position += 4 + length
        (size,) = _LONG.unpack_from(data, position)
    except StructError:
        raise ValueError("no OLE 1 object") from None
    return names[0], data[position + 4 : position + 4 + size]
