"""What the interpreter asks for, and the switches for what nobody could verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from localcloud.flow.history import Thread
from localcloud.flow.model import Mode
from localcloud.flow.outcome import ExceptionName


@dataclass(frozen=True)
class Call:
    """Perform a task. With a callback it is first submitted; a timeout counts from `asked_at`, and 0 is never."""

    state: str
    action: str
    mode: Mode
    parameters: Mapping[str, Any]
    timeout_s: int
    asked_at: datetime
    event: int
    """The number of the event that scheduled it."""
    token: str = ""
    thread: Thread = field(default_factory=Thread, compare=False, repr=False)


@dataclass(frozen=True)
class Sleep:
    """Let time pass until `until`."""

    state: str
    seconds: float
    until: datetime


Effect: TypeAlias = Call | Sleep


class Fault(Exception):  # noqa: N818 - a fault is what Retry and Catch look at; an error is a defect
    """A task failed, or a branch did."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@dataclass(frozen=True)
class Switches:
    """What is not known of the service, to be set either way."""

    exception_name: ExceptionName = "class"
    pass_through: bool = True
    """Whether Wait and Choice give on their input; otherwise they give on an empty object."""
    schedule_input: Literal["wrapped", "payload"] = "wrapped"
    """Whether a schedule's payload is the field `payload` of the input, or is the input."""
