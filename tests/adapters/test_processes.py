"""The pool of workers that may die: what a kill, a hang, a hog, a bug and a dead parent cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pool_work
import pytest

from uptake.adapters.engines.processes import GRACE, Lost, ProcessPool
from uptake.core.errors import UptakeError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
QUICK = [("echo", n) for n in range(150)]


def a_pool(
    *, workers: int = 2, seconds: float = 30.0, memory: int = 0, make: Any = pool_work.make_worker
) -> ProcessPool:
    return ProcessPool(make, (), workers=workers, seconds=seconds, memory=memory)


def results(pool: ProcessPool, tasks: Any) -> list[tuple[Any, Any]]:
    return [pair for pair in pool.run(tasks) if pair]


def lost(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Lost]]:
    return [(task, answer) for task, answer in pairs if isinstance(answer, Lost)]


def is_gone(process: int) -> bool:
    """No such process, or one that is dead and only waits for its parent to ask."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_is_answered_once(workers: int) -> None:
    pairs = results(a_pool(workers=workers), QUICK)
    assert Counter(task for task, _ in pairs) == Counter(QUICK)
    assert all(answer == number for (_, number), answer in pairs)


def test_nothing_to_do_starts_no_process() -> None:
    pool = a_pool()
    assert results(pool, [None, None]) == []
    assert pool.process_ids == []


def test_few_tasks_are_shared_among_the_workers() -> None:
    pairs = results(a_pool(workers=2), [("who", n) for n in range(16)])
    assert len({answer for _, answer in pairs}) == 2


@pytest.mark.parametrize(("verb", "argument", "reason"), [("die", signal.SIGKILL, "signal 9"), ("leave", 7, "code 7")])
def test_a_worker_that_dies_costs_the_file_that_it_read(verb: str, argument: int, reason: str) -> None:
    tasks = [*QUICK[:60], (verb, argument), *QUICK[60:]]
    pairs = results(a_pool(), tasks)
    assert Counter(task for task, _ in pairs) == Counter(tasks)
    [(task, answer)] = lost(pairs)
    assert task == (verb, argument)
    assert reason in answer.reason
    assert not answer.is_limit


def test_kill_9_from_outside_costs_at_most_one_file_each() -> None:
    pool = a_pool()
    tasks = [("pause", 0.004 + n / 1e6) for n in range(400)]
    killed, pairs = 0, []
    for pair in pool.run(tasks):
        pairs += [pair] if pair else []
        if killed < 4 and len(pairs) >= 60 * (killed + 1):
            os.kill(pool.process_ids[killed % 2], signal.SIGKILL)
            killed += 1
    assert killed == 4
    assert Counter(task for task, _ in pairs) == Counter(tasks)
    assert len(lost(pairs)) <= killed


def test_a_file_that_hangs_is_ended_by_the_time_limit_and_the_others_are_not() -> None:
    tasks = [*QUICK[:30], ("pause", 60), *QUICK[30:]]
    begun = time.monotonic()
    pairs = results(a_pool(seconds=0.8), tasks)
    assert time.monotonic() - begun < 8
    [(task, answer)] = lost(pairs)
    assert (task, answer.is_limit) == (("pause", 60), True)
    assert answer.reason == "reading the file took longer than 0.8 seconds"
    assert len(pairs) == len(tasks)


def test_a_hang_that_never_lets_go_of_the_interpreter_is_ended_too() -> None:
    pairs = results(a_pool(workers=1, seconds=0.5), [("hold the interpreter", None), *QUICK[:5]])
    assert [answer.is_limit for _, answer in lost(pairs)] == [True]
    assert len(pairs) == 6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space limits")
@pytest.mark.parametrize("verb", ["hog", "hog in small pieces"])
def test_a_memory_hog_meets_the_limit_and_its_worker_lives_on(verb: str) -> None:
    pairs = results(a_pool(workers=1, memory=128 << 20), [("who", 1), (verb, 1 << 30), ("who", 2)])
    assert [(task, answer.is_limit) for task, answer in lost(pairs)] == [((verb, 1 << 30), True)]
    assert pairs[0][1] == pairs[2][1]


def test_a_bug_of_ours_costs_one_file_and_says_where_it_is() -> None:
    [(task, answer)] = lost(results(a_pool(workers=1), [*QUICK[:9], ("fault", None)]))
    assert task == ("fault", None)
    assert "a fault of uptake: KeyError: 'a bug of ours' (pool_work.py:" in answer.reason


def test_workers_that_cannot_begin_end_the_scan_with_their_reason() -> None:
    with pytest.raises(UptakeError, match="no catalogue here"):
        results(a_pool(make=pool_work.make_nothing), QUICK)


def test_workers_that_die_before_they_begin_are_not_started_for_ever() -> None:
    with pytest.raises(UptakeError, match="before they can begin"):
        results(a_pool(make=pool_work.make_corpse), QUICK)


def test_closing_early_ends_the_children_at_once() -> None:
    pool = a_pool(seconds=60)
    running = pool.run([*QUICK[:20], *[("pause", 50)] * 20])
    while not next(running):
        pass
    children = pool.process_ids
    begun = time.monotonic()
    running.close()
    assert time.monotonic() - begun < 3
    assert all(is_gone(child) for child in children)


def test_a_source_that_has_nothing_at_the_moment_holds_nobody_up() -> None:
    def hesitating() -> Iterator[Any]:
        for task in QUICK[:20]:
            yield task
            yield None
        yield from [None] * 2000

    begun = time.monotonic()
    assert len(results(a_pool(), hesitating())) == 20
    assert time.monotonic() - begun < 5


def test_long_names_and_big_answers_do_not_block_each_other() -> None:
    tasks = [("echo", "long " * 800 + str(n)) for n in range(120)]
    tasks += [("answer much", 300_000)] * 60
    assert len(results(a_pool(workers=1), tasks)) == 180


ORPHANED = """
import sys, time
sys.path[:0] = [{here!r}, {source!r}]
import pool_work
from uptake.adapters.engines.processes import ProcessPool
if __name__ == "__main__":
    pool = ProcessPool(pool_work.make_worker, (), workers=2, seconds=1.0)
    tasks = [("echo", 1), ({verb!r}, {argument!r})]
    for pair in pool.run([*tasks[:1], None, tasks[1], *[None] * 10_000_000]):
        if pair:
            print(*pool.process_ids, flush=True)
            time.sleep(0.3)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "argument"), [("echo", 2), ("hold the interpreter", None)])
def test_workers_of_a_killed_parent_end_by_themselves(tmp_path: Path, verb: str, argument: Any) -> None:
    script = tmp_path / "parent.py"
    script.write_text(ORPHANED.format(here=str(HERE), source=str(SOURCE), verb=verb, argument=argument))
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        children = [int(number) for number in parent.stdout.readline().split()]
        time.sleep(0.4)
        parent.kill()
    assert children
    end = time.monotonic() + 1.0 + GRACE + 4
    while not all(is_gone(child) for child in children) and time.monotonic() < end:
        time.sleep(0.1)
    assert [child for child in children if not is_gone(child)] == []
