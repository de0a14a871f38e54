"""CloudMonitor: points that follow what the instances are used for, also what they were used for before."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.cloud import Cloud
from localcloud.drawer import Cabinet
from localcloud.identity import Keys
from localcloud.world import World

MQ, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
OURS = json.dumps([{"instanceId": MQ}])
PEAK = {"Namespace": "acs_amqp", "MetricName": "InstanceMaxTpsInMiunte", "Dimensions": OURS}
REGIONS = ("cn-beijing", "cn-hangzhou")
HOUR = {"StartTime": "2026-03-02T11:00:00Z", "EndTime": "2026-03-02T12:00:00Z"}


def ms(at: datetime) -> int:
    """Milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def points(reply: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of an answer, which are a text."""
    assert isinstance(reply["Datapoints"], str), reply
    read: list[dict[str, Any]] = json.loads(reply["Datapoints"])
    return read


def values(reply: dict[str, Any]) -> list[float]:
    """The single figures of an answer's points."""
    return [point["Value"] for point in points(reply)]


def use(sim: Any, **usage: int) -> None:
    """Load the instance differently."""
    assert sim.console("POST", f"instances/{MQ}/usage", **usage)["status"] == 200


def test_the_newest_point_is_of_the_last_whole_minute(sim: Any) -> None:
    sim.advance(seconds=30)
    reply = sim.ask("DescribeMetricLast", **PEAK)
    assert (reply["Code"], reply["Success"], reply["Period"]) == ("200", True, "60")
    at = ms(NOON - timedelta(minutes=1))
    assert points(reply) == [{"timestamp": at, "userId": "1234567890123456", "instanceId": MQ, "Value": 2500}]


def test_a_list_leaves_out_its_beginning_and_has_its_end(sim: Any) -> None:
    sim.advance(minutes=1)
    listed = points(sim.ask("DescribeMetricList", **PEAK, **HOUR))
    assert [listed[0]["timestamp"], listed[-1]["timestamp"]] == [ms(NOON - timedelta(minutes=59)), ms(NOON)]
    assert len(listed) == 60


def test_a_peak_is_found_when_it_is_long_over(sim: Any) -> None:
    use(sim, tps=7000)
    sim.advance(seconds=20)
    use(sim, tps=100)
    sim.advance(minutes=50)
    window = {"StartTime": ms(NOON - timedelta(minutes=10)), "EndTime": ms(NOON + timedelta(minutes=50))}
    figures = values(sim.ask("DescribeMetricList", **PEAK, **window))
    assert (max(figures), figures.count(7000), figures[0], figures[-1]) == (7000, 1, 2500, 100)
    assert values(sim.ask("DescribeMetricLast", **PEAK)) == [100]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("InstanceMaxTpsInMiunte", 7000),
        ("InstanceTPSIn", 1500),
        ("InstanceTPSOut", 1501),
        ("InstanceConnections", 900),
        ("InstanceChannelsNew", 900),
        ("InstanceConsumers", 40),
    ],
)
def test_each_metric_shows_its_part_of_what_the_instance_is_used_for(sim: Any, metric: str, expected: int) -> None:
    """The peak is the highest of the minute, the others are what they are at its end."""
    use(sim, tps=7000)
    sim.advance(seconds=30)
    use(sim, tps=3001, connections=900, queues=40)
    sim.advance(seconds=30)
    assert values(sim.ask("DescribeMetricLast", **{**PEAK, "MetricName": metric})) == [expected]


def test_other_metrics_than_these_have_three_statistics(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"metric_statistics": "all"})
    use(sim, tps=4000)
    sim.advance(seconds=15)
    use(sim, tps=1000)
    sim.advance(seconds=45)
    (point,) = points(sim.ask("DescribeMetricLast", **PEAK))
    assert (point["Minimum"], point["Average"], point["Maximum"]) == (1000, 1750, 4000)
    assert "Value" not in point


def test_a_longer_period_has_fewer_points_each_with_the_peak_of_its_own(sim: Any) -> None:
    sim.advance(minutes=2)
    use(sim, tps=7000)
    sim.advance(minutes=1)
    use(sim, tps=100)
    sim.advance(minutes=7)
    window = {"StartTime": ms(NOON - timedelta(seconds=1)), "EndTime": ms(NOON + timedelta(minutes=10))}
    assert values(sim.ask("DescribeMetricList", Period="300", **PEAK, **window)) == [7000, 100]


def test_points_are_read_by_pages(sim: Any) -> None:
    seen: list[float] = []
    more: dict[str, Any] = {}
    for _ in range(3):
        reply = sim.ask("DescribeMetricList", Length="25", **PEAK, **HOUR, **more)
        seen += [point["timestamp"] for point in points(reply)]
        more = {"NextToken": reply["NextToken"]} if "NextToken" in reply else {}
    assert not more
    assert seen == [ms(NOON - timedelta(minutes=left)) for left in range(59, 0, -1)]


@pytest.mark.parametrize(("asked", "count"), [({}, 2), ({"Dimensions": "{}"}, 2), ({"Dimensions": OURS}, 1)])
def test_without_an_instance_every_instance_of_the_product_is_shown(
    simulate: Callable[..., Any], asked: dict[str, str], count: int
) -> None:
    instances = [{"product": "rabbitmq", "instance_id": name} for name in (MQ, "amqp-cn-other")]
    sim = simulate(instances=[*instances, {"product": "apigateway", "instance_id": GATEWAY}])
    ask = {"Namespace": "acs_amqp", "MetricName": "InstanceConnections", **asked}
    assert len(points(sim.ask("DescribeMetricLast", **ask))) == count


@pytest.mark.parametrize("instance_id", ["amqp-cn-nobody", GATEWAY])
def test_an_instance_that_nobody_measures_has_no_points_and_is_no_error(sim: Any, instance_id: str) -> None:
    reply = sim.ask("DescribeMetricLast", **{**PEAK, "Dimensions": json.dumps([{"instanceId": instance_id}])})
    assert (reply["status"], points(reply)) == (200, [])


def test_an_instance_is_measured_in_its_own_region_only(simulate: Callable[..., Any]) -> None:
    sim = simulate(instances=[{"product": "rabbitmq", "instance_id": MQ, "region": "cn-beijing"}])
    counts = {region: len(points(sim.ask("DescribeMetricLast", RegionId=region, **PEAK))) for region in REGIONS}
    assert counts == {"cn-beijing": 1, "cn-hangzhou": 0}


def test_points_may_be_withheld(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"metrics": "empty"})
    assert points(sim.ask("DescribeMetricLast", **PEAK)) == []
    assert points(sim.ask("DescribeMetricList", **PEAK, **HOUR)) == []


def test_points_may_come_late(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"metrics": "late"})
    (newest,) = points(sim.ask("DescribeMetricLast", **PEAK))
    assert newest["timestamp"] == ms(NOON - timedelta(minutes=31))
    assert len(points(sim.ask("DescribeMetricList", **PEAK, **HOUR))) == 29


def test_points_are_kept_for_a_month_and_no_longer(sim: Any) -> None:
    long_ago = {"StartTime": ms(NOON - timedelta(days=33)), "EndTime": ms(NOON - timedelta(days=30))}
    listed = points(sim.ask("DescribeMetricList", Length="1440", **PEAK, **long_ago))
    assert listed[0]["timestamp"] == ms(NOON - timedelta(days=31) + timedelta(minutes=1))


def test_the_newest_point_is_looked_for_in_two_hours_only(sim: Any) -> None:
    old = {"StartTime": ms(NOON - timedelta(days=2)), "EndTime": ms(NOON - timedelta(days=1))}
    (newest,) = points(sim.ask("DescribeMetricLast", **PEAK, **old))
    assert newest["timestamp"] == ms(NOON - timedelta(days=1))
    ahead = {"StartTime": ms(NOON - timedelta(days=2)), "EndTime": ms(NOON + timedelta(hours=3))}
    assert points(sim.ask("DescribeMetricLast", **PEAK, **ahead)) == []


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"Namespace": "acs_rabbitmq"}, 404, "ResourceNotFound"),
        ({"MetricName": "InstanceMaxTpsInMinute"}, 404, "ResourceNotFound"),
        ({"MetricName": ""}, 400, "MissingParameter"),
        ({"Period": "61"}, 400, "ParameterInvalid"),
        ({"Period": "1m"}, 400, "ParameterInvalid"),
        ({"Length": "1441"}, 400, "ParameterInvalid"),
        ({"Length": "0"}, 400, "ParameterInvalid"),
        ({"NextToken": "61"}, 400, "ParameterInvalid"),
        ({"NextToken": "next"}, 400, "ParameterInvalid"),
        ({"Dimensions": "instanceId"}, 400, "ParameterInvalid"),
        ({"Dimensions": '["amqp"]'}, 400, "ParameterInvalid"),
        ({"Dimensions": '[{"vhostName": "/"}]'}, 400, "ParameterInvalid"),
        ({"Dimensions": json.dumps([{"instanceId": str(number)} for number in range(51)])}, 400, "ParameterInvalid"),
        ({"StartTime": "2026-03-02 11:00:00"}, 400, "ParameterInvalid"),
        ({"StartTime": "9" * 30}, 400, "ParameterInvalid"),
        ({"StartTime": "2026-03-02T12:00:00Z"}, 400, "ParameterInvalid"),
        ({"StartTime": "2026-01-02T12:00:00Z"}, 400, "ParameterInvalid"),
        ({"Statistics": "Maximum"}, 400, "ParameterInvalid"),
    ],
)
def test_a_wrong_question_is_refused(sim: Any, parameters: dict[str, str], status: int, code: str) -> None:
    reply = sim.ask("DescribeMetricList", **{**PEAK, **HOUR, **parameters})
    assert (reply["status"], reply["Code"]) == (status, code)


def keys_for(sim: Any, action: str) -> Keys:
    """The key of somebody who may do this one thing."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    keys: Keys = sim.cloud.identity.create_user("reader", [{"Version": "1", "Statement": [statement]}])
    return keys


@pytest.mark.parametrize(
    ("action", "granted"),
    [("DescribeMetricLast", "cms:QueryMetricLast"), ("DescribeMetricList", "cms:QueryMetricList")],
)
def test_the_permission_goes_by_the_name_of_an_older_action(sim: Any, action: str, granted: str) -> None:
    assert sim.ask(action, keys=keys_for(sim, granted), **PEAK)["status"] == 200
    refused = sim.ask(action, keys=keys_for(sim, f"cms:{action}"), **PEAK)
    assert (refused["status"], refused["Code"]) == (403, "AccessForbidden")


def test_more_than_fifty_calls_a_second_are_throttled(sim: Any) -> None:
    replies = [sim.ask("DescribeMetricLast", **PEAK) for _ in range(51)]
    assert [reply["status"] for reply in replies[:50]] == [200] * 50
    assert (replies[50]["status"], replies[50]["Code"]) == (400, "Throttling.User")


def test_a_fault_strikes_the_reads_of_one_instance(sim: Any) -> None:
    sim.console("POST", "faults", call="DescribeMetric*", do="error-before", instance=MQ)
    other = json.dumps([{"instanceId": "amqp-cn-other"}])
    assert sim.ask("DescribeMetricLast", **{**PEAK, "Dimensions": other})["status"] == 200
    assert sim.ask("DescribeMetricLast", **PEAK)["status"] == 500
    assert [entry["instance"] for entry in sim.console("GET", "calls")["calls"]] == ["amqp-cn-other", MQ]


def test_a_stale_read_shows_what_was_newest_then(sim: Any) -> None:
    sim.console("POST", "faults", call="DescribeMetricLast", do="stale-read", age="15m")
    (newest,) = points(sim.ask("DescribeMetricLast", **PEAK))
    assert newest["timestamp"] == ms(NOON - timedelta(minutes=16))


def test_what_an_instance_was_used_for_outlives_the_process(tmp_path: Path) -> None:
    world = World.model_validate({"start": NOON, "instances": [{"product": "rabbitmq", "instance_id": MQ}]})
    first = Cloud(world, Cabinet(tmp_path), Clock(NOON, 0))
    first.load.change(first.estate.known(MQ), {"tps": 7000})
    first.cabinet.close()
    again = Cloud(world, Cabinet(tmp_path), Clock(NOON + timedelta(hours=1), 0))
    kept = again.estate.known(MQ)
    assert again.load.at(kept, NOON - timedelta(seconds=1)).tps == 0
    assert again.load.at(kept, NOON).tps == 7000
    again.cabinet.close()
