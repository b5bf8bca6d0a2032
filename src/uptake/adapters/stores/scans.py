"""ScanStore: the durable truth of a scan in one SQLite file: which file has which content, and the result of each content.

WAL with one writer: a power cut loses the last transaction and nothing before it; workers read results of others by content.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
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
CHUNK = 400
PACKED_FROM = 2000


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a file: its state when it was read, and the number of its content (0: none kept)."""

    size: int
    mtime_ns: int
    content: int


class ScanStore:
    """One scan folder's store. Results of an older catalogue or of other options are dropped when it is opened."""

    def __init__(self, path: Path, digest: str, *, read_only: bool = False) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(
                f"file:{_quoted(path)}?mode={'ro' if read_only else 'rwc'}", uri=True, isolation_level=None
            )
            if not read_only:
                self._prepare(digest)
        except sqlite3.Error as error:
            raise UptakeError(
                f"{path} cannot be used as a scan store: {error}", "give another --out folder, or remove the file"
            ) from error

    def _prepare(self, digest: str) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA cache_size=-32000")
        self._db.executescript(SCHEMA)
        wanted = f"{VERSION}:{digest}"
        if self.get("digest") != wanted:
            self._db.executescript("DELETE FROM file; DELETE FROM content; DELETE FROM meta;")
            self.set("digest", wanted)

    def close(self) -> None:
        self._db.close()

    def get(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def set(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def begin_run(self, *, resume: bool) -> int:
        """Number of this run: the interrupted one's when it goes on, else a new one."""
        last = int(self.get("run") or 0)
        run = last if resume and last and self.get("state") == "running" else last + 1
        self.set("run", str(run))
        self.set("state", "running")
        return run

    def finish_run(self, run: int) -> None:
        """Forget files that this run no longer saw; mark the run as complete."""
        self._db.execute("DELETE FROM file WHERE run != ?", (run,))
        self._db.execute("DELETE FROM content WHERE id NOT IN (SELECT content FROM file WHERE content > 0)")
        self.set("state", "complete")

    def known(self, keys: list[bytes]) -> dict[bytes, Known]:
        """What is known of many files at once."""
        found: dict[bytes, Known] = {}
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT key, size, mtime_ns, content FROM file WHERE key IN ({marks})", part)  # noqa: S608
            found.update((row[0], Known(row[1], row[2], row[3] or 0)) for row in rows)
        return found

    def lookup(self, key: bytes) -> bytes | None:
        """The result of a content that somebody has analysed."""
        row = self._db.execute("SELECT result FROM content WHERE key = ?", (key,)).fetchone()
        return unpacked(row[0]) if row else None

    def touch(self, keys: Iterable[bytes], run: int) -> None:
        """Unchanged files belong to this run too."""
        self._db.execute("BEGIN")
        self._db.executemany("UPDATE file SET run = ? WHERE key = ?", ((run, key) for key in keys))
        self._db.execute("COMMIT")

    def add(self, rows: Iterable[tuple[bytes, str, int, int, Scanned]], run: int) -> None:
        """Record results in one transaction: (key, shown path, size, mtime in ns, result)."""
        self._db.execute("BEGIN")
        for key, path, size, mtime_ns, scanned in rows:
            content, own = 0, None
            if scanned.key:
                content = self._content(scanned)
            else:
                own = packed(scanned.result)
            self._db.execute(
                "INSERT OR REPLACE INTO file VALUES (?,?,?,?,?,?,?,?)",
                (key, path, size, mtime_ns, scanned.sha256, content, own, run),
            )
        self._db.execute("COMMIT")

    def _content(self, scanned: Scanned) -> int:
        added = self._db.execute(
            "INSERT OR IGNORE INTO content (key, result) VALUES (?, ?)", (scanned.key, packed(scanned.result))
        )
        if added.rowcount:
            return int(added.lastrowid or 0)
        row = self._db.execute("SELECT id FROM content WHERE key = ?", (scanned.key,)).fetchone()
        return int(row[0])

    def lines_of(self, keys: list[bytes]) -> Iterator[tuple[bytes, int]]:
        """JSON line and size of some files."""
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            query = f"""SELECT f.path, f.sha256, coalesce(f.result, c.result), f.size FROM file f
                        LEFT JOIN content c ON c.id = f.content WHERE f.key IN ({marks})"""  # noqa: S608
            for path, sha256, result, size in self._db.execute(query, part):
                yield whole_result(path, Scanned(sha256, unpacked(result))), size

    def lines(self, run: int | None = None) -> Iterator[bytes]:
        """Every file result as one JSON line, in the order of the paths."""
        where, values = ("WHERE f.run = ?", (run,)) if run is not None else ("", ())
        query = f"""SELECT f.path, f.sha256, coalesce(f.result, c.result) FROM file f
                    LEFT JOIN content c ON c.id = f.content {where} ORDER BY f.key"""  # noqa: S608
        for path, sha256, result in self._db.execute(query, values):
            yield whole_result(path, Scanned(sha256, unpacked(result)))

    def files(self, run: int | None = None) -> Iterator[dict[str, Any]]:
        """Every file result as the contract has it."""
        for line in self.lines(run):
            yield orjson.loads(line)


@dataclass(frozen=True)
class StoredReport:
    """A report over a store; implements `reporting.model.ScanReport`."""

    store: ScanStore
    summary: Mapping[str, Any]
    rules: Mapping[str, Mapping[str, Any]]
    run: int | None = None

    def files(self) -> Iterator[dict[str, Any]]:
        return self.store.files(self.run)


def packed(result: bytes) -> bytes:
    """Long results compressed: those with code around findings shrink to a tenth."""
    return zlib.compress(result, 1) if len(result) > PACKED_FROM else result


def unpacked(result: bytes) -> bytes:
    return result if result[:1] == b"{" else zlib.decompress(result)


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
