"""Attachments of Outlook messages ([MS-OXMSG] 2.2.2): files as streams, messages and OLE objects as storages."""

from __future__ import annotations

import re
from collections.abc import Callable

from uptake.assess.documents.budget import Visit, adopt, note
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Document, DocumentDefect

_FILE = re.compile(r"(?i)\A(__attach_version1\.0_#[0-9a-f]{8})/__substg1\.0_37010102\Z")
_OBJECT = re.compile(r"(?i)\A__attach_version1\.0_#[0-9a-f]{8}/__substg1\.0_3701000d\Z")
_NAMES = ("__substg1.0_3707001F", "__substg1.0_3704001F", "__substg1.0_3707001E", "__substg1.0_3704001E")
"""PidTagAttachLongFilename, PidTagAttachFilename: UTF-16, then in the code page of the sender."""


def open_attachments(
    document: Document,
    container: CompoundFile | Storage,
    visit: Visit,
    inspect_storage: Callable[[CompoundFile | Storage, Visit], Document],
) -> None:
    """Opens every attachment as an embedded document."""
    for name in container.names():
        found = _FILE.match(name)
        if found is None:
            continue
        try:
            visit.open_inside(document, container.read(name), name, _file_name(container, found[1]))
        except DocumentDefect as problem:
            note(document, f"attachment {name!r}: {problem}")
    for path in list(container.storages):
        if _OBJECT.match(path) and visit.may_descend(document):
            visit.budget.documents += 1
            file = container.file if isinstance(container, Storage) else container
            root = f"{container.root}/{path}" if isinstance(container, Storage) and container.root else path
            adopt(document, inspect_storage(Storage(file, root), visit.down(path)))


def _file_name(container: CompoundFile | Storage, attachment: str) -> str:
    for stream in _NAMES:
        name = container.find(f"{attachment}/{stream}")
        if name is not None:
            return container.head(name, 1024).decode("utf-16-le" if stream.endswith("F") else "latin-1", "replace")
    return ""
