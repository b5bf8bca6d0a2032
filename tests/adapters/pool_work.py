"""What the children of the pool tests do; a module of its own, because children import it by name."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from typing import Any


def make_worker() -> Callable[[Any], Any]:
    """A worker for tasks of the form (verb, argument)."""
    verbs: dict[str, Callable[[Any], Any]] = {
        "echo": lambda value: value,
        "pause": _pause,
        "die": lambda number: os.kill(os.getpid(), number),
        "leave": os._exit,
        "hold the interpreter": lambda _: re.match(r"(a+)+$", "a" * 60 + "b"),
        "hog": lambda size: len(bytearray(size)),
        "hog in small pieces": _hog,
        "fault": _fault,
        "answer much": lambda size: "x" * size,
        "who": lambda _: os.getpid(),
    }
    return lambda task: verbs[task[0]](task[1])


def make_nothing() -> Callable[[Any], Any]:
    """A worker that cannot begin and says why."""
    raise ValueError("no catalogue here")


def make_corpse() -> Callable[[Any], Any]:
    """A worker that dies before it can say anything."""
    os.kill(os.getpid(), signal.SIGKILL)
    return lambda task: task


def _pause(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def _hog(size: int) -> int:
    kept = []
    while True:
        kept.append(bytearray(1000))
        if len(kept) * 1000 > size:
            return len(kept)


def _fault(_: Any) -> None:
    raise KeyError("a bug of ours")
