"""ScanStore: the durable truth of a scan in one SQLite file: which file has which content, and the result of each content.

WAL with one writer: a power cut loses the last transaction and nothing before it; workers read results of others by content.

A store belongs to the roots of its last scan: files that a complete scan did not meet leave it, also when they lie below
roots that were scanned before and are not now. Until a scan is complete they stay, so that it can be resumed.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from uptake.assess.scan import Scanned, whole_result
from uptake.core.errors import UptakeError

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS content (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, result BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS file (
    key BLOB PRIMARY KEY, path TEXT NOT NULL, size INTEGER, mtime_ns INTEGER, sha256 TEXT,
    content INTEGER, result BLOB, run INTEGER NOT NULL
) WITHOUT ROWID;
"""
SETTLED = """CASE WHEN content > 0 THEN content WHEN instr(result, CAST('"status":"not an Office file"' AS BLOB)) > 0 THEN -1
    WHEN instr(result, CAST('"reason":"the file is larger than' AS BLOB)) > 0 THEN -1 ELSE 0 END"""
CHUNK = 400
PACKED_FROM = 2000
SIDE_FILES = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside the file."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a file: its state when it was read, and the number of its content.

    -1: none, but another reading would say the same; 0: none, and it has to be tried again.
    """

    size: int
    mtime_ns: int
    content: int


class ScanStore:
    """One scan folder's store. Results of an older catalogue or of other options are dropped when it is opened."""

    def __init__(self, path: Path, digest: str, *, concealed: str = "", fresh: bool = False) -> None:
        """Open for writing. `concealed` is the identity of the key that hides names, empty where they stand clear."""
        self.path = path
        try:
            self._db = _connect(path, "rwc")
            self._prepare(f"{VERSION}:{digest}", concealed, fresh=fresh)
        except sqlite3.Error as error:
            raise _unusable(path, error) from error

    @classmethod
    def reader(cls, path: Path) -> ScanStore:
        """Open a store that is there, to read it only."""
        store = cls.__new__(cls)
        try:
            store._attach(path)  # noqa: SLF001 — our own
            version = store.get("digest").partition(":")[0]
        except sqlite3.Error as error:
            raise _unusable(path, error) from error
        if version != str(VERSION):
            raise UptakeError(f"{path} was written by another version of uptake", "scan again into the same folder")
        return store

    def _attach(self, path: Path) -> None:
        self.path, self._db = path, _connect(path, "ro")

    def _prepare(self, digest: str, concealed: str, *, fresh: bool) -> None:
        self._db.executescript(SCHEMA)
        before = self.get("digest")
        if before and bool(self.get("concealed")) != bool(concealed):
            state = "concealed" if self.get("concealed") else "clear"
            self.close()
            raise UptakeError(f"{self.path.parent} holds results with {state} names", "name another --out folder")
        if before and (fresh or (before, self.get("concealed")) != (digest, concealed)):
            self._begin_anew()
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA cache_size=-32000")
        self.set("digest", digest)
        self.set("concealed", concealed)

    def _begin_anew(self) -> None:
        """A new file instead of deleted rows: gives the space back, and nothing of the old results stays in it."""
        self.close()
        for end in SIDE_FILES:
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        self._db = _connect(self.path, "rwc")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, whatever interrupts; a full disk is told to the user."""
        try:
            self._db.execute("BEGIN")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _unusable(self.path, error) from error
            raise

    def get(self, key: str) -> str:
        """A value that `set` has kept, empty where there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def set(self, key: str, value: str) -> None:
        """Keep a short text with the results."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Keep what a report says of the scan itself: sources, target, labels, dates."""
        self.set("facts", orjson.dumps(facts).decode())

    def description(self) -> dict[str, Any]:
        """What `describe` has kept, and whether the scan came to its end."""
        facts: dict[str, Any] = orjson.loads(self.get("facts") or "{}")
        return {**facts, "complete": self.is_complete}

    def keep_summary(self, summary: Mapping[str, Any]) -> None:
        """Keep the numbers of the last scan for one that finds nothing changed."""
        self.set("summary", orjson.dumps({"run": self.get("run"), "numbers": summary}).decode())

    def kept_summary(self, run: int) -> dict[str, Any] | None:
        """What `keep_summary` has kept of that run; None where it has kept another one or none."""
        kept: dict[str, Any] = orjson.loads(self.get("summary") or "{}")
        return kept.get("numbers") if kept.get("run") == str(run) else None

    @property
    def is_complete(self) -> bool:
        """Whether the last scan saw all of its roots."""
        return self.get("state") == "complete"

    @property
    def last_run(self) -> int:
        """Number of the last run that has begun; 0 before the first."""
        return int(self.get("run") or 0)

    def begin_run(self, *, resume: bool) -> int:
        """Number of this run. One that goes on with an interrupted run counts what that one had read as its own."""
        run = self.last_run + 1
        with self._transaction():
            if not (resume and self.get("state") == "running"):
                self.set("first", str(run))
            self.set("run", str(run))
            self.set("state", "running")
        return run

    def finish_run(self, run: int) -> None:
        """Forget files that this run did not meet; mark the run as complete."""
        with self._transaction():
            self._db.execute("DELETE FROM file WHERE run != ?", (run,))
            self._db.execute("DELETE FROM content WHERE id NOT IN (SELECT content FROM file WHERE content > 0)")
            self.set("state", "complete")

    def known(self, keys: list[bytes]) -> dict[bytes, Known]:
        """What is known of many files at once."""
        found: dict[bytes, Known] = {}
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT key, size, mtime_ns, {SETTLED} FROM file WHERE key IN ({marks})", part)  # noqa: S608
            found.update((row[0], Known(*row[1:])) for row in rows)
        return found

    def lookup(self, key: bytes) -> bytes | None:
        """The result of a content that somebody has analysed."""
        row = self._db.execute("SELECT result FROM content WHERE key = ?", (key,)).fetchone()
        return unpacked(row[0]) if row else None

    def touch(self, keys: Iterable[bytes], run: int) -> None:
        """Unchanged files belong to this run too."""
        with self._transaction():
            self._db.executemany("UPDATE file SET run = ? WHERE key = ?", ((run, key) for key in keys))

    def add(self, rows: Iterable[tuple[bytes, str, int, int, Scanned]], run: int) -> None:
        """Record results in one transaction: (key, shown path, size, mtime in ns, result)."""
        rows = list(rows)
        contents = {scanned.key: scanned.result for *_, scanned in rows if scanned.key}
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO content (key, result) VALUES (?, ?)",
                ((key, packed(result)) for key, result in contents.items()),
            )
            self._db.executemany(
                """INSERT OR REPLACE INTO file
                   VALUES (?, ?, ?, ?, ?, coalesce((SELECT id FROM content WHERE key = ?), 0), ?, ?)""",
                (
                    (key, path, size, mtime_ns, scanned.sha256, scanned.key or None,
                     None if scanned.key else packed(scanned.result), run)
                    for key, path, size, mtime_ns, scanned in rows
                ),
            )  # fmt: skip

    def lines_of(self, keys: list[bytes]) -> Iterator[tuple[bytes, int]]:
        """JSON line and size of some files."""
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            query = f"""SELECT f.path, f.sha256, coalesce(f.result, c.result), f.size FROM file f
                        LEFT JOIN content c ON c.id = f.content WHERE f.key IN ({marks})"""  # noqa: S608
            for path, sha256, result, size in self._db.execute(query, part):
                yield whole_result(path, Scanned(sha256, unpacked(result))), size

    def lines(self) -> Iterator[bytes]:
        """Every file result as one JSON line, in the order of the paths; of an interrupted scan, what it had read."""
        query = """SELECT f.path, f.sha256, coalesce(f.result, c.result) FROM file f
                   LEFT JOIN content c ON c.id = f.content WHERE f.run >= ? ORDER BY f.key"""
        for path, sha256, result in self._db.execute(query, (int(self.get("first") or 0),)):
            yield whole_result(path, Scanned(sha256, unpacked(result)))

    def count(self) -> int:
        """How many files the store knows."""
        return int(self._db.execute("SELECT count(*) FROM file").fetchone()[0])

    def files(self) -> Iterator[dict[str, Any]]:
        """Every file result as the contract has it."""
        for line in self.lines():
            yield orjson.loads(line)


@dataclass(frozen=True)
class StoredReport:
    """A report over a store; implements `reporting.model.ScanReport`."""

    store: ScanStore
    summary: Mapping[str, Any]
    rules: Mapping[str, Mapping[str, Any]]

    def files(self) -> Iterator[dict[str, Any]]:
        """As `ScanReport.files`."""
        return self.store.files()


def packed(result: bytes) -> bytes:
    """Long results compressed: those with code around findings shrink to a tenth."""
    return zlib.compress(result, 1) if len(result) > PACKED_FROM else result


def unpacked(result: bytes) -> bytes:
    return result if result[:1] == b"{" else zlib.decompress(result)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    quoted = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?mode={mode}", uri=True, isolation_level=None)


def _unusable(path: Path, error: sqlite3.Error) -> UptakeError:
    return UptakeError(
        f"{path} cannot be used as a scan store: {error}", "is the disk full? else name another --out folder"
    )
