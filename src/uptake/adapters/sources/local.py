"""Folders of this machine and what is mounted into it: walked in a stream, never followed in circles, opened without side effects."""

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

    Links to folders are not followed; a link to a file counts as that file. Devices, pipes and sockets are passed over.
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
                    below.append(entry.path)
                    continue
                found = entry.stat()
            except OSError as error:
                yield Entry(entry.path, 0, 0, _sentence(error))
                continue
            if stat.S_ISREG(found.st_mode):
                yield _entry(entry.path, found)
        pending.extend(reversed(below))


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
        with open(descriptor, "rb", buffering=0) as file:
            size = os.fstat(descriptor).st_size
            if size >= MAPPED_FROM:
                return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            return file.readall()
    except OSError as error:
        raise CannotRead(_status(error), _sentence(error)) from error
    except (MemoryError, ValueError) as error:
        raise CannotRead(Status.LIMIT_REACHED, "the file does not fit into the memory limit") from error


def _status(error: OSError) -> Status:
    if error.errno in LOCK_ERRORS or getattr(error, "winerror", None) in WINDOWS_LOCKED:
        return Status.LOCKED
    return Status.INACCESSIBLE


def _sentence(error: OSError) -> str:
    return (error.strerror or str(error)).rstrip(".").lower() if error.errno else str(error)


def displayed(path: str) -> str:
    """A path as text: bytes that are no valid name are shown as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def absolute(paths: tuple[str, ...]) -> list[str]:
    """Roots as they are shown in results: made absolute, without a trailing separator."""
    return [str(Path(path).absolute()) for path in paths]
