"""VBA projects: from the streams of a project storage to modules with source ([MS-OVBA] 2.2 and 2.3).

The `dir` stream says what there is; the PROJECT stream adds the kinds of modules and the protection. Either may be
damaged on purpose, so each is read as far as it goes and the module streams are searched when `dir` cannot be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from uptake.assess.documents.model import DocumentDefect, ProjectStorage
from uptake.assess.extraction.codepages import decode, keeps_ascii
from uptake.assess.extraction.decompression import decompress_tolerantly
from uptake.assess.extraction.dir_stream import DirModule, DirStream, read_dir
from uptake.assess.extraction.model import Module, Protection, VbaProject
from uptake.assess.extraction.project_stream import ProjectText, read_project_text
from uptake.assess.extraction.stomping import looks_stomped
from uptake.assess.extraction.twins import twins

LIMIT = 64 << 20
"""Bytes of source of one module, unpacked."""
_BASE = re.compile(r'Attribute VB_Base = "([^"]*)"')
_COMPRESSED = re.compile(rb"\x01[\x00-\xff][\xb0-\xbf]\x00?Attribut")
_NOT_MODULES = re.compile(r"VBA/(?:DIR|_VBA_PROJECT|__SRP_[0-9A-F]+)\Z")


@dataclass(slots=True)
class _Source:
    """What became of one module stream."""

    raw: bytes = b""
    cache: int = 0
    """Bytes of compiled code in front of the source."""
    problem: str = ""


def read_project(storage: ProjectStorage, *, limit: int = LIMIT) -> VbaProject:
    """Decodes one project; never raises for its content, what is wrong stands in `defects`.

    `limit` is the number of bytes that one module may unpack to.
    """
    project = VbaProject(location=storage.location)
    stream = _read_dir(storage, project, limit)
    text = _read_text(storage, project)
    if stream is None or not (stream.modules or stream.is_complete):
        stream = _recovered(storage, stream or DirStream(), text, project)
    project.name = stream.name
    project.syskind, project.lcid, project.version = stream.syskind, stream.lcid, stream.version
    project.constants = stream.constants
    project.references = stream.references
    project.protection = text.protection if text is not None else Protection()
    kinds = text.kinds if text is not None else {}
    project.modules = [_module(storage, module, kinds, project, limit) for module in stream.modules]
    return project


def _read_dir(storage: ProjectStorage, project: VbaProject, limit: int) -> DirStream | None:
    try:
        content, defect = decompress_tolerantly(storage.read("VBA/dir"), limit)
    except DocumentDefect as problem:
        content, defect = b"", problem
    if defect is not None:
        project.defects.append(f"the dir stream is damaged: {defect}")
    if not content:
        return None
    stream = read_dir(content)
    project.defects += stream.defects
    project.codepage, project.codec = stream.codepage, stream.codec
    return stream


def _read_text(storage: ProjectStorage, project: VbaProject) -> ProjectText | None:
    """The PROJECT stream; it has no code page of its own."""
    if not storage.has("PROJECT"):
        return None
    try:
        return read_project_text(decode(storage.read("PROJECT"), project.codec))
    except DocumentDefect as problem:
        project.defects.append(f"the PROJECT stream is damaged: {problem}")
        return None


def _recovered(storage: ProjectStorage, stream: DirStream, text: ProjectText | None, project: VbaProject) -> DirStream:
    """Modules of a project whose dir stream is useless: every stream that holds compressed source is one."""
    for path in storage.streams:
        if not path.startswith("VBA/") or _NOT_MODULES.match(path):
            continue
        try:
            found = _COMPRESSED.search(storage.read(path))
        except DocumentDefect:
            continue
        if found:
            name = _written_name(path[4:], text)
            stream.modules.append(DirModule(name=name, stream=name, offset=found.start()))
    if stream.modules:
        project.defects.append("modules were found by searching, because the dir stream does not name them")
    return stream


def _written_name(upper: str, text: ProjectText | None) -> str:
    names = {name.upper(): name for name in text.written} if text is not None else {}
    return names.get(upper, upper)


def _module(
    storage: ProjectStorage, module: DirModule, kinds: dict[str, str], project: VbaProject, limit: int
) -> Module:
    source = _read_source(storage, module, limit)
    text = as_text(source.raw, project.codec)
    if source.problem:
        project.defects.append(f"module {module.name!r}: {source.problem}")
    has_source = bool(source.raw) or not source.cache
    if source.problem and not source.raw:
        has_source = False
    if looks_stomped(text, source.cache, not source.problem):
        project.stomped = True
        has_source = False
    if not has_source and source.cache:
        project.source_missing = True
    kind = kinds.get(module.name.lower()) or _kind_by_attributes(text, module.is_procedural)
    return Module(
        name=module.name,
        kind=kind,
        source=text,
        stream=module.stream,
        private=module.is_private,
        readonly=module.is_readonly,
        has_source=has_source,
    )


def _read_source(storage: ProjectStorage, module: DirModule, limit: int) -> _Source:
    try:
        content = storage.read("VBA/" + module.stream)
    except DocumentDefect as problem:
        return _Source(problem=str(problem))
    offset = module.offset
    if offset < 0 or offset > len(content):
        found = _COMPRESSED.search(content)
        if found is None:
            return _Source(cache=len(content), problem="its source is not where the dir stream says")
        offset = found.start()
    if offset == len(content):
        return _Source(cache=offset)
    raw, defect = decompress_tolerantly(content[offset:], limit)
    return _Source(raw, offset, "" if defect is None else str(defect))


def as_text(raw: bytes, codec: str) -> str:
    """Source as text with LF line ends, whatever the line ends were."""
    if twins is not None and keeps_ascii(codec):
        found: str | None = twins.with_line_feeds(raw)
        if found is not None:
            return found
    return decode(raw, codec).replace("\r\n", "\n").replace("\r", "\n")


def _kind_by_attributes(text: str, is_procedural: bool) -> str:
    """The kind of a module that the PROJECT stream does not list, by MODULETYPE and the module's own attributes."""
    if is_procedural:
        return "standard"
    base = _BASE.search(text[:2000])
    if base is None:
        return "class"
    return "form" if base[1].count("{") > 1 else "document"  # a form names its own class and its designer's
