"""What the service keeps, so that a restart loses nothing: flows, executions, the outcomes they were fed, histories.

An open execution is its start and its outcomes; a closed one is its history. Definitions are kept once, by their hash.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from localcloud.drawer import Drawer
from localcloud.flow.execution import Execution, Status
from localcloud.flow.outcome import Outcome


@dataclass
class Entry:
    """One execution. Times are ISO text in UTC, data are JSON values."""

    flow: str
    name: str
    seed: str
    input: dict[str, Any]
    definition: str
    role_arn: str
    started_at: str
    callback_token: str = ""
    parent: str = ""
    """The task of another execution that started this one: its key and event."""
    status: str = Status.RUNNING.value
    output: dict[str, Any] | None = None
    error: str = ""
    cause: str = ""
    stopped_at: str = ""

    @property
    def key(self) -> str:
        """Give what tells it from all others: names hold no slash."""
        return f"{self.flow}/{self.name}"

    @property
    def is_open(self) -> bool:
        """Tell whether it still runs."""
        return self.status == Status.RUNNING.value


@dataclass(frozen=True)
class Fed:
    """One outcome as it was fed."""

    number: int
    outcome: Outcome
    at: datetime


@dataclass
class Archive:
    """Keeps everything in one drawer. What is open is at hand in memory too."""

    drawer: Drawer
    _entries: dict[str, dict[str, Entry]] = field(default_factory=lambda: defaultdict(dict))
    _fed: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        for key in self.drawer:
            kind, _, rest = key.partition("/")
            if kind == "execution":
                entry = Entry(**self.drawer[key])
                self._entries[entry.flow][entry.name] = entry
            elif kind == "outcome":
                self._fed[rest.rpartition("/")[0]] += 1

    def named(self, flow: str) -> Mapping[str, Entry]:
        """Give all executions of a flow, by name."""
        return self._entries.get(flow, {})

    def open_entries(self) -> Iterator[Entry]:
        """Give every execution that still runs."""
        return (entry for named in self._entries.values() for entry in named.values() if entry.is_open)

    def keep_definition(self, text: str) -> str:
        """Keep a definition and give its hash."""
        key = hashlib.sha256(text.encode()).hexdigest()
        if f"definition/{key}" not in self.drawer:
            self.drawer[f"definition/{key}"] = text
        return key

    def definition(self, key: str) -> str:
        """Give a definition by its hash."""
        return str(self.drawer[f"definition/{key}"])

    def open(self, entry: Entry) -> None:
        """Keep a new execution."""
        self._entries[entry.flow][entry.name] = entry
        self.drawer[f"execution/{entry.key}"] = asdict(entry)

    def record(self, entry: Entry, fed: Fed) -> None:
        """Keep one outcome, before the execution is fed it."""
        self._fed[entry.key] += 1
        value = [fed.number, fed.outcome.as_json(), fed.at.isoformat()]
        self.drawer[f"outcome/{entry.key}/{self._fed[entry.key]}"] = value

    def fed(self, entry: Entry) -> Iterator[Fed]:
        """Give the outcomes of an open execution, in order."""
        for sequence in range(1, self._fed[entry.key] + 1):
            number, outcome, at = self.drawer[f"outcome/{entry.key}/{sequence}"]
            yield Fed(number, Outcome.from_json(outcome), datetime.fromisoformat(at))

    def close(self, entry: Entry, execution: Execution, at: datetime) -> None:
        """Keep how an execution ended; its history takes the place of its outcomes."""
        self.drawer[f"history/{entry.key}"] = [event.as_json() for event in execution.history.events]
        entry.status, entry.output = execution.status.value, execution.output
        entry.error, entry.cause, entry.stopped_at = execution.error, execution.cause, at.isoformat()
        self.drawer[f"execution/{entry.key}"] = asdict(entry)
        self._forget_fed(entry)

    def history(self, entry: Entry) -> Sequence[dict[str, Any]]:
        """Give the events of a closed execution."""
        events: list[dict[str, Any]] = self.drawer[f"history/{entry.key}"]
        return events

    def forget(self, flow: str) -> None:
        """Drop every execution of a flow, with its history."""
        for entry in self._entries.pop(flow, {}).values():
            self._forget_fed(entry)
            for kind in ("history", "execution"):
                self.drawer.pop(f"{kind}/{entry.key}", None)

    def _forget_fed(self, entry: Entry) -> None:
        for sequence in range(1, self._fed.pop(entry.key, 0) + 1):
            del self.drawer[f"outcome/{entry.key}/{sequence}"]
