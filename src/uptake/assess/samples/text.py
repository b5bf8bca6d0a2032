"""Office documents that are text: Word 2003 XML, Flat OPC, MHT, RTF, and plain VBA source files."""

from __future__ import annotations

import base64
import struct
import zlib

from uptake.assess.samples.package import XML, Package
from uptake.assess.samples.vba import SampleModule, SampleProject, module_source, project_bin

FLAT = "http://schemas.microsoft.com/office/2006/xmlPackage"


def active_mime(data: bytes) -> bytes:
    """The wrapper that Word puts around a project in `editdata.mso`: 50 bytes of header, then zlib."""
    packed = zlib.compress(data)
    head = b"ActiveMime\0\0" + struct.pack("<HIII", 0x01F0, 4, 0xFFFFFFFF, 0xF0070000)
    return head + struct.pack("<IIIIII", len(packed), 4, 4, 0, 0, len(data))[:28].ljust(24, b"\0") + packed


def word_2003_xml(project: SampleProject, text: str = "Notes") -> bytes:
    """A Word 2003 XML document with the project as `w:binData`."""
    body = base64.encodebytes(active_mime(project_bin(project))).decode()
    return (
        f'{XML}<?mso-application progid="Word.Document"?>\n'
        '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml" w:macrosPresent="yes">'
        f'<w:docSuppData><w:binData w:name="editdata.mso">{body}</w:binData></w:docSuppData>'
        f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:wordDocument>"
    ).encode()


def flat_opc(package: Package, progid: str = "Word.Document") -> bytes:
    """A package as one XML file: every part is an element, binary ones in base64."""
    parts = package.everything()
    types = {name: package.types.get(name) or package.defaults[name.rpartition(".")[2]] for name in parts}
    body = "".join(_flat_part(name, data, types[name]) for name, data in parts.items() if name[0] != "[")
    head = f'{XML}<?mso-application progid="{progid}"?>\n'
    return f'{head}<pkg:package xmlns:pkg="{FLAT}">{body}</pkg:package>'.encode()


def _flat_part(name: str, data: bytes, content_type: str) -> str:
    head = f'<pkg:part pkg:name="/{name}" pkg:contentType="{content_type}"'
    if content_type.endswith("xml"):
        inner = data.decode("utf-8").removeprefix(XML)
        return f"{head}><pkg:xmlData>{inner}</pkg:xmlData></pkg:part>"
    packed = base64.encodebytes(data).decode()
    return f'{head} pkg:compression="store"><pkg:binaryData>{packed}</pkg:binaryData></pkg:part>'


def mht(project: SampleProject, text: str = "Notes") -> bytes:
    """A single-file web page as Word saves it, the project in the part `editdata.mso`."""
    boundary = "----=_NextPart_01D5"
    packed = base64.encodebytes(active_mime(project_bin(project))).decode().replace("\n", "\r\n")
    lines = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/related; boundary="{boundary}"',
        "",
        "This document is a Single File Web Page, also known as a Web Archive file.",
        "",
        f"--{boundary}",
        "Content-Location: file:///C:/0E3F1A2B/report.htm",
        "Content-Transfer-Encoding: 8bit",
        'Content-Type: text/html; charset="utf-8"',
        "",
        '<html xmlns:w="urn:schemas-microsoft-com:office:word"><head>',
        '<link rel=Edit-Time-Data href="report_files/editdata.mso"></head>',
        f"<body><p>{text}</p></body></html>",
        "",
        f"--{boundary}",
        "Content-Location: file:///C:/0E3F1A2B/report_files/editdata.mso",
        "Content-Transfer-Encoding: base64",
        "Content-Type: application/x-mso",
        "",
        packed,
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8")


def rtf(data: bytes, class_name: str = "Excel.Sheet.8", text: str = "Notes") -> bytes:
    """An RTF document with `data` as an embedded object: OLE 1.0 in hexadecimal ([MS-OLEDS] 2.2.5)."""
    name = class_name.encode("ascii") + b"\0"
    native = struct.pack("<III", 0x501, 2, len(name)) + name + struct.pack("<III", 0, 0, len(data)) + data
    digits = (native + struct.pack("<III", 0x501, 0, 0)).hex()
    lines = "\r\n".join(digits[start : start + 128] for start in range(0, len(digits), 128))
    return (
        f"{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\\f0 {text}\\par\r\n"
        f"{{\\object\\objemb{{\\*\\objclass {class_name}}}{{\\*\\objdata {lines}}}{{\\result ?}}}}}}"
    ).encode("ascii", "replace")


def source_file(module: SampleModule, codec: str = "cp1252") -> bytes:
    """The module as Export File of the editor writes it: .bas, .cls or .frm."""
    text = module_source(module)
    if module.kind in ("class", "document"):
        text = "VERSION 1.0 CLASS\r\nBEGIN\r\n  MultiUse = -1  'True\r\nEND\r\n" + text
    elif module.kind == "form":
        text = f"VERSION 5.00\r\nBegin {{C62A69F0-16DC-11CE-9E98-00AA00574A4F}} {module.name} \r\nEnd\r\n" + text
    return text.encode(codec, "replace")
