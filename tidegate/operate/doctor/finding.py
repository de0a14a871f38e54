"""What a check finds: how bad, what, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Level(str, Enum):
    """How a check ended, the worst last."""

    OK = "ok"
    SKIP = "skip"
    """It could not be looked at, or does not apply."""
    WARN = "WARN"
    FAIL = "FAIL"


ALLOW = "allow the one who asks to look: docs/doctor.md names the actions"
LONGEST = 1_500
"""Of what one part of a check tells: it may quote what the vendor shows."""
WORST = tuple(Level)


class Skipped(Exception):  # noqa: N818 - an answer, not a failure
    """A check that cannot be made here: why, and what would make it possible."""

    def __init__(self, why: str, do: str = "") -> None:
        super().__init__(why)
        self.why, self.do = why, do


@dataclass(frozen=True)
class Verdict:
    """What one check says, or one part of it."""

    level: Level
    found: str
    do: str = ""


@dataclass(frozen=True)
class Finding:
    """A verdict with the name of its check."""

    check: str
    level: Level
    found: str
    do: str = ""


def ok(found: str) -> Verdict:
    """All is well."""
    return Verdict(Level.OK, found[:LONGEST])


def skip(found: str, do: str = "") -> Verdict:
    """It does not apply."""
    return Verdict(Level.SKIP, found[:LONGEST], do[:LONGEST])


def warn(found: str, do: str) -> Verdict:
    """It works, and somebody should look."""
    return Verdict(Level.WARN, found[:LONGEST], do[:LONGEST])


def fail(found: str, do: str) -> Verdict:
    """It does not work."""
    return Verdict(Level.FAIL, found[:LONGEST], do[:LONGEST])


def together(good: str, parts: Iterable[Verdict]) -> Verdict:
    """One verdict of many: `good` where all are well, else the worst level, with all that is wrong and every advice."""
    wrong = [part for part in parts if part.level is not Level.OK]
    if not wrong:
        return ok(good)
    level = max((part.level for part in wrong), key=WORST.index)
    found = "; ".join(dict.fromkeys(part.found for part in wrong))
    return Verdict(level, found, "; ".join(dict.fromkeys(part.do for part in wrong if part.do)))
