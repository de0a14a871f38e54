"""A calm day that breaks no promise, and ways to alter its trace so that it breaks one.

On the day two instances ring, go up and come down again; a downgrade waits hours for somebody's yes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from localcloud.project.simulate.draw.policies import CHAT, GATEWAY, ONCALL, PRICES, RABBIT, Drawn
from localcloud.project.simulate.misfortunes import Faults
from localcloud.project.simulate.script import Deed, Script
from localcloud.project.simulate.trace import Asked, Trace
from localcloud.project.simulate.vendor import Ordered
from tidegate.domain.policy import InstancePolicy

HOUR = 3600.0
START = datetime(2026, 3, 6, 9, 17, 23, tzinfo=timezone.utc)
MQ, EDGE = "mq-0", "edge-1"
MQ_ID, EDGE_ID = "amqp-cn-sim0000", "apigateway-cn-sim0001"
COMMON: Mapping[str, Any] = {
    "region": "cn-hangzhou",
    "mode": "act",
    "release_after": "0s",
    "cooldown": {"up": "0s", "down": "0s"},
    "notify": [CHAT, ONCALL],
}

Raw = dict[str, Any]


def calm_day() -> Script:
    """One day without a single fault."""
    rungs = [{**rung, "hourly_price": price} for rung, price in zip(RABBIT, PRICES, strict=True)]
    mq = {
        **COMMON,
        "product": "rabbitmq",
        "instance_id": MQ_ID,
        "ladder": rungs,
        "base": "small",
        "alerts": [{"rule": "rule-0-high", "raise": 1}],
    }
    edge = {
        **COMMON,
        "product": "apigateway",
        "instance_id": EDGE_ID,
        "ladder": [{"rung": rung, "hourly_price": price} for rung, price in zip(GATEWAY, PRICES, strict=True)],
        "base": "api.s1.small",
        "subscription_down": "allow",
        "alerts": [{"rule": "rule-1-high", "raise": 1}],
    }
    drawn = Drawn({MQ: mq, EDGE: edge}, {"orders_at_once": 2, "orders_per_hour": 12})
    instances = [
        {"product": "rabbitmq", "instance_id": MQ_ID, "spec": {k: v for k, v in RABBIT[0].items() if k != "rung"}},
        {"product": "apigateway", "instance_id": EDGE_ID, "spec": {"InstanceSpec": GATEWAY[0]}},
    ]
    usage = {"queues": 150, "connections": 900, "tps": 500}
    deeds = [
        *_episode(MQ, "rule-0-high", 1 * HOUR),
        *_episode(EDGE, "rule-1-high", 1.01 * HOUR),
        *_episode(EDGE, "rule-1-high", 3 * HOUR),
        Deed(at_s=14 * HOUR, do="duty", what="approve"),
    ]
    return Script(
        seed=1,
        start=START,
        week_s=20 * HOUR,
        world={
            "start": START.isoformat(),
            "behaviour": {"topic_migrating_refusals": 1, "switchover": False},
            "instances": [{**each, "region": "cn-hangzhou", "usage": usage} for each in instances],
        },
        policies=(drawn.compiled(),),
        deeds=tuple(sorted(deeds, key=lambda deed: deed.at_s)),
        faults=Faults(),
    )


def _episode(name: str, rule: str, began_s: float) -> Iterator[Deed]:
    for after_s, state in ((0.0, "firing"), (HOUR, "ok")):
        at_s = began_s + after_s
        yield Deed.model_validate(
            {
                "at_s": at_s,
                "do": "alert",
                "instance": name,
                "rule": rule,
                "state": state,
                "began_s": began_s,
                "rang_s": at_s,
            }
        )


def rewritten(trace: Trace, chosen: Callable[[str, Raw], bool], edit: Callable[[Raw], object]) -> Trace:
    """The trace with every record edited that is chosen, by its place and content."""
    bodies, hits = dict(trace.bodies), 0
    for place, body in trace.bodies.items():
        if not place.startswith("ledger/"):
            continue
        record = json.loads(body)
        if chosen(place, record):
            edit(record)
            bodies[place], hits = json.dumps(record).encode(), hits + 1
    assert hits, "no such record was found"
    return replace(trace, bodies=bodies)


def facts(trace: Trace, instance_id: str, kind: str, edit: Callable[[Raw], object], operation: int = 0) -> Trace:
    """The trace with every fact of this kind edited, of one instance and of one operation where that is named."""

    def is_chosen(place: str, record: Raw) -> bool:
        fact = record["fact"]
        return instance_id in place and fact["kind"] == kind and operation in (0, fact.get("operation"))

    return rewritten(trace, is_chosen, lambda record: edit(record["fact"]))


def policies(trace: Trace, name: str, **changes: Any) -> Trace:
    """The trace as if the policy had said something else of an instance all along."""
    pushed = []
    for each in trace.pushed:
        document = {**each.policies[name].model_dump(mode="json", by_alias=True), **changes}
        pushed.append(replace(each, policies={**each.policies, name: InstancePolicy.model_validate(document)}))
    return replace(trace, pushed=pushed)


def limits(trace: Trace, **changes: int) -> Trace:
    """The trace as if the fleet had had other limits."""
    return replace(trace, pushed=[replace(each, limits={**each.limits, **changes}) for each in trace.pushed])


def ordered(trace: Trace, edit: Callable[[list[Ordered]], list[Ordered]]) -> Trace:
    """The trace with other order calls."""
    vendor = copy(trace.vendor)
    vendor.ordered = edit(list(trace.vendor.ordered))
    return replace(trace, vendor=vendor)


def made(trace: Trace, instance_id: str, place: int = 0) -> Ordered:
    """An order that made a change."""
    return [order for order in trace.ordered if order.instance_id == instance_id and order.change][place]


def asked(trace: Trace, form: Raw) -> Trace:
    """The trace with a request that was answered by the second record of its instance, before any order."""
    deed = Deed(at_s=60.0, do="request", instance=form["instance"], request=form)
    at = START + timedelta(seconds=61)
    answer = {"key": "doctored-request", "what": "a request", "verdict": "hold", "reason": ""}

    def is_second(place: str, record: Raw) -> bool:
        return MQ_ID in place and record["seq"] == 2

    doctored = rewritten(trace, is_second, lambda record: record["fact"].update(answers=[answer]))
    one = Asked(at, deed, "doctored-request", {**form, "caller": "li", "key": "doctored-request"}, {"decision": "hold"})
    return replace(doctored, asked=[*trace.asked, one])
