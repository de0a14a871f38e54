"""A fortnight as it is played, and a count of it by the minute that knows nothing of Tidegate, from the times alone.

Only numbers are shared between the two: when alerts ring and end, the office's hours, windows, and prices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

DAYS = 14
DAY, HOUR = 24 * 60, 60
"""In minutes."""
ZONE = timezone(timedelta(hours=8))
START = datetime(2026, 3, 2, tzinfo=ZONE)
"""A Monday; minute 0 of the fortnight."""
RELEASE = 30
RUNGS = ("small", "medium", "large")
PRICES = {"small": 1.5, "medium": 2.0, "large": 4.25}
OFFICE, BATCH = (9 * HOUR, 18 * HOUR), (10 * HOUR, 16 * HOUR)
UPS, HANDOVER, DOWNS = (7 * HOUR, 22 * HOUR), (9 * HOUR - 10, 9 * HOUR + 20), (1 * HOUR, 5 * HOUR)
OVERRIDE = (5 * DAY + 10 * HOUR, 180)
"""On the first Saturday a person asks for large, for three hours."""


def _alerts() -> list[tuple[int, int]]:
    """When the alert rings and when it is OK again, in minutes: now and then, by day and by night."""
    found: list[tuple[int, int]] = []
    chance, at = Random(20260302), 95  # noqa: S311 - any times will do
    while True:
        at += chance.randrange(3 * HOUR, 20 * HOUR)
        lasts = chance.randrange(5, 4 * HOUR)
        if at + lasts > DAYS * DAY - HOUR:
            return found
        # Not while the person's word stands, so that each minute has one cause.
        if at + lasts + RELEASE < OVERRIDE[0] or at > OVERRIDE[0] + OVERRIDE[1]:
            found.append((at, at + lasts))
        at += lasts


ALERTS = _alerts()


def hours(span: tuple[int, int]) -> dict[str, str]:
    """A span of the day as a policy writes it."""
    return {"from": f"{span[0] // 60:02}:{span[0] % 60:02}", "to": f"{span[1] // 60:02}:{span[1] % 60:02}"}


def ladder(*, priced: bool) -> list[dict[str, Any]]:
    """Three rungs, with their prices or without."""
    figures = ((3000, 200, 2000), (5000, 400, 3000), (8000, 1000, 5000))
    rows = []
    for rung, (tps, queues, connections) in zip(RUNGS, figures, strict=True):
        price = {"hourly_price": PRICES[rung]} if priced else {}
        spec = {"MaxPrivateTps": tps, "QueueCapacity": queues, "MaxConnections": connections}
        rows.append({"rung": rung, **spec, **price})
    return rows


RABBIT = {"product": "rabbitmq", "region": "cn-hangzhou", "base": "small", "subscription_down": "allow"}
POLICY: dict[str, Any] = {
    "version": 1,
    "timezone": "Asia/Shanghai",
    "instances": {
        "orders-mq": {
            **RABBIT,
            "instance_id": "amqp-cn-orders0001",
            "ladder": ladder(priced=True),
            "timetable": [{"name": "office", "days": "mon-fri", **hours(OFFICE), "rung": "medium"}],
            "alerts": [{"rule": "quiet", "raise": 1}, {"rule": "tps-high", "at_least": "large"}],
            "release_after": f"{RELEASE}m",
            "resize_windows": {"up": [{"days": "daily", **hours(UPS)}]},
            "blackouts": [{"name": "handover", "days": "daily", **hours(HANDOVER)}],
        },
        "audit-mq": {
            **RABBIT,
            "instance_id": "amqp-cn-audit00001",
            "ladder": ladder(priced=False),
            "timetable": [{"name": "batch", "days": "mon", **hours(BATCH), "rung": "large"}],
            "resize_windows": {"down": [{"days": "daily", **hours(DOWNS)}]},
        },
    },
}
WORLD: dict[str, Any] = {
    "start": START.isoformat(),
    "instances": [
        {
            "product": "rabbitmq",
            "instance_id": policy["instance_id"],
            "edition": "enterprise",
            "spec": {name: figure for name, figure in policy["ladder"][stands].items() if name[0].isupper()},
            "usage": {"queues": 40, "connections": 100, "tps": 300},
        }
        for policy, stands in ((POLICY["instances"]["orders-mq"], 0), (POLICY["instances"]["audit-mq"], 2))
    ],
}


def at(minute: int) -> datetime:
    """A minute of the fortnight as an instant."""
    return START + timedelta(minutes=minute)


def scenario() -> dict[str, Any]:
    """The story: every alert rings twice and ends, and one person asks for something."""
    alert = {"rule": "tps-high", "instance": "orders-mq", "value": 97}
    steps: list[tuple[int, dict[str, Any]]] = []
    for began, ended in ALERTS:
        steps += [(began, {"alert": {**alert, "times": 2}}), (ended, {"alert": {**alert, "state": "ok"}})]
    asked = {"verb": "resize", "instance": "orders-mq", "to": "large", "for": f"{OVERRIDE[1]}m", "by": "li@example"}
    steps.append((OVERRIDE[0], {"request": asked}))
    return {
        "title": "A fortnight of observing",
        "story": "Office hours, alerts and a person want more than there is; a window would let the other one go down.",
        "steps": [{"at": f"{at(minute):%Y-%m-%d %H:%M}", "do": do} for minute, do in sorted(steps, key=lambda s: s[0])],
        "until": f"{at(DAYS * DAY):%Y-%m-%d %H:%M}",
        "expect": {"orders": [], "rungs": {"orders-mq": "small", "audit-mq": "large"}},
    }


@dataclass
class Count:
    """What one instance must have come to, counted minute by minute."""

    orders: list[tuple[int, str, str]] = field(default_factory=list)
    """When, to which rung, and for whom."""
    held: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Minutes by what held, which rung, and for whom."""
    below: int = 0
    above: int = 0
    cost: float = 0.0

    def hold(self, what: str, rung: str, whom: str) -> None:
        """Count a minute in which something stood in the way."""
        self.held[what, rung, whom] = self.held.get((what, rung, whom), 0) + 1


def rang_at(minute: int) -> int:
    """When the alert rang because of which something was wanted in a minute."""
    return max(began for began, _ in ALERTS if began <= minute)


def wanted_by(minute: int) -> tuple[str, str]:
    """The rung that orders-mq needs in a minute, and for whom."""
    if OVERRIDE[0] <= minute < sum(OVERRIDE):
        return "large", "li@example"
    if any(began <= minute < ended + RELEASE for began, ended in ALERTS):
        return "large", "tps-high"
    day, time = divmod(minute, DAY)
    return ("medium", "office") if day % 7 < 5 and OFFICE[0] <= time < OFFICE[1] else ("small", "")


def count_orders_mq() -> Count:
    """It stands on small all the time; ups have a window and a blackout."""
    told, wanted, placed = Count(), "small", False
    for minute in range(DAYS * DAY):
        need, whom = wanted_by(minute)
        if need != wanted:
            wanted, placed = need, False
        if need == "small":
            continue
        told.below += 1
        time = minute % DAY
        hold = "" if UPS[0] <= time < UPS[1] else "window"
        hold = hold or ("blackout" if HANDOVER[0] <= time < HANDOVER[1] else "")
        if not placed and hold:
            told.hold(hold, need, whom)
        elif not placed:
            placed = True
            told.orders.append((minute, need, whom))
        told.cost += (PRICES[need] - PRICES["small"]) / 60 if placed else 0
    return told


def count_audit_mq() -> Count:
    """It stands on large all the time; downs have a window, and on Mondays large is needed for a while."""
    told, placed = Count(), False
    for minute in range(DAYS * DAY):
        day, time = divmod(minute, DAY)
        if day % 7 == 0 and BATCH[0] <= time < BATCH[1]:
            placed = False
            continue
        told.above += 1
        if not placed and not DOWNS[0] <= time < DOWNS[1]:
            told.hold("window", "small", "batch" if minute >= BATCH[1] else "")
        elif not placed:
            placed = True
            told.orders.append((minute, "small", "batch" if minute >= BATCH[1] else ""))
    return told
