from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

MQ, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"


def detail(sim: Any, order_id: object) -> list[dict[str, Any]]:
    """Read one order."""
    shown: list[dict[str, Any]] = sim.ask("GetOrderDetail", OrderId=order_id)["Data"]["OrderList"]["Order"]
    return shown


def test_only_the_last_hours_orders_are_found_unless_times_are_given(sim: Any) -> None:
    sim.upgrade()
    sim.advance(minutes=61)
    assert sim.orders() == []
    found = sim.ask("QueryOrders", CreateTimeStart="2026-03-02T11:45:00Z", CreateTimeEnd="2026-03-02T13:30:00Z")
    assert found["Data"]["TotalCount"] == 1


def test_an_order_names_its_instance_only_in_its_detail(sim: Any) -> None:
    order_id = sim.upgrade()["Data"]["orderId"]
    listed = sim.orders()[0]
    assert "InstanceIDs" not in listed
    assert "Config" not in listed
    shown = detail(sim, order_id)[0]
    assert json.loads(shown["InstanceIDs"]) == [MQ]
    assert "MaxTps:8000;" in shown["Config"]
    assert "MaxTps:3000;" in shown["OriginalConfig"]
    assert "SupportEip:eip_false;" in shown["Config"]
    assert (shown["OrderType"], shown["ProductCode"]) == ("Upgrade", "ons")
    assert shown["Operator"] == "acs:ram::1234567890123456:root"


def test_money_is_text_and_an_upgrade_costs(sim: Any) -> None:
    sim.upgrade()
    assert sim.orders()[0]["PretaxAmount"] == "5000.00"
    balance = sim.ask("QueryAccountBalance")
    assert (balance["Code"], balance["Success"], balance["Data"]["AvailableAmount"]) == ("200", True, "95000.00")


def test_a_downgrade_refunds(sim: Any) -> None:
    sim.upgrade(MaxPrivateTps=2000, ModifyType="DOWNGRADE")
    assert sim.orders()[0]["PretaxAmount"] == "-1000.00"
    assert sim.ask("QueryAccountBalance")["Data"]["AvailableAmount"] == "101000.00"


def test_an_order_can_show_late(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"order_visible_after": "20m"})
    order_id = sim.upgrade()["Data"]["orderId"]
    sim.advance(minutes=19)
    assert (sim.orders(), detail(sim, order_id)) == ([], [])
    sim.advance(minutes=1)
    assert (len(sim.orders()), len(detail(sim, order_id))) == (1, 1)


def test_an_order_can_stay_invisible(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"order_visible_after": "never"})
    order_id = sim.upgrade()["Data"]["orderId"]
    sim.advance(days=3)
    found = sim.ask("QueryOrders", CreateTimeStart="2026-03-01T00:00:00Z")
    assert (found["Data"]["TotalCount"], detail(sim, order_id)) == (0, [])


def test_orders_are_found_by_pages_newest_first(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"apply_takes": "1s"}, balance="9999999.00")
    for tps in (4000, 5000, 8000, 10000, 15000):
        assert sim.upgrade(MaxPrivateTps=tps)["Code"] == 200
        sim.advance(seconds=2)
    pages = [sim.ask("QueryOrders", PageNum=number, PageSize=2)["Data"] for number in (1, 2, 3, 4)]
    ids = [order["OrderId"] for page in pages for order in page["OrderList"]["Order"]]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    assert {page["TotalCount"] for page in pages} == {5}


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"PaymentStatus": "Paid"}, 1),
        ({"PaymentStatus": "Unpaid"}, 1),
        ({"OrderType": "Upgrade"}, 2),
        ({"OrderType": "Downgrade"}, 0),
        ({"ProductCode": "ons"}, 1),
        ({"SubscriptionType": "PayAsYouGo"}, 0),
    ],
)
def test_orders_are_found_by_what_they_are(sim: Any, filters: dict[str, str], count: int) -> None:
    sim.upgrade()
    sim.enlarge()
    assert sim.ask("QueryOrders", **filters)["Data"]["TotalCount"] == count


def test_an_unpaid_order_can_be_cancelled_and_then_not_paid(sim: Any) -> None:
    sim.enlarge()
    order_id = sim.orders()[0]["OrderId"]
    assert sim.ask("CancelOrder", OrderId=order_id)["Code"] == "Success"
    assert sim.orders()[0]["PaymentStatus"] == "Cancelled"
    assert sim.ask("CancelOrder", OrderId=order_id)["Code"] == "ResourceStatusError"
    assert sim.console("POST", f"orders/{order_id}/pay")["status"] == 400
    assert sim.ask("CancelOrder", OrderId="1")["Code"] == "ResourceNotExists"


def test_an_unpaid_order_ends_by_itself_after_a_week(sim: Any) -> None:
    sim.enlarge()
    order_id = sim.orders()[0]["OrderId"]
    sim.advance(days=7)
    assert detail(sim, order_id)[0]["PaymentStatus"] == "Cancelled"


def test_the_payment_status_comes_in_the_case_that_the_world_asks_for(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"status_case": "upper"})
    sim.enlarge()
    assert sim.orders()[0]["PaymentStatus"] == "UNPAID"


def test_wrong_times_are_refused(sim: Any) -> None:
    assert sim.ask("QueryOrders", CreateTimeStart="yesterday")["Code"] == "InvalidParameter"


def test_an_account_is_throttled_and_recovers_with_time(sim: Any) -> None:
    codes = [sim.ask("CancelOrder", OrderId="1")["Code"] for _ in range(5)]
    assert codes == ["ResourceNotExists"] * 4 + ["Throttling.User"]
    sim.advance(seconds=1)
    assert sim.ask("CancelOrder", OrderId="1")["Code"] == "ResourceNotExists"
