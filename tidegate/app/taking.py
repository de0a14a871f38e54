"""Taking in and judging, the same for a real run and a dry one: signals into the state, the state into a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tidegate.app.logs import log
from tidegate.app.lookout import Lookout
from tidegate.domain.approve import asked
from tidegate.domain.arbiter import Wanted, kept_demands, open_override, to_measure, wanted, why_not
from tidegate.domain.drift import seen
from tidegate.domain.hear import Heard, hear, rule_for
from tidegate.domain.observed import Observed
from tidegate.domain.reading import Health, Reading
from tidegate.domain.signal import Alert, AlertState, Request, Signal, Verb
from tidegate.domain.state import State
from tidegate.domain.verdict import Decision, Hold

UNREAD_YET = Hold("unread", "the instance could not be read yet; its alerts and requests are kept")
"""Before first contact."""


@dataclass(frozen=True)
class Taken:
    """What was taken in, the state after it, and what has to wait."""

    state: State
    heard: tuple[tuple[Signal, Heard], ...] = ()
    left: tuple[tuple[Signal, str], ...] = ()
    """Signals that stay in the inbox, and why."""

    @property
    def acked(self) -> bool:
        """Whether somebody has acknowledged."""
        return any(after.acked for _, after in self.heard)


def take_in(lookout: Lookout, state: State, signals: Sequence[Signal]) -> Taken:
    """Take signals in, after a look at what they are to be held against."""
    terms, now = lookout.page.terms, lookout.now
    held_against = [_rule_of(lookout, state, signal) for signal in signals if isinstance(signal, Alert)]
    lookout.measure(rule for rule in held_against if rule)
    if any(isinstance(signal, Request) and signal.verb is Verb.ADOPT for signal in signals):
        lookout.reading(as_is=True)
    heard = hear(terms, state, signals, now, Observed(lookout.known, lookout.measures))
    taken = tuple((signal, after) for signal, after in heard if not after.waits)
    left = tuple((signal, after.waits) for signal, after in heard if after.waits)
    for signal, why in left:
        log("left", instance=lookout.page.policy.name, key=signal.key, why=why)
    return Taken(taken[-1][1].state if taken else state, taken, left)


def _rule_of(lookout: Lookout, state: State, alert: Alert) -> str:
    """The rule whose metric this alert is held against: an OK, which takes something away, or what takes an OK back."""
    rule = rule_for(lookout.page.policy, alert)
    if rule is None or rule.confirm is None or alert.state is AlertState.NO_DATA:
        return ""
    has_ended = any(demand.rule == rule.identity and demand.ok_at is not None for demand in state.demands)
    return rule.identity if alert.state is AlertState.OK or has_ended else ""


def judge_state(lookout: Lookout, state: State) -> tuple[State, Decision]:
    """Decide, with drift noticed, demands confirmed and approvals asked for or voided in the state."""
    if (hold := under_way(state)) is not None:
        return state, hold
    terms, now = lookout.page.terms, lookout.now
    state = seen(terms, state, lookout.known)
    state = _confirmed(lookout, state)
    decision: Decision = lookout.decide(state)
    # What is asked of a person hangs on what is demanded: a metric that comes and goes would ask again and again.
    demanded = wanted(terms, state, now)
    return asked(terms, state, decision, demanded.rung if demanded else "", now), decision


def under_way(state: State) -> Hold | None:
    """The Hold of an instance whose operation is open: whatever else is true of it, that one is followed first."""
    operation = state.operation
    if operation is None:
        return None
    return Hold("operation", f"operation {operation.number} to {operation.to_rung} is {operation.phase.value}")


def before_contact(reading: Reading | None) -> Hold | None:
    """Why nothing is adopted yet, so that nothing can be decided; None where first contact can be made."""
    if reading is None:
        return UNREAD_YET
    if reading.health is not Health.GONE:
        return None
    why = f"the vendor says {reading.status}; nothing is adopted before it is there"
    return Hold("gone", why, needs_person=True)


def want_of(lookout: Lookout, state: State) -> Wanted | None:
    """What is wanted, by what was measured."""
    return wanted(lookout.page.terms, state, lookout.now, lookout.measures, state.rung)


def _confirmed(lookout: Lookout, state: State) -> State:
    """Read the metrics that demands hang on, and note which demands they bear out for the first time."""
    terms, now = lookout.page.terms, lookout.now
    rules = to_measure(terms, state, now)
    if not rules:
        return state
    measures = lookout.measure(rules)
    demands = tuple(
        replace(demand, confirmed_at=now)
        if demand.rule in rules and demand.confirmed_at is None and why_not(terms, demand, measures) is None
        else demand
        for demand in state.demands
    )
    return replace(state, demands=demands)


def pruned(lookout: Lookout, state: State) -> State:
    """The state without overrides and pauses that have ended, and without demands that nobody can speak of any more."""
    pause = state.pause if state.pause and state.pause.holds(lookout.now) else None
    demands = kept_demands(lookout.page.terms, state, lookout.now)
    rules = {demand.rule for demand in demands}
    return replace(
        state,
        demands=demands,
        ringing=tuple(each for each in state.ringing if each.rule in rules),
        override=open_override(lookout.page.terms, state, lookout.now),
        pause=pause,
    )
