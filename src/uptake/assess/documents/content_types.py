"""`[Content_Types].xml` of an OPC package ([ECMA-376-2] 7.2.3): the only part that every package is asked for.

Nearly all of them are plain UTF-8 without entities, and a regular expression reads those ten times as fast as a
parser; anything else goes to expat, without entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.parsers import expat

from uptake.assess.documents.model import DocumentDefect

_ELEMENT = re.compile(r"<(?:\w+:)?(Default|Override)\s([^<>]*?)/?>")
_OVERRIDE = re.compile(r'<Override PartName="/([^"/][^"]*)" ContentType="([^"\s]*)" ?/>')
_DEFAULT = re.compile(r'<Default Extension="([^"]*)" ContentType="([^"\s]*)" ?/>')
_ATTRIBUTE = re.compile(r"""(?<!\w)(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_UNUSUAL = re.compile(rb"&|<!|encoding\s*=\s*[\"'](?!(?i:utf-8|us-ascii))")


class ContentTypes:
    """Extension → type and part name → type, both looked up in lower case."""

    def __init__(self, content: bytes) -> None:
        self.defaults: dict[str, str] = {}
        self.overrides: dict[str, str] = {}
        if content.startswith(b"\xef\xbb\xbf"):
            content = content[3:]
        if content[:1] == b"<" and not _UNUSUAL.search(content):
            self._read_quickly(content.decode("utf-8", "replace"))
        else:
            self._read_carefully(content)

    def _read_quickly(self, text: str) -> None:
        """As Office writes them, in one expression; where it leaves an element out, all are read one by one."""
        overrides, defaults = _OVERRIDE.findall(text), _DEFAULT.findall(text)
        if len(overrides) + len(defaults) == text.count("<Override") + text.count("<Default") == text.count("/>"):
            self.overrides = {name.lower(): kind for name, kind in overrides}
            self.defaults = {extension.lower(): kind for extension, kind in defaults}
        else:
            self._read_each(text)

    def _read_each(self, text: str) -> None:
        for element, attributes in _ELEMENT.findall(text):
            values = {key: double or single for key, double, single in _ATTRIBUTE.findall(attributes)}
            self._add(element, values)

    def _read_carefully(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = lambda name, values: self._add(name.rpartition(" ")[2], values)
        parser.EntityDeclHandler = _refuse_entities
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, ValueError, LookupError):
            if not self.overrides and not self.defaults:
                raise DocumentDefect("[Content_Types].xml is damaged") from None

    def _add(self, element: str, values: dict[str, str]) -> None:
        kind = values.get("ContentType", "").strip()
        if element == "Override":
            self.overrides[values.get("PartName", "").lstrip("/").lower()] = kind
        elif element == "Default":
            self.defaults[values.get("Extension", "").lower()] = kind

    def of(self, name: str) -> str:
        """The content type of a part, or empty."""
        lower = name.lower()
        kind = self.overrides.get(lower)
        if kind is None:
            kind = self.defaults.get(lower.rpartition(".")[2] if "." in lower else "", "")
        return kind

    def apply(self, names: Iterable[str]) -> dict[str, str]:
        """Content types of all parts that have one."""
        overrides, defaults = self.overrides, self.defaults
        result = {}
        for name in names:
            lower = name.lower()
            kind = overrides.get(lower) or defaults.get(lower.rpartition(".")[2])
            if kind:
                result[name] = kind
        return result


def _refuse_entities(*_: object) -> None:
    raise ValueError("entities are not allowed")
