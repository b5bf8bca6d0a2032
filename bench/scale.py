"""A very large share, and what happens to it: memory, a second run, kill -9 of a worker, kill -9 of the parent and --resume.

Generates --files documents (95 % without macros, 40 % of all are copies), scans them with one worker a processor, and
reads the most memory of every process from /proc while it runs. Bounds, each of which ends with exit code 1 when it is
broken: no process takes 400 MB; a second run over the unchanged files takes less than a tenth of the first and reads
nothing; a killed worker costs at most one file; a killed parent and --resume lose nothing, report nothing twice, tear no
line, and leave no process behind.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

import _common as common
from uptake.adapters.engines.processes import GRACE
from uptake.assess.samples import generate

MEMORY = 400 << 20
SECOND_RUN = 0.1
SAMPLE_EVERY = 0.1


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    if not sys.platform.startswith("linux"):
        print("this bench reads /proc and needs Linux", file=sys.stderr)
        return 2
    with common.temporary(options, "scale") as folder:
        begun = time.monotonic()
        size = generate(
            folder / "share", options.files, macro_share=options.macro_share, duplicate_share=options.duplicate_share
        )
        print(
            f"{options.files:,} files, {size / 1e6:,.0f} MB, generated in {time.monotonic() - begun:.0f} s. Load: {common.load()}"
        )
        common.adopt_orphans()
        bench = Bench(folder, options)
        bench.calm_runs()
        bench.disturbed_runs()
        is_good = bench.show()
        if options.save:
            common.save("scale", bench.numbers)
    return 0 if is_good else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--files", type=int, default=200_000, metavar="N", help="[default: 200000]")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="[default: one for each processor]")
    parser.add_argument("--macro-share", type=float, default=0.05, help="[default: 0.05]")
    parser.add_argument("--duplicate-share", type=float, default=0.4, help="[default: 0.4]")
    parser.add_argument("--formats", default="html,xlsx", help="reports of a third run  [default: html,xlsx]")
    return parser.parse_args(arguments)


class Bench:
    """The runs over one share and what was measured."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.share, self.folder, self.options = folder / "share", folder, options
        self.peaks: dict[str, int] = {}
        self.rows: list[list[object]] = []
        self.complaints: list[str] = []
        self.numbers: dict[str, Any] = {"files": options.files, "workers": options.workers}

    def calm_runs(self) -> None:
        """A first run, a second one over the same files, and one that makes reports of them."""
        formats = [part for name in self.options.formats.split(",") if name for part in ("--format", name)]
        first = self._run("first run", "out")
        second = self._run("second run, nothing changed", "out")
        share = second / first
        self.numbers |= {"first": first, "second": second, "second_share": share}
        if formats:
            what = f"third run, and {self.options.formats}"
            self.numbers["third_with_reports"] = self._run(what, "out", *formats)
        self._expect(share < SECOND_RUN, f"the second run takes {share:.3f} of the first")
        self._check_results("out")

    def disturbed_runs(self) -> None:
        """kill -9 of a worker at a fifth, of the parent at a half, then --resume."""
        journal = self.folder / "disturbed/results.jsonl"
        with self._scan("disturbed") as scan:
            _wait(lambda: _lines(journal) > self.options.files // 5 or scan.poll() is not None)
            workers = _workers(scan)
            if workers:
                os.kill(workers[0], signal.SIGKILL)
            _wait(lambda: _lines(journal) > self.options.files // 2 or scan.poll() is not None)
            self._expect(scan.poll() is None, "the scan was over before its parent could be killed; take more --files")
            left = common.family(scan.pid)[1:]
            scan.kill()
        data = journal.read_bytes()
        self._expect(data.endswith(b"\n"), "the journal of the killed scan ends in half a line")
        self._check_killed(data)
        end = time.monotonic() + GRACE + 5
        while time.monotonic() < end and any(common.memory(process, "VmRSS") for process in left):
            time.sleep(0.05)
            _reap()
        self._expect(
            not any(common.memory(process, "VmRSS") for process in left), "processes of the killed scan live on"
        )
        self._run("resumed after kill -9 of a worker and the parent", "disturbed", "--resume")
        self._check_results("disturbed")

    def _check_killed(self, data: bytes) -> None:
        lost = [line for line in data.splitlines() if b"was ended by signal 9" in line]
        self._expect(len(lost) <= 1, f"a killed worker cost {len(lost)} files")
        self.numbers["lost_by_a_killed_worker"] = len(lost)

    def _check_results(self, out: str) -> None:
        paths, torn = set(), 0
        count = 0
        for line in (self.folder / out / "results.jsonl").open("rb"):
            count += 1
            try:
                paths.add(hash(orjson.loads(line)["path"]))
            except orjson.JSONDecodeError:
                torn += 1
        self._expect(count == len(paths) == self.options.files, f"{out}: {count:,} lines, {len(paths):,} files")
        self._expect(torn == 0, f"{out}: {torn} torn lines")

    def _run(self, what: str, out: str, *more: str) -> float:
        common.reap_orphans()
        begun, before = time.monotonic(), common.children_seconds()
        peaks: dict[str, int] = {}
        with self._scan(out, *more) as scan:
            while scan.poll() is None:
                _sample(scan.pid, peaks)
                time.sleep(SAMPLE_EVERY)
        seconds = time.monotonic() - begun
        common.reap_orphans()
        self._expect(scan.returncode == 0, f"{what}: exit code {scan.returncode}")
        for role, size in peaks.items():
            self.peaks[role] = max(self.peaks.get(role, 0), size)
        rate = self.options.files / seconds
        memory = [peaks.get(role, 0) >> 20 for role in ("parent", "worker")]
        self.rows.append([what, seconds, common.children_seconds() - before, rate, *memory])
        return seconds

    @contextmanager
    def _scan(self, out: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
        options = ["--out", self.folder / out, "--workers", self.options.workers, "--quiet", *more]
        with common.running(common.uptake("scan", self.share, *options)) as scan:
            yield scan

    def _expect(self, holds: bool, complaint: str) -> None:
        if not holds:
            self.complaints.append(complaint)

    def show(self) -> bool:
        """The table, and whether every bound holds."""
        common.heading(f"{self.options.files:,} files, {self.options.workers} workers, load {common.load()}")
        common.table([["", "seconds", "CPU s", "files/s", "parent MB", "worker MB"], *self.rows])
        self.numbers["peak_bytes"] = self.peaks
        for role, size in self.peaks.items():
            self._expect(size < MEMORY, f"a {role} took {size >> 20} MB")
        print(f"\n  second run: {self.numbers['second_share']:.3f} of the first (bound {SECOND_RUN})")
        print(
            f"  most memory: {', '.join(f'{role} {size >> 20} MB' for role, size in self.peaks.items())} (bound {MEMORY >> 20})"
        )
        print(f"  files that a killed worker cost: {self.numbers['lost_by_a_killed_worker']} (bound 1)")
        for complaint in self.complaints:
            print(f"  FAILED: {complaint}")
        return not self.complaints


def _sample(process: int, peaks: dict[str, int]) -> None:
    """Most memory so far of the parent, of the server that forks, and of the workers."""
    parents = common.family(process)
    workers = set(_workers_of(process))
    for member in parents:
        role = "parent" if member == process else "worker" if member in workers else "fork server"
        peaks[role] = max(peaks.get(role, 0), common.memory(member))


def _workers_of(process: int) -> list[int]:
    family = common.family(process)
    return [member for child in family[1:] for member in common.family(child)[1:]]


def _workers(scan: subprocess.Popen[bytes]) -> list[int]:
    return _workers_of(scan.pid)


def _lines(journal: Path) -> int:
    """About how many lines a growing file has; cheap enough to ask often."""
    try:
        with journal.open("rb") as file:
            head = file.read(1 << 16)
            size = file.seek(0, os.SEEK_END)
    except OSError:
        return 0
    return size * head.count(b"\n") // max(1, len(head))


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _wait(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.02)


if __name__ == "__main__":
    common.begin(main)
