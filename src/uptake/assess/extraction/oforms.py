"""UserForm designers: CLSIDs of the controls that are not Office's own ([MS-OFORMS] 2.2.10).

A form's `f` stream begins with the form's properties, pictures and font; behind them stands a class table with one
entry for every foreign control class. Office's own controls have numbers, no entries.
"""

from __future__ import annotations

from uptake.assess.extraction.parts import clsid_text

_BOOLEANS, _MOUSE_ICON, _FONT, _PICTURE = 1 << 6, 1 << 15, 1 << 20, 1 << 21
_BEFORE_BOOLEANS = (1 << 1, 1 << 2, 1 << 3)  # BackColor, ForeColor, NextAvailableID, four bytes each
_NO_CLASS_TABLE = 1 << 15  # FORM_FLAG_DONTSAVECLASSTABLE of the BooleanProperties
_STANDARD_FONT = "{0be35203-8f91-11ce-9de3-00aa004bb851}"
_TEXT_FONT = "{afc20920-da4e-11ce-b943-00aa006887b4}"
_MOST_CLASSES = 512


class _UnreadableError(Exception):
    """The stream is not what the specification says; nothing is better than a guess."""


class _Cursor:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def take(self, size: int) -> bytes:
        piece = self.content[self.position : self.position + size]
        if len(piece) < size:
            raise _UnreadableError
        self.position += size
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")


def class_ids(stream: bytes) -> list[str]:
    """CLSIDs `{…}` of the class table of an `f` stream; empty where it has none or cannot be read for sure."""
    try:
        return _class_table(_Cursor(stream))
    except _UnreadableError:
        return []


def _class_table(cursor: _Cursor) -> list[str]:
    if cursor.take(2) != b"\x00\x04":
        raise _UnreadableError
    size = cursor.number(2)
    form = _Cursor(cursor.take(size))
    mask = form.number(4)
    booleans = _booleans(form, mask)
    if mask & _MOUSE_ICON:
        _skip_picture(cursor)
    if mask & _FONT:
        _skip_font(cursor)
    if mask & _PICTURE:
        _skip_picture(cursor)
    if booleans & _NO_CLASS_TABLE:
        return []
    count = cursor.number(2)
    if count > _MOST_CLASSES:
        raise _UnreadableError
    return [clsid for clsid in (_class(cursor) for _ in range(count)) if clsid]


def _booleans(form: _Cursor, mask: int) -> int:
    if not mask & _BOOLEANS:
        return 0
    for bit in _BEFORE_BOOLEANS:
        if mask & bit:
            form.take(4)
    return form.number(4)


def _class(cursor: _Cursor) -> str:
    """A SiteClassInfo ([MS-OFORMS] 2.2.10.10.1): the CLSID is the last thing in it."""
    if cursor.number(2) != 0:
        raise _UnreadableError
    content = cursor.take(cursor.number(2))
    if len(content) < 4:
        raise _UnreadableError
    has_clsid = content[0] & 1
    return clsid_text(content[-16:]) if has_clsid and len(content) >= 20 else ""


def _skip_picture(cursor: _Cursor) -> None:
    """GuidAndPicture ([MS-OFORMS] 2.4.8)."""
    cursor.take(16)
    if cursor.number(4) != 0x0000746C:
        raise _UnreadableError
    cursor.take(cursor.number(4))


def _skip_font(cursor: _Cursor) -> None:
    """GuidAndFont ([MS-OFORMS] 2.4.7): a StdFont or a TextProps."""
    kind = clsid_text(cursor.take(16))
    if kind == _STANDARD_FONT:
        cursor.take(10)
        cursor.take(cursor.number(1))
    elif kind == _TEXT_FONT:
        cursor.take(2)
        cursor.take(cursor.number(2))
    else:
        raise _UnreadableError
