"""Folders of this machine and what is mounted into it: walked in a stream, never in circles, opened without side effects."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uptake.assess.documents import Status

MAPPED_FROM = 32 << 20
"""Files of this size (bytes) or more are mapped instead of read, so that they do not count twice in memory."""
# FILE_ATTRIBUTE_OFFLINE, _RECALL_ON_OPEN and _RECALL_ON_DATA_ACCESS (Windows): reading would download the file.
IN_THE_CLOUD = 0x1000 | 0x40000 | 0x400000
LOCK_ERRORS = (errno.EAGAIN, errno.EBUSY, errno.ETXTBSY, errno.EDEADLK)
WINDOWS_LOCKED = (32, 33)
NO_FILE = "neither a folder nor a file that can be read"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that was found, or a folder that could not be listed (`problem`)."""

    path: str
    size: int
    mtime_ns: int
    problem: str = ""
    status: Status = Status.INACCESSIBLE


class CannotRead(Exception):
    """A file could not be read; the status says how ORT would have called it."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def walk(roots: list[str]) -> Iterator[Entry]:
    """Every regular file below the roots, each folder's in the order of their names; memory grows with depth, not with files.

    Links to folders are not followed, nor are junctions; a link to a file counts as that file, and one that leads nowhere
    is a problem. Devices, pipes and sockets are passed over below a root, and a problem where they are one.
    """
    for root in roots:
        try:
            found = os.stat(root)
        except OSError as error:
            yield Entry(root, 0, 0, _sentence(error))
            continue
        if stat.S_ISDIR(found.st_mode):
            yield from _folder(root)
        elif stat.S_ISREG(found.st_mode):
            yield _entry(root, found)
        else:
            yield Entry(root, 0, 0, NO_FILE)


def _folder(path: str) -> Iterator[Entry]:
    pending = [path]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Entry(folder, 0, 0, _sentence(error))
            continue
        below = []
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not _is_junction(entry):
                        below.append(entry.path)
                    continue
                found = entry.stat()
            except OSError as error:
                yield Entry(entry.path, 0, 0, _sentence(error))
                continue
            if stat.S_ISREG(found.st_mode):
                yield _entry(entry.path, found)
        pending.extend(reversed(below))


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Windows' links to folders: they can lead in circles."""
    found = entry.stat(follow_symlinks=False)
    return getattr(found, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


def _entry(path: str, found: os.stat_result) -> Entry:
    if getattr(found, "st_file_attributes", 0) & IN_THE_CLOUD:
        reason = "the file is a placeholder of a cloud folder; reading it would download it"
        return Entry(path, found.st_size, found.st_mtime_ns, reason, Status.CLOUD_BASED)
    return Entry(path, found.st_size, found.st_mtime_ns)


def read(path: str) -> bytes | mmap.mmap:
    """The bytes of a file; `CannotRead` with a status otherwise."""
    try:
        # Non-blocking: what was a file when it was listed may be a pipe by now.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise CannotRead(Status.INACCESSIBLE, NO_FILE)
            if found.st_size >= MAPPED_FROM:
                return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            return _whole(descriptor, found.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CannotRead(_status(error), _sentence(error)) from error
    except (MemoryError, ValueError) as error:
        raise CannotRead(Status.LIMIT_REACHED, "the file does not fit into the memory limit") from error


def _whole(descriptor: int, size: int) -> bytes:
    """All that can be read; `size` is what the file had a moment ago. An object for the file would cost more than the reading."""
    data = os.read(descriptor, size + 1)
    rest = os.read(descriptor, 4096)
    if not rest:
        return data
    pieces = [data, rest]
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def _status(error: OSError) -> Status:
    if error.errno == errno.ENOMEM:
        return Status.LIMIT_REACHED
    if error.errno in LOCK_ERRORS or getattr(error, "winerror", None) in WINDOWS_LOCKED:
        return Status.LOCKED
    return Status.INACCESSIBLE


def _sentence(error: OSError) -> str:
    return (error.strerror or str(error)).rstrip(".").lower() if error.errno else str(error)


def displayed(path: str) -> str:
    """A path as text: bytes that are no valid name are shown as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def absolute(paths: tuple[str, ...]) -> list[str]:
    """Roots as they are shown in results: absolute, without `..` where that leads to the same place, each place once."""
    return without_overlaps([_absolute(path) for path in paths])


def _absolute(path: str) -> str:
    plain, simple = str(Path(path).absolute()), os.path.abspath(path)
    return simple if os.path.realpath(simple) == os.path.realpath(plain) else plain


def without_overlaps(roots: list[str]) -> list[str]:
    """Roots without those that a walk of the others meets anyway, so that no file is reported twice."""
    places = {root: _place(root) for root in roots}
    kept: list[str] = []
    for root, place in places.items():
        others = [places[other] for other in places if other != root and (places[other] != place or other in kept)]
        if not any(place == other or place.startswith(other.rstrip(os.sep) + os.sep) for other in others):
            kept.append(root)
    return kept


def _place(path: str) -> str:
    """Where a walk finds `path`: links to folders resolved, a link to a file kept as the name of its own that it is."""
    if os.path.isdir(path):
        return os.path.normcase(os.path.realpath(path))
    folder, name = os.path.split(path)
    return os.path.normcase(os.path.join(os.path.realpath(folder), name))
