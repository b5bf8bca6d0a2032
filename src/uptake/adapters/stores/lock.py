"""FolderLock: one scan at a time writes into a folder. The system frees the lock when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from uptake.core.errors import UptakeError

LOCK = "scan.lock"


class FolderLock:
    """Held from its making to `release`; a second one for the same folder is an `UptakeError`."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            raise UptakeError(
                f"another scan is writing into {folder}", "wait for its end, or name another --out folder"
            ) from error

    def release(self) -> None:
        """Let the next one in. The empty file stays: removing it would race with who waits for it."""
        os.close(self._descriptor)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
