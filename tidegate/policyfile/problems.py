"""What is wrong with a policy file: where, and what was expected there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Where = tuple[str | int, ...]
"""Keys and places in lists, from the outermost: `("ladder", 0, "MaxPrivateTps")`."""


@dataclass(frozen=True, order=True)
class Spot:
    """Where something is written: its line, and its path such as `instances.orders-mq.ladder[0].MaxPrivateTps`."""

    line: int
    path: str = ""

    def at(self, key: str | int) -> str:
        """The path of something inside."""
        if isinstance(key, int):
            return f"{self.path}[{key}]"
        return f"{self.path}.{key}" if self.path else key


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong; `expected` says what should stand there."""

    line: int
    path: str
    expected: str
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}: {where}{self.expected}"


class BadPolicy(ValueError):  # noqa: N818 - reads as what it is
    """A policy file that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))
