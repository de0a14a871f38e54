"""How much a policy comes to once profiles are merged in: a large profile times many instances is too much."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.policyfile.problems import Problem
from tidegate.policyfile.tree import Tree

MOST_VALUES = 2_000_000
"""Enough for 10,000 instances of two hundred values each."""


def too_heavy(instances: Mapping[str, Tree]) -> Problem | None:
    """What to say of the instance with which all of them together come to too much."""
    left = MOST_VALUES
    for tree in instances.values():
        left -= _values(tree, left)
        if left < 0:
            why = f"expected a policy of ordinary size: its instances have over {MOST_VALUES:,} values"
            return Problem.at(tree.spot, why, "make profiles smaller, or several policies of it")
    return None


def _values(tree: Tree, most: int) -> int:
    """How many values a tree has; not counted further than to one more than `most`."""
    count, waiting = 0, [tree]
    while waiting and count <= most:
        here = waiting.pop()
        count += 1
        waiting += here.keys.values() or here.items
    return count
