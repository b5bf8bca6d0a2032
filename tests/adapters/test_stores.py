"""The store: all or nothing, readable after every end, one writer at a time."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from uptake.adapters.stores.lock import FolderLock
from uptake.adapters.stores.scans import VERSION, Known, ScanStore, packed, unpacked
from uptake.assess.scan import Scanned
from uptake.core.errors import UptakeError

RESULT = orjson.dumps({"size": 1, "status": "no VBA", "findings": [], "projects": []})
Row = tuple[bytes, str, int, int, Scanned]


def row(name: str, content: bytes = b"", result: bytes = RESULT) -> Row:
    return name.encode(), name, 10, 20, Scanned("ab" * 32, result, content)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ScanStore]:
    store = ScanStore(tmp_path / "scan.sqlite", "d1")
    yield store
    store.close()


def paths(store: ScanStore) -> list[str]:
    return [result["path"] for result in store.files()]


def test_what_was_added_comes_out_in_the_order_of_the_paths(store: ScanStore) -> None:
    run = store.begin_run(resume=False)
    store.add([row("b", b"k1"), row("a"), row("c", b"k1")], run)
    assert paths(store) == ["a", "b", "c"]
    known = store.known([b"a", b"b", b"c", b"d"])
    assert known[b"b"] == known[b"c"] == Known(10, 20, 1)
    assert known[b"a"].content == 0
    assert b"d" not in known
    assert store.lookup(b"k1") == RESULT


def test_an_interrupted_transaction_leaves_nothing_and_the_next_one_works(store: ScanStore) -> None:
    run = store.begin_run(resume=False)

    def rows() -> Iterator[Row]:
        yield row("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add(rows(), run)
    assert paths(store) == []
    store.add([row("b")], run)
    assert paths(store) == ["b"]


def test_a_complete_run_forgets_what_it_did_not_meet(store: ScanStore) -> None:
    first = store.begin_run(resume=False)
    store.add([row("a", b"k1"), row("b", b"k2")], first)
    store.finish_run(first)
    second = store.begin_run(resume=False)
    assert paths(store) == []  # a run that has met nothing yet shows nothing of the one before …
    store.touch([b"b"], second)
    assert paths(store) == ["b"]
    assert store.lookup(b"k1") == RESULT  # … and loses nothing of it
    store.finish_run(second)
    assert paths(store) == ["b"]
    assert store.lookup(b"k1") is None


def test_a_resumed_run_counts_what_the_interrupted_one_had_read(store: ScanStore) -> None:
    store.add([row("a")], store.begin_run(resume=False))
    again = store.begin_run(resume=True)
    assert paths(store) == ["a"]
    store.add([row("b")], again)
    assert paths(store) == ["a", "b"]
    store.finish_run(again)
    assert paths(store) == ["b"]  # "a" was not met any more
    assert store.begin_run(resume=True) == again + 1  # nothing to go on with
    assert paths(store) == []


def test_other_rules_or_options_drop_all_results_and_leave_no_byte_of_them(tmp_path: Path) -> None:
    path = tmp_path / "scan.sqlite"
    store = ScanStore(path, "d1")
    store.add([row("Geheim.xlsm", b"k")], store.begin_run(resume=False))
    store.close()
    assert b"Geheim" in path.read_bytes()
    store = ScanStore(path, "d2")
    assert store.lookup(b"k") is None
    store.close()
    assert b"Geheim" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_fresh_drops_them_too(tmp_path: Path) -> None:
    store = ScanStore(tmp_path / "s", "d1")
    store.add([row("a", b"k")], store.begin_run(resume=False))
    store.close()
    store = ScanStore(tmp_path / "s", "d1", fresh=True)
    assert store.known([b"a"]) == {}
    store.close()


@pytest.mark.parametrize(("first", "second"), [("", "key"), ("key", "")])
def test_clear_and_concealed_names_do_not_share_a_folder(tmp_path: Path, first: str, second: str) -> None:
    ScanStore(tmp_path / "s", "d1", concealed=first).close()
    with pytest.raises(UptakeError, match=r"holds results with (clear|concealed) names"):
        ScanStore(tmp_path / "s", "d1", concealed=second, fresh=True)


def test_a_file_that_is_no_store_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "scan.sqlite"
    path.write_bytes(b"something else entirely, and long enough for a header of it" * 20)
    with pytest.raises(UptakeError, match="cannot be used as a scan store"):
        ScanStore(path, "d")
    with pytest.raises(UptakeError, match="cannot be used as a scan store"):
        ScanStore.reader(path)


def test_a_store_of_another_version_is_not_read(tmp_path: Path) -> None:
    store = ScanStore(tmp_path / "s", "d")
    store.set("digest", f"{VERSION + 1}:d")
    store.close()
    with pytest.raises(UptakeError, match="another version"):
        ScanStore.reader(tmp_path / "s")


def test_a_reader_sees_what_is_committed_while_the_writer_goes_on(store: ScanStore) -> None:
    run = store.begin_run(resume=False)
    store.add([row("a")], run)
    reader = ScanStore.reader(store.path)
    store.add([row("b")], run)
    assert paths(reader) == ["a", "b"]
    assert not reader.is_complete
    reader.close()


def test_names_of_folders_with_signs_of_addresses_work(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1? yes"
    folder.mkdir()
    ScanStore(folder / "s", "d").close()
    assert [file.name for file in folder.iterdir()] == ["s"]


def test_long_results_are_packed_and_come_back(store: ScanStore) -> None:
    long = orjson.dumps({"size": 1, "status": "has VBA", "findings": ["x" * 50] * 200, "projects": []})
    assert len(packed(long)) < len(long) / 5
    assert unpacked(packed(long)) == long
    assert unpacked(packed(RESULT)) == RESULT
    store.add([row("a", b"k", long)], store.begin_run(resume=False))
    assert store.lookup(b"k") == long


def test_a_description_comes_back_with_the_state_of_the_run(store: ScanStore) -> None:
    run = store.begin_run(resume=False)
    store.describe({"labels": {"site": "大阪"}})
    assert store.description() == {"labels": {"site": "大阪"}, "complete": False}
    store.finish_run(run)
    assert store.description()["complete"] is True


def test_kept_numbers_are_those_of_their_run(store: ScanStore) -> None:
    run = store.begin_run(resume=False)
    assert store.kept_summary(run) is None
    store.keep_summary({"files": 1})
    assert store.kept_summary(run) == {"files": 1}
    assert store.kept_summary(run - 1) is None
    store.begin_run(resume=False)
    assert store.kept_summary(run) == {"files": 1}


def test_what_would_be_read_the_same_again_is_known_without_a_content(store: ScanStore) -> None:
    big = orjson.dumps({"size": 1, "format": "", "status": "not an Office file"})
    over = orjson.dumps(
        {"size": 1, "status": "limit reached", "reason": "the file is larger than 5 bytes; it was not read"}
    )
    late = orjson.dumps({"size": 1, "status": "limit reached", "reason": "reading the file took longer than 1 seconds"})
    rows = [row("big", result=big), row("over", result=over), row("late", result=late)]
    store.add(rows, store.begin_run(resume=False))
    known = store.known([b"big", b"over", b"late"])
    assert [known[key].content for key in (b"big", b"over", b"late")] == [-1, -1, 0]


def test_a_full_disk_is_told_and_no_fault(tmp_path: Path) -> None:
    store = ScanStore(tmp_path / "s", "d")
    run = store.begin_run(resume=False)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(UptakeError, match="cannot be used as a scan store"):
            store.add([row(f"{n}", result=os.urandom(5000)) for n in range(400)], run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
        store.close()


def test_one_scan_at_a_time_writes_into_a_folder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(UptakeError, match="another scan is writing"):
        FolderLock(tmp_path)
    lock.release()
    FolderLock(tmp_path).release()


def test_the_lock_of_a_killed_scan_is_free(tmp_path: Path) -> None:
    code = f"import os; from pathlib import Path; from uptake.adapters.stores.lock import FolderLock; \
lock = FolderLock(Path({str(tmp_path)!r})); os.kill(os.getpid(), 9)"
    source = str(Path(__file__).parents[2] / "src")
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": source}, check=False)
    FolderLock(tmp_path).release()
