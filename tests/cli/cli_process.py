"""The command as a process of its own, and how one ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def command_line(*arguments: object) -> list[str]:
    """What a shell would start."""
    return [sys.executable, "-m", "uptake", *map(str, arguments)]


def environment() -> dict[str, str]:
    """With this source and UTF-8."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: bytes
    error: str


Command = Callable[..., Ended]
