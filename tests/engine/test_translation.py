"""What the translation does not know, it refuses: nothing of a flow is left out of the comparison unseen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.asl import UntranslatableError, fewer_attempts, translate

Json = dict[str, Any]

STRANGE: list[tuple[str, Json]] = [
    ("Submit", {"InputConstructor": {}}),
    ("Submit", {"GlobalConstructor": {}}),
    ("Submit", {"TaskMode": "WaitForSystemCallback"}),
    ("Submit", {"Action": "HTTP:Request"}),
    ("Submit", {"Parameters": {"body": {"next.$": "$Global.next"}}}),
    ("Submit", {"Parameters": {"body": {"next.$": 'format("{}", $Input.next)'}}}),
    ("Submit", {"OutputConstructor": {"next.$": "$Input.next"}}),
    ("Submit", {"Retry": [{"Errors": ["FnF.ALL", "Throttled"], "MaxAttempts": 1}]}),
    ("Submit", {"Retry": [{"Errors": [name], "MaxAttempts": 1} for name in ("FnF.ALL", "Throttled")]}),
    ("Submit", {"Retry": [{"Errors": ["Throttled"], "MaxAttempts": 1, "Jitter": True}]}),
    ("Submit", {"Catch": [{"Errors": ["FnF.ALL"], "GlobalConstructor": {}, "Next": "Pause15"}]}),
    ("Submit", {"End": True}),
    ("Choose", {"OutputConstructor": {}}),
    ("Choose", {"Branches": [{"Condition": '$Input.next != "submit"', "Next": "Submit"}]}),
    ("Choose", {"Branches": [{"Condition": "$Input.next == 1", "Next": "Submit"}]}),
    ("Choose", {"Branches": [{"Condition": '$Input.a == "b" || $Input.c == "d"', "Next": "Submit"}]}),
    ("Pause15", {"Seconds.$": "$Input.seconds"}),
    ("Done", {"OutputConstructor": {}}),
    ("Done", {"End": False}),
    ("Done", {"Type": "Pass"}),
    ("Broken", {"Code.$": "$Input.code"}),
]


@pytest.mark.parametrize(("name", "change"), STRANGE)
def test_a_construct_that_the_translation_does_not_know_is_refused(flow: Json, name: str, change: Json) -> None:
    state = next(state for state in flow["States"] if state["Name"] == name)
    state |= change
    with pytest.raises(UntranslatableError):
        translate(flow, "queue", 60)


def test_only_the_number_of_retries_is_lessened(written: Json) -> None:
    lessened = fewer_attempts(written)
    limits = [[rule.pop("MaxAttempts") for rule in state.get("Retry", ())] for state in lessened["States"]]
    assert [each for each in limits if each] == [[2, 2], [2, 2], [2]]
    for state in written["States"]:
        for rule in state.get("Retry", ()):
            del rule["MaxAttempts"]
    assert lessened == written


def test_a_task_is_called_through_the_queue_and_its_constructors_follow_it(flow: Json) -> None:
    states = translate(flow, "queue", 60)["States"]
    assert states["Look"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "Look.Catch[0]"}]
    assert states["Look.Catch[0]"] == {"Type": "Pass", "Parameters": {"next": "broken"}, "Next": "Broken"}
    assert states["Look.OutputConstructor"] == {
        "Type": "Pass",
        "Parameters": {"next.$": "$[0].Body.next"},
        "Next": "Choose",
    }
    call = states["Look"]["Branches"][0]["States"]["Look.Action"]
    assert call["Parameters"]["MessageBody"]["parameters"]["body"] == {
        "instance.$": "$$.Execution.Input.instance",
        "operation.$": "$$.Execution.Input.operation",
        "execution.$": "$$.Execution.Name",
    }
