from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

GATEWAY = "apigateway-cn-demo0001"


def paid(sim: Any, **parameters: Any) -> None:
    """Order a larger gateway, paid at once."""
    assert sim.enlarge(AutoPay="true", **parameters)["status"] == 200


def test_the_answer_to_an_order_names_nothing(sim: Any) -> None:
    assert set(sim.enlarge()) == {"status", "RequestId"}


def test_without_auto_pay_an_order_waits_and_nothing_changes(sim: Any) -> None:
    sim.enlarge()
    sim.advance(minutes=30)
    assert [order["PaymentStatus"] for order in sim.orders()] == ["Unpaid"]
    assert (sim.gateway()["Status"], sim.gateway()["InstanceSpec"]) == ("RUNNING", "api.s1.small")


def test_a_paid_change_waits_for_the_switch_with_its_new_addresses(sim: Any) -> None:
    old = sim.gateway()
    paid(sim)
    assert sim.gateway()["Status"] == "MODIFYING"
    sim.advance(minutes=6)
    waiting = sim.gateway()
    assert (waiting["Status"], waiting["InstanceSpec"]) == ("WAIT_SWITCH", "api.s1.small")
    assert waiting["InternetEgressAddress"].startswith(old["InternetEgressAddress"] + ",")
    assert waiting["NewVpcEgressAddress"] != old["VpcEgressAddress"]
    assert sim.console("POST", f"instances/{GATEWAY}/switch")["status"] == 200
    done = sim.gateway()
    assert (done["Status"], done["InstanceSpec"], done["InstanceRpsLimit"]) == ("RUNNING", "api.s1.medium", 5000)
    assert done["InternetEgressAddress"] == waiting["InternetEgressAddress"].split(",")[1]
    assert "NewVpcEgressAddress" not in done


def test_a_switch_that_nobody_presses_is_rolled_back_after_a_day(sim: Any) -> None:
    old = sim.gateway()
    paid(sim)
    sim.advance(minutes=6, hours=23)
    assert sim.gateway()["Status"] == "WAIT_SWITCH"
    sim.advance(hours=1)
    assert sim.gateway() == old
    assert sim.console("POST", f"instances/{GATEWAY}/switch")["status"] == 400


def test_the_switchover_can_be_skipped_beforehand(sim: Any) -> None:
    paid(sim, SkipWaitSwitch="True")
    sim.advance(minutes=6)
    assert (sim.gateway()["Status"], sim.gateway()["InstanceSpec"]) == ("RUNNING", "api.s1.medium")


def test_a_resize_that_changes_no_address_needs_no_switch(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"switchover": False, "status_during_resize": "UPGRADING"})
    paid(sim)
    assert sim.gateway()["Status"] == "UPGRADING"
    sim.advance(minutes=6)
    assert sim.gateway()["Status"] == "RUNNING"


def test_the_word_for_the_switchover_is_the_worlds(simulate: Callable[..., Any]) -> None:
    sim = simulate(behaviour={"switchover_status": "WaitSwitch", "status_case": "lower"})
    paid(sim)
    sim.advance(minutes=6)
    assert sim.gateway()["Status"] == "waitswitch"


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"InstanceSpec": "api.s1.small"}, 400, "InvalidInstanceSpec.NoChange"),
        ({"InstanceSpec": "api.s9.huge"}, 400, "InvalidInstanceSpec"),
        ({"ModifyAction": "DOWNGRADE"}, 400, "InvalidModifyAction"),
        ({"ModifyAction": "SIDEWAYS"}, 400, "InvalidParameter"),
        ({"Token": ""}, 400, "MissingParameter"),
        ({"AutoPay": "1"}, 400, "InvalidParameter"),
        ({"InstanceId": "apigateway-cn-other"}, 400, "NotFoundInstance"),
        ({"Colour": "red"}, 400, "InvalidParameter"),
    ],
)
def test_a_wrong_order_is_refused_and_nothing_is_ordered(
    sim: Any, parameters: dict[str, Any], status: int, code: str
) -> None:
    reply = sim.enlarge(**{"token": "t", **parameters})
    assert (reply["status"], reply["Code"]) == (status, code)
    assert sim.orders() == []


def test_a_smaller_spec_must_say_downgrade(sim: Any) -> None:
    paid(sim, SkipWaitSwitch="true")
    sim.advance(minutes=6)
    smaller = {"InstanceSpec": "api.s1.small", "token": "t2"}
    assert sim.enlarge(**smaller)["Code"] == "InvalidModifyAction"
    assert sim.enlarge(ModifyAction="DOWNGRADE", **smaller)["status"] == 200
    assert sim.orders()[0]["OrderType"] == "Downgrade"


def test_only_a_running_gateway_can_be_resized(sim: Any) -> None:
    paid(sim)
    assert sim.enlarge("t2")["Code"] == "InvalidInstanceStatus"
    sim.advance(minutes=6)
    assert sim.enlarge("t3")["Code"] == "InvalidInstanceStatus"


@pytest.mark.parametrize(
    ("setting", "code", "orders"), [("refused", "RepeatedCommit", 1), ("ignored", None, 2), ("replayed", None, 1)]
)
def test_a_reused_token_is_refused_ignored_or_replayed(
    simulate: Callable[..., Any], setting: str, code: str | None, orders: int
) -> None:
    sim = simulate(behaviour={"gateway_token_reuse": setting, "unpaid_blocks_next": False})
    sim.enlarge(" t1 ")
    assert sim.enlarge("t1").get("Code") == code
    assert len(sim.orders()) == orders


def test_an_unpaid_order_blocks_the_next_until_it_ends(sim: Any) -> None:
    sim.enlarge()
    assert sim.enlarge("t2")["Code"] == "ORDER.INST_HAS_UNPAID_ORDER"
    sim.advance(days=7)
    assert sim.enlarge("t3")["status"] == 200


def test_auto_pay_without_money_leaves_an_unpaid_order(simulate: Callable[..., Any]) -> None:
    sim = simulate(balance="1.00")
    paid(sim)
    assert [order["PaymentStatus"] for order in sim.orders()] == ["Unpaid"]


def test_an_unknown_id_gives_an_empty_list(sim: Any) -> None:
    reply = sim.ask("DescribeInstances", InstanceId="apigateway-cn-other")
    assert (reply["status"], reply["TotalCount"], reply["Instances"]) == (200, 0, {"InstanceAttribute": []})


def test_the_display_text_depends_on_the_language(sim: Any) -> None:
    def label(language: str) -> str:
        shown = sim.ask("DescribeInstances", InstanceId=GATEWAY, Language=language)["Instances"]["InstanceAttribute"][0]
        text: str = shown["InstanceSpecAttributes"]["SpecAttribute"][0]["LocalName"]
        return text

    assert label("en") != label("zh")


def test_instances_are_read_by_pages(simulate: Callable[..., Any]) -> None:
    many = [{"product": "apigateway", "instance_id": f"apigateway-cn-{number}"} for number in range(12)]
    sim = simulate(instances=many)
    pages = [sim.ask("DescribeInstances", PageNumber=number) for number in (1, 2, 3)]
    assert [len(page["Instances"]["InstanceAttribute"]) for page in pages] == [10, 2, 0]


def test_requests_per_second_are_texts_near_the_usual_figure(sim: Any) -> None:
    window = {"StartTime": "2026-03-02T11:00:00Z", "EndTime": "2026-03-02T12:00:00Z", "InstanceId": GATEWAY}
    items = sim.ask("DescribeInstanceQps", StageName="RELEASE", **window)["InstanceQps"]["MonitorItem"]
    assert len(items) == 60
    assert all(900 <= int(item["ItemValue"]) <= 1100 for item in items)
    assert sim.ask("DescribeInstanceQps", StageName="BETA", **window)["Code"] == "InvalidParameter"
    assert sim.ask("DescribeInstanceQps", StageName="RELEASE", **{**window, "EndTime": "noon"})["status"] == 400
