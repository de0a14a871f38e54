"""Drift: somebody else resized the instance. It is noticed on two reads, and never fought."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tidegate.domain.arbiter import differs
from tidegate.domain.reading import Health, Reading
from tidegate.domain.state import Drift, Override, State, Topic, Word
from tidegate.domain.terms import Terms

SURE_AFTER = timedelta(seconds=60)
"""A read may be stale: a drift counts once two reads so far apart have shown it."""
CONSOLE = "the console"
"""Who is named for an override that nobody asked Tidegate for."""


def seen(terms: Terms, state: State, reading: Reading | None) -> State:
    """The state after a read of an instance at rest: drift noticed, made sure of, or gone again."""
    if reading is None or reading.health is not Health.HEALTHY or state.operation is not None or not state.last_set:
        return state
    if not differs(terms.named, state.last_set, reading.spec):
        return replace(state, drift=None) if state.drift else state
    drift = state.drift
    if drift is None or differs(terms.named, drift.spec, reading.spec):
        rung = terms.ladder.match(reading.spec)
        return replace(state, drift=Drift(dict(reading.spec), rung.name if rung else "", reading.at))
    if not drift.sure and reading.at - drift.at < SURE_AFTER:
        return state
    return _becomes(terms, replace(state, drift=replace(drift, sure=True)), drift)


def _becomes(terms: Terms, state: State, drift: Drift) -> State:
    """What the policy makes of it. A rung that it does not permit can be neither kept nor adopted, so that holds."""
    override = state.override
    if override is not None and "drift" in override.despite and drift.at <= override.at:
        return replace(state, last_set=drift.spec, drift=None)
    rule, place = terms.policy.on_drift, terms.ladder.index(drift.rung) if drift.rung else -1
    if rule.action == "hold" or place < 0 or terms.clamp(place) != place:
        return state
    if rule.action == "adopt":
        return replace(state, home=drift.rung, found={}, last_set=drift.spec, drift=None)
    if override is not None and override.at > drift.at:
        # It holds while that stands. A newer word that has ended is none any more, and keeps nothing from being kept.
        return state
    until = drift.at + (rule.keep_for or timedelta())
    kept = Override(drift.rung, until, CONSOLE, drift.at, "somebody else resized it")
    mine = Word(drift.at, "drift")
    newest = max(mine, state.words.get(Topic.OVERRIDE, mine), key=lambda word: word.rank)
    words = {**state.words, Topic.OVERRIDE: newest}
    return replace(state, override=kept, words=words, last_set=drift.spec, drift=None)


def adopted(terms: Terms, state: State, reading: Reading) -> State:
    """The state after a person took over what is there: as home, or, where it is on no rung, as it was found."""
    rung = terms.ladder.match(reading.spec)
    return replace(
        state,
        home=rung.name if rung else "",
        rung=rung.name if rung else "",
        found={} if rung else dict(reading.spec),
        last_set=dict(reading.spec),
        drift=None,
    )
