"""The workflow in simulated time: executions of `workflows/resize.yml`, each an interpreter's machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.flow.effects import Call, Effect, Sleep, Switches
from localcloud.flow.execution import Execution
from localcloud.flow.language import parse
from localcloud.flow.model import Flow
from localcloud.flow.outcome import Outcome, outcome_of_fc
from localcloud.project.scenario.mortal import Killed
from localcloud.project.up import PREFIX, ROOT
from tidegate.app.past import AT

WORKFLOW = ROOT / "workflows" / "resize.yml"
Perform = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Runs a function by its name with the body of the call, and gives what it returns."""
CRASHED = {"X-Fc-Error-Type": "UnhandledInvocationError"}


def workflow() -> Flow:
    """Read `workflows/resize.yml`; but for the prefix, what template.yml fills in means nothing here."""
    text = WORKFLOW.read_text("utf-8").replace("${Prefix}", PREFIX)
    return parse(re.sub(r"\$\{ALIYUN::\w+}", "1", text))


@dataclass
class Executions:
    """All executions of one play. Functions take no simulated time; waits take exactly theirs."""

    perform: Perform
    now: Callable[[], datetime]
    switches: Switches
    flow: Flow = field(default_factory=workflow)
    _all: dict[str, Execution] = field(default_factory=dict)

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        """Start one, or find it running; False where the name is used up."""
        known = self._all.get(name)
        if known is None:
            known = Execution(self.flow, name, dict(given), seed=name, switches=self.switches)
            self._all[name] = known
            known.start(self.now())
        return known.running

    def running(self, instance: str = "") -> list[str]:
        """The names of those that have not ended, of one instance where it is named."""
        return [
            name
            for name, execution in self._all.items()
            if execution.running and instance in ("", _instance(execution.input))
        ]

    def next_at(self) -> datetime | None:
        """When the next effect is due; None while nothing runs."""
        return min((_due(effect) for _, _, effect in self._wanted()), default=None)

    def run_due(self) -> bool:
        """Carry out one effect whose time has come; False where there is none."""
        for execution, number, effect in self._wanted():
            if _due(effect) <= self.now():
                execution.feed(number, self._outcome(effect), self.now())
                return True
        return False

    def kill(self, name: str) -> bool:
        """Let an execution die as if the platform had lost it. False where it does not run."""
        execution = self._all.get(name)
        if execution is None or not execution.running:
            return False
        execution.stop("Lost", "the platform lost it", self.now())
        return True

    def _wanted(self) -> Iterator[tuple[Execution, int, Effect]]:
        for execution in list(self._all.values()):
            yield from ((execution, number, effect) for number, effect in list(execution.wanted.items()))

    def _outcome(self, effect: Effect) -> Outcome:
        return Outcome.succeeded() if isinstance(effect, Sleep) else self._call(effect)

    def _call(self, call: Call) -> Outcome:
        """Invoke one function and answer as Function Compute does."""
        function = str(call.parameters["resourceArn"]).split("/")[1]
        names = self.switches.exception_name
        try:
            answer = self.perform(function, call.parameters["body"])
        except Killed:
            return outcome_of_fc(200, CRASHED, b"Function instance exited unexpectedly", names)
        except Exception as error:  # noqa: BLE001 - as the platform does
            raised = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return outcome_of_fc(200, CRASHED, json.dumps(raised).encode(), names)
        return outcome_of_fc(200, {}, json.dumps(answer).encode(), names)


def _instance(given: Mapping[str, Any]) -> str:
    """The instance an execution is about; a policy that is past stands behind an `@`."""
    return str(given.get("instance", "")).partition(AT)[0]


def _due(effect: Effect) -> datetime:
    return effect.until if isinstance(effect, Sleep) else effect.asked_at
