"""RabbitMQ: whether a metric bears an alert out, and whether a smaller spec would do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from localcloud.faults import Fault
from tidegate.aliyun import metrics
from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Use
from tidegate.products.rabbitmq import PERMISSIONS, RabbitMq

RABBIT = "amqp-cn-demo0001"
LOADED = {"usage": {"queues": 120, "connections": 800, "tps": 2500}}
SMALL = {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 1000, "SupportEip": True}
HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
PEAK = "InstanceMaxTpsInMiunte"
FITS = (Use("queues", 120, 200), Use("connections", 800, 1000), Use("peak TPS", 2500, 3000))


def confirm(metric: str = PEAK, **fields: Any) -> Confirm:
    return Confirm.model_validate({"metric": metric, "above": 2000, **fields})


def rabbit(server: Any, aliyun: Any) -> RabbitMq:
    return RabbitMq(aliyun, lambda: server.run(server.cloud.clock.now))


def strike(server: Any, call: str, **fault: Any) -> None:
    server.run(lambda: server.cloud.faults.add(Fault(call=call, **fault)))


@pytest.mark.parametrize(("tps", "borne_out"), [(2500, True), (1900, False)])
def test_a_metric_bears_an_alert_out_or_does_not(
    cloud: Callable[..., Any], used: Callable[..., None], tps: int, *, borne_out: bool
) -> None:
    server, aliyun = cloud(LOADED)
    used(server, RABBIT, tps=tps)
    measure = rabbit(server, aliyun).measure(RABBIT, confirm())
    assert (measure.metric, measure.value, measure.trouble) == (PEAK, tps, "")
    assert measure.value is not None
    assert (measure.value > confirm().above) is borne_out
    assert server.run(server.cloud.clock.now) - measure.at < timedelta(minutes=2)


@pytest.mark.parametrize(
    ("metric", "value"), [("InstanceConnections", 800), ("InstanceTPSIn", 1250), ("InstanceConsumers", 120)]
)
def test_any_metric_of_the_instance_can_be_named(cloud: Callable[..., Any], metric: str, value: float) -> None:
    server, aliyun = cloud(LOADED)
    assert rabbit(server, aliyun).measure(RABBIT, confirm(metric)).value == value


@pytest.mark.parametrize(
    ("statistic", "value"), [("Maximum", 4000), ("Minimum", 2500), ("Average", pytest.approx(2875, abs=100))]
)
def test_where_a_metric_has_statistics_the_named_one_counts(
    cloud: Callable[..., Any], used: Callable[..., None], statistic: str, value: float
) -> None:
    server, aliyun = cloud(LOADED, metric_statistics="all")
    now = server.run(server.cloud.clock.now).timestamp()
    server.advance(300 - now % 300 + 1)
    server.advance(224)
    used(server, RABBIT, tps=4000)
    measure = rabbit(server, aliyun).measure(RABBIT, confirm(statistic=statistic, period="5m"))
    assert measure.value == value


@pytest.mark.parametrize("statistic", ["Maximum", "Minimum", "Average", "Value"])
def test_the_single_figure_of_a_metric_stands_for_every_statistic(cloud: Callable[..., Any], statistic: str) -> None:
    server, aliyun = cloud(LOADED)
    assert rabbit(server, aliyun).measure(RABBIT, confirm(statistic=statistic)).value == 2500


@pytest.mark.parametrize(("shown", "asked"), [("value", "Sum"), ("all", "Sum"), ("all", "Value")])
def test_a_statistic_that_a_metric_has_not_is_not_guessed(cloud: Callable[..., Any], shown: str, asked: str) -> None:
    server, aliyun = cloud(LOADED, metric_statistics=shown)
    measure = rabbit(server, aliyun).measure(RABBIT, confirm(statistic=asked))
    assert measure.value is None
    assert measure.trouble.startswith(f"{PEAK} has no {asked}, only ")


def test_a_stale_point_is_no_value(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED, metrics="late")
    measure = rabbit(server, aliyun).measure(RABBIT, confirm())
    assert measure.value is None
    assert measure.trouble.startswith(f"the newest point of {PEAK} is 30m")
    assert rabbit(server, aliyun).measure(RABBIT, confirm(within="1h")).value == 2500


def test_no_points_are_no_zero(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED, metrics="empty")
    measure = rabbit(server, aliyun).measure(RABBIT, confirm())
    assert (measure.value, measure.trouble) == (None, f"no points of {PEAK} in the last 10m")


def test_a_metric_that_nobody_measures_is_said(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud()
    measure = rabbit(server, aliyun).measure(RABBIT, confirm("InstanceMaxTpsInMinute"))
    assert (measure.value, measure.trouble) == (None, "ResourceNotFound: The specified resource is not found.")


def test_a_refused_read_says_what_to_do(cloud: Callable[..., Any], limited: Callable[..., Any]) -> None:
    server, _ = cloud(LOADED)
    mq = rabbit(server, limited(server, *PERMISSIONS))
    measure = mq.measure(RABBIT, confirm())
    advice = "AccessForbidden: grant the missing permission to the identity that Tidegate runs as"
    assert (measure.value, measure.trouble) == (None, advice)
    usage = mq.usage(RABBIT, SMALL, HOUR)
    assert usage.uses == FITS[:1]
    assert usage.trouble == f"connections and peak TPS could not be read ({advice})"


def test_the_declared_permissions_suffice_and_each_is_needed(
    cloud: Callable[..., Any], limited: Callable[..., Any]
) -> None:
    server, _ = cloud(LOADED)
    needed = (*PERMISSIONS, *metrics.PERMISSIONS)
    mq = rabbit(server, limited(server, *needed))
    assert mq.measure(RABBIT, confirm()).value == 2500
    assert mq.usage(RABBIT, SMALL, HOUR).trouble == ""
    for without in (*metrics.PERMISSIONS, PERMISSIONS[1]):
        fewer = rabbit(server, limited(server, *(each for each in needed if each != without)))
        assert fewer.measure(RABBIT, confirm()).trouble + fewer.usage(RABBIT, SMALL, HOUR).trouble, without


def test_a_throttled_read_is_asked_again(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED)
    strike(server, "DescribeMetric*", do="throttle", times=2)
    assert rabbit(server, aliyun).measure(RABBIT, confirm()).value == 2500


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"do": "lost-reply"}, "SDK.HttpError"),
        ({"do": "error-before"}, "InternalError"),
        ({"do": "throttle"}, "Throttling.User"),
    ],
)
def test_a_read_that_goes_on_failing_is_trouble_and_never_raises(
    cloud: Callable[..., Any], fault: dict[str, Any], word: str
) -> None:
    server, aliyun = cloud(LOADED)
    strike(server, "DescribeMetric*", times=None, instance=RABBIT, **fault)
    measure = rabbit(server, aliyun).measure(RABBIT, confirm())
    assert measure.value is None
    assert measure.trouble.startswith(word)
    usage = rabbit(server, aliyun).usage(RABBIT, SMALL, HOUR)
    assert usage.uses == FITS[:1]
    assert usage.trouble.startswith(f"connections and peak TPS could not be read ({word}")


def test_a_silent_vendor_is_asked_for_one_figure_only(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED)
    strike(server, "GetMetadataAmount", do="lost-reply", times=None)
    usage = rabbit(server, aliyun).usage(RABBIT, SMALL, HOUR)
    assert usage.uses == ()
    assert usage.trouble.startswith("queues and connections and peak TPS could not be read (SDK.HttpError")
    assert {call["action"] for call in server.run(server.cloud.door.calls.listed)} == {"GetMetadataAmount"}


def test_usage_that_fits_is_given_with_what_the_spec_has(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED)
    usage = rabbit(server, aliyun).usage(RABBIT, SMALL, HOUR)
    assert (usage.uses, usage.trouble) == (FITS, "")
    assert usage.says() == "queues 120 of 200, connections 800 of 1000, peak TPS 2500 of 3000"


def test_usage_that_does_not_fit_is_given_likewise(cloud: Callable[..., Any], used: Callable[..., None]) -> None:
    server, aliyun = cloud(LOADED)
    used(server, RABBIT, queues=201, connections=4000, tps=8000)
    usage = rabbit(server, aliyun).usage(RABBIT, SMALL, HOUR)
    assert usage.uses == (Use("queues", 201, 200), Use("connections", 4000, 1000), Use("peak TPS", 8000, 3000))


def test_a_peak_within_the_window_counts_although_it_is_over(
    cloud: Callable[..., Any], used: Callable[..., None]
) -> None:
    """Queues are counted as they are now: what is gone does not come back by itself."""
    server, aliyun = cloud(LOADED)
    used(server, RABBIT, queues=180, connections=1500, tps=7000)
    used(server, RABBIT, queues=10, connections=20, tps=30)
    server.advance(50 * 60)
    mq = rabbit(server, aliyun)
    assert mq.usage(RABBIT, SMALL, HOUR).says() == "queues 10 of 200, connections 1500 of 1000, peak TPS 7000 of 3000"
    assert mq.measure(RABBIT, confirm()).value == 30
    server.advance(15 * 60)
    assert mq.usage(RABBIT, SMALL, HOUR).says() == "queues 10 of 200, connections 20 of 1000, peak TPS 30 of 3000"


def test_a_day_of_minutes_is_read_to_its_end(cloud: Callable[..., Any], used: Callable[..., None]) -> None:
    server, aliyun = cloud(LOADED)
    used(server, RABBIT, tps=7000)
    used(server, RABBIT, tps=30)
    day = rabbit(server, aliyun).usage(RABBIT, {"MaxPrivateTps": 3000}, timedelta(days=1))
    assert day.uses == (Use("peak TPS", 7000, 3000),)
    assert len(server.run(lambda: server.cloud.door.calls.listed("DescribeMetricList"))) == 2


@pytest.mark.parametrize("statistics", ["value", "all"])
def test_a_peak_is_found_in_either_kind_of_statistics(
    cloud: Callable[..., Any], used: Callable[..., None], statistics: str
) -> None:
    server, aliyun = cloud(LOADED, metric_statistics=statistics)
    used(server, RABBIT, tps=7000)
    assert rabbit(server, aliyun).usage(RABBIT, {"MaxPrivateTps": 3000}, HOUR).uses[0].used == 7000


def test_what_the_spec_has_no_figure_for_is_left_out(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED)
    usage = rabbit(server, aliyun).usage(RABBIT, {"SupportEip": True, "ProvisionedCapacity": 2000}, HOUR)
    assert (usage.uses, usage.trouble) == ((), "")
    assert server.run(server.cloud.door.calls.listed) == []


def test_no_points_are_no_proof_that_a_smaller_spec_would_do(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED, metrics="empty")
    usage = rabbit(server, aliyun).usage(RABBIT, SMALL, HOUR)
    assert usage.uses == FITS[:1]
    assert usage.trouble == (
        "connections could not be read (no points of InstanceConnections in the last 1h); "
        f"peak TPS could not be read (no points of {PEAK} in the last 1h)"
    )


def test_a_peak_of_a_window_whose_end_is_not_measured_yet_is_not_known(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED, metrics="late")
    usage = rabbit(server, aliyun).usage(RABBIT, {"MaxPrivateTps": 3000}, HOUR)
    assert usage.uses == ()
    assert f"no points of {PEAK} from " in usage.trouble


def test_an_instance_that_is_not_there_is_trouble(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(LOADED)
    usage = rabbit(server, aliyun).usage("amqp-cn-nobody", {"QueueCapacity": 200}, HOUR)
    assert usage.trouble.startswith("queues could not be read (InstanceNotExist")


def answer(points: Any) -> dict[str, Any]:
    return {"Code": "200", "Success": True, "RequestId": "R", "Datapoints": points}


def point(**fields: Any) -> dict[str, Any]:
    return {"timestamp": int(NOON.timestamp() * 1000), "instanceId": RABBIT, "Value": 2500, **fields}


def measured_from(told: Any, points: Any) -> Any:
    return RabbitMq(told(answer(points)), lambda: NOON).measure(RABBIT, confirm())


@pytest.mark.parametrize(
    "points",
    [
        json.dumps([point()]),
        [point()],
        json.dumps([point(timestamp="1772625600000", Value="2500.0")]),
        json.dumps([point(timestamp=1772625600000.0)]),
        json.dumps([point(instanceId="amqp-cn-other", Value=1), point()]),
    ],
    ids=["a text", "a list", "figures in texts", "a fraction", "another instance's too"],
)
def test_points_are_read_in_every_form_that_a_sample_has(told: Any, points: Any) -> None:
    measure = measured_from(told, points)
    assert (measure.value, measure.at) == (2500, NOON)


@pytest.mark.parametrize(
    "points",
    [
        "no JSON",
        '{"timestamp": 1}',
        "[1]",
        "true",
        "null",
        json.dumps([point(timestamp=None)]),
        json.dumps([point(timestamp="noon")]),
        json.dumps([point(timestamp=1e30)]),
        json.dumps([point(Value="many")]),
        json.dumps([point(Value=float("nan"))]),
        json.dumps([point(Value=float("inf"))]),
        json.dumps([point(Value=[1])]),
        json.dumps([point(Value=None)]),
    ],
)
def test_points_that_cannot_be_read_are_trouble(told: Any, points: Any) -> None:
    measure = measured_from(told, points)
    assert measure.value is None
    assert measure.trouble.startswith("Datapoints: not the points of a metric")


@pytest.mark.parametrize("points", [None, "", "[]", [], json.dumps([point(instanceId="amqp-cn-other")])])
def test_an_empty_answer_is_never_zero(told: Any, points: Any) -> None:
    measure = measured_from(told, points)
    assert (measure.value, measure.trouble) == (None, f"no points of {PEAK} in the last 10m")


def test_a_peak_is_no_average(told: Any) -> None:
    noon = int(NOON.timestamp() * 1000)
    shown = {"Value": None, "Average": 10, "Maximum": 70, "Minimum": 1}
    points = [point(timestamp=noon - minutes * 60_000, **shown) for minutes in range(1, 61)]
    usage = RabbitMq(told(answer(json.dumps(points))), lambda: NOON).usage(RABBIT, {"MaxConnections": 1000}, HOUR)
    assert usage.uses == (Use("connections", 70, 1000),)


def test_figures_of_the_parts_of_an_instance_are_not_its_own(told: Any) -> None:
    parts = [point(vhostName="a", Value=1), point(vhostName="b", Value=9000)]
    measure = measured_from(told, json.dumps(parts))
    assert measure.value is None
    assert measure.trouble == f"{PEAK} is measured of parts of the instance, not of the whole"


def test_a_list_that_never_ends_is_given_up(told: Any) -> None:
    aliyun = told({**answer(json.dumps([point()])), "NextToken": "again"})
    usage = RabbitMq(aliyun, lambda: NOON).usage(RABBIT, {"MaxConnections": 1000}, HOUR)
    assert usage.trouble.startswith("connections could not be read (TooManyPoints")
    assert len(aliyun.asked) == 20


@pytest.mark.parametrize("body", [{}, {"Data": None}, {"Data": []}, {"Data": {}}, {"Data": {"CurrentQueues": ""}}])
def test_queues_that_are_not_shown_are_not_none(told: Any, body: dict[str, Any]) -> None:
    usage = RabbitMq(told(body), lambda: NOON).usage(RABBIT, {"QueueCapacity": 200}, HOUR)
    assert usage.uses == ()
    assert usage.trouble == "queues could not be read (the vendor's answer shows no CurrentQueues)"


def test_no_queues_at_all_are_zero_where_the_vendor_says_so(told: Any) -> None:
    usage = RabbitMq(told({"Data": {"CurrentQueues": 0}}), lambda: NOON).usage(RABBIT, {"QueueCapacity": 200}, HOUR)
    assert usage.uses == (Use("queues", 0, 200),)


def test_every_call_is_a_read_of_this_instance_in_milliseconds(told: Any) -> None:
    aliyun = told(answer("[]"))
    mq = RabbitMq(aliyun, lambda: NOON)
    mq.measure(RABBIT, confirm(period="15s"))
    mq.usage(RABBIT, {"MaxPrivateTps": 3000}, HOUR)
    (last, newest, _), (listed, window, _) = aliyun.asked
    assert [read for _, _, read in aliyun.asked] == [True, True]
    dimensions = {"Namespace": "acs_amqp", "MetricName": PEAK, "Dimensions": f'[{{"instanceId": "{RABBIT}"}}]'}
    assert (last, newest) == ("DescribeMetricLast", {**dimensions, "Period": 15})
    noon = int(NOON.timestamp() * 1000)
    times = {"StartTime": noon - 61 * 60_000, "EndTime": noon, "Length": 1000}
    assert (listed, window) == ("DescribeMetricList", {**dimensions, "Period": 60, **times})
