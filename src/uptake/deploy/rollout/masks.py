"""Sets as Python integers, one bit an element."""

from __future__ import annotations

from collections.abc import Iterable


def union(sets: Iterable[int]) -> int:
    total = 0
    for each in sets:
        total |= each
    return total


def bits(mask: int) -> list[int]:
    """Places of the bits that are set."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
