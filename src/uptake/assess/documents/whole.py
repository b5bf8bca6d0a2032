"""WholeFile: a file that is one stream (RTF, XML) as a `Container`, so that facts are taken from it as from others."""

from __future__ import annotations

from uptake.assess.documents.budget import Bytes
from uptake.assess.documents.model import DocumentDefect, Status

NAME = "content"


class WholeFile:
    """One stream called `content`."""

    def __init__(self, data: Bytes) -> None:
        self.data = data

    def names(self) -> list[str]:
        return [NAME]

    def size(self, name: str) -> int:
        return len(self._known(name))

    def read(self, name: str, limit: int | None = None) -> bytes:
        data = self._known(name)
        if limit is not None and len(data) > limit:
            raise DocumentDefect(f"the file is larger than {limit} bytes", Status.LIMIT_REACHED)
        return bytes(data[:])

    def _known(self, name: str) -> Bytes:
        if name != NAME:
            raise DocumentDefect(f"there is no stream {name!r}")
        return self.data
