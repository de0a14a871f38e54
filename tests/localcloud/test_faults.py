from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from localcloud.faults import Detail, Fault, Faults, Hung
from localcloud.rpc.operation import ApiError
from localcloud.wire import Dropped

MQ = "amqp-cn-demo0001"


def plan(**fault: Any) -> Fault:
    """Write a fault as the world file does."""
    return Fault.model_validate(fault)


def test_a_lost_request_has_no_effect(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "UpdateInstance", "do": "lost-request"}])
    with pytest.raises(Dropped):
        sim.upgrade()
    assert sim.orders() == []
    assert sim.upgrade()["Code"] == 200


def test_a_lost_reply_has_its_effect(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "UpdateInstance", "do": "lost-reply"}])
    with pytest.raises(Dropped):
        sim.upgrade()
    assert len(sim.orders()) == 1


def test_a_refusal_can_be_lost_too(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "UpdateInstance", "do": "lost-reply"}])
    with pytest.raises(Dropped):
        sim.upgrade(MaxPrivateTps=3000)
    assert sim.orders() == []


def test_a_hanging_reply_says_how_long(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "GetInstance", "do": "hang", "seconds": 5}])
    with pytest.raises(Hung) as caught:
        sim.mq()
    assert caught.value.seconds == 5


@pytest.mark.parametrize(("do", "orders"), [("error-before", 0), ("error-after", 1)])
def test_an_error_comes_before_or_after_the_effect(simulate: Callable[..., Any], do: str, orders: int) -> None:
    sim = simulate(faults=[{"call": "UpdateInstance", "do": do, "status": 503, "code": "ServiceUnavailable"}])
    reply = sim.upgrade()
    assert (reply["status"], reply["Code"]) == (503, "ServiceUnavailable")
    assert len(sim.orders()) == orders


def test_each_product_throttles_in_its_own_words(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "*", "do": "throttle", "times": 2}])
    rabbitmq, gateway = sim.upgrade(), sim.enlarge()
    assert (rabbitmq["status"], rabbitmq["Code"]) == (429, "Throttling.Api")
    assert (gateway["status"], gateway["Code"]) == (400, "Throttling.User")
    assert sim.upgrade()["Code"] == 200


def test_a_stale_read_shows_an_earlier_moment(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "GetInstance", "do": "stale-read", "age": "3m", "nth": 2}])
    sim.upgrade()
    sim.advance(minutes=7)
    assert [sim.mq()["MaxTps"] for _ in range(3)] == [8000, 3000, 8000]


def test_a_stale_read_of_orders_misses_new_ones(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "QueryOrders", "do": "stale-read", "age": "3m"}])
    sim.upgrade()
    sim.advance(minutes=1)
    assert [len(sim.orders()) for _ in range(2)] == [0, 1]


def test_an_answer_can_leave_out_or_make_up_what_it_likes(simulate: Callable[..., Any]) -> None:
    patch = {"Data": {"SupportEIP": None, "MaxTps": "many", "Made": {"Up": 1}}}
    sim = simulate(faults=[{"call": "GetInstance", "do": "odd-answer", "answer": patch}])
    odd, true = sim.mq(), sim.mq()
    assert "SupportEIP" in true
    assert odd == {**{k: v for k, v in true.items() if k != "SupportEIP"}, "MaxTps": "many", "Made": {"Up": 1}}


def test_the_caller_can_be_killed_after_the_effect(simulate: Callable[..., Any]) -> None:
    sim = simulate(faults=[{"call": "UpdateInstance", "do": "kill-caller"}])
    killed: list[str] = []
    sim.cloud.faults.on_kill(killed.append)
    policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    keys = sim.cloud.identity.issue(sim.cloud.identity.create_role("fn", [policy]), "worker-7")
    with pytest.raises(Dropped):
        sim.upgrade(keys=keys)
    assert killed == ["worker-7"]
    assert len(sim.orders()) == 1


def test_a_fault_strikes_only_its_calls_instances_and_times(sim: Any) -> None:
    faults: Faults = sim.cloud.faults
    faults.add(plan(call="oss.*", do="lost-request", instance="ledger/*", nth=2, times=2))
    struck = []
    for number in range(5):
        try:
            faults.before("oss.PutObject", Detail("ledger/a"))
        except Dropped:
            struck.append(number)
        faults.before("oss.PutObject", Detail("code/a"))
        faults.before("fc.Invoke", Detail("ledger/a"))
        faults.after("oss.PutObject", Detail("ledger/a"))
    assert struck == [1, 2]
    assert [(entry["seen"], len(entry["struck"])) for entry in faults.listed()] == [(5, 2)]


def test_a_fault_strikes_only_in_its_time(sim: Any) -> None:
    window = {"from": "2026-03-02T12:10:00Z", "until": "2026-03-02T12:20:00Z"}
    sim.cloud.faults.add(plan(call="GetInstance", do="error-before", times=None, **window))
    seen = []
    for _ in range(6):
        seen.append(sim.ask("GetInstance", InstanceId=MQ)["status"])
        sim.advance(minutes=5)
    assert seen == [200, 200, 500, 500, 200, 200]


def test_the_same_seed_strikes_the_same_calls(simulate: Callable[..., Any]) -> None:
    def struck(seed: int) -> list[bool]:
        sim = simulate(faults=[{"call": "*", "do": "throttle", "times": None, "chance": 0.3, "seed": seed}])
        return [sim.ask("GetInstance", InstanceId=MQ)["status"] == 429 for _ in range(60)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 5 < sum(struck(1)) < 35


def test_a_dropped_line_loses_the_request_or_the_reply_by_its_seed(simulate: Callable[..., Any]) -> None:
    def orders(seed: int) -> int:
        sim = simulate(faults=[{"call": "UpdateInstance", "do": "dropped", "seed": seed}])
        with pytest.raises(Dropped):
            sim.upgrade()
        return len(sim.orders())

    assert {orders(seed) for seed in range(8)} == {0, 1}


def test_of_two_faults_on_one_call_the_second_waits_for_the_next(sim: Any) -> None:
    sim.cloud.faults.add(plan(call="*", do="error-before", code="First"))
    sim.cloud.faults.add(plan(call="*", do="error-before", code="Second"))
    with pytest.raises(ApiError, match="First"):
        sim.cloud.faults.before("X")
    with pytest.raises(ApiError, match="Second"):
        sim.cloud.faults.before("X")
    sim.cloud.faults.before("X")


@pytest.mark.parametrize("fault", [{"call": "*"}, {"call": "*", "do": "explode"}, {"call": "*", "do": "hang", "x": 1}])
def test_a_fault_that_nobody_understands_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        plan(**fault)
