"""What a gateway is used for, by its own monitors: requests and connections (facts A.4, D.1 and E)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tidegate.aliyun.answers import Body, listed
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import GATEWAY
from tidegate.aliyun.errors import Unreadable
from tidegate.aliyun.instants import as_text, instant, rounded_up
from tidegate.aliyun.permission import Permission
from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.reading import Spec
from tidegate.products.points import SPAN, Point, Question, Unmeasured, counted, measured, newest, peak
from tidegate.products.specs import GATEWAY_SPECS

INSTANCE = "acs:apigateway:{region}:{account}:instance/{instance}"
PERMISSIONS = (
    Permission("apigateway:DescribeInstanceQps", INSTANCE),
    Permission("apigateway:DescribeInstanceSlbConnect", INSTANCE),
)

QPS = "qps"
"""The one metric that a policy may name."""
LOOKS_BACK = timedelta(hours=2)
"""How far back the newest figure is looked for, as CloudMonitor does: its age says more than that there is none."""
AT_ONCE, ACTIVE, IDLE = "InstanceMaxConnection", "InstanceActiveConnection", "InstanceInactiveConnection"
STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
    "Value": lambda values: values[-1],
}


class GatewayLoad:
    """Reads how gateways are used."""

    def __init__(self, aliyun: Aliyun, now: Callable[[], datetime]) -> None:
        self._aliyun, self._now = aliyun, now

    def measure(self, instance_id: str, confirm: Confirm) -> Measure:
        """Read the requests per second of the newest period; each minute has one figure."""
        return measured(confirm.metric, lambda: self._newest(instance_id, confirm))

    def usage(self, instance_id: str, spec: Spec, over: timedelta) -> Usage:
        """Find the peaks of requests and connections, against what the vendor's list says of the spec."""
        name = str(spec.get("InstanceSpec"))
        sold = GATEWAY_SPECS.get(name)
        if sold is None:
            return Usage(trouble=f"{name} is not on the vendor's list, so what it has is not known")
        return counted(
            [
                Question("peak RPS", sold.rps, lambda: self._peak_rps(instance_id, over)),
                Question("connections", sold.connections, lambda: self._connections(instance_id, over)),
            ]
        )

    def _newest(self, instance_id: str, confirm: Confirm) -> Point:
        if confirm.metric != QPS:
            raise Unmeasured(f"of a gateway only `{QPS}` is known")
        now = self._now()
        since = now - max(confirm.within, LOOKS_BACK) - confirm.period - SPAN
        points = self._requests(instance_id, since, now)
        last = newest(points, QPS, SPAN, now, confirm.within)
        inside = [point for point in points if point.at > last.at - confirm.period]
        values = [point.value for point in sorted(inside, key=lambda point: point.at)]
        return Point(last.at, STATISTICS[confirm.statistic](values))

    def _peak_rps(self, instance_id: str, over: timedelta) -> int:
        now = self._now()
        return peak(self._requests(instance_id, now - over - SPAN, now), QPS, now, over)

    def _connections(self, instance_id: str, over: timedelta) -> int:
        now = self._now()
        window = self._window(instance_id, now - over - SPAN, now)
        body = self._aliyun.call(GATEWAY, "DescribeInstanceSlbConnect", {**window, "SbcName": "Maximum"}, read=True)
        return peak(_at_once(listed(body, "InstanceSlbConnect", "MonitorItem")), "connections", now, over)

    def _requests(self, instance_id: str, since: datetime, until: datetime) -> list[Point]:
        window = self._window(instance_id, since, until)
        body = self._aliyun.call(GATEWAY, "DescribeInstanceQps", {**window, "StageName": "RELEASE"}, read=True)
        return [_point(item) for item in listed(body, "InstanceQps", "MonitorItem")]

    def _window(self, instance_id: str, since: datetime, until: datetime) -> dict[str, str]:
        return {"InstanceId": instance_id, "StartTime": as_text(since), "EndTime": as_text(rounded_up(until))}


def _at_once(items: Iterable[Body]) -> list[Point]:
    """Give the connections of each minute: the vendor's own figure for all at once, or else active and idle ones."""
    by_name: dict[str, list[Point]] = {}
    for item in items:
        by_name.setdefault(str(item.get("Item") or AT_ONCE), []).append(_point(item))
    if AT_ONCE in by_name:
        return by_name[AT_ONCE]
    idle = {point.at: point.value for point in by_name.get(IDLE, [])}
    return [Point(point.at, point.value + idle[point.at]) for point in by_name.get(ACTIVE, []) if point.at in idle]


def _point(item: Mapping[str, Any]) -> Point:
    """Read one figure: texts, which may end in a line end (fact A.4)."""
    try:
        at, value = instant(str(item["ItemTime"])), float(item["ItemValue"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Unreadable("MonitorItem", f"not a figure with its time: {str(dict(item))[:100]}") from error
    if not math.isfinite(value):
        raise Unreadable("MonitorItem", f"not a figure: {value}")
    return Point(at, value)
