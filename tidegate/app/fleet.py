"""What concerns all instances: the last tick, and which searches for orders are known to work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tidegate.app import codec
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.record import FLEET, Record

TICK_DEAD_AFTER = timedelta(minutes=10)
TELL_DEAD_EVERY = timedelta(hours=4)
TRY_DEAD_EVERY = timedelta(minutes=5)
OPERATORS_KEPT = 5
"""Roles change with deployments; orders are placed by few at a time."""
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
    """When people were told that the tick does not run."""
    tried_dead_at: datetime | None = None
    """When somebody last set about telling them."""
    proven: tuple[str, ...] = ()
    """Products for which a search in BSS has found an order of ours."""
    operators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Whom the vendor named as the operator of orders that we know to be ours, by product."""


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

    def operator_learned(self, product: str, operator: str) -> None:
        """Note who placed an order that we know to be ours."""

        def change(state: FleetState) -> FleetState:
            known = tuple(each for each in state.operators.get(product, ()) if each != operator)
            kept = (*known, operator)[-OPERATORS_KEPT:]
            return replace(state, operators={**state.operators, product: kept})

        if operator not in self.state().operators.get(product, ()):
            self._change({"kind": "operator-learned", "product": product, "operator": operator}, change)

    def claim_dead_tick(self, now: datetime, in_force_since: Callable[[], datetime | None]) -> FleetState | None:
        """What was known of the tick, if it has not run for too long and it is ours to tell a person so.

        Where it never ran, the time counts from when the policy came into force. Whoever gets the claim says with
        `dead_tick_told` that somebody heard of it; otherwise the next one tries again soon.
        """
        head = self._ledger.head(FLEET)
        state = self._read(head)
        since = state.last_tick or in_force_since()
        if since is None or now - since < TICK_DEAD_AFTER:
            return None
        if state.told_dead_at and state.told_dead_at >= since and now - state.told_dead_at < TELL_DEAD_EVERY:
            return None
        if state.tried_dead_at and state.tried_dead_at >= since and now - state.tried_dead_at < TRY_DEAD_EVERY:
            return None
        after = codec.write(FleetState, replace(state, tried_dead_at=now))
        won = self._ledger.append(FLEET, {"kind": "tick-dead"}, after, after=head, policy=state.policy, wake=None)
        return state if won else None

    def dead_tick_told(self, at: datetime) -> None:
        """Note that people were told that the tick does not run."""
        self._change({"kind": "tick-dead-told"}, lambda state: replace(state, told_dead_at=at))

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
