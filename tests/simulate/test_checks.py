"""The checks of the simulation find what they are for: each invariant fires on a trace that was altered to break it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from localcloud.project.simulate.checks import INVARIANTS, Violation, check
from localcloud.project.simulate.trace import Trace
from localcloud.project.simulate.week import play
from tests.simulate.doctored import (
    EDGE,
    EDGE_ID,
    MQ,
    MQ_ID,
    START,
    Raw,
    asked,
    calm_day,
    facts,
    limits,
    made,
    ordered,
    policies,
    rewritten,
)

pytestmark = pytest.mark.once
SHORT = timedelta(seconds=30)
NIGHT = [{"days": ["daily"], "from": "02:00", "to": "02:01"}]
ALL_DAY = [{"days": ["daily"], "from": "00:00", "to": "24:00", "directions": ["up", "down"]}]


@pytest.fixture(scope="module")
def day() -> Trace:
    """A day that breaks no promise."""
    return play(calm_day())


def test_a_calm_day_breaks_no_promise(day: Trace) -> None:
    """Where nothing goes wrong, nothing is found, although there were orders, refusals and an approval."""
    assert check(day) == []
    assert len([order for order in day.ordered if order.change]) == 6
    assert any(order.refused for order in day.ordered)


def test_what_no_invariant_is_called_cannot_be_broken() -> None:
    """Every violation is of an invariant of the table."""
    with pytest.raises(ValueError, match="no invariant"):
        Violation("tidiness", "", None, "")


def test_every_invariant_is_shown_to_fire() -> None:
    """The table of the checks and the cases below name the same."""
    assert {name for name, _ in CASES} == set(INVARIANTS)


def _again(day: Trace) -> Trace:
    order = made(day, EDGE_ID)
    return ordered(day, lambda calls: [*calls, replace(order, at=order.at + timedelta(hours=8))])


def _stray(day: Trace) -> Trace:
    order = made(day, EDGE_ID)
    foreign = replace(order, parameters={**order.parameters, "Token": "of-nobody"})
    return ordered(day, lambda calls: [foreign if call is order else call for call in calls])


def _early(day: Trace) -> Trace:
    order = made(day, EDGE_ID)
    return ordered(day, lambda calls: [replace(call, at=call.at - SHORT) if call is order else call for call in calls])


def _other_token(day: Trace) -> Trace:
    def edit(fact: Raw) -> None:
        if fact["attempt"]["number"] == 1:
            fact["attempt"]["token"] = "another"

    return facts(day, MQ_ID, "claimed", edit, operation=1)


def _verdict(word: str, event: str) -> Callable[[Trace], Trace]:
    """Give the first attempt of an operation another verdict."""

    def edit(fact: Raw) -> None:
        if fact["attempt"] == 1:
            fact.update(verdict=word, event=event)

    return lambda day: facts(day, MQ_ID, "judged", edit, operation=1)


def _overlapping(day: Trace) -> Trace:
    first, second = made(day, EDGE_ID), made(day, EDGE_ID, 1)
    return ordered(
        day, lambda calls: [replace(each, at=first.at + SHORT) if each is second else each for each in calls]
    )


def _ended(outcome: str, operation: int = 1) -> Callable[[Trace], Trace]:
    return lambda day: facts(day, EDGE_ID, "concluded", lambda fact: fact.update(outcome=outcome), operation)


def _resized_to_nothing(day: Trace) -> Trace:
    wanted = {"InstanceSpec": "api.s2.large"}
    return facts(day, EDGE_ID, "claimed", lambda fact: fact.update(to_spec=wanted), operation=1)


def _unproven(day: Trace) -> Trace:
    def edit(fact: Raw) -> None:
        if fact["event"] == "saw the wanted values" and fact["evidence"]["since"] == fact["evidence"]["last"]:
            fact["event"] = "saw a change"

    return facts(day, EDGE_ID, "looked", edit, operation=1)


def _unnamed(day: Trace) -> Trace:
    order = made(day, MQ_ID)
    more = replace(order, after={**order.after, "SupportEip": not order.before["SupportEip"]})
    return ordered(day, lambda calls: [more if call is order else call for call in calls])


def _held_for_nothing(day: Trace) -> Trace:
    def edit(record: Raw) -> None:
        record["fact"]["stance"].update(code="budget", kind="hold")

    return rewritten(day, lambda place, record: EDGE_ID in place and record["seq"] == 2, edit)


def _drifted(day: Trace) -> Trace:
    """As if we had left it on another rung than it was taken down from."""
    places = sorted(place for place in day.bodies if EDGE_ID in place and b'"kind":"claimed"' in day.bodies[place])
    # The newest come first; of four operations the second one is a down.
    claimed = places[-2]
    before = f"{claimed[:-17]}{int(claimed[-17:-5]) + 1:012d}.json"
    left = {"InstanceSpec": "api.s2.large"}
    return rewritten(day, lambda place, _: place == before, lambda record: record["state"].update(last_set=left))


def _unpaused(day: Trace) -> Trace:
    return asked(day, {"verb": "pause", "instance": MQ, "for": "12h"})


def _fleet_unpaused(day: Trace) -> Trace:
    def edit(record: Raw) -> None:
        record["fact"] = {"kind": "paused", "by": "li", "reason": ""}
        record["state"]["pause"] = {"by": "li", "at": START.isoformat()}

    return rewritten(day, lambda place, record: "/fleet/" in place and record["seq"] == 1, edit)


def _without_approval(day: Trace) -> Trace:
    return replace(day, asked=[])


def _silent(day: Trace) -> Trace:
    return replace(day, said=[said for said in day.said if said.kind != "needs-person"])


def _once(day: Trace) -> Trace:
    first = next(said for said in day.said if said.kind == "needs-person")
    return replace(day, said=[said for said in day.said if said.kind != "needs-person" or said is first])


def _repeated(day: Trace) -> Trace:
    first = next(said for said in day.said if said.kind == "needs-person")
    return replace(day, said=[*day.said, replace(first, at=first.at + timedelta(minutes=3))])


def _summed_up_by_nobody(day: Trace) -> Trace:
    first = next(said for said in day.said if said.kind == "needs-person")
    return replace(day, said=[*day.said, replace(first, title="Tidegate's day: nothing happened", kind="summary")])


def _turned_down(day: Trace) -> Trace:
    first, *others = day.delivered
    answers = [{**answer, "answer": "rejected"} for answer in first.answers]
    return replace(day, delivered=[replace(first, answers=answers), *others])


def _waiting(day: Trace) -> Trace:
    place = "inbox/1234567890123456/cn-hangzhou/rabbitmq/amqp-cn-sim0000/0.json"
    return replace(day, bodies={**day.bodies, place: b"{}"}, created={**day.created, place: START})


def _long_wait(day: Trace) -> Trace:
    executions = copy(day.executions)
    executions.longest_wait_s = 301.0
    return replace(day, executions=executions)


def _gap(day: Trace) -> Trace:
    places = sorted(place for place in day.bodies if MQ_ID in place and place.startswith("ledger/"))
    return replace(day, bodies={place: body for place, body in day.bodies.items() if place != places[3]})


def _backwards(day: Trace) -> Trace:
    early = "2026-03-05T00:00:00+00:00"
    return rewritten(
        day, lambda place, record: MQ_ID in place and record["seq"] == 4, lambda record: record.update(at=early)
    )


def _other_state(day: Trace) -> Trace:
    return rewritten(
        day,
        lambda place, record: MQ_ID in place and record["seq"] == 4,
        lambda record: record["state"].update(rung="large"),
    )


def _dry(day: Trace) -> Trace:
    return replace(day, asked=[replace(each, form={**each.form, "dry_run": True}) for each in day.asked])


def _uninvited(day: Trace) -> Trace:
    def edit(record: Raw) -> None:
        record["fact"] = {"kind": "concluded", "operation": 1, "outcome": "resized", "why": ""}

    return rewritten(day, lambda place, record: EDGE_ID in place and record["seq"] == 1, edit)


CASES: list[tuple[str, Callable[[Trace], Trace]]] = [
    ("one order per operation", _again),
    ("one order per operation", _stray),
    ("calls are claimed", _early),
    ("calls are claimed", _again),
    ("calls are claimed", _other_token),
    ("doubt is waited out", _verdict("unanswered", "unanswered")),
    ("doubt is waited out", _verdict("accepted", "accepted")),
    ("one change at a time", _overlapping),
    *(
        ("outcomes are true", _ended(outcome))
        for outcome in (
            "settled elsewhere",
            "unchanged",
            "refused",
            "rolled back",
            "cancelled",
            "order cancelled",
            "abandoned",
        )
    ),
    ("outcomes are true", _resized_to_nothing),
    ("read back twice", _unproven),
    ("only what is named", _unnamed),
    ("policy in force", lambda day: policies(day, EDGE, mode="observe")),
    (
        "policy in force",
        lambda day: rewritten(day, lambda place, _: EDGE_ID in place, lambda one: one.update(policy="0")),
    ),
    ("bounds", lambda day: policies(day, EDGE, max="api.s1.small")),
    ("bounds", _resized_to_nothing),
    ("cost", lambda day: policies(day, EDGE, cost={"hard": 2.0})),
    ("expectations", lambda day: policies(day, EDGE, expect={"billing": "pay-as-you-go"})),
    ("budgets", lambda day: policies(day, EDGE, budget={"ups_per_day": 1})),
    ("budgets", lambda day: policies(day, EDGE, budget={"downs_per_day": 1})),
    ("budgets", lambda day: policies(day, EDGE, budget={"reversals_per_day": 1})),
    ("budgets", _held_for_nothing),
    ("cooldowns", lambda day: policies(day, EDGE, cooldown={"up": "0s", "down": "10h"})),
    ("windows", lambda day: policies(day, EDGE, resize_windows={"up": NIGHT})),
    ("blackouts", lambda day: policies(day, EDGE, blackouts=ALL_DAY)),
    ("drift", _drifted),
    ("fit", lambda day: policies(day, MQ, fit={"headroom": 400})),
    ("approvals", lambda day: policies(day, EDGE, approval={"when": ["up"]})),
    ("approvals", _without_approval),
    ("pauses", _unpaused),
    ("pauses", _fleet_unpaused),
    ("circuit", _ended("refused")),
    ("orders at once", lambda day: limits(day, orders_at_once=1)),
    ("orders per hour", lambda day: limits(day, orders_per_hour=1)),
    ("everything is answered", lambda day: facts(day, EDGE_ID, "decided", lambda fact: fact.pop("answers", None))),
    ("everything is answered", lambda day: facts(day, MQ_ID, "decided", lambda fact: fact.pop("answers", None))),
    ("everything is answered", _turned_down),
    ("the inbox empties", _waiting),
    ("comes to rest", lambda day: replace(day, at_rest=False)),
    ("wanted or named", lambda day: policies(day, EDGE, base="api.s2.large")),
    ("people are told", _silent),
    ("reminders", _once),
    ("no flood", _repeated),
    ("summaries", _summed_up_by_nobody),
    ("short executions", _long_wait),
    ("no gap", _gap),
    ("no gap", _backwards),
    ("fold", _other_state),
    ("no secret", lambda day: replace(day, logs=[*day.logs, "key canary-of-the-key"])),
    ("no secret", lambda day: replace(day, logs=[*day.logs, "/hook/cms/hook-token-of-the-simulation"])),
    ("sound play", lambda day: replace(day, wrong=["a tick was not idle"])),
    ("dry runs", _dry),
    ("nothing uninvited", lambda day: policies(day, EDGE, mode="observe")),
    ("nothing uninvited", _uninvited),
]


@pytest.mark.parametrize(("invariant", "altered"), CASES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(CASES)])
def test_a_broken_promise_is_found(day: Trace, invariant: str, altered: Callable[[Trace], Trace]) -> None:
    """Whatever else a change of the trace breaks, the invariant that it is for is among what is found."""
    assert invariant in {violation.invariant for violation in check(altered(day))}
