"""One file → one result, as bytes of JSON: what a worker does for each file of an estate.

The reader of the bytes is passed in, so this stage knows no disk. A problem of the file is a status; nothing is raised for it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import PurePath
from typing import Any

import orjson

from uptake.assess.documents import Limits, Status, open_document
from uptake.assess.documents.sniff import HEAD, is_office_kind, sniff
from uptake.assess.result import FileResult
from uptake.core.severity import Target
from uptake.rules.catalogue import digest

HASHED_ANYWAY = 16 << 20
"""Files that are no Office files are read and hashed up to this size (bytes); a film or disk image is not read through."""
REMEMBERED = 32 << 20
"""Bytes of results that one worker keeps for contents that it has seen."""

Bytes = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What changes the result of a file; part of the key under which results are kept."""

    target: Target = Target.M365_64
    limits: Limits = field(default_factory=Limits)

    def digest(self) -> str:
        """Catalogue and options in one short text."""
        values = [getattr(self.limits, f.name) for f in fields(self.limits)]
        text = f"{digest()}|{self.target.value}|{values}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Scanned:
    """The result of one file as it travels: `result` is the JSON object without `path` and `sha256`."""

    sha256: str
    result: bytes
    key: bytes = b""
    """Under which the result may be kept for other files of the same content; empty: not to be kept."""

    def __reduce__(self) -> tuple[type[Scanned], tuple[str, bytes, bytes]]:
        """Travels as a call: a third of the work that the general way for slots is."""
        return Scanned, (self.sha256, self.result, self.key)


class FileScanner:
    """Scans file after file with one set of rules; remembers results by content."""

    def __init__(self, options: ScanOptions, lookup: Callable[[bytes], bytes | None] | None = None) -> None:
        from uptake.assess.analysis import Analyser  # not for the process that only collects the results

        self.options = options
        self.analyser = Analyser(options.target)
        self._lookup = lookup
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._kept_size = 0

    def warm(self) -> None:
        """Load rules and tables now, so that the first file does not pay for it."""
        from uptake.assess.predicates.signatures import WIN32

        _ = self.analyser.index, self.analyser.predicates
        WIN32.warm()

    def scan(self, data: Bytes, name: str) -> Scanned:
        """The result of one file's bytes. `name` is a hint for texts only."""
        size = len(data)
        if size > self.options.limits.file_size:
            reason = f"the file is larger than {self.options.limits.file_size} bytes; it was not read"
            return Scanned("", encode(problem(Status.LIMIT_REACHED, reason, size)))
        kind = sniff(data[:HEAD])
        if size > HASHED_ANYWAY and not is_office_kind(kind):
            shown = FileResult(Status.NOT_OFFICE, kind, "told by its first bytes; too large to hash", size)
            return Scanned("", encode(shown.as_json()))
        content = hashlib.sha256(data)
        # The name matters for plain text only: the same bytes as .bas and as .txt are two things.
        hint = PurePath(name).suffix.lower() if kind == "text" else ""
        key = content.digest() + hint.encode("utf-8", "replace")
        result = self._remembered(key)
        if result is None:
            try:
                result = encode(self._result(data, name))
            except MemoryError:  # not kept: it says something about this run, not about the content
                reason = "the memory limit was reached while reading the file"
                return Scanned(content.hexdigest(), encode(problem(Status.LIMIT_REACHED, reason, size)))
            self._remember(key, result)
        return Scanned(content.hexdigest(), result, key)

    def _result(self, data: Bytes, name: str) -> dict[str, Any]:
        try:
            return self.analyser.analyse(open_document(data, name=name, limits=self.options.limits)).as_json()
        except RecursionError:
            return problem(Status.ERROR, "the file is nested too deep", len(data))

    def _remembered(self, key: bytes) -> bytes | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        return self._lookup(key) if self._lookup else None

    def _remember(self, key: bytes, result: bytes) -> None:
        self._kept[key] = result
        self._kept_size += len(result) + 100
        while self._kept_size > REMEMBERED:
            _, old = self._kept.popitem(last=False)
            self._kept_size -= len(old) + 100


def problem(status: Status, reason: str, size: int = 0) -> dict[str, Any]:
    """The result of a file that could not be read."""
    return FileResult(status, "", reason, size).as_json()


def encode(value: object) -> bytes:
    """JSON in UTF-8; text that is not valid Unicode is written with replacement characters."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def whole_result(path: str, scanned: Scanned) -> bytes:
    """The file object of the contract: path and sha256 put before the rest, without parsing it again."""
    sha256 = f'"{scanned.sha256}"' if scanned.sha256 else "null"
    return b'{"path":' + encode(path) + b',"sha256":' + sha256.encode() + b"," + scanned.result[1:]
