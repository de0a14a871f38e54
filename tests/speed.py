"""How fast this machine is, by a measure that none of our code is part of."""

from __future__ import annotations

from time import perf_counter

STEPS_PER_S = 13_000_000
"""Of the plainest Python. Of a machine that makes fewer, less is asked than what is promised, in proportion."""


def steps_per_s() -> float:
    """How many of the plainest steps this Python makes in a second on this machine, at its best."""
    best = 0.0
    for _ in range(500):
        began, kept = perf_counter(), dict[int, int]()
        for number in range(2000):
            kept[number % 7] = number + kept.get(number % 5, 0) % 3
        best = max(best, 2000 / (perf_counter() - began))
    return best


def slowness() -> float:
    """How many times slower this machine is than one of which all is asked; 1 where it is not."""
    return max(1.0, STEPS_PER_S / steps_per_s())
