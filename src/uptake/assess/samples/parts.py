"""Parts that any OOXML document may carry: VBA project, signatures, ActiveX, embeddings, outside targets.

One place, because Excel, Word, PowerPoint and Visio attach them the same way and only the folder differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from uptake.assess.samples.compound import compound
from uptake.assess.samples.package import MICROSOFT, VBA_TYPE, Package
from uptake.assess.samples.vba import SampleProject, project_bin

ACTIVEX_NAMESPACE = "http://schemas.microsoft.com/office/2006/activeX"
SIGNATURES = {
    "legacy": ("vbaProjectSignature.bin", "vbaProjectSignature", f"{MICROSOFT}/vbaProjectSignature"),
    "agile": (
        "vbaProjectSignatureAgile.bin",
        "vbaProjectSignatureAgile",
        "http://schemas.microsoft.com/office/2014/relationships/vbaProjectSignatureAgile",
    ),
    "v3": (
        "vbaProjectSignatureV3.bin",
        "vbaProjectSignatureV3",
        "http://schemas.microsoft.com/office/2020/07/relationships/vbaProjectSignatureV3",
    ),
}


@dataclass(frozen=True)
class Extras:
    """What a document carries besides text; each field is empty where it carries none."""

    project: SampleProject | None = None
    project_part: str = ""
    """Name of the project's part where it is not the usual one: readers have to go by content type."""
    signatures: Sequence[str] = ()
    """legacy, agile, v3; the bytes sign nothing."""
    activex: Sequence[str] = ()
    """Class ids with braces."""
    embeddings: Sequence[tuple[str, bytes]] = ()
    """File name and bytes of embedded documents."""
    external: Sequence[str] = ()
    """Excel: linked workbooks. Word: a template and linked pictures. PowerPoint: linked files."""
    dde: Sequence[tuple[str, str]] = ()
    """Application and topic."""
    connections: Sequence[str] = ()
    """Excel: connection strings."""
    macro_sheets: Sequence[Sequence[tuple[str, str]]] = ()
    """Excel: XLM sheets as pairs of cell and formula."""
    names: Sequence[tuple[str, str]] = ()
    """Excel: defined names and their formulas."""
    ribbon: str = ""
    """RibbonX markup."""
    parts: Sequence[tuple[str, bytes, str]] = field(default_factory=tuple)
    """Any other part: name, bytes, content type."""


NOTHING_MORE = Extras()


def attach(package: Package, main: str, folder: str, extras: Extras) -> None:
    """Adds the parts that every application stores alike, below `folder` and related to part `main`."""
    if extras.project is not None:
        _attach_project(package, main, folder, extras)
    for number, (name, data) in enumerate(extras.embeddings, 1):
        extension = name.rpartition(".")[2].lower()
        part = f"{folder}/embeddings/oleObject{number}.bin" if extension == "bin" else f"{folder}/embeddings/{name}"
        package.add(
            part, data, EMBEDDED_TYPES.get(extension, "application/vnd.openxmlformats-officedocument.oleObject")
        )
        package.relate(main, "oleObject" if extension == "bin" else "package", part)
    if extras.ribbon:
        package.add("customUI/customUI14.xml", extras.ribbon.encode("utf-8"))
        package.relate("", "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility", RIBBON_PART)
    for name, data, content_type in extras.parts:
        package.add(name, data, content_type)


RIBBON_PART = "customUI/customUI14.xml"
EMBEDDED_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "docm": "application/vnd.ms-word.document.macroEnabled.12",
    "xls": "application/vnd.ms-excel",
    "doc": "application/msword",
}


def _attach_project(package: Package, main: str, folder: str, extras: Extras) -> None:
    assert extras.project is not None
    part = extras.project_part or f"{folder}/vbaProject.bin"
    package.add(part, project_bin(extras.project), VBA_TYPE)
    package.relate(main, f"{MICROSOFT}/vbaProject", part)
    for signature in extras.signatures:
        file_name, type_name, relation = SIGNATURES[signature]
        package.add(
            f"{folder}/{file_name}", b"\x30\x82" + signature.encode() * 40, f"application/vnd.ms-office.{type_name}"
        )
        package.relate(part, relation, f"{folder}/{file_name}")


def attach_activex(package: Package, source: str, folder: str, class_ids: Sequence[str]) -> list[str]:
    """ActiveX parts with their class id; returns the relationship ids for the controls of `source`."""
    ids = []
    for number, class_id in enumerate(class_ids, 1):
        part, binary = f"{folder}/activeX/activeX{number}.xml", f"{folder}/activeX/activeX{number}.bin"
        package.add(binary, compound({"Contents": class_id.encode() * 4}), "application/vnd.ms-office.activeX")
        relation = package.relate(part, f"{MICROSOFT}/activeXControlBinary", binary)
        body = (
            f'<ax:ocx ax:classid={quoteattr(class_id)} ax:persistence="persistStreamInit" r:id="{relation}" '
            f'xmlns:ax="{ACTIVEX_NAMESPACE}" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>'
        )
        package.add(part, body, "application/vnd.ms-office.activeX+xml")
        ids.append(package.relate(source, "control", part))
    return ids


def core_properties(package: Package, title: str) -> None:
    """The title and author part that every Office file has."""
    body = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        "<dc:creator>uptake sample</dc:creator></cp:coreProperties>"
    )
    package.add("docProps/core.xml", body, "application/vnd.openxmlformats-package.core-properties+xml")
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    package.relate("", kind, "docProps/core.xml")
