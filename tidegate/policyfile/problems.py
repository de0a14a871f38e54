"""What is wrong or doubtful in a policy file: where, what was expected there, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Where = tuple[str | int, ...]
"""Keys and places in lists, from the outermost: `("ladder", 0, "MaxPrivateTps")`."""


@dataclass(frozen=True, order=True)
class Spot:
    """Where something is written: its file, line, and path such as `instances.orders-mq.ladder[0].MaxPrivateTps`."""

    file: str
    line: int
    path: str = ""

    def at(self, key: str | int) -> str:
        """The path of something inside."""
        if isinstance(key, int):
            return f"{self.path}[{key}]"
        return f"{self.path}.{key}" if self.path else key


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, or that a warning is about.

    `expected` says what should stand there or what is amiss, `advice` what to do where that does not follow from it.
    What concerns a folder as a whole has no line: 0.
    """

    file: str
    line: int
    path: str
    expected: str
    advice: str = ""

    @classmethod
    def at(cls, spot: Spot, expected: str, advice: str = "") -> Problem:
        """What is wrong with what stands at this spot."""
        return cls(spot.file, spot.line, spot.path, expected, advice)

    def __str__(self) -> str:
        return self.line_as()

    def line_as(self, kind: str = "") -> str:
        """One line for people, with what kind of problem it is where that is to be said."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        parts = [place, kind, self.path, f"{self.expected}; {self.advice}" if self.advice else self.expected]
        return _printable(": ".join(part for part in parts if part))


class BadPolicy(ValueError):  # noqa: N818 - reads as what it is
    """A policy that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def _printable(text: str) -> str:
    """The text without what would move a terminal's cursor or end the line: a file may hold anything."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
