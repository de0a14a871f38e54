"""What no single field of a policy shows: rungs that are not on the ladder, limits that could not be kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate.domain.reading import Value
from tidegate.domain.state import CHANNELS_KEPT

if TYPE_CHECKING:
    from tidegate.domain.policy import InstancePolicy, RungSpec
    from tidegate.domain.when import WallSpan

Where = tuple[str | int, ...]
MOST_NAMED = 20
"""So many rungs are named in one message."""


@dataclass(frozen=True)
class Fault:
    """One contradiction, and where in the instance's policy it stands: `("timetable", 0, "rung")`."""

    where: Where
    why: str


class Faulty(ValueError):  # noqa: N818 - reads as what it is
    """A policy that contradicts itself, with every place where it does."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, fault.where))}: {fault.why}" for fault in faults))
        self.faults = tuple(faults)


def faults_of(policy: InstancePolicy) -> list[Fault]:
    """Every contradiction of a policy whose fields are each right by themselves."""
    names = [rung.rung for rung in policy.ladder]
    found = [*_twice(names, ("ladder",), "rung"), *_missing_rungs(policy, names), *_not_rising(policy.ladder)]
    found += _twice([rule.identity for rule in policy.alerts], ("alerts",), "alert rule")
    if len(policy.notify) > CHANNELS_KEPT:
        found.append(Fault(("notify",), f"there are {len(policy.notify)} channels; at most {CHANNELS_KEPT} are told"))
    bounds_known = policy.lowest in names and policy.highest in names
    if bounds_known and names.index(policy.lowest) > names.index(policy.highest):
        found.append(Fault(("min",), f"`{policy.lowest}` is above max: `{policy.highest}`"))
    return [*found, *_unpriced(policy), *_holidays_of_nowhere(policy), *_pointless(policy)]


def spans_of(policy: InstancePolicy) -> Iterator[tuple[Where, WallSpan]]:
    """Every wall-clock span of the policy, and where it stands."""
    named: dict[Where, Sequence[WallSpan]] = {
        ("timetable",): policy.timetable,
        ("resize_windows", "up"): policy.resize_windows.up or [],
        ("resize_windows", "down"): policy.resize_windows.down or [],
        ("blackouts",): policy.blackouts,
    }
    for where, spans in named.items():
        yield from (((*where, index), span) for index, span in enumerate(spans))


def _unpriced(policy: InstancePolicy) -> Iterator[Fault]:
    """A limit on cost holds only if every rung has its price."""
    limits = [key for key, limit in (("soft", policy.cost.soft), ("hard", policy.cost.hard)) if limit is not None]
    for index, rung in enumerate(policy.ladder if limits else ()):
        if rung.hourly_price is None:
            why = f"rung `{rung.rung}` has no hourly_price, so `cost: {limits[0]}` could not be kept"
            yield Fault(("ladder", index), why)


def _holidays_of_nowhere(policy: InstancePolicy) -> Iterator[Fault]:
    if policy.calendars.workdays.get("country"):
        return
    for where, span in spans_of(policy):
        if "holidays" in span.days:
            why = "`holidays` of which country? Say it once with calendars: {workdays: {country: CN}}"
            yield Fault((*where, "days"), why)


def _pointless(policy: InstancePolicy) -> Iterator[Fault]:
    """What is over before it began, speaks of nothing, or says two things of home."""
    if policy.on_drift.action == "adopt" and policy.base != "keep":
        why = f"`adopt` makes what it finds the home, and base: `{policy.base}` says another; leave `base` out"
        yield Fault(("on_drift",), why)
    lasting: dict[Where, timedelta | None] = {
        ("on_drift", "keep_for"): policy.on_drift.keep_for,
        ("approval", "expires"): policy.approval.expires,
    }
    for index, rule in enumerate(policy.alerts):
        lasting["alerts", index, "confirm", "within"] = rule.confirm.within if rule.confirm else None
    yield from (Fault(where, "expected a duration above 0s") for where, span in lasting.items() if span == timedelta(0))
    closings = {("blackouts", index): each.directions for index, each in enumerate(policy.blackouts)}
    closings |= {("freezes", index): each.directions for index, each in enumerate(policy.freezes)}
    for (key, index), directions in closings.items():
        if not directions:
            yield Fault((key, index, "directions"), "expected at least one of up and down")


def _twice(names: Sequence[str], where: Where, what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Fault((*where, index), f"{what} `{name}` is there already")
        seen.add(name)


def _missing_rungs(policy: InstancePolicy, names: Sequence[str]) -> Iterator[Fault]:
    bounds = (("min", policy.min), ("max", policy.max))
    mentions: list[tuple[Where, str]] = [((key,), name) for key, name in bounds if name]
    mentions += [(("base",), policy.base)] if policy.base != "keep" else []
    mentions += [(("timetable", index, "rung"), entry.rung) for index, entry in enumerate(policy.timetable)]
    rules = [(index, rule.at_least) for index, rule in enumerate(policy.alerts) if rule.at_least is not None]
    mentions += [(("alerts", index, "at_least"), rung) for index, rung in rules]
    known = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    unknown = [(where, name) for where, name in mentions if name not in names]
    yield from (Fault(where, f"there is no rung `{name}`; the ladder has {known}") for where, name in unknown)


def _not_rising(ladder: Sequence[RungSpec]) -> Iterator[Fault]:
    for index in range(1, len(ladder)):
        if why := _flaw(ladder[index - 1], ladder[index]):
            yield Fault(("ladder", index), why)


def _flaw(below: RungSpec, above: RungSpec) -> str:
    if set(below.spec) != set(above.spec):
        differing = ", ".join(sorted(set(below.spec) ^ set(above.spec)))
        return f"rungs `{below.rung}` and `{above.rung}` name different fields: {differing}"
    falling = [field for field in below.spec if _falls(below.spec[field], above.spec[field])]
    if falling:
        return f"the ladder does not rise from `{below.rung}` to `{above.rung}`: {', '.join(falling)}"
    return f"rungs `{below.rung}` and `{above.rung}` are the same spec" if below.spec == above.spec else ""


def _falls(below: Value, above: Value) -> bool:
    if isinstance(below, str) or isinstance(above, str):
        return False
    return above < below
