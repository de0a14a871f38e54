"""A part that is no alert still says which instance it names, where that can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tidegate.alerts import Delivery, read

MINE = "amqp-cn-demo0001"
LABELS = {"alertname": "r", "instanceId": MINE}
PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "cloudmonitor": ("cms", {"alertName": "r", "alertState": "WHAT", "dimensions": f"{{instanceId={MINE}}}"}),
    "cloudmonitor-smq": ("smq", {"ruleName": "r", "curLevel": "ODD", "resources": json.dumps({"instanceId": MINE})}),
    "eventbridge": ("eventbridge", {"ruleName": "r", "state": "ODD", "instanceId": MINE}),
    "sls": ("sls", {"alert_name": "r", "status": "odd", "labels": {"instance": MINE}}),
    "alertmanager": ("alertmanager", {"alerts": [{"status": "odd", "labels": LABELS}]}),
    "alertmanager without alerts": ("alertmanager", {"alerts": [], "commonLabels": LABELS}),
    "arms without alerts": ("arms", {"commonLabels": LABELS}),
}


@pytest.mark.parametrize("part", PARTS)
def test_every_format_names_the_instance_of_what_it_rejects(over_http: Callable[..., Delivery], part: str) -> None:
    hint, message = PARTS[part]
    reading = read(over_http(json.dumps(message), f"/hook/{hint}/T0KEN"))
    assert reading.alerts == []
    assert [one.instance_id for one in reading.rejected] == [MINE]


def test_what_cannot_be_read_at_all_names_no_instance(over_http: Callable[..., Delivery]) -> None:
    (one,) = read(over_http(json.dumps({"instanceId": MINE}))).rejected
    assert one.instance_id == ""


def test_of_a_list_each_part_keeps_its_place_and_its_instance(directly: Callable[[Any], Any]) -> None:
    _, message = PARTS["eventbridge"]
    rejected = directly([{"odd": 1}, message]).rejected
    assert [(one.index, one.instance_id) for one in rejected] == [(0, ""), (1, MINE)]
