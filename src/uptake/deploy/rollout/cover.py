"""Set cover made small before it is solved: what is the same is merged, what is dominated is dropped, who is needed is fixed.

Solving is exact, by CP-SAT with linear constraints and full linearisation (measured: that proves 300 sets over 60 elements in a
moment; a formulation by clauses, or two workers left to themselves, prove nothing in a minute), beside a local search that
starts from the greedy cover, so the result is never worse than that.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from uptake.deploy.rollout.masks import bits, union
from uptake.deploy.rollout.search import LocalSearch

HEAD_START = 0.4
"""Part of the time in which the solver works alone: what has structure it proves then, and Python beside it would slow it down."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Chosen sets with the proof: at least `bound` are needed."""

    chosen: tuple[int, ...]
    bound: int
    greedy: int
    forced: frozenset[int] = frozenset()
    """Sets that alone hold an element."""
    reduced: tuple[int, int] = (0, 0)
    """Sets and elements that were left for the solver."""

    @property
    def is_optimal(self) -> bool:
        return len(self.chosen) == self.bound


@dataclass(slots=True)
class _Problem:
    """What is left: set id → elements, and the cost of each set."""

    sets: dict[int, int]
    costs: Sequence[float]
    forced: list[int] = field(default_factory=list)
    elements: int = 0


def greedy_cover(sets: Mapping[int, int], costs: Sequence[float]) -> list[int]:
    """Always the set with most that is missing, the cheaper and earlier of equals; then without those that are not needed.

    A count can only fall, so a set is counted again when it comes to the top of the heap and not before.
    """
    missing, chosen = union(sets.values()), []
    heap = [(-mask.bit_count(), costs[number], number) for number, mask in sets.items()]
    heapq.heapify(heap)
    while missing:
        _, cost, number = heapq.heappop(heap)
        count = (sets[number] & missing).bit_count()
        if heap and (-count, cost, number) > heap[0]:
            if count:
                heapq.heappush(heap, (-count, cost, number))
            continue
        chosen.append(number)
        missing &= ~sets[number]
    return _irredundant(chosen, sets)


def _irredundant(chosen: list[int], sets: Mapping[int, int]) -> list[int]:
    kept = list(chosen)
    for each in chosen:
        others = union(sets[other] for other in kept if other != each)
        if not sets[each] & ~others:
            kept.remove(each)
    return kept


def solve_cover(sets: Sequence[int], costs: Sequence[float], seconds: float = 60.0) -> Cover:
    """The fewest sets that hold every element that any set holds; of equally many, the cheaper ones.

    `seconds`: time for all of it; when it ends before the proof, `bound` is less than the number that was chosen.
    """
    end = time.monotonic() + seconds
    everything = {number: mask for number, mask in enumerate(sets) if mask}
    reference = greedy_cover(everything, costs)
    problem = _reduced(everything, costs)
    core = _Solved([], 0) if not problem.sets else _solve(problem, reference, end)
    chosen = sorted({*problem.forced, *core.chosen})
    if len(chosen) > len(reference):
        chosen = sorted(reference)
    bound = min(len(problem.forced) + core.bound, len(chosen))
    size = (len(problem.sets), union(problem.sets.values()).bit_count())
    return Cover(tuple(chosen), bound, len(reference), frozenset(problem.forced), size)


def _reduced(sets: Mapping[int, int], costs: Sequence[float]) -> _Problem:
    """Until nothing changes: fix who alone holds an element, drop elements that follow from others, drop dominated sets."""
    problem = _Problem(dict(sets), costs)
    while problem.sets:
        before = (len(problem.sets), union(problem.sets.values()).bit_count())
        problem.sets = _undominated(problem.sets, costs)
        _fix_needed(problem)
        problem.sets = _without_implied(problem.sets)
        if (len(problem.sets), union(problem.sets.values()).bit_count()) == before:
            break
    return problem


def _merged(sets: Mapping[int, int], costs: Sequence[float]) -> dict[int, int]:
    """Of sets with the same elements the cheapest, of equally cheap the first."""
    best: dict[int, int] = {}
    for number, mask in sets.items():
        known = best.get(mask)
        if known is None or (costs[number], number) < (costs[known], known):
            best[mask] = number
    return {number: mask for mask, number in best.items()}


def _holders(sets: Mapping[int, int]) -> dict[int, list[int]]:
    """Element → sets that hold it."""
    found: dict[int, list[int]] = {}
    for number, mask in sets.items():
        for element in bits(mask):
            found.setdefault(element, []).append(number)
    return found


def _undominated(sets: Mapping[int, int], costs: Sequence[float]) -> dict[int, int]:
    """Without sets whose elements another has that costs no more; it holds the rarest of them, so only its holders are asked."""
    kept = _merged(sets, costs)
    holders = _holders(kept)
    for number in sorted(kept, key=lambda each: (kept[each].bit_count(), -costs[each])):
        mask = kept[number]
        rarest = min(bits(mask), key=lambda element: len(holders[element]))
        for other in holders[rarest]:
            if other != number and other in kept and not mask & ~kept[other] and costs[other] <= costs[number]:
                del kept[number]
                break
    return kept


def _fix_needed(problem: _Problem) -> None:
    needed = {holders[0] for holders in _holders(problem.sets).values() if len(holders) == 1}
    if not needed:
        return
    covered = union(problem.sets[each] for each in needed)
    problem.forced.extend(sorted(needed))
    left = {number: mask & ~covered for number, mask in problem.sets.items() if number not in needed}
    problem.sets = {number: mask for number, mask in left.items() if mask}


def _without_implied(sets: Mapping[int, int]) -> dict[int, int]:
    """Without elements that every holder of another element holds too: covering the other covers them."""
    places = {number: place for place, number in enumerate(sets)}
    columns = {element: union(1 << places[number] for number in numbers) for element, numbers in _holders(sets).items()}
    numbers = list(sets)
    dropped = 0
    kept_by_holders: dict[int, int] = {}
    for element in sorted(columns, key=lambda each: (columns[each].bit_count(), each)):
        column = columns[element]
        if column in kept_by_holders:
            dropped |= 1 << element
            continue
        kept_by_holders[column] = element
    kept = union(1 << element for element in kept_by_holders.values())
    for element in kept_by_holders.values():
        column = columns[element]
        # Another element is implied when its holders include all holders of this one, so it stands in each of them.
        common = kept
        for place in bits(column):
            common &= sets[numbers[place]]
            if common == 1 << element:
                break
        others = common & ~(1 << element) & ~dropped
        if not dropped >> element & 1:
            dropped |= others
    left = {number: mask & ~dropped for number, mask in sets.items()}
    return {number: mask for number, mask in left.items() if mask}


@dataclass(frozen=True, slots=True)
class _Solved:
    chosen: list[int]
    bound: int


def _solve(problem: _Problem, reference: Sequence[int], end: float) -> _Solved:
    """The rest by CP-SAT: first the fewest, then the cheapest of as many. `end`: of the time for it, on the monotonic clock."""
    first = _run(problem, _start(problem, reference), _left(end))
    is_priced = len({problem.costs[number] for number in problem.sets}) > 1
    if not is_priced or len(first.chosen) > first.bound:
        return first
    return _Solved(_run(problem, first.chosen, _left(end), exactly=len(first.chosen)).chosen, first.bound)


def _left(end: float) -> float:
    """Seconds until then; a moment at least, in which much is proven."""
    return max(1.0, end - time.monotonic())


def _start(problem: _Problem, reference: Sequence[int]) -> list[int]:
    """A first solution: the greedy one of what is left, or what is left of the whole greedy one if that is smaller."""
    own = greedy_cover(problem.sets, problem.costs)
    carried = [number for number in reference if number in problem.sets]
    missing = union(problem.sets.values()) & ~union(problem.sets[number] for number in carried)
    return carried if not missing and len(carried) < len(own) else own


def solver_for(seconds: float) -> Any:
    """CP-SAT as the measurements want it; one worker, so that a proven result is the same each time."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.random_seed = 0
    return solver


def _model(problem: _Problem, start: Sequence[int], exactly: int) -> tuple[Any, dict[int, Any]]:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    chosen = {number: model.new_bool_var("") for number in problem.sets}
    for numbers in _holders(problem.sets).values():
        model.add(sum(chosen[number] for number in numbers) >= 1)
    if exactly:
        model.add(sum(chosen.values()) == exactly)
        model.minimize(sum(round(problem.costs[number] * 100) * variable for number, variable in chosen.items()))
    else:
        model.minimize(sum(chosen.values()))
    kept = set(start)
    for number, variable in chosen.items():
        model.add_hint(variable, number in kept)
    return model, chosen


def _run(problem: _Problem, start: Sequence[int], seconds: float, exactly: int = 0) -> _Solved:
    """The exact solver on one core; beside it, while the fewest are looked for, the local search on another."""
    model, chosen = _model(problem, start, exactly)
    solver = solver_for(seconds)
    proven = [1]
    solver.best_bound_callback = lambda bound: proven.__setitem__(0, _up(bound))
    ended, status = threading.Event(), list[Any]()
    worker = threading.Thread(target=_solve_then, args=(solver, model, status, ended), daemon=True)
    worker.start()
    found: Sequence[int] = start
    try:
        if not exactly and not ended.wait(seconds * HEAD_START):
            search = LocalSearch(problem.sets, start)
            found = search.run(lambda size: ended.is_set() or size <= proven[0])
            if not ended.wait(0.2 if len(found) <= proven[0] else seconds):
                solver.stop_search()
    finally:
        if exactly:
            ended.wait(seconds + 5)
        solver.stop_search()
        worker.join()
    if not status or solver.status_name(status[0]) not in ("OPTIMAL", "FEASIBLE"):
        return _Solved(list(found), exactly or proven[0])
    exact = [number for number, variable in chosen.items() if solver.boolean_value(variable)]
    if exactly:
        return _Solved(exact, exactly)
    is_proven = solver.status_name(status[0]) == "OPTIMAL"
    bound = len(exact) if is_proven else max(proven[0], _up(solver.best_objective_bound))
    # What the solver proved is the same each time; the search is taken only where it is better.
    return _Solved(exact if len(exact) <= len(found) else list(found), bound)


def _solve_then(solver: Any, model: Any, status: list[Any], ended: threading.Event) -> None:
    try:
        status.append(solver.solve(model))
    finally:
        ended.set()


def _up(bound: float) -> int:
    """The least whole number that a bound allows."""
    return max(1, math.ceil(bound - 1e-6))
