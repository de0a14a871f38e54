"""The runner can fail: an ending that is not as expected is told with what differs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from rich.console import Console

from localcloud.project.scenario.deeds import Replied
from localcloud.project.scenario.ending import Expect
from localcloud.project.scenario.folder import Folder, read_folder
from localcloud.project.scenario.model import Answer
from localcloud.project.scenario.play import performed
from localcloud.project.scenario.promises import broken
from localcloud.project.scenario.told import Chronicle
from localcloud.project.scenario.verdict import differences, unlike
from tests.examples.conftest import SCENARIO, Writes, played, written

Judges = Callable[..., list[str]]
ENDING: dict[str, Any] = SCENARIO["expect"]
ORDERS: list[dict[str, Any]] = ENDING["orders"]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, Chronicle]]:
    """The short day, played once, on a stage that stays open."""
    folder = read_folder(written(tmp_path_factory.mktemp("day")))
    with performed(folder, Console(quiet=True)) as performance:
        yield folder, performance.story


@pytest.fixture
def judged(day: tuple[Folder, Chronicle]) -> Judges:
    """Judge the short day by another ending."""
    folder, story = day

    def judge(**expect: Any) -> list[str]:
        other = Expect.model_validate({**copy.deepcopy(ENDING), **expect})
        return differences(replace(folder, scenario=folder.scenario.model_copy(update={"expect": other})), story)

    return judge


def test_the_ending_that_is_expected_differs_in_nothing(judged: Judges) -> None:
    assert judged() == []


def test_another_rung_at_the_end_is_told(judged: Judges) -> None:
    assert judged(rungs={"orders-mq": "large"}) == ["orders-mq ends on small, expected large"]


def test_an_order_that_did_not_come_is_told(judged: Judges) -> None:
    more = {"instance": "orders-mq", "from": "small", "to": "large", "at": "2026-03-02 16:30"}
    (told,) = judged(orders=[*ORDERS, more])
    assert told == "order 7: expected orders-mq small -> large at 2026-03-02 16:30 (give or take 10m), came none"


def test_an_order_that_nobody_expected_is_told(judged: Judges) -> None:
    (told,) = judged(orders=ORDERS[:-1])
    assert told == "order 6: expected none, came orders-mq large -> small at Mon 2026-03-02 15:30:00"


@pytest.mark.parametrize(
    "change", [{"at": "2026-03-02 10:11"}, {"to": "large"}, {"from": "medium"}, {"instance": "other"}]
)
def test_an_order_at_another_time_or_for_another_rung_is_told(judged: Judges, change: dict[str, str]) -> None:
    (told,) = judged(orders=[{**ORDERS[0], **change}, *ORDERS[1:]])
    assert told.startswith("order 1: expected ")
    assert told.endswith("came orders-mq small -> medium at Mon 2026-03-02 10:00:00")


def test_an_order_whose_operation_ended_otherwise_is_told(judged: Judges) -> None:
    (told,) = judged(orders=[{**ORDERS[0], "outcome": "rolled back"}, *ORDERS[1:]])
    assert told.endswith("ended resized, expected rolled back")


def test_a_hold_that_was_not_is_told_with_what_was_held(judged: Judges) -> None:
    (told,) = judged(holds=[{"instance": "orders-mq", "code": "window"}])
    assert told == "expected a hold window of orders-mq; held were operation"


def test_a_message_that_was_not_sent_often_enough_is_told(judged: Judges) -> None:
    assert judged(messages=[{"kind": "resized", "instance": "orders-mq", "times": 6}]) == []
    (told,) = judged(messages=[{"kind": "resized", "saying": "small -> large", "times": 2}])
    assert told == "expected a message of kind resized that says `small -> large` 2 times, came 1"
    (told,) = judged(messages=[{"kind": "needs-person"}])
    assert told == "expected a message of kind needs-person"


@pytest.mark.parametrize(
    ("never", "at"),
    [
        ({"ordered": "down"}, "11:50:00"),
        ({"ordered": "any", "instance": "orders-mq"}, "10:00:00"),
        ({"ordered": "any", "from": "2026-03-02 12:00"}, "13:00:00"),
        ({"ordered": "up", "between": ["10:30", "12:00"]}, "10:40:00"),
        ({"ordered": "up", "outside": ["09:00", "14:00"]}, "14:30:00"),
        ({"above": "medium", "instance": "orders-mq"}, "10:44:00"),
        ({"below": "medium", "instance": "orders-mq", "from": "2026-03-02 11:00"}, "13:04:00"),
        ({"told": "resized, order"}, "10:05:15"),
    ],
)
def test_what_must_never_be_and_was_is_told_with_its_first_time(judged: Judges, never: dict[str, Any], at: str) -> None:
    (told,) = judged(never=[never])
    assert told.startswith("never was ")
    assert told.endswith(f"it was at Mon 2026-03-02 {at}")


@pytest.mark.parametrize(
    "never",
    [
        {"ordered": "up", "from": "2026-03-02 14:31"},
        {"ordered": "up", "until": "2026-03-02 10:00"},
        {"ordered": "up", "between": ["22:00", "06:00"]},
        {"ordered": "any", "outside": ["10:00", "16:00"]},
        {"above": "large", "instance": "orders-mq"},
        {"above": "small", "instance": "orders-mq", "from": "2026-03-02 13:05", "until": "2026-03-02 14:30"},
        {"held": "window"},
        {"told": "needs you"},
    ],
)
def test_what_must_never_be_and_was_not_is_no_difference(judged: Judges, never: dict[str, Any]) -> None:
    assert judged(never=[never]) == []


def test_an_order_of_no_operation_and_a_second_one_break_a_promise(day: tuple[Folder, Chronicle]) -> None:
    _, story = day
    first = story.orders[0]
    twice = replace(story, orders=(*story.orders, replace(first, order_id="2", at=first.at + timedelta(minutes=1))))
    (told,) = broken(twice, [])
    assert told == f"one order per operation: orders-mq#1 has 2: {first.order_id}, 2"
    (told,) = broken(replace(story, orders=(*story.orders, replace(first, order_id="3", operation=0))), [])
    assert told == "one order per operation: orders-mq has order 3 of no operation"


def test_an_order_outside_of_min_and_max_breaks_a_promise(day: tuple[Folder, Chronicle]) -> None:
    _, story = day
    bound = {name: policy.model_copy(update={"max": "medium"}) for name, policy in story.policies.items()}
    told = list(broken(replace(story, policies=bound), []))
    assert told == ["never outside the policy: orders-mq was ordered to large"] * 2


def test_what_is_still_open_at_the_end_breaks_a_promise_unless_it_may(folder: Writes) -> None:
    short = {"until": "10:02", "steps": []}
    orders = [{**ORDERS[0], "at": "2026-03-02 10:00"}]
    over = played(folder(scenario={**short, "expect": {**ENDING, "orders": orders}}))
    assert over.differences == (
        "everything settled: orders-mq#1 is still ordered",
        "order 1: orders-mq small -> medium at Mon 2026-03-02 10:00:00 ended open, expected resized",
    )


@pytest.mark.parametrize(
    ("answer", "differs"),
    [
        ({"answer": "hold", "code": "window", "saying": "opens"}, ""),
        ({"answer": "resize"}, "a request was answered hold (the window opens at 01:00), expected resize"),
        ({"answer": "hold", "code": "budget"}, "with code window, expected budget"),
        ({"answer": "hold", "saying": "cooling"}, "expected it to say `cooling`"),
    ],
)
def test_an_answer_that_is_not_as_expected_is_told(answer: dict[str, Any], differs: str) -> None:
    at = datetime(2026, 3, 2, tzinfo=timezone.utc)
    reply = Replied(at, "a request", "hold", "window", "the window opens at 01:00")
    told = unlike(Answer.model_validate(answer), reply)
    assert (differs in told) if differs else told == ""


def test_a_wrong_answer_and_a_step_that_cannot_be_done_fail_the_play(folder: Writes) -> None:
    steps = [
        {
            "at": "09:30",
            "do": {"request": {"verb": "resize", "instance": "orders-mq", "to": "large", "for": "1h", "dry_run": True}},
            "answer": {"answer": "hold"},
        },
        {"do": {"console": {"pay": "orders-mq"}}},
        {"do": {"kill": "orders-mq"}},
    ]
    over = played(folder(scenario={"steps": steps, "until": "09:40", "expect": {**ENDING, "orders": []}}))
    assert [told.partition(":")[0] for told in over.differences] == [
        "li@example",
        "step at 2026-03-02T01",
        "step at 2026-03-02T01",
    ]
    assert "was answered resize" in over.differences[0]
    assert "has no unpaid order" in over.differences[1]
    assert "has no execution that runs" in over.differences[2]
