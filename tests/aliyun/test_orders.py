"""Orders as billing shows them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.errors import NeedsPerson, Unreadable
from tidegate.aliyun.orders import Orders, instance_ids, settings
from tidegate.domain.reading import Direction, Order, Payment

NOON = datetime(2026, 3, 4, 12, 0, 0, 500_000, tzinfo=timezone(timedelta(hours=8)))


def page(*orders: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    data = {"OrderList": {"Order": list(orders)}, "TotalCount": len(orders) if total is None else total}
    return {"Code": "Success", "Success": True, "RequestId": "R", "Data": data}


def shown(order_id: str, **more: Any) -> dict[str, Any]:
    base = {"OrderId": order_id, "OrderType": "Upgrade", "PaymentStatus": "Paid", "CreateTime": "2026-03-04T04:00:10Z"}
    return {**base, "ProductCode": "ons", **more}


def test_an_order_is_read_with_its_instances_target_and_operator(vendor: Any, aliyun: Aliyun) -> None:
    detail = shown(
        "234170302080010",
        InstanceIDs='["amqp-cn-1"]',
        Operator="2001",
        Config="MaxTps:[MaxTps:3000;Region:cn-hangzhou;]QueueCapacity:[QueueCapacity:200;]",
    )
    vendor.says(200, page(detail))
    assert Orders(aliyun).order("234170302080010") == Order(
        order_id="234170302080010",
        payment=Payment.PAID,
        created_at=datetime(2026, 3, 4, 4, 0, 10, tzinfo=timezone.utc),
        direction=Direction.UP,
        instance_ids=("amqp-cn-1",),
        product_code="ons",
        operator="2001",
        target={"MaxTps": "3000", "Region": "cn-hangzhou", "QueueCapacity": "200"},
    )


@pytest.mark.parametrize(
    ("word", "payment"),
    [
        ("Paid", Payment.PAID),
        ("paid", Payment.PAID),
        ("UNPAID", Payment.UNPAID),
        ("Cancelled", Payment.CANCELLED),
        ("canceled", Payment.CANCELLED),
        ("Refunding", Payment.UNKNOWN),
        (None, Payment.UNKNOWN),
    ],
)
def test_spelling_and_case_of_a_payment_do_not_matter(
    vendor: Any, aliyun: Aliyun, word: str | None, payment: Payment
) -> None:
    vendor.says(200, page(shown("1", PaymentStatus=word)))
    order = Orders(aliyun).order("1")
    assert order is not None
    assert order.payment is payment


def test_an_order_with_an_unpaid_part_is_unpaid_and_names_all_instances(vendor: Any, aliyun: Aliyun) -> None:
    parts = [shown("1", InstanceIDs='["a"]'), shown("1", InstanceIDs='["b"]', PaymentStatus="Unpaid")]
    vendor.says(200, page(*parts))
    order = Orders(aliyun).order("1")
    assert order is not None
    assert (order.payment, order.instance_ids) == (Payment.UNPAID, ("a", "b"))


@pytest.mark.parametrize(
    ("amounts", "sum_"),
    [
        (["12.50"], "12.50"),
        (["12.50", "0.10"], "12.60"),
        (["-300"], "-300"),
        ([" 7 "], "7"),
        ([12], "12"),
        ([""], ""),
        (["12.50", None], ""),
        (["1e9"], ""),
        (["=1+1"], ""),
        ([["12"]], ""),
    ],
)
def test_an_order_comes_to_the_sum_of_its_parts_and_to_nothing_known_where_one_does_not_say(
    vendor: Any, aliyun: Aliyun, amounts: list[Any], sum_: str
) -> None:
    vendor.says(200, page(*(shown("1", AfterTaxAmount=amount, Currency="CNY") for amount in amounts)))
    order = Orders(aliyun).order("1")
    assert order is not None
    assert (order.amount, order.currency) == (sum_, "CNY")


def test_an_order_that_billing_does_not_show_is_none(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, page())
    vendor.refuses(400, "ResourceNotExists")
    assert Orders(aliyun).order("1") is None
    assert Orders(aliyun).order("1") is None


def test_a_window_is_asked_in_utc_and_loses_nothing_at_its_ends(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, page())
    assert Orders(aliyun).orders(NOON, NOON + timedelta(minutes=1)) == []
    sent = vendor.seen[0].parameters
    assert (sent["CreateTimeStart"], sent["CreateTimeEnd"]) == ("2026-03-04T04:00:00Z", "2026-03-04T04:01:01Z")


def test_all_pages_are_read_even_when_the_vendor_gives_smaller_ones(vendor: Any, aliyun: Aliyun) -> None:
    for number in range(3):
        vendor.says(200, page(shown(f"{number}", OrderType="New"), total=3))
    assert Orders(aliyun).orders(NOON, NOON) == []
    assert [seen.parameters["PageNum"] for seen in vendor.seen] == ["1", "2", "3"]


def test_pages_are_read_to_the_first_empty_one_where_no_total_is_given(vendor: Any, aliyun: Aliyun) -> None:
    for answer in (page(shown("1", OrderType="New")), page(shown("2", OrderType="New")), page()):
        del answer["Data"]["TotalCount"]
        vendor.says(200, answer)
    Orders(aliyun).orders(NOON, NOON)
    assert len(vendor.seen) == 3


def test_a_total_that_is_less_than_what_is_listed_ends_nothing(vendor: Any, aliyun: Aliyun) -> None:
    two = [shown("1", OrderType="New"), shown("2", OrderType="New")]
    for answer in (page(*two, total=1), page(*two, total=1), page(total=1)):
        vendor.says(200, answer)
    Orders(aliyun).orders(NOON, NOON)
    assert len(vendor.seen) == 3


def test_only_orders_that_may_be_resizes_are_looked_at_closely(vendor: Any, aliyun: Aliyun) -> None:
    kinds = ["New", "Renew", "Convert", "Downgrade", "Refund"]
    vendor.says(200, page(*[shown(kind, OrderType=kind) for kind in kinds]))
    vendor.says(200, page(shown("Downgrade", OrderType="downgrade", InstanceIDs='["x"]')))
    vendor.says(200, page(shown("Refund", OrderType="refund")))
    found = Orders(aliyun).orders(NOON, NOON)
    assert [(order.order_id, order.direction) for order in found] == [("Downgrade", Direction.DOWN), ("Refund", None)]
    assert [seen.parameters.get("OrderId") for seen in vendor.seen] == [None, "Downgrade", "Refund"]


def test_an_order_whose_detail_is_not_shown_yet_may_be_anybodys(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, page(shown("1")))
    vendor.says(200, page())
    (order,) = Orders(aliyun).orders(NOON, NOON)
    assert order.instance_ids == ()


def test_with_product_codes_others_are_left_out_but_not_orders_without_one(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, page(shown("1", ProductCode="ecs"), shown("2", ProductCode=""), shown("3")))
    vendor.says(200, page())
    assert [order.order_id for order in Orders(aliyun).orders(NOON, NOON, {"ons"})] == ["2", "3"]


def test_a_search_that_could_not_be_finished_is_an_error_and_not_an_empty_list(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, page(shown("1")))
    vendor.refuses(500, "InternalError")
    with pytest.raises(Unreadable):
        Orders(aliyun).orders(NOON, NOON)


ODD_PAGES: dict[str, dict[str, Any]] = {
    "no envelope": {"RequestId": "R"},
    "no data": {"Code": "Success", "Success": True, "RequestId": "R"},
    "data of nothing": {"Code": "Success", "Success": True, "Data": None},
    "no list, and orders": {"Code": "Success", "Data": {"TotalCount": 3}},
    "fewer than there are": page(total=5),
    "success and failure": {**page(), "Code": "InternalError"},
    "failure and success": {**page(), "Code": "200", "Success": False},
    "a list of something else": {"Code": "Success", "Data": {"TotalCount": 1, "OrderList": {"Order": ["234"]}}},
    "one order, and no list of it": {"Code": "Success", "Data": {"OrderList": {"Order": shown("1")}}},
}


@pytest.mark.parametrize("odd", ODD_PAGES.values(), ids=list(ODD_PAGES))
def test_a_page_that_does_not_say_outright_what_there_is_is_no_page_without_orders(
    vendor: Any, aliyun: Aliyun, odd: dict[str, Any]
) -> None:
    for _ in range(20):
        vendor.says(200, odd)
    with pytest.raises(Unreadable):
        Orders(aliyun).orders(NOON, NOON + timedelta(minutes=30))


def test_a_second_page_that_is_empty_before_its_time_is_an_error(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, page(shown("1"), total=2))
    vendor.says(200, page(shown("1", InstanceIDs='["amqp-cn-1"]')))
    vendor.says(200, page(total=2))
    with pytest.raises(Unreadable, match="1 of 2 orders"):
        Orders(aliyun).orders(NOON, NOON + timedelta(minutes=30))


@pytest.mark.parametrize(
    "data", [{"TotalCount": 0}, {"TotalCount": "0", "OrderList": {}}, {"OrderList": {"Order": []}}]
)
def test_no_orders_are_no_orders_in_every_shape_that_says_so(vendor: Any, aliyun: Aliyun, data: dict[str, Any]) -> None:
    vendor.says(200, {"Code": "Success", "Success": True, "RequestId": "R", "Data": data})
    assert Orders(aliyun).orders(NOON, NOON + timedelta(minutes=30)) == []


def test_an_order_without_a_readable_time_is_an_error(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, page(shown("1", CreateTime="yesterday")))
    with pytest.raises(Unreadable, match="order 1"):
        Orders(aliyun).order("1")


def test_somebody_elses_order_needs_a_person(vendor: Any, aliyun: Aliyun) -> None:
    vendor.refuses(400, "InvalidOwner")
    with pytest.raises(NeedsPerson):
        Orders(aliyun).order("1")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('["a","b"]', ("a", "b")),
        (["a"], ("a",)),
        ("a,b", ("a", "b")),
        ('"a"', ("a",)),
        ("123", ("123",)),
        ("", ()),
        ("[]", ()),
        (None, ()),
    ],
)
def test_instance_ids_are_read_in_every_shape(given: Any, expected: tuple[str, ...]) -> None:
    assert instance_ids(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("MaxTps:3000,QueueCapacity:200", {"MaxTps": "3000", "QueueCapacity": "200"}),
        ('{"InstanceSpec": "api.s1.small", "MaxTps": 3000}', {"InstanceSpec": "api.s1.small", "MaxTps": "3000"}),
        ("{broken", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_what_was_bought_is_read_from_text_or_json(given: Any, expected: dict[str, str]) -> None:
    assert settings(given) == expected


def test_an_answer_that_is_no_list_is_not_repeated_since_it_may_be_our_own_words(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, {"RequestId": "R", "Code": "Success", "Signature": "c2lnbmVk", "SecurityToken": "CAIS-secret"})
    with pytest.raises(Unreadable) as caught:
        Orders(aliyun).orders(NOON, NOON)
    assert "CAIS" not in str(caught.value)
    assert "c2lnbmVk" not in str(caught.value)
