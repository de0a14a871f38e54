"""What concerns all instances: the last tick, and which searches for orders are known to work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from tidegate.app import codec
from tidegate.app.logs import log
from tidegate.domain.daily import day_due
from tidegate.domain.fleet import FleetState, Slot
from tidegate.domain.limits import FleetLimits
from tidegate.domain.queue import Line, Queue
from tidegate.domain.state import Pause, Word
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.record import FLEET, Record
from tidegate.ledger.shelf import Unsure

TICK_DEAD_AFTER = timedelta(minutes=10)
TELL_DEAD_EVERY = timedelta(hours=4)
TRY_DEAD_EVERY = timedelta(minutes=5)
OPERATORS_KEPT = 5
"""Roles change with deployments; orders are placed by few at a time."""
TRIES = 8


class Fleet:
    """The fleet's ledger.

    It remembers the newest record that it read or wrote: what is written behind that is lost, and tried again on what
    is newest then, where somebody else wrote meanwhile.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._newest: Record | None = None

    def state(self) -> FleetState:
        """The newest state, read now."""
        return self._read(self._head())

    def known(self) -> FleetState:
        """The newest state as it was read last: of no use to anybody who holds on to this for long."""
        return self._read(self._newest or self._head())

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

    def reserve(self, limits: FleetLimits, key: str, operation: int, now: datetime) -> bool:
        """Take a slot for an operation, or take it anew; False where the limits or a pause forbid it.

        One append of the fleet's ledger, so that of two who want the last slot one loses.
        """
        for _ in range(TRIES):
            head = self._head()
            state = self._read(head)
            use = state.use(limits, key, now, but=operation)
            if use.pause or use.at_once >= limits.orders_at_once or use.in_hour >= limits.orders_per_hour:
                return False
            after = state.with_slot(key, operation, now)
            if self._append({"kind": "reserved", "key": key, "operation": operation}, after, head):
                return True
        return False

    def release(self, key: str, operation: int, now: datetime, *, used: bool) -> None:
        """Give a slot back. What is not given back because a process died is found by `leftovers`."""
        if any(slot.who == (key, operation) and slot.released_at is None for slot in self.known().slots):
            fact = {"kind": "released", "key": key, "operation": operation, "used": used}
            self._change(fact, lambda state: state.without_slot(key, operation, now, used=used))

    def free(self, slot: Slot, now: datetime, *, used: bool) -> None:
        """Give back a slot that was left over, unless somebody has taken it anew since it was seen."""
        fact = {"kind": "freed", "key": slot.key, "operation": slot.operation, "used": used}

        def change(state: FleetState) -> FleetState:
            return state.without_slot(slot.key, slot.operation, now, used=used) if slot in state.slots else state

        self._change(fact, change)

    def ask_pause(self, pause: Pause | None, word: Word) -> str:
        """Pause the fleet, or end its pause; it is so when this is over. Gives why not otherwise."""
        state = self.state()
        if pause is None and state.pause is None and not _stands(word, state):
            return "the fleet is not paused"

        def change(before: FleetState) -> FleetState:
            newest = before.pause_word is None or before.pause_word.rank < word.rank
            return replace(before, pause=pause, pause_word=word, told_paused_at=None) if newest else before

        if not (_stands(word, state) or _counts_more(word, state)):
            kind = "unpaused" if pause is None else "paused"
            by, reason = (pause.by, pause.reason) if pause else ("", "")
            self._change({"kind": kind, "by": by, "reason": reason}, change)
            state = self.state()
        if _stands(word, state):
            return ""
        if state.pause_word is not None and _counts_more(word, state):
            return f"a newer request of {state.pause_word.at:%H:%M:%S}Z counts"
        return "the fleet's ledger could not be written just now, so nothing has changed: ask again"

    def claim_pause_report(self, now: datetime) -> Pause | None:
        """The fleet's pause, if it is time to tell people of it and that is ours to do: once a day."""
        head = self._head()
        state = self._read(head)
        if not state.is_pause_told_at(now):
            return None
        return state.pause if self._append({"kind": "pause-told"}, replace(state, told_paused_at=now), head) else None

    def pace(self, channel: str, line: Line, now: datetime) -> bool:
        """Whether a message that needs nobody is told by itself; False where it waits to be told with others."""

        def change(state: FleetState) -> tuple[FleetState, bool]:
            queue, alone = state.queues.get(channel, Queue()).taken(line, now)
            return state.with_queue(channel, queue, now), alone

        # Where the store takes none of our records, a message too many is better than none.
        return self._settle({"kind": "paced", "channel": channel}, change, otherwise=True)

    def claim_queue(self, channel: str, now: datetime) -> Queue | None:
        """What waits for a channel, if it is time to tell it and that is ours to do."""
        head = self._head()
        state = self._read(head)
        queue = state.queues.get(channel, Queue())
        due_at = queue.due_at()
        if due_at is None or due_at > now:
            return None
        after = state.with_queue(channel, queue.claimed(now), now)
        return queue if self._append({"kind": "queue-claimed", "channel": channel}, after, head) else None

    def queue_told(self, channel: str, what: Queue, at: datetime) -> None:
        """Note that what waited has gone out."""

        def change(state: FleetState) -> FleetState:
            return state.with_queue(channel, state.queues.get(channel, Queue()).told(what, at), at)

        self._change({"kind": "queue-told", "channel": channel}, change)

    def queue_dropped(self, channel: str) -> None:
        """Forget what waits for a channel that nobody is told on any more."""
        self._change({"kind": "queue-dropped", "channel": channel}, lambda state: state.without_queue(channel))

    def claim_summary(self, channel: str, zone: str, now: datetime) -> bool:
        """Whether the summary of this day is ours to tell: it is claimed before it is told, and told once at most."""
        head = self._head()
        state = self._read(head)
        if day_due(zone, state.summaries.get(channel), now) is None:
            return False
        after = replace(state, summaries={**state.summaries, channel: now})
        return self._append({"kind": "summary-claimed", "channel": channel}, after, head)

    def claim_silence(self, what: str, key: str, now: datetime) -> bool:
        """Whether an instance is to tell that a channel takes nothing: of all that notice it, one does, once a day."""

        def change(state: FleetState) -> tuple[FleetState, bool]:
            after = state.with_silence(what, key, now)
            return after or state, after is not None

        return self._settle({"kind": "silence-claimed", "about": what}, change, otherwise=True)

    def may_claim_silence(self, what: str, key: str, now: datetime) -> bool:
        """Whether nobody else has told of it lately."""
        return self.known().with_silence(what, key, now) is not None

    def search_proven(self, product: str) -> None:
        """Note that a search found an order that we know to be ours."""
        if product not in self.known().proven:
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

        if operator not in self.known().operators.get(product, ()):
            self._change({"kind": "operator-learned", "product": product, "operator": operator}, change)

    def claim_dead_tick(self, now: datetime, in_force_since: Callable[[], datetime | None]) -> FleetState | None:
        """What was known of the tick, if it has not run for too long and it is ours to tell a person so.

        Where it never ran, the time counts from when the policy came into force. Whoever gets the claim says with
        `dead_tick_told` that somebody heard of it; otherwise the next one tries again soon.
        """
        head = self._newest or self._head()
        state = self._read(head)
        since = state.last_tick or in_force_since()
        if since is None or now - since < TICK_DEAD_AFTER:
            return None
        if state.told_dead_at and state.told_dead_at >= since and now - state.told_dead_at < TELL_DEAD_EVERY:
            return None
        if state.tried_dead_at and state.tried_dead_at >= since and now - state.tried_dead_at < TRY_DEAD_EVERY:
            return None
        return state if self._append({"kind": "tick-dead"}, replace(state, tried_dead_at=now), head) else None

    def dead_tick_told(self, at: datetime) -> None:
        """Note that people were told that the tick does not run."""
        self._change({"kind": "tick-dead-told"}, lambda state: replace(state, told_dead_at=at))

    def _head(self) -> Record | None:
        self._newest = self._ledger.head(FLEET)
        return self._newest

    def _read(self, head: Record | None) -> FleetState:
        return codec.fleet_in(head) if head else FleetState()

    def _change(self, fact: dict[str, object], change: Callable[[FleetState], FleetState]) -> None:
        for _ in range(TRIES):
            head = self._newest or self._head()
            before = self._read(head)
            after = change(before)
            if before.last_tick and after.last_tick and after.last_tick < before.last_tick:
                return
            if self._append(fact, after, head):
                return

    def _settle(
        self, fact: dict[str, object], change: Callable[[FleetState], tuple[FleetState, bool]], *, otherwise: bool
    ) -> bool:
        """Append what a change gives beside its answer, and give that; `otherwise` where others were always quicker."""
        for _ in range(TRIES):
            head = self._newest or self._head()
            before = self._read(head)
            after, answer = change(before)
            if after == before or self._append(fact, after, head):
                return answer
        return otherwise

    def _append(self, fact: dict[str, object], after: FleetState, head: Record | None) -> bool:
        """Append a fact, if nobody was quicker. Where the store cannot tell, it is taken for lost."""
        written = codec.write(FleetState, after)
        self._newest = None
        try:
            self._newest = self._ledger.append(FLEET, fact, written, after=head, policy=after.policy, wake=None)
        except Unsure as doubt:
            log("unsure", ledger=FLEET, fact=str(fact.get("kind")), why=str(doubt))
        return self._newest is not None


def _stands(word: Word, state: FleetState) -> bool:
    """Whether this is the word that a pause of the fleet, or its end, hangs on."""
    return state.pause_word is not None and state.pause_word.key == word.key


def _counts_more(word: Word, state: FleetState) -> bool:
    """Whether a newer word than this one stands."""
    return state.pause_word is not None and state.pause_word.rank > word.rank
