"""Taking signals in: what an alert or a request changes, and what its sender is answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidegate.domain.decide import DESPITE
from tidegate.domain.alertrule import AlertRule
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Alert, AlertState, Noise, Request, Signal, Verb
from tidegate.domain.state import Demand, Override, State

LONGEST_OVERRIDE = timedelta(days=31)
STALE_AFTER = timedelta(hours=24)
"""An alert older than this says nothing of now; CloudMonitor and SMQ deliver within a day (facts fc 2.3, 2.5)."""


@dataclass(frozen=True)
class Heard:
    """The demands and the override after a signal, and a reason where the signal was turned down."""

    demands: tuple[Demand, ...]
    override: Override | None
    refused: str = ""
    acked: bool = False


def hear(policy: InstancePolicy, state: State, signals: Iterable[Signal], now: datetime) -> list[tuple[Signal, Heard]]:
    """Fold signals in by the time they speak of, so that the order of their arrival does not matter."""
    demands, override, heard = state.demands, state.override, []
    for signal in sorted(signals, key=lambda signal: (signal.at, signal.key)):
        before = replace(state, demands=demands, override=override)
        after = _hear_one(policy, before, signal, now)
        demands, override = after.demands, after.override
        heard.append((signal, after))
    return heard


def _hear_one(policy: InstancePolicy, state: State, signal: Signal, now: datetime) -> Heard:
    if isinstance(signal, Alert):
        return _alert(policy, state, signal, now)
    if isinstance(signal, Noise):
        return Heard(state.demands, state.override, refused=signal.reason)
    return _request(policy, state, signal)


def describe(signal: Signal) -> str:
    """The signal in a phrase for people."""
    if isinstance(signal, Alert):
        value = f" ({signal.value})" if signal.value else ""
        return f"alert {signal.rule or signal.rule_id} {signal.state.value}{value}"
    if isinstance(signal, Noise):
        return "a message that is no alert"
    until = f" until {signal.until:%Y-%m-%d %H:%M}Z" if signal.until else ""
    to = f" to {signal.to}" if signal.to else ""
    return f"{signal.verb.value}{to}{until} by {signal.caller}"


def rule_for(policy: InstancePolicy, alert: Alert) -> AlertRule | None:
    """The policy's rule an alert belongs to, by its id or its name."""
    for rule in policy.alerts:
        if (rule.rule_id and rule.rule_id == alert.rule_id) or (rule.rule and rule.rule == alert.rule):
            return rule
    return None


def _alert(policy: InstancePolicy, state: State, alert: Alert, now: datetime) -> Heard:
    same = Heard(state.demands, state.override)
    rule = rule_for(policy, alert)
    if rule is None:
        return replace(same, refused=f"{policy.name} has no alert rule `{alert.rule or alert.rule_id}` in its policy")
    if now - alert.at > STALE_AFTER:
        return replace(same, refused=f"the alert is of {alert.at:%Y-%m-%d %H:%M}Z: too old to say anything of now")
    if alert.state is AlertState.NO_DATA:
        return same
    mine = next((demand for demand in state.demands if demand.rule == rule.identity), None)
    at = min(alert.at, now)  # the sender's clock may be ahead of ours
    ended = alert.state is AlertState.OK
    demand = _ended(policy, rule, at, mine) if ended else _raised(policy, state, rule, at, mine)
    others = tuple(other for other in state.demands if other.rule != rule.identity)
    return replace(same, demands=(*others, demand))


def _ended(policy: InstancePolicy, rule: AlertRule, at: datetime, mine: Demand | None) -> Demand:
    """The demand after an OK. The first OK after the last firing counts, so that repeating it puts nothing off."""
    if mine is None:
        return Demand(rule.identity, policy.lowest, opened_at=at, heard_at=at, ok_at=at, last_ok_at=at, fired=False)
    ok_at = min(mine.ok_at or at, at) if at >= mine.heard_at else mine.ok_at
    return replace(mine, ok_at=ok_at, last_ok_at=max(mine.last_ok_at or at, at))


def _raised(policy: InstancePolicy, state: State, rule: AlertRule, at: datetime, mine: Demand | None) -> Demand:
    """The demand after a firing, which takes back an OK that is older and leaves one that is newer."""
    fresh = Demand(rule.identity, _rung(policy, state, rule), opened_at=at, heard_at=at)
    if mine is None:
        return fresh
    ok_at = next((ok for ok in (mine.ok_at, mine.last_ok_at) if ok and ok >= at), None)
    if not mine.fired or at >= mine.ends(policy.release_after, policy.forget_after):
        return replace(fresh, ok_at=ok_at, last_ok_at=mine.last_ok_at)
    # The episode is still open: it keeps its rung.
    return replace(mine, heard_at=at, ok_at=ok_at) if at >= mine.heard_at else mine


def _rung(policy: InstancePolicy, state: State, rule: AlertRule) -> str:
    if rule.at_least:
        return rule.at_least
    ladder = policy.rungs
    settled = state.rung if state.rung in ladder else policy.lowest
    return ladder.above(settled, rule.steps or 1)


def _request(policy: InstancePolicy, state: State, request: Request) -> Heard:
    same = Heard(state.demands, state.override)
    if request.verb is Verb.ACK:
        return replace(same, acked=True)
    newer = _newer(state.override, request)
    if request.verb is Verb.RELEASE:
        refused = newer or ("" if state.override else "there is no override to release")
        return replace(same, override=state.override if newer else None, refused=refused)
    if (refused := _turned_down(policy, request) or newer) or request.until is None:
        return replace(same, refused=refused)
    return replace(
        same,
        override=Override(
            request.to, request.until, request.caller, request.at, request.reason, tuple(request.despite)
        ),
    )


def _newer(override: Override | None, request: Request) -> str:
    return f"a newer override by {override.by} stands" if override and override.at > request.at else ""


def _turned_down(policy: InstancePolicy, request: Request) -> str:
    ladder = policy.rungs
    unknown = [guard for guard in request.despite if guard not in DESPITE]
    if request.to not in ladder:
        return f"{policy.name} has no rung `{request.to}`; its ladder is {', '.join(ladder.names)}"
    if ladder.clamp(request.to, policy.lowest, policy.highest) != request.to:
        return f"{request.to} is outside the bounds {policy.lowest} to {policy.highest}"
    if request.until is None:
        return "an override ends by itself: say --for 2h or --until TIME"
    if request.until <= request.at:
        return f"the override would have ended already, at {request.until:%Y-%m-%d %H:%M}Z"
    if request.until - request.at > LONGEST_OVERRIDE:
        return f"an override lasts {LONGEST_OVERRIDE.days} days at most"
    if unknown:
        return f"--despite knows {', '.join(DESPITE)}, not {', '.join(unknown)}"
    if request.despite and not request.reason:
        return "--despite needs a --reason"
    return ""
