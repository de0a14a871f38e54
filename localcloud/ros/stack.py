"""A stack as it is kept: its template and parameters, and every resource that stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.rpc.operation import ApiError

GOING_ON = "_IN_PROGRESS"
MADE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED", "DELETE_FAILED")
"""Of a resource: it stands."""


@dataclass
class Made:
    """One resource of a stack, as it was made last."""

    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]
    physical_id: str
    policy: str
    status: str
    reason: str
    created: str
    updated: str


@dataclass
class Stack:
    """One stack. `before` is what an update goes back to where it fails."""

    id: str
    name: str
    template: str
    given: Mapping[str, str]
    created: str
    updated: str
    status: str = ""
    reason: str = ""
    rollback: bool = True
    replaces: bool = False
    timeout: int = 60
    retain: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    resources: dict[str, Made] = field(default_factory=dict)
    events: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether something is being done to it."""
        return self.status.endswith(GOING_ON)

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted."""
        return self.status == "DELETE_COMPLETE"


class Stacks:
    """All stacks and their events, in a drawer."""

    def __init__(self, drawer: MutableMapping[str, Any]) -> None:
        self._drawer = drawer

    def keep(self, stack: Stack) -> None:
        """Keep a stack as it is now."""
        resources = {name: vars(made) for name, made in stack.resources.items()}
        self._drawer[f"stack/{stack.id}"] = {**vars(stack), "resources": resources}

    def get(self, stack_id: str) -> Stack:
        """Give a stack; raises 404."""
        key = f"stack/{stack_id}"
        if key not in self._drawer:
            raise not_found(stack_id)
        return _read(self._drawer[key])

    def all(self) -> Iterator[Stack]:
        """Give every stack, the newest first; those that were deleted too."""
        keys = [key for key in self._drawer if key.startswith("stack/")]
        found = [_read(self._drawer[key]) for key in keys]
        yield from sorted(found, key=lambda stack: stack.created, reverse=True)

    def named(self, name: str) -> Stack | None:
        """Give the stack of this name that is not deleted."""
        return next((stack for stack in self.all() if stack.name == name and not stack.is_gone), None)

    def add_event(self, stack: Stack, event: Mapping[str, str]) -> None:
        """Keep one more event of a stack."""
        stack.events += 1
        self._drawer[f"event/{stack.id}/{stack.events:06d}"] = dict(event)

    def events(self, stack: Stack) -> list[dict[str, str]]:
        """Give a stack's events, the newest first."""
        keys = [f"event/{stack.id}/{number:06d}" for number in range(stack.events, 0, -1)]
        return [dict(self._drawer[key]) for key in keys if key in self._drawer]


def not_found(stack_id: str) -> ApiError:
    """Give the error for a stack that nobody knows (its code: the vendor's own tools look for it)."""
    return ApiError("StackNotFound", f"The Stack ({stack_id}) could not be found.", 404)


def _read(entry: Mapping[str, Any]) -> Stack:
    resources = {name: Made(**made) for name, made in entry["resources"].items()}
    return Stack(**{**entry, "resources": resources, "retain": tuple(entry["retain"])})
