"""Which rung is wanted: an unexpired override, else the highest of home, timetable and open alert demands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Demand, Override, State
from tidegate.domain.timetable import Timetable, Wish


@dataclass(frozen=True)
class Wanted:
    """The rung that is wanted, and everything that had a say."""

    rung: str
    why: str
    home: str
    timetable: Wish | None
    demands: tuple[Demand, ...]
    override: Override | None
    clamped_from: str = ""

    def says(self) -> str:
        """All that had a say, in one line for people."""
        alerts = ", ".join(f"{demand.rung} ({demand.rule})" for demand in self.demands) or "none"
        timetable = f"{self.timetable.rung} ({self.timetable.why})" if self.timetable else "none"
        override = f"{self.override.rung} until {self.override.until:%H:%M}Z" if self.override else "none"
        return f"home {self.home}; timetable {timetable}; alerts {alerts}; override {override}"


def open_demands(policy: InstancePolicy, state: State, now: datetime) -> tuple[Demand, ...]:
    """The demands that still count, of rules and rungs that the policy still has."""
    rules = {rule.identity for rule in policy.alerts}
    return tuple(
        demand
        for demand in state.demands
        if now < demand.ends(policy.release_after, policy.forget_after)
        and demand.rule in rules
        and demand.rung in policy.rungs
    )


def open_override(policy: InstancePolicy, state: State, now: datetime) -> Override | None:
    """The override that still counts."""
    override = state.override
    return override if override and now < override.until and override.rung in policy.rungs else None


def wanted(policy: InstancePolicy, state: State, timetable: Timetable, now: datetime) -> Wanted | None:
    """Who wants what, and which rung wins; None before first contact told what home is.

    An alert only ever raises; a person's override may lower. Whatever wins is held between `min` and `max`.
    """
    ladder = policy.rungs
    home = state.home if policy.base == "keep" else policy.base
    if home not in ladder:
        return None
    wish, override = timetable.wish(now), open_override(policy, state, now)
    demands = tuple(demand for demand in open_demands(policy, state, now) if demand.fired)
    claims = [(home, "base" if policy.base != "keep" else "home")]
    claims += [(wish.rung, wish.why)] if wish else []
    claims += [(demand.rung, demand.rule) for demand in demands]
    rung, why = max(claims, key=lambda claim: ladder.index(claim[0]))
    if override:
        rung, why = override.rung, f"override by {override.by} until {override.until:%Y-%m-%d %H:%M}Z"
    held = ladder.clamp(rung, policy.lowest, policy.highest)
    return Wanted(held, why, home, wish, demands, override, clamped_from=rung if held != rung else "")
