"""Takes the fields of one map in a definition, strictly: every field known, of the right kind, in its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.flow.faults import Place

OTHER_WORDS = {
    "TimeoutSeconds": "the word is Timeout, a text of seconds",
    "HeartbeatSeconds": "there is no heartbeat",
    "ResultPath": "there is none: carry fields by hand in OutputConstructor",
    "InputPath": "the word is InputConstructor",
    "OutputPath": "the word is OutputConstructor",
    "ResultSelector": "the word is OutputConstructor",
    "ResultConstructor": "the word is OutputConstructor",
    "Result": "the word is OutputConstructor",
    "Choices": "the word is Branches",
    "OnError": "the word is Catch",
    "OnErrors": "the word is Catch",
    "Error": "the word is Code",
    "Cause": "the word is Detail",
    "ErrorEquals": "the word is Errors",
    "ErrorMatch": "the word is Errors",
    "MaxDelaySeconds": "the word is MaxBackoffSeconds",
    "MaxIntervalSeconds": "the word is MaxBackoffSeconds",
    "Multiplier": "the word is BackoffRate",
    "JitterStrategy": "there is no jitter",
    "Resource": "the word is Action",
    "Comment": "the word is Description",
    "UntilDateTime": "it is gone; a Wait takes 1 to 300 seconds",
    "Timestamp": "there is no absolute wait; a Wait takes 1 to 300 seconds",
    "ItemProcessor": "the word is Processor",
    "Iterator": "the word is Processor",
    "Code.$": "expressions in a Fail are not documented: use constants",
    "Detail.$": "expressions in a Fail are not documented: use constants",
}


@dataclass(frozen=True)
class Fields:
    """The fields of one map, and where it stands."""

    node: Mapping[str, Any]
    place: Place

    @classmethod
    def of(cls, node: Any, place: Place) -> Fields:
        """Take a map whose keys are text."""
        if not isinstance(node, dict) or not all(isinstance(key, str) for key in node):
            raise place.fault("a map with named fields expected")
        return cls(node, place)

    def only(self, known: frozenset[str]) -> None:
        """Refuse fields that nobody knows."""
        for name in self.node:
            if name not in known:
                raise self.place.at(name).fault(f"unknown field; {OTHER_WORDS.get(name, 'it is not documented here')}")

    def text(self, name: str, default: str | None = None) -> str:
        """Give a text; without a default it must be there."""
        value = self.node.get(name, default)
        if value is None:
            raise self.place.at(name).fault("is missing")
        if not isinstance(value, str) or (not value and default is None):
            raise self.place.at(name).fault("a text expected")
        return value

    def whole(self, name: str, least: int, most: int | None, default: int | None = None) -> int:
        """Give a whole number in its bounds; without a default it must be there."""
        value = self.node.get(name, default)
        if value is None:
            raise self.place.at(name).fault("is missing")
        bounds = f"{least} to {most}" if most is not None else f"at least {least}"
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or value < least
            or (most is not None and value > most)
        ):
            raise self.place.at(name).fault(f"a whole number expected, {bounds}, not {value!r}")
        return value

    def rate(self, name: str) -> float:
        """Give a factor of at least 1; 1 where there is none."""
        value = self.node.get(name, 1.0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 1:
            raise self.place.at(name).fault(f"a number of at least 1 expected, not {value!r}")
        return float(value)

    def flag(self, name: str) -> bool:
        """Give a boolean; false where there is none."""
        value = self.node.get(name, False)
        if not isinstance(value, bool):
            raise self.place.at(name).fault(f"true or false expected, not {value!r}")
        return value

    def items(self, name: str, most: int | None = None) -> list[tuple[Any, Place]]:
        """Give a list that is not empty, each item with its place."""
        value, place = self.node.get(name), self.place.at(name)
        if value is None:
            raise place.fault("is missing")
        if not isinstance(value, list) or not value:
            raise place.fault("a list with at least one item expected")
        if most is not None and len(value) > most:
            raise place.fault(f"at most {most} items, not {len(value)}")
        return [(item, place.at(number)) for number, item in enumerate(value)]
