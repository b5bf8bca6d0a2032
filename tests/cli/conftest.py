"""The command as users have it: in this process for speed, as a process of its own where signals and terminals matter."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cli_process import Command, Ended, command_line, environment

from uptake.assess.samples import Extras, binary, ooxml
from uptake.assess.samples.library import project
from uptake.cli import main


@pytest.fixture
def uptake(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command line in this process."""

    def run(*arguments: object) -> Ended:
        out, error = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", error)
            with pytest.raises(SystemExit) as ended:
                main([str(argument) for argument in arguments])
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, out.buffer.getvalue(), error.buffer.getvalue().decode())

    return run


@pytest.fixture
def process() -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the command as a process group of its own, as a shell does."""

    def start(*arguments: object) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command_line(*arguments), env=environment(), stdout=pipe, stderr=pipe, start_new_session=True
        )

    return start


@cache
def documents() -> dict[str, bytes]:
    return {
        "Finance/Approval.xlsm": ooxml("xlsm", Extras(project=project("declares_2007.bas", "budget.bas"))),
        "Finance/Closing.xls": binary.xls(project("toolbar.bas")),
        "Letters/Offer.docx": ooxml("docx", title="Offer"),
        "readme.txt": b"Nothing of Office.\r\n",
    }


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """Four files, two with macros, one of them with significant findings."""
    root = tmp_path / "estate"
    for name, data in documents().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root
