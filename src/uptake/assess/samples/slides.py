"""PowerPoint presentations and Visio drawings in OOXML ([ISO/IEC 29500-1] 13, [MS-VSDX]), as small as they can be."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from uptake.assess.samples.package import RELATIONSHIPS, Package
from uptake.assess.samples.parts import NOTHING_MORE, Extras, attach, attach_activex, core_properties

MAIN = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SPACES = f'xmlns:a="{DRAWING}" xmlns:r="{RELATIONSHIPS}" xmlns:p="{MAIN}"'
PRESENTATION = "application/vnd.openxmlformats-officedocument.presentationml"
MICROSOFT_TYPE = "application/vnd.ms-powerpoint"
PRESENTATION_TYPES = {
    "pptx": f"{PRESENTATION}.presentation.main+xml",
    "potx": f"{PRESENTATION}.template.main+xml",
    "ppsx": f"{PRESENTATION}.slideshow.main+xml",
    "pptm": f"{MICROSOFT_TYPE}.presentation.macroEnabled.main+xml",
    "potm": f"{MICROSOFT_TYPE}.template.macroEnabled.main+xml",
    "ppsm": f"{MICROSOFT_TYPE}.slideshow.macroEnabled.main+xml",
    "ppam": f"{MICROSOFT_TYPE}.addin.macroEnabled.main+xml",
}
VISIO_TYPES = {
    "vsdx": "application/vnd.ms-visio.drawing.main+xml",
    "vsdm": "application/vnd.ms-visio.drawing.macroEnabled.main+xml",
    "vstm": "application/vnd.ms-visio.template.macroEnabled.main+xml",
    "vssm": "application/vnd.ms-visio.stencil.macroEnabled.main+xml",
}
NO_SHAPES = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
    '<p:grpSpPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/>'
    '<a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)


def presentation(
    kind: str = "pptx", extras: Extras = NOTHING_MORE, slides: Sequence[str] = ("Agenda",), title: str = ""
) -> bytes:
    """A presentation of `kind` with one text box a slide."""
    package, main = Package(), "ppt/presentation.xml"
    package.relate("", "officeDocument", main)
    core_properties(package, title)
    master = _master(package, main)
    ids = [_slide(package, main, number, text) for number, text in enumerate(slides, 1)]
    controls = attach_activex(package, "ppt/slides/slide1.xml", "ppt", extras.activex)
    if controls:
        _add_controls(package, controls)
    for target in extras.external:
        package.relate("ppt/slides/slide1.xml", "oleObject", target, external=True)
    attach(package, main, "ppt", extras)
    slide_list = "".join(f'<p:sldId id="{256 + number}" r:id="{relation}"/>' for number, relation in enumerate(ids))
    body = (
        f'<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="{master}"/></p:sldMasterIdLst>'
        f'<p:sldIdLst>{slide_list}</p:sldIdLst><p:sldSz cx="12192000" cy="6858000"/>'
        '<p:notesSz cx="6858000" cy="9144000"/>'
    )
    package.add(main, f"<p:presentation {SPACES}>{body}</p:presentation>", PRESENTATION_TYPES[kind])
    return package.data()


def _slide(package: Package, main: str, number: int, text: str) -> str:
    part = f"ppt/slides/slide{number}.xml"
    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Text"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>'
        '<a:off x="914400" y="914400"/><a:ext cx="9144000" cy="914400"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        "</a:prstGeom></p:spPr><p:txBody><a:bodyPr/><a:lstStyle/>"
        f"<a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    body = f"<p:sld {SPACES}><p:cSld><p:spTree>{NO_SHAPES}{shape}</p:spTree></p:cSld></p:sld>"
    package.add(part, body, f"{PRESENTATION}.slide+xml")
    package.relate(part, "slideLayout", "ppt/slideLayouts/slideLayout1.xml")
    return package.relate(main, "slide", part)


def _add_controls(package: Package, ids: list[str]) -> None:
    part, end = "ppt/slides/slide1.xml", b"</p:spTree>"
    lines = "".join(
        f'<p:control name="Control{n}" r:id="{i}" imgW="914400" imgH="914400"/>' for n, i in enumerate(ids, 1)
    )
    package.parts[part] = package.parts[part].replace(end, end + f"<p:controls>{lines}</p:controls>".encode())


def _master(package: Package, main: str) -> str:
    """Slide master, its one layout and the theme: PowerPoint repairs a file without them."""
    master, layout, theme = (
        "ppt/slideMasters/slideMaster1.xml",
        "ppt/slideLayouts/slideLayout1.xml",
        "ppt/theme/theme1.xml",
    )
    layout_id = package.relate(master, "slideLayout", layout)
    package.relate(master, "theme", theme)
    package.relate(layout, "slideMaster", master)
    tree = f"<p:cSld><p:spTree>{NO_SHAPES}</p:spTree></p:cSld>"
    accents = " ".join(f'accent{n}="accent{n}"' for n in range(1, 7))
    colours = f'<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" {accents} hlink="hlink" folHlink="folHlink"/>'
    layouts = f'<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="{layout_id}"/></p:sldLayoutIdLst>'
    package.add(
        master, f"<p:sldMaster {SPACES}>{tree}{colours}{layouts}</p:sldMaster>", f"{PRESENTATION}.slideMaster+xml"
    )
    package.add(layout, f"<p:sldLayout {SPACES}>{tree}</p:sldLayout>", f"{PRESENTATION}.slideLayout+xml")
    package.add(theme, _theme(), "application/vnd.openxmlformats-officedocument.theme+xml")
    return package.relate(main, "slideMaster", master)


def _theme() -> str:
    names = ("dk1", "lt1", "dk2", "lt2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")
    values = ("1C1D1F", "FFFFFF", "5D6268", "FBFBF9", "0F5D5C", "2F6F3E", "8A5A00", "A4262C", "E6BF73", "9FC3B4")
    pairs = zip(names, (*values, "0F5D5C", "5D6268"), strict=True)
    colours = "".join(f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>' for name, value in pairs)
    font = '<a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>' * 3
    line = '<a:ln w="6350"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln>' * 3
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>" * 3
    return (
        f'<a:theme xmlns:a="{DRAWING}" name="Sample"><a:themeElements>'
        f'<a:clrScheme name="Sample">{colours}</a:clrScheme>'
        f'<a:fontScheme name="Sample"><a:majorFont>{font}</a:majorFont><a:minorFont>{font}</a:minorFont></a:fontScheme>'
        f'<a:fmtScheme name="Sample"><a:fillStyleLst>{fill}</a:fillStyleLst><a:lnStyleLst>{line}</a:lnStyleLst>'
        f"<a:effectStyleLst>{effect}</a:effectStyleLst><a:bgFillStyleLst>{fill}</a:bgFillStyleLst></a:fmtScheme>"
        "</a:themeElements></a:theme>"
    )


def drawing(kind: str = "vsdx", extras: Extras = NOTHING_MORE, title: str = "") -> bytes:
    """A Visio drawing with one empty page."""
    package, main, pages = Package(), "visio/document.xml", "visio/pages/pages.xml"
    space = f'xmlns="http://schemas.microsoft.com/office/visio/2012/main" xmlns:r="{RELATIONSHIPS}"'
    visio = "http://schemas.microsoft.com/visio/2010/relationships"
    package.relate("", f"{visio}/document", main)
    core_properties(package, title)
    package.add(main, f"<VisioDocument {space}/>", VISIO_TYPES[kind])
    package.relate(main, f"{visio}/pages", pages)
    relation = package.relate(pages, f"{visio}/page", "visio/pages/page1.xml")
    page = f'<Page ID="0" NameU="Page-1" Name="Page-1"><Rel r:id="{relation}"/></Page>'
    package.add(pages, f"<Pages {space}>{page}</Pages>", "application/vnd.ms-visio.pages+xml")
    package.add("visio/pages/page1.xml", f"<PageContents {space}/>", "application/vnd.ms-visio.page+xml")
    attach(package, main, "visio", extras)
    return package.data()
