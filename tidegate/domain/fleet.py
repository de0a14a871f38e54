"""What is known of the fleet: limits that hold over all instances, and who uses them; its pause; the last tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tidegate.domain.limits import FleetLimits
from tidegate.domain.observed import FleetUse
from tidegate.domain.queue import Queue
from tidegate.domain.state import Pause, Word

COUNTS_FOR = timedelta(hours=1, minutes=1)
"""An hour, and what may lie between taking a slot and the order itself: so that no hour has one order too many."""
LEFT_OVER_AFTER = timedelta(minutes=10)
PAUSE_REPORTED_EVERY = timedelta(days=1)
SILENCE_REPORTED_EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """One order of the fleet: planned or under way until it is released, and counted for an hour."""

    key: str
    """The ledger of its instance."""
    operation: int
    at: datetime
    """When it was last taken: at the plan, and again at every claim."""
    released_at: datetime | None = None

    @property
    def who(self) -> tuple[str, int]:
        """Whose it is."""
        return self.key, self.operation

    def counts(self, now: datetime) -> bool:
        """Whether it still counts for anything."""
        return self.released_at is None or now - self.at < COUNTS_FOR


@dataclass(frozen=True)
class Silence:
    """That somebody set about telling of a channel that takes no messages: when, and the ledger of which instance."""

    at: datetime
    key: str


@dataclass(frozen=True)
class FleetState:
    """The folded state of the fleet's ledger."""

    last_tick: datetime | None = None
    policy: str = ""
    """The policy hash of the last complete tick."""
    stopped_at: datetime | None = None
    """When the round of ticks began that ran out of time; None after a complete one."""
    served_to: str = ""
    """The instance after which such a round goes on."""
    round_policy: str = ""
    """The policy hash of such a round."""
    told_dead_at: datetime | None = None
    """When people were told that the tick does not run."""
    tried_dead_at: datetime | None = None
    """When somebody last set about telling them."""
    proven: tuple[str, ...] = ()
    """Products for which a search in BSS has found an order of ours."""
    operators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Whom the vendor named as the operator of orders that we know to be ours, by product."""
    slots: tuple[Slot, ...] = ()
    pause: Pause | None = None
    pause_word: Word | None = None
    """The newest request about the pause; nothing older counts any more."""
    told_paused_at: datetime | None = None
    """When people were last told that the fleet is paused."""
    queues: Mapping[str, Queue] = field(default_factory=dict)
    """By channel, what went there within the hour and what waits to be told in one."""
    summaries: Mapping[str, datetime] = field(default_factory=dict)
    """By channel, when somebody last set about telling the summary of a day."""
    silences: Mapping[str, Silence] = field(default_factory=dict)
    """By what was said to whom: that a channel takes no messages."""

    def use(self, limits: FleetLimits, key: str, now: datetime, but: int = 0) -> FleetUse:
        """How much of the limits is used, but for operation `but` of this instance."""
        others = [slot for slot in self.slots if slot.who != (key, but)]
        under_way = [slot for slot in others if slot.released_at is None]
        in_hour = sorted(slot.at for slot in others if now - slot.at < COUNTS_FOR)
        full = len(in_hour) >= limits.orders_per_hour
        pause = self.pause if self.pause and self.pause.holds(now) else None
        return FleetUse(limits, len(under_way), len(in_hour), in_hour[0] + COUNTS_FOR if full else None, pause)

    def leftovers(self, now: datetime) -> list[Slot]:
        """Slots taken so long ago that their operation may have ended without giving them back."""
        return [slot for slot in self.slots if slot.released_at is None and now - slot.at >= LEFT_OVER_AFTER]

    def is_pause_told_at(self, now: datetime) -> bool:
        """Whether it is time to tell people of the fleet's pause: once a day while it stands."""
        pause = self.pause
        if pause is None or not pause.holds(now):
            return False
        return now - (self.told_paused_at or pause.at) >= PAUSE_REPORTED_EVERY

    def with_silence(self, what: str, key: str, now: datetime) -> FleetState | None:
        """The state after an instance tells of a silent channel; None where another one did so lately."""
        lately = {name: one for name, one in self.silences.items() if now - one.at < SILENCE_REPORTED_EVERY}
        if what in lately and lately[what].key != key:
            return None
        return replace(self, silences={**lately, what: Silence(now, key)})

    def with_queue(self, channel: str, queue: Queue, now: datetime) -> FleetState:
        """The state with this queue of a channel, and without those of others of which there is nothing to know."""
        kept = {name: each for name, each in self.queues.items() if not each.is_idle(now)}
        return replace(self, queues={**kept, channel: queue})

    def without_queue(self, channel: str) -> FleetState:
        """The state without what waits for a channel."""
        return replace(self, queues={name: each for name, each in self.queues.items() if name != channel})

    def with_slot(self, key: str, operation: int, now: datetime) -> FleetState:
        """The state after this operation took its slot, or took it anew.

        Who stood still in the meantime takes it with an old `now`: it counts from the latest that it was taken at.
        """
        at = max([now, *(slot.at for slot in self.slots if slot.who == (key, operation))])
        kept = [slot for slot in self.slots if slot.who != (key, operation) and slot.counts(now)]
        return replace(self, slots=(*kept, Slot(key, operation, at)))

    def without_slot(self, key: str, operation: int, now: datetime, *, used: bool) -> FleetState:
        """The state after it gave the slot back; one whose order was placed counts on for its hour."""
        return replace(
            self,
            slots=tuple(
                replace(slot, released_at=now) if slot.who == (key, operation) else slot
                for slot in self.slots
                if used or slot.who != (key, operation)
            ),
        )
