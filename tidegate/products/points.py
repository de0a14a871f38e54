"""What a row of measured points says: the newest of them, or their peak; and what to say where they do not suffice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tidegate.aliyun.errors import Busy, Throttled, Unreadable, VendorError
from tidegate.domain.durations import write_duration
from tidegate.domain.measures import Measure, Usage, Use

SPAN = timedelta(minutes=1)
"""How long the span is that one point of a window speaks of."""
LONGEST_HOLE = timedelta(minutes=10)
"""How long nothing may have been measured before a peak could have been missed; in a long window, a sixth of it."""


class Unmeasured(Exception):  # noqa: N818 - reads as what it is
    """What was asked cannot be told from the vendor's answer. The message is a phrase for an operator."""


@dataclass(frozen=True)
class Point:
    """One measured figure, of the span that begins at `at`."""

    at: datetime
    value: float


@dataclass(frozen=True)
class Question:
    """One thing of which a spec has `remains`, and how to find out how much of it is in use."""

    what: str
    remains: int
    used: Callable[[], int]


def newest(points: Iterable[Point], metric: str, span: timedelta, now: datetime, within: timedelta) -> Point:
    """Give the newest point. Raises Unmeasured if there is none, or the span it speaks of ended before `within`."""
    point = max(points, key=lambda each: each.at, default=None)
    if point is None:
        raise Unmeasured(f"no points of {metric} in the last {write_duration(within)}")
    age = now - point.at - span
    if age > within:
        raise Unmeasured(
            f"the newest point of {metric} is {write_duration(age)} old, more than {write_duration(within)}"
        )
    if point.at > now + within:
        raise Unmeasured(f"the newest point of {metric} is of {point.at:%d %b %H:%M} UTC, which is yet to come")
    return point


def peak(points: Iterable[Point], metric: str, now: datetime, over: timedelta) -> int:
    """Give the highest figure of the last while, rounded up. Raises Unmeasured where a higher one could be missing."""
    since = now - over
    inside = sorted((point for point in points if since - SPAN < point.at <= now), key=lambda point: point.at)
    if not inside:
        raise Unmeasured(f"no points of {metric} in the last {write_duration(over)}")
    before, after = max(pairwise([since, *(point.at for point in inside), now]), key=lambda pair: pair[1] - pair[0])
    if after - before > max(LONGEST_HOLE, over / 6):
        raise Unmeasured(f"no points of {metric} from {before:%H:%M} to {after:%H:%M} UTC")
    return math.ceil(max(point.value for point in inside))


def measured(metric: str, read: Callable[[], Point]) -> Measure:
    """Give what was read, or why nothing was."""
    try:
        point = read()
    except (Unmeasured, VendorError) as error:
        return Measure(metric, None, trouble=trouble(error))
    return Measure(metric, point.value, point.at)


def counted(questions: Sequence[Question]) -> Usage:
    """Ask one question after the other. Once the vendor gives no answer even after patience, no more are asked."""
    uses: list[Use] = []
    unread: dict[str, list[str]] = {}
    silence = ""
    for question in questions:
        if silence:
            unread[silence].append(question.what)
            continue
        try:
            uses.append(Use(question.what, question.used(), question.remains))
        except (Unmeasured, VendorError) as error:
            reason = trouble(error)
            unread.setdefault(reason, []).append(question.what)
            silence = reason if isinstance(error, (Busy, Throttled, Unreadable)) else ""
    phrases = [f"{' and '.join(whats)} could not be read ({reason})" for reason, whats in unread.items()]
    return Usage(tuple(uses), "; ".join(phrases))


def trouble(error: Unmeasured | VendorError) -> str:
    """Say in one line what went wrong, with what to do about it where that is known."""
    if isinstance(error, Unmeasured):
        return str(error)
    return " ".join(f"{error.code}: {error.advice or error.message}".split())[:200]
