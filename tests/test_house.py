"""The house itself: locks, docstrings, contracts, the wheel, and what must not stand in any file."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
PACKAGE = HOME / "src/uptake"
MODULES = sorted(PACKAGE.rglob("*.py"))
MACHINE_PATH = re.compile(rb"(?<![\w.])/(?:work|root)" + rb"/")
LEFT_OVER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
IGNORED = {".git", ".venv", "__pycache__", "build", "dist", "uptake-sample", "uptake-report", "screenshots"}


def name_of(path: Path) -> str:
    return str(path.relative_to(HOME))


@cache
def repository_files() -> list[Path]:
    """What git tracks or would track; where there is no git, every file outside of what it ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=HOME, capture_output=True, check=True).stdout.split(b"\0")
        return [path for path in (HOME / os.fsdecode(name) for name in listed if name) if path.is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [path for path in sorted(HOME.rglob("*")) if path.is_file() and not _is_ignored(path)]


def _is_ignored(path: Path) -> bool:
    parts = set(path.relative_to(HOME).parts)
    return bool(parts & IGNORED) or any(part.endswith(("_cache", ".egg-info")) for part in parts)


def text_files() -> Iterator[tuple[Path, bytes]]:
    for path in repository_files():
        data = path.read_bytes()
        if b"\0" not in data[:8000]:
            yield path, data


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_hashes_and_names_no_host(lock: str) -> None:
    text = (HOME / lock).read_text(encoding="utf-8")
    assert "://" not in text
    pinned = re.findall(r"(?m)^[a-z0-9][\w.-]*==.*(?:\n    .*)*", text, re.IGNORECASE)
    assert len(pinned) > 5
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []


def test_the_development_lock_holds_all_that_the_runtime_lock_holds() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"(?m)^([\w.-]+==[^\s;]+)", (HOME / name).read_text(encoding="utf-8")))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_no_file_names_a_path_of_the_machine_it_was_made_on() -> None:
    assert [name_of(path) for path, data in text_files() if MACHINE_PATH.search(data)] == []


def test_nothing_is_left_to_be_done_in_the_code() -> None:
    ours = [
        *MODULES,
        *sorted((HOME / "bench").glob("*.py")),
        *sorted((HOME / "tests").rglob("*.py")),
        HOME / "tasks.py",
    ]
    assert [name_of(path) for path in ours if LEFT_OVER.search(path.read_text(encoding="utf-8"))] == []


def test_the_readme_names_the_two_commands() -> None:
    text = (HOME / "README.md").read_text(encoding="utf-8")
    assert "python3 tasks.py run" in text
    assert "python3 tasks.py test" in text
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert "://" in target or (HOME / target).exists(), f"README points at {target}, which is not there"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_module_says_what_it_is_for(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{name_of(module)} has no docstring"


@pytest.mark.parametrize("bench", sorted((HOME / "bench").glob("*.py")), ids=name_of)
def test_every_bench_says_what_it_measures(bench: Path) -> None:
    assert len(ast.get_docstring(ast.parse(bench.read_text(encoding="utf-8"))) or "") > 60


def test_nothing_prints_past_the_command_line() -> None:
    found = [
        f"{name_of(module)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def test_the_import_contracts_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(HOME / "src"), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()
    kept = re.search(rb"Contracts: (\d+) kept, 0 broken", done.stdout)
    assert kept
    contracts = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert int(kept[1]) == len(contracts) >= 3


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project built from a copy, without network and without an environment of its own."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    left_out = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info")
    shutil.copytree(HOME / "src", copy / "src", ignore=left_out)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(HOME / name, copy / name)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", ".", *options, "--wheel-dir", str(out)]
    done = subprocess.run(command, cwd=copy, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    [built] = out.glob("uptake-*.whl")
    return zipfile.ZipFile(built)


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_all_that_they_read(wheel: zipfile.ZipFile) -> None:
    packed = set(wheel.namelist())
    kinds = {".py", ".yaml", ".csv", ".tsv", ".json", ".html", ".css", ".js", ".bas", ".cls", ".frm"}
    wanted = {str(path.relative_to(HOME / "src")) for path in PACKAGE.rglob("*") if path.suffix in kinds}
    wanted = {name for name in wanted if "__pycache__" not in name}
    assert sorted(wanted - packed) == []
    for part in (
        "catalogue/rules/",
        "catalogue/tables/",
        "catalogue/ja/",
        "reporting/templates/",
        "assess/samples/code/",
    ):
        assert any(name.startswith(f"uptake/{part}") for name in packed), part
    assert any(name.endswith("licenses/LICENSE") for name in packed)
    assert not any(name.startswith(("tests/", "bench/", "docs/")) for name in packed)


@pytest.mark.slow
def test_the_wheel_runs_from_where_it_is_installed(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"}
    for arguments in (["rules"], ["explain", "B01", "--lang", "ja"]):
        command = [sys.executable, "-m", "uptake", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
