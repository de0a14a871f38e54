"""What an answer of Function Compute means to a flow (facts flow 4.3, 5.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.flow.outcome import ExceptionName, Outcome, outcome_of_fc

RAISED = {"errorMessage": "migrating", "errorType": "InstanceUpgradeOrDownGradeTopicMigrating", "stackTrace": []}
UNHANDLED = {"X-Fc-Error-Type": "UnhandledInvocationError"}


def of(status: int, body: Any, headers: dict[str, str] | None = None, name: ExceptionName = "class") -> Outcome:
    """Interpret one answer."""
    return outcome_of_fc(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode(), name)


def test_a_json_answer_is_found_at_body() -> None:
    outcome = of(200, {"next": "settle"}, {"X-Fc-Request-Id": "r"})
    assert outcome == Outcome.succeeded({"Header": {"X-Fc-Request-Id": "r"}, "Code": 200, "Body": {"next": "settle"}})


@pytest.mark.parametrize(("body", "found"), [(b"plain", "plain"), (b"", ""), (b"3", 3)])
def test_an_answer_that_is_no_object_is_found_at_body_all_the_same(body: bytes, found: Any) -> None:
    assert of(202, body).output["Body"] == found


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {"ErrorCode": "ResourceThrottled"}, "FC.ResourceThrottled"),
        (429, {"Code": "ResourceExhausted"}, "FC.ResourceExhausted"),
        (429, {"Code": "TooManyRequests"}, "FC.ResourceThrottled"),
        (429, b"slow down", "FC.ResourceThrottled"),
        (404, {"ErrorCode": "FunctionNotFound", "ErrorMessage": "no f"}, "FC.FunctionNotFound"),
        (404, {"Code": "FunctionNotFound", "Message": "no f"}, "FC.FunctionNotFound"),
        (403, b"<html>", "FC.Unknown"),
        (500, {"ErrorCode": "Whatever"}, "FC.InternalServerError"),
        (503, b"", "FC.InternalServerError"),
    ],
)
def test_a_refusal_is_named_by_its_status_and_code(status: int, body: Any, error: str) -> None:
    assert of(status, body).error == error


def test_an_exception_is_named_as_the_switch_says() -> None:
    assert of(200, RAISED, UNHANDLED) == Outcome.failed("InstanceUpgradeOrDownGradeTopicMigrating", "migrating")
    assert of(200, RAISED, UNHANDLED, "qualified").error == "FC.InstanceUpgradeOrDownGradeTopicMigrating"
    assert of(200, RAISED, UNHANDLED, "FC.Unknown") == Outcome.failed("FC.Unknown", "migrating")


def test_the_header_counts_in_any_case_of_letters() -> None:
    assert of(200, RAISED, {"x-fc-error-type": "HandledInvocationError"}).error == RAISED["errorType"]


def test_a_crash_or_a_cut_off_function_has_no_name_of_its_own() -> None:
    assert of(200, {"errorMessage": "Function time out after 60 seconds"}, UNHANDLED).error == "FC.Unknown"
    assert of(200, b"killed", UNHANDLED) == Outcome.failed("FC.Unknown", "killed")
