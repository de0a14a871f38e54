"""API Gateway: what is read, what is sent, and what the answers mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from tidegate.aliyun import orders
from tidegate.aliyun.errors import Missing, NeedsPerson, Refused, Unanswered, Unreadable
from tidegate.domain.reading import Billing, Direction, Health, Payment, Purchase
from tidegate.products import NAMES, product
from tidegate.products.apigateway import PERMISSIONS, ApiGateway
from tidegate.products.specs import GATEWAY_SPECS

GATEWAY = "apigateway-cn-demo0001"
NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
MEDIUM = {"InstanceSpec": "api.s1.medium"}
UP = Purchase(GATEWAY, MEDIUM, Direction.UP, Billing.SUBSCRIPTION, "vpc_dedicated", token="e1-edge-3-1")
SHOWN = {
    "InstanceId": GATEWAY,
    "InstanceSpec": "api.s1.small",
    "InstanceRpsLimit": 2500,
    "Status": "RUNNING",
    "InstanceChargeType": "PrePaid",
    "InstanceType": "VPC_DEDICATED",
    "InternetEgressAddress": "47.1.2.9",
}


def gateway(aliyun: Any) -> ApiGateway:
    return ApiGateway(aliyun, lambda: NOON)


def described(**more: Any) -> dict[str, Any]:
    return {"RequestId": "R", "Instances": {"InstanceAttribute": [{"InstanceId": "other"}, {**SHOWN, **more}]}}


def test_an_instance_is_read_with_its_spec_and_egress(cloud: Callable[..., Any]) -> None:
    _, aliyun = cloud()
    reading = product("apigateway", aliyun, now=lambda: NOON).read(GATEWAY)
    assert reading.spec == {"InstanceSpec": "api.s1.small"}
    assert (reading.at, reading.health, reading.billing) == (NOON, Health.HEALTHY, Billing.SUBSCRIPTION)
    assert reading.edition == "vpc_dedicated"
    assert set(reading.notes) == {"internet egress", "internal egress"}


def test_an_instance_that_is_not_listed_is_missing(cloud: Callable[..., Any]) -> None:
    _, aliyun = cloud()
    with pytest.raises(Missing):
        gateway(aliyun).read("apigateway-cn-nobody")


def test_an_order_gives_no_id_and_is_found_by_time_and_instance(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud()
    edge, mq = gateway(aliyun), product("rabbitmq", aliyun, now=lambda: NOON)
    began = server.run(server.cloud.clock.now)
    assert edge.submit(UP) == ""
    server.advance(60)
    (order,) = edge.orders_since(began - timedelta(minutes=1), began + timedelta(minutes=2))
    assert (order.instance_ids, order.direction, order.payment) == ((GATEWAY,), Direction.UP, Payment.PAID)
    assert order.target["InstanceSpec"] == "api.s1.medium"
    assert edge.order(order.order_id) == order
    assert mq.orders_since(began - timedelta(minutes=1), began + timedelta(minutes=2)) == []


def test_without_auto_pay_the_order_waits_to_be_paid(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(order_visible_after="0s")
    began = server.run(server.cloud.clock.now)
    gateway(aliyun).submit(replace(UP, auto_pay=False))
    (order,) = gateway(aliyun).orders_since(began - timedelta(minutes=1), began + timedelta(minutes=2))
    assert order.payment is Payment.UNPAID


@pytest.mark.parametrize("word", ["WAIT_SWITCH", "WaitSwitch", "wait-switch", "SWITCHING_PENDING"])
def test_a_switchover_is_recognised_and_names_old_and_new_addresses(cloud: Callable[..., Any], word: str) -> None:
    server, aliyun = cloud(switchover_status=word)
    edge = gateway(aliyun)
    before = edge.read(GATEWAY).notes
    edge.submit(UP)
    server.advance(600)
    reading = edge.read(GATEWAY)
    assert (reading.health, reading.spec) == (Health.SWITCHOVER, {"InstanceSpec": "api.s1.small"})
    assert reading.notes["new internal egress"] != before["internal egress"]
    assert reading.notes["internet egress"] != before["internet egress"]
    server.run(lambda: server.cloud.estate.press_switch(GATEWAY))
    assert edge.read(GATEWAY).spec == MEDIUM


def test_a_skipped_switchover_never_waits(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud()
    gateway(aliyun).submit(replace(UP, skip_switchover=True))
    server.advance(600)
    reading = gateway(aliyun).read(GATEWAY)
    assert (reading.health, reading.spec) == (Health.HEALTHY, MEDIUM)


@pytest.mark.parametrize(
    ("purchase", "error"),
    [
        (replace(UP, direction=Direction.DOWN), Refused),
        (replace(UP, spec={"InstanceSpec": "api.s9.huge"}), Refused),
        (replace(UP, spec={"InstanceSpec": "api.s1.small"}), Unanswered),
        (replace(UP, instance_id="apigateway-cn-nobody"), Missing),
    ],
    ids=["wrong direction", "not sold", "no change", "no instance"],
)
def test_a_refused_order_says_what_to_do_next(cloud: Callable[..., Any], purchase: Purchase, error: type) -> None:
    server, aliyun = cloud()
    with pytest.raises(error) as caught:
        gateway(aliyun).submit(purchase)
    assert type(caught.value) is error
    assert server.run(server.cloud.orders.orders) == []


@pytest.mark.parametrize(
    ("reuse", "error", "count"), [("refused", Unanswered, 1), ("replayed", None, 1), ("ignored", None, 2)]
)
def test_a_used_token_means_three_things_so_each_attempt_takes_a_new_one(
    cloud: Callable[..., Any], reuse: str, error: type | None, count: int
) -> None:
    server, aliyun = cloud(gateway_token_reuse=reuse, unpaid_blocks_next=False)
    edge = gateway(aliyun)
    unpaid = replace(UP, auto_pay=False)
    edge.submit(unpaid)
    if error:
        with pytest.raises(error):
            edge.submit(unpaid)
    else:
        edge.submit(unpaid)
    assert len(server.run(server.cloud.orders.orders)) == count
    assert not edge.keeps_token


def test_the_declared_permissions_suffice_and_are_needed(
    cloud: Callable[..., Any], limited: Callable[..., Any]
) -> None:
    server, _ = cloud()
    with pytest.raises(NeedsPerson, match="Forbidden"):
        gateway(limited(server, *orders.PERMISSIONS)).read(GATEWAY)
    with pytest.raises(NeedsPerson, match="NotAuthorized"):
        gateway(limited(server, *PERMISSIONS)).orders_since(NOON, NOON)
    allowed = gateway(limited(server, *PERMISSIONS))
    assert allowed.read(GATEWAY).health is Health.HEALTHY
    assert allowed.submit(UP) == ""


def test_an_order_says_direction_payment_and_switchover_explicitly(told: Any) -> None:
    aliyun = told({"RequestId": "R"})
    gateway(aliyun).submit(replace(UP, direction=Direction.DOWN, auto_pay=False))
    assert aliyun.asked == [
        (
            "ModifyInstanceSpec",
            {
                "InstanceId": GATEWAY,
                "InstanceSpec": "api.s1.medium",
                "ModifyAction": "DOWNGRADE",
                "AutoPay": False,
                "SkipWaitSwitch": False,
                "Token": "e1-edge-3-1",
            },
            False,
        )
    ]


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("RUNNING", Health.HEALTHY),
        ("running", Health.HEALTHY),
        ("MODIFYING", Health.CHANGING),
        ("CREATING", Health.CHANGING),
        ("NobodyDocumentedThis", Health.CHANGING),
        ("", Health.CHANGING),
        (None, Health.CHANGING),
    ],
)
def test_a_status_that_nobody_documented_is_a_change_in_progress(told: Any, status: Any, health: Health) -> None:
    assert gateway(told(described(Status=status))).read(GATEWAY).health is health


def test_a_limit_that_does_not_fit_the_spec_is_noted(told: Any) -> None:
    fits = gateway(told(described())).read(GATEWAY)
    differs = gateway(told(described(InstanceSpec="api.s2.large"))).read(GATEWAY)
    assert "limit" not in fits.notes
    assert differs.notes["limit"] == "reports 2500 requests per second where api.s2.large has 10000"


@pytest.mark.parametrize(("word", "billing"), [("PrePaid", "subscription"), ("PayAsYouGo", "pay-as-you-go")])
def test_how_an_instance_is_paid_is_read_from_either_spelling(told: Any, word: str, billing: str) -> None:
    edge = gateway(told(described(InstanceChargeType=word)))
    reading = edge.read(GATEWAY)
    assert reading.billing.value == billing
    assert edge.orders_expected(reading.billing) is (billing == "subscription")


@pytest.mark.parametrize("shown", [{"InstanceSpec": ""}, {"InstanceChargeType": "Gift"}])
def test_an_answer_that_cannot_be_understood_is_not_guessed_at(told: Any, shown: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        gateway(told(described(**shown))).read(GATEWAY)


@pytest.mark.parametrize("body", [{}, {"Instances": []}, {"Instances": {"InstanceAttribute": None}}])
def test_a_list_without_the_instance_means_that_it_is_missing(told: Any, body: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        gateway(told(body)).read(GATEWAY)


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        ("api.s1.small", "api.s2.large.x6", Direction.UP),
        ("api.s2.large", "api.s1.medium", Direction.DOWN),
        ("api.s1.small", "api.s1.small", None),
        ("api.custom", "api.s1.small", None),
    ],
)
def test_the_direction_comes_from_the_vendors_own_list(
    told: Any, old: str, new: str, direction: Direction | None
) -> None:
    assert gateway(told({})).direction({"InstanceSpec": old}, {"InstanceSpec": new}) is direction


def test_the_vendors_list_rises_in_every_figure() -> None:
    figures = [tuple(vars(spec).values()) for spec in GATEWAY_SPECS.values()]
    assert all(low <= high for one, two in pairwise(figures) for low, high in zip(one, two, strict=True))


def test_every_product_of_a_policy_can_be_had_by_its_name(told: Any) -> None:
    assert [product(name, told({}), now=lambda: NOON).name for name in NAMES] == list(NAMES)
    with pytest.raises(KeyError):
        product("ecs", told({}), now=lambda: NOON)
