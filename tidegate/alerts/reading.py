"""What became of a vendor's message: the alerts in it, and for each part that is none, why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from tidegate.domain.signal import Alert


@dataclass(frozen=True)
class Rejected:
    """A part of a delivery that gave no alert. `index` is its place in the delivered list, 0 where there is no list."""

    reason: str
    index: int = 0
    instance_id: str = ""
    """The vendor's id of the instance it names, where that much could be read."""


@dataclass
class Reading:
    """The alerts of one delivery in the sender's order, and what was rejected. At least one of the two has entries."""

    alerts: list[Alert] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def reject(self, reason: Unfit | str, index: int = 0) -> None:
        """Note a part that is no alert; its neighbours stand."""
        instance_id = reason.instance_id if isinstance(reason, Unfit) else ""
        self.rejected.append(Rejected(str(reason), index, instance_id))

    def absorb(self, other: Reading, index: int) -> None:
        """Take over what was read in the list's element `index`."""
        self.alerts += other.alerts
        self.rejected += [replace(one, index=index) for one in other.rejected]


@dataclass(frozen=True)
class Wrapping:
    """What the envelopes around a message say: when it came, and a key its duplicates share. Either may be empty."""

    at: datetime | None = None
    key: str = ""

    def within(self, at: datetime | None, key: str) -> Wrapping:
        """Wrap once more: the inner envelope is nearer to the alert, so what it says counts first."""
        return Wrapping(at or self.at, key or self.key)

    def element(self, index: int) -> Wrapping:
        """Tell the elements of one wrapped list apart, or they would collapse as duplicates."""
        return Wrapping(self.at, f"{self.key}#{index}" if self.key else "")


class Unfit(Exception):  # noqa: N818 - not an error of ours: the sender's part is no alert, and this is why
    """One part of a delivery is no alert that can be read. The text is the reason, fit for its sender."""

    instance_id = ""
    """The instance that the part names all the same; empty where that cannot be read either."""

    def about(self, instance_id: str) -> Unfit:
        """The same, with the instance it concerns."""
        self.instance_id = self.instance_id or instance_id
        return self
