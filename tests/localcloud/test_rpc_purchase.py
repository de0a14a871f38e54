from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.rpc.prices import Prices
from localcloud.rpc.purchase import NotSold, as_sold, direction_of, wished_spec
from localcloud.rpc.specs import RABBITMQ_FIELDS, TPS_STEPS, Range

MQ = "amqp-cn-demo0001"


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        ({"MaxPrivateTps": 1000}, {"MaxPrivateTps": 1000}, None),
        ({"MaxPrivateTps": 1000}, {"MaxPrivateTps": 1500}, "Upgrade"),
        ({"SupportEip": True}, {"SupportEip": False}, "Downgrade"),
        ({"SupportEip": False, "QueueCapacity": 400}, {"SupportEip": True, "QueueCapacity": 200}, "both ways"),
        ({"InstanceType": "enterprise"}, {"InstanceType": "vip"}, "Upgrade"),
        ({"InstanceType": "enterprise"}, {"InstanceType": "professional"}, "Downgrade"),
        ({"Edition": "shared"}, {"Edition": "dedicated"}, "Upgrade"),
        ({}, {"ProvisionedCapacity": 2000}, "Upgrade"),
    ],
)
def test_a_change_goes_one_way_or_none(before: dict[str, Any], after: dict[str, Any], way: str | None) -> None:
    assert direction_of(before, after) == way


def test_an_edition_can_be_changed_together_with_what_only_it_sells(simulate: Callable[..., Any]) -> None:
    sim = simulate(balance="1000000.00")
    larger = {"MaxPrivateTps": 8000, "MaxConnections": 50_000, "QueueCapacity": 10_000}
    assert sim.upgrade(InstanceType="vip", StorageSize=700, **larger)["Code"] == 200
    sim.advance(minutes=6)
    assert (sim.mq()["InstanceType"], sim.mq()["StorageSize"]) == ("VIP", 700)


def test_there_is_no_way_back_from_dedicated_to_shared(simulate: Callable[..., Any]) -> None:
    spec = {"Edition": "dedicated", "ProvisionedCapacity": 20_000, "ServerlessChargeType": "provisioned"}
    sim = simulate(instances=[{"product": "rabbitmq", "instance_id": MQ, "billing": "POST_PAID", "spec": spec}])
    shrink = {"InstanceId": MQ, "ModifyType": "DOWNGRADE", "Edition": "shared"}
    assert sim.ask("UpdateInstance", **shrink)["Code"] == "PARAM_ERRPR"
    grow = {"InstanceId": MQ, "ModifyType": "UPGRADE", "ProvisionedCapacity": 40_000}
    assert sim.ask("UpdateInstance", **grow)["Code"] == 200
    sim.advance(minutes=6)
    assert (sim.mq()["ProvisionedCapacity"], sim.mq()["Edition"]) == (40_000, "dedicated")


@given(st.integers(-5, 2_000_000), st.booleans())
@settings(deadline=None)
def test_what_is_sold_is_a_step_and_never_less_than_asked(value: int, rounds: object) -> None:
    before = {**RABBITMQ_FIELDS, "MaxPrivateTps": 1}
    try:
        sold = as_sold(before, {**before, "MaxPrivateTps": value}, rounds=bool(rounds))["MaxPrivateTps"]
    except NotSold:
        assert value not in TPS_STEPS
        return
    if value != 1:
        assert sold in TPS_STEPS
        assert isinstance(sold, int)
        assert sold >= min(value, TPS_STEPS[-1])


@given(st.integers(1, 10_000))
@settings(deadline=None)
def test_rounding_up_gives_a_number_that_is_sold(value: int) -> None:
    assert Range(50, 1000, 5).holds(Range(50, 1000, 5).up(value))


def test_only_what_the_vendor_may_reset_is_reset() -> None:
    before = {"SupportEip": True, "QueueCapacity": 400, "MaxEipTps": 256}
    assert wished_spec(before, {"QueueCapacity": 600}, resets=True) == {
        "SupportEip": False,
        "QueueCapacity": 600,
        "MaxEipTps": 128,
    }


def test_more_of_anything_costs_more() -> None:
    prices, smallest = Prices(), dict(RABBITMQ_FIELDS)
    for name in ("MaxPrivateTps", "QueueCapacity", "MaxConnections", "MaxEipTps"):
        assert prices.of("rabbitmq", {**smallest, name: int(smallest[name]) * 2}) > prices.of("rabbitmq", smallest)
    assert prices.of("rabbitmq", {**smallest, "SupportEip": True}) > prices.of("rabbitmq", smallest)
    gateway = list(prices.apigateway.values())
    assert gateway == sorted(gateway)
