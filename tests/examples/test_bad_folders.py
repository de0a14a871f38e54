"""A folder that cannot be played is refused with file, line and path, and every mistake in it at once."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from localcloud.project.scenario.folder import BadScenario, read_folder
from tests.examples.conftest import ALERT, SCENARIO, WORLD, Writes

ENDING: dict[str, Any] = SCENARIO["expect"]
RESIZE = {"verb": "resize", "to": "large", "for": "1h"}


def refused(path: Path) -> list[str]:
    """What is wrong with a folder, a line for each, without the folder's own path."""
    with pytest.raises(BadScenario) as caught:
        read_folder(path)
    return str(caught.value).replace(f"{path}/", "").splitlines()


def step(**do: Any) -> dict[str, Any]:
    """A scenario of one step."""
    return {"steps": [{"at": "10:00", "do": do}]}


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ({"tittle": "x"}, "tittle: unknown key `tittle`; did you mean `title`?"),
        ({"until": 5}, "until: expected text, found `5`; put it in quotes"),
        ({"title": ""}, "title: expected text that is not empty"),
        ({"timezone": "Asia/Nowhere"}, "timezone: `Asia/Nowhere` is no time zone"),
        ({"until": "soon"}, "until: expected a time such as 2026-11-10 21:55"),
        ({"until": "2026-03-01 10:00"}, "until: expected a time not before what stands above it"),
        ({"until": "2026-03-02"}, "found the day `2026-03-02` without a time"),
        ({"until": "+2 hours"}, "until: expected a time such as 2026-11-10 21:55"),
        (step(), "steps[0].do: write exactly one of alert, request, console, fault, lose_ticks, kill, push"),
        (step(kill="orders-mq", lose_ticks="1h"), "steps[0].do: write exactly one of"),
        (step(alert={"instance": "orders-mq"}), "steps[0].do.alert: name the alert rule by `rule`"),
        (step(alert={**ALERT, "format": "pager"}), "steps[0].do.alert.format: expected 'cloudmonitor', "),
        (
            step(alert={**ALERT, "instance": "orders"}),
            "steps[0].do.alert.instance: the policy has no instance `orders`",
        ),
        (step(alert={**ALERT, "times": 0}), "steps[0].do.alert.times: expected a number at least 1, found `0`"),
        (step(request=RESIZE), "steps[0].do.request: name an `instance`, or write `fleet: true`"),
        (step(request={**RESIZE, "instance": "x", "for": "soon"}), "steps[0].do.request.for: expected a duration"),
        (step(request={"verb": "shrink", "instance": "orders-mq"}), "steps[0].do.request.verb: expected 'resize', "),
        (step(console={}), "steps[0].do.console: write exactly one of pay, cancel_order, switch, resize, use, top_up"),
        (step(console={"pay": "other"}), "steps[0].do.console.pay: the policy has no instance `other`"),
        (step(fault={"call": "UpdateInstance", "do": "explode"}), "steps[0].do.fault.do: expected 'lost-request', "),
        (step(lose_ticks="long"), "steps[0].do.lose_ticks: expected a duration"),
        (step(kill="other"), "steps[0].do.kill: the policy has no instance `other`; it has orders-mq"),
        (
            {"steps": [{"do": {"kill": "orders-mq"}, "answer": {"answer": "hold"}}]},
            "steps[0]: only alerts and requests are answered",
        ),
        ({"steps": [{"at": "25:00", "do": {"kill": "orders-mq"}}]}, "steps[0].at: expected a time such as"),
    ],
)
def test_a_mistake_in_the_scenario_is_told_with_its_place(folder: Writes, scenario: dict[str, Any], says: str) -> None:
    (told,) = refused(folder(scenario=scenario))
    assert told.startswith("scenario.yaml:")
    assert says in told


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ({"rungs": {}}, "expect.rungs: expected at least one entry"),
        ({"rungs": {"other": "small"}}, "expect.rungs.other: the policy has no instance `other`"),
        ({"rungs": {"orders-mq": "tiny"}}, "orders-mq has no rung `tiny`; its ladder is small, medium, large"),
        ({"orders": [{"instance": "orders-mq", "from": "small"}]}, "expect.orders[0].to: expected the key `to`"),
        ({"orders": [{**ENDING["orders"][0], "to": "tiny"}]}, "expect.orders[0].to: orders-mq has no rung `tiny`"),
        ({"orders": [{**ENDING["orders"][0], "at": "10:00"}]}, "expect.orders[0].at: expected a date and a time"),
        ({"orders": [{**ENDING["orders"][0], "outcome": "well"}]}, "expect.orders[0].outcome: expected 'resized', "),
        ({"holds": [{"instance": "orders-mq"}]}, "expect.holds[0].code: expected the key `code`, which is missing"),
        ({"messages": [{"kind": "shout"}]}, "expect.messages[0].kind: expected 'resized', "),
        ({"never": [{}]}, "expect.never[0]: write exactly one of ordered, below, above, held, told"),
        ({"never": [{"below": "medium"}]}, "expect.never[0]: name the `instance`"),
        ({"never": [{"ordered": "up", "between": "8-10"}]}, "expect.never[0].between: two local wall-clock times"),
        ({"never": [{"ordered": "up", "from": "+1h"}]}, "expect.never[0].from: expected a date and a time"),
        ({"unsettled": ["other"]}, "expect.unsettled[0]: the policy has no instance `other`"),
    ],
)
def test_a_mistake_in_the_ending_is_told_with_its_place(folder: Writes, expect: dict[str, Any], says: str) -> None:
    (told,) = refused(folder(scenario={"expect": {**copy.deepcopy(ENDING), **expect}}))
    assert told.startswith("scenario.yaml:")
    assert says in told


def test_the_line_is_that_of_the_mistake_and_all_mistakes_are_told_at_once(folder: Writes) -> None:
    path = folder()
    text = (path / "scenario.yaml").read_text("utf-8")
    lines = text.replace("rule: rabbit-tps-high", "rules: rabbit-tps-high", 1).replace("until: '17:00'", "untill: x")
    (path / "scenario.yaml").write_text(lines, "utf-8")
    wrong = [number for number, line in enumerate(lines.splitlines(), 1) if "rules:" in line or "untill" in line]
    assert sorted({int(told.split(":")[1]) for told in refused(path)}) == sorted({1, *wrong})


@pytest.mark.parametrize("text", ["", "\n\n", "[]", "title: [", "- 1\n- 2", "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_scenario_at_all_is_refused(folder: Writes, text: str | bytes) -> None:
    path = folder()
    (path / "scenario.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert all(told.startswith("scenario.yaml") for told in refused(path))


@pytest.mark.parametrize("name", ["scenario.yaml", "world.yaml", "policy.yaml"])
def test_a_file_that_is_missing_is_named(folder: Writes, name: str) -> None:
    path = folder()
    (path / name).unlink()
    assert refused(path) == [f"{name}: No such file or directory"]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="expected a folder with scenario"):
        read_folder(tmp_path / "nowhere")


def test_a_world_that_begins_now_is_refused(folder: Writes) -> None:
    assert refused(folder(world={"start": "now"})) == [
        "world.yaml: start: expected a time with its offset, such as 2026-11-10T20:00:00+08:00"
    ]


def test_a_world_without_an_instance_of_the_policy_is_refused(folder: Writes) -> None:
    (told,) = refused(folder(world={"instances": [{**WORLD["instances"][0], "instance_id": "amqp-cn-other0001"}]}))
    assert told == "scenario.yaml:1: the world has no instance with the instance_id of orders-mq"


def test_mistakes_in_world_and_policy_are_told_in_their_own_words(folder: Writes) -> None:
    assert refused(folder(world={"stars": 5})) == ["world.yaml: stars: Extra inputs are not permitted"]
    (told,) = refused(folder(policy={"instancess": {}}))
    assert told.startswith("policy.yaml:")
    assert "unknown key `instancess`" in told


def test_a_policy_that_is_to_be_pushed_later_must_be_there_and_be_good(folder: Writes) -> None:
    path = folder(scenario=step(push="later.yaml"))
    assert refused(path) == ["later.yaml: No such file or directory"]
    (path / "later.yaml").write_text("version: 2\ninstances: {}\n", "utf-8")
    assert all(told.startswith("later.yaml:") for told in refused(path))
