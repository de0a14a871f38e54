"""Where a call leaves a process, and what may go wrong there: the table that the coverage is held to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache


class Trouble(str, Enum):
    """What goes wrong with one call."""

    LOST_REQUEST = "request lost"
    LOST_REPLY = "reply lost"
    LOST = "answer lost"
    """Of a read: which side it was on makes no difference."""
    LATE = "request late"
    """The caller gives up, and then it has its effect."""
    ERROR_BEFORE = "5xx before"
    ERROR_AFTER = "5xx after"
    ERROR = "5xx"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    STALE = "stale"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    KILLED = "killed"
    TIMED_OUT = "timed out"
    """The process waits until its function's timeout ends it; the effect is there."""
    STALLED = "stalled"
    """The process stands still with the answer in hand, and goes on minutes later, when others have long acted."""
    ODD = "odd answer"
    """The answer to a read is one that nobody documented."""
    REFUSED = "refused"


class Kind(str, Enum):
    """Of which kind a call is."""

    ORDER = "order"
    READ = "read"
    PUT = "put"
    GET = "get"
    PAGE = "list"
    DELETE = "delete"
    TELL = "tell"


_T = Trouble
WRITTEN = (_T.LOST_REQUEST, _T.LOST_REPLY, _T.LATE, _T.ERROR_BEFORE, _T.ERROR_AFTER, _T.THROTTLED)
DEATHS = (_T.KILLED_BEFORE, _T.KILLED_AFTER, _T.TIMED_OUT)
ASKED = (_T.LOST, _T.ERROR, _T.THROTTLED)

TROUBLES: Mapping[Kind, tuple[Trouble, ...]] = {
    Kind.ORDER: (*WRITTEN, *DEATHS, _T.STALLED),
    Kind.READ: (*ASKED, _T.STALE, _T.ODD, _T.KILLED, _T.TIMED_OUT),
    Kind.PUT: (*WRITTEN, _T.CONFLICT, *DEATHS, _T.STALLED),
    Kind.GET: (*ASKED, _T.KILLED, _T.TIMED_OUT),
    Kind.PAGE: (*ASKED, _T.STALE, _T.KILLED, _T.TIMED_OUT),
    Kind.DELETE: (*WRITTEN, *DEATHS),
    Kind.TELL: (_T.REFUSED, *DEATHS),
}

TASK_TWISTS = ("refused", "exhausted", "failed", "answer lost", "twice", "twice at once", "late")
"""What may become of a task of an execution."""
TICK_TWISTS = ("lost", "twice", "twice at once")
EXECUTION_TWISTS = ("lost",)

ACTIONS: Mapping[str, Kind] = {
    "UpdateInstance": Kind.ORDER,
    "ModifyInstanceSpec": Kind.ORDER,
    "StartExecution": Kind.ORDER,
}
"""What is not named here is a read."""


@cache
def kind_of(call: str) -> Kind:
    """Of which kind a call is: `put record`, `GetInstance`, `tell`."""
    verb = call.partition(" ")[0]
    if verb in ("put", "get", "list", "delete", "tell"):
        return Kind(verb)
    return ACTIONS.get(call, Kind.READ)


@cache
def words_of(call: str) -> tuple[str, ...]:
    """What can go wrong with a call, in words."""
    return tuple(trouble.value for trouble in TROUBLES[kind_of(call)])
