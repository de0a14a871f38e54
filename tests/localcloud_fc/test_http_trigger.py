"""HTTP triggers: what the handler sees, and what the caller gets."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.wire import Call

EVENTS = Path(__file__).parents[1] / "events"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def call(path: str, body: bytes = b"", kind: str = "", method: str = "POST", **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {**({"content-type": kind} if kind else {}), "user-agent": "fictional-client/1.0", **named}
    return Call(method, path, (("a", "1"), ("a", "2"), ("b", "3")), given, body, f"{path}?a=1&a=2&b=3")


def answered(stage: Any, handler: str, asked: Call, **config: Any) -> Any:
    async def story() -> Any:
        ref = stage.add(handler, timeout=1)
        said = {"authType": "anonymous", "methods": ["POST", "GET"], **config}
        trigger = {"name": "http", "kind": "http", "source_arn": "", "role": "", "description": "", "config": said}
        stage.registry.create_trigger(ref, trigger)
        return await stage.fc.answer(asked)

    return stage.play(story)


def test_the_handler_sees_the_documented_event_below_its_own_address(stage: Any) -> None:
    reply = answered(stage, "echo.web", call("/_fc/f/hook/cms/t", b'{"hello":"fc"}', "application/json"))
    assert reply.status == 201
    assert (reply.headers["Content-Type"], reply.headers["X-Seen"]) == ("application/json", "yes")
    event = json.loads(reply.body)
    documented = json.loads((EVENTS / "fc3_http_request.json").read_text(encoding="utf-8"))
    assert set(event) == set(documented)
    context = event.pop("requestContext")
    assert set(context) == set(documented["requestContext"])
    assert set(context["http"]) == set(documented["requestContext"]["http"])
    assert event == {
        "version": "v1",
        "rawPath": "/hook/cms/t",
        "body": '{"hello":"fc"}',
        "isBase64Encoded": False,
        "headers": {"Content-Type": "application/json", "User-Agent": "fictional-client/1.0"},
        "queryParameters": {"a": "1,2", "b": "3"},
    }
    assert context["http"]["path"] == "/hook/cms/t"
    assert context["accountId"] == "1234567890123456"
    assert context["requestId"] == reply.headers["X-Fc-Request-Id"]


def test_the_raw_path_stays_encoded_and_the_path_does_not(stage: Any) -> None:
    asked = Call("GET", "/_fc/f/a b", raw_path="/_fc/f/a%20b?x=%20")
    event = json.loads(answered(stage, "echo.web", asked).body)
    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == ("/a%20b", "/a b")


@pytest.mark.parametrize("kind", [FORM, "application/octet-stream", ""])
def test_a_form_and_whatever_is_not_text_arrives_in_base64(stage: Any, kind: Any) -> None:
    event = json.loads(answered(stage, "echo.web", call("/_fc/f/", b"a=1&b=2", kind)).body)
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"a=1&b=2"


def test_text_that_is_not_utf_8_arrives_in_base64(stage: Any) -> None:
    event = json.loads(answered(stage, "echo.web", call("/_fc/f/", b"\xff", "text/plain")).body)
    assert (event["isBase64Encoded"], event["body"]) == (True, "/w==")


def test_a_result_without_a_status_is_the_body(stage: Any) -> None:
    reply = answered(stage, "echo.plain_web", call("/_fc/f/"))
    assert (reply.status, reply.body) == (200, b"just text")


def test_a_body_in_base64_is_decoded(stage: Any) -> None:
    assert answered(stage, "echo.binary_web", call("/_fc/f/")).body == b"\x00\x01\x02"


@pytest.mark.parametrize("handler", ["echo.raises", "echo.leaves", "echo.sleeps", "echo.odd_web", "nowhere.handler"])
def test_a_function_that_fails_makes_a_502_and_never_a_hang(stage: Any, handler: Any) -> None:
    reply = answered(stage, handler, call("/_fc/f/", b"60", "text/plain"))
    assert reply.status == 502
    assert json.loads(reply.body)


def test_an_unknown_function_or_trigger_or_method_is_refused(stage: Any) -> None:
    async def story() -> Any:
        stage.add("echo.web", "quiet")
        return [await stage.fc.answer(call("/_fc/none/x")), await stage.fc.answer(call("/_fc/quiet/x"))]

    assert [(reply.status, json.loads(reply.body)["Code"]) for reply in stage.play(story)] == [
        (404, "FunctionNotFound"),
        (404, "TriggerNotFound"),
    ]
    stage.drawer.clear()
    assert answered(stage, "echo.web", call("/_fc/f/", method="DELETE")).status == 405


def test_a_signed_trigger_refuses_a_request_without_a_signature(stage: Any) -> None:
    reply = answered(stage, "echo.web", call("/_fc/f/"), authType="function")
    assert reply.status == 403


def test_an_asynchronous_request_is_accepted_at_once(stage: Any) -> None:
    reply = answered(stage, "echo.web", call("/_fc/f/", x_fc_invocation_type="Async"))
    assert reply.status == 202
