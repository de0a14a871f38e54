"""CloudFlow in simulated time: executions of `workflows/resize.yml`, whose tasks run functions and go wrong.

Standard executions are at-least-once (fact flow 0.1): a task may be run twice, one after the other or at once, and
either result is used. A result may be lost, a call refused, and a whole execution forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from localcloud.flow.effects import Call, Sleep, Switches
from localcloud.flow.execution import Execution
from localcloud.flow.model import Flow
from localcloud.flow.outcome import Outcome, outcome_of_fc
from localcloud.project.scenario.executions import CRASHED, workflow
from localcloud.project.simulate.clockwork import Clockwork
from localcloud.project.simulate.misfortunes import Misfortunes, late, which
from localcloud.project.simulate.platform import Platform, Ran
from localcloud.project.simulate.sites import EXECUTION_TWISTS, TASK_TWISTS
from localcloud.project.up import PREFIX
from localcloud.rpc.operation import ApiError

LATEST_S = 20.0
"""How late a task is run at most."""
SOONEST_S, LATEST_DEATH_S = 1.0, 3600.0

flow = cache(workflow)


@dataclass
class Executions:
    """All executions of a week."""

    clockwork: Clockwork
    platform: Platform
    misfortunes: Misfortunes
    switches: Switches
    all: dict[str, Execution] = field(default_factory=dict)
    longest_wait_s: float = 0.0
    _scheduled: dict[str, set[int]] = field(default_factory=dict)

    def start(self, name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Start one, or show the running one of that name (fact flow 8.2). Raises ApiError where it has ended."""
        known = self.all.get(name)
        if known is not None and not known.running:
            raise ApiError("ExecutionAlreadyExists", f"Execution {name} already exists.")
        if known is None:
            known = self._begin(flow(), name, given)
        return {"Name": name, "Input": json.dumps(known.input), "Status": "Running"}

    def running(self, instance: str = "") -> list[str]:
        """The names of those that have not ended, of one instance where it is named."""
        return [
            name
            for name, execution in self.all.items()
            if execution.running and instance in ("", str(execution.input.get("instance", "")).partition("@")[0])
        ]

    def kill(self, name: str) -> bool:
        """Let an execution die as if the platform had lost it. False where it does not run."""
        execution = self.all.get(name)
        if execution is None or not execution.running:
            return False
        execution.stop("Lost", "the platform lost it", self.clockwork.now())
        return True

    def _lose(self, name: str) -> None:
        self.kill(name)

    def _begin(self, made_of: Flow, name: str, given: Mapping[str, Any]) -> Execution:
        execution = Execution(made_of, name, dict(given), seed=name, switches=self.switches)
        self.all[name], self._scheduled[name] = execution, set()
        execution.start(self.clockwork.now())
        self._see_to(execution)
        trouble, drawn = self.misfortunes.twist("execution", EXECUTION_TWISTS)
        if trouble:
            self.clockwork.after(SOONEST_S + late(drawn) ** 3 * LATEST_DEATH_S, lambda: self._lose(name))
        return execution

    def _see_to(self, execution: Execution) -> None:
        """Put into the queue what the execution wants now and did not want before."""
        scheduled = self._scheduled[execution.name]
        for number, effect in execution.wanted.items():
            if number in scheduled:
                continue
            scheduled.add(number)
            if isinstance(effect, Sleep):
                self.longest_wait_s = max(self.longest_wait_s, effect.seconds)
                self.clockwork.at(effect.until, self._feeding(execution, number, Outcome.succeeded()))
            else:
                self._run(execution, number, effect)

    def _feeding(self, execution: Execution, number: int, outcome: Outcome) -> Callable[[], None]:
        return lambda: self._feed(execution, number, outcome)

    def _feed(self, execution: Execution, number: int, outcome: Outcome) -> None:
        if execution.running and number in execution.wanted:
            execution.feed(number, outcome, self.clockwork.now())
            self._see_to(execution)

    def _run(self, execution: Execution, number: int, call: Call) -> None:
        """Run a task, as often as the platform does, and give it up at its timeout."""
        now = self.clockwork.now()
        twist, drawn = self.misfortunes.twist(f"flow {call.state}", TASK_TWISTS)
        if twist in REFUSED:
            status, code = REFUSED[twist]
            body = json.dumps({"ErrorCode": code, "ErrorMessage": "the function did not run"}).encode()
            outcome = outcome_of_fc(status, {}, body, self.switches.exception_name)
            self.clockwork.after(0.05, self._feeding(execution, number, outcome))
            return
        if call.timeout_s:
            timed_out = self._feeding(execution, number, Outcome.timed_out())
            self.clockwork.at(now + timedelta(seconds=call.timeout_s), timed_out)

        def one(*, counts: bool) -> Callable[[], None]:
            def work() -> None:
                outcome = self._outcome(call)
                if counts:
                    self._feed(execution, number, outcome)

            return work

        if twist == "answer lost":
            # It ran, and nobody hears of it until the task's timeout.
            self.clockwork.task(now, one(counts=False))
            return
        first = now + timedelta(seconds=late(drawn) * LATEST_S if twist == "late" else late(drawn) * 0.05)
        self.clockwork.task(first, one(counts=twist != "twice"))
        if twist == "twice":
            self.clockwork.task(first + timedelta(seconds=0.5 + which(drawn) * 5), one(counts=True))
        elif twist == "twice at once":
            self.clockwork.task(first + timedelta(seconds=which(drawn) * 0.1), one(counts=True))

    def _outcome(self, call: Call) -> Outcome:
        """Invoke a function and answer as Function Compute does."""
        function = str(call.parameters["resourceArn"]).split("/")[1].removeprefix(f"{PREFIX}-").replace("-", "_")
        ran = self.platform.invoke(function, json.dumps(call.parameters["body"]).encode())
        return outcome_of(ran, self.switches)


REFUSED = {"refused": (429, "ResourceThrottled"), "exhausted": (429, "ResourceExhausted"), "failed": (500, "")}


def outcome_of(ran: Ran, switches: Switches) -> Outcome:
    """What a call's end means to a flow."""
    names = switches.exception_name
    if ran.died:
        return outcome_of_fc(200, CRASHED, b"Function instance exited unexpectedly", names)
    if ran.error:
        raised = {"errorType": ran.error, "errorMessage": ran.message}
        return outcome_of_fc(200, CRASHED, json.dumps(raised).encode(), names)
    return outcome_of_fc(200, {}, json.dumps(ran.body).encode(), names)
