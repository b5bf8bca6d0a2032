"""Damaged documents through the worker pool, as a scan would meet them: none may crash a worker, hang or be lost.

Every mutation is made from a document (of the corpus, else of the sample estate) by its number and the seed alone, so that
number 4711 of seed 1 is the same bytes again: cut off, bits turned over, a piece of another document put in, a range zeroed, a
range written twice; in half of the cases not of the file but of one part inside a zip package, which is packed anew, so that the
damage gets past the checksums to the readers behind. Read: each line of “what became of them” is a status that a report would
show; a crash, a fault of uptake, or a worker that grows ends with exit code 1 and the input in --keep. “limit reached” by the
time limit is no crash, but look at the slowest: nobody waits that long for a damaged file.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

import _common as common
from uptake.adapters.engines.processes import Lost, ProcessPool
from uptake.adapters.scanning import FileTask
from uptake.assess.scan import ScanOptions

GROWTH = 120 << 20
"""Bytes that a worker may grow between the first tenth of its work and the end."""
PROBE_EVERY = 250
AHEAD = 400
"""Mutations on the disk at a time."""


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    with common.temporary(options, "fuzz") as folder:
        with_vba, others, which = common.documents(options, folder)
        chance = random.Random(options.seed)
        others = chance.sample(others, min(len(others), len(with_vba)))
        bases = [path for path in (*with_vba, *others) if path.stat().st_size <= options.largest]
        print(
            f"{options.mutations:,} mutations, seed {options.seed}, of {len(bases)} documents of {which}. Load: {common.load()}"
        )
        found = Findings(options.keep)
        run(bases, folder, options, found)
        is_good = found.show(options)
        if options.save:
            common.save("fuzz", found.numbers(options))
    return 0 if is_good else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--mutations", type=int, default=10_000, metavar="N", help="[default: 10000]")
    parser.add_argument("--seed", type=int, default=1, help="[default: 1]")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="[default: one for each processor]")
    parser.add_argument("--max-seconds", type=float, default=30, help="time limit of a file  [default: 30]")
    parser.add_argument(
        "--max-memory", type=int, default=1024, metavar="MB", help="memory limit of a file  [default: 1024]"
    )
    parser.add_argument(
        "--largest", type=int, default=1 << 20, metavar="BYTES", help="documents to damage  [default: 1 MB]"
    )
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzz-found"), help="where offending inputs go  [default: fuzz-found]"
    )
    return parser.parse_args(arguments)


class TimedTask:
    """What a worker of a scan does, with the time that it took; what it remembers of files fills up to its bounds."""

    def __init__(self, options: ScanOptions) -> None:
        self._task = FileTask(options, "")

    def __call__(self, path: str) -> tuple[float, bytes]:
        begun = time.perf_counter()
        result = self._task(path).result
        return time.perf_counter() - begun, result


class Findings:
    """What became of the mutations."""

    def __init__(self, keep: Path) -> None:
        self.statuses: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.slowest: list[tuple[float, str]] = []
        self.offences: list[str] = []
        self.sizes: dict[int, list[int]] = {}
        self.begun = time.monotonic()
        self._keep = keep

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    def add(self, path: str, answer: Any) -> None:
        name = os.path.basename(path)
        if isinstance(answer, Lost):
            self.statuses["limit reached" if answer.is_limit else "LOST"] += 1
            self.reasons[answer.reason] += 1
            if not answer.is_limit:
                self._offence(path, answer.reason)
            else:
                self._remember(path, float("inf"))
            return
        seconds, result = answer
        shown = orjson.loads(result)
        self.statuses[shown["status"]] += 1
        if "damaged (" in shown["reason"]:  # an exception that no reader foresaw, caught at the top
            self.reasons[shown["reason"][:110]] += 1
        self.slowest = sorted([*self.slowest, (seconds, name)], reverse=True)[:8]

    def probe(self, pool: ProcessPool) -> None:
        for process in pool.process_ids:
            if size := common.memory(process, "VmRSS"):
                self.sizes.setdefault(process, []).append(size)

    def growth(self) -> int:
        """Most bytes that a worker grew after the first tenth of its probes."""
        long = [sizes for sizes in self.sizes.values() if len(sizes) >= 10]
        return max((max(sizes[-3:]) - max(sizes[: len(sizes) // 10 + 1]) for sizes in long), default=0)

    def _offence(self, path: str, reason: str) -> None:
        self.offences.append(f"{os.path.basename(path)}: {reason}")
        self._copy(path)

    def _remember(self, path: str, seconds: float) -> None:
        self.slowest = [(seconds, os.path.basename(path)), *self.slowest][:8]
        self._copy(path)

    def _copy(self, path: str) -> None:
        self._keep.mkdir(parents=True, exist_ok=True)
        (self._keep / os.path.basename(path)).write_bytes(Path(path).read_bytes())

    def show(self, options: argparse.Namespace) -> bool:
        seconds = time.monotonic() - self.begun
        common.heading(
            f"what became of them, {seconds:.0f} s, {self.count / seconds:,.0f} a second, load {common.load()}"
        )
        common.table([["status", "mutations"], *self.statuses.most_common()])
        if self.reasons:
            common.heading("exceptions that no reader foresaw, and limits")
            common.table([["reason", "mutations"], *self.reasons.most_common(25)])
        common.heading("the slowest")
        common.table([["seconds", "mutation"], *[[seconds, name] for seconds, name in self.slowest]])
        peak = max((max(sizes) for sizes in self.sizes.values()), default=0)
        print(f"\n  workers: {len(self.sizes)} were probed, at most {peak >> 20} MB, growth {self.growth() >> 20} MB")
        complaints = [f"lost or crashed: {offence}" for offence in self.offences]
        if self.count != options.mutations:
            complaints.append(f"{options.mutations - self.count} mutations have no status")
        if self.growth() > GROWTH:
            complaints.append(f"a worker grew by {self.growth() >> 20} MB")
        for complaint in complaints:
            print(f"  FAILED: {complaint}")
        if self.offences:
            print(f"  the inputs are in {self._keep}")
        return not complaints

    def numbers(self, options: argparse.Namespace) -> dict[str, Any]:
        slowest = [[min(seconds, options.max_seconds), name] for seconds, name in self.slowest]
        kept = {
            "mutations": options.mutations,
            "seed": options.seed,
            "statuses": dict(self.statuses),
            "slowest": slowest,
        }
        return kept | {"growth": self.growth(), "offences": self.offences, "reasons": dict(self.reasons)}


def run(bases: list[Path], folder: Path, options: argparse.Namespace, found: Findings) -> None:
    """Mutations are written as the workers take them and removed when they are answered."""
    limits = {"seconds": options.max_seconds, "memory": options.max_memory << 20}
    pool = ProcessPool(TimedTask, (ScanOptions(),), workers=options.workers, **limits)
    for number, pair in enumerate(pool.run(_written(bases, folder, options, found))):
        if pair:
            found.add(*pair)
            os.unlink(pair[0])
        if number % PROBE_EVERY == 0:
            found.probe(pool)


def _written(bases: list[Path], folder: Path, options: argparse.Namespace, found: Findings) -> Iterator[str | None]:
    cache: dict[Path, bytes] = {}
    for number in range(options.mutations):
        while number - found.count > AHEAD:
            yield None
            time.sleep(0.002)
        path = folder / mutation_name(number, options.seed)
        data, suffix = mutation(bases, number, options.seed, cache)
        path = path.with_suffix(suffix)
        path.write_bytes(data)
        yield str(path)


def mutation_name(number: int, seed: int) -> str:
    return f"seed{seed}-{number:06}.bin"


def mutation(bases: list[Path], number: int, seed: int, cache: dict[Path, bytes]) -> tuple[bytes, str]:
    """The bytes of one mutation and the extension of the document that it was made from."""
    chance = random.Random(f"{seed}:{number}")
    base, other = (chance.choice(bases) for _ in range(2))
    data, donor = (cache.setdefault(path, path.read_bytes()) for path in (base, other))
    change = chance.choice(CHANGES)
    if data[:2] == b"PK" and chance.random() < 0.5:
        return _inside(data, donor, change, chance), base.suffix
    return change(data, donor, chance), base.suffix


def _inside(
    data: bytes, donor: bytes, change: Callable[[bytes, bytes, random.Random], bytes], chance: random.Random
) -> bytes:
    """One part of a package changed, and the package packed anew; the package itself where it cannot be read."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            names = package.namelist()
            likely = [name for name in names if name.endswith((".bin", "Types].xml", ".rels", "workbook.xml"))] or names
            chosen = chance.choice(likely if chance.random() < 0.8 else names)
            for name in dict.fromkeys(names):
                part = package.read(name)
                packed.writestr(name, change(part, donor, chance) if name == chosen and part else part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, IndexError, zlib.error):
        return change(data, donor, chance)
    return out.getvalue()


def _cut(data: bytes, _: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data)) if data else 0]


def _turned(data: bytes, _: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    where = chance.choice((len(out), min(len(out), 4096)))  # headers and directories are at the beginning
    for _ in range(chance.choice((1, 1, 4, 30, 300)) if out else 0):
        out[chance.randrange(where)] ^= 1 << chance.randrange(8)
    return bytes(out)


def _spliced(data: bytes, donor: bytes, chance: random.Random) -> bytes:
    size = chance.choice((16, 512, 4096, 1 << 16))
    source, target = chance.randrange(max(1, len(donor))), chance.randrange(max(1, len(data)))
    piece = donor[source : source + size]
    return data[:target] + piece + data[target + (len(piece) if chance.random() < 0.7 else 0) :]


def _zeroed(data: bytes, _: bytes, chance: random.Random) -> bytes:
    start, size = chance.randrange(max(1, len(data))), chance.choice((4, 64, 512, 8192))
    filler = chance.choice((b"\0", b"\xff", b"A"))
    return data[:start] + filler * min(size, len(data) - start) + data[start + size :]


def _doubled(data: bytes, _: bytes, chance: random.Random) -> bytes:
    start, size = chance.randrange(max(1, len(data))), chance.choice((8, 512, 4096))
    return data[: start + size] + data[start : start + size] * chance.choice((1, 3)) + data[start + size :]


def _numbered(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """Lengths and offsets to their extremes: aligned words overwritten."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 3, 12))):
        at = 4 * chance.randrange(max(1, min(len(out), 1 << 14) // 4))
        if at + 4 <= len(out):
            out[at : at + 4] = chance.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFF)).to_bytes(
                4, "little"
            )
    return bytes(out)


CHANGES = (_cut, _turned, _turned, _spliced, _zeroed, _doubled, _numbered)


if __name__ == "__main__":
    common.begin(main)
