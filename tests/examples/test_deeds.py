"""What a step can do: people at the console, misfortunes, and what becomes of them."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from localcloud.project.scenario.folder import read_folder
from localcloud.project.scenario.play import performed
from localcloud.project.scenario.told import records_of
from tests.examples.conftest import ALERT, POLICY, Writes, played
from tidegate.domain.facts import Judged
from tidegate.domain.operation import Verdict

QUEUE: dict[str, Any] = POLICY["instances"]["orders-mq"]
UP = {"instance": "orders-mq", "from": "small", "to": "medium", "at": "2026-03-02 10:00"}
NO_TIMETABLE = {"instances": {"orders-mq": {**QUEUE, "timetable": []}}}


def ends(rung: str, *orders: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An ending."""
    return {"rungs": {"orders-mq": rung}, "orders": list(orders), **more}


def differing(folder: Writes, **changes: Any) -> tuple[str, ...]:
    """Play a folder, and tell what differs."""
    return played(folder(**changes)).differences


def test_an_order_that_waits_is_paid_by_a_person(folder: Writes) -> None:
    steps = [{"at": "10:30", "do": {"console": {"pay": "orders-mq"}}}]
    told = [{"kind": "needs-person", "saying": "Pay order"}]
    scenario = {"steps": steps, "until": "11:00", "expect": ends("medium", UP, messages=told)}
    assert differing(folder, scenario=scenario, world={"behaviour": {"wait_for_payment": True}}) == ()


def test_an_order_that_somebody_cancels_ends_so_and_nothing_more_is_ordered(folder: Writes) -> None:
    steps = [{"at": "10:30", "do": {"console": {"cancel_order": "orders-mq"}}}]
    holds, told = [{"code": "circuit"}], [{"kind": "failed", "saying": "tidegate ack orders-mq"}]
    expect = ends("small", {**UP, "outcome": "order cancelled"}, holds=holds, messages=told)
    scenario = {"steps": steps, "until": "12:30", "expect": expect}
    assert differing(folder, scenario=scenario, world={"behaviour": {"wait_for_payment": True}}) == ()


def test_a_colleague_s_resize_is_noticed_though_idle_minutes_are_skipped_and_is_no_order_of_ours(
    folder: Writes,
) -> None:
    hand = {"instance": "orders-mq", "to": {"MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000}}
    steps = [{"at": "14:00", "do": {"console": {"resize": hand}}}]
    scenario = {"steps": steps, "until": "16:30", "expect": ends("large", holds=[{"code": "drift"}])}
    assert differing(folder, scenario=scenario, policy=NO_TIMETABLE) == ()


def test_a_load_that_does_not_fit_holds_a_downgrade_until_it_falls(folder: Writes) -> None:
    steps = [
        {"at": "11:00", "do": {"console": {"use": {"instance": "orders-mq", "queues": 350}}}},
        {"at": "13:40", "do": {"console": {"use": {"instance": "orders-mq", "queues": 90}}}},
    ]
    down = {"instance": "orders-mq", "from": "medium", "to": "small", "at": "2026-03-02 13:45"}
    expect = ends("small", UP, down, holds=[{"code": "fit", "saying": "queues 350 of 200"}])
    assert differing(folder, scenario={"steps": steps, "until": "14:30", "expect": expect}) == ()


def test_a_function_that_is_killed_before_it_hears_the_answer_leaves_one_order(folder: Writes) -> None:
    steps = [{"at": "09:30", "do": {"fault": {"call": "UpdateInstance", "do": "kill-caller"}}}]
    path = folder(scenario={"steps": steps, "until": "11:00", "expect": ends("medium", UP)})
    assert played(path).differences == ()
    with performed(read_folder(path), Console(quiet=True)) as performance:
        (policy,) = performance.story.policies.values()
        facts = [fact for _, fact in records_of(performance.story.stage, policy)]
    (verdict,) = [fact for fact in facts if isinstance(fact, Judged)]
    assert (verdict.verdict, verdict.code) == (Verdict.UNANSWERED, "NoVerdict")


def test_a_tick_and_a_door_that_are_killed_lose_nothing(folder: Writes) -> None:
    steps = [
        {"do": {"fault": {"call": "GetInstance", "do": "kill-caller", "times": 2}}},
        {"at": "10:40", "do": {"fault": {"call": "GetInstance", "do": "kill-caller", "times": 1}}},
        {"do": {"alert": ALERT}, "answer": {"answer": "rejected", "saying": "died"}},
    ]
    second = {"instance": "orders-mq", "from": "medium", "to": "large", "at": "2026-03-02 10:41", "within": "2m"}
    expect = ends("large", UP, second)
    assert differing(folder, scenario={"steps": steps, "until": "11:30", "expect": expect}) == ()


def test_an_execution_that_dies_is_carried_on_by_the_tick(folder: Writes) -> None:
    steps = [{"at": "10:02", "do": {"kill": "orders-mq"}}]
    assert differing(folder, scenario={"steps": steps, "until": "10:30", "expect": ends("medium", UP)}) == ()


def test_a_policy_of_another_file_comes_into_force(folder: Writes) -> None:
    down = {"instance": "orders-mq", "from": "medium", "to": "small", "at": "2026-03-02 11:01", "within": "2m"}
    steps = [{"at": "11:00", "do": {"push": "later.yaml"}}]
    path = folder(scenario={"steps": steps, "until": "12:00", "expect": ends("small", UP, down)})
    text = (path / "policy.yaml").read_text("utf-8")
    (path / "later.yaml").write_text(text.replace("to: '13:00'", "to: '10:30'"), "utf-8")
    assert played(path).differences == ()


def test_a_fleet_is_paused_and_goes_on(folder: Writes) -> None:
    steps = [
        {"at": "09:50", "do": {"request": {"verb": "pause", "fleet": True, "for": "30m", "reason": "drill"}}},
    ]
    late = {**UP, "at": "2026-03-02 10:21", "within": "3m"}
    expect = ends("medium", late, holds=[{"code": "pause", "saying": "drill"}])
    assert differing(folder, scenario={"steps": steps, "until": "11:00", "expect": expect}) == ()


def test_a_policy_may_be_a_folder_of_files(folder: Writes) -> None:
    path = folder(scenario={"steps": [], "until": "11:00", "expect": ends("medium", UP)})
    (path / "policy").mkdir()
    (path / "policy.yaml").rename(path / "policy" / "queues.yaml")
    assert played(path).differences == ()


def test_the_world_s_behaviour_bears_on_the_workflow(folder: Writes) -> None:
    """Exceptions under another name lead the workflow to Look, which paces the next attempt."""
    behaviour = {"flow_exception_names": "FC.Unknown", "topic_migrating_refusals": 2}
    scenario = {"steps": [], "until": "11:00", "expect": ends("medium", UP)}
    assert differing(folder, scenario=scenario, world={"behaviour": behaviour}) == ()
