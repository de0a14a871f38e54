"""Runs an execution to its end in one go, on a virtual clock: for tests of a flow and of the functions behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from localcloud.flow.effects import Call, Sleep, Switches
from localcloud.flow.execution import Execution, Status
from localcloud.flow.history import Event
from localcloud.flow.model import Flow, Mode
from localcloud.flow.outcome import How, Outcome
from localcloud.flow.template import copied

PerformNow = Callable[[str, Mapping[str, Any], str, int], Outcome]
"""Performs (action, parameters, mode, timeout in seconds); for a callback mode, what the callback says."""

Repeats = Literal["once", "use-first", "use-last"]
"""Standard executions are at-least-once (fact flow 0.1): every task may be performed twice, with either result used."""

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


@dataclass(frozen=True)
class ExecutionRecord:
    """How an execution went."""

    status: Status
    output: Mapping[str, Any] | None
    error: str
    cause: str
    events: Sequence[Event]
    calls: Sequence[Call]
    sleeps: Sequence[Sleep]
    seconds: float

    @property
    def path(self) -> list[str]:
        """Give the names of the states entered, in order."""
        return [event.step for event in self.events if event.type == "StepEntered"]


@dataclass
class Rehearsal:
    """Drives one execution; where several effects are open, calls end first, then the sleep that is over first."""

    execution: Execution
    perform: PerformNow
    plan: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    repeats: Repeats = "once"
    at: datetime = NOON
    calls: list[Call] = field(default_factory=list)
    sleeps: list[Sleep] = field(default_factory=list)

    def run(self) -> ExecutionRecord:
        """Run it to its end."""
        began = self.at
        execution = self.execution
        execution.start(self.at)
        while execution.running:
            self._step()
        return ExecutionRecord(
            execution.status,
            execution.output,
            execution.error,
            execution.cause,
            execution.history.events,
            self.calls,
            self.sleeps,
            (self.at - began).total_seconds(),
        )

    def _step(self) -> None:
        for number, effect in self.execution.wanted.items():
            if isinstance(effect, Call):
                self._end(number, effect)
                return
        sleeps = [
            (effect.until, number) for number, effect in self.execution.wanted.items() if isinstance(effect, Sleep)
        ]
        self.at, number = min(sleeps)
        effect = self.execution.wanted[number]
        if isinstance(effect, Sleep):
            self.sleeps.append(effect)
        self.execution.feed(number, Outcome.succeeded(), self.at)

    def _end(self, number: int, call: Call) -> None:
        outcome = self._perform(call)
        if outcome.how is How.TIMED_OUT:
            self.at += timedelta(seconds=call.timeout_s)
        if call.mode is not Mode.REQUEST_COMPLETE:
            self.execution.feed(number, Outcome.submitted(), self.at)
        if number in self.execution.wanted:
            self.execution.feed(number, outcome, self.at)

    def _perform(self, call: Call) -> Outcome:
        tries = 1 if self.repeats == "once" else 2
        outcomes = [self._perform_once(call) for _ in range(tries)]
        return outcomes[0 if self.repeats == "use-first" else -1]

    def _perform_once(self, call: Call) -> Outcome:
        planned = self.plan.get(call.state, ())
        done = sum(1 for before in self.calls if before.state == call.state)
        self.calls.append(call)
        if done < len(planned):
            return planned[done]
        return self.perform(call.action, copied(call.parameters), call.mode.value, call.timeout_s)


def run_to_end(
    flow: Flow,
    data: dict[str, Any],
    perform: PerformNow,
    name: str,
    *,
    plan: Mapping[str, Sequence[Outcome]] | None = None,
    switches: Switches | None = None,
    repeats: Repeats = "once",
    at: datetime = NOON,
) -> ExecutionRecord:
    """Run a flow to its end and say how it went.

    `plan` gives, by the name of a state, the outcomes of its first calls; `perform` is asked for the others. A planned
    timeout lets the task's whole Timeout pass.
    """
    execution = Execution(flow, name, data, seed=name, switches=switches)
    return Rehearsal(execution, perform, plan or {}, repeats, at).run()
