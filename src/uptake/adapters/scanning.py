"""Scan: sources → worker processes → store and journal, with progress; wiring only, every decision is in `assess`.

Results are written as they come: the store in transactions, the journal as one JSON line a file. Whatever ends the scan,
both can be read, and a second run goes on from them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import orjson

from uptake.adapters.concealment import Concealer
from uptake.adapters.engines.processes import Lost, ProcessPool
from uptake.adapters.sources.local import CannotRead, Entry, displayed, read, walk
from uptake.adapters.stores.scans import ScanStore
from uptake.assess.documents import Status
from uptake.assess.scan import FileScanner, Scanned, ScanOptions, encode, problem, whole_result
from uptake.core.errors import UptakeError

STORE = "scan.sqlite"
JOURNAL = "results.jsonl"
CHUNK = 1000
COMMIT_EVERY = 500
COMMIT_SECONDS = 1.0

Row = tuple[bytes, str, int, int, Scanned]


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What to scan and how; sizes in bytes."""

    roots: list[str]
    options: ScanOptions = field(default_factory=ScanOptions)
    workers: int = 1
    seconds: float = 120.0
    memory: int = 1 << 30
    resume: bool = False
    fresh: bool = False


@dataclass(slots=True)
class Progress:
    """Numbers that a terminal shows while the scan runs."""

    started: float = field(default_factory=time.monotonic)
    files: int = 0
    size: int = 0
    unchanged: int = 0
    with_vba: int = 0
    with_findings: int = 0
    unreadable: int = 0

    @property
    def rate(self) -> float:
        """Files a second since the start."""
        return self.files / max(1e-6, time.monotonic() - self.started)


class FileTask:
    """What a worker does with a path: read, scan, answer; the exceptions of reading become statuses."""

    def __init__(self, options: ScanOptions, store: str) -> None:
        lookup = ScanStore(Path(store), "", read_only=True).lookup if store else None
        self._scanner = FileScanner(options, lookup)
        self._scanner.warm()

    def __call__(self, path: str) -> Scanned:
        try:
            data = read(path)
        except CannotRead as error:
            return Scanned("", encode(problem(error.status, str(error))))
        try:
            return self._scanner.scan(data, os.path.basename(path))
        except MemoryError:
            return Scanned("", encode(problem(Status.LIMIT_REACHED, "the memory limit was reached", len(data))))
        finally:
            if not isinstance(data, bytes):
                data.close()


class Scan(AbstractContextManager["Scan"]):
    """One run over the roots of a request into a folder. Iterate `run()` to its end; stop early and nothing is lost."""

    def __init__(
        self,
        request: ScanRequest,
        folder: Path,
        *,
        concealer: Concealer | None = None,
        on_result: Callable[[dict[str, Any]], None] = lambda _result: None,
    ) -> None:
        self.request = request
        self.folder = folder
        self.progress = Progress()
        self._concealer = concealer
        self._on_result = on_result
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UptakeError(f"{folder} cannot be made: {error.strerror}", "name another folder with --out") from error
        concealed = f"|{concealer.identity}" if concealer else ""
        if request.fresh:
            for name in (STORE, STORE + "-wal", STORE + "-shm"):
                (folder / name).unlink(missing_ok=True)
        self.store = ScanStore(folder / STORE, request.options.digest() + concealed)
        self.run_number = self.store.begin_run(resume=request.resume)
        self._journal = self._open_journal()
        self._own = str(folder.absolute())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.close()
        self.store.close()

    def _open_journal(self) -> IO[bytes]:
        """A new journal for a new run. What a resumed run had is written again from the store: a torn line cannot stay."""
        return (self.folder / JOURNAL).open("wb")

    def run(self) -> Iterator[Progress]:
        """Scan; yields now and then so that the caller can show the progress."""
        pool = ProcessPool(
            FileTask,
            (self.request.options, str(self.folder / STORE)),
            workers=self.request.workers,
            seconds=self.request.seconds,
            memory=self.request.memory,
        )
        self._direct: list[Row] = []
        pending: list[Row] = []
        committed = time.monotonic()
        try:
            for entry, answer in pool.run(_TaskEntry(e) for e in self._changed()):
                pending.append(self._row(entry.entry, answer))
                if self._direct:
                    pending, self._direct = pending + self._direct, []
                if len(pending) >= COMMIT_EVERY or time.monotonic() - committed > COMMIT_SECONDS:
                    self._write(pending)
                    pending, committed = [], time.monotonic()
                    yield self.progress
        finally:
            self._write(pending + self._direct)
        self.store.finish_run(self.run_number)
        yield self.progress

    def _changed(self) -> Iterator[Entry]:
        """Entries that must be read; unchanged ones are taken from the store on the way."""
        entries = (entry for entry in walk(self.request.roots) if not self._is_own(entry.path))
        while chunk := list(islice(entries, CHUNK)):
            keyed = {self._key(entry.path): entry for entry in chunk}
            known = self.store.known(list(keyed))
            unchanged: list[bytes] = []
            for key, entry in keyed.items():
                if entry.problem:
                    self._direct.append(
                        self._row(entry, Scanned("", encode(problem(entry.status, entry.problem, entry.size))))
                    )
                    continue
                found = known.get(key)
                if found and found.content and (found.size, found.mtime_ns) == (entry.size, entry.mtime_ns):
                    unchanged.append(key)
                else:
                    yield entry
            if unchanged:
                self._take(unchanged)

    def _is_own(self, path: str) -> bool:
        """Our own results are not part of the estate when they lie inside it."""
        return path.startswith(self._own) and os.path.dirname(path) == self._own

    def _key(self, path: str) -> bytes:
        return self._concealer.key(path) if self._concealer else os.fsencode(path)

    def _take(self, keys: list[bytes]) -> None:
        self.store.touch(keys, self.run_number)
        for line, size in self.store.lines_of(keys):
            self.progress.files += 1
            self.progress.unchanged += 1
            self.progress.size += size
            self._emit(line)

    def _row(self, entry: Entry, answer: Any) -> Row:
        if isinstance(answer, Lost):
            status = Status.LIMIT_REACHED if answer.timed_out else Status.ERROR
            answer = Scanned("", encode(problem(status, answer.reason, entry.size)))
        shown = displayed(entry.path)
        if self._concealer:
            shown = self._concealer.conceal_path(shown)
            answer.result = self._concealer.conceal_result(answer.result)
        return self._key(entry.path), shown, entry.size, entry.mtime_ns, answer

    def _write(self, rows: list[Row]) -> None:
        if not rows:
            return
        self.store.add(rows, self.run_number)
        for _, shown, size, _, scanned in rows:
            self.progress.files += 1
            self.progress.size += size
            self._emit(whole_result(shown, scanned))
        self._journal.flush()

    def _emit(self, line: bytes) -> None:
        self._journal.write(line + b"\n")
        result: dict[str, Any] = orjson.loads(line)
        self.progress.with_vba += bool(result["projects"])
        self.progress.with_findings += bool(result["findings"])
        self.progress.unreadable += result["status"] not in (Status.NO_VBA, Status.HAS_VBA, Status.NOT_OFFICE)
        self._on_result(result)


class _TaskEntry:
    """An entry on its way through the pool: only its path travels to the worker."""

    __slots__ = ("entry",)

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (self.entry.path,)


def count_files(roots: Iterable[str], limit_seconds: float = 600) -> int:
    """Number of files below the roots, for the time that is left; stops counting after `limit_seconds`."""
    end = time.monotonic() + limit_seconds
    total = 0
    for _ in walk(list(roots)):
        total += 1
        if total % 1000 == 0 and time.monotonic() > end:
            break
    return total
