"""Worker processes that may die: one killed child costs one file, a file that takes too long costs its time limit.

A child writes the number of the file that it works on into shared memory before it touches it. When it dies or hangs, the
parent knows which file it was, records it, and gives the rest of the child's files to a new one. The standard pools cannot do
this: a killed child breaks `ProcessPoolExecutor` (measured: 9 of 20 tasks lost).

Parent and child never wait for each other's full pipe: the unread batches of a child fit the smallest pipe buffer there is.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any

from uptake.core.errors import UptakeError

FIRST_BATCH, BATCH = 4, 48
"""Tasks in a batch: few at first, so that a small estate is shared among the children too."""
BATCH_BYTES = 3500
"""Two batches lie unread in a pipe; some systems give it 8 KB (macOS, Windows)."""
SEND_AFTER = 0.25
"""Seconds after which a child sends what it has although the batch is not done."""
LOOK_EVERY = 0.2
GRACE = 5.0
"""Seconds past the time limit after which a child whose parent is gone ends itself."""
STILLBORN_LIMIT = 5
IDLE, STARTING = -1.0, -2.0

Task = tuple[int, bytes]
Answer = tuple[int, Any]
Pair = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Lost:
    """What became of a task without an answer; `is_limit`: it met the limit of time or memory."""

    reason: str
    is_limit: bool = False


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Any
    marker: Any
    """Shared: number of the task that is worked on (IDLE: none, STARTING: not ready yet), and when it was begun."""
    tasks: dict[int, Any] = field(default_factory=dict)
    ends: deque[int] = field(default_factory=deque)
    """Last number of each batch that it has."""
    done: int = 0
    late: float = IDLE
    """Number of the task that was over its time when last looked at."""

    def take(self, answers: list[Answer]) -> Iterator[Pair]:
        """The tasks that are answered, with their answers."""
        for number, answer in answers:
            self.done += 1
            if self.ends and number >= self.ends[0]:
                self.ends.popleft()
            yield self.tasks.pop(number), answer


class ProcessPool:
    """Runs `make(*arguments)(task)` for many tasks in child processes and yields (task, answer or Lost) as they come."""

    def __init__(
        self,
        make: Callable[..., Callable[[Any], Any]],
        arguments: tuple[Any, ...],
        *,
        workers: int,
        seconds: float,
        memory: int = 0,
        preload: tuple[str, ...] = (),
    ) -> None:
        """`preload` are modules that `make` imports on its own, loaded once for all children."""
        self._context = _context(make.__module__, *preload)
        self._make = make
        self._arguments = arguments
        self._limits = (seconds, memory)
        self._count = max(1, workers)
        self._workers: list[_Worker] = []
        self._numbers = iter(range(sys.maxsize))
        self._again: deque[Any] = deque()
        self._source: Iterator[Any] | None = None
        self._stillborn = 0

    @property
    def process_ids(self) -> list[int]:
        """The children that there are now."""
        return [worker.process.pid for worker in self._workers]

    def run(self, tasks: Iterable[Any]) -> Generator[Pair | None]:
        """Feeds the children, never more than two batches ahead of each.

        `tasks` may yield None for “nothing at the moment”; None comes out when there is time to do something else,
        several times a second. Children start with the first task. Closing the iterator ends them at once.
        """
        self._source = iter(tasks)
        is_complete = False
        try:
            while True:
                is_fed = self._feed()
                if self._is_idle():
                    break
                yield from self._collect(LOOK_EVERY if is_fed else 0.0)
                yield None
            is_complete = True
        finally:
            self._stop(at_once=not is_complete)

    def _is_idle(self) -> bool:
        return self._source is None and not self._again and not any(worker.tasks for worker in self._workers)

    def _start(self) -> _Worker:
        here, there = self._context.Pipe()
        marker = self._context.RawArray("d", [STARTING, 0.0])
        process = self._context.Process(
            target=_child, args=(self._make, self._arguments, there, marker, self._limits, os.getpid()), daemon=True
        )
        process.start()
        there.close()
        return _Worker(process, here, marker)

    def _feed(self) -> bool:
        """Batches for all who have room; False when the source has nothing at the moment but may have later."""
        for _ in range(2):
            for place in range(self._count):
                worker = self._workers[place] if place < len(self._workers) else None
                if worker and len(worker.ends) > 1:
                    continue
                batch, numbered = self._batch(min(BATCH, FIRST_BATCH + (worker.done if worker else 0)))
                if not batch:
                    return self._source is None
                if worker is None:
                    worker = self._start()
                    self._workers.append(worker)
                worker.tasks.update(batch)
                worker.ends.append(numbered[-1][0])
                with suppress(OSError):  # it died: `_collect` sees the end of its pipe and hands the tasks on
                    worker.pipe.send(numbered)
        return True

    def _batch(self, most: int) -> tuple[dict[int, Any], list[Task]]:
        batch: dict[int, Any] = {}
        numbered: list[Task] = []
        size = 0
        while len(batch) < most and size < BATCH_BYTES:
            task = self._next()
            if task is None:
                break
            number, packed = next(self._numbers), pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
            if numbered and size + len(packed) > BATCH_BYTES:
                self._again.appendleft(task)
                break
            batch[number] = task
            numbered.append((number, packed))
            size += len(packed)
        return batch, numbered

    def _next(self) -> Any:
        if self._again:
            return self._again.popleft()
        if self._source is None:
            return None
        task = next(self._source, _END)
        if task is _END:
            self._source = None
            return None
        return task

    def _collect(self, seconds: float) -> Iterator[Pair]:
        ready = set(connection.wait([worker.pipe for worker in self._workers], seconds)) if self._workers else set()
        for place, worker in enumerate(self._workers):
            if worker.pipe in ready:
                answers = _receive(worker.pipe)
                if answers is None:
                    yield from self._bury(place, timed_out=False)
                else:
                    yield from worker.take(answers)
            elif self._is_late(worker):
                worker.process.kill()
                yield from self._bury(place, timed_out=True)

    def _is_late(self, worker: _Worker) -> bool:
        """Over its time at two looks in a row: whoever was suspended together with us gets a moment to finish."""
        number, begun = worker.marker[0], worker.marker[1]
        was_late = worker.late
        worker.late = number if number >= 0 and time.monotonic() - begun > self._limits[0] else IDLE
        return worker.late != IDLE and worker.late == was_late

    def _bury(self, place: int, *, timed_out: bool) -> Iterator[Pair]:
        """Take the answers that a dead child still sent, report its last file, hand the others on."""
        worker = self._workers[place]
        worker.process.join(5)
        while _has_more(worker.pipe):
            answers = _receive(worker.pipe)
            if answers is None:
                break
            yield from worker.take(answers)
        guilty = worker.tasks.pop(int(worker.marker[0]), _END)
        self._again.extendleft(reversed(list(worker.tasks.values())))
        worker.pipe.close()
        self._count_stillborn(worker)
        self._workers[place] = self._start()
        if guilty is not _END:
            yield guilty, _cause(worker.process.exitcode, self._limits[0], timed_out)

    def _count_stillborn(self, worker: _Worker) -> None:
        self._stillborn = self._stillborn + 1 if worker.marker[0] == STARTING else 0
        if self._stillborn >= STILLBORN_LIMIT:
            raise UptakeError(
                f"the worker processes end before they can begin (exit code {worker.process.exitcode})",
                "is there enough memory? try fewer with --workers",
            )

    def _stop(self, *, at_once: bool) -> None:
        for worker in self._workers:
            if at_once:
                worker.process.kill()
                continue
            with suppress(OSError):
                worker.pipe.send(None)
        end = time.monotonic() + 1.0
        for worker in self._workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join(5)
            worker.pipe.close()
        self._workers = []


_END = object()


def _context(*preload: str) -> Any:
    """A fork server where there is one: children must not inherit the parent's open files and locks."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["uptake.adapters.engines.processes", *preload])
    if threading.current_thread() is threading.main_thread():
        from multiprocessing import forkserver

        # Ctrl-C is the parent's to answer, and a child that is just starting would print a traceback.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGINT, before)
    return context


def _receive(pipe: Any) -> list[Answer] | None:
    """Answers of a child, None when it is gone; `UptakeError` when it could not begin and said why."""
    try:
        answers: list[Answer] | str = pipe.recv()
    except (EOFError, OSError):
        return None
    if isinstance(answers, str):
        raise UptakeError(f"a worker process cannot begin: {answers}")
    return answers


def _has_more(pipe: Any) -> bool:
    try:
        return bool(pipe.poll())
    except OSError:
        return False


def _cause(exit_code: int | None, seconds: float, timed_out: bool) -> Lost:
    if timed_out or (hasattr(signal, "SIGALRM") and exit_code == -signal.SIGALRM):
        return Lost(f"reading the file took longer than {seconds:g} seconds", is_limit=True)
    if exit_code is not None and exit_code < 0:
        return Lost(f"the worker process was ended by signal {-exit_code} while it read this file")
    return Lost(f"the worker process ended with code {exit_code} while it read this file")


def _child(
    make: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
    pipe: Any,
    marker: Any,
    limits: tuple[float, int],
    parent: int,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            work = make(*arguments)
        except Exception as error:  # noqa: BLE001 — whatever it is, the parent says it and ends
            pipe.send(f"{type(error).__name__}: {error}")
            os._exit(1)
        _limit_memory(limits[1])
        # What is loaded now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        marker[0] = IDLE
        _serve(work, pipe, marker, limits[0] + GRACE, parent)
    os._exit(0)


def _serve(work: Callable[[Any], Any], pipe: Any, marker: Any, seconds: float, parent: int) -> None:
    answers: list[Answer] = []
    sent = time.monotonic()
    while True:
        while not pipe.poll(2.0):
            if os.getppid() == 1 or not _is_alive(parent):
                return
        batch = pipe.recv()
        if batch is None:
            return
        for number, packed in batch:
            now = time.monotonic()
            _end_after(seconds)
            marker[1] = now
            marker[0] = number
            answers.append((number, _answer(work, packed)))
            marker[0] = IDLE
            if now - sent > SEND_AFTER:
                pipe.send(answers)
                answers, sent = [], time.monotonic()
        _end_after(0.0)
        if answers:
            pipe.send(answers)
            answers, sent = [], time.monotonic()


def _answer(work: Callable[[Any], Any], packed: bytes) -> Any:
    """The answer of one task. A bug of ours costs the file that met it, and its result says where the bug is."""
    try:
        return work(pickle.loads(packed))  # noqa: S301 — from our own parent
    except MemoryError:
        return Lost("the memory limit was reached", is_limit=True)
    except Exception as error:  # noqa: BLE001
        return Lost(f"a fault of uptake: {type(error).__name__}: {error} ({_place(error)})")


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"


def _end_after(seconds: float) -> None:
    """Let the system end this process then, even where the parent is gone and the interpreter hangs; 0: never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


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
