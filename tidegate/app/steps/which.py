"""Which operation a step is about, and what every step does with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.app import journal
from tidegate.app.page import Page
from tidegate.app.past import rules_for
from tidegate.app.surroundings import Surroundings
from tidegate.domain.facts import Concluded
from tidegate.domain.operation import Operation, Outcome
from tidegate.domain.reading import Health, Reading

NO_TRY = "no try came as far as the order: submit did not run, or could not read the instance; its log says which"


@dataclass(frozen=True)
class Which:
    """Which operation an execution carries."""

    instance: str
    operation: int
    execution: str

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Which:
        """Read an execution's input. Raises ValueError naming what is missing."""
        try:
            return cls(str(given["instance"]), int(given["operation"]), str(given.get("execution") or ""))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"an execution's input names its instance and operation: {error}") from error


def page_of(around: Surroundings, which: Which) -> Page:
    """The newest page of the instance, by the policy in force or the last one that named it. Raises LookupError."""
    rules = rules_for(around, which.instance)
    return Page.open(around, rules.policy, rules.hash, past=rules.past)


def mine(page: Page, which: Which) -> Operation | None:
    """The open operation, if it is the one in question."""
    operation = page.state.operation
    return operation if operation is not None and operation.number == which.operation else None


def conclude(page: Page, operation: Operation, outcome: Outcome, why: str, reading: Reading | None = None) -> str:
    """Write the outcome down. A lost race is looked at again."""
    healthy = reading is not None and reading.health is Health.HEALTHY
    spec = dict(reading.spec) if reading is not None and healthy else {}
    written = page.write(Concluded(operation.number, outcome, why, spec))
    if written is None:
        return "look15"
    journal.concluded(written, written.state.operation or operation)
    return "settle"


def last_words(operation: Operation) -> str:
    """The vendor's last reason for not taking the order."""
    attempt = next((a for a in reversed(operation.attempts) if a.code), None)
    return f"{attempt.code}: {attempt.message}" if attempt else NO_TRY
