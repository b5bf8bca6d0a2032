"""VBA project storages, wherever they lie in a compound file ([MS-OVBA] 2.2).

Fixed paths miss Project, Outlook, embedded objects and files that were made to be missed: every storage is looked at.
A project is recognised by the names of its streams alone, never by whether they can be decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import ProjectStorage

_NOT_MODULES = frozenset({"DIR", "_VBA_PROJECT"})


def find_projects(container: CompoundFile | Storage, location: str = "") -> list[ProjectStorage]:
    """Every project of a container; `location` is the container's own place in the document."""
    roots = _roots(container.streams)
    if not roots:
        return []
    streams: dict[str, dict[str, str]] = {root: {} for root in roots}
    for name in container.streams:
        for outer in ("", *(path + "/" for path in ancestors(name))):
            if outer in streams:
                streams[outer].setdefault(name[len(outer) :].upper(), name)
    return [_project(container, root, streams[root], location) for root in roots]


def ancestors(path: str) -> Iterator[str]:
    """The storages around a path, innermost first, without the root."""
    path = path.rpartition("/")[0]
    while path:
        yield path
        path = path.rpartition("/")[0]


def _roots(names: Iterable[str]) -> list[str]:
    """Paths (with a trailing `/`, or empty) of storages that hold a `VBA` storage with something in it."""
    found: dict[str, set[str]] = {}
    texts: set[str] = set()
    for name in names:
        upper = name.upper()
        if upper.endswith("PROJECT"):
            texts.add(upper)
        position = upper.rfind("VBA/")
        if position < 0 or (position and upper[position - 1] != "/") or "/" in upper[position + 4 :]:
            continue
        found.setdefault(name[:position], set()).add(upper[position + 4 :])
    return [root for root, streams in found.items() if _is_project(streams, f"{root.upper()}PROJECT" in texts)]


def _is_project(streams: set[str], has_text: bool) -> bool:
    """A dir stream, or without one any stream that could be a module beside the project's own."""
    if "DIR" in streams:
        return True
    return (has_text or "_VBA_PROJECT" in streams) and len(streams - _NOT_MODULES) > 0


def _project(container: CompoundFile | Storage, root: str, streams: dict[str, str], location: str) -> ProjectStorage:
    place = "/".join(part for part in (location, root.rstrip("/")) if part)
    return ProjectStorage(place, container, streams)
