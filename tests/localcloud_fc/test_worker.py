"""A worker behaves like the platform's Python runtime, however its process came to be."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def stage(either: Any) -> Any:
    """Where workers are started, and where they are forked."""
    return either


def shown(invocation: Any) -> dict[str, Any]:
    assert invocation.succeeded, invocation.body
    return dict(json.loads(invocation.body))


def test_the_event_is_bytes_and_comes_back_as_it_is(stage: Any) -> None:
    assert stage.tries("echo.handler", b"\x00\xffabc").body == b"\x00\xffabc"


def test_python_3_10_has_credentials_and_service_in_its_context(stage: Any) -> None:
    async def story() -> Any:
        return await stage.run("echo.look", role=stage.role, logConfig={"project": "p", "logstore": "s"})

    seen = shown(stage.play(story))
    assert seen["event"] == "bytes"
    assert seen["credentials"]["access_key_id"].startswith("STS.")
    assert seen["credentials"]["access_key_id"] == seen["environment"]["ALIBABA_CLOUD_ACCESS_KEY_ID"]
    assert seen["service"] == {
        "name": "",
        "log_project": "p",
        "log_store": "s",
        "qualifier": "LATEST",
        "version_id": "",
    }
    assert seen["function"] == {"name": "f", "handler": "echo.look", "memory": 256, "timeout": 10}
    assert (seen["region"], seen["account_id"]) == ("cn-hangzhou", "1234567890123456")
    assert seen["logger"]
    assert seen["retry_count"] == 0


def test_python_3_12_has_neither_but_its_credentials_are_in_the_environment(stage: Any) -> None:
    async def story() -> Any:
        logs = {"project": "p", "logstore": "s"}
        return await stage.run("echo.look", runtime="python3.12", role=stage.role, logConfig=logs)

    seen = shown(stage.play(story))
    assert seen["credentials"] is None
    assert seen["service"] is None
    assert seen["retry_count"] is None
    assert seen["function"]["qualifier"] == "LATEST"
    assert seen["log_project"] == "p"
    assert seen["environment"]["ALIBABA_CLOUD_SECURITY_TOKEN"]


def test_the_environment_holds_its_own_variables_and_the_platforms_and_nothing_else(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "x")
    seen = shown(stage.tries("echo.look", environmentVariables={"RUNG": "large"}))["environment"]
    assert seen["RUNG"] == "large"
    assert {key for key in seen if key.startswith("FC_")} == {
        "FC_FUNC_CODE_PATH",
        "FC_ACCOUNT_ID",
        "FC_FUNCTION_HANDLER",
        "FC_FUNCTION_MEMORY_SIZE",
        "FC_FUNCTION_NAME",
        "FC_REGION",
        "FC_CUSTOM_LISTEN_PORT",
        "FC_INSTANCE_ID",
        "FC_VER_ID",
    }
    assert "SECRET_OF_THIS_MACHINE" not in seen
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" not in seen


def test_newer_runtimes_name_the_version_otherwise(stage: Any) -> None:
    seen = shown(stage.tries("echo.look", runtime="python3.12"))["environment"]
    assert "FC_FUNCTION_VERSION" in seen
    assert "FC_VER_ID" not in seen


@pytest.mark.parametrize(
    ("hide", "env", "context"), [("Env", False, True), ("Request", True, False), ("All", False, False)]
)
def test_credentials_can_be_kept_from_the_function(stage: Any, hide: Any, env: Any, context: Any) -> None:
    async def story() -> Any:
        return await stage.run("echo.look", role=stage.role, disableInjectCredentials=hide)

    seen = shown(stage.play(story))
    assert ("ALIBABA_CLOUD_ACCESS_KEY_ID" in seen["environment"]) is env
    assert (seen["credentials"]["access_key_id"] is not None) is context


def test_the_code_comes_first_in_the_path_and_is_the_current_folder(stage: Any) -> None:
    seen = shown(stage.tries("echo.look"))
    assert seen["cwd"] == seen["path"] == seen["environment"]["FC_FUNC_CODE_PATH"]


def test_only_the_functions_own_code_and_installed_packages_can_be_imported(stage: Any) -> None:
    """Neither this project's folder nor its editable install may hide what the code package lacks."""
    seen = shown(stage.tries("echo.modules", b'["yaml", "localcloud", "tidegate", "functions", "pytest"]'))
    assert seen == {"yaml": True, "localcloud": False, "tidegate": False, "functions": False, "pytest": True}


def test_a_handler_may_lie_in_a_folder(stage: Any) -> None:
    assert stage.tries("deep/inner.handler").body == b"from below"


def test_time_is_the_simulated_time(stage: Any) -> None:
    seen = shown(stage.tries("echo.clock"))
    assert seen["now"].startswith("2026-03-02T12:00:0")
    assert seen["price"] == 1.5


def test_a_result_that_json_cannot_say_fails_with_a_type_error(stage: Any) -> None:
    invocation = stage.tries("echo.unserializable")
    assert json.loads(invocation.body)["errorType"] == "TypeError"


def test_text_goes_out_as_it_is(stage: Any) -> None:
    assert stage.tries("echo.text").body == b"as it is"


def test_an_exception_is_a_200_with_type_message_and_stack(stage: Any) -> None:
    invocation = stage.tries("echo.raises")
    assert invocation.status == 200
    assert invocation.headers["X-Fc-Error-Type"] == "UnhandledInvocationError"
    body = json.loads(invocation.body)
    assert (body["errorMessage"], body["errorType"]) == ("something is wrong", "ValueError")
    assert len(body["stackTrace"]) == 1
    place, line, name, source = body["stackTrace"][0]
    assert place.endswith('/echo.py"')
    assert line.startswith("line ")
    assert (name, source) == ("in raises", 'raise ValueError("something is wrong")')


def test_an_exceptions_class_name_is_its_error_type(stage: Any) -> None:
    body = json.loads(stage.tries("echo.migrating").body)
    assert body["errorType"] == "InstanceUpgradeOrDownGradeTopicMigrating"


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("nowhere.handler", "ImportModuleError", "Unable to import module 'nowhere'"),
        ("lacking.handler", "ImportModuleError", "Unable to import module 'lacking'"),
        ("garbled.handler", "UserCodeSyntaxError", "Syntax error in module 'garbled'"),
        ("handler", "InvalidHandleName", "Invalid handler 'handler'"),
        ("echo.nothing", "HandlerNotFound", "Handler 'nothing' is missing on module 'echo'"),
        ("broken.handler", "UserCodeError", "Module initialization error: 'at the door'"),
    ],
)
def test_a_handler_that_cannot_be_loaded_has_an_error_type_of_the_runtimes_own(
    stage: Any, handler: Any, kind: Any, message: Any
) -> None:
    invocation = stage.tries(handler, extra={"garbled.py": "def handler(event, context)\n    return 1\n"})
    body = json.loads(invocation.body)
    assert invocation.error_type == "UnhandledInvocationError"
    assert (body["errorType"], body["errorMessage"]) == (kind, message)
    assert isinstance(body["stackTrace"], list)


@pytest.mark.parametrize("handler", ["echo.leaves", "echo.exits"])
def test_an_exit_kills_the_instance_and_leaves_no_error_type(stage: Any, handler: Any) -> None:
    invocation = stage.tries(handler)
    body = json.loads(invocation.body)
    assert invocation.error_type == "UnhandledInvocationError"
    assert body["errorMessage"].startswith("Process exited unexpectedly before completing request (duration: ")
    assert set(body) == {"errorMessage"}


def test_log_lines_carry_the_request_and_stand_between_start_and_end(stage: Any) -> None:
    invocation = stage.tries("echo.logs")
    request_id = invocation.headers["X-Fc-Request-Id"]
    lines = invocation.log.splitlines()
    assert lines[0] == f"FC Invoke Start RequestId: {request_id}"
    assert lines[1].startswith("2026-03-02T12:00:0")
    assert lines[1].endswith(f"Z {request_id} [INFO] from the logger")
    assert lines[2:5] == ["from print", "from stderr", "from a child"]
    assert lines[5] == f"FC Invoke End RequestId: {request_id}"


def test_a_failed_invocation_ends_its_log_with_the_error(stage: Any) -> None:
    assert stage.tries("echo.raises").log.endswith(", Error: Unhandled function error\n")
