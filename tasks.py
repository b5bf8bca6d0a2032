#!/usr/bin/env python3
"""The project's tasks, on the standard library only, so that a fresh machine needs Python 3.11+ with venv and nothing else.

python3 tasks.py run [ARGS …]     the main job on a sample estate; with arguments: the uptake command itself
python3 tasks.py test [ARGS …]    everything that must hold; arguments go to pytest
python3 tasks.py check            linter, types, import contracts
python3 tasks.py bench NAME …     a measurement of bench/
python3 tasks.py docs             regenerate the pages that are made from the catalogue and the commands
python3 tasks.py lock             resolve the locks anew
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent
VENV = Path(os.environ.get("UPTAKE_VENV", HOME / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
RUNTIME, DEV = HOME / "requirements.lock", HOME / "requirements-dev.lock"
# What a real browser, Japanese text in it and a real PostgreSQL need: Debian's packages, installed only by root.
DEBIAN_PACKAGES = {
    "chromium": "/usr/bin/chromium",
    "fonts-ipaexfont-gothic": "/usr/share/fonts/opentype/ipaexfont-gothic",
    "postgresql": "/usr/lib/postgresql",
}


def main(arguments: list[str]) -> int:
    tasks = {"run": run, "test": test, "check": check, "bench": bench, "docs": docs, "lock": lock}
    if not arguments or arguments[0] not in tasks:
        print(__doc__)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    if sys.version_info < (3, 11):
        print(f"uptake needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    return tasks[arguments[0]](arguments[1:])


def run(arguments: list[str]) -> int:
    ensure_environment(RUNTIME)
    ensure_twins()
    return python("-m", "uptake", *(arguments or ["demo"]))


def test(arguments: list[str]) -> int:
    ensure_environment(DEV)
    ensure_twins()
    ensure_debian_packages()
    if arguments:
        return python("-m", "pytest", *arguments)
    failed = check([])
    parallel = ("-n", str(min(os.cpu_count() or 1, 8)), "--dist", "worksteal")
    failed = python("-m", "pytest", *parallel) or failed
    return on_postgres(parallel) or failed


def on_postgres(parallel: tuple[str, ...]) -> int:
    """The tests of the web application once more, on a PostgreSQL that they start themselves."""
    if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        print("PostgreSQL is not installed: its tests are left out (Debian: apt install postgresql).", file=sys.stderr)
        return 1 if os.environ.get("UPTAKE_REQUIRE_ALL") == "1" else 0
    print("The same on PostgreSQL:", flush=True)
    os.environ["UPTAKE_TEST_POSTGRES"] = "1"
    return python("-m", "pytest", "tests/web", *parallel)


def check(arguments: list[str]) -> int:
    ensure_environment(DEV)
    steps = (
        # Without the cache: it forgets that a new conftest.py makes an import the project's own.
        ("-m", "ruff", "check", "--no-cache", *arguments),
        ("-m", "ruff", "format", "--check", "--quiet"),
        ("-m", "mypy"),
        ("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"),
    )
    return max([python(*step) for step in steps])


def bench(arguments: list[str]) -> int:
    ensure_environment(DEV)
    ensure_twins()
    scripts = {path.stem: path for path in sorted((HOME / "bench").glob("[a-z]*.py"))}
    if not arguments or arguments[0] not in scripts:
        print("python3 tasks.py bench NAME, where NAME is one of: " + ", ".join(scripts))
        return 2
    return python(str(scripts[arguments[0]]), *arguments[1:])


def docs(arguments: list[str]) -> int:
    ensure_environment(DEV)
    return python("-m", "uptake.cli.docs", *arguments)


def lock(_arguments: list[str]) -> int:
    """Resolve both locks anew: hashes, every platform, and no address of a registry in them."""
    ensure_environment(DEV if DEV.exists() else None, ("uv",))
    base = ["-m", "uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header", "--no-emit-index-url"]
    base += ["--quiet", "--upgrade", "--python-version", "3.11", "pyproject.toml"]
    return python(*base, "-o", str(RUNTIME)) or python(*base, "--group", "dev", "-o", str(DEV))


def ensure_environment(lock_file: Path | None, extra: tuple[str, ...] = ()) -> None:
    """Make the virtual environment hold what the lock says; a stamp makes the second call free."""
    stamp = VENV / "uptake.stamp"
    wanted = _stamp(lock_file)
    have = stamp.read_text().split() if stamp.exists() else []
    # The development lock holds all that the runtime lock holds.
    if lock_file and (wanted in have or (lock_file == RUNTIME and DEV.exists() and _stamp(DEV) in have)):
        return
    if not PYTHON.exists():
        print(f"Making the environment in {VENV} …", file=sys.stderr, flush=True)
        venv.create(VENV, with_pip=True, clear=False)
    uv = shutil.which("uv")
    installer = [uv, "pip", "install", "--python", str(PYTHON)] if uv else [str(PYTHON), "-m", "pip", "install"]
    quiet = [] if uv else ["--disable-pip-version-check", "--no-input"]
    what = ["--require-hashes", "-r", str(lock_file)] if lock_file else list(extra)
    subprocess.run([*installer, "--quiet", *quiet, *what], check=True, cwd=HOME)
    if lock_file:
        stamp.write_text(wanted + "\n")


def _stamp(lock_file: Path | None) -> str:
    if lock_file is None or not lock_file.exists():
        return "none"
    return hashlib.sha256(lock_file.read_bytes() + sys.version.encode() + str(VENV).encode()).hexdigest()


def ensure_twins() -> None:
    """Compile the optional twins in C of the inner loops where a compiler is at hand; without it the Python code does the work."""
    folder = HOME / "src/uptake/assess/extraction"
    source, library = folder / "_twins.c", folder / "_twins.abi3.so"
    include = Path(sysconfig.get_path("include"))
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if os.name == "nt" or not compiler or not (include / "Python.h").exists():
        return
    if library.exists() and library.stat().st_mtime >= source.stat().st_mtime:
        return
    undefined = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    partial = library.with_suffix(f".{os.getpid()}")
    command = [compiler, "-O2", "-shared", "-fPIC", *undefined, f"-I{include}", str(source), "-o", str(partial)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        partial.replace(library)


def ensure_debian_packages() -> None:
    """Install what the browser tests need where that can be done without asking: root on Debian or Ubuntu."""
    missing = [package for package, path in DEBIAN_PACKAGES.items() if not Path(path).exists()]
    if not missing or not shutil.which("apt-get") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    print("Installing " + " ".join(missing) + " …", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print("apt-get failed; the tests that need these packages will skip.", file=sys.stderr)
            return


def python(*arguments: str) -> int:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HOME / "src"), str(HOME)]), "PYTHONUTF8": "1"}
    where = None if arguments[:2] == ("-m", "uptake") else HOME
    try:
        return subprocess.run([str(PYTHON), *arguments], env=environment, cwd=where, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
