"""The vendor's 3.0 SDK, `alibabacloud-fc20230330`, talks to the 3.0 API over loopback HTTP."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import requests
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.request import DaraRequest
from darabonba.runtime import RuntimeOptions

from localcloud.faults import Fault

# The SDK signs with `datetime.utcnow`, which Python 3.12 and later deprecate.
pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")


def client(served: Any, **changes: Any) -> Client:
    keys = served.keys
    config = {
        "access_key_id": keys.access_key_id,
        "access_key_secret": keys.access_key_secret,
        "endpoint": served.endpoint,
        "protocol": "http",
        "region_id": "cn-hangzhou",
        **changes,
    }
    return Client(Config(**config))


@pytest.fixture
def fc3(served: Any) -> Any:
    return client(served)


def create(fc3: Any, zipped: bytes, handler: str = "echo.handler", **settings: Any) -> Any:
    code = settings.pop("code", models.InputCodeLocation(zip_file=base64.b64encode(zipped).decode()))
    common = {"function_name": "f", "runtime": "python3.10", "timeout": 10, "memory_size": 256}
    body = models.CreateFunctionInput(**{**common, "handler": handler, "code": code, **settings})
    return fc3.create_function(models.CreateFunctionRequest(body=body)).body


def invoke(fc3: Any, event: bytes = b"", name: str = "f", **headers: str) -> Any:
    given = models.InvokeFunctionHeaders(**headers)
    return fc3.invoke_function_with_options(name, models.InvokeFunctionRequest(body=event), given, RuntimeOptions())


def test_a_function_is_created_shown_changed_listed_invoked_and_deleted(fc3: Any, code_zip: bytes) -> None:
    made = create(fc3, code_zip, handler="echo.environment", environment_variables={"RUNG": "small"})
    assert (made.function_name, made.memory_size, made.state) == ("f", 256, "Active")
    assert made.function_arn == "acs:fc:cn-hangzhou:1234567890123456:functions/f"
    assert invoke(fc3, b"RUNG").body.read() == b"small"
    change = models.UpdateFunctionInput(environment_variables={"RUNG": "large"})
    fc3.update_function("f", models.UpdateFunctionRequest(body=change))
    assert invoke(fc3, b"RUNG").body.read() == b"large"
    assert fc3.get_function("f", models.GetFunctionRequest()).body.environment_variables == {"RUNG": "large"}
    assert [one.function_name for one in fc3.list_functions(models.ListFunctionsRequest()).body.functions] == ["f"]
    fc3.delete_function("f")
    with pytest.raises(ClientException) as caught:
        invoke(fc3)
    assert (caught.value.status_code, caught.value.code) == (404, "FunctionNotFound")


def test_lists_come_in_pages(fc3: Any, code_zip: bytes) -> None:
    for name in ("a", "b", "c"):
        create(fc3, code_zip, function_name=name)
    first = fc3.list_functions(models.ListFunctionsRequest(limit=2)).body
    rest = fc3.list_functions(models.ListFunctionsRequest(limit=2, next_token=first.next_token)).body
    assert [one.function_name for one in first.functions + rest.functions] == ["a", "b", "c"]
    assert rest.next_token is None


def test_code_may_come_from_an_object_in_oss(fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip, code=models.InputCodeLocation(oss_bucket_name="code", oss_object_name="project.zip"))
    assert invoke(fc3, b"hello").body.read() == b"hello"


@pytest.mark.parametrize(
    "code",
    [
        {"oss_bucket_name": "code", "oss_object_name": "none.zip"},
        {"zip_file": "!!"},
        {"zip_file": base64.b64encode(b"not a zip").decode()},
        {},
    ],
)
def test_code_that_is_not_there_or_not_a_zip_is_refused(fc3: Any, code_zip: bytes, code: Any) -> None:
    with pytest.raises(ClientException) as caught:
        create(fc3, code_zip, code=models.InputCodeLocation(**code))
    assert (caught.value.status_code, caught.value.code) == (400, "InvalidArgument")


def test_an_error_of_the_function_is_a_200_with_a_header(fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip, handler="echo.raises")
    answer = invoke(fc3)
    assert answer.status_code == 200
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert json.loads(answer.body.read())["errorType"] == "ValueError"


def test_the_log_tail_comes_in_a_header_when_asked_for(fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip, handler="echo.logs")
    answer = invoke(fc3, x_fc_log_type="Tail")
    assert b"from print" in base64.b64decode(answer.headers["x-fc-log-result"])


def test_an_asynchronous_call_is_accepted_and_delivered(
    served: Any, fc3: Any, code_zip: bytes, tmp_path: Path, recorded: Any
) -> None:
    create(fc3, code_zip, handler="echo.record", environment_variables={"RECORD": str(tmp_path / "record")})
    answer = invoke(fc3, b"later", x_fc_invocation_type="Async")
    assert answer.status_code == 202
    served.cloud.submit(served.fc.host.deliveries.settled())
    assert [line["event"] for line in recorded()] == ["later"]


def test_triggers_are_created_shown_and_deleted(served: Any, fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip, handler="echo.web")
    config = json.dumps({"authType": "anonymous", "methods": ["POST"]})
    body = models.CreateTriggerInput(trigger_name="http", trigger_type="http", trigger_config=config)
    trigger = fc3.create_trigger("f", models.CreateTriggerRequest(body=body)).body
    url = trigger.http_trigger.url_internet
    assert url == f"http://{served.endpoint}/_fc/f"
    assert requests.post(f"{url}/hook", json={"a": 1}, timeout=10).json()["rawPath"] == "/hook"
    listed = fc3.list_triggers("f", models.ListTriggersRequest()).body.triggers
    assert [(one.trigger_name, json.loads(one.trigger_config)["authType"]) for one in listed] == [("http", "anonymous")]
    assert fc3.get_trigger("f", "http").body.trigger_type == "http"
    fc3.delete_trigger("f", "http")
    assert requests.post(f"{url}/hook", json={"a": 1}, timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("kind", "config", "said"),
    [
        ("timer", {"cronExpression": "* * *", "enable": True}, "cronExpression"),
        ("timer", {"enable": True}, "cronExpression is required"),
        ("timer", {"cronExpression": "@every 1m", "payload": {"a": 1}}, "payload must be a str"),
        ("http", {"authType": "anyone", "methods": ["POST"]}, "authType 'anyone'"),
        ("http", {"authType": "anonymous", "methods": ["POKE"]}, "methods"),
        ("mns_topic", {"notifyContentFormat": "XML"}, "notifyContentFormat 'XML'"),
        ("eventbridge", {"eventSourceConfig": {"eventSourceType": "MNS"}}, "QueueName is required"),
        ("oss", {}, "triggerType 'oss'"),
        ("timer", {"cronExpression": "@every 1m", "Enable": True}, "Enable is unknown"),
    ],
)
def test_a_wrong_trigger_is_refused_with_the_key_that_is_wrong(
    fc3: Any, code_zip: bytes, kind: Any, config: Any, said: Any
) -> None:
    create(fc3, code_zip)
    body = models.CreateTriggerInput(trigger_name="t", trigger_type=kind, trigger_config=json.dumps(config))
    with pytest.raises(ClientException, match="code: 400") as caught:
        fc3.create_trigger("f", models.CreateTriggerRequest(body=body))
    assert caught.value.code == "InvalidArgument"
    assert said in caught.value.message


def test_asynchronous_and_concurrency_settings_are_kept_and_checked(fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip)
    config = models.PutAsyncInvokeConfigInput(max_async_retry_attempts=8)
    fc3.put_async_invoke_config("f", models.PutAsyncInvokeConfigRequest(body=config))
    assert fc3.get_async_invoke_config("f", models.GetAsyncInvokeConfigRequest()).body.max_async_retry_attempts == 8
    reserved = models.PutConcurrencyInput(reserved_concurrency=1)
    fc3.put_concurrency_config("f", models.PutConcurrencyConfigRequest(body=reserved))
    assert fc3.get_concurrency_config("f").body.reserved_concurrency == 1
    too_many = models.PutAsyncInvokeConfigInput(max_async_retry_attempts=9)
    with pytest.raises(ClientException, match="maxAsyncRetryAttempts 9"):
        fc3.put_async_invoke_config("f", models.PutAsyncInvokeConfigRequest(body=too_many))


def test_a_wrong_secret_is_a_403_in_the_vendors_words(served: Any) -> None:
    with pytest.raises(ClientException) as caught:
        client(served, access_key_secret="wrong").list_functions(models.ListFunctionsRequest())
    assert (caught.value.status_code, caught.value.code) == (403, "SignatureNotMatch")
    assert caught.value.request_id


def test_an_unknown_key_is_a_403(served: Any) -> None:
    with pytest.raises(ClientException) as caught:
        client(served, access_key_id="LTAInobody").list_functions(models.ListFunctionsRequest())
    assert (caught.value.status_code, caught.value.code) == (403, "InvalidAccessKeyID")


def test_a_wrong_parameter_is_a_400_that_names_it(fc3: Any, code_zip: bytes) -> None:
    with pytest.raises(ClientException, match="timeout 90000") as caught:
        create(fc3, code_zip, timeout=90_000)
    assert (caught.value.status_code, caught.value.code) == (400, "InvalidArgument")


def test_a_duplicate_name_is_a_409(fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip)
    with pytest.raises(ClientException) as caught:
        create(fc3, code_zip)
    assert (caught.value.status_code, caught.value.code) == (409, "FunctionAlreadyExists")


def test_a_user_may_do_what_the_policy_grants_and_nothing_else(served: Any, fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip)
    statement = {"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/f"}
    policy = {"Version": "1", "Statement": [statement]}
    user = served.cloud.run(lambda: served.cloud.cloud.identity.create_user("ci", [policy]))
    theirs = client(served, access_key_id=user.access_key_id, access_key_secret=user.access_key_secret)
    assert invoke(theirs, b"x").body.read() == b"x"
    with pytest.raises(ClientException) as caught:
        theirs.delete_function("f")
    assert (caught.value.status_code, caught.value.code) == (403, "AccessDenied")


def test_a_signed_http_trigger_takes_acs3_and_refuses_a_wrong_secret(served: Any, fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip, handler="echo.web")
    config = json.dumps({"authType": "function", "methods": ["POST"]})
    body = models.CreateTriggerInput(trigger_name="http", trigger_type="http", trigger_config=config)
    fc3.create_trigger("f", models.CreateTriggerRequest(body=body))
    statuses = [signed_post(served, secret) for secret in (served.keys.access_key_secret, "wrong")]
    assert statuses == [201, 403]


def signed_post(served: Any, secret: str) -> int:
    asked = DaraRequest()
    asked.method, asked.pathname, asked.query = "POST", "/_fc/f/request", {}
    digest = Utils.hash(b"{}", "ACS3-HMAC-SHA256").hex()
    asked.headers = {
        "host": served.endpoint,
        "x-acs-date": Utils.get_timestamp(),
        "x-acs-signature-nonce": Utils.get_nonce(),
        "x-acs-content-sha256": digest,
    }
    key_id = served.keys.access_key_id
    authorization = Utils.get_authorization(asked, "ACS3-HMAC-SHA256", digest, key_id, secret)
    headers = {**asked.headers, "Authorization": authorization}
    url = f"http://{served.endpoint}{asked.pathname}"
    return requests.post(url, data=b"{}", headers=headers, timeout=10).status_code


def test_every_call_is_listed_with_its_caller_and_outcome(served: Any, fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip, handler="echo.raises")
    invoke(fc3)
    calls = served.cloud.run(served.cloud.cloud.door.calls.listed)
    assert [(call["action"], call["outcome"]) for call in calls] == [
        ("CreateFunction", "ok"),
        ("InvokeFunction", "UnhandledInvocationError"),
    ]


def test_a_lost_reply_breaks_the_line(served: Any, fc3: Any, code_zip: bytes) -> None:
    create(fc3, code_zip)
    served.cloud.run(lambda: served.cloud.cloud.faults.add(Fault(call="fc.Invoke", do="lost-reply")))
    with pytest.raises(Exception, match=r"(?i)connection|retry"):
        invoke(fc3)
