"""A real server (`uptake serve --demo`: gunicorn, background worker, SQLite) and a real Chromium in front of it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[1]
PASSWORD = "demo portfolio 2026"


@dataclass
class Site:
    """Where the server listens, and what it printed."""

    address: str
    output: Path


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Start servers that end with the tests."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str, seconds: int = 120) -> Site:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = tmp_path_factory.mktemp("serve")
        output = folder / "output.txt"
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("UPTAKE_", "DJANGO_", "DATABASE_"))
        }
        environment = {**kept, "PYTHONPATH": str(HOME / "src"), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
        command = [
            sys.executable,
            "-m",
            "uptake",
            "serve",
            "--data",
            str(folder / "data"),
            "--port",
            str(port),
            *arguments,
        ]
        with output.open("wb") as file:
            running.append(subprocess.Popen(command, env=environment, stdout=file, stderr=file, cwd=folder))
        for _ in range(seconds * 4):
            if "Listening at" in output.read_text(errors="replace"):
                return Site(f"http://127.0.0.1:{port}", output)
            if running[-1].poll() is not None:
                break
            time.sleep(0.25)
        raise RuntimeError(output.read_text(errors="replace"))

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait(30)


@pytest.fixture(scope="session")
def site(start: Callable[..., Site]) -> Site:
    """The demonstration portfolio."""
    return start("--demo")


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: UPTAKE_SCREENSHOTS, to be looked at, or a folder that is thrown away."""
    folder = Path(os.environ.get("UPTAKE_SCREENSHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sign_in(page: object, address: str, email: str) -> None:
    """Through the form, like anybody."""
    page.goto(f"{address}/account/login/")  # type: ignore[attr-defined]
    page.fill("[name=login]", email)  # type: ignore[attr-defined]
    page.fill("[name=password]", PASSWORD)  # type: ignore[attr-defined]
    page.click("main button.btn")  # type: ignore[attr-defined]
    assert not re.search("login", page.url), page.content()  # type: ignore[attr-defined]
