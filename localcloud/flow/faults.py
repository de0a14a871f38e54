"""What is wrong with a flow definition, and where."""

from __future__ import annotations

from dataclasses import dataclass


class FlowError(ValueError):
    """A definition that would not run. `state` is empty where the flow itself is at fault; `field` is a path."""

    def __init__(self, state: str, field: str, why: str) -> None:
        where = f"state {state}" if state else "flow"
        super().__init__(f"{where}, field {field}: {why}" if field else f"{where}: {why}")
        self.state, self.field, self.why = state, field, why


@dataclass(frozen=True)
class Place:
    """A spot in a definition, to be named when something is wrong there."""

    state: str = ""
    field: str = ""

    def at(self, step: str | int) -> Place:
        """Go one step deeper: into a key, or into an item by its number."""
        if isinstance(step, int):
            return Place(self.state, f"{self.field}[{step}]")
        return Place(self.state, f"{self.field}.{step}" if self.field else step)

    def fault(self, why: str) -> FlowError:
        """Give the error to raise for this spot."""
        return FlowError(self.state, self.field, why)
