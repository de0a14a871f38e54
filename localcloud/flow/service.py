"""The product `fnf` 2019-03-15, and the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from uuid import uuid4

from localcloud.clock import Clock
from localcloud.drawer import Drawer
from localcloud.flow.archive import Archive
from localcloud.flow.children import Children, Permit, everything
from localcloud.flow.effects import Call, Switches
from localcloud.flow.executions import Executions
from localcloud.flow.flows import Flows
from localcloud.flow.operations import operations
from localcloud.flow.outcome import Outcome
from localcloud.flow.register import Register
from localcloud.flow.runner import Live, Perform, Runner
from localcloud.flow.schedules import Schedules
from localcloud.rpc.operation import Parameters, RpcProduct

VERSION = "2019-03-15"


def random_id() -> str:
    """Make a random id."""
    return str(uuid4())


class FlowService:
    """CloudFlow on one event loop. Between `start` and `stop` executions run, and schedules fire.

    `perform` does what tasks ask for, except to start other flows. Executions of different names run side by side;
    what was open when the process ended goes on after `start`, and tasks that were under way are performed again.
    """

    def __init__(
        self,
        drawer: Drawer,
        clock: Clock,
        perform: Perform,
        switches: Switches | None = None,
        new_id: Callable[[], str] = random_id,
        *,
        permit: Permit = everything,
    ) -> None:
        switches = switches or Switches()
        archive = Archive(drawer)
        self._runner = Runner(archive, clock, self._perform, on_end=self._ended, on_cut=self._cut)
        self.flows = Flows(drawer, clock, new_id)
        self.register = Register(archive, clock, switches, new_id, self._runner)
        self._children = Children(self.register, self.flows.start_of, perform, permit)
        self.executions = Executions(self.flows, self.register)
        self.schedules = Schedules(
            drawer=drawer, clock=clock, new_id=new_id, flows=self.flows, register=self.register, switches=switches
        )

    async def start(self) -> None:
        """Go on with all that was open, and let schedules fire."""
        self._runner.start()
        self.register.resume()
        self.schedules.begin()

    async def stop(self) -> None:
        """Stop working; everything stays as it is recorded."""
        await self.schedules.end()
        await self._runner.stop()

    def delete_flow(self, given: Parameters) -> Mapping[str, Any]:
        """Delete a flow with its schedules, executions and histories."""
        name = given["Name"]
        self.flows.drop(name)
        self.schedules.forget(name)
        self.register.forget(name)
        return {}

    async def _perform(self, live: Live, call: Call) -> Outcome:
        return await self._children.perform(live, call)

    def _ended(self, live: Live) -> None:
        self.register.ended(live)

    def _cut(self, live: Live, call: Call) -> None:
        self._children.cut(live, call)

    @cached_property
    def product(self) -> RpcProduct:
        """Give the product, for the front door."""
        run = operations(self.flows, self.executions, self.schedules, self.delete_flow)
        return RpcProduct("fnf", VERSION, run, missing_code="MissingRequiredParams", invalid_code="InvalidArgument")
