"""A handler is a door: nonsense is answered at once, with a clear error in the log and the platform's form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

STEPS = ("tidegate-submit", "tidegate-look", "tidegate-settle")
NONSENSE = {
    "empty": b"",
    "no JSON": b"not json",
    "no text": b"\xff\xfe\x00",
    "null": b"null",
    "a list": b"[]",
    "a number": b"7",
    "nothing in it": b"{}",
    "wrong types": b'{"instance": {"a": 1}, "operation": [], "execution": 5}',
    "half": b'{"instance": "orders-mq"}',
    "no such instance": b'{"instance": "nobody", "operation": 1, "execution": "x"}',
}


@pytest.fixture(scope="module")
def place(opens_for_all: Callable[..., Any]) -> Any:
    """One cloud whose clock stands still: no timer fires."""
    return opens_for_all(speed=0)


@pytest.mark.parametrize("function", STEPS)
@pytest.mark.parametrize("name", NONSENSE)
def test_a_step_that_is_given_nonsense_fails_in_the_platforms_form(place: Any, function: str, name: str) -> None:
    answer = place.invoke(function, NONSENSE[name])
    assert answer.error_type == "UnhandledInvocationError"
    said = json.loads(answer.body)
    assert said["errorType"] in ("JSONDecodeError", "UnicodeDecodeError", "ValueError", "LookupError"), said
    assert said["errorMessage"], said
    assert said["errorType"] in answer.log
    assert place.orders() == []


@pytest.mark.parametrize("name", NONSENSE)
def test_a_request_that_is_nonsense_is_answered_as_a_mistake(place: Any, name: str) -> None:
    answer = place.invoke("tidegate-on-request", NONSENSE[name])
    assert answer.error_type == ""
    said = json.loads(answer.body)
    assert list(said) == ["mistake"]
    assert len(said["mistake"]) > 10
    assert '"what": "mistake"' in answer.log


@pytest.mark.parametrize("name", NONSENSE)
def test_an_alert_that_is_nonsense_is_rejected_with_its_reason(place: Any, name: str) -> None:
    answer = place.invoke("tidegate-on-alert", NONSENSE[name])
    assert answer.error_type == ""
    said = json.loads(answer.body)
    body = json.loads(said["body"])
    assert said["statusCode"] == 400
    assert body.get("error") or body["rejected"][0]["reason"]
    assert '"what": "rejected"' in answer.log


@pytest.mark.parametrize("name", NONSENSE)
def test_a_tick_takes_any_event(place: Any, name: str) -> None:
    answer = place.invoke("tidegate-on-schedule", NONSENSE[name])
    assert answer.error_type == ""
    assert json.loads(answer.body).keys() == {"reconciled", "failed", "left"}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/hook/cms/wrong", b"alertState=ALERT", 404),
        ("/hook/cms", b"alertState=ALERT", 404),
        ("", b"alertState=ALERT", 404),
        ("/hook/cms/TOKEN", b"", 400),
        ("/hook/cms/TOKEN", b"\xff\xfe", 400),
        ("/hook/cms/TOKEN", b"alertState=PURPLE", 400),
        ("/hook/nobody/TOKEN", b"alertState=ALERT", 400),
        ("/hook/cms/TOKEN", b"x" * (64 * 1024 + 1), 413),
    ],
)
def test_a_sender_of_nonsense_gets_a_clear_status_and_no_traceback(
    place: Any, path: str, body: bytes, status: int
) -> None:
    base, _, token = place.address["alert_url"].partition("/hook/cms/")
    answer = place.post(body, base + path.replace("TOKEN", token))
    assert answer.status_code == status, answer.text
    assert answer.json().keys() in ({"error"}, {"alerts", "rejected"})
    assert "Traceback" not in answer.text
    assert token not in answer.text
    assert not place.logged("tidegate-on-alert", token)


@pytest.mark.parametrize("fault", ["error-before", "lost-request", "lost-reply"])
def test_while_the_store_is_down_a_sender_is_asked_to_try_again_and_a_trigger_sees_the_failure(
    opens: Callable[..., Any], fault: str
) -> None:
    """A 5xx makes CloudMonitor send again; a trigger that invokes directly sends again only after a failure."""
    place = opens(speed=0)
    place.fault("oss.*", fault, times=None)
    answer = place.post(place.callback())
    assert answer.status_code == 503
    assert answer.json() == {"error": "the alert could not be kept; send it again"}
    direct = place.invoke("tidegate-on-alert", b'{"ruleId": "r", "ruleName": "r", "curLevel": "WARN", "time": 1}')
    assert direct.error_type == "UnhandledInvocationError"
    assert any("unkept" in line for line in place.logged("tidegate-on-alert", "unkept"))
    place.cloud.run(place.cloud.cloud.faults.clear)
    assert place.post(place.callback()).json()["alerts"][0]["answer"] == "resize"
