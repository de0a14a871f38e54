"""Names and times that a scenario mentions, and whether there are such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from localcloud.project.scenario.model import Deed, Scenario
from localcloud.project.scenario.times import moment

Where = tuple[str | int, ...]
ANY_DAY = datetime(2000, 1, 1, tzinfo=timezone.utc)
OTHER_DAY = datetime(2001, 1, 1, tzinfo=timezone.utc)
OFF_LADDER = "off ladder"
"""The rung of an instance that stands on none."""


@dataclass(frozen=True)
class Known:
    """What there is: the rungs of each instance, and whether the world has it."""

    ladders: Mapping[str, tuple[str, ...]]
    in_world: Mapping[str, bool]


def mistakes(scenario: Scenario, known: Known) -> Iterator[tuple[Where, str]]:
    """Everything that is mentioned and is not there, with its place."""
    for where, name in _names(scenario):
        if name and name not in known.ladders:
            yield where, f"the policy has no instance `{name}`; it has {', '.join(sorted(known.ladders))}"
    for where, name, rung in _rungs(scenario):
        ladder = known.ladders.get(name)
        if ladder and rung and rung != OFF_LADDER and rung not in ladder:
            yield where, f"{name} has no rung `{rung}`; its ladder is {', '.join(ladder)}"
    for where, text in _times(scenario):
        if why := _no_date(text, scenario.timezone):
            yield where, why
    for name, there in known.in_world.items():
        if not there:
            yield (), f"the world has no instance with the instance_id of {name}"


def _no_date(text: str, zone: str) -> str:
    """Why a text is not a date and a time, which mean the same wherever they stand."""
    try:
        floats = moment(text, ANY_DAY, zone) != moment(text, OTHER_DAY, zone)
    except ValueError as error:
        return str(error)
    return f"expected a date and a time such as 2026-11-10 21:55, found `{text}`" if floats else ""


def _names(scenario: Scenario) -> Iterator[tuple[Where, str]]:
    for index, step in enumerate(scenario.steps):
        yield from ((("steps", index, "do", *where), name) for where, name in _in_deed(step.do))
    expect = scenario.expect
    yield from ((("expect", "rungs", name), name) for name in expect.rungs)
    for key in ("orders", "holds", "messages", "never"):
        for index, each in enumerate(getattr(expect, key)):
            yield ("expect", key, index, "instance"), each.instance
    yield from ((("expect", "unsettled", index), name) for index, name in enumerate(expect.unsettled))


def _in_deed(deed: Deed) -> Iterator[tuple[Where, str]]:
    if deed.alert:
        yield ("alert", "instance"), deed.alert.instance
    if deed.request:
        yield ("request", "instance"), deed.request.instance
    yield ("kill",), deed.kill
    if console := deed.console:
        yield from ((("console", key), getattr(console, key)) for key in ("pay", "cancel_order", "switch"))
        for key in ("resize", "use"):
            yield ("console", key, "instance"), getattr(getattr(console, key), "instance", "")


def _rungs(scenario: Scenario) -> Iterator[tuple[Where, str, str]]:
    """Rungs of the ending, each with its instance."""
    yield from ((("expect", "rungs", name), name, rung) for name, rung in scenario.expect.rungs.items())
    for index, order in enumerate(scenario.expect.orders):
        yield ("expect", "orders", index, "from"), order.instance, order.start
        yield ("expect", "orders", index, "to"), order.instance, order.end
    for index, never in enumerate(scenario.expect.never):
        yield ("expect", "never", index, "below"), never.instance, never.below
        yield ("expect", "never", index, "above"), never.instance, never.above


def _times(scenario: Scenario) -> Iterator[tuple[Where, str]]:
    """Times of the ending, where written."""
    orders = ((("expect", "orders", index, "at"), order.at) for index, order in enumerate(scenario.expect.orders))
    yield from ((where, text) for where, text in orders if text)
    for index, never in enumerate(scenario.expect.never):
        bounds = (
            (("expect", "never", index, key), text) for key, text in (("from", never.since), ("until", never.until))
        )
        yield from ((where, text) for where, text in bounds if text)
