from __future__ import annotations

from typing import Any

import pytest

from localcloud.wire import Call

MQ, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"


def test_the_clock_is_read_and_moved(sim: Any) -> None:
    assert sim.console("GET", "clock") == {"status": 200, "now": "2026-03-02T12:00:00+00:00", "speed": 0}
    assert sim.console("POST", "clock/advance", seconds=90)["now"] == "2026-03-02T12:01:30+00:00"
    assert sim.console("POST", "clock/speed", speed=60)["speed"] == 60
    assert sim.console("POST", "clock/advance", seconds=-1)["status"] == 400


def test_an_order_is_paid_by_hand(sim: Any) -> None:
    sim.enlarge()
    order = sim.console("GET", "orders")["orders"][0]
    assert (order["status"], order["instance_id"]) == ("Unpaid", GATEWAY)
    assert sim.console("POST", f"orders/{order['order_id']}/pay")["status"] == 200
    assert sim.console("GET", "orders")["orders"][0]["status"] == "Paid"
    assert sim.console("POST", f"orders/{order['order_id']}/pay")["code"] == "ResourceStatusError"


def test_an_order_is_cancelled_by_hand(sim: Any) -> None:
    sim.enlarge()
    order_id = sim.console("GET", "orders")["orders"][0]["order_id"]
    sim.console("POST", f"orders/{order_id}/cancel")
    assert sim.console("GET", "orders")["orders"][0]["status"] == "Cancelled"


def test_a_colleague_resizes_an_instance_with_an_order_of_their_own(sim: Any) -> None:
    reply = sim.console("POST", f"instances/{MQ}/resize", spec={"MaxPrivateTps": 5000}, by="colleague")
    sim.advance(minutes=6)
    assert sim.mq()["MaxTps"] == 5000
    shown = sim.ask("GetOrderDetail", OrderId=reply["order_id"])["Data"]["OrderList"]["Order"][0]
    assert (shown["Operator"], shown["PaymentStatus"]) == ("acs:ram::1234567890123456:user/colleague", "Paid")


def test_an_instance_is_used_differently_from_now_on(sim: Any) -> None:
    """What is not said stays as it was."""
    shown = sim.console("POST", f"instances/{MQ}/usage", connections=900)
    assert shown["usage"] == {"queues": 120, "connections": 900, "tps": 2500}
    listed = sim.console("GET", "instances")["instances"]
    assert [entry["usage"]["tps"] for entry in listed] == [2500, 1000]


@pytest.mark.parametrize("usage", [{"queues": -1}, {"tps": "many"}, {"exchanges": 4}, {"connections": 1.5}])
def test_what_is_no_use_of_an_instance_is_refused_and_changes_nothing(sim: Any, usage: dict[str, Any]) -> None:
    assert sim.console("POST", f"instances/{MQ}/usage", **usage)["status"] == 400
    assert sim.console("GET", "instances")["instances"][0]["usage"]["queues"] == 120


def test_money_is_topped_up(sim: Any) -> None:
    assert sim.console("POST", "top-up", amount="0.50")["balance"] == "100000.50"
    assert sim.console("GET", "balance")["balance"] == "100000.50"
    assert sim.console("POST", "top-up", amount="lots")["status"] == 400


def test_instances_are_listed_with_their_phase(sim: Any) -> None:
    sim.enlarge(AutoPay="true")
    shown = {entry["instance_id"]: entry for entry in sim.console("GET", "instances")["instances"]}
    assert (shown[MQ]["phase"], shown[GATEWAY]["phase"]) == ("steady", "applying")


def test_faults_are_planned_counted_and_cleared(sim: Any) -> None:
    assert sim.console("POST", "faults", call="GetInstance", do="error-before")["status"] == 200
    sim.ask("GetInstance", InstanceId=MQ)
    fault = sim.console("GET", "faults")["faults"][0]
    assert (fault["seen"], fault["struck"][0]["instance"]) == (1, MQ)
    assert sim.console("DELETE", "faults")["faults"] == []
    assert sim.console("POST", "faults", call="GetInstance", do="explode")["status"] == 400


def test_calls_are_listed_by_action(sim: Any) -> None:
    sim.mq()
    sim.enlarge()
    call = Call("GET", "/_console/calls", (("action", "GetInstance"),))
    assert sim.cloud.console.answer(call).body.count(b'"action"') == 1
    assert [entry["action"] for entry in sim.console("GET", "calls")["calls"]] == ["GetInstance", "ModifyInstanceSpec"]


def test_messages_arrive_by_channel(sim: Any) -> None:
    assert sim.console("POST", "messages/oncall", title="pay", message="order 1")["number"] == 1
    sim.console("POST", "messages/chat", title="done")
    assert [entry["channel"] for entry in sim.console("GET", "messages")["messages"]] == ["oncall", "chat"]
    assert sim.console("GET", "messages/oncall")["messages"][0]["content"] == {"title": "pay", "message": "order 1"}


def test_functions_are_killed_through_whoever_hosts_them(sim: Any) -> None:
    assert sim.console("POST", "kill/submit")["status"] == 503
    sim.cloud.attach(kill={"submit": 2}.__getitem__)
    assert sim.console("POST", "kill/submit")["killed"] == 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("POST", "clock", 404),
        ("POST", "orders/1/pay", 404),
        ("POST", f"instances/{MQ}/switch", 400),
        ("POST", f"instances/{MQ}/resize", 400),
        ("POST", "instances/other/switch", 404),
        ("POST", "instances/other/usage", 404),
        ("POST", "clock/advance", 400),
    ],
)
def test_what_cannot_be_done_is_said(sim: Any, method: str, path: str, status: int) -> None:
    assert sim.console(method, path)["status"] == status


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(sim: Any, body: bytes) -> None:
    assert sim.cloud.console.answer(Call("POST", "/_console/faults", body=body)).status == 400
