"""Scans that are killed, stopped and resumed, and what a terminal shows: the command as a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import orjson
import pytest
from cli_process import command_line, environment

from _common import family
from uptake.assess.samples import generate

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals, /proc and pseudo-terminals"),
    pytest.mark.slow,
]
FILES = 3000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough files for a scan of more than a second."""
    folder = tmp_path_factory.mktemp("crowd")
    generate(folder, FILES, macro_share=0.2)
    return folder


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    pytest.fail("it did not happen in time")


def lines(journal: Path) -> list[bytes]:
    return journal.read_bytes().splitlines(keepends=True) if journal.exists() else []


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def workers_of(parent: Popen[bytes]) -> list[int]:
    """The grandchildren: the fork server's children."""
    direct = set(family(parent.pid)[1:])
    return [child for child in direct if any(child in family(other)[1:] for other in direct)]


def paths_of(results: list[bytes]) -> list[str]:
    paths = [orjson.loads(line)["path"] for line in results]
    assert len(set(paths)) == len(paths), "no file twice"
    return paths


def begin(process: Any, crowd: Path, out: Path, *more: object, written: int = 1) -> Popen[bytes]:
    """A scan in its middle."""
    scan: Popen[bytes] = process("scan", crowd, "--out", out, "--workers", 2, *more)
    journal = out / "results.jsonl"
    wait_for(lambda: len(lines(journal)) >= written or scan.poll() is not None)
    assert scan.poll() is None, "it was over before it could be disturbed"
    return scan


def test_kill_9_of_a_worker_costs_at_most_one_file(process: Any, crowd: Path, tmp_path: Path) -> None:
    scan = begin(process, crowd, tmp_path / "out")
    victims = workers_of(scan)
    assert len(victims) == 2
    os.kill(victims[0], signal.SIGKILL)
    _, error = scan.communicate(timeout=60)
    assert scan.returncode == 0, error
    results = [orjson.loads(line) for line in lines(tmp_path / "out/results.jsonl")]
    assert len(paths_of(lines(tmp_path / "out/results.jsonl"))) == FILES
    assert len([result for result in results if "signal 9" in result["reason"]]) <= 1


def test_kill_9_of_the_parent_and_resume_lose_nothing(uptake: Any, process: Any, crowd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    scan = begin(process, crowd, out)
    workers = workers_of(scan)
    scan.kill()
    scan.communicate(timeout=20)
    left = lines(out / "results.jsonl")
    assert 0 < len(left) < FILES
    assert all(line.endswith(b"\n") for line in left), "whole lines only"
    paths_of(left)
    ended = uptake("report", out, "--format", "json")
    assert ended.code == 0
    partial = orjson.loads((out / "results.json").read_bytes())
    assert partial["summary"]["complete"] is False
    assert len(left) <= partial["summary"]["files"] == len(partial["files"]) < FILES
    wait_for(lambda: not any(is_alive(worker) for worker in workers), 15)
    ended = uptake("scan", crowd, "--out", out, "--resume", "--format", "json", "--workers", 2)
    assert ended.code == 0, ended.error
    assert len(paths_of(lines(out / "results.jsonl"))) == FILES
    whole = orjson.loads((out / "results.json").read_bytes())
    assert (whole["summary"]["files"], whole["summary"]["complete"]) == (FILES, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_scan_leaves_readable_results(
    uptake: Any, process: Any, crowd: Path, tmp_path: Path, number: int, code: int
) -> None:
    out = tmp_path / "out"
    scan = begin(process, crowd, out, "--format", "html", "--format", "json")
    if number == signal.SIGINT:  # a terminal sends it to all processes of the group
        os.killpg(scan.pid, number)
    else:
        scan.send_signal(number)
    _, error = scan.communicate(timeout=30)
    assert scan.returncode == code
    assert b"Stopped: the reports hold what was read until then" in error
    assert b"Traceback" not in error
    whole = orjson.loads((out / "results.json").read_bytes())
    assert 0 < whole["summary"]["files"] == len(whole["files"]) < FILES
    assert whole["summary"]["complete"] is False
    assert len(paths_of(lines(out / "results.jsonl"))) == len(whole["files"])
    assert (out / "report.html").stat().st_size > 1000
    again = uptake("report", out, "--format", "json", "--out", tmp_path / "again")
    assert b"not complete" in again.error.encode()
    assert orjson.loads((tmp_path / "again/results.json").read_bytes())["files"] == whole["files"]


def test_ctrl_c_while_the_workers_start_is_quiet_too(process: Any, crowd: Path, tmp_path: Path) -> None:
    for delay in (0.02, 0.1, 0.2, 0.35):
        out = tmp_path / f"out {delay}"
        scan = process("scan", crowd, "--out", out)
        wait_for((out / "results.jsonl").exists)
        time.sleep(delay)
        os.killpg(scan.pid, signal.SIGINT)
        _, error = scan.communicate(timeout=30)
        assert scan.returncode in (130, 0), "0: a quick machine was done before the signal came"
        assert b"Traceback" not in error, error.decode()


def test_a_reader_that_goes_away_ends_the_command_quietly(process: Any, crowd: Path) -> None:
    scan = process("scan", crowd, "--format", "jsonl")
    assert scan.stdout.readline()
    scan.stdout.close()
    error = scan.stderr.read()
    assert scan.wait(30) == 141
    assert error == b""


@pytest.mark.parametrize("columns", [60, 200])
def test_a_terminal_shows_one_line_of_progress(crowd: Path, tmp_path: Path, columns: int) -> None:
    import fcntl
    import pty
    import re
    import struct
    import termios

    shown = b""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, command_line("scan", crowd, "--out", tmp_path / "out"), environment())
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:  # Linux: the other end is closed
        pass
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    pieces = shown.decode().split("\r\x1b[2K")
    progress = [piece for piece in pieces[1:] if re.match(r"[\d,]+ files · [\d,]+/s · ", piece)]
    assert progress, pieces[:3]
    assert all(len(piece.splitlines()[0]) < columns for piece in progress)
    assert "Need work" in pieces[-1] or "need work" in pieces[-1]
