"""Function Compute in simulated time: the project's own handlers, in processes that are only remembered.

A process is a memory, a clock that may be off, and whether it lives. It runs one call at a time, is used again while
it is warm, and is gone when it is killed or its function's timeout has passed: then nothing more comes from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NoReturn, TypeVar

import yaml
from greenlet import getcurrent

from localcloud.project.simulate.clockwork import Clockwork
from localcloud.project.simulate.misfortunes import Misfortunes, late, way_back, way_out
from localcloud.project.simulate.sites import Kind, Trouble, kind_of, words_of
from localcloud.project.up import ROOT
from tidegate.app.machine import Memory

T = TypeVar("T")
NEVER = datetime.min.replace(tzinfo=timezone.utc)

WARM = timedelta(minutes=10)
"""How long an idle process is kept (fact fc 1.5 gives minutes)."""
SHORTEST_S, LONGEST_S = 0.002, 0.08
"""How long a request, or its reply, is on its way."""
SPAN_S = LONGEST_S - SHORTEST_S
LATEST_S = 840.0
"""A signed request is taken for 15 minutes (facts A.0, fc 5): so late may it arrive."""
FOREVER_S = 1e6


class Killed(BaseException):
    """The process is gone; nothing in it may catch this."""


@dataclass(eq=False)
class Worker:
    """One process of a function."""

    function: str
    number: int
    skew: timedelta
    memory: Memory = field(default_factory=Memory)
    is_dead: bool = False
    used_at: datetime = NEVER

    @property
    def name(self) -> str:
        """By which it signs."""
        return f"{self.function}-{self.number}"


@dataclass(eq=False)
class Invocation:
    """One call of a function. `crossings` are the calls that had their effect, with what they were about."""

    worker: Worker
    number: int
    began_at: datetime
    deadline: datetime
    crossings: list[tuple[str, str]] = field(default_factory=list)
    troubles: int = 0
    mark: str = ""
    """The mark that it asked for last."""


@dataclass(frozen=True)
class Ran:
    """How a call of a function ended. `died` is how, where it did not end by itself."""

    invocation: Invocation
    body: Any = None
    error: str = ""
    message: str = ""
    died: str = ""


@dataclass(frozen=True)
class Failing:
    """How a caller's own client says what went wrong."""

    lost: Callable[[], Exception]
    error: Callable[[], Exception]
    throttled: Callable[[], Exception]
    conflict: Callable[[], Exception]
    odd: Callable[[Any, float], Any] = lambda answer, _: answer
    """Gives an answer to a read as it never was, drawn by a number in [0, 1)."""


@dataclass
class Platform:
    """All functions and their processes."""

    clockwork: Clockwork
    misfortunes: Misfortunes
    skew: Callable[[str], timedelta]
    """How far the clock of the next process is off, by its name."""
    handlers: Mapping[str, Callable[[bytes, Any], Any]] = field(default_factory=dict)
    timeouts: Mapping[str, float] = field(default_factory=dict)
    idle: dict[str, list[Worker]] = field(default_factory=dict)
    on_late: Callable[[], None] | None = None
    """Told when something had its effect long after it was begun."""
    invocations: int = 0
    dead: int = 0
    _workers: int = 0
    _current: dict[Any, Invocation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.handlers, self.timeouts = handlers(), timeouts()

    def invoke(self, function: str, event: bytes) -> Ran:
        """Run a function in the task that calls, until it ends or its process does."""
        worker = self._worker(function)
        now, limit_s = self.clockwork.now(), self.timeouts[function]
        self.invocations += 1
        invocation = Invocation(worker, self.invocations, now, now + timedelta(seconds=limit_s))
        me = getcurrent()
        self._current[me] = invocation
        context = SimpleNamespace(function=SimpleNamespace(timeout=limit_s))
        try:
            body = json.loads(json.dumps(self.handlers[function](event, context)))
        except Killed as end:
            self.dead += 1
            return Ran(invocation, died=str(end))
        except Exception as error:  # noqa: BLE001 - as the platform does
            self._give_back(worker)
            return Ran(invocation, error=type(error).__name__, message=str(error))
        finally:
            del self._current[me]
        self._give_back(worker)
        return Ran(invocation, body)

    def here(self) -> Invocation | None:
        """The call that runs, None where nobody's does."""
        return self._current.get(getcurrent())

    def now(self) -> datetime:
        """The time by the clock of whoever asks."""
        here, now = self._current.get(getcurrent()), self.clockwork.now()
        return now + here.worker.skew if here is not None and here.worker.skew else now

    def memory(self) -> Memory:
        """The memory of the process that asks."""
        here = self.here()
        return here.worker.memory if here else Memory()

    def rest(self, seconds: float) -> None:
        """Let time pass in a process. Raises Killed where its time is up."""
        here = self.here()
        if here is None:
            self.clockwork.rest(seconds)
            return
        self._travel(here, seconds)

    def _travel(self, here: Invocation, seconds: float) -> None:
        clockwork = self.clockwork
        if not here.worker.is_dead and clockwork.passes(seconds, here.deadline):
            return
        until = clockwork.now() + timedelta(seconds=seconds)
        if until >= here.deadline:
            clockwork.rest_until(here.deadline)
            self.kill(here, "timed out")
        clockwork.rest_until(until)
        if here.worker.is_dead:
            raise Killed("killed")

    def _stall(self, here: Invocation, seconds: float) -> None:
        """Let a process stand still, as a machine that is paused: what limits its time stands still with it."""
        here.deadline += timedelta(seconds=seconds)
        self.clockwork.rest(seconds)
        if self.on_late is not None:
            self.on_late()

    def kill(self, here: Invocation, how: str) -> NoReturn:
        """End the process of a call. Raises Killed."""
        here.worker.is_dead = True
        raise Killed(how)

    def cross(
        self,
        here: Invocation | None,
        call: str,
        about: str,
        effect: Callable[[float], T],
        failing: Failing,
        *,
        wait_s: float,
        family: str = "",
    ) -> T:
        """Let a call leave the process, have its effect, and come back, or meet what is to go wrong with it.

        `here` is the call of a function that runs; what nobody's does has its effect at once, and meets nothing.
        `effect` is given how old the answer to a read is to be, in seconds. What it raises is the answer.
        """
        if here is None:
            return effect(0.0)
        if here.worker.is_dead:
            raise Killed("killed")
        twist, drawn = self.misfortunes.twist(f"{here.worker.function} {call}", words_of(call), family)
        if twist:
            here.troubles += 1
            # A message is not on its way for long; a signed request may be.
            how_late = late(drawn) if kind_of(call) is not Kind.TELL else 1.0
            return self._troubled(here, Trouble(twist), (call, about), effect, failing, wait_s, how_late)
        self._travel(here, SHORTEST_S + SPAN_S * way_out(drawn))
        try:
            answer = effect(0.0)
        except Exception:
            self._travel(here, SHORTEST_S + SPAN_S * way_back(drawn))
            raise
        here.crossings.append((call, about))
        self._travel(here, SHORTEST_S + SPAN_S * way_back(drawn))
        return answer

    def _troubled(  # noqa: PLR0917 - the parts of one call
        self,
        here: Invocation,
        trouble: Trouble,
        what: tuple[str, str],
        effect: Callable[[float], T],
        failing: Failing,
        wait_s: float,
        how_late: float,
    ) -> T:
        if trouble in (Trouble.KILLED, Trouble.KILLED_BEFORE):
            self.kill(here, "killed")
        self.rest(SHORTEST_S)
        if trouble in UNSENT:
            self.rest(wait_s if UNSENT[trouble] == "lost" else SHORTEST_S)
            failure: Callable[[], Exception] = getattr(failing, UNSENT[trouble])
            raise failure()
        if trouble is Trouble.LATE or (trouble is Trouble.KILLED_AFTER and how_late < LATE_DEATHS):
            self.clockwork.after(how_late * LATEST_S, lambda: self._late(here, what, effect))
            if trouble is Trouble.KILLED_AFTER:
                self.kill(here, "killed")
            self.rest(wait_s)
            raise failing.lost()
        age = (how_late * LONGEST_AGE_S) if trouble is Trouble.STALE else 0.0
        answer = self._answer(here, what, effect, age)
        if trouble is Trouble.KILLED_AFTER:
            self.kill(here, "killed")
        if trouble is Trouble.STALLED:
            is_ordering = here.worker.function == "submit"
            self._stall(
                here,
                SHORTEST_STALL_S + (how_late**3 * LONGEST_ORDER_STALL_S if is_ordering else how_late * LONGEST_STALL_S),
            )
        if trouble in SENT:
            self.rest(SENT[trouble] or wait_s)
            raise failing.error() if trouble is Trouble.ERROR_AFTER else failing.lost()
        bent: T = failing.odd(answer(), how_late) if trouble is Trouble.ODD else answer()
        return bent

    def _answer(
        self, here: Invocation, what: tuple[str, str], effect: Callable[[float], T], age: float
    ) -> Callable[[], T]:
        """Let a call have its effect. What it gives tells the answer later, or raises it."""
        try:
            answer = effect(age)
        except Exception as error:  # noqa: BLE001 - it is what the other side says
            return _raising(error)
        here.crossings.append(what)
        return lambda: answer

    def _late(self, here: Invocation, what: tuple[str, str], effect: Callable[[float], T]) -> None:
        """A request arrives whose sender has given up: nobody hears the answer."""
        self._answer(here, what, effect, 0.0)
        if self.on_late is not None:
            self.on_late()

    def keep_warm(self, function: str, hints: Mapping[str, int]) -> None:
        """Note that its processes were busy until now with what is not played, and what they saw as newest in that."""
        now = self.clockwork.now()
        for worker in self.idle.get(function, ()):
            worker.used_at = now
            worker.memory.hints.update(hints)

    def _worker(self, function: str) -> Worker:
        now = self.clockwork.now()
        idle = self.idle.setdefault(function, [])
        while idle:
            worker = idle.pop()
            if now - worker.used_at < WARM:
                return worker
        self._workers += 1
        return Worker(function, self._workers, self.skew(f"{function}-{self._workers}"))

    def _give_back(self, worker: Worker) -> None:
        worker.used_at = self.clockwork.now()
        self.idle[worker.function].append(worker)


def _raising(error: Exception) -> Callable[[], NoReturn]:
    def refuse() -> NoReturn:
        raise error

    return refuse


LATE_DEATHS = 0.3
"""Of the processes that are killed while a call is under way, so many leave it to arrive late."""
SHORTEST_STALL_S, LONGEST_STALL_S, LONGEST_ORDER_STALL_S = 5.0, 1200.0, 7200.0
"""How long a process stands still; one that orders, now and then until nobody expects it any more."""
LONGEST_AGE_S = 180.0
"""How old a stale read is at most."""

UNSENT = {
    Trouble.LOST: "lost",
    Trouble.LOST_REQUEST: "lost",
    Trouble.ERROR: "error",
    Trouble.ERROR_BEFORE: "error",
    Trouble.THROTTLED: "throttled",
    Trouble.CONFLICT: "conflict",
}
SENT = {Trouble.LOST_REPLY: 0.0, Trouble.ERROR_AFTER: SHORTEST_S, Trouble.TIMED_OUT: FOREVER_S}
"""How long the caller then waits; 0 for as long as its client does."""


@cache
def timeouts() -> Mapping[str, float]:
    """The timeouts of the functions, in seconds, as template.yml has them."""
    resources = yaml.load((ROOT / "template.yml").read_text("utf-8"), yaml.CSafeLoader)["Resources"]
    found = [one["Properties"] for one in resources.values() if "Handler" in one.get("Properties", {})]
    return {str(one["Handler"]).split("/")[1].split(".")[0]: float(one["Timeout"]) for one in found}


@cache
def handlers() -> Mapping[str, Callable[[bytes, Any], Any]]:
    """The project's own handlers, by the names of their files."""
    return {name: import_module(f"functions.{name}").handler for name in timeouts()}
