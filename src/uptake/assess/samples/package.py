"""OOXML packages put together part by part: content types, relationships, zip ([ISO/IEC 29500-2], Open Packaging).

Every date in the zip is the same, so that equal parts give equal bytes.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"
VBA_TYPE = "application/vnd.ms-office.vbaProject"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
DEFAULTS = {
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "xml": "application/xml",
    "bin": "application/octet-stream",
}


@dataclass
class Package:
    """Parts under construction: `add` them, `relate` them, take `data()`."""

    parts: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    relations: dict[str, list[str]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=lambda: dict(DEFAULTS))

    def add(self, name: str, data: str | bytes, content_type: str = "") -> None:
        """Adds a part; text gets the XML declaration."""
        self.parts[name] = (XML + data).encode("utf-8") if isinstance(data, str) else data
        if content_type:
            self.types[name] = content_type

    def relate(self, source: str, kind: str, target: str, *, external: bool = False) -> str:
        """Relationship from part `source` (`""` for the package) to a part or an outside target; returns its id."""
        lines = self.relations.setdefault(source, [])
        number = f"rId{len(lines) + 1}"
        if not external:
            target = posixpath.relpath(target, posixpath.dirname(source) or ".")
        mode = ' TargetMode="External"' if external else ""
        kind = kind if "://" in kind else f"{RELATIONSHIPS}/{kind}"
        lines.append(f'<Relationship Id="{number}" Type="{kind}" Target={quoteattr(target)}{mode}/>')
        return number

    def everything(self) -> dict[str, bytes]:
        """All parts by name, content types and relationships included, in the order Office writes them."""
        parts = {"[Content_Types].xml": self._content_types().encode("utf-8")}
        for source, lines in self.relations.items():
            folder, _, name = source.rpartition("/")
            path = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
            parts[path] = (XML + _relationships(lines)).encode("utf-8")
        return parts | self.parts

    def data(self) -> bytes:
        """The package as a zip archive."""
        return zipped(self.everything())

    def _content_types(self) -> str:
        lines = [f'<Default Extension="{key}" ContentType="{value}"/>' for key, value in self.defaults.items()]
        lines += [f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in self.types.items()]
        body = "".join(lines)
        return f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{body}</Types>'


def _relationships(lines: list[str]) -> str:
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{"".join(lines)}</Relationships>'


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip archive of `parts`, deflated, with one fixed date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 4, 1, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
