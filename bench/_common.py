"""What the benches share: where documents come from, a temporary folder, tables, saved numbers, processes and their memory."""

from __future__ import annotations

import argparse
import ctypes
import datetime
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]
RESULTS = HOME / "bench/results"
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER: orphans below us become our children, so that their CPU time is counted."""


def begin(main: Callable[[list[str]], int]) -> None:
    """Run a bench; Ctrl-C ends it with a line instead of a traceback, temporary files are removed either way."""
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        sys.exit(130)


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Options of a bench; its docstring is the help."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--corpus", type=Path, help="folder that holds corpus/docs  [default: UPTAKE_CORPUS, ../shared]")
    made.add_argument("--folder", type=Path, help="where the temporary folder is made")
    made.add_argument("--save", action="store_true", help="write the numbers as JSON to bench/results/")
    return made


@contextmanager
def temporary(options: argparse.Namespace, name: str) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"uptake-bench-{name}-", dir=options.folder))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def corpus_folder(options: argparse.Namespace) -> Path | None:
    """The folder `corpus` with `docs` and `novba`, where there is one on this machine."""
    for place in (options.corpus, os.environ.get("UPTAKE_CORPUS"), HOME.parent / "shared"):
        if place:
            for folder in (Path(place) / "corpus", Path(place)):
                if (folder / "docs").is_dir():
                    return folder
    return None


def documents(options: argparse.Namespace, temporary_folder: Path) -> tuple[list[Path], list[Path], str]:
    """Files with VBA, files without, and which they are: strangers' from the corpus, else our own samples."""
    corpus = corpus_folder(options)
    if corpus:
        docs, others = _files(corpus / "docs"), _files(corpus / "novba")
        return docs, others, f"the corpus: {len(docs)} documents with VBA, {len(others)} without"
    from uptake.assess.samples import build_estate

    built = build_estate(temporary_folder / "samples")
    with_vba = [path for path in built if path.suffix[-1] in "mb" or path.suffix in (".xls", ".doc", ".ppt", ".vsd")]
    others = [path for path in built if path not in with_vba]
    return with_vba, others, "no corpus is here: the documents of the sample estate, which are small"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def load() -> str:
    """How busy the machine is."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def table(rows: Sequence[Sequence[object]]) -> None:
    """Columns side by side; the first row is the heading, numbers stand to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    numeric = [all(_is_number(row[column]) for row in rows[1:]) for column in range(len(cells[0]))]
    for row in cells:
        line = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        print("  " + "  ".join(line).rstrip())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or value == ""


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def save(name: str, numbers: dict[str, Any]) -> Path:
    """The numbers with what they were measured on."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    machine = {"processors": os.cpu_count(), "system": platform.system(), "load": load()}
    machine |= {"python": platform.python_version(), "architecture": platform.machine()}
    path = RESULTS / f"{name}-{now:%Y%m%d-%H%M%S}.json"
    path.write_text(
        json.dumps({"bench": name, "at": now.isoformat(timespec="seconds"), "machine": machine, **numbers}, indent=1)
        + "\n"
    )
    print(f"\nsaved: {path.relative_to(HOME)}")
    return path


# Processes


def uptake(*arguments: object) -> list[str]:
    """The command line of `uptake`."""
    return [sys.executable, "-m", "uptake", *map(str, arguments)]


def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """A process of the tree's own code, its modules compiled once and for all as those of an installed package are."""
    compiled = Path(tempfile.gettempdir()) / f"uptake-bench-{os.getuid() if hasattr(os, 'getuid') else 'modules'}"
    environment = {
        **os.environ,
        "PYTHONPATH": str(HOME / "src"),
        "PYTHONUTF8": "1",
        "PYTHONPYCACHEPREFIX": str(compiled),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.Popen(command, env=environment, start_new_session=True, **options)


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the block."""
    with start(command, **options) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def adopt_orphans() -> None:
    """From now on processes whose parent ends become ours; where the system cannot do it, their time is not counted."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def reap_orphans() -> None:
    """Wait for all that is left below us."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children_seconds() -> float:
    """CPU seconds, user and system, of all processes below us that have ended."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def family(process: int) -> list[int]:
    """A process and all below it that are alive, the process first."""
    below: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if stat[0] not in "ZX":
                below.setdefault(int(stat[1]), []).append(int(entry))
    found, pending = [process], [process]
    while pending:
        children = below.get(pending.pop(), [])
        found += children
        pending += children
    return found


def memory(process: int, which: str = "VmHWM") -> int:
    """Bytes of real memory: VmHWM the most so far, VmRSS now; 0 when the process is gone."""
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(which + ":"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0
