"""API Gateway: whether its requests bear an alert out, and whether a smaller spec would do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from localcloud.faults import Fault
from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Use
from tidegate.products import apigateway, apigateway_load
from tidegate.products.apigateway import ApiGateway
from tidegate.products.specs import GATEWAY_SPECS

GATEWAY = "apigateway-cn-demo0001"
SMALL, LARGE = {"InstanceSpec": "api.s1.small"}, {"InstanceSpec": "api.s2.large"}
HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)


def confirm(metric: str = "qps", **fields: Any) -> Confirm:
    return Confirm.model_validate({"metric": metric, "above": 2000, **fields})


def gateway(server: Any, aliyun: Any) -> ApiGateway:
    return ApiGateway(aliyun, lambda: server.run(server.cloud.clock.now))


@pytest.mark.parametrize(("tps", "borne_out"), [(2400, True), (1900, False)])
def test_requests_bear_an_alert_out_or_do_not(
    cloud: Callable[..., Any], used: Callable[..., None], tps: int, *, borne_out: bool
) -> None:
    server, aliyun = cloud()
    used(server, GATEWAY, tps=tps)
    measure = gateway(server, aliyun).measure(GATEWAY, confirm())
    assert (measure.metric, measure.value, measure.trouble) == ("qps", tps, "")
    assert measure.value is not None
    assert (measure.value > confirm().above) is borne_out


def test_a_metric_that_a_gateway_has_not_is_said_with_the_one_it_has(told: Any) -> None:
    aliyun = told({})
    measure = ApiGateway(aliyun, lambda: NOON).measure(GATEWAY, confirm("SumQPS_stage"))
    assert (measure.value, measure.trouble) == (None, "of a gateway only `qps` is known")
    assert aliyun.asked == []


@pytest.mark.parametrize(
    ("metrics", "trouble"),
    [("empty", "no points of qps in the last 10m"), ("late", "the newest point of qps is 30m")],
)
def test_missing_and_stale_figures_are_no_value(cloud: Callable[..., Any], metrics: str, trouble: str) -> None:
    server, aliyun = cloud(metrics=metrics)
    measure = gateway(server, aliyun).measure(GATEWAY, confirm())
    assert measure.value is None
    assert measure.trouble.startswith(trouble)
    usage = gateway(server, aliyun).usage(GATEWAY, SMALL, HOUR)
    assert usage.uses == ()
    assert "peak RPS could not be read (no points of qps" in usage.trouble
    assert "connections could not be read (no points of connections" in usage.trouble


def test_usage_is_given_with_what_the_spec_has(cloud: Callable[..., Any], used: Callable[..., None]) -> None:
    server, aliyun = cloud()
    used(server, GATEWAY, tps=2600, connections=40_000)
    edge = gateway(server, aliyun)
    assert edge.usage(GATEWAY, SMALL, HOUR).uses == (Use("peak RPS", 2600, 2500), Use("connections", 40_000, 50_000))
    assert edge.usage(GATEWAY, LARGE, HOUR).says() == "peak RPS 2600 of 10000, connections 40000 of 200000"


def test_a_peak_within_the_window_counts_although_it_is_over(
    cloud: Callable[..., Any], used: Callable[..., None]
) -> None:
    server, aliyun = cloud()
    used(server, GATEWAY, tps=9000, connections=80_000)
    used(server, GATEWAY, tps=10, connections=20)
    server.advance(50 * 60)
    edge = gateway(server, aliyun)
    assert edge.usage(GATEWAY, SMALL, HOUR).says() == "peak RPS 9000 of 2500, connections 80000 of 50000"
    server.advance(15 * 60)
    assert edge.usage(GATEWAY, SMALL, HOUR).says() == "peak RPS 10 of 2500, connections 20 of 50000"


def test_a_day_of_minutes_is_read_to_its_end(cloud: Callable[..., Any], used: Callable[..., None]) -> None:
    server, aliyun = cloud()
    used(server, GATEWAY, tps=9000, connections=7)
    usage = gateway(server, aliyun).usage(GATEWAY, LARGE, timedelta(days=1))
    assert (usage.says(), usage.trouble) == ("peak RPS 9000 of 10000, connections 7 of 200000", "")


def test_a_spec_that_is_on_no_list_has_no_figures(told: Any) -> None:
    usage = ApiGateway(told({}), lambda: NOON).usage(GATEWAY, {"InstanceSpec": "api.custom"}, HOUR)
    assert usage.uses == ()
    assert usage.trouble == "api.custom is not on the vendor's list, so what it has is not known"


def test_the_declared_permissions_suffice_and_each_is_needed(
    cloud: Callable[..., Any], limited: Callable[..., Any]
) -> None:
    server, _ = cloud()
    for allowed, uses in (((), 0), (apigateway_load.PERMISSIONS[:1], 1), (apigateway_load.PERMISSIONS, 2)):
        scoped = [each.__class__(each.action, each.resource.replace("{instance}", GATEWAY)) for each in allowed]
        edge = gateway(server, limited(server, *apigateway.PERMISSIONS, *scoped))
        usage = edge.usage(GATEWAY, SMALL, HOUR)
        assert len(usage.uses) == uses
        assert ("Forbidden.RAM: grant the missing permission" in usage.trouble) is (uses < 2)
        assert (edge.measure(GATEWAY, confirm()).value is None) is (uses < 1)


@pytest.mark.parametrize("do", ["lost-reply", "error-before", "throttle"])
def test_a_read_that_goes_on_failing_is_trouble_and_never_raises(cloud: Callable[..., Any], do: Any) -> None:
    server, aliyun = cloud()
    server.run(lambda: server.cloud.faults.add(Fault(call="DescribeInstanceQps", do=do, times=None)))
    edge = gateway(server, aliyun)
    assert edge.measure(GATEWAY, confirm()).value is None
    usage = edge.usage(GATEWAY, SMALL, HOUR)
    assert usage.uses == ()
    assert usage.trouble.startswith("peak RPS and connections could not be read (")


def item(minutes_ago: float, value: Any, **more: str) -> dict[str, Any]:
    at = NOON - timedelta(minutes=minutes_ago)
    return {"ItemTime": at.strftime("%Y-%m-%dT%H:%M:%SZ\n"), "ItemValue": value, **more}


def edge_of(told: Any, *bodies: dict[str, Any]) -> tuple[ApiGateway, Any]:
    aliyun = told(*bodies)
    return ApiGateway(aliyun, lambda: NOON), aliyun


@pytest.mark.parametrize("value", ["500", "500\n", " 500.0 ", 500])
def test_a_figure_may_end_in_a_line_end_or_be_no_text(told: Any, value: Any) -> None:
    edge, _ = edge_of(told, {"InstanceQps": {"MonitorItem": [item(1, value)]}})
    measure = edge.measure(GATEWAY, confirm())
    assert (measure.value, measure.at) == (500, NOON - timedelta(minutes=1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"ItemTime": "noon", "ItemValue": "1"},
        {"ItemTime": None, "ItemValue": "1"},
        {"ItemValue": "1"},
        item(1, "many"),
        item(1, None),
        item(1, "nan"),
    ],
)
def test_a_figure_that_cannot_be_read_is_trouble(told: Any, wrong: dict[str, Any]) -> None:
    edge, _ = edge_of(told, {"InstanceQps": {"MonitorItem": [item(2, "9"), wrong]}})
    measure = edge.measure(GATEWAY, confirm())
    assert measure.value is None
    assert measure.trouble.startswith("MonitorItem: not a figure")


@pytest.mark.parametrize("body", [{}, {"InstanceQps": None}, {"InstanceQps": {"MonitorItem": []}}, {"InstanceQps": []}])
def test_an_empty_answer_is_never_zero(told: Any, body: dict[str, Any]) -> None:
    edge, _ = edge_of(told, body)
    assert edge.measure(GATEWAY, confirm()).trouble == "no points of qps in the last 10m"
    assert edge.usage(GATEWAY, SMALL, HOUR).uses == ()


@pytest.mark.parametrize(
    ("statistic", "value"), [("Maximum", 60), ("Minimum", 10), ("Average", 30), ("Sum", 150), ("Value", 50)]
)
def test_a_longer_period_takes_its_statistic_over_its_minutes(told: Any, statistic: str, value: float) -> None:
    items = [item(minutes, str(figure)) for minutes, figure in ((1, 50), (3, 60), (2, 10), (5, 20), (4, 10), (6, 999))]
    edge, _ = edge_of(told, {"InstanceQps": {"MonitorItem": items}})
    assert edge.measure(GATEWAY, confirm(statistic=statistic, period="5m")).value == value


def connected(*items: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    quiet = [item(minutes, "1") for minutes in range(61)]
    return {"InstanceQps": {"MonitorItem": quiet}}, {"InstanceSlbConnect": {"MonitorItem": list(items)}}


def test_connections_at_once_count_as_the_vendor_counts_them(told: Any) -> None:
    kinds = {"InstanceMaxConnection": "70", "InstanceActiveConnection": "60", "InstanceInactiveConnection": "30"}
    items = [item(minutes, value, Item=kind) for minutes in range(61) for kind, value in kinds.items()]
    edge, _ = edge_of(told, *connected(*items))
    assert edge.usage(GATEWAY, SMALL, HOUR).uses[1] == Use("connections", 70, 50_000)


def test_where_the_vendor_does_not_count_them_active_and_idle_ones_add_up(told: Any) -> None:
    items = [item(minutes, "60", Item="InstanceActiveConnection") for minutes in range(61)]
    items += [item(minutes, "30", Item="InstanceInactiveConnection") for minutes in range(61)]
    edge, _ = edge_of(told, *connected(*items))
    assert edge.usage(GATEWAY, SMALL, HOUR).uses[1].used == 90
    alone, _ = edge_of(told, *connected(*items[:61]))
    assert alone.usage(GATEWAY, SMALL, HOUR).trouble == (
        "connections could not be read (no points of connections in the last 1h)"
    )


def test_every_call_is_a_read_of_this_instance_in_whole_seconds_of_utc(told: Any) -> None:
    edge, aliyun = edge_of(told, *connected())
    edge.usage(GATEWAY, SMALL, HOUR)
    window = {"InstanceId": GATEWAY, "StartTime": "2026-03-04T10:59:00Z", "EndTime": "2026-03-04T12:00:00Z"}
    assert aliyun.asked == [
        ("DescribeInstanceQps", {**window, "StageName": "RELEASE"}, True),
        ("DescribeInstanceSlbConnect", {**window, "SbcName": "Maximum"}, True),
    ]


def test_every_spec_has_a_figure_for_what_is_counted() -> None:
    assert all(spec.rps and spec.connections for spec in GATEWAY_SPECS.values())
