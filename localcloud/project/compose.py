"""Puts a whole cloud together: products, OSS, Function Compute and CloudFlow, which calls functions with its role."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.cloud import Cloud
from localcloud.fc.compute import FunctionCompute
from localcloud.fc.function import Ref, Refusal
from localcloud.flow.effects import Switches
from localcloud.flow.outcome import Outcome, outcome_of_fc
from localcloud.flow.service import FlowService
from localcloud.identity import Identity
from localcloud.oss import Oss
from localcloud.ros.service import Ros
from localcloud.ros.stack import Stacks
from localcloud.ros.work import Yard
from localcloud.rpc.operation import ApiError
from localcloud.template.create import Targets
from localcloud.wire import Dropped

INVOKE = "FC:InvokeFunction"
LIBRARIES = (
    *("pydantic.main", "pydantic.types", "pydantic.type_adapter", "pydantic.plugin._loader", "tenacity", "requests"),
    *("alibabacloud_oss_v2", "aliyunsdkcore.client", "apprise", "apprise.plugins.*"),
)
"""What the project's functions load sooner or later, all but their own code; with what that loads as it is used."""


@dataclass(frozen=True)
class Whole:
    """A cloud with every part attached."""

    cloud: Cloud
    oss: Oss
    fc: FunctionCompute
    flow: FlowService
    ros: Ros


def compose(cloud: Cloud, workdir: Path, *, deliver_twice: Callable[[], bool] = lambda: False) -> Whole:
    """Attach every part to a cloud. Code is unpacked, and functions run, below `workdir`.

    `deliver_twice` says of each timer, message and asynchronous call whether it is delivered once more.
    """
    drawer, world = cloud.cabinet.drawer, cloud.world
    oss = Oss(drawer("oss"), cloud.clock, cloud.identity, cloud.faults, region=world.region)
    fc = FunctionCompute(
        drawer("fc"),
        cloud.clock,
        cloud.identity,
        cloud.faults,
        workdir=workdir,
        code_store=oss.read,
        endpoint=lambda: cloud.endpoint,
        calls=cloud.door.calls,
        region=world.region,
        deliver_twice=deliver_twice,
        libraries=LIBRARIES,
    )
    switches = Switches(
        exception_name=world.behaviour.flow_exception_names,
        pass_through=world.behaviour.flow_wait_passes_input,
        schedule_input=world.behaviour.schedule_input,
    )
    steps = Steps(fc, switches)
    flow = FlowService(drawer("flow"), cloud.clock, steps.perform, switches, permit=Roles(cloud.identity).refusal)
    ros = Ros(
        Yard(
            Stacks(drawer("ros")),
            Targets(cloud.identity, oss, fc, flow),
            cloud.clock,
            cloud.faults,
            takes=world.stack_resource_takes,
            together=cloud.cabinet.together,
            account_id=world.account_id,
            region=world.region,
        )
    )
    cloud.door.add(ros.product())
    cloud.attach(fc=fc, oss=oss, fnf=flow.product, parts=[fc, flow, ros], kill=fc.host.kill)
    return Whole(cloud, oss, fc, flow, ros)


class Roles:
    """Says what a flow's role may do: of all actions, invoking functions."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def refusal(self, role_arn: str, action: str, parameters: Mapping[str, Any]) -> str:
        """Why the role may not, or nothing where it may."""
        try:
            caller = self._identity.act_as(role_arn)
        except ApiError as error:
            return error.message
        resource = str(parameters.get("resourceArn", "*"))
        permission = f"fc:{action.partition(':')[2]}" if action.startswith("FC:") else action.lower()
        if self._identity.allowed(caller, permission, resource):
            return ""
        return f"{role_arn} may not {permission} on {resource}"


class Steps:
    """Performs the tasks of flows: invokes functions."""

    def __init__(self, fc: FunctionCompute, switches: Switches) -> None:
        self._fc, self._switches = fc, switches

    async def perform(self, action: str, parameters: Mapping[str, Any], _mode: str, _timeout: int | None) -> Outcome:
        """Perform one task. Only functions can be called."""
        if action != INVOKE:
            return Outcome.failed("FnF.ActionNotSupported", f"{action} is not part of this cloud")
        body = parameters.get("body", {})
        event = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        try:
            ref = Ref.from_arn(str(parameters["resourceArn"]))
            waits = parameters["invocationType"] == "Sync"
            answer = await self._fc.host.invoke(ref, event, kind="Sync" if waits else "Async")
        except Refusal as refusal:
            return Outcome.failed(f"FC.{refusal.code}", refusal.message)
        except Dropped as dropped:
            return Outcome.failed("FC.InternalServerError", f"the connection was lost: {dropped}")
        return outcome_of_fc(answer.status, answer.headers, answer.body, self._switches.exception_name)
