"""What would be decided now. It writes nothing: plan and dry runs are this and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tidegate.app import codec
from tidegate.app.lookout import Lookout
from tidegate.app.page import Page
from tidegate.app.surroundings import Surroundings
from tidegate.app.taking import before_contact, judge_state, pruned, take_in, want_of
from tidegate.domain.arbiter import Wanted
from tidegate.domain.limits import FleetLimits
from tidegate.domain.observed import Observed
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Reading
from tidegate.domain.signal import Signal
from tidegate.domain.state import State
from tidegate.domain.verdict import Decision


@dataclass(frozen=True)
class Considered:
    """What would be decided now, and on what."""

    decision: Decision
    want: Wanted | None
    known: State
    """What the ledger has, with what has ended since and not yet been taken out."""
    state: State
    reading: Reading | None
    observed: Observed
    refused: Mapping[str, str]
    """Why a signal would be turned down, by its key; empty where it would be taken in."""
    told: Mapping[str, str]
    """What a signal would be answered beside the decision, by its key."""
    record: int


def consider(
    around: Surroundings,
    policy: InstancePolicy,
    policy_hash: str,
    extra: Sequence[Signal] = (),
    *,
    limits: FleetLimits | None = None,
    at: datetime | None = None,
) -> Considered:
    """Read the ledger, the inbox and the instance, and decide. Writes nothing: no order, no record, no mark.

    For a time ahead it is decided as if nothing happened until then.
    """
    page = Page.open(around, policy, policy_hash)
    lookout = Lookout(page, at or around.now(), limits=limits)
    reading = lookout.reading()
    state = _as_adopted(page, reading)
    waiting, _ = codec.read_signals(around.ledger.inbox(page.key))
    fresh = [signal for signal in (*waiting, *extra) if not state.has_seen(signal.key)]
    taken = take_in(lookout, state, fresh)
    state, decision = judge_state(lookout, pruned(lookout, taken.state))
    if page.state.adopted_at is None and (hold := before_contact(reading)) is not None:
        decision = hold
    return Considered(
        decision,
        want_of(lookout, state),
        page.state,
        state,
        reading,
        lookout.seen,
        {signal.key: after.refused for signal, after in taken.heard},
        {signal.key: after.told for signal, after in taken.heard},
        page.head.seq if page.head else 0,
    )


def _as_adopted(page: Page, reading: Reading | None) -> State:
    """The state that first contact would leave."""
    state = page.state
    if state.adopted_at is not None or reading is None:
        return state
    rung = page.terms.ladder.match(reading.spec)
    name = rung.name if rung else ""
    return replace(state, home=name, rung=name, last_set=dict(reading.spec))
