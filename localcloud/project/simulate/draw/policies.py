"""Random policies: what an operator may write, more often what bites than what is usual."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from localcloud.project.simulate.draw.sizes import Size
from localcloud.project.simulate.script import PolicyOf
from tidegate.app.index import index_entry
from tidegate.domain.limits import FleetLimits
from tidegate.domain.policy import InstancePolicy

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
CHAT = {"url_env": "TIDEGATE_CHAT_URL", "on": ["resized", "held"]}
DAILY = {**CHAT, "on": ["resized", "held", "summary"]}
SUMMED_UP_IN = "Asia/Shanghai"
"""Where people want a summary of each day."""
ONCALL = {"url_env": "TIDEGATE_ONCALL_URL", "on": ["failed", "needs-person"]}
PEAKS = ("10m", "10m", "1h")
"""Over how long what is in use is measured: a long time is dear."""

RABBIT = (
    {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
    {"rung": "medium", "MaxPrivateTps": 5000, "QueueCapacity": 400, "MaxConnections": 3000},
    {"rung": "large", "MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000},
)
ODD_RABBIT = (
    {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
    # Figures that nobody sells: the vendor refuses them, or rounds them up.
    {"rung": "odd", "MaxPrivateTps": 4500, "QueueCapacity": 400, "MaxConnections": 3000},
    {"rung": "large", "MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000},
)
GATEWAY = ("api.s1.small", "api.s1.medium", "api.s2.large")
PRICES = (1.9, 2.7, 4.2)


@dataclass(frozen=True)
class Drawn:
    """One policy: its instances' documents as somebody writes them, and the limits of the fleet."""

    instances: dict[str, dict[str, Any]]
    fleet: dict[str, int]

    def compiled(self) -> PolicyOf:
        """The policy as it is pushed."""
        parsed = [InstancePolicy.model_validate({"name": name, **text}) for name, text in self.instances.items()]
        documents = {each.name: each.model_dump(mode="json", by_alias=True) for each in parsed}
        entries = {each.name: index_entry(each) for each in parsed}
        fleet = FleetLimits.model_validate(self.fleet).model_dump(mode="json")
        return PolicyOf(documents=documents, index={"instances": entries, "fleet": fleet})

    def rungs(self, name: str) -> list[str]:
        """The names of an instance's rungs."""
        return [one if isinstance(one, str) else one["rung"] for one in self.instances[name]["ladder"]]


def policies_of(chance: Random, size: Size) -> list[Drawn]:
    """One or two policies; a later one changes something of the first."""
    count = chance.choice(size.instances)
    names = [f"{word}-{number}" for number, word in enumerate(chance.sample(("mq", "orders", "edge", "audit"), count))]
    instances = {name: _instance(chance, number, size) for number, name in enumerate(names)}
    fleet = {"orders_at_once": chance.choice((1, 1, 2, 3)), "orders_per_hour": chance.choice((1, 2, 3, 12))}
    first = Drawn(instances, fleet)
    return [first, _changed(chance, first)] if chance.random() < size.changed else [first]


def _changed(chance: Random, first: Drawn) -> Drawn:
    """The policy after somebody edited it: another mode, fewer rungs, other limits, an instance less."""
    instances = deepcopy(first.instances)
    name = chance.choice(list(instances))
    what = chance.choice(("mode", "max", "leave", "budget", "timetable", "alerts"))
    rungs = first.rungs(name)
    if what == "mode":
        instances[name]["mode"] = "act" if instances[name]["mode"] == "observe" else "observe"
    elif what == "max":
        instances[name] |= {"max": rungs[1], "timetable": [], "alerts": [{"rule": f"{name}-high", "raise": 1}]}
        instances[name] |= {"min": "", "base": "keep"} if instances[name].get("min") not in ("", None) else {}
        if instances[name].get("base", "keep") not in ("keep", *rungs[:2]):
            instances[name]["base"] = rungs[0]
    elif what == "leave" and len(instances) > 1:
        del instances[name]
    elif what == "budget":
        instances[name]["budget"] = {"ups_per_day": 1, "downs_per_day": 1, "reversals_per_day": 1}
    elif what == "timetable":
        instances[name]["timetable"] = []
    else:
        instances[name]["release_after"] = "5m"
    return Drawn(instances, {**first.fleet, "orders_per_hour": 12})


def _instance(chance: Random, number: int, size: Size) -> dict[str, Any]:
    is_gateway = chance.random() < 0.35
    text = _gateway(chance, number) if is_gateway else _rabbit(chance, number, size)
    rungs = [one if isinstance(one, str) else one["rung"] for one in text["ladder"]]
    name = f"rule-{number}"
    text |= {
        "mode": "observe" if chance.random() < 0.06 else "act",
        "timezone": chance.choice(ZONES),
        "calendars": {"workdays": {"country": chance.choice(("CN", "DE", "US"))}},
        "base": chance.choice(("keep", rungs[0], rungs[0])),
        "timetable": _timetable(chance, rungs, size) if chance.random() < size.timetables else [],
        "alerts": _alerts(chance, rungs, name, size, is_gateway=is_gateway),
        "release_after": chance.choice(("0s", "0s", "0s", "5m", "30m", "4h")),
        "notify": [CHAT, {**ONCALL, "remind": chance.choice(size.reminders)}],
        "resize_takes": chance.choice(("5m", "30m", "2h")),
    }
    if text["timezone"] == SUMMED_UP_IN:
        text["notify"][0] = DAILY
    text |= _limits(chance, size)
    text |= _consent(chance, text["base"], size)
    if chance.random() < 0.2:
        text["min"], text["max"] = chance.choice(((rungs[0], rungs[1]), (rungs[1], rungs[2]), (rungs[1], rungs[1])))
    if chance.random() < size.unwanted:
        text["expect"] = chance.choice(({"billing": "subscription"}, {"billing": "pay-as-you-go"}, {"edition": "vip"}))
    return text


def _limits(chance: Random, size: Size) -> dict[str, Any]:
    """When, and how often."""
    text: dict[str, Any] = {}
    if chance.random() < 0.6:
        text["cooldown"] = {"up": chance.choice(("0s", "5m", "1h")), "down": chance.choice(("0s", "55m", "6h"))}
    if chance.random() < 0.6:
        most = chance.choice((1, 2, 3))
        text["budget"] = {"ups_per_day": most, "downs_per_day": chance.choice((1, 2, 3)), "reversals_per_day": 1}
    if chance.random() < size.windows:
        text["resize_windows"] = {"down": [_span(chance, chance.choice(size.days), "01:00", "06:00")]}
        if chance.random() < 0.4:
            text["resize_windows"]["up"] = [_span(chance, "daily", "06:00", "23:00")]
    if chance.random() < 0.25:
        text["blackouts"] = [
            {**_span(chance, chance.choice(size.days), "11:00", "15:00"), "directions": ["up", "down"]}
        ]
    return text


def _consent(chance: Random, base: str, size: Size) -> dict[str, Any]:
    """What is asked before, what it may cost, and what becomes of others' resizes."""
    text: dict[str, Any] = {}
    if chance.random() < size.asked:
        text["approval"] = {"when": chance.choice((["down"], ["up"], ["up", "down"])), "expires": "12h"}
    if chance.random() < 0.12:
        text["cost"] = chance.choice(({"hard": 3.0}, {"soft": 2.0}, {"soft": 2.0, "hard": 5.0}))
    if chance.random() < 0.3:
        text["on_drift"] = chance.choice(("hold", {"keep_for": "3h"}))
    if base == "keep" and chance.random() < 0.2:
        text["on_drift"] = "adopt"
    return text


def _rabbit(chance: Random, number: int, size: Size) -> dict[str, Any]:
    rungs = deepcopy(list(ODD_RABBIT if chance.random() < 0.06 else RABBIT))
    for rung, price in zip(rungs, PRICES, strict=True):
        rung["hourly_price"] = price
    return {
        "product": "rabbitmq",
        "region": chance.choice(("cn-hangzhou", "cn-hangzhou", "eu-central-1")),
        "instance_id": f"amqp-cn-sim{number:04d}",
        "ladder": rungs,
        "subscription_down": chance.choice(("allow", "allow", "ask")),
        "auto_pay": chance.random() < 0.85,
        "fit": {
            "headroom": 100 if chance.random() < size.crowded else chance.choice((0, 20)),
            "peak_over": chance.choice(PEAKS),
        },
    }


def _gateway(chance: Random, number: int) -> dict[str, Any]:
    return {
        "product": "apigateway",
        "region": "cn-hangzhou",
        "instance_id": f"apigateway-cn-sim{number:04d}",
        "ladder": [{"rung": rung, "hourly_price": price} for rung, price in zip(GATEWAY, PRICES, strict=True)],
        "subscription_down": chance.choice(("allow", "allow", "ask")),
        "auto_pay": chance.random() < 0.85,
        "switchover": chance.choice(("wait", "wait", "skip")),
        "fit": {"headroom": chance.choice((0, 20)), "peak_over": chance.choice(PEAKS)},
    }


def _timetable(chance: Random, rungs: list[str], size: Size) -> list[dict[str, Any]]:
    entries = [
        {
            **_span(chance, chance.choice(size.days), "08:30", "20:00"),
            "name": "office",
            "rung": chance.choice(rungs[1:]),
        }
    ]
    if chance.random() < size.timetables:
        entries.append(
            {
                **_span(chance, chance.choice(size.days), "23:00", "02:30"),
                "name": "night",
                "rung": chance.choice(rungs[1:]),
            }
        )
    for entry in entries:
        entry |= {"ready_by": chance.random() < 0.4, "gap": chance.choice(("shift", "skip"))}
        entry |= {"overlap": chance.choice(("longest", "first", "last"))}
    return entries


def _span(chance: Random, days: str, start: str, end: str) -> dict[str, Any]:
    shift = chance.choice((0, 0, 1, 30))
    hour, minute = start.split(":")
    return {"days": [days], "from": f"{hour}:{(int(minute) + shift) % 60:02d}", "to": end}


def _alerts(chance: Random, rungs: list[str], name: str, size: Size, *, is_gateway: bool) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [{"rule": f"{name}-high", "raise": 1, "repeat": chance.choice(("hold", "climb"))}]
    if chance.random() < 0.5:
        rules.append({"rule": f"{name}-critical", "at_least": rungs[-1], "urgent": chance.random() < 0.5})
    metric = "qps" if is_gateway else "InstanceMaxTpsInMiunte"
    for rule in rules:
        if chance.random() < size.confirmed:
            rule["confirm"] = {"metric": metric, "above": 2000, "statistic": "Value", "within": "30m"}
            if not is_gateway and chance.random() < 0.5:
                rule["confirm"] |= {"statistic": "Maximum"}
    return rules
