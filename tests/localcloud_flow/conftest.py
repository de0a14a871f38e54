"""The example flows, and a stage on which a flow service plays on a clock that only the test moves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.drawer import Cabinet
from localcloud.flow.effects import Switches
from localcloud.flow.language import parse
from localcloud.flow.model import Flow
from localcloud.flow.outcome import Outcome
from localcloud.flow.runner import Perform
from localcloud.flow.service import FlowService
from localcloud.rpc.operation import Caller

FLOWS = Path(__file__).parent.parent / "flows"
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
DEADLINE_S = 10
CALLER = Caller("key", "root", "1234567890123456", is_root=True)


@pytest.fixture
def text() -> Callable[[str], str]:
    """Give the text of an example flow."""
    return lambda name: (FLOWS / f"{name}.yml").read_text()


@pytest.fixture
def example() -> Callable[[str], Flow]:
    """Give an example flow, parsed."""
    return lambda name: parse((FLOWS / f"{name}.yml").read_text())


@pytest.fixture
def flow() -> Callable[[str], Flow]:
    """Parse a flow given as its states, the first of which is the start."""

    def parsed(states: str) -> Flow:
        start = states.split("Name: ", 1)[1].split(",", 1)[0].split("\n", 1)[0].strip(" }")
        head = f"Type: StateMachine\nSpecVersion: v1\nName: made\nStartAt: {start}\nStates:\n"
        return parse(head + states)

    return parsed


@dataclass
class Functions:
    """Functions that flows call: each answers what it was told to, in order, then the last again."""

    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    held: dict[str, asyncio.Event] = field(default_factory=dict)

    def answer(self, name: str, *answers: Any) -> None:
        """Say what a function answers; a value that is no outcome is its body."""
        self.answers[name] = [
            each if isinstance(each, Outcome) else Outcome.succeeded({"Body": each}) for each in answers
        ]

    def hold(self, name: str) -> asyncio.Event:
        """Let a function work until the event is set."""
        return self.held.setdefault(name, asyncio.Event())

    def bodies(self, name: str) -> list[Any]:
        """Give what a function was called with."""
        return [parameters.get("body") for called, parameters in self.calls if called == name]

    async def perform(self, _action: str, parameters: Mapping[str, Any], _mode: str, _timeout: int | None) -> Outcome:
        """Answer as told."""
        name = str(parameters["resourceArn"]).split("/")[1]
        self.calls.append((name, parameters))
        if name in self.held:
            await self.held[name].wait()
        answers = self.answers.get(name, [Outcome.succeeded({"Body": {}})])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass
class Stage:
    """A flow service, its functions and its clock."""

    clock: Clock
    functions: Functions
    service: FlowService

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Call one operation."""
        return dict(self.service.product.operations[action].run(parameters, CALLER))

    def create(self, text: str, **more: Any) -> dict[str, Any]:
        """Create a flow from its text."""
        name = text.split("Name: ", 1)[1].split("\n", 1)[0]
        return self.call("CreateFlow", Name=name, Definition=text, Description="d", Type="FDL", **more)

    def status(self, flow: str, name: str) -> str:
        """Give the status of an execution."""
        return str(self.call("DescribeExecution", FlowName=flow, ExecutionName=name)["Status"])

    def types(self, flow: str, name: str) -> list[str]:
        """Give the types of an execution's events."""
        found = self.call("GetExecutionHistory", FlowName=flow, ExecutionName=name, Limit=999)
        return [event["Type"] for event in found["Events"]]

    async def until(self, true: Callable[[], bool]) -> None:
        """Let others work until something is true."""
        give_up = time.monotonic() + DEADLINE_S
        while not true():
            assert time.monotonic() < give_up, "it never came true"
            await asyncio.sleep(0)

    async def quiet(self) -> None:
        """Let others work until all that can be done at this moment is done."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def ends(self, flow: str, name: str) -> str:
        """Wait for the end of an execution, and give its status."""
        await self.until(lambda: self.status(flow, name) != "Running")
        return self.status(flow, name)


Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Play a story with a running service. Stories played one after the other share what was kept."""

    def played(
        story: Callable[[Stage], Awaitable[None]],
        *,
        switches: Switches | None = None,
        at: datetime = NOON,
        around: Callable[[Perform], Perform] | None = None,
    ) -> None:
        async def run() -> None:
            clock, functions, cabinet = Clock(at, speed=0), Functions(), Cabinet(tmp_path)
            perform = around(functions.perform) if around else functions.perform
            service = FlowService(cabinet.drawer("flow"), clock, perform, switches)
            await service.start()
            try:
                await story(Stage(clock, functions, service))
            finally:
                await service.stop()
                cabinet.close()

        work: Coroutine[Any, Any, None] = run()
        asyncio.run(work)

    return played
