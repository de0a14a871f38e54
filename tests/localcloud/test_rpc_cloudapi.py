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


WINDOW = {"StartTime": "2026-03-02T11:00:00Z", "EndTime": "2026-03-02T12:00:00Z", "InstanceId": GATEWAY}


def requests(sim: Any, **changes: str) -> list[dict[str, str]]:
    """The figures of the gateway's requests."""
    reply = sim.ask("DescribeInstanceQps", **{**WINDOW, "StageName": "RELEASE", **changes})
    items: list[dict[str, str]] = reply["InstanceQps"]["MonitorItem"]
    return items


def test_requests_per_second_are_texts_one_a_minute(sim: Any) -> None:
    items = requests(sim)
    assert items[0] == {"ItemTime": "2026-03-02T11:00:00Z\n", "ItemValue": "1000"}
    assert [item["ItemTime"][11:16] for item in items] == [f"11:{minute:02}" for minute in range(60)]
    assert {item["ItemValue"] for item in requests(sim, StageName="TEST")} == {"0"}


def test_a_minute_that_is_not_over_has_no_figure_yet(sim: Any) -> None:
    sim.advance(seconds=90)
    late = requests(sim, StartTime="2026-03-02T11:58:30Z", EndTime="2026-03-02T12:30:00Z")
    assert [item["ItemTime"][11:16] for item in late] == ["11:59", "12:00"]


def test_a_gateways_figures_follow_what_it_is_used_for(sim: Any) -> None:
    sim.console("POST", f"instances/{GATEWAY}/usage", tps=4000, connections=900)
    sim.advance(seconds=30)
    sim.console("POST", f"instances/{GATEWAY}/usage", tps=10, connections=500)
    sim.advance(seconds=90)
    window = {"StartTime": "2026-03-02T11:59:00Z", "EndTime": "2026-03-02T12:02:00Z"}
    assert [item["ItemValue"] for item in requests(sim, **window)] == ["1000", "4000", "10"]
    shown = {
        name: [
            (item["Item"], item["ItemValue"])
            for item in sim.ask("DescribeInstanceSlbConnect", **{**WINDOW, **window, "SbcName": name})[
                "InstanceSlbConnect"
            ]["MonitorItem"]
            if item["ItemTime"] == "2026-03-02T12:00:00Z\n"
        ]
        for name in ("Maximum", "Minimum", "Average")
    }
    assert shown["Maximum"] == [
        ("InstanceMaxConnection", "900"),
        ("InstanceInactiveConnection", "90"),
        ("InstanceActiveConnection", "810"),
    ]
    assert (shown["Minimum"][0][1], shown["Average"][0][1]) == ("500", "700")


def test_a_gateways_figures_may_be_withheld_or_late(simulate: Callable[..., Any]) -> None:
    assert requests(simulate(behaviour={"metrics": "empty"})) == []
    assert requests(simulate(behaviour={"metrics": "late"}))[-1]["ItemTime"] == "2026-03-02T11:29:00Z\n"


@pytest.mark.parametrize(
    ("action", "wrong", "code"),
    [
        ("DescribeInstanceQps", {"StageName": "BETA"}, "InvalidParameter"),
        ("DescribeInstanceQps", {"StageName": "RELEASE", "EndTime": "noon"}, "InvalidParameter"),
        ("DescribeInstanceSlbConnect", {}, "MissingParameter"),
        ("DescribeInstanceSlbConnect", {"SbcName": "Sum"}, "InvalidParameter"),
        ("DescribeInstanceSlbConnect", {"SbcName": "Maximum", "InstanceId": "apigateway-cn-other"}, "NotFoundInstance"),
    ],
)
def test_a_wrong_question_about_use_is_refused(sim: Any, action: str, wrong: dict[str, str], code: str) -> None:
    reply = sim.ask(action, **{**WINDOW, **wrong})
    assert (reply["status"], reply["Code"]) == (400, code)


@pytest.mark.parametrize("action", ["DescribeInstanceQps", "DescribeInstanceSlbConnect"])
def test_how_a_gateway_is_used_can_be_granted_for_one_instance(sim: Any, action: str) -> None:
    def ask(instance_id: str) -> dict[str, Any]:
        statement = {
            "Effect": "Allow",
            "Action": f"apigateway:{action}",
            "Resource": f"acs:apigateway:*:*:instance/{instance_id}",
        }
        keys = sim.cloud.identity.create_user("reader", [{"Version": "1", "Statement": [statement]}])
        extra = {"StageName": "RELEASE"} if action == "DescribeInstanceQps" else {"SbcName": "Maximum"}
        reply: dict[str, Any] = sim.ask(action, keys=keys, **WINDOW, **extra)
        return reply

    assert ask(GATEWAY)["status"] == 200
    assert (refused := ask("apigateway-cn-other"))["Code"] == "Forbidden.RAM"
    assert refused["status"] == 403
