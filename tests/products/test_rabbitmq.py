"""RabbitMQ: what is read, what is sent, and what the answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from localcloud.faults import Fault
from tidegate.aliyun import orders
from tidegate.aliyun.errors import Busy, Missing, NeedsPerson, Refused, Unanswered, Unreadable
from tidegate.aliyun.permission import Permission
from tidegate.domain.reading import Billing, Direction, Health, Payment, Purchase
from tidegate.products import product
from tidegate.products.rabbitmq import PERMISSIONS, RabbitMq, order_id_in

RABBIT = "amqp-cn-demo0001"
NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
FOUND = {
    "MaxPrivateTps": 3000,
    "MaxEipTps": 128,
    "QueueCapacity": 200,
    "MaxConnections": 2000,
    "TracingStorageTime": 3,
    "SupportEip": False,
    "SupportTracing": False,
}
LARGER = {**FOUND, "MaxPrivateTps": 8000, "MaxConnections": 5000}
UP = Purchase(RABBIT, LARGER, Direction.UP, Billing.SUBSCRIPTION, "enterprise", token="e1-orders-mq-7")
INSTANCE = {
    "InstanceId": RABBIT,
    "InstanceType": "ENTERPRISE",
    "Status": "SERVING",
    "OrderType": "PRE_PAID",
    "MaxTps": 3000,
    "StorageSize": -1,
    "SupportEIP": True,
    "Edition": "dedicated",
    "EncryptedInstance": True,
    "KmsKeyId": "key-1",
}
ACCEPTED = {"RequestId": "R", "Code": 200, "Success": "true", "Data": ""}


def rabbit(aliyun: Any) -> RabbitMq:
    return RabbitMq(aliyun, lambda: NOON)


def test_an_instance_is_read_by_the_names_it_is_bought_by(cloud: Callable[..., Any]) -> None:
    _, aliyun = cloud()
    reading = product("rabbitmq", aliyun, now=lambda: NOON).read(RABBIT)
    assert reading.spec == FOUND
    assert (reading.at, reading.status, reading.health) == (NOON, "SERVING", Health.HEALTHY)
    assert (reading.billing, reading.edition) == (Billing.SUBSCRIPTION, "enterprise")


@pytest.mark.parametrize("shape", ["object", "json-string", "curly-string"])
def test_an_order_gives_its_id_in_every_shape_of_data(cloud: Callable[..., Any], shape: str) -> None:
    server, aliyun = cloud(update_data=shape)
    order_id = rabbit(aliyun).submit(UP)
    assert [order.order_id for order in server.run(server.cloud.orders.orders)] == [order_id]


def test_an_accepted_order_without_an_id_gives_none(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(update_data="empty")
    assert rabbit(aliyun).submit(UP) == ""
    assert len(server.run(server.cloud.orders.orders)) == 1


def test_the_new_values_are_read_back_once_the_vendor_is_done(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud()
    rabbit(aliyun).submit(UP)
    assert rabbit(aliyun).read(RABBIT).spec == FOUND
    server.advance(600)
    assert rabbit(aliyun).read(RABBIT).spec == LARGER


def test_what_no_rung_names_survives_a_vendor_that_resets_what_is_left_out(cloud: Callable[..., Any]) -> None:
    eip = {"spec": {"SupportEip": True, "MaxEipTps": 256}}
    server, aliyun = cloud(eip, omitted_field="reset")
    mq = rabbit(aliyun)
    spec = {**mq.read(RABBIT).spec, "MaxPrivateTps": 8000}
    mq.submit(replace(UP, spec=spec))
    server.advance(600)
    assert mq.read(RABBIT).spec == {**FOUND, "SupportEip": True, "MaxEipTps": 256, "MaxPrivateTps": 8000}


def test_an_order_repeated_with_its_token_is_the_same_order(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud()
    mq = rabbit(aliyun)
    assert mq.submit(UP) == mq.submit(UP)
    assert len(server.run(server.cloud.orders.orders)) == 1
    assert mq.keeps_token


@pytest.mark.parametrize(
    ("purchase", "behaviour", "error"),
    [
        (UP, {"topic_migrating_refusals": 1}, Busy),
        (replace(UP, direction=Direction.DOWN), {}, Refused),
        (replace(UP, spec=FOUND), {}, Unanswered),
        (replace(UP, instance_id="amqp-cn-nobody"), {}, Missing),
        (replace(UP, spec={**LARGER, "MaxPrivateTps": 8001}), {}, Refused),
    ],
    ids=["migrating", "wrong direction", "no change", "no instance", "not sold (HTTP 200)"],
)
def test_a_refused_order_says_what_to_do_next(
    cloud: Callable[..., Any], purchase: Purchase, behaviour: dict[str, Any], error: type
) -> None:
    server, aliyun = cloud(**behaviour)
    with pytest.raises(error) as caught:
        rabbit(aliyun).submit(purchase)
    assert type(caught.value) is error
    assert server.run(server.cloud.orders.orders) == []


def test_a_lost_reply_leaves_the_order_in_doubt_although_it_stands(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud()
    server.run(lambda: server.cloud.faults.add(Fault(call="UpdateInstance", do="lost-reply")))
    with pytest.raises(Unanswered):
        rabbit(aliyun).submit(UP)
    assert len(server.run(server.cloud.orders.orders)) == 1


def test_a_throttled_read_is_asked_again(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud()
    server.run(lambda: server.cloud.faults.add(Fault(call="GetInstance", do="throttle", times=2)))
    assert rabbit(aliyun).read(RABBIT).spec == FOUND


def test_an_order_is_found_again_by_time_with_instance_direction_and_target(cloud: Callable[..., Any]) -> None:
    server, aliyun = cloud(order_visible_after="30s")
    mq = rabbit(aliyun)
    began = server.run(server.cloud.clock.now)
    order_id = mq.submit(UP)
    until = began + timedelta(minutes=5)
    assert mq.orders_since(began, until) == []
    assert mq.order(order_id) is None
    server.advance(60)
    (order,) = mq.orders_since(began - timedelta(minutes=15), until)
    assert order == mq.order(order_id)
    assert (order.order_id, order.payment, order.direction) == (order_id, Payment.PAID, Direction.UP)
    assert order.instance_ids == (RABBIT,)
    assert {name: order.target[name] for name in ("MaxPrivateTps", "SupportEip")} == {
        "MaxPrivateTps": "8000",
        "SupportEip": "false",
    }


@pytest.mark.parametrize("case", ["as-documented", "upper", "lower"])
def test_the_case_of_the_vendors_words_does_not_matter(cloud: Callable[..., Any], case: str) -> None:
    _, aliyun = cloud(status_case=case, order_visible_after="0s")
    mq = rabbit(aliyun)
    assert mq.read(RABBIT).health is Health.HEALTHY
    assert mq.read(RABBIT).edition == "enterprise"
    order = mq.order(mq.submit(UP))
    assert order is not None
    assert order.payment is Payment.PAID


def test_the_declared_permissions_suffice_and_are_needed(
    cloud: Callable[..., Any], limited: Callable[..., Any]
) -> None:
    server, _ = cloud()
    with pytest.raises(NeedsPerson, match="UnauthorizedOperation") as caught:
        rabbit(limited(server, Permission("amqp:ListInstance"))).read(RABBIT)
    assert "grant" in caught.value.advice
    allowed = rabbit(limited(server, *PERMISSIONS, *orders.PERMISSIONS))
    assert allowed.read(RABBIT).spec == FOUND
    assert allowed.submit(UP)
    assert allowed.orders_since(NOON, NOON) == []


def test_an_order_says_every_field_direction_token_and_edition(told: Any) -> None:
    aliyun = told(ACCEPTED)
    rabbit(aliyun).submit(UP)
    assert aliyun.asked == [
        (
            "UpdateInstance",
            {
                "InstanceId": RABBIT,
                "ModifyType": "UPGRADE",
                "ClientToken": "e1-orders-mq-7",
                "InstanceType": "enterprise",
                **LARGER,
            },
            False,
        )
    ]


def test_what_an_instance_does_not_have_is_neither_read_nor_sent(told: Any) -> None:
    """-1 and 0 mean "not applicable"; encryption and, beside an edition, serverless fields are never sent."""
    aliyun = told({"RequestId": "R", "Data": INSTANCE}, ACCEPTED)
    mq = rabbit(aliyun)
    assert mq.read(RABBIT).spec == {"MaxPrivateTps": 3000, "SupportEip": True}
    extra: dict[str, Any] = {
        "StorageSize": -1,
        "TracingStorageTime": 0,
        "Edition": "dedicated",
        "EncryptedInstance": True,
    }
    mq.submit(replace(UP, spec={"MaxPrivateTps": 5000, **extra, "KmsKeyId": "k", "ProvisionedCapacity": 2000}))
    assert set(aliyun.asked[-1][1]) == {"InstanceId", "ModifyType", "ClientToken", "InstanceType", "MaxPrivateTps"}


def test_a_serverless_instance_is_bought_by_reserved_capacity_without_an_edition_name(told: Any) -> None:
    serverless = {**INSTANCE, "InstanceType": "SERVERLESS", "OrderType": "POST_PAID", "ProvisionedCapacity": 2000}
    aliyun = told({"RequestId": "R", "Data": serverless}, ACCEPTED)
    mq = rabbit(aliyun)
    reading = mq.read(RABBIT)
    assert (reading.edition, reading.billing) == ("serverless", Billing.PAY_AS_YOU_GO)
    assert reading.spec["ProvisionedCapacity"] == 2000
    mq.submit(Purchase(RABBIT, reading.spec, Direction.UP, reading.billing, reading.edition, token="t"))
    sent = aliyun.asked[-1][1]
    assert (sent["ServerlessChargeType"], sent["Edition"]) == ("provisioned", "dedicated")
    assert "InstanceType" not in sent


def test_pay_as_you_go_needs_no_edition_and_may_leave_no_order(told: Any) -> None:
    aliyun = told(ACCEPTED)
    mq = rabbit(aliyun)
    mq.submit(replace(UP, billing=Billing.PAY_AS_YOU_GO))
    assert "InstanceType" not in aliyun.asked[-1][1]
    assert not mq.orders_expected(Billing.PAY_AS_YOU_GO)
    assert mq.orders_expected(Billing.SUBSCRIPTION)


def test_an_answer_that_says_neither_yes_nor_no_leaves_the_order_in_doubt(told: Any) -> None:
    with pytest.raises(Unanswered):
        rabbit(told({"RequestId": "R"})).submit(UP)


@pytest.mark.parametrize("token", ["", " t", "t" * 65, "türe"])
def test_a_token_that_the_vendor_would_change_is_a_mistake_found_before_the_call(told: Any, token: str) -> None:
    aliyun = told(ACCEPTED)
    with pytest.raises(ValueError, match="token"):
        rabbit(aliyun).submit(replace(UP, token=token))
    assert aliyun.asked == []


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("SERVING", Health.HEALTHY),
        ("serving", Health.HEALTHY),
        ("DEPLOYING", Health.CHANGING),
        ("EXPIRED", Health.CHANGING),
        ("RELEASED", Health.GONE),
        ("NobodyDocumentedThis", Health.CHANGING),
        ("", Health.CHANGING),
        (None, Health.CHANGING),
    ],
)
def test_a_status_that_nobody_documented_is_a_change_in_progress(told: Any, status: Any, health: Health) -> None:
    assert rabbit(told({"Data": {**INSTANCE, "Status": status}})).read(RABBIT).health is health


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, Missing),
        (None, Missing),
        ([1], Unreadable),
        ({**INSTANCE, "InstanceId": "amqp-cn-other"}, Unreadable),
        ({**INSTANCE, "OrderType": "GIFT"}, Unreadable),
        ({**INSTANCE, "MaxTps": "many"}, Unreadable),
    ],
)
def test_an_answer_that_cannot_be_understood_is_not_guessed_at(told: Any, data: Any, error: type) -> None:
    with pytest.raises(error):
        rabbit(told({"Data": data})).read(RABBIT)


SERVERLESS = ("ProvisionedCapacity", "Edition")
UNSAID: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, SERVERLESS),
    ({"MaxTps": None, "SupportEIP": None}, ("MaxPrivateTps", *SERVERLESS, "SupportEip")),
    ({"SupportEIP": ""}, (*SERVERLESS, "SupportEip")),
    ({"MaxEipTps": None}, ("MaxEipTps", *SERVERLESS)),
    ({"MaxEipTps": -1}, ("MaxEipTps", *SERVERLESS)),
    ({"MaxEipTps": None, "SupportEIP": False}, SERVERLESS),
    ({"MaxEipTps": -1, "SupportEIP": "false"}, SERVERLESS),
    ({"StorageSize": 0}, ("StorageSize", *SERVERLESS)),
    ({"InstanceType": "SERVERLESS"}, ()),
    ({"InstanceType": "SERVERLESS", "Edition": None}, ("Edition",)),
]


@pytest.mark.parametrize(("over", "unsaid"), UNSAID)
def test_what_has_no_value_is_told_apart_from_the_figure_of_a_switch_that_is_off(
    told: Any, over: dict[str, Any], unsaid: tuple[str, ...]
) -> None:
    whole = dict.fromkeys(
        ("MaxQueue", "MaxConnections", "TracingStorageTime", "ProvisionedCapacity", "MaxEipTps", "StorageSize"), 10
    )
    aliyun = told({"RequestId": "R", "Data": {**INSTANCE, **whole, "SupportTracing": True, **over}})
    reading = rabbit(aliyun).read(RABBIT)
    assert {*reading.unsaid} == {*unsaid}
    assert not reading.spec.keys() & {*unsaid}


def test_figures_and_switches_are_understood_as_text_too(told: Any) -> None:
    reading = rabbit(told({"Data": {**INSTANCE, "MaxTps": "3000", "SupportEIP": "True"}})).read(RABBIT)
    assert reading.spec == {"MaxPrivateTps": 3000, "SupportEip": True}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"instanceId": "amqp-cn-1", "orderId": 234170302080010}, "234170302080010"),
        ({"instanceId": "amqp-cn-1", "orderId": "234170302080010"}, "234170302080010"),
        ({"OrderId": 22}, "22"),
        ('{"instanceId": "amqp-cn-1", "orderId": 234170302080010}', "234170302080010"),
        (json.dumps(json.dumps({"orderId": "22"})), "22"),
        ("{“instanceId”: “amqp-cn-jtexxxxx”, “orderId”: 2222222}", "2222222"),
        ("{“orderId”: “2222222”}", "2222222"),
        ("{instanceId=amqp-cn-1}", ""),
        ({"instanceId": "amqp-cn-1"}, ""),
        ({"orderId": None}, ""),
        ({"orderId": "", "x": 2}, ""),
        ({"parentOrderId": 5}, ""),
        ("", ""),
        (None, ""),
        (True, ""),
        ([], ""),
    ],
)
def test_the_order_id_is_found_in_every_shape_and_never_invented(data: Any, expected: str) -> None:
    assert order_id_in(data) == expected


@pytest.mark.parametrize(
    ("new", "direction"),
    [
        ({"MaxPrivateTps": 8000}, Direction.UP),
        ({"MaxPrivateTps": 2000, "QueueCapacity": 200}, Direction.DOWN),
        ({"MaxPrivateTps": 8000, "QueueCapacity": 100}, None),
        ({"SupportEip": True}, Direction.UP),
        ({"StorageSize": 700}, Direction.UP),
        ({"Edition": "shared"}, None),
        ({}, None),
    ],
)
def test_a_direction_is_one_only_when_nothing_goes_the_other_way(
    told: Any, new: dict[str, Any], direction: Direction | None
) -> None:
    assert rabbit(told({})).direction(FOUND, {**FOUND, **new}) is direction
