"""Deciding without doing: the same fold and the same decision, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tidegate.app import codec
from tidegate.app.page import Page
from tidegate.app.reconcile import read_instance
from tidegate.app.surroundings import Surroundings
from tidegate.domain.arbiter import Wanted, wanted
from tidegate.domain.decide import Decision, decide
from tidegate.domain.hear import hear
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Reading
from tidegate.domain.signal import Signal
from tidegate.domain.state import State


@dataclass(frozen=True)
class Considered:
    """What would be decided now, and on what."""

    decision: Decision
    want: Wanted | None
    state: State
    reading: Reading | None
    refused: Mapping[str, str]
    """Why a signal would be turned down, by its key; empty where it would be taken in."""
    record: int


def consider(
    around: Surroundings, policy: InstancePolicy, policy_hash: str, extra: Sequence[Signal] = ()
) -> Considered:
    """Read the ledger, the inbox and the instance, and decide. Writes nothing: no order, no record, no mark."""
    page = Page.open(around, policy, policy_hash)
    now, timetable = around.now(), around.timetable(policy)
    reading = read_instance(page)
    state = _as_adopted(page.state, policy, reading)
    waiting, _ = codec.read_signals(around.ledger.inbox(page.key))
    fresh = [signal for signal in (*waiting, *extra) if not state.has_seen(signal.key)]
    heard = hear(policy, state, fresh, now)
    for _, after in heard:
        circuit = None if after.acked else state.circuit
        state = replace(state, demands=after.demands, override=after.override, circuit=circuit)
    return Considered(
        decide(policy, state, reading, timetable, now),
        wanted(policy, state, timetable, now),
        state,
        reading,
        {signal.key: after.refused for signal, after in heard},
        page.head.seq if page.head else 0,
    )


def _as_adopted(state: State, policy: InstancePolicy, reading: Reading | None) -> State:
    """The state that first contact would leave."""
    if state.adopted_at is not None or reading is None:
        return state
    rung = policy.rungs.match(reading.spec)
    return replace(state, home=rung.name if rung else "", rung=rung.name if rung else "")
