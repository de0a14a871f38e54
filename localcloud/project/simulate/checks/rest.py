"""At rest: whether everything came to rest, and every instance stands where it is wanted or is held for a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from localcloud.project.simulate.checks.history import Chronicle, History
from localcloud.project.simulate.checks.violation import Violation
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Demand, State
from tidegate.domain.terms import Terms

NEWS = timedelta(minutes=5)
"""What has become otherwise so lately may not have been seen."""
FOLLOWED_FOR = timedelta(days=8, hours=2)
"""An operation that nobody hears of is abandoned after 8 days, at the next hourly look."""
SEEN_WITHIN = timedelta(minutes=135)
"""Each instance is read for real once an hour, and a colleague's change counts after two reads."""
STANDING: Mapping[str, Callable[[State, bool], bool]] = {
    "circuit": lambda state, _: state.circuit is not None,
    "approval": lambda state, _: state.approval is not None,
    "drift": lambda state, _: state.drift is not None,
    "pause": lambda state, is_fleet_paused: state.pause is not None or is_fleet_paused,
}
"""Holds that hang on something else in the state."""
BY_TIME = ("cooldown", "budget", "window", "blackout", "pause")
"""Holds that time ends; others say only when they are looked at again."""
NO_REASON = ("as-wanted", "resize", "operation", "unread", "observe")
"""None of these is a reason, at rest, to stand elsewhere than is wanted."""


def check(history: History) -> Iterator[Violation]:
    """Check how a week came to its end."""
    trace = history.trace
    if not trace.at_rest and _is_late_start(history):
        return
    if not trace.at_rest:
        open_ = [
            f"{one.name}#{one.state.operation.number} is {one.state.operation.phase.value}"
            for one in history.chronicles.values()
            if one.state.operation
        ]
        inbox = [place for place in trace.bodies if place.startswith("inbox/")]
        running = trace.executions.running()
        why = f"open: {', '.join(open_) or 'no operation'}; executions {running}; inbox {inbox}"
        yield Violation("comes to rest", "", trace.ended_at, why)
        return
    for name, policy in trace.pushed[-1].policies.items():
        if policy.mode == "act":
            yield from _stands(history, name, policy)


def _is_late_start(history: History) -> bool:
    """Whether all that is open began after the week, and not yet so long ago that it would be given up.

    A rollback that the vendor shows nowhere is followed for 8 days; the next operation may begin after that.
    """
    trace = history.trace
    open_ = [one.state.operation for one in history.chronicles.values() if one.state.operation]
    inbox = any(place.startswith("inbox/") for place in trace.bodies)
    return (
        bool(open_)
        and not inbox
        and all(
            trace.faults_end_at < each.planned_at and trace.ended_at - each.planned_at < FOLLOWED_FOR for each in open_
        )
    )


def _stands(history: History, name: str, policy: InstancePolicy) -> Iterator[Violation]:
    now, chronicle = history.trace.ended_at, history.chronicles.get(policy.instance_id)
    if policy.instance_id in history.missing and chronicle is not None and chronicle.state.stance is not None:
        if chronicle.state.stance.code != "gone":
            told = f"the vendor does not know it, and it is held for `{chronicle.state.stance.code}`"
            yield Violation("wanted or named", name, now, told)
        return
    if chronicle is None or not chronicle.entries:
        yield Violation("wanted or named", name, now, "nothing was ever recorded of it")
        return
    premises, state = history.estate[policy.instance_id], chronicle.state
    recently = now - SEEN_WITHIN
    if any(flight.begun_at <= now and flight.ended_at >= recently for flight in premises.flights):
        return
    spec = premises.spec(now)
    stands = next(
        (rung.rung for rung in policy.ladder if all(spec.get(f) == v for f, v in rung.spec.items())), "no rung"
    )
    terms = history.terms_of(history.trace.pushed[-1].hash, name)
    wanted = _wanted(terms, state, (now, now - NEWS - history.slack)) if terms else set()
    named = {field for rung in policy.ladder for field in rung.spec}
    adopted = {field: value for field, value in state.found.items() if field in named}
    as_found = bool(adopted) and all(spec.get(field) == adopted[field] for field in adopted)
    # Where nothing asks for a rung it also stays where our last order for it has left it.
    as_left = bool(state.recent) and stands == state.recent[-1].to_rung
    if stands in wanted or (not wanted and (as_found or as_left)):
        return
    if (why := _no_reason(history, chronicle, now)) is not None:
        yield Violation("wanted or named", name, now, f"it stands on {stands}, wanted is {sorted(wanted)}, and {why}")


def _wanted(terms: Terms, state: State, moments: tuple[datetime, ...]) -> set[str]:
    """The rungs that may be wanted. A demand that its metric must bear out may count or not."""
    return {
        rung
        for now in moments
        for with_doubted in (True, False)
        if (rung := _wanted_at(terms, state, now, with_doubted=with_doubted)) is not None
    }


def _wanted_at(terms: Terms, state: State, now: datetime, *, with_doubted: bool) -> str | None:
    policy, names = terms.policy, [rung.rung for rung in terms.policy.ladder]
    low, high = names.index(policy.min or names[0]), names.index(policy.max or names[-1])
    override = state.override
    if override is not None and override.rung in names and (override.until is None or now < override.until):
        return names[min(max(names.index(override.rung), low), high)]
    home = state.home if policy.base == "keep" else policy.base
    asked = [home] if home in names else []
    if (wish := terms.timetable.wish(now)) is not None:
        asked.append(wish.rung)
    for demand in state.demands:
        rule = policy.rule(demand.rule)
        if rule is not None and (with_doubted or not rule.confirm) and _counts(policy, demand, now):
            asked.append(demand.rung)
    places = [names.index(rung) for rung in asked if rung in names]
    return names[min(max(*places, low), high)] if places else None


def _counts(policy: InstancePolicy, demand: Demand, now: datetime) -> bool:
    """Whether it is open: until some time after its OK, and not for ever without one."""
    ends = demand.heard_at + policy.forget_after
    if demand.ok_at is not None:
        ends = min(ends, demand.ok_at + policy.releases_after(demand.rule))
    return demand.fired and now < ends


def _no_reason(history: History, chronicle: Chronicle, now: datetime) -> str | None:
    """Why it is not held for a reason that still holds; None where it is."""
    state, stance = chronicle.state, chronicle.state.stance
    if stance is None:
        return "no decision was recorded"
    said = f"it is held by `{stance.code}`: {stance.reason}"
    if stance.code in NO_REASON:
        return said
    if stance.code in BY_TIME and stance.until is not None and stance.until < now - NEWS - history.slack:
        return f"{said}; that ended at {stance.until}"
    is_fleet_paused = bool(history.fleet and history.fleet[-1].state.get("pause"))
    if stance.code in STANDING and not STANDING[stance.code](state, is_fleet_paused):
        return f"{said}; of which nothing is left"
    return None
