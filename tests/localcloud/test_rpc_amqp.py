from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

MQ = "amqp-cn-demo0001"


def test_a_change_is_accepted_with_an_order_and_shows_only_when_it_is_done(sim: Any) -> None:
    reply = sim.upgrade()
    assert (reply["Code"], reply["Success"], reply["StatusCode"]) == (200, "true", "200")
    assert reply["Data"]["instanceId"] == MQ
    assert len(str(reply["Data"]["orderId"])) >= 15
    assert sim.mq()["MaxTps"] == 3000
    sim.advance(minutes=5, seconds=59)
    assert (sim.mq()["MaxTps"], sim.mq()["Status"]) == (3000, "SERVING")
    sim.advance(seconds=1)
    assert (sim.mq()["MaxTps"], sim.mq()["Status"]) == (8000, "SERVING")


def test_fields_are_read_under_their_own_names(sim: Any) -> None:
    shown = sim.mq()
    assert (shown["MaxQueue"], shown["SupportEIP"], shown["StorageSize"]) == (200, False, -1)
    assert "QueueCapacity" not in shown
    assert (shown["OrderType"], shown["InstanceType"]) == ("PRE_PAID", "ENTERPRISE")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("object", {"instanceId": MQ, "orderId": 234170302080010}),
        ("json-string", json.dumps({"instanceId": MQ, "orderId": 234170302080010})),
        ("curly-string", f"{{“instanceId”: “{MQ}”, “orderId”: 234170302080010}}"),
        ("empty", ""),
    ],
)
def test_data_has_the_form_that_the_world_asks_for(simulate: Callable[..., Any], form: str, expected: object) -> None:
    assert simulate(behaviour={"update_data": form}).upgrade()["Data"] == expected


def test_a_busy_instance_refuses_until_its_change_is_done(sim: Any) -> None:
    sim.upgrade()
    again = sim.upgrade(MaxPrivateTps=10000)
    assert (again["status"], again["Code"]) == (400, "InstanceUpgradeOrDownGradeTopicMigrating")
    sim.advance(minutes=6)
    assert sim.upgrade(MaxPrivateTps=10000)["Code"] == 200


def test_topics_can_migrate_longer_than_the_change_takes(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"migrating_for": "20m"})
    sim.upgrade()
    sim.advance(minutes=10)
    assert sim.mq()["MaxTps"] == 8000
    assert sim.upgrade(MaxPrivateTps=10000)["Code"] == "InstanceUpgradeOrDownGradeTopicMigrating"
    sim.advance(minutes=10)
    assert sim.upgrade(MaxPrivateTps=10000)["Code"] == 200


def test_the_first_calls_of_each_order_can_be_refused(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"topic_migrating_refusals": 2})
    codes = [sim.upgrade()["Code"] for _ in range(3)]
    assert codes == ["InstanceUpgradeOrDownGradeTopicMigrating", "InstanceUpgradeOrDownGradeTopicMigrating", 200]
    sim.advance(minutes=6)
    assert sim.upgrade(MaxPrivateTps=10000)["Code"] == "InstanceUpgradeOrDownGradeTopicMigrating"


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"MaxPrivateTps": 3000}, 400, "UpDowngradeConfigNoChange"),
        ({"MaxPrivateTps": 1000}, 400, "InvalidParameter"),
        ({"ModifyType": "DOWNGRADE"}, 400, "InvalidParameter"),
        ({"MaxPrivateTps": 8000, "QueueCapacity": 50}, 200, "PARAM_ERRPR"),
        ({"MaxPrivateTps": 3001}, 200, "PARAM_ERRPR"),
        ({"MaxPrivateTps": -1}, 200, "PARAM_ERRPR"),
        ({"StorageSize": 700}, 200, "PARAM_ERRPR"),
        ({"MaxEipTps": 130}, 200, "PARAM_ERRPR"),
        ({"EncryptedInstance": "true"}, 400, "InvalidParameter"),
        ({"InstanceType": ""}, 400, "InvalidParameter"),
        ({"ServerlessChargeType": "onDemand"}, 400, "InvalidParameter"),
        ({"InstanceId": "amqp-cn-other"}, 404, "InstanceNotExist"),
        ({"ModifyType": "SIDEWAYS"}, 400, "InvalidParameter"),
        ({"ModifyType": ""}, 400, "InvalidParameter"),
        ({"InstanceId": ""}, 400, "MissingParameter"),
        ({"SupportEip": "yes"}, 400, "InvalidParameter"),
        ({"QueueCapacity": "many"}, 400, "InvalidParameter"),
        ({"QueueCapacity": 2**31}, 400, "InvalidParameter"),
        ({"TracingStorageTime": 4}, 400, "InvalidParameter"),
        ({"Colour": "red"}, 400, "InvalidParameter"),
    ],
)
def test_a_wrong_order_is_refused_and_nothing_is_ordered(
    sim: Any, parameters: dict[str, Any], status: int, code: str
) -> None:
    reply = sim.upgrade(**parameters)
    assert (reply["status"], reply["Code"]) == (status, code)
    assert sim.orders() == []


def test_a_refusal_in_the_body_says_so_in_text(sim: Any) -> None:
    reply = sim.upgrade(MaxPrivateTps=3001)
    assert (reply["status"], reply["Success"]) == (200, "false")


def test_going_up_and_down_at_once_is_no_direction(simulate: Callable[..., Any]) -> None:
    sim = simulate()
    sim.upgrade(QueueCapacity=1000)
    sim.advance(minutes=6)
    mixed = {"MaxPrivateTps": 10000, "QueueCapacity": 200}
    assert [sim.upgrade(ModifyType=way, **mixed)["Code"] for way in ("UPGRADE", "DOWNGRADE")] == [
        "InvalidParameter"
    ] * 2


def test_the_vendor_may_round_figures_up(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"rounding": "up"})
    assert sim.upgrade(MaxPrivateTps=6000, QueueCapacity=250, MaxEipTps=130)["Code"] == 200
    sim.advance(minutes=6)
    shown = sim.mq()
    assert (shown["MaxTps"], shown["MaxQueue"], shown["MaxEipTps"]) == (8000, 300, 256)


@pytest.mark.parametrize(("setting", "eip"), [("kept", True), ("reset", False)])
def test_an_omitted_field_is_kept_or_silently_falls_back(
    simulate: Callable[..., Any], setting: str, eip: object
) -> None:
    sim = simulate(behaviour={"omitted_field": setting})
    sim.console("POST", f"instances/{MQ}/resize", spec={"SupportEip": True})
    sim.advance(minutes=6)
    assert sim.upgrade()["Code"] == 200
    sim.advance(minutes=6)
    assert (sim.mq()["MaxTps"], sim.mq()["SupportEIP"]) == (8000, eip)


def test_new_values_can_show_before_the_change_is_done(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"new_values_before_completion": True, "status_during_resize": "UPGRADING"})
    sim.upgrade()
    assert (sim.mq()["MaxTps"], sim.mq()["Status"]) == (8000, "UPGRADING")
    assert sim.upgrade(MaxPrivateTps=10000)["Code"] == "InstanceUpgradeOrDownGradeTopicMigrating"
    sim.advance(minutes=6)
    assert (sim.mq()["MaxTps"], sim.mq()["Status"]) == (8000, "SERVING")


def test_a_change_can_be_rolled_back(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"rolls_back": True})
    sim.upgrade()
    sim.advance(minutes=10)
    assert (sim.mq()["MaxTps"], sim.mq()["Status"]) == (3000, "SERVING")
    assert [order["PaymentStatus"] for order in sim.orders()] == ["Paid"]


def test_an_idempotent_token_buys_once(sim: Any) -> None:
    first, second = sim.upgrade(ClientToken="one"), sim.upgrade(ClientToken="one")
    assert first["Data"] == second["Data"]
    assert len(sim.orders()) == 1
    assert sim.upgrade(ClientToken="one", MaxPrivateTps=10000)["Code"] == "IdempotentParameterMismatch"


def test_an_ignored_token_buys_twice(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"client_token": "ignored", "wait_for_payment": True, "unpaid_blocks_next": False})
    sim.upgrade(ClientToken="one")
    sim.upgrade(ClientToken="one")
    assert len(sim.orders()) == 2


def test_a_refused_order_leaves_its_token_unused(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"topic_migrating_refusals": 1})
    assert sim.upgrade(ClientToken="one")["Code"] == "InstanceUpgradeOrDownGradeTopicMigrating"
    assert sim.upgrade(ClientToken="one")["Code"] == 200


def test_an_account_without_money_is_refused(simulate: Callable[..., Any]) -> None:
    sim = simulate(balance="10.00")
    assert sim.upgrade()["Code"] == "INSUFFICIENT_AVAILABLE_QUOTA"
    sim.console("POST", "top-up", amount="10000")
    assert sim.upgrade()["Code"] == 200


def test_an_unpaid_order_changes_nothing_and_may_block_the_next(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"wait_for_payment": True})
    order_id = sim.upgrade()["Data"]["orderId"]
    sim.advance(hours=1)
    assert sim.mq()["MaxTps"] == 3000
    assert sim.upgrade(MaxPrivateTps=10000)["Code"] == "ORDER.INST_HAS_UNPAID_ORDER"
    sim.console("POST", f"orders/{order_id}/pay")
    sim.advance(minutes=6)
    assert sim.mq()["MaxTps"] == 8000


@pytest.mark.parametrize(("setting", "orders"), [("none", 0), ("paid", 1)])
def test_pay_as_you_go_has_orders_or_not(simulate: Callable[..., Any], setting: str, orders: int) -> None:
    instance = {"product": "rabbitmq", "instance_id": MQ, "billing": "POST_PAID"}
    sim = simulate(instances=[instance], behaviour={"pay_as_you_go_orders": setting})
    larger = {"InstanceId": MQ, "ModifyType": "UPGRADE", "MaxPrivateTps": 8000}
    reply = sim.ask("UpdateInstance", **larger)
    assert ("orderId" in reply["Data"]) == bool(orders)
    assert len(sim.orders()) == orders
    sim.advance(minutes=6)
    assert sim.mq()["MaxTps"] == 8000
    assert sim.upgrade(MaxPrivateTps=10000)["Message"].startswith("InstanceType is for subscription")


def test_status_words_come_in_the_case_that_the_world_asks_for(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"status_case": "lower"})
    assert (sim.mq()["Status"], sim.mq()["InstanceType"]) == ("serving", "enterprise")


def test_a_list_is_read_by_pages_and_lacks_some_fields(simulate: Callable[..., Any]) -> None:
    many = [{"product": "rabbitmq", "instance_id": f"amqp-cn-{number}"} for number in range(5)]
    sim = simulate(instances=many)
    seen: list[str] = []
    token = ""
    while True:
        page = sim.ask("ListInstances", MaxResults=2, **({"NextToken": token} if token else {}))["Data"]
        seen += [item["InstanceId"] for item in page["Instances"]]
        assert all("MaxConnections" not in item for item in page["Instances"])
        if not (token := page["NextToken"]):
            break
    assert seen == [f"amqp-cn-{number}" for number in range(5)]
    assert sim.ask("ListInstances")["Code"] == "MissingParameter"
    assert sim.ask("ListInstances", MaxResults=101)["Code"] == "InvalidParameter"


def test_what_is_in_use_can_be_read(sim: Any) -> None:
    shown = sim.ask("GetMetadataAmount", InstanceId=MQ)["Data"]
    assert (shown["CurrentQueues"], shown["MaxQueues"]) == (120, 200)
    sim.console("POST", f"instances/{MQ}/usage", queues=150)
    assert sim.ask("GetMetadataAmount", InstanceId=MQ)["Data"]["CurrentQueues"] == 150
    sim.console("POST", "faults", call="GetMetadataAmount", do="stale-read", age="1s")
    assert sim.ask("GetMetadataAmount", InstanceId=MQ)["Data"]["CurrentQueues"] == 120


def test_an_instance_that_is_not_there_is_not_found(sim: Any) -> None:
    assert (reply := sim.ask("GetInstance", InstanceId="amqp-cn-other"))["Code"] == "InstanceNotExist"
    assert reply["status"] == 404
