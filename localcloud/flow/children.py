"""Performs tasks: executions of other flows here, everything else by whoever was given for it (fact flow 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from localcloud.flow.archive import Entry
from localcloud.flow.effects import Call
from localcloud.flow.model import Mode
from localcloud.flow.names import FLOW_ARN
from localcloud.flow.outcome import How, Outcome
from localcloud.flow.register import Register, Start
from localcloud.flow.runner import Live, Perform, outside
from localcloud.rpc.operation import ApiError

START_EXECUTION = "FNF:StartExecution"


Permit = Callable[[str, str, Mapping[str, Any]], str]
"""Says why a role (by its ARN) may not perform an action with these parameters; nothing where it may."""


def everything(_role_arn: str, _action: str, _parameters: Mapping[str, Any]) -> str:
    """Permit everything."""
    return ""


class Children:
    """Starts child executions, waits for their end where the mode says so, and stops those whose parent is cut off."""

    def __init__(
        self, register: Register, start_of: Callable[[str], Start], perform: Perform, permit: Permit = everything
    ) -> None:
        self._register, self._start_of, self._perform, self._permit = register, start_of, perform, permit

    async def perform(self, live: Live, call: Call) -> Outcome:
        """Perform one task, if the flow's role may."""
        if refusal := self._permit(live.entry.role_arn, call.action, call.parameters):
            return Outcome.failed(f"{call.action.partition(':')[0]}.AccessDenied", refusal)
        if call.action != START_EXECUTION:
            return await outside(self._perform, call)
        try:
            child = self._started(live, call)
        except ApiError as error:
            # How the service names these is not known; every other service's errors are `Service.Code`.
            return Outcome.failed(f"FNF.{error.code}", error.message)
        names = {"FlowName": child.flow, "ExecutionName": child.name}
        if call.mode is not Mode.SYSTEM_CALLBACK:
            return Outcome.succeeded({**names, "RequestID": marked(live, call, "request")})
        end = await self._register.end_of(child)
        if end.how is not How.SUCCEEDED:
            return end
        return Outcome.succeeded({**names, "Status": child.status, "Output": dict(end.output)})

    def cut(self, live: Live, call: Call) -> None:
        """Stop a child that was waited for when its parent was cut off (fact flow 5.1)."""
        if call.action != START_EXECUTION or call.mode is not Mode.SYSTEM_CALLBACK:
            return
        found = FLOW_ARN.fullmatch(str(call.parameters.get("resourceArn")))
        child = self._register.named(found[1]).get(name_of(live, call)) if found else None
        if child and child.is_open and child.parent == parent_of(live, call):
            self._register.stop(child, "", "its parent was stopped")

    def _started(self, live: Live, call: Call) -> Entry:
        found = FLOW_ARN.fullmatch(str(call.parameters.get("resourceArn")))
        if not found:
            raise ApiError("InvalidArgument", "resourceArn must be acs:fnf:{region}:{account}:flow/{name}")
        data = call.parameters.get("input", {})
        if not isinstance(data, dict):
            raise ApiError("InvalidArgument", "input must be an object")
        name, parent = name_of(live, call), parent_of(live, call)
        before = self._register.named(found[1]).get(name)
        if before and before.parent == parent:
            # Ours already, from before a restart.
            return before
        start = self._start_of(found[1])
        return self._register.start(
            Start(start.flow, start.definition, data, name, role_arn=start.role_arn, parent=parent)
        )


def name_of(live: Live, call: Call) -> str:
    """Give the child's name; without one of its own it has one that a restart does not change."""
    return str(call.parameters.get("executionName") or f"e-{marked(live, call, 'name')}")


def parent_of(live: Live, call: Call) -> str:
    """Name the task that starts a child."""
    return f"{live.entry.key}#{call.event}"


def marked(live: Live, call: Call, word: str) -> str:
    """Give a UUID that belongs to one task."""
    return str(uuid5(NAMESPACE_URL, f"{live.entry.seed}#{call.event}#{word}"))
