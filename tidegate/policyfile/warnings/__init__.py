"""What is allowed, and yet hardly meant: every part looks at one instance, and is told where it stands in the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from tidegate.domain.faults import spans_of
from tidegate.policyfile.phrases import some
from tidegate.policyfile.problems import Problem, Spot
from tidegate.policyfile.warnings.bounds import bound_cautions
from tidegate.policyfile.warnings.cautions import Caution, Spare
from tidegate.policyfile.warnings.closings import closing_cautions
from tidegate.policyfile.warnings.demands import demand_cautions
from tidegate.policyfile.warnings.figures import figure_cautions
from tidegate.policyfile.warnings.hours import hour_cautions
from tidegate.policyfile.warnings.money import money_cautions
from tidegate.policyfile.warnings.windows import window_cautions

if TYPE_CHECKING:
    from tidegate.policyfile import Policy

Look = Callable[[Spare], Iterator[Caution]]
LOOKS: tuple[Look, ...] = (
    *(bound_cautions, demand_cautions, figure_cautions, money_cautions),
    *(hour_cautions, window_cautions, closing_cautions),
)
OWN = {"name", "instance_id", "region", "mode", "notify"}
"""What no look depends on: instances that differ in nothing else are looked at once."""

MOST_SPANS_TOGETHER = 5_000
"""To compare the spans of an instance takes some milliseconds each."""


def warnings_of(policy: Policy, today: date, most_spans: int = MOST_SPANS_TOGETHER) -> list[Problem]:
    """Everything that is worth a warning today, each once with the instances it concerns."""
    told: dict[tuple[Spot, str, str], list[str]] = {}
    looked: dict[str, tuple[Caution, ...]] = {}
    left = most_spans
    for name, instance in policy.instances.items():
        key = instance.model_dump_json(exclude=OWN)
        if key not in looked:
            left -= sum(1 for _ in spans_of(instance)) + sum(len(freeze.events) for freeze in instance.freezes)
            looked[key] = _looked_at(Spare(instance, today, compares=left >= 0))
        for caution in looked[key]:
            spot = policy.sources[name].find(caution.where)[0].spot
            told.setdefault((spot, caution.why, caution.advice), []).append(name)
    found = [Problem.at(spot, _for(why, spot, names), advice) for (spot, why, advice), names in told.items()]
    return sorted({*found, *_unused_rules(policy), *(_not_compared(policy, most_spans) if left < 0 else ())})


def _looked_at(spare: Spare) -> tuple[Caution, ...]:
    return tuple(caution for look in LOOKS for caution in look(spare))


def _not_compared(policy: Policy, most: int) -> Iterator[Problem]:
    first = next(iter(policy.sources.values())).spot
    why = f"of over {most:,} different times only so many were compared with each other"
    yield Problem(first.file, 0, "instances", why, "put what instances have in common into profiles")


def _for(why: str, spot: Spot, names: list[str]) -> str:
    """What stands in a profile or holds for the whole file may be wrong for some of those who take it over."""
    own = len(names) == 1 and spot.path.startswith(f"instances.{names[0]}")
    return why if own else f"{why} (for {some(names, most=3)})"


def _unused_rules(policy: Policy) -> Iterator[Problem]:
    """Alert rules of profiles that nobody takes over are bound to no instance."""
    used = {
        rule.spot
        for tree in policy.sources.values()
        for rule in (tree.keys["alerts"].items if "alerts" in tree.keys else ())
    }
    for name, profile in policy.profiles.items():
        alerts = profile.keys.get("alerts")
        if alerts and alerts.items and used.isdisjoint(rule.spot for rule in alerts.items):
            why = f"the alert rules of profile `{name[:64]}` are bound to nothing: no instance takes them over"
            yield Problem.at(alerts.spot, why, "remove them, or write `like` where they are meant")
