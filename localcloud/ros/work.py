"""Carries stacks on, one resource at a time, each with its events; what was under way goes on after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from localcloud.clock import Clock
from localcloud.faults import Detail, Faults
from localcloud.fc.function import Refusal
from localcloud.oss.answers import OssError
from localcloud.ros.changes import Change, Place, Wanted, change_of, wanted
from localcloud.ros.kinds import is_known, kind_of
from localcloud.ros.stack import MADE, Made, Stack, Stacks
from localcloud.rpc.operation import ApiError
from localcloud.template.create import CREATE, Targets
from localcloud.template.faults import TemplateError
from localcloud.template.model import Resource
from localcloud.template.types import type_of
from localcloud.wire import Dropped

REFUSALS = (Refusal, ApiError, OssError, TemplateError, Dropped)
TIME_FORM = "%Y-%m-%dT%H:%M:%S"
STACK = "ALIYUN::ROS::Stack"


@dataclass(frozen=True)
class Yard:
    """Where stacks are worked on, and what that takes."""

    stacks: Stacks
    targets: Targets
    clock: Clock
    faults: Faults
    takes: timedelta
    """How long one resource takes."""
    together: Callable[[], AbstractContextManager[None]]
    account_id: str
    region: str

    def now(self) -> str:
        """Give the simulated time as ROS writes it: UTC, without a zone."""
        return self.clock.now().strftime(TIME_FORM)

    def place(self, stack: Stack) -> Place:
        """Say what the pseudo parameters of a stack stand for."""
        return Place(self.account_id, self.region, stack.name, stack.id)

    def wanted(self, stack: Stack, *, before: bool = False) -> Wanted:
        """Give what a stack shall be, or was before its update."""
        if before:
            return wanted(stack.before["template"], stack.before["given"], self.place(stack))
        return wanted(stack.template, stack.given, self.place(stack))


class Failed(Exception):  # noqa: N818 - reads as what it is
    """A resource did not come about."""


class Worker:
    """Works on every stack that is in progress, each in a task of its own."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False

    def start(self) -> None:
        """Go on with all that was under way."""
        self._running = True
        for stack in list(self._yard.stacks.all()):
            if stack.goes_on:
                self.carry_on(stack.id)

    async def stop(self) -> None:
        """Stop working; every stack stays as it is recorded."""
        self._running = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def carry_on(self, stack_id: str) -> None:
        """Work on a stack until it is at rest."""
        if self._running:
            task = asyncio.get_running_loop().create_task(Job(self._yard, stack_id).run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


class Job:
    """The work on one stack. It looks at what is there before each step, so it may be ended between any two."""

    def __init__(self, yard: Yard, stack_id: str) -> None:
        self._yard, self._stack = yard, yard.stacks.get(stack_id)

    async def run(self) -> None:
        """Work until the stack is at rest."""
        while self._stack.goes_on:
            what = self._stack.status.removesuffix("_IN_PROGRESS")
            try:
                await {"CREATE": self._build, "UPDATE": self._build, "ROLLBACK": self._go_back}.get(what, self._clear)()
                self._end(f"{what}_COMPLETE", f"Stack {what} completed successfully")
            except Failed as failed:
                self._fail(what, str(failed))

    def _fail(self, what: str, why: str) -> None:
        self._end(f"{what}_FAILED", why)
        if what == "UPDATE":
            self._begin("ROLLBACK", why)
        elif what == "CREATE" and self._stack.rollback:
            self._begin("CREATE_ROLLBACK", why)

    async def _build(self) -> None:
        """Make everything as the template says, then remove what it says no more of."""
        await self._become(self._yard.wanted(self._stack), before=False)

    async def _go_back(self) -> None:
        """Make everything as it was before the update."""
        await self._become(self._yard.wanted(self._stack, before=True), before=True)
        self._stack.template, self._stack.given = self._stack.before["template"], self._stack.before["given"]

    async def _become(self, want: Wanted, *, before: bool) -> None:
        for resource in want.resources.values():
            properties = self._resolved(want, resource)
            made = self._stack.resources.get(resource.name)
            change = change_of(resource, properties, made if made and made.status in MADE else None)
            if change.action != "None" or (made and made.status not in MADE):
                await self._make(resource, properties, change, before=before)
        for name in reversed(list(self._stack.resources)):
            if name not in want.resources:
                await self._remove(name)
        try:
            self._stack.outputs = want.outputs(self._stack.resources)
        except TemplateError as error:
            raise Failed(str(error)) from error

    def _resolved(self, want: Wanted, resource: Resource) -> dict[str, Any]:
        try:
            return want.properties(resource, self._stack.resources)
        except TemplateError as error:
            raise Failed(str(error)) from error

    async def _make(self, resource: Resource, properties: Mapping[str, Any], change: Change, *, before: bool) -> None:
        verb = "CREATE" if change.action == "Add" else "UPDATE"
        if change.replaces and not self._stack.replaces and not before:
            why = f"{resource.name}: a property cannot be updated, and replacement is disabled"
            self._note(resource.name, resource.type, "UPDATE_FAILED", why)
            raise Failed(f"Resource UPDATE failed: {why}")
        if change.replaces:
            await self._remove(resource.name)
            verb = "CREATE"
        self._note(resource.name, resource.type, f"{verb}_IN_PROGRESS", "state changed")
        await self._yard.clock.sleep(self._yard.takes.total_seconds())
        await asyncio.sleep(0)
        with self._yard.together():
            try:
                made = self._create(resource, properties, verb)
            except REFUSALS as error:
                self._note(resource.name, resource.type, f"{verb}_FAILED", str(error))
                raise Failed(f"Resource {verb} failed: {resource.name}: {error}") from error
            self._stack.resources[resource.name] = made
            self._note(resource.name, resource.type, made.status, "state changed", made.physical_id)

    def _create(self, resource: Resource, properties: Mapping[str, Any], verb: str) -> Made:
        yard, spec = self._yard, type_of(resource.type, resource.name)
        detail = Detail(f"{self._stack.name}/{resource.name}")
        yard.faults.before(f"ros.{verb.title()}Resource", detail)
        if verb == "CREATE" and kind_of(resource.type).stands(yard.targets, properties):
            raise ApiError("ResourceAlreadyExists", f"a resource like {resource.name} already exists", 409)
        ref = properties.get(spec["ref"], resource.name)
        made: Mapping[str, Any] = {spec["ref"]: ref}
        if not spec.get("elsewhere"):
            made = {**made, **CREATE[resource.type](yard.targets, properties)}
        now, before = yard.now(), self._stack.resources.get(resource.name)
        yard.faults.after(f"ros.{verb.title()}Resource", detail)
        return Made(
            type=resource.type,
            properties=dict(properties),
            attributes=dict(made),
            physical_id=str(ref),
            policy=resource.deletion_policy,
            status=f"{verb}_COMPLETE",
            reason="state changed",
            created=before.created if before else now,
            updated=now,
        )

    async def _clear(self) -> None:
        """Remove everything, the newest first."""
        for name in reversed(list(self._stack.resources)):
            await self._remove(name)

    async def _remove(self, name: str) -> None:
        made = self._stack.resources[name]
        if made.policy == "Retain" or name in self._stack.retain:
            del self._stack.resources[name]
            self._yard.stacks.keep(self._stack)
            return
        self._note(name, made.type, "DELETE_IN_PROGRESS", "state changed", made.physical_id)
        await self._yard.clock.sleep(self._yard.takes.total_seconds())
        await asyncio.sleep(0)
        with self._yard.together():
            try:
                self._yard.faults.before("ros.DeleteResource", Detail(f"{self._stack.name}/{name}"))
                # What is gone already is gone.
                is_known(lambda: kind_of(made.type).remove(self._yard.targets, made.properties))
            except REFUSALS as error:
                self._stack.resources[name] = replace(made, status="DELETE_FAILED", reason=str(error))
                self._note(name, made.type, "DELETE_FAILED", str(error), made.physical_id)
                raise Failed(f"Resource DELETE failed: {name}: {error}") from error
            del self._stack.resources[name]
            self._note(name, made.type, "DELETE_COMPLETE", "state changed", made.physical_id)

    def _begin(self, what: str, why: str) -> None:
        self._end(f"{what}_IN_PROGRESS", why)

    def _end(self, status: str, why: str) -> None:
        with self._yard.together():
            self._stack.status, self._stack.reason, self._stack.updated = status, why, self._yard.now()
            self._note(self._stack.name, STACK, status, why, self._stack.id)

    def _note(self, name: str, kind: str, status: str, why: str, physical_id: str = "") -> None:
        """Keep an event, and the stack as it is now."""
        note(self._yard, self._stack, (name, kind, status, why, physical_id))


def note(yard: Yard, stack: Stack, event: tuple[str, str, str, str, str]) -> None:
    """Keep an event of a stack, and the stack as it is now."""
    name, kind, status, why, physical_id = event
    row = {
        "EventId": str(uuid4()),
        "LogicalResourceId": name,
        "PhysicalResourceId": physical_id,
        "ResourceType": kind,
        "StackId": stack.id,
        "StackName": stack.name,
        "Status": status,
        "StatusReason": why,
        "CreateTime": yard.now(),
    }
    yard.stacks.add_event(stack, row)
    yard.stacks.keep(stack)
