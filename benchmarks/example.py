"""The policy that is measured: one enterprise instance with everything a busy one has."""

from __future__ import annotations

from typing import Any

from tidegate.app.calendars import calendar_of
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.terms import Terms

LADDER: dict[str, dict[str, int]] = {
    "small": {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
    "medium": {"MaxPrivateTps": 5000, "QueueCapacity": 400, "MaxConnections": 3000},
    "large": {"MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000},
    "xlarge": {"MaxPrivateTps": 16000, "QueueCapacity": 2000, "MaxConnections": 10000},
}
PRICES = {"small": 1.9, "medium": 2.7, "large": 4.2, "xlarge": 7.9}
POLICY: dict[str, Any] = {
    "name": "orders-mq",
    "product": "rabbitmq",
    "region": "cn-hangzhou",
    "instance_id": "amqp-cn-demo0001",
    "mode": "act",
    "expect": {"billing": "subscription", "edition": "enterprise"},
    "ladder": [{"rung": rung, "hourly_price": PRICES[rung], **spec} for rung, spec in LADDER.items()],
    "base": "small",
    "timezone": "Asia/Shanghai",
    "calendars": {"workdays": {"country": "CN"}},
    "timetable": [
        {"name": "office", "days": "workdays", "from": "08:30", "to": "20:00", "rung": "medium", "ready_by": True},
        {"name": "night batch", "days": "daily", "from": "22:30", "to": "02:00", "rung": "medium"},
        {"name": "closing", "days": "month-end", "from": "18:00", "to": "24:00", "rung": "large"},
        {"name": "sale", "days": ["06-18", "11-11"], "from": "00:00", "to": "24:00", "rung": "large"},
    ],
    "alerts": [
        {"rule": "mq-tps-high", "raise": 1},
        {"rule": "mq-queues-high", "at_least": "large", "confirm": {"metric": "Queues", "above": 350}},
        {"rule": "mq-tps-critical", "at_least": "xlarge", "urgent": True, "release_after": "1h"},
    ],
    "cooldown": {"up": "5m", "down": "55m"},
    "budget": {"ups_per_day": 6, "downs_per_day": 3, "reversals_per_day": 2},
    "cost": {"soft": 6, "hard": 9},
    "resize_windows": {
        "up": [{"days": "daily", "from": "06:00", "to": "23:00"}],
        "down": [{"name": "night", "days": "daily", "from": "20:00", "to": "06:00"}],
    },
    "blackouts": [{"name": "release", "days": "fri", "from": "12:00", "to": "24:00"}],
    "fit": {"headroom": 20},
    "subscription_down": "allow",
}


def terms(**over: Any) -> Terms:
    """The terms of this policy, in the calendar of its country."""
    policy = InstancePolicy.model_validate({**POLICY, **over})
    return Terms(policy, calendar_of(policy.calendars.workdays.get("country", "")))
