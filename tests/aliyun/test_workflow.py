"""Starting executions by name."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.errors import Missing, Refused
from tidegate.aliyun.workflow import Execution, Started, Workflow

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


def test_an_execution_is_described_with_its_times_in_utc(vendor: Any, aliyun: Aliyun) -> None:
    vendor.says(
        200, {"RequestId": "R", "Status": "TimedOut", "StartedTime": "2019-01-01T01:01:01.001Z", "StoppedTime": ""}
    )
    started_at = datetime(2019, 1, 1, 1, 1, 1, tzinfo=timezone.utc)
    execution = Workflow(aliyun, "resize").describe("e-1")
    assert execution == Execution("e-1", "TimedOut", started_at, None)
    assert execution.ended


@pytest.mark.parametrize(("status", "ended"), [("Running", False), ("Starting", False), ("", False), ("Failed", True)])
def test_only_a_status_that_says_so_is_an_end(status: str, ended: bool) -> None:  # noqa: FBT001 - a case of the table
    assert Execution("e", status, None, None).ended is ended


def test_an_execution_that_never_was_is_none_but_a_missing_flow_is_an_error(vendor: Any, aliyun: Aliyun) -> None:
    vendor.refuses(404, "ExecutionNotExists")
    vendor.refuses(404, "FlowNotExists")
    workflow = Workflow(aliyun, "resize")
    assert workflow.describe("e-1") is None
    with pytest.raises(Missing):
        workflow.describe("e-1")
