"""The executions of all flows: started once per name, stopped, reported to, resumed after a restart (fact flow 8.2)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.clock import Clock
from localcloud.flow.archive import Archive, Entry
from localcloud.flow.effects import Call, Switches
from localcloud.flow.execution import Execution, Status, token
from localcloud.flow.frame import LARGEST_BYTES, size_of
from localcloud.flow.language import parse
from localcloud.flow.names import checked, invalid
from localcloud.flow.outcome import Outcome
from localcloud.flow.runner import Live, Runner
from localcloud.rpc.operation import ApiError

MOST_RUNNING = 10_000


@dataclass(frozen=True)
class Start:
    """What an execution is started with. `definition` is the flow's text at this moment."""

    flow: str
    definition: str
    input: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    role_arn: str = ""
    callback_token: str = ""
    parent: str = ""


class Register:
    """All executions, open and closed."""

    def __init__(
        self, archive: Archive, clock: Clock, switches: Switches, new_id: Callable[[], str], runner: Runner
    ) -> None:
        self._archive, self._clock, self._switches = archive, clock, switches
        self._new_id, self._runner = new_id, runner
        self._live: dict[str, Live] = {}

    def resume(self) -> None:
        """Go on with what was open, from what was recorded."""
        for live in self._live.values():
            live.carriers.clear()
        for entry in list(self._archive.open_entries()):
            self._soon(self._revived(entry))

    def start(self, start: Start) -> Entry:
        """Start an execution, or give the one of that name that is running; a name that has ended is refused."""
        name = checked(start.name, "ExecutionName") if start.name else self._new_id()
        if before := self.named(start.flow).get(name):
            if before.is_open:
                return before
            raise ApiError("ExecutionAlreadyExists", f"Execution {name} for flow {start.flow} already exists.")
        if size_of(start.input) > LARGEST_BYTES:
            raise ApiError("EntityTooLarge", f"Input is longer than {LARGEST_BYTES} bytes.")
        if len(self._live) >= MOST_RUNNING:
            raise ApiError("ResourceThrottled", f"More than {MOST_RUNNING} executions are running.", 429)
        entry = Entry(
            flow=start.flow,
            name=name,
            seed=self._new_id(),
            input=start.input,
            definition=self._archive.keep_definition(start.definition),
            role_arn=start.role_arn,
            started_at=self._clock.now().isoformat(),
            callback_token=start.callback_token,
            parent=start.parent,
        )
        self._archive.open(entry)
        self._soon(self._revived(entry))
        return entry

    def find(self, flow: str, name: str) -> Entry:
        """Give an execution by name."""
        entry = self.named(flow).get(name)
        if entry is None:
            raise ApiError("ExecutionNotExists", f"Execution {name} for flow {flow} does not exist.", 404)
        return entry

    def named(self, flow: str) -> Mapping[str, Entry]:
        """Give all executions of a flow, by name."""
        return self._archive.named(flow)

    def definition(self, entry: Entry) -> str:
        """Give the definition that an execution was started with."""
        return self._archive.definition(entry.definition)

    async def end_of(self, entry: Entry) -> Outcome:
        """Wait until an execution has ended, and give its end as the outcome of a task."""
        if live := self._live.get(entry.key):
            await live.ended.wait()
        return outcome_of(entry)

    def stop(self, entry: Entry, error: str, cause: str) -> None:
        """End an execution from outside."""
        live = self._live.get(entry.key)
        if live is None:
            message = f"Execution {entry.name} for flow {entry.flow} already completed."
            raise ApiError("ExecutionAlreadyCompleted", message)
        live.execution.stop(error, cause, self._clock.now())
        self._runner.follow(live)

    def events(self, entry: Entry) -> list[dict[str, Any]]:
        """Give the history so far."""
        if live := self._live.get(entry.key):
            return [event.as_json() for event in live.execution.history.events]
        return list(self._archive.history(entry))

    def report(self, task_token: str, outcome: Outcome) -> int:
        """Take what a callback says; give the number of the event that it made (fact flow 5.9)."""
        live = self._live.get(self._addressed(task_token).key)
        number = waiting(live, task_token) if live else None
        if live is None or number is None:
            raise ApiError("TaskAlreadyCompleted", "The task has already completed.")
        if not live.execution.is_submitted(number):
            raise ApiError("TaskInvalidState", "The task is still being submitted; report again.", 409)
        event = len(live.execution.history.events) + 1
        self._runner.settle(live, number, outcome)
        return event

    def ended(self, live: Live) -> None:
        """Let go of an execution that has ended, and tell whom it was to call back (fact flow 5.9)."""
        self._live.pop(live.entry.key, None)
        if not live.entry.callback_token:
            return
        try:
            self.report(live.entry.callback_token, outcome_of(live.entry))
        except ApiError:
            # Nobody waits there any more; the service has nobody to tell either.
            return

    def forget(self, flow: str) -> None:
        """Stop a flow's executions and drop them with their histories (fact flow 7)."""
        for entry in self.named(flow).values():
            if entry.is_open:
                self.stop(entry, "", "the flow was deleted")
        self._archive.forget(flow)

    def _soon(self, live: Live) -> None:
        if self._runner.running:
            # Later, so that whoever starts an execution is answered before it does anything.
            asyncio.get_running_loop().call_soon(self._runner.follow, live)

    def _revived(self, entry: Entry) -> Live:
        if live := self._live.get(entry.key):
            return live
        flow = parse(self.definition(entry))
        execution = Execution(
            flow, entry.name, entry.input, seed=entry.seed, switches=self._switches, role_arn=entry.role_arn
        )
        execution.start(datetime.fromisoformat(entry.started_at))
        for fed in self._archive.fed(entry):
            execution.feed(fed.number, fed.outcome, fed.at)
        live = self._live[entry.key] = Live(entry, execution)
        return live

    def _addressed(self, task_token: str) -> Entry:
        refused = invalid("TaskToken is not one that this service gave out.")
        try:
            version, flow, name, event, _ = base64.b64decode(task_token, validate=True).decode().split("#")
        except (binascii.Error, ValueError) as error:
            raise refused from error
        entry = self.named(flow).get(name)
        if entry is None or version != "v1" or not event.isdigit():
            raise refused
        if not hmac.compare_digest(token(flow, name, int(event), entry.seed), task_token):
            raise refused
        return entry


def waiting(live: Live, task_token: str) -> int | None:
    """Give the number of the call that waits for this token."""
    for number, effect in live.execution.wanted.items():
        if isinstance(effect, Call) and effect.token == task_token:
            return number
    return None


def outcome_of(entry: Entry) -> Outcome:
    """Give the end of an execution as the outcome of whoever waited for it."""
    if entry.status == Status.SUCCEEDED.value:
        return Outcome.succeeded(entry.output)
    return Outcome.failed(entry.error or f"FnF.Execution{entry.status}", entry.cause)
