"""Starting executions by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.errors import Missing, Refused
from tidegate.aliyun.workflow import Started, Workflow

GIVEN = {"instance": "orders-mq", "number": 7}


def started(given: Any) -> dict[str, Any]:
    return {"RequestId": "R", "Name": "e-1", "Status": "", "Input": json.dumps(given)}


def test_a_start_names_flow_execution_and_input(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, started(GIVEN))
    assert Workflow(aliyun, "resize").start("e-1", GIVEN) is Started.STARTED
    sent = vendor.seen[0].form
    assert (sent["FlowName"], sent["ExecutionName"], json.loads(sent["Input"])) == ("resize", "e-1", GIVEN)


def test_an_execution_of_the_name_that_runs_with_another_input_runs_already(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(200, started({"instance": "somebody-else"}))
    assert Workflow(aliyun, "resize").start("e-1", GIVEN) is Started.RUNNING


def test_a_used_up_name_says_that_it_ended(vendor: Any, aliyun: Aliyun) -> None:
    vendor.refuses(400, "ExecutionAlreadyExists", "Execution e-1 for flow resize already exists.")
    assert Workflow(aliyun, "resize").start("e-1", GIVEN) is Started.ALREADY_ENDED


def test_a_start_whose_reply_was_lost_is_repeated_because_doubles_collapse(vendor: Any, aliyun: Aliyun) -> None:
    vendor.resets()
    vendor.refuses(500, "InternalServerError")
    vendor.refuses(429, "ResourceThrottled")
    vendor.says(200, started(GIVEN))
    assert Workflow(aliyun, "resize").start("e-1", GIVEN) is Started.STARTED
    assert len(vendor.seen) == 4


@pytest.mark.parametrize(("code", "error"), [("FlowNotExists", Missing), ("InvalidArgument", Refused)])
def test_any_other_refusal_of_a_start_is_an_error(vendor: Any, aliyun: Aliyun, code: str, error: type) -> None:
    vendor.refuses(404 if error is Missing else 400, code)
    with pytest.raises(error):
        Workflow(aliyun, "resize").start("e-1", GIVEN)
