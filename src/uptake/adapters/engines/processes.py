"""Worker processes that may die: one killed child costs one file, a file that takes too long costs its time limit.

A child writes the number of the file that it works on into shared memory before it touches it. When it dies or hangs, the
parent knows which file it was, records it, and gives the rest of the child's files to a new one. The standard pools cannot do
this: a killed child breaks `ProcessPoolExecutor` (measured: 9 of 20 tasks lost).
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any

BATCH = 48
SEND_AFTER = 0.25
"""Seconds after which a child sends what it has although the batch is not done."""
LOOK_EVERY = 0.2
IDLE = -1.0

Task = tuple[int, Any]
Answer = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Lost:
    """A task that cost its worker: `seconds` is set when it ran over the time limit."""

    task: Any
    reason: str
    timed_out: bool


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Any
    marker: Any
    """Shared: number of the task that is worked on (IDLE: none), and when it was begun."""
    tasks: dict[int, Any] = field(default_factory=dict)


class ProcessPool:
    """Runs `make()(task)` for many tasks in child processes and yields (task, answer) or (task, Lost) as they come."""

    def __init__(
        self,
        make: Callable[..., Callable[[Any], Any]],
        arguments: tuple[Any, ...],
        *,
        workers: int,
        seconds: float,
        memory: int = 0,
    ) -> None:
        # Children must not inherit the parent's open files and locks: a fork server where there is one.
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self._context.set_forkserver_preload(["uptake.adapters.engines.processes", make.__module__])  # type: ignore[attr-defined]
        self._make = make
        self._arguments = arguments
        self._limits = (seconds, memory)
        self._count = max(1, workers)
        self._workers: list[_Worker] = []
        self._numbers = iter(range(sys.maxsize))
        self._again: deque[Any] = deque()

    def run(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Feeds the children, never more than two batches ahead of each."""
        source = iter(tasks)
        first = next(source, _END)
        if first is _END:  # nothing to do: no process is worth starting
            return
        self._again.append(first)
        self._workers = [self._start() for _ in range(self._count)]
        exhausted = False
        try:
            while True:
                if not exhausted:
                    exhausted = self._feed(source)
                if exhausted and not self._again and not any(worker.tasks for worker in self._workers):
                    return
                yield from self._collect()
        finally:
            self._stop()

    def _start(self) -> _Worker:
        here, there = self._context.Pipe()
        marker = self._context.RawArray("d", [IDLE, 0.0])
        process = self._context.Process(
            target=_child, args=(self._make, self._arguments, there, marker, self._limits[1], os.getpid()), daemon=True
        )
        process.start()
        there.close()
        return _Worker(process, here, marker)

    def _feed(self, source: Iterator[Any]) -> bool:
        """True when the source is exhausted."""
        for worker in self._workers:
            while len(worker.tasks) < 2 * BATCH:
                batch = self._batch(source)
                if not batch:
                    return True
                numbered = [(next(self._numbers), task) for task in batch]
                worker.tasks.update(numbered)
                try:
                    worker.pipe.send(numbered)
                except OSError:  # it died: `_collect` sees the end of its pipe and hands the tasks on
                    break
        return False

    def _batch(self, source: Iterator[Any]) -> list[Any]:
        batch = []
        while len(batch) < BATCH:
            if self._again:
                batch.append(self._again.popleft())
                continue
            task = next(source, _END)
            if task is _END:
                break
            batch.append(task)
        return batch

    def _collect(self) -> Iterator[tuple[Any, Any]]:
        ready = set(connection.wait([worker.pipe for worker in self._workers], LOOK_EVERY))
        for place, worker in enumerate(self._workers):
            if worker.pipe in ready:
                answers = _receive(worker.pipe)
                if answers is None:
                    yield from self._bury(place, timed_out=False)
                    continue
                for number, answer in answers:
                    yield worker.tasks.pop(number), answer
            elif self._is_late(worker):
                worker.process.kill()
                yield from self._bury(place, timed_out=True)
        if self._again:
            self._feed(iter(()))

    def _is_late(self, worker: _Worker) -> bool:
        number, begun = worker.marker[0], worker.marker[1]
        return number != IDLE and begun > 0 and time.monotonic() - begun > self._limits[0]

    def _bury(self, place: int, *, timed_out: bool) -> Iterator[tuple[Any, Any]]:
        """Take the answers that a dead child still sent, report its last file, hand the others on."""
        worker = self._workers[place]
        worker.process.join(5)
        while worker.pipe.poll():
            answers = _receive(worker.pipe)
            if answers is None:
                break
            for number, answer in answers:
                yield worker.tasks.pop(number), answer
        guilty = worker.tasks.pop(int(worker.marker[0]), _END) if worker.marker[0] != IDLE else _END
        self._again.extendleft(reversed(list(worker.tasks.values())))
        worker.pipe.close()
        self._workers[place] = self._start()
        if guilty is not _END:
            yield guilty, Lost(guilty, _cause(worker.process.exitcode, self._limits[0], timed_out), timed_out)

    def _stop(self) -> None:
        for worker in self._workers:
            try:
                worker.pipe.send(None)
            except OSError:
                continue
        for worker in self._workers:
            worker.process.join(0.5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join(5)
            worker.pipe.close()


_END = object()


def _receive(pipe: Any) -> list[Answer] | None:
    try:
        answers: list[Answer] = pipe.recv()
    except (EOFError, OSError):
        return None
    return answers


def _cause(exit_code: int | None, seconds: float, timed_out: bool) -> str:
    if timed_out:
        return f"reading the file took longer than {seconds:g} seconds"
    if exit_code is not None and exit_code < 0:
        return f"the worker process was ended by signal {-exit_code} while it read this file"
    return f"the worker process ended with code {exit_code} while it read this file"


def _child(
    make: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
    pipe: Any,
    marker: Any,
    memory: int,
    parent: int,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    work = make(*arguments)
    _limit_memory(memory)
    # What is loaded now lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        _serve(work, pipe, marker, parent)
    except (EOFError, OSError):
        pass
    os._exit(0)


def _serve(work: Callable[[Any], Any], pipe: Any, marker: Any, parent: int) -> None:
    answers: list[Answer] = []
    sent = time.monotonic()
    while True:
        while not pipe.poll(2.0):
            if os.getppid() == 1 or not _is_alive(parent):
                return
        batch = pipe.recv()
        if batch is None:
            return
        for number, task in batch:
            now = time.monotonic()
            marker[1] = now
            marker[0] = number
            answers.append((number, work(task)))
            marker[0] = IDLE
            if now - sent > SEND_AFTER:
                pipe.send(answers)
                answers, sent = [], time.monotonic()
        if answers:
            pipe.send(answers)
            answers, sent = [], time.monotonic()


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        return True  # the pipe's end tells on Windows
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _limit_memory(more: int) -> None:
    """Let the process grow by `more` bytes of address space; where the system has no such limit, the others must do."""
    if not more:
        return
    try:
        import resource
    except ImportError:
        return
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            now = int(statm.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = now + more
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))
    except (OSError, ValueError):
        return
