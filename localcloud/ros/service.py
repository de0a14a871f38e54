"""The product `ROS` 2019-09-10, and the service behind it: what may be asked of stacks, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import uuid4

from localcloud.ros.changes import Wanted, changes, declared, invalid, wanted
from localcloud.ros.stack import Stack, not_found
from localcloud.ros.work import STACK, Worker, Yard, note
from localcloud.rpc.operation import ApiError, Caller, Parameters, RpcProduct
from localcloud.rpc.schema import operation, version

PRODUCT = "ROS"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,254}")
UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
"""The vendor's page of change sets says so; a stack whose creation failed can only be deleted, or continued."""
MOST_PARAMETERS = 200
USUAL_PAGE = 10

T = TypeVar("T")


class Ros:
    """Stacks on one event loop. Attach it to a cloud with its product and as one of its parts."""

    def __init__(self, yard: Yard) -> None:
        self._yard, self._worker, self.stacks = yard, Worker(yard), yard.stacks

    async def start(self) -> None:
        """Go on with every stack that was under way."""
        self._worker.start()

    async def stop(self) -> None:
        """Stop working."""
        await self._worker.stop()

    def product(self) -> RpcProduct:
        """Give the product for the front door."""
        any_stack = self._arn("*")

        def one(parameters: Parameters) -> str:
            return self._arn(str(parameters.get("StackId", "*")))

        asked: dict[str, tuple[Callable[[Parameters, Caller], Mapping[str, Any]], Callable[[Parameters], str]]] = {
            "ValidateTemplate": (self.validate, lambda _: any_stack),
            "PreviewStack": (self.preview, one),
            "CreateStack": (self.create, lambda _: any_stack),
            "UpdateStack": (self.update, one),
            "DeleteStack": (self.delete, one),
            "GetStack": (self.get, one),
            "GetTemplate": (self.get_template, one),
            "ListStacks": (self.list, lambda _: any_stack),
            "ListStackEvents": (self.list_events, one),
            "ListStackResources": (self.list_resources, one),
        }
        operations = {
            action: operation(PRODUCT, action, run, _permission(action, on)) for action, (run, on) in asked.items()
        }
        return RpcProduct(PRODUCT, version(PRODUCT), operations)

    def validate(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Check a template without its parameters."""
        place = self._yard.place(_nobody("validated"))
        body = parameters.get("TemplateBody", "")
        try:
            wanted(body, {}, place)
        except ApiError as error:
            # A parameter without a default is no fault of the template's.
            if not error.message.endswith(": is required") or "Parameters." not in error.message:
                raise
        return {"Description": "", "Parameters": []}

    def preview(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Say what creating or updating a stack would do; nothing is done."""
        stack = self.stacks.get(parameters["StackId"]) if parameters.get("StackId") else None
        if stack is None and "StackName" not in parameters:
            raise ApiError("MissingParameter", "StackName or StackId is required.")
        want = self._wanted(stack or _nobody(parameters["StackName"]), parameters, update=stack is not None)
        rows = [
            {
                "LogicalResourceId": change.name,
                "ResourceType": change.type,
                "Action": change.action,
                "Replacement": str(change.replaces),
                "PhysicalResourceId": stack.resources[change.name].physical_id
                if stack and change.name in stack.resources
                else "",
            }
            for change in changes(want, stack)
        ]
        return {"Stack": {"StackName": want.place.stack, "Parameters": want.shown(), "Resources": rows}}

    def create(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Begin to create a stack."""
        name = str(parameters["StackName"])
        if not NAME.fullmatch(name):
            raise invalid(
                "StackName begins with a letter and has letters, digits, hyphens and underscores, 255 at most"
            )
        if self.stacks.named(name):
            raise ApiError("StackExists", f"The Stack ({name}) already exists.", 409)
        now = self._yard.now()
        given = _given(parameters)
        stack = Stack(str(uuid4()), name, parameters.get("TemplateBody", ""), given, now, now)
        list(changes(self._wanted(stack, parameters, update=False), None))
        stack.rollback = not parameters.get("DisableRollback", False)
        stack.timeout = parameters.get("TimeoutInMinutes", stack.timeout)
        return self._begin(stack, "CREATE")

    def update(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Begin to update a stack; the very same stack is refused."""
        stack = self._at_rest(parameters)
        if stack.status not in UPDATABLE:
            raise ApiError("NotSupported", f"Updating a stack in status {stack.status} is not supported.")
        want = self._wanted(stack, parameters, update=True)
        given, body = self._merged(stack, parameters), parameters["TemplateBody"]
        at_rest = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE")
        if at_rest and (body, given) == (stack.template, stack.given):
            raise ApiError("NotSupported", "Update the completely same stack is not supported.")
        list(changes(want, stack))
        stack.before = {"template": stack.template, "given": stack.given}
        stack.template, stack.given = body, given
        stack.replaces = parameters.get("ReplacementOption") == "Enabled"
        return self._begin(stack, "UPDATE")

    def delete(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Begin to delete a stack."""
        stack = self._at_rest(parameters)
        every = tuple(stack.resources)
        stack.retain = every if parameters.get("RetainAllResources") else tuple(_listed(parameters, "RetainResources"))
        if unknown := sorted(set(stack.retain) - set(every)):
            raise invalid(f"there is no resource {unknown[0]} to retain")
        self._begin(stack, "DELETE")
        return {}

    def get(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show one stack, also one that was deleted."""
        stack = self.stacks.get(parameters["StackId"])
        shown = self._yard.wanted(stack).shown()
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in stack.outputs.items()]
        return {
            **self._row(stack),
            "Description": "",
            "Parameters": shown,
            "Outputs": [] if stack.goes_on else outputs,
        }

    def get_template(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show the template that a stack was made of last."""
        stack = self.stacks.get(parameters["StackId"])
        return {"StackId": stack.id, "TemplateBody": stack.template}

    def list(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show stacks, the newest first; those that were deleted only where that status is asked for."""
        names, statuses = _listed(parameters, "StackName"), _listed(parameters, "Status")
        found = [
            self._row(stack)
            for stack in self.stacks.all()
            if (not names or stack.name in names) and (stack.status in statuses if statuses else not stack.is_gone)
        ]
        return _page(found, parameters, "Stacks")

    def list_events(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show what happened to a stack and its resources, the newest first."""
        stack = self.stacks.get(parameters["StackId"])
        wished = {
            "Status": _listed(parameters, "Status"),
            "ResourceType": _listed(parameters, "ResourceType"),
            "LogicalResourceId": _listed(parameters, "LogicalResourceId"),
        }
        found = [
            event
            for event in self.stacks.events(stack)
            if all(not values or event[key] in values for key, values in wished.items())
        ]
        return _page(found, parameters, "Events")

    def list_resources(self, parameters: Parameters, _caller: Caller) -> Mapping[str, Any]:
        """Show what a stack is made of."""
        stack = self.stacks.get(parameters["StackId"])
        rows = [
            {
                "StackId": stack.id,
                "StackName": stack.name,
                "LogicalResourceId": name,
                "PhysicalResourceId": made.physical_id,
                "ResourceType": made.type,
                "Status": made.status,
                "StatusReason": made.reason,
                "CreateTime": made.created,
                "UpdateTime": made.updated,
            }
            for name, made in stack.resources.items()
        ]
        return {"Resources": rows}

    def _begin(self, stack: Stack, what: str) -> Mapping[str, Any]:
        stack.status, stack.reason = f"{what}_IN_PROGRESS", f"Stack {what} started"
        stack.updated = self._yard.now()
        note(self._yard, stack, (stack.name, STACK, stack.status, stack.reason, stack.id))
        self._worker.carry_on(stack.id)
        return {"StackId": stack.id}

    def _at_rest(self, parameters: Parameters) -> Stack:
        stack = self.stacks.get(parameters["StackId"])
        if stack.is_gone:
            raise not_found(stack.id)
        if stack.goes_on:
            action = stack.status.removesuffix("_IN_PROGRESS")
            raise ApiError("ActionInProgress", f"Stack {stack.name} already has an action ({action}) in progress.", 409)
        return stack

    def _wanted(self, stack: Stack, parameters: Parameters, *, update: bool) -> Wanted:
        if "TemplateBody" not in parameters:
            raise invalid("TemplateBody is required: templates elsewhere are not offered here")
        given = self._merged(stack, parameters) if update else _given(parameters)
        return wanted(parameters["TemplateBody"], given, self._yard.place(stack))

    @staticmethod
    def _merged(stack: Stack, parameters: Parameters) -> dict[str, str]:
        given = _given(parameters)
        if not parameters.get("UsePreviousParameters", False):
            return given
        # What the new template knows no more is dropped.
        known = declared(parameters["TemplateBody"])
        return {**{key: value for key, value in stack.given.items() if key in known}, **given}

    def _row(self, stack: Stack) -> dict[str, Any]:
        return {
            "StackId": stack.id,
            "StackName": stack.name,
            "RegionId": self._yard.region,
            "Status": stack.status,
            "StatusReason": stack.reason,
            "DisableRollback": not stack.rollback,
            "TimeoutInMinutes": stack.timeout,
            "CreateTime": stack.created,
            "UpdateTime": stack.updated,
        }

    def _arn(self, stack_id: str) -> str:
        return f"acs:ros:{self._yard.region}:{self._yard.account_id}:stack/{stack_id}"


def _permission(action: str, on: Callable[[Parameters], str]) -> Callable[[Parameters], tuple[str, str]]:
    return lambda parameters: (f"ros:{action}", on(parameters))


def _nobody(name: str) -> Stack:
    return Stack("", name, "", {}, "", "")


def _given(parameters: Parameters) -> dict[str, str]:
    """Read `Parameters.1.ParameterKey` and its like."""
    rows: dict[str, dict[str, str]] = {}
    for member, value in (parameters.get("Parameters") or {}).items():
        number, _, part = member.partition(".")
        if part not in ("ParameterKey", "ParameterValue") or not number.isdigit():
            raise invalid(f"Parameters.{member} is not understood")
        rows.setdefault(number, {})[part] = value
    if len(rows) > MOST_PARAMETERS or any("ParameterKey" not in row for row in rows.values()):
        raise invalid(f"Parameters: at most {MOST_PARAMETERS}, each with its ParameterKey")
    given = {row["ParameterKey"]: row.get("ParameterValue", "") for row in rows.values()}
    if len(given) != len(rows):
        raise invalid("Parameters: a key is given twice")
    return given


def _listed(parameters: Parameters, name: str) -> list[str]:
    """Read `RetainResources.1`, `RetainResources.2`, ..."""
    found = parameters.get(name) or {}
    return [found[key] for key in sorted(found, key=lambda key: int(key) if key.isdigit() else 0)]


def _page(rows: Iterable[T], parameters: Parameters, name: str) -> dict[str, Any]:
    every = list(rows)
    size, number = parameters.get("PageSize", USUAL_PAGE), parameters.get("PageNumber", 1)
    chosen = every[(number - 1) * size : number * size]
    return {name: chosen, "TotalCount": len(every), "PageSize": size, "PageNumber": number}
