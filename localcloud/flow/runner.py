"""Carries out what open executions ask for, on the cloud's clock: tasks are performed, sleeps slept, timeouts kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from localcloud.clock import Clock
from localcloud.flow.archive import Archive, Entry, Fed
from localcloud.flow.effects import Call, Effect, Sleep
from localcloud.flow.execution import Execution
from localcloud.flow.model import Mode
from localcloud.flow.outcome import How, Outcome
from localcloud.flow.template import copied

Perform = Callable[[str, Mapping[str, Any], str, "int | None"], Awaitable[Outcome]]
"""Performs (action, parameters, mode, timeout in seconds or None).

In the mode WaitForCustomCallback a success means submitted; in WaitForSystemCallback it is the end of the work.
"""
LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class Live:
    """An execution that runs, and who carries out its effects."""

    entry: Entry
    execution: Execution
    carriers: dict[int, tuple[Effect, asyncio.Task[None]]] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Runner:
    """Drives executions. All of it runs on one event loop; functions that were begun are never interrupted."""

    def __init__(
        self,
        archive: Archive,
        clock: Clock,
        perform: Callable[[Live, Call], Awaitable[Outcome]],
        on_end: Callable[[Live], None],
        on_cut: Callable[[Live, Call], None],
    ) -> None:
        self._archive, self._clock = archive, clock
        self._perform, self._on_end, self._on_cut = perform, on_end, on_cut
        self._tasks: set[asyncio.Task[Any]] = set()
        self.running = False

    def start(self) -> None:
        """Let work begin."""
        self.running = True

    async def stop(self) -> None:
        """Let go of everything; what was not recorded is done again after a restart."""
        self.running = False
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def follow(self, live: Live) -> None:
        """Begin what an execution asks for, drop what it no longer asks for, and file it when it has ended."""
        wanted = live.execution.wanted
        for number in [number for number in live.carriers if number not in wanted]:
            self._drop(live, number)
        if not live.execution.running:
            self._file(live)
        elif self.running:
            for number, effect in wanted.items():
                if number not in live.carriers:
                    live.carriers[number] = (effect, self._spawn(self._carry(live, number, effect)))

    def settle(self, live: Live, number: int, outcome: Outcome) -> None:
        """Record an outcome, feed it, and go on. One that is no longer wanted is forgotten."""
        if number not in live.execution.wanted:
            return
        at = self._clock.now()
        self._archive.record(live.entry, Fed(number, outcome, at))
        live.execution.feed(number, outcome, at)
        if outcome.how is not How.SUBMITTED and number in live.carriers:
            live.carriers.pop(number)[1].cancel()
        self.follow(live)

    def _file(self, live: Live) -> None:
        if not live.ended.is_set():
            self._archive.close(live.entry, live.execution, self._clock.now())
            live.ended.set()
            self._on_end(live)

    def _drop(self, live: Live, number: int) -> None:
        effect, task = live.carriers.pop(number)
        task.cancel()
        if isinstance(effect, Call):
            self._on_cut(live, effect)

    async def _carry(self, live: Live, number: int, effect: Effect) -> None:
        if isinstance(effect, Sleep):
            await self._clock.sleep_until(effect.until)
            self._deliver(live, number, Outcome.succeeded())
            return
        submitted = live.execution.is_submitted(number)
        if effect.mode is Mode.SYSTEM_CALLBACK and not submitted:
            self.settle(live, number, Outcome.submitted())
        if effect.mode is not Mode.CUSTOM_CALLBACK:
            self._deliver(live, number, await self._within(live, effect))
            return
        if not submitted:
            outcome = await self._within(live, effect)
            if outcome.how is not How.SUCCEEDED:
                self._deliver(live, number, outcome)
                return
            self.settle(live, number, Outcome.submitted())
        if effect.timeout_s:
            await self._clock.sleep_until(effect.asked_at + timedelta(seconds=effect.timeout_s))
            self._deliver(live, number, timed_out(effect))

    def _deliver(self, live: Live, number: int, outcome: Outcome) -> None:
        # Out of this task, which settling cancels.
        asyncio.get_running_loop().call_soon(self._settle_if_running, live, number, outcome)

    def _settle_if_running(self, live: Live, number: int, outcome: Outcome) -> None:
        if self.running:
            self.settle(live, number, outcome)

    async def _within(self, live: Live, call: Call) -> Outcome:
        work = self._spawn(self._performed(live, call))
        if not call.timeout_s:
            return await asyncio.shield(work)
        alarm = self._spawn(self._clock.sleep_until(call.asked_at + timedelta(seconds=call.timeout_s)))
        try:
            await asyncio.wait({work, alarm}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
        return work.result() if work.done() else timed_out(call)

    async def _performed(self, live: Live, call: Call) -> Outcome:
        try:
            return await self._perform(live, call)
        except Exception:
            # A defect of whoever performs must not leave an execution waiting for ever; people see the traceback.
            LOG.exception("performing %s of %s failed", call.state, live.entry.key)
            return Outcome.failed("FC.InternalServerError", "the service failed")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def timed_out(call: Call) -> Outcome:
    """Give the outcome of a task that took too long."""
    return Outcome.timed_out(f"{call.state} took longer than {call.timeout_s} s")


def outside(perform: Perform, call: Call) -> Awaitable[Outcome]:
    """Have a call performed by others; they may do with the parameters what they like."""
    return perform(call.action, copied(call.parameters), call.mode.value, call.timeout_s or None)


def twice(perform: Perform, *, use_first: bool = False) -> Perform:
    """Perform each task twice and use one of the results: Standard executions are at-least-once (fact flow 0.1)."""

    async def both(action: str, parameters: Mapping[str, Any], mode: str, timeout: int | None) -> Outcome:
        first = await perform(action, copied(parameters), mode, timeout)
        second = await perform(action, copied(parameters), mode, timeout)
        return first if use_first else second

    return both
