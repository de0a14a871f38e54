"""Planned misfortunes: what goes wrong between a caller and a service, by script or by seed.

Every service asks the same `Faults` before it works, after it has worked, and when it reads:

    faults.before("oss.PutObject", Detail(instance="bucket/key", worker=caller.instance))
    ...the effect...
    faults.after("oss.PutObject", Detail(instance="bucket/key", worker=caller.instance))

Both raise what is to go wrong: `Dropped` (no reply at all), `Hung` (no reply, and the line stays open) or `ApiError`.
An answer that stands may still be bent into one that nobody documented (`bent`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from localcloud.clock import Clock
from localcloud.durations import Duration
from localcloud.identity import matches
from localcloud.rpc.operation import ApiError
from localcloud.wire import Dropped

BEFORE = frozenset({"lost-request", "error-before", "throttle"})
AFTER = frozenset({"lost-reply", "hang", "error-after", "kill-caller"})
READING = frozenset({"stale-read"})
ANSWERING = frozenset({"odd-answer"})

Kind = Literal[
    "lost-request",
    "lost-reply",
    "dropped",  # lost-request or lost-reply, by the toss of the seed
    "hang",
    "error-before",
    "error-after",
    "throttle",
    "stale-read",
    "odd-answer",
    "kill-caller",
]


class Hung(Dropped):
    """No reply, and the line stays open for `seconds` of the machine's time: the caller's own timeout decides."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no reply for {seconds} s")
        self.seconds = seconds


class Throttled(ApiError):  # noqa: N818 - the fault that was asked for
    """The call is refused for its rate. Each service answers it with its own product's code and status."""

    def __init__(self) -> None:
        super().__init__("Throttling.User", "Request was denied due to user flow control.", 429)


@dataclass(frozen=True)
class Detail:
    """What a call is about (instance id, object's `bucket/key`, function's name), and the worker that calls."""

    instance: str = ""
    worker: str = ""


NOTHING = Detail()


class Fault(BaseModel):
    """One planned misfortune. `call` and `instance` are patterns with `*` and `?`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    call: str
    do: Kind
    instance: str = "*"
    nth: int = Field(default=1, ge=1)
    """The first of the matching calls that it strikes."""
    times: int | None = Field(default=1, ge=1)
    """How many matching calls it strikes; null for all that follow."""
    since: datetime | None = Field(default=None, alias="from")
    until: datetime | None = None
    chance: float = Field(default=1.0, gt=0, le=1)
    """How likely it strikes a matching call, drawn from `seed`; the same seed strikes the same calls again."""
    seed: int = 0
    status: int = Field(default=500, ge=400, le=599)
    code: str = "InternalError"
    message: str = "The request processing has failed due to some unknown error."
    age: Duration = timedelta(minutes=1)
    """How old a stale read is."""
    seconds: float = Field(default=30.0, gt=0)
    """How long a hanging line stays open, in the machine's time."""
    answer: dict[str, Any] = Field(default_factory=dict)
    """What an odd answer says in place of the truth, as a JSON merge patch (RFC 7396): null leaves a field out."""


class Faults:
    """Strikes calls as planned, and counts what it struck. Plan and counts survive a restart with their drawer."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock) -> None:
        self._drawer, self._clock = drawer, clock
        self._kill: Callable[[str], object] = lambda _worker: 0

    def on_kill(self, kill: Callable[[str], object]) -> None:
        """Say how a function instance is killed; Function Compute's host knows."""
        self._kill = kill

    def add(self, fault: Fault) -> str:
        """Plan a misfortune and give the name by which it is listed."""
        if fault.do == "dropped":
            side: Kind = "lost-request" if toss(fault) < 0.5 else "lost-reply"  # noqa: PLR2004 - an even toss
            fault = fault.model_copy(update={"do": side})
        name = f"{len(self._drawer) + 1:06d}"
        self._drawer[name] = {"plan": fault.model_dump(mode="json", by_alias=True), "seen": 0, "struck": []}
        return name

    def clear(self) -> None:
        """Forget every planned misfortune."""
        for name in self._drawer:
            del self._drawer[name]

    def listed(self) -> list[dict[str, Any]]:
        """Give every planned misfortune with the calls it matched (`seen`) and those it struck (`struck`)."""
        return [{"name": name, **self._drawer[name]} for name in self._drawer]

    def before(self, call: str, detail: Detail = NOTHING) -> None:
        """Raise what goes wrong before the effect, if anything does."""
        if fault := self._strike(call, detail, BEFORE):
            self._raise(fault, detail)

    def after(self, call: str, detail: Detail = NOTHING) -> None:
        """Raise what goes wrong after the effect, if anything does."""
        if fault := self._strike(call, detail, AFTER):
            self._raise(fault, detail)

    def stale(self, call: str, detail: Detail = NOTHING) -> timedelta | None:
        """Give how old the answer to this read shall be, or None for the truth."""
        fault = self._strike(call, detail, READING)
        return fault.age if fault else None

    def bent(self, call: str, answer: Mapping[str, Any], detail: Detail = NOTHING) -> Mapping[str, Any]:
        """Give the answer to a call, or what a fault makes of it."""
        fault = self._strike(call, detail, ANSWERING)
        return merged(answer, fault.answer) if fault else answer

    def _strike(self, call: str, detail: Detail, kinds: frozenset[str]) -> Fault | None:
        first = None
        for name in self._drawer:
            entry = self._drawer[name]
            fault = Fault.model_validate(entry["plan"])
            if fault.do not in kinds or not self._matches(fault, call, detail):
                continue
            entry["seen"] += 1
            if first is None and is_due(fault, entry["seen"], len(entry["struck"])):
                first = fault
                entry["struck"].append({"at": self._clock.now().isoformat(), "call": call, "instance": detail.instance})
            self._drawer[name] = entry
        return first

    def _matches(self, fault: Fault, call: str, detail: Detail) -> bool:
        now = self._clock.now()
        if (fault.since and now < fault.since) or (fault.until and now >= fault.until):
            return False
        return matches(fault.call, call) and matches(fault.instance, detail.instance)

    def _raise(self, fault: Fault, detail: Detail) -> NoReturn:
        if fault.do == "throttle":
            raise Throttled
        if fault.do in {"error-before", "error-after"}:
            raise ApiError(fault.code, fault.message, fault.status)
        if fault.do == "hang":
            raise Hung(fault.seconds)
        if fault.do == "kill-caller":
            self._kill(detail.worker)
        raise Dropped(fault.do)


def is_due(fault: Fault, seen: int, struck: int) -> bool:
    """Say whether the fault strikes the `seen`-th call that matches it."""
    spent = fault.times is not None and struck >= fault.times
    return seen >= fault.nth and not spent and (fault.chance == 1 or toss(fault, seen) < fault.chance)


def toss(fault: Fault, seen: int = 0) -> float:
    """Draw a number in [0, 1) that depends on nothing but the fault's seed and the count of calls."""
    text = f"{fault.seed}/{fault.call}/{fault.do}/{seen}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def merged(told: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a JSON merge patch (RFC 7396)."""
    new = {name: value for name, value in told.items() if patch.get(name, ...) is not None}
    for name, value in patch.items():
        if isinstance(value, Mapping):
            old = told.get(name)
            new[name] = merged(old if isinstance(old, Mapping) else {}, value)
        elif value is not None:
            new[name] = value
    return new
