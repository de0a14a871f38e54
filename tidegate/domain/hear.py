"""Taking signals in: what an alert or a request changes, and what its sender is answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from tidegate.domain.alertrule import AlertRule
from tidegate.domain.arbiter import STALE_AFTER
from tidegate.domain.ask import Answered, ask
from tidegate.domain.observed import NOTHING, Observed
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Alert, AlertState, Noise, Signal
from tidegate.domain.state import RINGS_KEPT, Demand, Override, Ring, Ringing, State
from tidegate.domain.terms import Terms


@dataclass(frozen=True)
class Heard:
    """The state after a signal, and a reason where the signal was turned down."""

    state: State
    refused: str = ""
    acked: bool = False
    waits: str = ""
    """Why it cannot be taken in yet, and is left in the inbox."""
    told: str = ""
    """What the sender is to know, where the decision alone does not say it."""

    @property
    def demands(self) -> tuple[Demand, ...]:
        """The demands after it."""
        return self.state.demands

    @property
    def override(self) -> Override | None:
        """The override after it."""
        return self.state.override


def hear(
    terms: Terms, state: State, signals: Iterable[Signal], now: datetime, observed: Observed = NOTHING
) -> list[tuple[Signal, Heard]]:
    """Fold signals in by the time they speak of, so that the order of their arrival does not matter."""
    heard: list[tuple[Signal, Heard]] = []
    for signal in sorted(signals, key=lambda signal: (signal.at, signal.key)):
        after = _hear_one(terms, state, signal, now, observed)
        state = after.state
        heard.append((signal, after))
    return heard


def _hear_one(terms: Terms, state: State, signal: Signal, now: datetime, observed: Observed) -> Heard:
    if isinstance(signal, Alert):
        return _alert(terms, state, signal, now, observed)
    if isinstance(signal, Noise):
        return Heard(state, refused=signal.reason)
    answered: Answered = ask(terms, state, signal, now, observed.reading)
    return Heard(answered.state, refused=answered.refused, acked=answered.acked, told=answered.told)


def describe(signal: Signal) -> str:
    """The signal in a phrase for people."""
    if isinstance(signal, Alert):
        value = f" ({signal.value})" if signal.value else ""
        return f"alert {signal.rule or signal.rule_id} {signal.state.value}{value}"
    if isinstance(signal, Noise):
        return "a message that is no alert"
    until = f" until {signal.until:%Y-%m-%d %H:%M}Z" if signal.until else " until released" * signal.until_released
    to = f" to {signal.to}" if signal.to else ""
    which = f" {signal.approval}" if signal.approval else ""
    return f"{signal.verb.value}{to}{which}{until} by {signal.caller}"


def rule_for(policy: InstancePolicy, alert: Alert) -> AlertRule | None:
    """The policy's rule an alert belongs to, by its id or its name."""
    for rule in policy.alerts:
        if (rule.rule_id and rule.rule_id == alert.rule_id) or (rule.rule and rule.rule == alert.rule):
            return rule
    return None


def _alert(terms: Terms, state: State, alert: Alert, now: datetime, observed: Observed) -> Heard:
    rule = rule_for(terms.policy, alert)
    if rule is None:
        said = alert.rule or alert.rule_id
        return Heard(state, refused=f"{terms.policy.name} has no alert rule `{said}` in its policy")
    if now - alert.at > STALE_AFTER:
        return Heard(state, refused=f"the alert is of {alert.at:%Y-%m-%d %H:%M}Z: too old to say anything of now")
    if alert.state is AlertState.NO_DATA:
        return Heard(state)
    mine = next((demand for demand in state.demands if demand.rule == rule.identity), None)
    at = min(alert.at, now)  # the sender's clock may be ahead of ours
    is_ok = alert.state is AlertState.OK
    doubt = _doubted_end(rule, mine, observed) if is_ok else _doubted_return(terms, rule, mine, at, observed)
    if doubt is not None:
        return replace(doubt, state=state)
    ringing = _with(terms, state, rule, Ring(at, is_ok), now)
    demand = _reckoned(terms, state, rule, ringing.before, ringing.rings)
    if demand is None:
        return Heard(state)
    if mine is not None and mine.opened_at == demand.opened_at:
        demand = replace(demand, confirmed_at=mine.confirmed_at)
    return Heard(
        replace(
            state,
            demands=tuple(sorted((*_of_others(rule, state.demands), demand), key=_rule_of)),
            ringing=tuple(sorted((*_of_others(rule, state.ringing), ringing), key=_rule_of)),
        )
    )


def _with(terms: Terms, state: State, rule: AlertRule, ring: Ring, now: datetime) -> Ringing:
    """What a rule said, with one alert more in its place. What nothing can come before any more goes into `before`."""
    mine = next((demand for demand in state.demands if demand.rule == rule.identity), None)
    known = next((each for each in state.ringing if each.rule == rule.identity), None)
    if known is None or known.rung != state.rung:
        known = Ringing(rule.identity, state.rung, (), mine)
    rings = sorted({*known.rings, ring})
    first = max(len(rings) - RINGS_KEPT, sum(1 for each in rings if now - each.at > STALE_AFTER))
    before = _reckoned(terms, state, rule, known.before, rings[:first])
    return Ringing(rule.identity, state.rung, tuple(rings[first:]), before)


def _reckoned(
    terms: Terms, state: State, rule: AlertRule, before: Demand | None, rings: Sequence[Ring]
) -> Demand | None:
    """The demand after these alerts, in the order in which they rang."""
    demand = before
    for ring in rings:
        ended = ring.is_ok
        demand = _ended(terms, rule, ring.at, demand) if ended else _raised(terms, state, rule, ring.at, demand)
    return demand


Ruled = TypeVar("Ruled", Demand, Ringing)


def _of_others(rule: AlertRule, each: Iterable[Ruled]) -> Iterable[Ruled]:
    return (one for one in each if one.rule != rule.identity)


def _rule_of(each: Demand | Ringing) -> str:
    return each.rule


def _doubted_end(rule: AlertRule, mine: Demand | None, observed: Observed) -> Heard | None:
    """Whether an OK is not to be believed: a forged one would take away what the load still needs."""
    if rule.confirm is None:
        return None
    measure, ends_something = observed.measures.get(rule.identity), mine is not None and mine.fired
    if measure is None or measure.value is None:
        if not ends_something:
            return None
        trouble = measure.trouble if measure else "it was not read"
        return Heard(State(), waits=f"{rule.confirm.metric} could not be read ({trouble}); the next tick tries again")
    if measure.value <= rule.confirm.above:
        return None
    figure = f"{rule.confirm.metric} is {measure.value:g}, above {rule.confirm.above:g}"
    return Heard(State(), refused=f"the OK is not borne out: {figure}")


def _doubted_return(
    terms: Terms, rule: AlertRule, mine: Demand | None, at: datetime, observed: Observed
) -> Heard | None:
    """Whether a firing that would take an OK back has to wait: a forged one would keep up what the load lets go.

    It waits for its metric, and not for ever: some day it is too old. What cannot be read leaves things as they are.
    """
    if rule.confirm is None or mine is None or not mine.fired or mine.ok_at is None or at <= mine.ok_at:
        return None
    if at >= mine.ends(terms.policy.releases_after(rule.identity), terms.policy.forget_after):
        # It takes nothing back, but opens a demand that has to be borne out itself.
        return None
    measure = observed.measures.get(rule.identity)
    if measure is None or measure.value is None or measure.value > rule.confirm.above:
        return None
    figure = f"{rule.confirm.metric} is {measure.value:g}, not above {rule.confirm.above:g}"
    return Heard(State(), waits=f"the alert is not borne out: {figure}; the next tick looks again")


def _ended(terms: Terms, rule: AlertRule, at: datetime, mine: Demand | None) -> Demand:
    """The demand after an OK. The first OK after the last firing counts, so that repeating it puts nothing off."""
    if mine is None:
        return Demand(
            rule.identity, terms.policy.lowest, opened_at=at, heard_at=at, ok_at=at, last_ok_at=at, fired=False
        )
    ok_at = min(mine.ok_at or at, at) if at >= mine.heard_at else mine.ok_at
    return replace(mine, ok_at=ok_at, last_ok_at=max(mine.last_ok_at or at, at))


def _raised(terms: Terms, state: State, rule: AlertRule, at: datetime, mine: Demand | None) -> Demand:
    """The demand after a firing, which takes back an OK that is older and leaves one that is newer."""
    policy = terms.policy
    fresh = Demand(rule.identity, _rung(terms, state, rule), opened_at=at, heard_at=at)
    if mine is None:
        return fresh
    ok_at = next((ok for ok in (mine.ok_at, mine.last_ok_at) if ok and ok >= at), None)
    if not mine.fired or at >= mine.ends(policy.releases_after(rule.identity), policy.forget_after):
        return replace(fresh, ok_at=ok_at, last_ok_at=mine.last_ok_at)
    if at < mine.heard_at:
        return mine
    # The episode is still open: it keeps its rung, unless the policy lets it climb.
    return replace(_climbed(terms, state, rule, at, mine), heard_at=at, ok_at=ok_at)


def _climbed(terms: Terms, state: State, rule: AlertRule, at: datetime, mine: Demand) -> Demand:
    """One step more, if the last one has settled and the rule rang again after that."""
    ladder, last = terms.ladder, state.last_resize()
    if rule.repeat != "climb" or state.operation is not None or state.rung not in ladder or mine.rung not in ladder:
        return mine
    if ladder.index(state.rung) < ladder.index(mine.rung) or last is None or at <= last.at:
        return mine
    return replace(mine, rung=ladder.above(state.rung, rule.steps or 1), steps_at=at)


def _rung(terms: Terms, state: State, rule: AlertRule) -> str:
    if rule.at_least:
        return rule.at_least
    ladder = terms.ladder
    if state.rung in ladder:
        return ladder.above(state.rung, rule.steps or 1)
    if state.found:
        # Off the ladder: one step leads to the first rung that is more than what was found.
        return ladder.names[min(ladder.standing(state.found) - 1 + (rule.steps or 1), len(ladder.names) - 1)]
    return ladder.above(terms.policy.lowest, rule.steps or 1)
