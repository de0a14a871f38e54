"""Instances come, stay warm, time out, die and are limited as on the platform."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from datetime import timedelta
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from localcloud.fc.function import Ref, Refusal
from localcloud.fc.pool import Room
from localcloud.wire import Dropped


def count(invocation: Any) -> tuple[int, int]:
    said = json.loads(invocation.body)
    return said["calls"], said["started"]


def test_a_warm_instance_keeps_its_modules_globals_and_initializes_once(stage: Any) -> None:
    async def story() -> Any:
        hook = {"initializer": {"handler": "echo.initialize", "timeout": 3}}
        ref = stage.add("echo.count", instanceLifecycleConfig=hook)
        return [count(await stage.host.invoke(ref, b"")) for _ in range(3)]

    assert stage.play(story) == [(1, 1), (2, 1), (3, 1)]


def test_a_failed_initializer_fails_the_request_and_the_next_gets_a_new_instance(stage: Any) -> None:
    async def story() -> Any:
        hook = {"initializer": {"handler": "echo.bad_initialize", "timeout": 3}}
        ref = stage.add("echo.count", instanceLifecycleConfig=hook)
        first = await stage.host.invoke(ref, b"")
        assert stage.host.warm("f") == []
        return first

    body = json.loads(stage.play(story).body)
    assert (body["errorType"], body["errorMessage"]) == ("RuntimeError", "not today")


def test_an_instance_serves_one_request_at_a_time(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.sleeps")
        answers = await asyncio.gather(*(stage.host.invoke(ref, b"1.5") for _ in range(3)))
        return {answer.headers["X-Fc-Instance-Id"] for answer in answers}

    assert len(stage.play(story)) == 3


def test_more_requests_than_instances_are_refused_with_429(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.sleeps")
        stage.registry.put_reserved(ref, 2)
        return await asyncio.gather(*(stage.host.invoke(ref, b"0.5") for _ in range(3)))

    answers = stage.play(story)
    assert sorted(answer.status for answer in answers) == [200, 200, 429]
    refused = next(answer for answer in answers if answer.status == 429)
    assert json.loads(refused.body)["Code"] == "ResourceThrottled"


def test_where_the_machine_is_full_a_request_waits_for_whoever_is_done_first(stage: Any) -> None:
    stage.settings["room"] = Room(1, asyncio.Semaphore(1))

    async def story() -> Any:
        ref = stage.add("echo.sleeps")
        return await asyncio.gather(*(stage.host.invoke(ref, b"0.1") for _ in range(5)))

    answers = stage.play(story)
    assert [answer.status for answer in answers] == [200] * 5
    assert len({answer.headers["X-Fc-Instance-Id"] for answer in answers}) == 1


def test_a_request_that_nobody_waits_for_any_more_keeps_no_instance(stage: Any) -> None:
    stage.settings["room"] = Room(1, asyncio.Semaphore(1))

    async def story() -> Any:
        ref = stage.add("echo.sleeps")
        first = asyncio.create_task(stage.host.invoke(ref, b"0.5"))
        left = asyncio.create_task(stage.host.invoke(ref, b"0.1"))
        await asyncio.sleep(0.2)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        return [await first, await stage.host.invoke(ref, b"0")]

    assert [answer.error_type for answer in stage.play(story)] == ["", ""]


def test_each_of_those_who_wait_for_a_function_that_cannot_start_is_told(stage: Any) -> None:
    stage.settings["room"] = Room(1, asyncio.Semaphore(1))

    async def story() -> Any:
        ref = stage.add("nowhere.handler")
        return await asyncio.gather(*(stage.host.invoke(ref, b"") for _ in range(3)))

    assert ["ImportModuleError" in str(answer.body) for answer in stage.play(story)] == [True] * 3


def test_an_instance_of_earlier_code_is_in_nobodys_way(stage: Any) -> None:
    stage.settings["room"] = Room(1, asyncio.Semaphore(1))

    async def story() -> Any:
        ref = stage.add("echo.sleeps")
        first = asyncio.create_task(stage.host.invoke(ref, b"0.5"))
        await stage.until(lambda: stage.host.warm("f"))
        stage.registry.update_function(ref, {"environmentVariables": {"NEW": "1"}}, None)
        second = await stage.host.invoke(ref, b"0")
        return (await first).headers["X-Fc-Instance-Id"], second.headers["X-Fc-Instance-Id"]

    first, second = stage.play(story)
    assert first != second


def test_an_idle_instance_ends_after_simulated_minutes(stage: Any) -> None:
    stage.settings["idle_after"] = timedelta(minutes=5)

    async def story() -> Any:
        ref = stage.add("echo.count")
        await stage.host.invoke(ref, b"")
        stage.clock.advance(299)
        await asyncio.sleep(0.05)
        assert len(stage.host.warm("f")) == 1
        stage.clock.advance(2)
        await stage.until(lambda: not stage.host.warm("f"))
        return count(await stage.host.invoke(ref, b""))

    assert stage.play(story) == (1, 0)


def test_pre_stop_runs_before_an_idle_instance_ends(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.count", instanceLifecycleConfig={"preStop": {"handler": "echo.initialize", "timeout": 3}})
        await stage.host.invoke(ref, b"")
        stage.clock.advance(600)
        await stage.until(lambda: any("FC PreStop End" in line for line in stage.host.logs("f")))

    stage.play(story)


def test_no_instance_outlives_its_temporary_keys(stage: Any) -> None:
    stage.settings["idle_after"] = timedelta(days=30)

    async def story() -> Any:
        ref = stage.add("echo.count", role=stage.role)
        first = await stage.host.invoke(ref, b"")
        stage.clock.advance(25 * 3600)
        second = await stage.host.invoke(ref, b"")
        return count(first), count(second)

    assert stage.play(story) == ((1, 0), (1, 0))


def test_an_update_gives_new_instances(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.environment", environmentVariables={"RUNG": "small"})
        before = await stage.host.invoke(ref, b"RUNG")
        stage.registry.update_function(ref, {"environmentVariables": {"RUNG": "large"}}, None)
        return before.body, (await stage.host.invoke(ref, b"RUNG")).body

    assert stage.play(story) == (b"small", b"large")


def test_a_timeout_shows_the_stacks_kills_the_instance_and_has_no_error_type(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.sleeps", timeout=1)
        answer = await stage.host.invoke(ref, b"60")
        assert stage.host.warm("f") == []
        return answer

    answer = stage.play(story)
    body = json.loads(answer.body)
    assert answer.status == 200
    assert answer.error_type == "UnhandledInvocationError"
    assert body["errorMessage"].startswith("Function timed out after 1 seconds")
    assert set(body) == {"errorMessage"}
    assert "asleep" in answer.log
    assert "in sleeps" in answer.log


def test_a_function_that_ignores_the_signal_is_killed(stage: Any) -> None:
    assert "timed out" in json.loads(stage.tries("echo.stubborn", timeout=1).body)["errorMessage"]


def test_a_function_that_takes_more_memory_than_it_has_is_killed(stage: Any) -> None:
    body = json.loads(stage.tries("echo.hungry", memorySize=128).body)
    assert body["errorMessage"].startswith("Process ran out of memory (memory limit: 128MB")


@pytest.mark.parametrize("by_instance", [True, False])
def test_a_killed_instance_crashes_its_request_and_the_next_starts_anew(stage: Any, by_instance: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.sleeps")
        request = asyncio.ensure_future(stage.host.invoke(ref, b"60"))
        await stage.until(lambda: "asleep" in stage.host.logs("f"))
        assert stage.host.kill(stage.host.warm("f")[0] if by_instance else "f") == 1
        return await request, await stage.host.invoke(ref, b"0")

    killed, next_one = stage.play(story)
    assert "Process exited unexpectedly" in json.loads(killed.body)["errorMessage"]
    assert next_one.body == b"awake"


def test_a_warm_instance_that_was_killed_meanwhile_is_replaced(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.count")
        await stage.host.invoke(ref, b"")
        stage.host.kill("f")
        return count(await stage.host.invoke(ref, b""))

    assert stage.play(story) == (1, 0)


def test_an_instance_that_is_killed_right_after_its_reply_leaves_no_process_behind(stage: Any) -> None:
    def workers() -> set[str]:
        found = ["self"]
        for parent in found:
            with suppress(OSError):
                for task in Path(f"/proc/{parent}/task").glob("*/children"):
                    found += task.read_text().split()
        return {*found[1:]}

    async def story() -> Any:
        ref = stage.add("echo.count")
        before = workers()
        await stage.host.invoke(ref, b"")
        (worker,) = workers() - before
        pool = stage.host._pools["f"]  # no call from outside can be timed so well
        instance = await pool.take(stage.registry.function(ref))
        stage.host.kill("f")
        pool.give_back(stage.registry.function(ref), instance)
        await stage.until(lambda: worker not in workers())
        return count(await stage.host.invoke(ref, b""))

    assert stage.play(story) == (1, 0)


def test_payloads_over_the_limits_are_refused(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.handler")
        assert (await stage.host.invoke(ref, bytes(1024 * 1024))).status == 200
        return [
            await stage.host.invoke(ref, bytes(32 * 1024 * 1024 + 1)),
            await stage.host.invoke(ref, bytes(128 * 1024 + 1), kind="Async"),
        ]

    for answer in stage.play(story):
        assert json.loads(answer.body)["Code"] == "EntityTooLarge"


def test_a_function_of_one_version_is_not_found_by_the_other(stage: Any) -> None:
    async def story() -> Any:
        stage.add("echo.handler", "three")
        stage.registry.create_service("old", {})
        stage.add("echo.handler", "old/two")
        return [await stage.host.invoke(ref, b"") for ref in (Ref("two"), Ref("three", "old"), Ref("three", "none"))]

    codes = [json.loads(answer.body) for answer in stage.play(story)]
    assert codes[0]["Code"] == "FunctionNotFound"
    assert codes[1]["ErrorCode"] == "FunctionNotFound"
    assert codes[2]["ErrorCode"] == "ServiceNotFound"


def test_a_function_of_2_0_takes_its_role_and_logs_from_its_service(stage: Any) -> None:
    async def story() -> Any:
        logs = {"project": "p", "logStore": "s"}
        stage.registry.create_service("old", {"role": stage.role, "logConfig": logs})
        return await stage.run("echo.look", name="old/two")

    seen = json.loads(stage.play(story).body)
    assert seen["service"] == {
        "name": "old",
        "log_project": "p",
        "log_store": "s",
        "qualifier": "LATEST",
        "version_id": "",
    }
    assert seen["environment"]["FC_SERVICE_NAME"] == "old"
    assert seen["environment"]["accessKeyID"] == seen["credentials"]["access_key_id"]


def test_a_role_that_does_not_exist_is_refused(stage: Any) -> None:
    answer = stage.tries("echo.handler", role="acs:ram::1234567890123456:role/nobody")
    assert (answer.status, json.loads(answer.body)["Code"]) == (403, "AccessDenied")


def test_faults_strike_before_and_after_the_function_ran(stage: Any) -> None:
    async def story() -> Any:
        ref = stage.add("echo.count")
        stage.plan(call="fc.Invoke", do="lost-request")
        with pytest.raises(Dropped):
            await stage.host.invoke(ref, b"")
        stage.plan(call="fc.Invoke", do="lost-reply")
        with pytest.raises(Dropped):
            await stage.host.invoke(ref, b"")
        stage.plan(call="fc.Invoke", do="throttle")
        throttled = await stage.host.invoke(ref, b"")
        return throttled.status, count(await stage.host.invoke(ref, b""))

    assert stage.play(story) == (429, (2, 0))


def test_the_clock_keeps_the_machines_pace_while_a_function_works(stage: Any) -> None:
    stage.speed = 100_000.0

    async def story() -> Any:
        ref = stage.add("echo.sleeps")
        await stage.host.invoke(ref, b"0")
        before = stage.clock.now()
        await stage.host.invoke(ref, b"0.3")
        return (stage.clock.now() - before).total_seconds()

    stage.settings["idle_after"] = timedelta(days=365)
    assert stage.play(story) < 1000


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"runtime": "python3.11"}, "runtime 'python3.11'"),
        ({"handler": ""}, "handler is required"),
        ({"timeout": 0}, "timeout 0"),
        ({"timeout": 86_401}, "timeout 86401"),
        ({"memorySize": 64}, "memorySize 64"),
        ({"memorySize": 200}, "multiple of 64"),
        ({"memorySize": 512, "cpu": 4}, "cpu 4"),
        ({"diskSize": 100}, "diskSize"),
        ({"instanceConcurrency": 2}, "instanceConcurrency 2"),
        ({"environmentVariables": {"FC_MINE": "x"}}, "'FC_MINE'"),
        ({"environmentVariables": {"1x": "x"}}, "'1x'"),
        ({"environmentVariables": {"A": 1}}, "'A' must be text"),
        ({"environmentVariables": {"BIG": "x" * 4096}}, "4099 bytes of at most 4096"),
    ],
)
def test_settings_outside_the_platforms_limits_are_refused(stage: Any, settings: Any, said: Any) -> None:
    async def story() -> None:
        stage.add(settings.pop("handler", "echo.handler"), **settings)

    with pytest.raises(Refusal, match=said) as caught:
        stage.play(story)
    assert caught.value.code == "InvalidArgument"


def test_arns_of_both_versions_name_their_functions() -> None:
    assert Ref.from_arn("acs:fc:cn-hangzhou:1234567890123456:functions/submit/LATEST") == Ref("submit")
    assert Ref.from_arn("acs:fc:cn-hangzhou:1234567890123456:functions/submit") == Ref("submit")
    assert Ref.from_arn("acs:fc:::services/old.LATEST/functions/submit") == Ref("submit", "old")
    with pytest.raises(Refusal, match="version or alias '3'"):
        Ref.from_arn("acs:fc:::functions/submit/3")
    with pytest.raises(Refusal, match="not the ARN"):
        Ref.from_arn("acs:oss:::bucket")


def test_functions_and_their_code_survive_a_restart(stage: Any, tmp_path: Path) -> None:
    stage.tries("echo.text")
    stage.folder = tmp_path / "elsewhere"

    async def story() -> Any:
        return await stage.host.invoke(Ref("f"), b"")

    assert stage.play(story).body == b"as it is"


OTHER = "cpython-39-x86_64-linux-gnu.so"


def test_code_with_a_library_for_another_python_alone_is_refused_with_what_to_put_instead(stage: Any) -> None:
    async def story() -> None:
        with pytest.raises(Refusal) as refused:
            stage.add("echo.handler", extra={f"library/core.{OTHER}": ""})
        here = f"{sys.version_info[0]}.{sys.version_info[1]}"
        assert refused.value.code == "InvalidArgument"
        assert refused.value.message.startswith(
            f"localcloud runs functions in its own Python, {here}, and cannot load library/core.{OTHER}: put the code "
        )
        assert stage.registry.functions() == []

    stage.play(story)


@pytest.mark.parametrize("beside", [".py", ".abi3.so", EXTENSION_SUFFIXES[0]])
def test_a_library_that_this_python_finds_as_well_is_taken(stage: Any, beside: str) -> None:
    done = stage.tries("echo.handler", b"here", extra={f"library/core.{OTHER}": "", f"library/core{beside}": ""})
    assert done.body == b"here"
