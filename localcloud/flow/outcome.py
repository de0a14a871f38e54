"""How a call ended, and what an answer of Function Compute means to a flow (facts flow 4.3, 5.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

ExceptionName = Literal["class", "qualified", "FC.Unknown"]
"""How an exception raised in a function is named: by its class, as `FC.` and its class, or not at all."""

HTTP_OK_BELOW = 300
HTTP_TOO_MANY = 429
HTTP_SERVER_ERROR = 500
UNKNOWN = "FC.Unknown"
TASK_TIMEOUT = "FnF.TaskTimeout"


class How(str, Enum):
    """The ways an effect ends, or, for `SUBMITTED`, goes on: the call was taken, and its callback is awaited."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    SUBMITTED = "submitted"


@dataclass(frozen=True)
class Outcome:
    """What became of an effect. `output` must be a JSON object."""

    how: How
    output: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""

    @classmethod
    def succeeded(cls, output: Mapping[str, Any] | None = None) -> Outcome:
        """Give a success; a sleep that is over is one too."""
        return cls(How.SUCCEEDED, output if output is not None else {})

    @classmethod
    def failed(cls, error: str, cause: str = "") -> Outcome:
        """Give a failure, by the name that Retry and Catch match."""
        return cls(How.FAILED, error=error, cause=cause)

    @classmethod
    def timed_out(cls, cause: str = "") -> Outcome:
        """Give a task's timeout."""
        return cls(How.TIMED_OUT, error=TASK_TIMEOUT, cause=cause)

    @classmethod
    def submitted(cls) -> Outcome:
        """Say that a callback is now awaited."""
        return cls(How.SUBMITTED)

    def as_json(self) -> list[Any]:
        """Give it as a JSON value, to be kept."""
        return [self.how.value, dict(self.output), self.error, self.cause]

    @classmethod
    def from_json(cls, value: list[Any]) -> Outcome:
        """Read what `as_json` gave."""
        how, output, error, cause = value
        return cls(How(how), output, error, cause)


def outcome_of_fc(
    status: int, headers: Mapping[str, str], body: bytes, exception_name: ExceptionName = "class"
) -> Outcome:
    """Say what an answer of the Invoke API means: `$Output` is `{Header, Code, Body}`, or an error has a name.

    A body that is not JSON is a text at `Body`, which nobody has verified.
    """
    parsed = read(body)
    if status >= HTTP_SERVER_ERROR:
        return Outcome.failed("FC.InternalServerError", text_of(parsed))
    if status >= HTTP_OK_BELOW:
        return refused(status, parsed)
    if any(name.lower() == "x-fc-error-type" for name in headers):
        return raised(parsed, exception_name)
    return Outcome.succeeded({"Header": dict(headers), "Code": status, "Body": parsed})


def refused(status: int, body: Any) -> Outcome:
    """Name the refusal of a call that never ran."""
    code = first(body, "ErrorCode", "Code", "code")
    if status == HTTP_TOO_MANY and code != "ResourceExhausted":
        code = "ResourceThrottled"
    return Outcome.failed(f"FC.{code}" if code else UNKNOWN, first(body, "ErrorMessage", "Message") or text_of(body))


def raised(body: Any, exception_name: ExceptionName) -> Outcome:
    """Name what a function raised; a function that crashed or was cut off says no `errorType`."""
    kind, message = first(body, "errorType"), first(body, "errorMessage") or text_of(body)
    if not kind or exception_name == UNKNOWN:
        return Outcome.failed(UNKNOWN, message)
    return Outcome.failed(kind if exception_name == "class" else f"FC.{kind}", message)


def first(body: Any, *names: str) -> str:
    """Give the first of these fields that has a text."""
    if not isinstance(body, dict):
        return ""
    return next((value for name in names if isinstance(value := body.get(name), str) and value), "")


def read(body: bytes) -> Any:
    """Read JSON, or else take the text as it is."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def text_of(body: Any) -> str:
    """Write a body for people to read."""
    return body if isinstance(body, str) else json.dumps(body)
