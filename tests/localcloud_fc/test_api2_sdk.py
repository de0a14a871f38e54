"""The vendor's 2.0 SDK, `aliyun-fc2`, talks to the 2.0 API over loopback HTTP."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import fc2
import pytest
import requests

from localcloud.faults import Fault
from localcloud.fc.function import Ref


def client(served: Any, **changes: Any) -> Any:
    keys = served.keys
    given = {
        "endpoint": f"http://{served.endpoint}",
        "accessKeyID": keys.access_key_id,
        "accessKeySecret": keys.access_key_secret,
        **changes,
    }
    return fc2.Client(**given)


@pytest.fixture
def old(served: Any, code_folder: str) -> Any:
    """A 2.0 client with a service `s` in which functions can be created by `create`."""
    found = client(served)
    found.create_service("s", headers={})

    def create(handler: str = "echo.handler", name: str = "f", **settings: Any) -> Any:
        common = {"codeDir": code_folder, "memorySize": 256, "timeout": 10, "headers": {}}
        return found.create_function("s", name, "python3.10", handler, **{**common, **settings})

    found.create = create
    return found


def refusal(caught: Any) -> tuple[int, str]:
    return caught.value.status_code, caught.value.err_code


def test_a_function_is_created_shown_changed_invoked_and_deleted(old: Any) -> None:
    made = old.create("echo.environment", environmentVariables={"RUNG": "small"})
    assert (made.data["functionName"], made.data["memorySize"]) == ("f", 256)
    assert old.invoke_function("s", "f", payload=b"RUNG", headers={}).data == b"small"
    old.update_function("s", "f", environmentVariables={"RUNG": "large"}, headers={})
    assert old.invoke_function("s", "f", payload=b"RUNG", headers={}, qualifier="LATEST").data == b"large"
    assert [one["functionName"] for one in old.list_functions("s", headers={}).data["functions"]] == ["f"]
    assert old.get_function("s", "f", headers={}).data["environmentVariables"] == {"RUNG": "large"}
    with pytest.raises(fc2.FcError) as caught:
        old.delete_service("s", headers={})
    assert refusal(caught) == (409, "ServiceNotEmpty")
    old.delete_function("s", "f", headers={})
    old.delete_service("s", headers={})
    with pytest.raises(fc2.FcError) as caught:
        old.get_service("s", headers={})
    assert refusal(caught) == (404, "ServiceNotFound")


def test_an_error_of_the_function_raises_fc_error(old: Any) -> None:
    old.create("echo.raises")
    with pytest.raises(fc2.FcError) as caught:
        old.invoke_function("s", "f", headers={})
    assert caught.value.status_code == 200
    assert json.loads(caught.value.message)["errorType"] == "ValueError"


def test_the_initializer_of_a_2_0_function_runs_once(old: Any) -> None:
    old.create("echo.count", initializer="echo.initialize")
    counts = [json.loads(old.invoke_function("s", "f", headers={}).data) for _ in range(2)]
    assert [(one["calls"], one["started"]) for one in counts] == [(1, 1), (2, 1)]


def test_an_asynchronous_call_is_accepted_and_delivered(served: Any, old: Any, tmp_path: Path, recorded: Any) -> None:
    old.create("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
    answer = old.invoke_function("s", "f", payload=b"later", headers={"x-fc-invocation-type": "Async"})
    assert answer.headers["X-Fc-Request-Id"]
    served.cloud.submit(served.fc.host.deliveries.settled())
    assert [line["event"] for line in recorded()] == ["later"]


def test_a_3_0_function_is_not_seen(served: Any, old: Any, code_zip: bytes) -> None:
    code = {"zipFile": base64.b64encode(code_zip).decode()}
    settings = {"runtime": "python3.10", "handler": "echo.handler"}
    served.cloud.run(lambda: served.fc.host.registry.create_function(Ref("only-in-3"), settings, code))
    with pytest.raises(fc2.FcError) as caught:
        old.invoke_function("s", "only-in-3", headers={})
    assert refusal(caught) == (404, "FunctionNotFound")


def test_timers_are_created_shown_and_deleted(old: Any) -> None:
    old.create()
    config = {"payload": "x", "cronExpression": "@every 5m", "enable": True}
    made = old.create_trigger("s", "f", "tick", "timer", config, "", "", headers={})
    assert made.data["triggerConfig"] == config
    assert [one["triggerName"] for one in old.list_triggers("s", "f", headers={}).data["triggers"]] == ["tick"]
    old.delete_trigger("s", "f", "tick", headers={})
    with pytest.raises(fc2.FcError) as caught:
        old.get_trigger("s", "f", "tick", headers={})
    assert refusal(caught) == (404, "TriggerNotFound")


def test_an_http_trigger_is_refused_because_it_would_be_wsgi(old: Any) -> None:
    old.create()
    config = {"authType": "anonymous", "methods": ["GET"]}
    with pytest.raises(fc2.FcError, match="not offered here"):
        old.create_trigger("s", "f", "web", "http", config, "", "", headers={})


def test_a_wrong_secret_raises_fc_error(served: Any) -> None:
    with pytest.raises(fc2.FcError) as caught:
        client(served, accessKeySecret="wrong").list_services(headers={})
    assert refusal(caught) == (403, "SignatureNotMatch")


def test_an_unknown_key_raises_fc_error(served: Any) -> None:
    with pytest.raises(fc2.FcError) as caught:
        client(served, accessKeyID="LTAInobody").list_services(headers={})
    assert refusal(caught) == (403, "InvalidAccessKeyID")


def test_a_wrong_parameter_raises_fc_error_that_names_it(old: Any) -> None:
    with pytest.raises(fc2.FcError, match="timeout 90000") as caught:
        old.create(timeout=90_000)
    assert refusal(caught) == (400, "InvalidArgument")


def test_a_version_that_does_not_exist_is_not_found(old: Any) -> None:
    old.create()
    with pytest.raises(fc2.FcError) as caught:
        old.invoke_function("s", "f", qualifier="3", headers={})
    assert refusal(caught) == (404, "VersionNotFound")


def test_a_throttled_call_raises_fc_error(served: Any, old: Any) -> None:
    old.create()
    served.cloud.run(lambda: served.cloud.cloud.faults.add(Fault(call="fc.Invoke", do="throttle")))
    with pytest.raises(fc2.FcError) as caught:
        old.invoke_function("s", "f", headers={})
    assert refusal(caught) == (429, "ResourceThrottled")


def test_a_lost_reply_breaks_the_line_after_the_function_ran(served: Any, old: Any) -> None:
    old.create("echo.count")
    served.cloud.run(lambda: served.cloud.cloud.faults.add(Fault(call="fc.Invoke", do="lost-reply")))
    with pytest.raises(requests.ConnectionError):
        old.invoke_function("s", "f", headers={})
    assert json.loads(old.invoke_function("s", "f", headers={}).data)["calls"] == 2


def test_a_role_in_the_service_gives_the_function_keys_that_sign(served: Any, old: Any, code_folder: str) -> None:
    arn = served.cloud.run(lambda: served.cloud.cloud.identity.create_role("r"))
    old.create_service("t", role=arn, headers={})
    old.create_function("t", "f", "python3.10", "echo.look", codeDir=code_folder, headers={})
    keys = json.loads(old.invoke_function("t", "f", headers={}).data)["credentials"]
    theirs = client(
        served,
        accessKeyID=keys["access_key_id"],
        accessKeySecret=keys["access_key_secret"],
        securityToken=keys["security_token"],
    )
    with pytest.raises(fc2.FcError) as caught:
        theirs.list_services(headers={})
    assert refusal(caught) == (403, "AccessDenied")
