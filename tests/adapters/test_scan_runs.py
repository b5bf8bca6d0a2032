"""Runs over a folder: what is read, what is known already, what stays in the report; and what a hostile folder does to it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from uptake.adapters import scanning
from uptake.adapters.concealment import Concealer
from uptake.adapters.scanning import JOURNAL, STORE, FileTask, Scan
from uptake.adapters.sources.local import CannotRead
from uptake.assess.analysis import Analyser
from uptake.assess.documents import Limits, Status
from uptake.assess.samples import Extras, SampleModule, SampleProject, broken, ooxml
from uptake.assess.scan import FileScanner, ScanOptions
from uptake.core.errors import UptakeError
from uptake.core.severity import Target

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="names and files of Unix")


def by_name(results: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {os.path.basename(result["path"]): result for result in results}
    assert len(found) == len(results), "a file is reported once"
    return found


def journal(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / JOURNAL).read_bytes().splitlines()]


def test_results_journal_and_store_say_the_same(estate: Any) -> None:
    for name in ("a.xlsm", "b.xlsm", "sub/c.xlsm", "sub/d.txt"):
        estate.write(name, None if name.endswith("m") else b"hello")
    results = estate.scan()
    assert by_name(results) == by_name(journal(estate.out)) == by_name(estate.stored)
    assert [by_name(results)[name]["status"] for name in ("a.xlsm", "d.txt")] == ["has VBA", "not an Office file"]


def test_a_second_run_reads_nothing_again_and_finds_the_same(estate: Any) -> None:
    for number in range(30):
        estate.write(f"{number:02}.xlsm", ooxml("xlsm", Extras(project=SampleProject([SampleModule(f"M{number}")]))))
    first = estate.scan()
    assert len(estate.read) == 30
    second = estate.scan()
    assert estate.read == []
    assert estate.progress.unchanged == 30
    assert by_name(first) == by_name(second) == by_name(journal(estate.out))


@pytest.mark.parametrize("change", ["size", "mtime"])
def test_a_changed_file_is_read_again_and_only_that(estate: Any, change: str) -> None:
    estate.write("stays.xlsm")
    path = estate.write("changes.xlsm")
    estate.scan()
    found = path.stat()
    if change == "size":
        path.write_bytes(b"no document any more")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    else:
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    results = by_name(estate.scan())
    assert estate.read == [str(path)]
    assert results["changes.xlsm"]["status"] == ("not an Office file" if change == "size" else "has VBA")
    assert results["stays.xlsm"]["status"] == "has VBA"


def test_a_deleted_file_leaves_the_report_and_a_new_one_joins(estate: Any) -> None:
    estate.write("a.xlsm")
    gone = estate.write("gone.xlsm")
    estate.scan()
    gone.unlink()
    estate.write("new.xlsm")
    estate.scan()
    assert sorted(by_name(estate.stored)) == ["a.xlsm", "new.xlsm"]


def test_another_catalogue_target_or_limit_reads_everything_anew(estate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    estate.write("a.xlsm")
    estate.scan()
    for options in (ScanOptions(Target.M365_32), ScanOptions(Target.M365_32, Limits(depth=3))):
        estate.scan(options=options)
        assert len(estate.read) == 1
    estate.scan(options=options, memory=2 << 30)
    assert len(estate.read) == 1
    estate.scan(options=options, memory=2 << 30)
    assert estate.read == []
    monkeypatch.setattr("uptake.assess.scan.digest", lambda: "another catalogue")
    estate.scan(options=options, memory=2 << 30)
    assert len(estate.read) == 1


def test_a_file_that_could_not_be_read_is_tried_again(estate: Any) -> None:
    (estate.root / "link.xlsm").symlink_to(estate.root / "target.xlsm")
    assert by_name(estate.scan())["link.xlsm"]["status"] == "inaccessible"
    estate.write("target.xlsm")
    assert by_name(estate.scan())["link.xlsm"]["status"] == "has VBA"


def test_the_same_content_is_analysed_once_and_reported_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()
    analyse = Analyser.analyse

    def counted(self: Analyser, document: Any) -> Any:
        calls["analyse"] += 1
        return analyse(self, document)

    monkeypatch.setattr(Analyser, "analyse", counted)
    data = ooxml("xlsm", Extras(project=SampleProject([SampleModule("M")])))
    scanner = FileScanner(ScanOptions())
    results = {scanner.scan(data, f"copy {n}.xlsm").result for n in range(5)}
    assert (calls["analyse"], len(results)) == (1, 1)


def test_a_copy_of_a_known_content_is_taken_from_the_store(estate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    estate.write("first.xlsm")
    copy = estate.root / "copy.xlsm"
    estate.scan()
    copy.write_bytes((estate.root / "first.xlsm").read_bytes())
    with Scan(estate.request(), estate.out) as scan:
        task = FileTask(estate.request().options, str(estate.out / STORE))
        monkeypatch.setattr(Analyser, "analyse", lambda *_: pytest.fail("analysed again"))
        assert orjson.loads(task(str(copy)).result)["status"] == "has VBA"
        assert scan.store.lookup(task(str(copy)).key)


def test_copies_are_reported_each_with_its_path(estate: Any) -> None:
    for number in range(7):
        estate.write(f"copy {number}.xlsm")
    results = estate.scan(workers=2)
    assert len(by_name(results)) == 7
    assert len({orjson.dumps(result | {"path": ""}) for result in results}) == 1


def test_a_path_given_twice_or_inside_another_is_reported_once(estate: Any) -> None:
    estate.write("a/x.xlsm")
    estate.write("a/b/y.xlsm")
    roots = [str(estate.root / "a/b"), str(estate.root), str(estate.root / "a"), str(estate.root / "a/x.xlsm")]
    for _ in range(2):
        results = estate.scan(roots=[*roots, *roots])
        assert sorted(by_name(results)) == ["x.xlsm", "y.xlsm"]
        assert len(journal(estate.out)) == len(estate.stored) == 2


def test_a_folder_used_for_other_roots_holds_the_results_of_these(estate: Any) -> None:
    estate.write("a/x.xlsm")
    estate.write("b/y.xlsm")
    estate.scan(roots=[str(estate.root / "a")])
    estate.scan(roots=[str(estate.root / "b")])
    assert list(by_name(estate.stored)) == ["y.xlsm"]


def test_a_stopped_scan_keeps_what_it_had_and_goes_on_from_there(estate: Any) -> None:
    for number in range(900):
        estate.write(f"{number:04}.txt", b"text %d" % number)
    some = estate.scan(stop_after=1)
    assert 0 < len(some) < 900
    assert by_name(some).keys() == by_name(estate.stored).keys() == by_name(journal(estate.out)).keys()
    rest = estate.scan(resume=True)
    assert estate.progress.unchanged == len(some)
    assert len(estate.read) == 900 - len(some)
    assert len(by_name(rest)) == len(by_name(journal(estate.out))) == len(estate.stored) == 900


def test_a_resumed_scan_that_is_stopped_again_loses_nothing(estate: Any) -> None:
    for number in range(3000):
        estate.write(f"{number:04}.txt", b"text %d" % number)
    some = estate.scan(stop_after=1000)
    fewer = estate.scan(resume=True, stop_after=1)
    assert len(estate.stored) >= len(some) >= 1000
    assert len(fewer) < 3000
    assert len(by_name(estate.stored)) == len(estate.stored)


def test_ctrl_c_in_the_middle_of_writing_leaves_whole_lines_and_a_usable_store(estate: Any) -> None:
    for number in range(50):
        estate.write(f"{number:04}.txt", b"text %d" % number)
    seen = []

    def interrupt(_scan: Scan, result: dict[str, Any]) -> None:
        seen.append(result)
        if len(seen) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estate.scan(each=interrupt)
    assert len(by_name(journal(estate.out))) == 50
    assert len(estate.scan(resume=True)) == 50


def test_a_file_over_the_time_limit_is_reported_and_the_rest_too(estate: Any) -> None:
    estate.write("quick.txt", b"quick")
    estate.write("slow.bas", slow_source())
    results = by_name(estate.scan(seconds=0.4))
    assert results["slow.bas"]["status"] == "limit reached"
    assert results["slow.bas"]["reason"] == "reading the file took longer than 0.4 seconds"
    assert results["quick.txt"]["status"] == "not an Office file"


def slow_source() -> bytes:
    """A module that takes seconds: very many statements that rules look at."""
    line = 'Private Declare Function F{0} Lib "user32" Alias "GetWindowLongA" (ByVal h As Long, ByVal i As Long) As Long\r\n'
    body = "".join(line.format(number) for number in range(60_000))
    return ('Attribute VB_Name = "Slow"\r\n' + body).encode()


def test_a_memory_hog_is_reported_as_limit_reached(estate: Any) -> None:
    estate.write("bomb.xlsx", broken.zip_bomb(ooxml("xlsx"), part="xl/worksheets/sheet9.xml", megabytes=3))
    estate.write("slow.bas", slow_source())
    estate.write("fine.xlsm")
    results = by_name(estate.scan(memory=48 << 20))
    assert results["slow.bas"]["status"] == "limit reached"
    assert "memory limit" in results["slow.bas"]["reason"]
    assert results["fine.xlsm"]["status"] == "has VBA"


def test_reading_problems_become_statuses(estate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task = FileTask(ScanOptions(), "")
    for status in (Status.INACCESSIBLE, Status.LOCKED, Status.LIMIT_REACHED):

        def refuse(_path: str, status: Status = status) -> bytes:
            raise CannotRead(status, "for a reason")

        monkeypatch.setattr(scanning, "read", refuse)
        shown = orjson.loads(task("/x/y.xlsm").result)
        assert (shown["status"], shown["reason"]) == (status.value, "for a reason")


def test_a_placeholder_of_a_cloud_folder_is_told_and_not_opened(estate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    estate.write("a.xlsm")
    monkeypatch.setattr("uptake.adapters.sources.local.getattr", lambda *_: 0x400000, raising=False)
    results = by_name(estate.scan())
    assert results["a.xlsm"]["status"] == "cloud-based"
    assert estate.read == []


@needs_posix
def test_a_hostile_folder_is_reported_and_never_hangs(estate: Any) -> None:
    names = [b"=cmd|' !A0.xlsm", b"\x1b[31mred\x07.xlsm", b"new\nline.xlsm", b"caf\xe9.xlsm", b"-rf.xlsm", b"  .xlsm"]
    for name in names:
        with open(os.path.join(os.fsencode(estate.root), name), "wb") as file:
            file.write(b"not a document")
    os.mkfifo(estate.root / "pipe.xlsm")
    (estate.root / "loop").symlink_to(estate.root)
    (estate.root / "self.xlsm").symlink_to("self.xlsm")
    (estate.root / "dangling.xlsm").symlink_to("nowhere")
    results = by_name(estate.scan())
    assert len(results) == len(names) + 2
    assert results[r"caf\xe9.xlsm"]["status"] == "not an Office file"
    assert results["self.xlsm"]["status"] == results["dangling.xlsm"]["status"] == "inaccessible"
    assert len(journal(estate.out)) == len(results), "a newline in a name does not tear the journal"


def test_our_own_results_inside_the_estate_are_not_scanned(estate: Any) -> None:
    estate.write("a.xlsm")
    estate.out = estate.root / "out"
    reports = ("report.xlsx", "parquet/files.parquet")
    estate.scan(reports=reports)
    estate.write("out/report.xlsx", b"ours")
    estate.write("out/parquet/files.parquet", b"ours")
    estate.write("out/parquet/report.xlsx", b"theirs")
    estate.write("out/put here by somebody.xlsm")
    link = estate.root.parent / "link"
    link.symlink_to(estate.root)
    for root in (estate.root, link):
        found = by_name(estate.scan(reports=reports, roots=[str(root)]))
        assert sorted(found) == ["a.xlsm", "put here by somebody.xlsm", "report.xlsx"]


def test_results_never_replace_a_file_of_somebody_else(estate: Any) -> None:
    mine = estate.write("report.xlsx", b"my own figures")
    estate.out = estate.root
    with pytest.raises(UptakeError, match=r"holds report\.xlsx, and no scan of uptake wrote it"):
        estate.scan(reports=("report.xlsx",))
    assert mine.read_bytes() == b"my own figures"
    assert sorted(os.listdir(estate.root)) == ["report.xlsx"]


def test_documents_beside_the_results_are_scanned(estate: Any) -> None:
    estate.write("a.xlsm")
    estate.out = estate.root
    assert list(by_name(estate.scan())) == ["a.xlsm"]
    assert list(by_name(estate.scan())) == ["a.xlsm"]


def test_two_scans_do_not_write_into_one_folder(estate: Any) -> None:
    with Scan(estate.request(), estate.out), pytest.raises(UptakeError, match="another scan is writing"):
        estate.scan()
    estate.scan()


def test_concealed_results_are_known_again_and_the_same(estate: Any, tmp_path: Path) -> None:
    estate.write("Salaries.xlsm")
    estate.write("Payments.xlsm")
    runs = []
    for _ in range(2):
        concealer = Concealer(tmp_path / "key")
        runs.append(estate.scan(concealer=concealer))
        concealer.close()
    assert estate.progress.unchanged == 2
    assert by_name(runs[0]) == by_name(runs[1])
    assert not any("Salaries" in result["path"] for result in runs[0])


def test_a_scan_that_is_stopped_before_it_met_a_change_leaves_the_last_one_as_it_was(estate: Any) -> None:
    for number in range(5):
        estate.write(f"{number}.xlsm")
    facts = {"scanned": ["all"]}
    with Scan(estate.request(), estate.out, facts=facts, may_skip=True) as scan:
        list(scan.run())
        before, described = list(scan.store.files()), scan.store.description()
    before_journal = journal(estate.out)
    estate.write("new.xlsm")
    with Scan(estate.request(), estate.out, facts={"scanned": ["other"]}, may_skip=True) as scan:
        scan.stop()
        list(scan.run())
        assert scan.is_unchanged
        assert list(scan.store.files()) == before
        assert scan.store.description() == described == {"scanned": ["all"], "complete": True}
    assert journal(estate.out) == before_journal
    with Scan(estate.request(), estate.out, facts={"scanned": ["other"]}, may_skip=True) as scan:
        list(scan.run())
        assert not scan.is_unchanged
        assert len(list(scan.store.files())) == len(journal(estate.out)) == 6
        assert scan.store.description()["scanned"] == ["other"]
