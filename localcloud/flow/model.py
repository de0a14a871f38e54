"""A flow after it was read: frozen, checked, with every expression parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from localcloud.flow.expressions import Expression
from localcloud.flow.template import Template

ANY_ERROR = "FnF.ALL"
LONGEST_PAUSE_S = 86400


class Mode(str, Enum):
    """When a task counts as done (fact flow 5.1)."""

    REQUEST_COMPLETE = "RequestComplete"
    SYSTEM_CALLBACK = "WaitForSystemCallback"
    CUSTOM_CALLBACK = "WaitForCustomCallback"


@dataclass(frozen=True)
class Retry:
    """One retry rule (fact flow 4.1). Times in seconds."""

    errors: tuple[str, ...]
    attempts: int
    interval_s: int
    rate: float = 1.0
    longest_s: int = LONGEST_PAUSE_S

    def pause(self, used: int) -> float:
        """Give the seconds before the next try, when `used` retries are behind us."""
        return min(self.interval_s * self.rate**used, float(self.longest_s))


@dataclass(frozen=True)
class Catch:
    """One catch rule: where to go, and with what."""

    errors: tuple[str, ...]
    output: Template
    next: str


@dataclass(frozen=True)
class Task:
    """Calls a service. A timeout of None or 0 never comes."""

    action: str
    mode: Mode
    parameters: Template | None
    timeout: int | Expression | None


@dataclass(frozen=True)
class Choice:
    """Goes on with the first branch whose condition is true."""

    branches: tuple[tuple[Expression, str], ...]
    default: str


@dataclass(frozen=True)
class Wait:
    """Lets time pass, at most `longest_s`."""

    seconds: int | Expression
    longest_s: int


@dataclass(frozen=True)
class Pass:
    """Only reshapes data."""


@dataclass(frozen=True)
class Succeed:
    """Ends its scope."""


@dataclass(frozen=True)
class Fail:
    """Ends the whole execution."""

    code: str
    detail: str


@dataclass(frozen=True)
class Parallel:
    """Runs all its branches with the same input."""

    branches: tuple[Scope, ...]


@dataclass(frozen=True)
class Map:
    """Runs one scope for each item of a list, at most `at_once` at a time."""

    items: Expression
    processor: Scope
    at_once: int


Body: TypeAlias = Task | Choice | Wait | Pass | Succeed | Fail | Parallel | Map


@dataclass(frozen=True)
class State:
    """What all states have, and the body that makes the difference. `next` is empty at the end of a scope."""

    name: str
    body: Body
    next: str = ""
    input: Template | None = None
    output: Template | None = None
    globals: Template | None = None
    retry: tuple[Retry, ...] = ()
    catch: tuple[Catch, ...] = ()

    def targets(self) -> list[tuple[str, str]]:
        """Give every transition as (field, name of the next state)."""
        found = [("Next", self.next)] if self.next else []
        if isinstance(self.body, Choice):
            found += [(f"Branches[{number}].Next", name) for number, (_, name) in enumerate(self.body.branches)]
            found.append(("Default", self.body.default))
        return found + [(f"Catch[{number}].Next", rule.next) for number, rule in enumerate(self.catch)]

    def scopes(self) -> list[tuple[str, Scope]]:
        """Give the scopes inside this state, each with the field it stands in."""
        if isinstance(self.body, Parallel):
            return [(f"Branches[{number}]", scope) for number, scope in enumerate(self.body.branches)]
        return [("Processor", self.body.processor)] if isinstance(self.body, Map) else []


@dataclass(frozen=True)
class Scope:
    """States among which transitions stay."""

    start: str
    states: Mapping[str, State]


@dataclass(frozen=True)
class Flow:
    """One definition, ready to run."""

    name: str
    scope: Scope
    definition: str
    express: bool = False
