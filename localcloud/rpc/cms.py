"""CloudMonitor, `Cms` 2019-01-01: what was measured of the RabbitMQ instances (facts A.0 and E)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from localcloud.rpc.estate import Estate, Kept
from localcloud.rpc.load import Figure, Load, measured_until, spans
from localcloud.rpc.operation import ApiError, Caller, Parameters, RpcProduct
from localcloud.rpc.parameters import TIME_FORM, read_time
from localcloud.rpc.rules import Rules
from localcloud.rpc.schema import operation, version
from localcloud.world import Usage

PRODUCT, NAMESPACE = "Cms", "acs_amqp"
INVALID = "ParameterInvalid"
PERIODS_S = (15, 60, 300, 900, 3600)
USUAL_PERIOD_S = 60
USUAL_LENGTH, MOST_POINTS = 1000, 1440
MOST_INSTANCES = 50
LONGEST = timedelta(days=31)


@dataclass(frozen=True)
class Metric:
    """How a metric follows from what an instance is used for."""

    figure: Callable[[Usage], int]
    is_peak: bool = False
    """Whether its value is the highest of the period, and not the one at its end."""


METRICS: Mapping[str, Metric] = {
    # The vendor's spelling.
    "InstanceMaxTpsInMiunte": Metric(lambda usage: usage.tps, is_peak=True),
    # A message that passes through comes in once and goes out once.
    "InstanceTPSIn": Metric(lambda usage: usage.tps // 2),
    "InstanceTPSOut": Metric(lambda usage: usage.tps - usage.tps // 2),
    "InstanceConnections": Metric(lambda usage: usage.connections),
    "InstanceChannelsNew": Metric(lambda usage: usage.connections),
    "InstanceConsumers": Metric(lambda usage: usage.queues),
}
"""One channel a connection and one consumer a queue: the world file does not say more."""


@dataclass(frozen=True)
class Query:
    """What is asked for: one metric of some instances, in a window without its beginning and with its end."""

    metric: Metric
    instances: tuple[Kept, ...]
    period: timedelta
    since: datetime
    until: datetime
    now: datetime


class Cms:
    """The metrics of the account's instances and the rules that watch them, by the vendor's API."""

    def __init__(self, estate: Estate, load: Load, account_id: str, rules: Rules | None = None) -> None:
        self._estate, self._load, self._account_id, self._rules = estate, load, account_id, rules

    def product(self) -> RpcProduct:
        """Give the product for the front door. RAM names the actions as an older API did, and scopes neither."""
        operations = {
            "DescribeMetricLast": operation(
                PRODUCT, "DescribeMetricLast", self.newest, lambda _: ("cms:QueryMetricLast", "*")
            ),
            "DescribeMetricList": operation(
                PRODUCT, "DescribeMetricList", self.all, lambda _: ("cms:QueryMetricList", "*")
            ),
            **(self._rules.operations() if self._rules else {}),
        }
        return RpcProduct(PRODUCT, version(PRODUCT), operations, invalid_code=INVALID)

    def newest(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read the newest point of each instance, of the last hours at most."""
        query = self._query("DescribeMetricLast", parameters, caller)
        newest = {kept.instance_id: (at, kept) for at, kept in self._moments(query)}
        return self._page(query, parameters, list(newest.values()))

    def all(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read every point of a window, the oldest first."""
        query = self._query("DescribeMetricList", parameters, caller)
        if query.until - query.since > LONGEST:
            raise invalid("EndTime", f"at most {LONGEST.days} days after StartTime")
        return self._page(query, parameters, self._moments(query))

    def _query(self, action: str, parameters: Parameters, caller: Caller) -> Query:
        if parameters["Namespace"] != NAMESPACE or parameters["MetricName"] not in METRICS:
            raise ApiError("ResourceNotFound", "The specified resource is not found.", 404)
        wanted = instances_in(parameters.get("Dimensions", ""))
        now = self._estate.seen_at(action, wanted[0] if wanted else "")
        period = timedelta(seconds=chosen(parameters, "Period", PERIODS_S, USUAL_PERIOD_S))
        until = moment_of(parameters, "EndTime") or now
        since = moment_of(parameters, "StartTime") or until - reach(period)
        if since >= until:
            raise invalid("StartTime", "earlier than EndTime")
        if action == "DescribeMetricLast":
            since = max(since, until - reach(period))
        ours = self._estate.all("rabbitmq", caller.region)
        kept = [one for one in ours if not wanted or one.instance_id in wanted]
        return Query(METRICS[parameters["MetricName"]], tuple(kept), period, since, until, now)

    def _moments(self, query: Query) -> list[tuple[datetime, Kept]]:
        """Give when there are points, and whose, in order of time."""
        found = []
        for kept in query.instances:
            measured = measured_until(self._estate.behaviour(kept.instance_id), query.now)
            if measured is not None:
                since = max(query.since, query.now - kept_for(query.period))
                found += [(at, kept) for at in spans(since, query.until, query.period, measured)]
        return sorted(found, key=lambda pair: (pair[0], pair[1].instance_id))

    def _page(self, query: Query, parameters: Parameters, moments: list[tuple[datetime, Kept]]) -> Mapping[str, Any]:
        length = chosen(parameters, "Length", range(1, MOST_POINTS + 1), USUAL_LENGTH)
        start = chosen(parameters, "NextToken", range(len(moments) + 1), 0)
        points = [self._point(query, at, kept) for at, kept in moments[start : start + length]]
        reply = {
            "Code": "200",
            "Success": True,
            "Period": f"{query.period.total_seconds():.0f}",
            # A list inside a text, unlike in the page's own sample.
            "Datapoints": json.dumps(points),
        }
        following = start + length
        return {**reply, "NextToken": str(following)} if following < len(moments) else reply

    def _point(self, query: Query, at: datetime, kept: Kept) -> dict[str, Any]:
        figure = self._load.over(kept, at, at + query.period, query.metric.figure)
        every = self._estate.behaviour(kept.instance_id).metric_statistics == "all"
        return {
            "timestamp": int(at.timestamp()) * 1000,
            "userId": self._account_id,
            "instanceId": kept.instance_id,
            **(statistics(figure) if every else {"Value": figure.high if query.metric.is_peak else figure.last}),
        }


def statistics(figure: Figure) -> dict[str, float]:
    """Give the three statistics that most of the vendor's metrics have."""
    return {"Minimum": figure.low, "Average": figure.mean, "Maximum": figure.high}


def reach(period: timedelta) -> timedelta:
    """Give how far back the newest point is looked for."""
    if period < timedelta(minutes=1):
        return timedelta(minutes=20)
    return timedelta(hours=2) if period < timedelta(hours=1) else timedelta(days=2)


def kept_for(period: timedelta) -> timedelta:
    """Give how long points are kept."""
    if period < timedelta(minutes=1):
        return timedelta(days=7)
    return timedelta(days=31) if period < timedelta(minutes=5) else timedelta(days=91)


def instances_in(dimensions: str) -> list[str]:
    """Read the instances that are asked for: a JSON array of objects, or one object; no text means every instance."""
    try:
        given = json.loads(dimensions or "[]")
    except ValueError:
        raise invalid("Dimensions", "JSON") from None
    entries = given if isinstance(given, list) else [given]
    if not all(isinstance(entry, dict) and set(entry) <= {"userId", "regionId", "instanceId"} for entry in entries):
        raise invalid("Dimensions", "objects with instanceId, and userId or regionId at most")
    if len(entries) > MOST_INSTANCES:
        raise invalid("Dimensions", f"at most {MOST_INSTANCES} instances")
    return [str(entry["instanceId"]) for entry in entries if "instanceId" in entry]


def moment_of(parameters: Parameters, name: str) -> datetime | None:
    """Read a time: milliseconds, or UTC with a Z. The vendor's third form says no zone, so nobody should use it."""
    text = parameters.get(name, "")
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, timezone.utc)
        return read_time(text) if text else None
    except (ValueError, OverflowError):
        raise invalid(name, f"milliseconds since 1970, or {TIME_FORM}") from None


def chosen(parameters: Parameters, name: str, among: tuple[int, ...] | range, usual: int) -> int:
    """Read a whole number, which comes as a text here, and must be one of those that are taken."""
    text = str(parameters.get(name) or usual)
    if not text.isdecimal() or int(text) not in among:
        raise invalid(name, f"between {among[0]} and {among[-1]}" if isinstance(among, range) else f"one of {among}")
    return int(text)


def invalid(name: str, expected: str) -> ApiError:
    """Refuse a value and say what was expected."""
    return ApiError(INVALID, f"The specified parameter {name} is not valid: it must be {expected}.")
