"""Budget and Visit: what one file on disk may still ask for, and where in it we are.

Documents lie inside documents; the limits count for all levels together, so one budget is handed down the descent.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from uptake.assess.documents.model import Document, DocumentDefect, Limits, Status

MOST_DEFECTS = 100
Bytes = bytes | mmap.mmap
"""What a container is read from: both give `bytes` when sliced."""


@dataclass(slots=True)
class Budget:
    """What has been read of one file on disk, counted against its limits."""

    limits: Limits = field(default_factory=Limits)
    spent: int = 0
    documents: int = 0

    def spend(self, size: int) -> None:
        """Counts `size` bytes; `DocumentDefect` with LIMIT_REACHED when there are too many of them."""
        self.spent += size
        if self.spent > self.limits.total_size:
            raise DocumentDefect(
                f"more than {self.limits.total_size} bytes would have to be unpacked", Status.LIMIT_REACHED
            )


@dataclass(frozen=True, slots=True)
class Visit:
    """One step of the descent: the place, the depth and the budget; `opener` is handed down to avoid import cycles."""

    opener: Callable[[Bytes, str, Visit], Document]
    budget: Budget
    location: str = ""
    depth: int = 0

    @property
    def limits(self) -> Limits:
        return self.budget.limits

    def path(self, place: str) -> str:
        """The location of something at `place` inside the document that is being visited."""
        return f"{self.location}!{place}" if self.location else place

    def down(self, place: str) -> Visit:
        """The visit of the document at `place`."""
        return replace(self, location=self.path(place), depth=self.depth + 1)

    def may_descend(self, document: Document) -> bool:
        """Whether one more embedded document may be opened; a refusal is noted once in the document's defects."""
        limits = self.limits
        if self.depth >= limits.depth:
            note(document, f"documents more than {limits.depth} levels deep were not opened", "limit")
        elif self.budget.documents >= limits.embedded:
            note(document, f"more than {limits.embedded} embedded documents: the rest was not opened", "limit")
        else:
            return True
        return False

    def open_inside(self, document: Document, data: Bytes, place: str, name: str = "") -> Document | None:
        """Opens `data` as a document embedded in `document`; None where it is no Office document or over a limit."""
        if not self.may_descend(document):
            return None
        self.budget.documents += 1
        inner = self.opener(data, name, self.down(place))
        return inner if adopt(document, inner) else None


def adopt(document: Document, inner: Document) -> bool:
    """Puts `inner` among the embedded documents when it says anything about Office."""
    if inner.status is Status.NOT_OFFICE and not inner.embedded:
        return False
    document.embedded.append(inner)
    return True


def doubt(document: Document, reason: str) -> None:
    """Takes back “no VBA” (or “no Office”) where a part of the file that could say otherwise cannot be read."""
    if document.status in (Status.NO_VBA, Status.NOT_OFFICE):
        document.status, document.reason = Status.ERROR, reason


def complain(defects: list[str], sentence: str) -> None:
    """Adds a sentence once, and none after the first hundred: a hostile file has as many defects as it likes."""
    if len(defects) < MOST_DEFECTS and sentence not in defects:
        defects.append(sentence)


def note(document: Document, sentence: str, mark: str = "") -> None:
    """Adds a defect once; `mark` is the fact for rules beside the sentence for people."""
    complain(document.defects, sentence)
    if mark:
        document.marks.add(mark)
