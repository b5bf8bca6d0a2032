"""Local search for small covers, by weights on what is hard to cover (RWLS: Gao, Weise and Li, 2015; own implementation).

It proves nothing and finds what the exact solver does not reach in time on instances without structure.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from uptake.deploy.rollout.masks import bits


class LocalSearch:
    """One search over sets given as bit masks; `best` is a cover at any time."""

    def __init__(self, sets: Mapping[int, int], start: Iterable[int], seed: int = 0) -> None:
        self.members = {number: bits(mask) for number, mask in sets.items()}
        self.holders: dict[int, list[int]] = {}
        for number, elements in self.members.items():
            for element in elements:
                self.holders.setdefault(element, []).append(number)
        self.best = list(start)
        self._chance = random.Random(seed)  # noqa: S311 - no secret: the same seed gives the same search
        self._weight = dict.fromkeys(self.holders, 1)
        self._times = dict.fromkeys(self.holders, 0)
        """How often each element is covered."""
        self._score = {number: len(elements) for number, elements in self.members.items()}
        """Outside: weight that it would newly cover. Inside, negative: weight that only it covers."""
        self._stamp = dict.fromkeys(sets, 0)
        self._inside: set[int] = set()
        self._open: dict[int, None] = {}
        self._open.update(dict.fromkeys(self.holders))
        self._round = 0
        for number in self.best:
            self._add(number)

    def run(self, stop: Callable[[int], bool]) -> Sequence[int]:
        """Searches until `stop` says so; it is asked with the size of the best cover."""
        tabu: int | None = None
        while len(self.best) > 1 and not stop(len(self.best)):
            for _ in range(200):
                while not self._open:
                    self.best = sorted(self._inside)
                    self._remove(self._loosest(None))
                self._remove(self._loosest(tabu))
                tabu = self._step()
        return self.best

    def _step(self) -> int:
        """Covers one open element by the best set that was not just taken out; what stays open grows heavier."""
        self._round += 1
        element = self._chance.choice(list(self._open))
        candidates = self.holders[element]
        added = max(candidates, key=lambda number: (self._score[number], -self._stamp[number]))
        self._add(added)
        self._stamp[added] = self._round
        for left in self._open:
            self._weight[left] += 1
            for number in self.holders[left]:
                self._score[number] += 1
        return added

    def _loosest(self, tabu: int | None) -> int:
        """The set inside that covers least alone; of equals the one that has been in longest."""
        inside = [number for number in self._inside if number != tabu] or list(self._inside)
        found = max(inside, key=lambda number: (self._score[number], -self._stamp[number]))
        self._stamp[found] = self._round
        return found

    def _add(self, number: int) -> None:
        self._inside.add(number)
        self._score[number] = -self._score[number]
        for element in self.members[number]:
            weight, times = self._weight[element], self._times[element]
            self._times[element] = times + 1
            if times == 0:
                self._open.pop(element, None)
                for other in self.holders[element]:
                    if other != number:
                        self._score[other] -= weight
            elif times == 1:
                only = next(other for other in self.holders[element] if other in self._inside and other != number)
                self._score[only] += weight

    def _remove(self, number: int) -> None:
        self._inside.discard(number)
        self._score[number] = -self._score[number]
        for element in self.members[number]:
            weight, times = self._weight[element], self._times[element]
            self._times[element] = times - 1
            if times == 1:
                self._open[element] = None
                for other in self.holders[element]:
                    if other != number:
                        self._score[other] += weight
            elif times == 2:
                only = next(other for other in self.holders[element] if other in self._inside)
                self._score[only] -= weight
