"""VBA projects written from source text: every stream that Office would write, but the compiled code ([MS-OVBA] 2.3).

`_VBA_PROJECT` says version 0xFFFF, so that Office compiles from the source on opening. Projects can be made wrong on
purpose: locked, without source, stomped, with damaged containers.
"""

from __future__ import annotations

import random
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from uptake.assess.samples.compound import compound
from uptake.assess.samples.compression import compress
from uptake.assess.samples.protection import protection_lines

CLASS_BASE = "0{FCFB3D2A-A0FA-1068-A738-08002B3371B5}"
DOCUMENT_BASES = {
    "ThisWorkbook": "0{00020819-0000-0000-C000-000000000046}",
    "ThisDocument": "1Normal.ThisDocument",
    "Sheet": "0{00020820-0000-0000-C000-000000000046}",
}
STDOLE = "*\\G{00020430-0000-0000-C000-000000000046}#2.0#0#C:\\Windows\\System32\\stdole2.tlb#OLE Automation"
VBA_LIBRARY = (
    "*\\G{000204EF-0000-0000-C000-000000000046}#4.2#9#"
    "C:\\Program Files\\Common Files\\Microsoft Shared\\VBA\\VBA7.1\\VBE7.DLL#Visual Basic For Applications"
)


@dataclass(frozen=True)
class SampleModule:
    """A module: `source` without the hidden `Attribute` lines, which are added by kind."""

    name: str
    source: str = ""
    kind: str = "standard"
    """standard, class, document or form."""
    private: bool = False
    readonly: bool = False
    damage: str = ""
    """no-source (compiled code only), stomped (other compiled code than source), corrupt (the container is cut up)."""
    cache: bytes = b""
    """Bytes before the source, where Office keeps compiled code."""
    controls: tuple[str, ...] = ()
    """Of a form: ProgIDs of its ActiveX controls."""
    stream: str = ""


@dataclass(frozen=True)
class SampleReference:
    """A reference: kinds registered, control (with its `libid` as the original) and project (`libid` is its path)."""

    name: str
    libid: str
    kind: str = "registered"
    guid: str = "{00000000-0000-0000-0000-000000000000}"
    """Of a control: type library id of its record."""
    version: tuple[int, int] = (1, 0)
    """Of a project."""


@dataclass(frozen=True)
class SampleProject:
    """A VBA project; `protection` is none, password, user or unviewable (values that do not decode)."""

    modules: Sequence[SampleModule]
    name: str = "VBAProject"
    references: Sequence[SampleReference] = (SampleReference("stdole", STDOLE),)
    codepage: int = 1252
    syskind: int = 3
    lcid: int = 0x409
    constants: str = ""
    description: str = ""
    protection: str = "none"
    password: str = "sample"
    damage: str = ""
    """corrupt-dir or no-dir."""
    extra: dict[str, bytes] = field(default_factory=dict)
    """More streams below the project root, such as `__SRP_0` caches."""

    @property
    def codec(self) -> str:
        return {10000: "mac_roman", 65001: "utf-8"}.get(self.codepage, f"cp{self.codepage}")

    @property
    def project_id(self) -> str:
        return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, self.name)).upper() + "}"


def project_streams(project: SampleProject, root: str = "") -> dict[str, bytes]:
    """Streams of the project by path, all below the storage `root`."""
    streams = {
        "PROJECT": _project_text(project),
        "PROJECTwm": _project_wm(project),
        "VBA/_VBA_PROJECT": _version_dependent(project),
        "VBA/dir": _dir_container(project),
    }
    if project.damage == "no-dir":
        del streams["VBA/dir"]
    for module in project.modules:
        streams[f"VBA/{module.stream or module.name}"] = _module_stream(project, module)
        if module.kind == "form":
            streams |= {f"{module.name}/{name}": data for name, data in _designer(module, project.codec).items()}
    streams |= project.extra
    return {f"{root}/{path}" if root else path: data for path, data in streams.items()}


def project_bin(project: SampleProject) -> bytes:
    """The project as a compound file of its own, the bytes of `vbaProject.bin`."""
    return compound(project_streams(project))


def module_source(module: SampleModule) -> str:
    """The whole source of a module with its hidden attributes and CRLF line ends, as it is stored."""
    lines = [f'Attribute VB_Name = "{module.name}"', *_attributes(module)]
    body = module.source.replace("\r\n", "\n").replace("\n", "\r\n")
    return "\r\n".join(lines) + "\r\n" + body


def _attributes(module: SampleModule) -> list[str]:
    if module.kind == "standard":
        return []
    base, flags = CLASS_BASE, "False False False False False"
    if module.kind == "document":
        base, flags = DOCUMENT_BASES.get(module.name, DOCUMENT_BASES["Sheet"]), "False False True True True"
    elif module.kind == "form":
        base, flags = f"0{_form_id(module, 'class')}{_form_id(module, 'type')}", "False False True False False"
    names = ("GlobalNameSpace", "Creatable", "PredeclaredId", "Exposed", "Customizable")
    pairs = dict(zip(names, flags.split(), strict=True))
    derived = "True" if module.kind == "document" else "False"
    lines = [f'Attribute VB_Base = "{base}"']
    lines += [f"Attribute VB_{name} = {pairs[name]}" for name in names[:4]]
    return [*lines, f"Attribute VB_TemplateDerived = {derived}", f"Attribute VB_Customizable = {pairs['Customizable']}"]


def _form_id(module: SampleModule, part: str) -> str:
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, module.name + part)).upper() + "}"


def _module_stream(project: SampleProject, module: SampleModule) -> bytes:
    cache = _cache(module)
    if module.damage == "no-source":
        return cache
    source = "" if module.damage == "stomped" else module_source(module)
    container = compress(source.encode(project.codec, "replace"))
    if module.damage == "corrupt":
        # A chunk header without its signature, and half of the rest gone.
        container = container[:1] + b"\xff\x0f" + container[3 : max(4, len(container) // 2)]
    return cache + container


def _cache(module: SampleModule) -> bytes:
    if module.cache or not module.damage or module.damage == "corrupt":
        return module.cache
    # Stands for compiled code: the usual first words, then names in clear, as compiled modules have them.
    names = b"".join(word.encode("ascii", "ignore") + b"\0" for word in module.source.split())
    return b"\x01\x16\x03\x00\x00\xf0\x00\x00\x00" + names + random.Random(module.name).randbytes(900)  # noqa: S311


def _version_dependent(project: SampleProject) -> bytes:
    if not any(module.damage in ("no-source", "stomped") for module in project.modules):
        return b"\xcc\x61\xff\xff\x00\x00\x00"
    # The version word of an Office with 64-bit VBA 7.1, so that the compiled code counts.
    return b"\xcc\x61\xb5\x00\x00\x03\x00\xff\x09\x04\x00\x00\x09\x04\x00\x00\xe4\x04" + b"\x01\x00" * 200


def _project_text(project: SampleProject) -> bytes:
    lines = [f'ID="{project.project_id}"']
    keys = {"standard": "Module={}", "class": "Class={}", "document": "Document={}/&H00000000", "form": "BaseClass={}"}
    for module in project.modules:
        if module.kind == "form":
            lines.append("Package={AC9F2F90-E877-11CE-9F68-00AA00574A4F}")
        lines.append(keys[module.kind].format(module.name))
    lines += [f'Name="{project.name}"', 'HelpContextID="0"']
    if project.description:
        lines.append(f'Description="{project.description}"')
    lines.append('VersionCompatible32="393222000"')
    lines += protection_lines(project.protection, project.project_id, project.password)
    lines += ["", "[Host Extender Info]", "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000"]
    lines += ["", "[Workspace]", *(f"{module.name}=0, 0, 0, 0, C" for module in project.modules), ""]
    return "\r\n".join(lines).encode(project.codec, "replace")


def _project_wm(project: SampleProject) -> bytes:
    pairs = (
        module.name.encode(project.codec, "replace") + b"\0" + module.name.encode("utf-16-le") + b"\0\0"
        for module in project.modules
    )
    return b"".join(pairs) + b"\0\0"


def _dir_container(project: SampleProject) -> bytes:
    container = compress(dir_stream(project))
    return b"\x02" + container[1:40] if project.damage == "corrupt-dir" else container


def dir_stream(project: SampleProject) -> bytes:
    """The dir stream before compression ([MS-OVBA] 2.3.4.2)."""
    codec = project.codec
    head = [
        _record(0x01, struct.pack("<I", project.syskind)),
        _record(0x02, struct.pack("<I", project.lcid)),
        _record(0x14, struct.pack("<I", project.lcid)),
        _record(0x03, struct.pack("<H", project.codepage)),
        _record(0x04, project.name.encode(codec, "replace")),
        _text(0x05, 0x40, project.description, codec),
        _record(0x06, b"") + _record(0x3D, b""),
        _record(0x07, bytes(4)) + _record(0x08, bytes(4)),
        struct.pack("<HIIH", 0x09, 4, 1, 0),
        _text(0x0C, 0x3C, project.constants, codec),
    ]
    references = [_reference(reference, codec) for reference in project.references]
    modules = [_record(0x0F, struct.pack("<H", len(project.modules))), _record(0x13, b"\xff\xff")]
    modules += [_module_record(module, codec) for module in project.modules]
    return b"".join([*head, *references, *modules, struct.pack("<HI", 0x10, 0)])


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<HI", number, len(data)) + data


def _text(number: int, unicode_number: int, text: str, codec: str) -> bytes:
    return _record(number, text.encode(codec, "replace")) + _record(unicode_number, text.encode("utf-16-le"))


def _sized(text: str, codec: str) -> bytes:
    data = text.encode(codec, "replace")
    return struct.pack("<I", len(data)) + data


def _reference(reference: SampleReference, codec: str) -> bytes:
    name = _text(0x16, 0x3E, reference.name, codec)
    if reference.kind == "project":
        paths = _sized("*\\C" + reference.libid, codec) + _sized("*\\C" + reference.libid.rpartition("\\")[2], codec)
        return name + _record(0x0E, paths + struct.pack("<IH", *reference.version))
    if reference.kind == "control":
        return name + _control_reference(reference, codec)
    return name + _record(0x0D, _sized(reference.libid, codec) + bytes(6))


def _control_reference(reference: SampleReference, codec: str) -> bytes:
    """Original libid, the copy in the user's cache, and the extended part ([MS-OVBA] 2.3.4.2.2.3)."""
    cached = f"*\\G{reference.guid}#1.0#0#C:\\Users\\sample\\AppData\\Local\\Temp\\VBE\\{reference.name}.exd#"
    original = struct.pack("<H", 0x33) + _sized(reference.libid, codec)
    twiddled = _record(0x2F, _sized(cached, codec) + bytes(6))
    extended = _sized(cached, codec) + bytes(6) + uuid.UUID(reference.guid).bytes_le + struct.pack("<I", 1)
    return original + twiddled + _text(0x16, 0x3E, reference.name, codec) + _record(0x30, extended)


def _module_record(module: SampleModule, codec: str) -> bytes:
    stream = module.stream or module.name
    parts = [
        _text(0x19, 0x47, module.name, codec),
        _text(0x1A, 0x32, stream, codec),
        _text(0x1C, 0x48, "", codec),
        _record(0x31, struct.pack("<I", len(_cache(module)))),
        _record(0x1E, bytes(4)),
        _record(0x2C, b"\xff\xff"),
        _record(0x21 if module.kind == "standard" else 0x22, b""),
        _record(0x25, b"") if module.readonly else b"",
        _record(0x28, b"") if module.private else b"",
        _record(0x2B, b""),
    ]
    return b"".join(parts)


def _designer(module: SampleModule, codec: str) -> dict[str, bytes]:
    """The designer storage of a form ([MS-OVBA] 2.3.2 and [MS-OFORMS] 2.2.10): a form of its size and no site."""
    frame = (
        f"VERSION 5.00\r\nBegin {{C62A69F0-16DC-11CE-9E98-00AA00574A4F}} {module.name} \r\n"
        f'   Caption         =   "{module.name}"\r\n   ClientHeight    =   3000\r\n   ClientWidth     =   4500\r\n'
        "   StartUpPosition =   1  'CenterOwner\r\n   TypeInfoVer     =   3\r\nEnd\r\n"
    )
    form = struct.pack("<BBHIII", 0, 4, 12, 0x400, 7938, 5292) + struct.pack("<HII", 0, 0, 0)
    user_type = b"Microsoft Forms 2.0 Form\0"
    identity = b"\x01\x00\xfe\xff\x03\x0a\x00\x00\xff\xff\xff\xff" + uuid.UUID(FORM_CLASS).bytes_le
    identity += struct.pack("<I", len(user_type)) + user_type + struct.pack("<I", 16) + b"Embedded Object\0" + bytes(4)
    objects = b"".join(progid.encode("ascii") + b"\0" for progid in module.controls)
    return {"\x03VBFrame": frame.encode(codec, "replace"), "f": form, "o": objects, "\x01CompObj": identity}


FORM_CLASS = "C62A69F0-16DC-11CE-9E98-00AA00574A4F"
