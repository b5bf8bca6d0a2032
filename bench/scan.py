"""How fast a scan is, as ratios that another machine can repeat.

Peer: uptake against olevba (oletools) on the same files, in one process, in CPU seconds. “Extraction” is bytes to the source
of every module; “with analysis” is extraction and all rules (uptake), extraction and `analyze_macros` (olevba). Each reader
goes over a block of files in a row, as a scan does, with the collector set as in a worker, and then the other one over the
same block, so that a machine that is slow for a while is slow for both. uptake's seconds are the middle one of five passes
over a block, each with nothing remembered from the one before: what takes hundredths of a second is not measured by doing it
once. A worker judges the same project once; the row “no project twice” tells what it would be if it did not. Only documents
count from which both get source. A file on which olevba's analysis runs into --limit is left out and listed, which is in
olevba's favour. Read: times faster, bigger is better; the bounds are 6 and 40.

Estate: 25,000 files, one in twenty with VBA, every one with bytes of its own. `uptake scan` with one worker, all processes,
start-up and results included, against the floor: read, sha256, container walk, decompression and decoding in one process,
without rules, start-up not counted. Read: files a CPU second (1,500 is the bound), and times the floor (2 is the bound).
The files with VBA are copies of far fewer documents, and a worker judges the same project once; “all different” adds what
the rules would cost if no two projects were the same.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import logging
import os
import random
import signal
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import _common as common
from uptake.assess.analysis import Analyser, decoded_projects
from uptake.assess.documents import open_document
from uptake.assess.scan import FileScanner, ScanOptions, encode

BOUNDS = {"extraction": 6.0, "with analysis": 40.0, "no project twice": 0.0}
"""The last one is no bound: what “with analysis” would be if no two documents held the same project."""
Reader = Callable[[bytes, Path], int]
FILES_PER_SECOND, TIMES_FLOOR = 1500.0, 2.0
COMMENT = 16
PASSES = 5
BLOCK = 30
CFB = b"\xd0\xcf\x11\xe0"


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    if options.floor:
        return floor(options.floor)
    with common.temporary(options, "scan") as folder:
        with_vba, others, which = common.documents(options, folder)
        print(f"On {which}. Load: {common.load()}")
        numbers: dict[str, Any] = {"documents": which}
        if options.only != "estate":
            numbers["peer"] = peer(with_vba[: options.documents or None], options)
        if options.only != "peer":
            numbers["estate"] = estate(with_vba, others, folder, options)
        if options.save:
            common.save("scan", numbers)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--only", choices=["peer", "estate"], help="one half of it")
    parser.add_argument("--documents", type=int, default=0, metavar="N", help="peer: only the first N documents")
    parser.add_argument("--repeats", type=int, default=1, metavar="N", help="median of N rounds  [default: 1]")
    parser.add_argument("--limit", type=float, default=20, help="peer: seconds for one file  [default: 20]")
    parser.add_argument("--files", type=int, default=25_000, metavar="N", help="estate: files  [default: 25000]")
    parser.add_argument("--macro-share", type=float, default=0.05, help="estate: share with VBA  [default: 0.05]")
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


# Peer


class OutOfTimeError(Exception):
    """A file takes longer than --limit."""


def peer(paths: list[Path], options: argparse.Namespace) -> dict[str, Any]:
    """Both readers on the same bytes."""
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, _out_of_time)
    scanner = FileScanner(ScanOptions())
    scanner.warm()  # as in a worker
    analyser = scanner.analyser
    _judged(analyser, paths[0].read_bytes(), paths[0].name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    rounds = [_round(analyser, paths, options.limit) for _ in range(options.repeats)]
    common.heading(f"uptake and olevba, {len(paths)} documents, CPU seconds, load {common.load()}")
    rows: list[list[object]] = [["", "documents", "uptake", "olevba", "times faster", "median of files", "bound"]]
    numbers: dict[str, Any] = {}
    for kind, bound in BOUNDS.items():
        ours = statistics.median(sum(pair[0] for pair in r[kind].values()) for r in rounds)
        theirs = statistics.median(sum(pair[1] for pair in r[kind].values()) for r in rounds)
        ratio = statistics.median(
            sum(p[1] for p in r[kind].values()) / max(1e-9, sum(p[0] for p in r[kind].values())) for r in rounds
        )
        typical = statistics.median(p[1] / max(1e-9, p[0]) for r in rounds for p in r[kind].values())
        rows.append([kind, len(rounds[0][kind]), ours, theirs, ratio, typical, bound])
        numbers[kind] = {"documents": len(rounds[0][kind]), "uptake": ours, "olevba": theirs, "ratio": ratio}
        numbers[kind]["median_of_files"] = typical
    common.table(rows)
    late = sorted({name for r in rounds for name in r["out of time"]})
    if late:
        print(f"  olevba's analysis took more than {options.limit:g} s, left out: {', '.join(late)}")
    unread = [path.name for path in paths if path not in rounds[0]["extraction"]]
    print(f"  not read by both: {len(unread)}")
    return numbers | {"out_of_time": late, "not_read_by_both": len(unread)}


def _round(analyser: Analyser, paths: list[Path], limit: float) -> dict[str, dict[Any, Any]]:
    """Every reader goes over the documents block by block; only documents that both read count."""
    passes: dict[str, Reader] = {
        "extraction": lambda d, p: _extracted(d, p.name),
        "olevba extraction": lambda d, p: _olevba(d, p, analyse=False),
        "with analysis": lambda d, p: _judged(analyser, d, p.name),
        "olevba with analysis": lambda d, p: _olevba(d, p, analyse=True),
        "no project twice": lambda d, p: _judged(analyser, d, p.name, forget=True),
    }
    late: dict[str, bool] = {}
    times: dict[str, dict[Path, float]] = {name: {} for name in passes}
    for start in range(0, len(paths), BLOCK):
        for name, read in passes.items():
            times[name] |= _typical_pass(analyser, read, paths[start : start + BLOCK], limit, late, name)
    both = [path for path in paths if path in times["extraction"] and path in times["olevba extraction"]]
    found: dict[str, dict[Any, Any]] = {kind: {} for kind in BOUNDS} | {"out of time": late}
    for kind in BOUNDS:
        theirs = "olevba extraction" if kind == "extraction" else "olevba with analysis"
        for path in both:
            if path in times[kind] and path in times[theirs]:
                found[kind][path] = (times[kind][path], times[theirs][path])
    return found


def _typical_pass(
    analyser: Analyser, read: Reader, paths: list[Path], limit: float, late: dict[str, bool], name: str
) -> dict[Path, float]:
    """The peer's pass takes seconds; uptake's few hundredths are the middle one of several passes."""
    count = 1 if name.startswith("olevba") else PASSES
    passes = [_pass(analyser, read, paths, limit, late) for _ in range(count)]
    return sorted(passes, key=lambda found: sum(found.values()))[count // 2]


def _pass(
    analyser: Analyser, read: Reader, paths: list[Path], limit: float, late: dict[str, bool]
) -> dict[Path, float]:
    """CPU seconds of each document that has modules."""
    analyser.__dict__.pop("_seen", None)
    gc.collect()
    found: dict[Path, float] = {}
    for path in paths:
        data = path.read_bytes()
        try:
            seconds, modules = _measured(read, data, path, limit)
        except OutOfTimeError:
            late[path.name] = True
            continue
        if modules:
            found[path] = seconds
    return found


def _measured(read: Callable[[bytes, Path], int], data: bytes, path: Path, limit: float) -> tuple[float, int]:
    signal.setitimer(signal.ITIMER_REAL, limit)
    begun = time.process_time()
    try:
        count = read(data, path)
    except OutOfTimeError:
        raise
    except Exception:  # noqa: BLE001 — the peer raises anything
        count = 0
    finally:
        spent = time.process_time() - begun
        signal.setitimer(signal.ITIMER_REAL, 0)
    return spent, count


def _out_of_time(*_: object) -> None:
    raise OutOfTimeError


def _extracted(data: bytes, name: str) -> int:
    document = open_document(data, name=name)
    return sum(bool(m.source) for d in document.walk() for project in decoded_projects(d) for m in project.modules)


def _judged(analyser: Analyser, data: bytes, name: str, *, forget: bool = False) -> int:
    if forget:
        analyser.__dict__.pop("_seen", None)
    result = analyser.analyse(open_document(data, name=name))
    encode(result.as_json())
    return sum(len(project.facts.modules) for project in result.projects)


def _olevba(data: bytes, path: Path, *, analyse: bool) -> int:
    from oletools import olevba

    with open(os.devnull, "w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
        reader = olevba.VBA_Parser(str(path), data=data)
        try:
            modules = [code for _, _, _, code in reader.extract_macros() if code] if reader.detect_vba_macros() else []
            if analyse and modules:
                reader.analyze_macros()
        finally:
            reader.close()
    return len(modules)


# Estate


def estate(with_vba: list[Path], others: list[Path], folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The whole command against the floor on very many files."""
    root = folder / "estate"
    size = build(root, with_vba, others, options.files, options.macro_share)
    common.adopt_orphans()
    rounds = []
    nothing = folder / "nothing"
    nothing.mkdir()
    _scan_of(nothing, folder / "compiles the modules")
    _floor_of(root)  # fills the cache of the system, so that neither half reads from the disk
    for number in range(options.repeats):
        least = _floor_of(root)
        whole = _scan_of(root, folder / f"out {number}")
        rounds.append((whole, least))
    seconds = statistics.median(whole["seconds"] for whole, _ in rounds)
    least_seconds = statistics.median(least["seconds"] for _, least in rounds)
    different = seconds + statistics.median(least["rules"] for _, least in rounds)
    ratio = statistics.median(whole["seconds"] / least["seconds"] for whole, least in rounds)
    common.heading(f"an estate of {options.files:,} files, {size / 1e6:,.0f} MB, load {common.load()}")
    common.table(
        [
            ["", "CPU s", "files a CPU s", "times the floor", "bound"],
            [
                "uptake scan, 1 worker",
                seconds,
                options.files / seconds,
                ratio,
                f"{FILES_PER_SECOND:,.0f}, {TIMES_FLOOR}",
            ],
            ["… all different", different, options.files / different, different / least_seconds, ""],
            ["floor", least_seconds, options.files / least_seconds, 1.0, ""],
        ]
    )
    print(f"  with VBA: {rounds[0][1]['with_vba']:,} files; wall clock of the scan: {rounds[0][0]['wall']:.1f} s")
    numbers = {"files": options.files, "bytes": size, "cpu": seconds, "floor": least_seconds, "ratio": ratio}
    return numbers | {"all_different": different, "files_per_cpu_second": options.files / seconds}


def build(root: Path, with_vba: list[Path], others: list[Path], count: int, share: float) -> int:
    """`count` files, each with bytes of its own; returns their size."""
    chance = random.Random(1)
    pools = [[(path.suffix, path.read_bytes()) for path in pool] for pool in (with_vba, others)]
    macros = round(count * share)
    kinds = [0] * macros + [1] * (count - macros)
    chance.shuffle(kinds)
    turns = [0, 0]
    size = 0
    for number, kind in enumerate(kinds):
        pool = pools[kind]
        suffix, data = pool[turns[kind] % len(pool)]
        turns[kind] += 1
        place = root / f"{number // 500:03}"
        if number % 500 == 0:
            place.mkdir(parents=True)
        data = unique(data, number)
        (place / f"{number:06}{suffix}").write_bytes(data)
        size += len(data)
    return size


def unique(data: bytes, number: int) -> bytes:
    """The same document with other bytes: more comment in a zip file, a tail behind an OLE file, blanks behind a text."""
    end = data.rfind(b"PK\x05\x06")
    if data[:2] == b"PK" and end >= 0 and len(data) >= end + 22:
        (length,) = struct.unpack_from("<H", data, end + 20)
        if end + 22 + length == len(data) and length + COMMENT < 65_536:
            return (
                data[: end + 20]
                + struct.pack("<H", length + COMMENT)
                + data[end + 22 :]
                + f"{number:0{COMMENT}}".encode()
            )
    if data[:4] == CFB:
        return data + f"{number:0{COMMENT}}".encode()
    return data + f"{number:020b}".translate({48: " ", 49: "\n"}).encode()


def _scan_of(root: Path, out: Path) -> dict[str, float]:
    before, begun = common.children_seconds(), time.monotonic()
    with common.running(common.uptake("scan", root, "--out", out, "--workers", 1, "--quiet")) as scan:
        code = scan.wait()
    wall = time.monotonic() - begun
    common.reap_orphans()
    if code:
        raise SystemExit(f"the scan ended with {code}")
    return {"seconds": common.children_seconds() - before, "wall": wall}


def _floor_of(root: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--floor", str(root)]
    with common.running(command, stdout=subprocess.PIPE) as child:
        assert child.stdout
        seconds, rules, with_vba = child.stdout.read().split()
        child.wait()
    return {"seconds": float(seconds), "rules": float(rules), "with_vba": int(with_vba)}


def floor(root: Path) -> int:
    """In a process of its own: what a scan without rules and results costs, and what the rules would add to copies."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    begun = time.process_time()
    projects: dict[bytes, list[tuple[str, bytes]]] = {}
    with_vba = 0
    for folder, _, names in os.walk(root):
        for name in names:
            data = Path(folder, name).read_bytes()
            hashlib.sha256(data).digest()
            document = open_document(data, name=name)
            sources = [m.source for d in document.walk() for p in decoded_projects(d) for m in p.modules]
            if sources:
                with_vba += 1
                projects.setdefault(hash(tuple(sources)).to_bytes(8, "big", signed=True), []).append((name, data))
    spent = time.process_time() - begun
    print(spent, _rules_of_copies(projects), with_vba)
    return 0


def _rules_of_copies(projects: dict[bytes, list[tuple[str, bytes]]]) -> float:
    """CPU seconds that the rules cost on one document of each project, times its copies that a scan does not judge again."""
    analyser = Analyser()
    _ = analyser.index, analyser.predicates
    total = 0.0
    for copies in projects.values():
        name, data = copies[0]
        begun = time.process_time()
        _extracted(data, name)
        between = time.process_time()
        analyser.__dict__.pop("_seen", None)
        _judged(analyser, data, name)
        total += max(0.0, time.process_time() - between - (between - begun)) * (len(copies) - 1)
    return total


if __name__ == "__main__":
    common.begin(main)
