"""The interpreter: one execution as a machine without input, output, clock or threads (fact flow 13.2).

It asks for effects (`wanted`: calls and sleeps, by number) and is fed their outcomes, in any order, each with the time
at which it came. The same flow, input, seed and sequence of `feed`s give the same effects and the same history, so an
execution is brought back after a restart by feeding it again what was recorded.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from localcloud.flow.effects import Call, Effect, Fault, Switches
from localcloud.flow.fibers import Fibers
from localcloud.flow.frame import LARGEST_BYTES as LARGEST_INPUT_BYTES
from localcloud.flow.frame import RUNTIME_ERROR, Ended, size_of
from localcloud.flow.history import History, Thread, TooManyEventsError
from localcloud.flow.model import Flow
from localcloud.flow.outcome import How, Outcome
from localcloud.flow.steps import Steps


class Status(str, Enum):
    """Where an execution is, in the service's words."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"


class Execution:
    """One run of a flow. Start it once, then feed it until it is no longer running."""

    def __init__(
        self,
        flow: Flow,
        name: str,
        data: dict[str, Any],
        *,
        seed: str,
        switches: Switches | None = None,
        role_arn: str = "",
    ) -> None:
        if (size := size_of(data)) > LARGEST_INPUT_BYTES:
            raise ValueError(f"the input is {size} bytes long, more than {LARGEST_INPUT_BYTES}")
        self.flow, self.name, self.input = flow, name, data
        self.status = Status.RUNNING
        self.output: dict[str, Any] | None = None
        self.error = self.cause = ""
        self.history = History()
        self._seed = seed
        self._fibers = Fibers()
        self._submitted: set[int] = set()
        self._uuids = 0
        self._thread = Thread()
        context = {"Name": name, "Input": data, "RoleArn": role_arn}
        self._steps = Steps(self.history, context, switches or Switches(), self._token, self._uuid)

    @property
    def wanted(self) -> Mapping[int, Effect]:
        """Give the effects it waits for, by number. One that vanishes without an outcome was cut off."""
        return self._fibers.open

    @property
    def running(self) -> bool:
        """Tell whether it still waits for something."""
        return self.status is Status.RUNNING

    def is_submitted(self, number: int) -> bool:
        """Tell whether a call was submitted, so that its callback may come."""
        return number in self._submitted

    def start(self, at: datetime) -> None:
        """Begin, at a time."""
        self._steps.now = at
        self.history.add(self._thread, "", at, "ExecutionStarted", {"input": self.input})
        self._go(lambda: self._fibers.run(self._steps.scope(self.flow.scope, self.input, self._thread)))

    def feed(self, number: int, outcome: Outcome, at: datetime) -> None:
        """Take the outcome of one effect; raise KeyError where it is not wanted (any more)."""
        effect = self.wanted[number]
        self._steps.now = at
        if outcome.how is How.SUBMITTED and isinstance(effect, Call):
            self._submitted.add(number)
            self._go(lambda: self._steps.log_submitted(effect))
            return
        submitted = number in self._submitted
        self._submitted.discard(number)
        self._go(lambda: self._fibers.resume(number, (outcome, submitted)))

    def stop(self, error: str, cause: str, at: datetime) -> None:
        """End it from outside; what is being called is not interrupted, only no longer waited for."""
        if self.running:
            self._steps.now = at
            self._end(Status.STOPPED, "ExecutionStopped", error, cause)

    def _go(self, work: Callable[[], Any]) -> None:
        try:
            returned = work()
        except (Fault, Ended) as end:
            self._end(Status.FAILED, "ExecutionFailed", end.error, end.cause)
        except (TooManyEventsError, RecursionError) as end:
            # Data nested deeper than the interpreter can follow is the flow's fault, as too many events are.
            self._end(Status.FAILED, "ExecutionFailed", RUNTIME_ERROR, str(end))
        else:
            if returned is not None:
                (self.output,) = returned
                self.status = Status.SUCCEEDED
                self._log("ExecutionSucceeded", {"output": self.output})

    def _end(self, status: Status, kind: str, error: str, cause: str) -> None:
        self._fibers.clear()
        self.status, self.error, self.cause = status, error, cause
        self._log(kind, {"error": error, "cause": cause})

    def _log(self, kind: str, detail: Mapping[str, Any]) -> None:
        self._thread.last = len(self.history.events)
        self.history.add(self._thread, "", self._steps.now, kind, detail)

    def _token(self, event: int) -> str:
        return token(self.flow.name, self.name, event, self._seed)

    def _uuid(self) -> str:
        self._uuids += 1
        return str(UUID(bytes=hashlib.sha256(f"{self._seed}/{self._uuids}".encode()).digest()[:16], version=4))


def token(flow: str, execution: str, event: int, seed: str) -> str:
    """Make the token of one task, which only the holder of the seed can make (fact flow 5.9)."""
    stem = f"v1#{flow}#{execution}#{event}"
    signature = hmac.new(seed.encode(), stem.encode(), "sha256").hexdigest()[:32]
    return base64.b64encode(f"{stem}#{signature}".encode()).decode()
