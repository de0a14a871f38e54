"""Flows and their operations (facts flow 7, 8.1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from localcloud.clock import Clock
from localcloud.drawer import Drawer
from localcloud.flow.faults import FlowError
from localcloud.flow.history import timestamp
from localcloud.flow.language import parse
from localcloud.flow.names import checked, invalid, json_object
from localcloud.flow.paging import page
from localcloud.flow.register import Start
from localcloud.rpc.operation import ApiError, Parameters

EXPRESS = "Express"
LARGEST_REQUEST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class StoredFlow:
    """A flow as the service keeps it. `environment` is stored and shown; how definitions read it is not known."""

    name: str
    id: str
    definition: str
    description: str
    role_arn: str
    mode: str
    created_at: str
    changed_at: str
    environment: str = ""
    external_storage: str = ""
    resource_group: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it as the API shows it."""
        shown = {
            "Id": self.id,
            "Name": self.name,
            "Definition": self.definition,
            "Description": self.description,
            "Type": "FDL",
            "RoleArn": self.role_arn,
            "ExecutionMode": self.mode,
            "CreatedTime": self.created_at,
            "LastModifiedTime": self.changed_at,
            "ExternalStorageLocation": self.external_storage,
            "ResourceGroupId": self.resource_group,
        }
        return {**shown, "Environment": json.loads(self.environment)} if self.environment else shown


class Flows:
    """All flows. A definition that would not run is refused with the state and field at fault."""

    def __init__(self, drawer: Drawer, clock: Clock, new_id: Callable[[], str]) -> None:
        self._drawer, self._clock, self._new_id = drawer, clock, new_id

    def find(self, name: str) -> StoredFlow:
        """Give a flow, or say that there is none."""
        if (key := f"flow/{name}") not in self._drawer:
            raise ApiError("FlowNotExists", f"Flow {name} does not exist.", 404)
        return StoredFlow(**self._drawer[key])

    def start_of(self, name: str) -> Start:
        """Give what starting an execution takes from its flow, as it is now."""
        flow = self.find(name)
        if flow.mode == EXPRESS:
            raise invalid(f"Flow {name} is an Express flow, which StartExecution does not start here.")
        return Start(name, flow.definition, role_arn=flow.role_arn)

    def create(self, given: Parameters) -> Mapping[str, Any]:
        """Create a flow."""
        name = checked(given["Name"], "Name")
        if f"flow/{name}" in self._drawer:
            raise ApiError("FlowAlreadyExists", f"Flow {name} already exists.", 409)
        now = timestamp(self._clock.now())
        flow = StoredFlow(
            name=name,
            id=self._new_id(),
            definition="",
            description="",
            role_arn="",
            mode=given.get("ExecutionMode") or "Standard",
            created_at=now,
            changed_at=now,
            external_storage=given.get("ExternalStorageLocation", ""),
            resource_group=given.get("ResourceGroupId", ""),
        )
        return self._keep(flow, given)

    def update(self, given: Parameters) -> Mapping[str, Any]:
        """Change a flow; what runs keeps the definition it was started with."""
        return self._keep(replace(self.find(given["Name"]), changed_at=timestamp(self._clock.now())), given)

    def describe(self, given: Parameters) -> Mapping[str, Any]:
        """Show one flow."""
        if given.get("FlowVersion", "LATEST") != "LATEST":
            raise invalid("FlowVersion: versions are not part of this service.")
        return self.find(given["Name"]).as_json()

    def drop(self, name: str) -> None:
        """Forget one flow."""
        self.find(name)
        del self._drawer[f"flow/{name}"]

    def listed(self, given: Parameters) -> Mapping[str, Any]:
        """Show all flows, by name."""
        names = sorted(key.removeprefix("flow/") for key in self._drawer if key.startswith("flow/"))
        flows = [self.find(name) for name in names]
        if group := given.get("ResourceGroupId"):
            flows = [flow for flow in flows if flow.resource_group == group]
        chosen, rest = page(flows, given, lambda flow: flow.name)
        return {"Flows": [flow.as_json() for flow in chosen], **rest}

    def _keep(self, flow: StoredFlow, given: Parameters) -> Mapping[str, Any]:
        changed = replace(
            flow,
            definition=given.get("Definition", flow.definition),
            description=given.get("Description", flow.description),
            role_arn=given.get("RoleArn", flow.role_arn),
            environment=given.get("Environment", flow.environment),
        )
        if changed.environment:
            json_object(changed.environment, "Environment")
        check_definition(changed)
        self._drawer[f"flow/{changed.name}"] = asdict(changed)
        return changed.as_json()


def check_definition(flow: StoredFlow) -> None:
    """Refuse a definition that would not run, or that names itself otherwise than the request does."""
    if len(flow.definition.encode()) > LARGEST_REQUEST_BYTES:
        raise ApiError("EntityTooLarge", f"Definition is longer than {LARGEST_REQUEST_BYTES} bytes.")
    try:
        parsed = parse(flow.definition, express=flow.mode == EXPRESS)
    except FlowError as error:
        raise invalid(f"Definition: {error}") from error
    if parsed.name != flow.name:
        raise invalid(f"Definition: flow, field Name: {parsed.name!r} is not the Name of the request, {flow.name!r}")
