"""What one state can see while it runs, and the limits on what it says (facts flow 2.1, 2.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.flow.expressions import Node
from localcloud.flow.functions import EvaluationError
from localcloud.flow.template import Template

LARGEST_BYTES = 64 * 1024
LARGEST_GLOBAL_BYTES = 256 * 1024
LONGEST_KEY_BYTES = 128
RUNTIME_ERROR = "FnF.RuntimeError"


class Ended(Exception):  # noqa: N818 - a Fail state ends an execution as it should
    """The whole execution is over, as failed."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


class Frame:
    """The variables of one state in one visit."""

    def __init__(
        self, name: str, data: Mapping[str, Any], execution: Mapping[str, Any], uuid: Callable[[], str]
    ) -> None:
        self.name = name
        self.current: dict[str, Any] = {
            "Name": name,
            "Input": data,
            "Output": None,
            "Error": None,
            "RetryCount": 0,
            "TaskToken": None,
        }
        self.variables: dict[str, Any] = {
            "$Context": {"Execution": execution, "Current": self.current},
            "$Input": data,
            "$Output": None,
            "$Global": {},
            "uuid": uuid,
        }

    @property
    def input(self) -> dict[str, Any]:
        """Give what the state works on."""
        found: dict[str, Any] = self.variables["$Input"]
        return found

    def take_input(self, data: dict[str, Any]) -> None:
        """Set what the state works on."""
        self.current["Input"] = self.variables["$Input"] = data

    def take_output(self, data: Any) -> None:
        """Set the raw output, for the constructors to read."""
        self.current["Output"] = self.variables["$Output"] = data

    def take_error(self, error: str, cause: str) -> None:
        """Set the error, for Catch to read."""
        self.current["Error"] = {"Code": error, "Detail": cause}

    def build(self, template: Template, global_values: Mapping[str, Any]) -> dict[str, Any]:
        """Build a map; end the execution where an expression in it cannot be evaluated."""
        self.variables["$Global"] = global_values
        try:
            return template.build(self.variables)
        except EvaluationError as error:
            raise self.runtime_error(str(error)) from error

    def evaluate(self, node: Node, global_values: Mapping[str, Any]) -> Any:
        """Evaluate one expression; end the execution where that cannot be done."""
        self.variables["$Global"] = global_values
        try:
            return node(self.variables)
        except EvaluationError as error:
            raise self.runtime_error(str(error)) from error

    def sized(self, data: Any, word: str) -> dict[str, Any]:
        """Give `data` if it is an object of at most 64 KiB; otherwise end the execution."""
        if not isinstance(data, dict):
            raise self.runtime_error(f"its {word} is no JSON object")
        if (size := size_of(data)) > LARGEST_BYTES:
            raise self.runtime_error(f"its {word} is {size} bytes long, more than {LARGEST_BYTES}")
        return data

    def sized_global(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give what goes into `$Global`, if its keys and values are short enough (fact flow 2.3)."""
        for key, value in values.items():
            if len(key.encode()) > LONGEST_KEY_BYTES or size_of(value) > LARGEST_GLOBAL_BYTES:
                raise self.runtime_error(f"$Global.{key[:LONGEST_KEY_BYTES]} is too large")
        return values

    def runtime_error(self, why: str) -> Ended:
        """Give the end of the execution, for an error of the flow itself; no rule catches it."""
        return Ended(RUNTIME_ERROR, f"state {self.name}: {why}")


def size_of(data: Any) -> int:
    """Give the length of a value as JSON text, in bytes."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return len(text) if text.isascii() else len(text.encode())
