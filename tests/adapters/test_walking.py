"""Walking and reading folders: everything is met once, nothing is followed in circles, nothing hangs."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from uptake.adapters.sources import local
from uptake.adapters.sources.local import CannotRead, Entry, absolute, displayed, read, walk, without_overlaps
from uptake.assess.documents import Status

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="names and files of Unix")


def met(*roots: Path | str) -> list[Entry]:
    return list(walk([str(root) for root in roots]))


def names(*roots: Path) -> list[str]:
    return [os.path.basename(entry.path) for entry in met(*roots)]


def write(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_files_come_in_the_order_of_their_names_folder_by_folder(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a/c/9", "a/5", "z", "c"):
        write(tmp_path / name)
    assert [os.path.relpath(entry.path, tmp_path) for entry in met(tmp_path)] == [
        "c",
        "z",
        "a/5",
        "a/c/9",
        "b/1",
        "b/2",
    ]


@needs_posix
def test_links_to_folders_are_not_followed_and_links_to_files_count_as_files(tmp_path: Path) -> None:
    write(tmp_path / "real/file", b"12345")
    (tmp_path / "real/loop").symlink_to(tmp_path)
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real/file")
    assert [(os.path.basename(entry.path), entry.size) for entry in met(tmp_path)] == [("link", 5), ("file", 5)]


@needs_posix
def test_a_link_that_leads_nowhere_or_to_itself_is_a_problem_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    found = {os.path.basename(entry.path): entry for entry in met(tmp_path)}
    assert found["dangling"].problem == "no such file or directory"
    assert "symbolic links" in found["self"].problem
    assert {entry.status for entry in found.values()} == {Status.INACCESSIBLE}


@needs_posix
def test_pipes_sockets_and_devices_below_a_root_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the path of a socket is short
        server.bind("socket")
        write(tmp_path / "file")
        assert names(tmp_path) == ["file"]


@needs_posix
def test_a_root_that_is_a_pipe_is_a_problem_and_not_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [entry.problem for entry in met(tmp_path / "pipe")] == [local.NO_FILE]
    with pytest.raises(CannotRead, match="neither a folder nor a file"):
        read(str(tmp_path / "pipe"))


@needs_posix
def test_a_file_that_has_become_a_pipe_with_a_silent_writer_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "was a file"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    try:
        with pytest.raises(CannotRead):
            read(str(pipe))
    finally:
        os.close(writer)


def test_a_folder_that_vanishes_while_it_is_walked_is_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "gone/x")
    write(tmp_path / "there/y")
    walking = walk([str(tmp_path)])
    assert next(walking).path.endswith("a")
    (tmp_path / "gone/x").unlink()
    (tmp_path / "gone").rmdir()
    rest = list(walking)
    assert [(os.path.basename(entry.path), bool(entry.problem)) for entry in rest] == [("gone", True), ("y", False)]


def test_a_folder_that_may_not_be_listed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(local.os, "scandir", refuse)
    [entry] = met(tmp_path)
    assert (entry.path, entry.problem) == (str(tmp_path), "permission denied")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermissionError(13, "Permission denied"), Status.INACCESSIBLE),
        (OSError(5, "Input/output error"), Status.INACCESSIBLE),
        (BlockingIOError(11, "Resource temporarily unavailable"), Status.LOCKED),
        (OSError(26, "Text file busy"), Status.LOCKED),
        (OSError(12, "Cannot allocate memory"), Status.LIMIT_REACHED),
    ],
)
def test_what_keeps_a_file_from_being_read_becomes_its_status(
    error: OSError, status: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr(local.os, "open", refuse)
    with pytest.raises(CannotRead) as caught:
        read(str(tmp_path / "x"))
    assert caught.value.status is status


def test_reading_leaves_no_descriptor_open(tmp_path: Path) -> None:
    file = write(tmp_path / "file")
    before = os.listdir("/proc/self/fd") if sys.platform.startswith("linux") else []
    for _ in range(20):
        read(str(file))
        with pytest.raises(CannotRead):
            read(str(tmp_path))
    if before:
        assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_big_file_is_mapped_and_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MAPPED_FROM", 1000)
    data = read(str(write(tmp_path / "big", b"ab" * 1000)))
    assert not isinstance(data, bytes)
    assert data[:] == b"ab" * 1000
    data.close()


@needs_posix
def test_names_of_any_bytes_are_met_and_shown_without_loss(tmp_path: Path) -> None:
    for raw in (b"caf\xe9.xls", "経理.xls".encode(), b"new\nline.xls", b"\x1b[31m.xls", b"=cmd|.xls"):
        with open(os.path.join(os.fsencode(tmp_path), raw), "wb"):
            pass
    shown = {displayed(os.path.basename(entry.path)) for entry in met(tmp_path)}
    assert shown == {r"caf\xe9.xls", "経理.xls", "new\nline.xls", "\x1b[31m.xls", "=cmd|.xls"}


def test_a_path_given_twice_and_one_inside_another_are_one_root(tmp_path: Path) -> None:
    file = write(tmp_path / "a/b/file")
    a, b = str(tmp_path / "a"), str(tmp_path / "a/b")
    assert without_overlaps([a, a]) == [a]
    assert without_overlaps([b, a]) == [a]
    assert without_overlaps([a, b, str(file)]) == [a]
    assert without_overlaps([str(file), str(file)]) == [str(file)]
    assert without_overlaps([b, str(tmp_path / "a" / "bc")]) == [b, str(tmp_path / "a" / "bc")]
    assert without_overlaps(["/", a]) == ["/"]


@needs_posix
def test_a_link_to_a_folder_that_is_scanned_anyway_is_the_same_root(tmp_path: Path) -> None:
    file = write(tmp_path / "a/file")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a")
    assert without_overlaps([str(tmp_path / "a"), str(link)]) == [str(tmp_path / "a")]
    other = tmp_path / "other name"
    other.symlink_to(file)
    assert without_overlaps([str(file), str(other)]) == [str(file), str(other)]  # two names, as in a folder


def test_roots_are_absolute_and_simple(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    assert absolute((".", "../a", "x/")) == [str(tmp_path / "a")]
    assert absolute(("..",)) == [str(tmp_path)]
