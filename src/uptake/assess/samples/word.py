"""Word documents in OOXML: docx, docm, dotx, dotm ([ISO/IEC 29500-1] 11)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from uptake.assess.samples.package import RELATIONSHIPS, Package
from uptake.assess.samples.parts import NOTHING_MORE, Extras, attach, attach_activex, core_properties

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
DOCUMENT_TYPES = {
    "docx": f"{WORD}.document.main+xml",
    "dotx": f"{WORD}.template.main+xml",
    "docm": "application/vnd.ms-word.document.macroEnabled.main+xml",
    "dotm": "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
}


def word_document(
    kind: str = "docx", extras: Extras = NOTHING_MORE, paragraphs: Sequence[str] = ("Notes",), title: str = ""
) -> bytes:
    """A document of `kind` with one run a paragraph; `extras.external[0]` becomes its attached template."""
    return word_package(kind, extras, paragraphs, title).data()


def word_package(
    kind: str = "docx", extras: Extras = NOTHING_MORE, paragraphs: Sequence[str] = ("Notes",), title: str = ""
) -> Package:
    """As `word_document`, before zipping: Flat OPC is the same parts in one XML file."""
    package, main = Package(), "word/document.xml"
    package.relate("", "officeDocument", main)
    core_properties(package, title)
    controls = attach_activex(package, main, "word", extras.activex)
    body = "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>' for text in paragraphs)
    body += "".join(_dde_field(service, topic) for service, topic in extras.dde)
    body += "".join(_control(relation, number) for number, relation in enumerate(controls, 1))
    package.add(
        main,
        f'<w:document xmlns:w="{MAIN}" xmlns:r="{RELATIONSHIPS}"><w:body>{body}<w:sectPr/></w:body></w:document>',
        DOCUMENT_TYPES[kind],
    )
    if extras.external:
        _settings(package, main, extras.external)
    attach(package, main, "word", extras)
    return package


def _dde_field(service: str, topic: str) -> str:
    """A DDEAUTO field as Word stores it: instruction and result between three field characters."""
    begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))
    instruction = escape(f' DDEAUTO {service} "{topic}" ')
    text = f'<w:r><w:instrText xml:space="preserve">{instruction}</w:instrText></w:r>'
    return f"<w:p>{begin}{text}{separate}<w:r><w:t>0</w:t></w:r>{end}</w:p>"


def _control(relation: str, number: int) -> str:
    return f'<w:p><w:r><w:object><w:control r:id="{relation}" w:name="Control{number}"/></w:object></w:r></w:p>'


def _settings(package: Package, main: str, targets: Sequence[str]) -> None:
    part = "word/settings.xml"
    relation = package.relate(part, "attachedTemplate", targets[0], external=True)
    body = f'<w:attachedTemplate r:id="{relation}"/>'
    package.add(
        part, f'<w:settings xmlns:w="{MAIN}" xmlns:r="{RELATIONSHIPS}">{body}</w:settings>', f"{WORD}.settings+xml"
    )
    package.relate(main, "settings", part)
    for target in targets[1:]:
        package.relate(main, "image", target, external=True)
