"""Scan: sources → worker processes → store and journal, with progress; wiring only, every decision is in `assess`.

Results are written as they come: the store in transactions, the journal as one JSON line a file. Whatever ends the scan,
both can be read, and a second run goes on from the store; the journal of a resumed run is written again from it.

Where nothing has changed since a complete scan, journal and summary of that scan stay as they are: the second run costs the
walk and one look-up a file. The first change makes it catch up: what it has passed by is written and counted after all.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from uptake.adapters.concealment import Concealer
from uptake.adapters.engines.processes import Lost, ProcessPool
from uptake.adapters.sources.local import CannotRead, Entry, displayed, read, walk, without_overlaps
from uptake.adapters.stores.lock import LOCK, FolderLock
from uptake.adapters.stores.scans import SIDE_FILES, ScanStore
from uptake.assess.documents import Status
from uptake.assess.scan import FileScanner, Scanned, ScanOptions, encode, problem, whole_result
from uptake.core.errors import UptakeError

STORE = "scan.sqlite"
JOURNAL = "results.jsonl"
CHUNK = 1000
FIRST_COMMIT, COMMIT_EVERY, COMMIT_BYTES, COMMIT_SECONDS = 500, 2000, 8 << 20, 1.0
"""Results are written after so many files (few at first), bytes of results or seconds, whichever comes first."""
READ_WHOLE = frozenset(status.value for status in (Status.NO_VBA, Status.HAS_VBA, Status.NOT_OFFICE))

Row = tuple[bytes, str, int, int, Scanned]


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What to scan and how; sizes in bytes. Names in `reports` are those of files that the caller will write into the folder."""

    roots: list[str]
    options: ScanOptions = field(default_factory=ScanOptions)
    workers: int = 1
    seconds: float = 120.0
    memory: int = 1 << 30
    resume: bool = False
    fresh: bool = False
    reports: tuple[str, ...] = ()

    def digest(self) -> str:
        """What changes results: the memory limit too, for “limit reached” is kept like every other result."""
        return hashlib.sha256(f"{self.options.digest()}|{self.memory}".encode()).hexdigest()[:16]


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
        lookup = ScanStore.reader(Path(store)).lookup if store else None
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
                with suppress(BufferError):  # somebody still looks at it; the last one closes it
                    data.close()


class Scan(AbstractContextManager["Scan"]):
    """One run over the roots of a request into a folder. Iterate `run()` to its end; stop early and nothing is lost."""

    def __init__(
        self,
        request: ScanRequest,
        folder: Path,
        *,
        concealer: Concealer | None = None,
        facts: Mapping[str, Any] | None = None,
        on_result: Callable[[dict[str, Any]], None] = lambda _result: None,
        may_skip: bool = False,
    ) -> None:
        """`facts` describe the scan in the store from its begin; `on_result` gets every file result.

        With `may_skip` it gets none where nothing at all has changed since the last complete scan of the same roots:
        `is_unchanged` says so after `run`, and what was known of that scan is still right.
        """
        self.request = request
        self.folder = folder
        self.progress = Progress()
        self.roots = without_overlaps(request.roots)
        self.pool: ProcessPool | None = None
        self._concealer = concealer
        self._facts = facts or {}
        self._on_result = on_result
        self._is_stopped = False
        self._direct: list[Row] = []
        self._own = _own_files(folder, request.reports, concealer)
        _make_folder(folder, self._own)
        self._lock = FolderLock(folder)
        try:
            identity = concealer.identity if concealer else ""
            self.store = ScanStore(folder / STORE, request.digest(), concealed=identity, fresh=request.fresh)
            self._is_skipping = (
                may_skip and self.store.is_complete and self._journal_state() == self.store.get("journal")
            )
            self._is_known = self.store.count() > 0  # else there is nothing to look up
            # While nothing has changed the last run stands as it is, complete, and no row is written.
            self.run_number = self.store.last_run if self._is_skipping else self._begin_run(resume=request.resume)
            # A new journal for a new run; the old one stays for as long as it says the same.
            self._journal = open(folder / JOURNAL, "ab" if self._is_skipping else "wb", buffering=0)  # noqa: SIM115
        except BaseException:
            self._lock.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.close()
        self.store.close()
        self._lock.release()

    def stop(self) -> None:
        """End `run` soon, with everything written that was read; may be called from a signal handler."""
        self._is_stopped = True

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._is_stopped

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing at all has changed since the last complete scan, so that no result was given out."""
        return self._is_skipping

    def run(self) -> Generator[Progress]:
        """Scan; yields now and then so that the caller can show the progress."""
        # One worker remembers what it has seen itself; looking things up pays where others or an earlier scan read them.
        is_shared = self.request.workers > 1 or self._is_known
        self.pool = ProcessPool(
            FileTask,
            (self.request.options, str(self.folder / STORE) if is_shared else ""),
            workers=self.request.workers,
            seconds=self.request.seconds,
            memory=self.request.memory,
            preload=("uptake.assess.analysis",),
        )
        pending: list[Row] = []
        batch, committed, held = FIRST_COMMIT, time.monotonic(), 0
        with closing(self.pool.run(self._changed())) as answers:
            try:
                for done in answers:
                    if done:
                        pending.append(row := self._row(done[0].entry, done[1]))
                        held += len(row[4].result)
                    now = time.monotonic()
                    is_much = len(pending) + len(self._direct) >= batch or held >= COMMIT_BYTES
                    if is_much or now - committed > COMMIT_SECONDS:
                        rows, pending, committed, held = pending + self._direct, [], now, 0
                        self._direct, batch = [], min(COMMIT_EVERY, 2 * batch)
                        self._write(rows)
                        yield self.progress
                    if self._is_stopped:
                        break
            finally:
                self._write(pending + self._direct)
                self._journal.close()
        if not self._is_stopped and not self._is_skipping:
            self.store.set("journal", self._journal_state())
            self.store.finish_run(self.run_number)
        yield self.progress

    def _changed(self) -> Iterator[_TaskEntry | None]:
        """What must be read; unchanged files are taken from the store on the way. None after each part of the walk."""
        while not (yield from self._walked()):
            self._start_over()

    def _walked(self) -> Generator[_TaskEntry | None, None, bool]:
        """One walk; False when everything was passed over as unchanged so far, and now something has changed."""
        seen = 0
        entries = (entry for entry in walk(self.roots) if not self._is_own(entry.path))
        while not self._is_stopped and (chunk := list(islice(entries, CHUNK))):
            keyed = {self._key(entry.path): entry for entry in chunk}
            known = self.store.known(list(keyed)) if self._is_known else {}
            unchanged: list[bytes] = []
            for key, entry in keyed.items():
                found = known.get(key)
                is_same = found and found.content and (found.size, found.mtime_ns) == (entry.size, entry.mtime_ns)
                if self._is_skipping and (entry.problem or not is_same):
                    return False
                if entry.problem:
                    self._direct.append(self._row(entry, _problem(entry.status, entry.problem, entry.size)))
                elif is_same:
                    unchanged.append(key)
                else:
                    yield _TaskEntry(entry)
            if unchanged:
                self._take(unchanged)
            seen += len(keyed)
            yield None
        return not self._is_skipping or self._is_stopped or seen == self.store.count()  # else files are gone

    def _is_own(self, path: str) -> bool:
        """Our own results are not part of the estate when they lie inside it; other files beside them are."""
        name = path[path.rfind(os.sep) + 1 :]
        return name in self._own and os.path.realpath(path) in self._own[name]

    def _key(self, path: str) -> bytes:
        return self._concealer.key(path) if self._concealer else os.fsencode(path)

    def _take(self, keys: list[bytes]) -> None:
        if self._is_skipping:
            self.progress.unchanged += len(keys)
            self.progress.files += len(keys)
            return
        self.store.touch(keys, self.run_number)
        found = list(self.store.lines_of(keys))
        self.progress.unchanged += len(found)
        self._emit([line for line, _ in found], sum(size for _, size in found))

    def _journal_state(self) -> str:
        """Tells whether the journal is still what the last scan left: a report in another language may have replaced it."""
        try:
            found = (self.folder / JOURNAL).stat()
        except OSError:
            return "none"
        return f"{found.st_size}:{found.st_mtime_ns}"

    def _begin_run(self, *, resume: bool) -> int:
        number = self.store.begin_run(resume=resume)
        self.store.describe(self._facts)
        return number

    def _start_over(self) -> None:
        """Something has changed: a new run, and the journal and the summary are made anew."""
        self._is_skipping = False
        self.run_number = self._begin_run(resume=False)
        self._journal.truncate(0)
        self.progress.files = self.progress.unchanged = 0

    def _row(self, entry: Entry, answer: Any) -> Row:
        if isinstance(answer, Lost):
            status = Status.LIMIT_REACHED if answer.is_limit else Status.ERROR
            answer = _problem(status, answer.reason, entry.size)
        shown = displayed(entry.path)
        if self._concealer:
            shown = self._concealer.conceal_path(shown)
            answer.result = self._concealer.conceal_result(answer.result)
        return self._key(entry.path), shown, entry.size, entry.mtime_ns, answer

    def _write(self, rows: list[Row]) -> None:
        if not rows:
            return
        self.store.add(rows, self.run_number)
        self._emit([whole_result(row[1], row[4]) for row in rows], sum(row[2] for row in rows))

    def _emit(self, lines: list[bytes], size: int) -> None:
        """Whole lines in one write, so that whoever reads along, or after a crash, does not meet half a line."""
        try:
            left = memoryview(b"\n".join(lines) + b"\n")
            while left:
                left = left[self._journal.write(left) :]
        except OSError as error:
            raise UptakeError(f"{self.folder / JOURNAL} cannot be written: {error.strerror}") from error
        self.progress.files += len(lines)
        self.progress.size += size
        progress, tell = self.progress, self._on_result
        for line in lines:
            result: dict[str, Any] = orjson.loads(line)
            if result["projects"]:
                progress.with_vba += 1
            if result["findings"]:
                progress.with_findings += 1
            if result["status"] not in READ_WHOLE:
                progress.unreadable += 1
            tell(result)


def _problem(status: Status, reason: str, size: int) -> Scanned:
    return Scanned("", encode(problem(status, reason, size)))


def _own_files(folder: Path, reports: Iterable[str], concealer: Concealer | None) -> dict[str, set[str]]:
    """Real paths of all files that a scan into `folder` writes, by their names."""
    real = os.path.realpath(folder)
    names = [*(STORE + end for end in SIDE_FILES), JOURNAL, LOCK, *reports, *(f"{name}.part" for name in reports)]
    paths = [os.path.join(real, *name.split("/")) for name in names]
    if concealer:
        paths.append(os.path.realpath(concealer.path))
    own: dict[str, set[str]] = {}
    for path in paths:
        own.setdefault(os.path.basename(path), set()).add(path)
    return own


def _make_folder(folder: Path, own: dict[str, set[str]]) -> None:
    """A folder for results; never one that holds files of somebody else under the names that ours will have."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = set(os.listdir(folder))
    except OSError as error:
        raise UptakeError(
            f"{folder} cannot be used for results: {error.strerror}", "name another folder with --out"
        ) from error
    if not os.access(folder, os.W_OK):
        raise UptakeError(f"{folder} cannot be written to", "name another folder with --out")
    foreign = sorted(names & set(own) - {LOCK})
    if foreign and STORE not in names:
        raise UptakeError(
            f"{folder} holds {foreign[0]}, and no scan of uptake wrote it there", "name another folder with --out"
        )


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
