"""Stacks of Resource Orchestration Service, `ROS` 2019-09-10: what they are, what would change, and changing them.

Names and values are those of the vendor's SDK (alibabacloud-ros20190910 3.7.0); codes that decide something here are
those that the vendor's own tools look for.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.aliyun.answers import listed
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import ROS
from tidegate.aliyun.errors import Refused, Unanswered, Unreadable, VendorError
from tidegate.aliyun.line import Parameters
from tidegate.aliyun.permission import Permission

PERMISSIONS = tuple(
    Permission(f"ros:{action}", f"acs:ros:{{region}}:{{account}}:stack/{on}")
    for action, on in (
        ("ValidateTemplate", "*"),
        ("PreviewStack", "*"),
        ("CreateStack", "*"),
        ("UpdateStack", "{stack}"),
        ("DeleteStack", "{stack}"),
        ("GetStack", "{stack}"),
        ("GetTemplate", "{stack}"),
        ("ListStacks", "*"),
        ("ListStackEvents", "{stack}"),
        ("ListStackResources", "{stack}"),
    )
)
"""Beside these, who deploys needs what making the resources takes: ROS acts with the caller's own permissions."""
LARGEST_PAGE, MOST_PAGES = 50, 20
GOING_ON = "_IN_PROGRESS"
GONE = "DELETE_COMPLETE"
SAME = "completely same stack"
PSEUDO = "ALIYUN::"


@dataclass(frozen=True)
class Stack:
    """One stack as it is now. Secret parameters are shown by the vendor as stars."""

    id: str
    name: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, Any]

    @property
    def goes_on(self) -> bool:
        """Whether something is being done to it."""
        return self.status.endswith(GOING_ON)


@dataclass(frozen=True)
class Step:
    """One event of a stack."""

    id: str
    at: str
    name: str
    kind: str
    status: str
    reason: str


@dataclass(frozen=True)
class Changed:
    """What would happen to a resource: `Add`, `Modify`, `Remove`, `None` or what else the vendor says."""

    name: str
    kind: str
    action: str
    replaced: bool

    @property
    def is_some(self) -> bool:
        """Whether anything would happen."""
        return self.action != "None"


class Stacks:
    """The stacks of one account and region."""

    def __init__(self, aliyun: Aliyun) -> None:
        self._aliyun = aliyun

    def find(self, name: str) -> Stack | None:
        """Give the stack of this name; one that was deleted is none."""
        body = self._read("ListStacks", {"StackName.1": name, "PageSize": LARGEST_PAGE})
        for row in listed(body, "Stacks"):
            if row.get("StackName") == name and row.get("Status") != GONE:
                return self.get(str(row.get("StackId") or ""))
        return None

    def get(self, stack_id: str) -> Stack:
        """Give one stack, also one that was deleted a moment ago. Raises VendorError."""
        if not stack_id:
            raise Unreadable("NoStackId", "ROS names a stack without its id")
        body = self._read("GetStack", {"StackId": stack_id})
        rows = [(str(row.get("ParameterKey")), str(row.get("ParameterValue"))) for row in listed(body, "Parameters")]
        return Stack(
            id=stack_id,
            name=str(body.get("StackName", "")),
            status=str(body.get("Status", "")),
            reason=str(body.get("StatusReason") or ""),
            parameters={key: value for key, value in rows if not key.startswith(PSEUDO)},
            outputs={str(row.get("OutputKey")): row.get("OutputValue") for row in listed(body, "Outputs")},
        )

    def resources(self, stack_id: str) -> dict[str, tuple[str, str]]:
        """Give every resource of a stack by its name: type, and the vendor's own name for it."""
        rows = listed(self._read("ListStackResources", {"StackId": stack_id}), "Resources")
        return {
            str(row.get("LogicalResourceId")): (str(row.get("ResourceType")), str(row.get("PhysicalResourceId") or ""))
            for row in rows
            if row.get("Status") != GONE
        }

    def steps(self, stack_id: str, known: Collection[str] = ()) -> list[Step]:
        """Give the newest events of a stack, the oldest of them first: a page at least, and back to one of `known`."""
        found: list[Step] = []
        for number in range(1, MOST_PAGES + 1):
            page = self._steps(stack_id, number)
            found = page + found
            if len(page) < LARGEST_PAGE or any(step.id in known for step in page):
                break
        return found

    def _steps(self, stack_id: str, number: int) -> list[Step]:
        asked: Parameters = {"StackId": stack_id, "PageSize": LARGEST_PAGE, "PageNumber": number}
        body = self._read("ListStackEvents", asked)
        return [
            Step(
                id=str(row.get("EventId")),
                at=str(row.get("CreateTime")),
                name=str(row.get("LogicalResourceId")),
                kind=str(row.get("ResourceType")),
                status=str(row.get("Status")),
                reason=str(row.get("StatusReason") or ""),
            )
            for row in reversed(listed(body, "Events"))
        ]

    def template(self, stack_id: str) -> Any:
        """Give the template that a stack was made of last, None where it cannot be read."""
        body = self._read("GetTemplate", {"StackId": stack_id})
        try:
            return json.loads(str(body.get("TemplateBody")))
        except (ValueError, RecursionError):
            return None

    def validate(self, template: str) -> None:
        """Let the vendor check a template. Raises VendorError with what is wrong."""
        self._read("ValidateTemplate", {"TemplateBody": template})

    def preview(self, name: str, stack_id: str, template: str, given: Mapping[str, str]) -> list[Changed]:
        """Say what creating a stack would do, or updating one where `stack_id` is given; nothing is done."""
        which: Parameters = {"StackId": stack_id, "UsePreviousParameters": True} if stack_id else {"StackName": name}
        body = self._read("PreviewStack", {**which, "TemplateBody": template, **numbered(given)})
        return [
            Changed(
                name=str(row.get("LogicalResourceId")),
                kind=str(row.get("ResourceType")),
                action=str(row.get("Action") or "Add"),
                replaced=str(row.get("Replacement", "")).lower() == "true",
            )
            for row in listed(body, "Stack", "Resources")
        ]

    def create(self, name: str, template: str, given: Mapping[str, str]) -> str:
        """Begin to create a stack, and give its id. Raises Unanswered where it may have begun all the same."""
        body = self._write("CreateStack", {"StackName": name, "TemplateBody": template, **numbered(given)})
        if not body.get("StackId"):
            raise Unanswered("NoStackId", "ROS gave no id of the stack", str(body.get("RequestId", ""))[:200])
        return str(body["StackId"])

    def update(self, stack_id: str, template: str, given: Mapping[str, str]) -> bool:
        """Begin to update a stack, and say whether there is anything to update.

        Parameters that are not given keep their values. Raises Unanswered where it may have begun all the same.
        """
        which: Parameters = {"StackId": stack_id, "UsePreviousParameters": True}
        try:
            self._write("UpdateStack", {**which, "TemplateBody": template, **numbered(given)})
        except Refused as error:
            if is_same(error):
                return False
            raise
        return True

    def delete(self, stack_id: str, retain: Iterable[str] = ()) -> None:
        """Begin to delete a stack, without the resources that are to stay."""
        kept = {f"RetainResources.{number}": name for number, name in enumerate(retain, 1)}
        self._write("DeleteStack", {"StackId": stack_id, **kept})

    def _read(self, action: str, parameters: Parameters) -> Mapping[str, Any]:
        return self._aliyun.call(ROS, action, {"RegionId": self._aliyun.region, **parameters}, read=True)

    def _write(self, action: str, parameters: Parameters) -> Mapping[str, Any]:
        return self._aliyun.call(ROS, action, {"RegionId": self._aliyun.region, **parameters}, read=False)


def is_same(error: VendorError) -> bool:
    """Say whether an update was refused because nothing is otherwise."""
    return error.code == "NotSupported" and SAME in error.message


def numbered(given: Mapping[str, str]) -> dict[str, str]:
    """Write parameters as ROS takes them: `Parameters.1.ParameterKey`, ..."""
    return dict(_rows(given))


def _rows(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for number, (key, value) in enumerate(sorted(given.items()), 1):
        yield f"Parameters.{number}.ParameterKey", key
        yield f"Parameters.{number}.ParameterValue", value
