"""What concerns all instances: the last tick, and which searches for orders are known to work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidegate.app import codec
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.record import FLEET, Record

TICK_DEAD_AFTER = timedelta(minutes=10)
TELL_DEAD_EVERY = timedelta(hours=4)
TRIES = 8


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
    proven: tuple[str, ...] = ()
    """Products for which a search in BSS has found an order of ours."""


class Fleet:
    """The fleet's ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def state(self) -> FleetState:
        """The newest state."""
        return self._read(self._ledger.head(FLEET))

    def ticked(self, at: datetime, policy: str, done: int) -> None:
        """Note a complete tick, or a round of them that began `at`. An overlapping tick that is later wins."""

        def change(state: FleetState) -> FleetState:
            return replace(state, last_tick=at, policy=policy, stopped_at=None, served_to="", round_policy="")

        self._change({"kind": "ticked", "done": done}, change)

    def ran_out(self, began_at: datetime, policy: str, served_to: str) -> None:
        """Note that a tick ran out of time, and where the next one goes on."""
        self._change(
            {"kind": "ran-out", "served_to": served_to},
            lambda state: replace(state, stopped_at=began_at, served_to=served_to, round_policy=policy),
        )

    def search_proven(self, product: str) -> None:
        """Note that a search found an order that we know to be ours."""
        if product not in self.state().proven:
            self._change(
                {"kind": "search-proven", "product": product},
                lambda state: replace(state, proven=tuple(sorted({*state.proven, product}))),
            )

    def claim_dead_tick(self, now: datetime) -> datetime | None:
        """When the tick last ran, if that is too long ago and it is ours to tell a person so."""
        state = self.state()
        if state.last_tick is None or now - state.last_tick < TICK_DEAD_AFTER:
            return None
        if state.told_dead_at and now - state.told_dead_at < TELL_DEAD_EVERY:
            return None
        head = self._ledger.head(FLEET)
        if head is None or self._read(head) != state:
            return None
        after = codec.write(FleetState, replace(state, told_dead_at=now))
        won = self._ledger.append(FLEET, {"kind": "tick-dead"}, after, after=head, policy="", wake=None)
        return state.last_tick if won else None

    def _read(self, head: Record | None) -> FleetState:
        return FleetState() if head is None else codec.read(FleetState, head.state)

    def _change(self, fact: dict[str, object], change: Callable[[FleetState], FleetState]) -> None:
        for _ in range(TRIES):
            head = self._ledger.head(FLEET)
            before = self._read(head)
            after = change(before)
            if before.last_tick and after.last_tick and after.last_tick < before.last_tick:
                return
            written = codec.write(FleetState, after)
            if self._ledger.append(FLEET, fact, written, after=head, policy=after.policy, wake=None):
                return
