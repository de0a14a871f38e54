"""What the platform delivers by itself: asynchronous calls, timers, messages, at least once."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.fc.function import Refusal

EVENTS = Path(__file__).parents[1] / "events"


async def later(stage: Any, tmp_path: Any, failures: int, plan: Any = None) -> str:
    """Deliver to a function that fails so many times, and give how often it was tried."""
    place = tmp_path / "tries"
    ref = stage.add("echo.retries")
    if plan is not None:
        stage.registry.put_async_config(ref, plan)
    answer = await stage.host.invoke(ref, json.dumps([str(place), failures]).encode(), kind="Async")
    assert answer.status == 202
    assert answer.headers["X-Fc-Request-Id"]
    await stage.host.deliveries.settled()
    return str(place.read_text())


@pytest.mark.parametrize(
    ("failures", "plan", "tries"),
    [
        (0, None, "1"),
        (2, None, "3"),
        (9, None, "4"),
        (9, {"maxAsyncRetryAttempts": 0}, "1"),
        (9, {"maxAsyncRetryAttempts": 5}, "6"),
        (9, {"maxAsyncRetryAttempts": 8, "maxAsyncEventAgeInSeconds": 2}, "2"),
    ],
)
def test_an_asynchronous_request_is_retried_as_configured(
    stage: Any, tmp_path: Path, failures: Any, plan: Any, tries: Any
) -> None:
    stage.speed = 100.0
    assert stage.play(lambda: later(stage, tmp_path, failures, plan)) == tries


def test_retries_tell_the_function_how_many_there_were(stage: Any, tmp_path: Path, recorded: Any) -> None:
    stage.speed = 100.0

    async def story() -> Any:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        stage.plan(call="fc.Invoke", do="lost-reply", nth=2)
        answer = await stage.host.invoke(ref, b"x", kind="Async")
        await stage.host.deliveries.settled()
        return answer.headers["X-Fc-Request-Id"]

    request_id = stage.play(story)
    assert [line["id"] for line in recorded()] == [request_id, request_id]


def test_a_delivery_can_happen_twice_when_the_world_asks(stage: Any, tmp_path: Path, recorded: Any) -> None:
    stage.settings["deliver_twice"] = lambda: True

    async def story() -> None:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        await stage.host.invoke(ref, b"once", kind="Async")
        await stage.host.deliveries.settled()

    stage.play(story)
    assert [line["event"] for line in recorded()] == ["once", "once"]


def test_throttled_deliveries_wait_and_are_not_lost(stage: Any, tmp_path: Path, recorded: Any) -> None:
    stage.speed = 1000.0

    async def story() -> None:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        stage.registry.put_async_config(ref, {"maxAsyncRetryAttempts": 0})
        stage.registry.put_reserved(ref, 1)
        await asyncio.gather(*(stage.host.invoke(ref, b"%d" % number, kind="Async") for number in range(4)))
        await stage.host.deliveries.settled()

    stage.play(story)
    assert sorted(line["event"] for line in recorded()) == ["0", "1", "2", "3"]


FAILED = "acs:mns:cn-hangzhou:1234567890123456:/queues/failures"


def allowing(resource: str) -> dict[str, Any]:
    """The policy of a role that may send to one queue."""
    statement = {"Effect": "Allow", "Action": ["mns:SendMessage"], "Resource": [resource]}
    return {"Version": "1", "Statement": [statement]}


@pytest.mark.parametrize(
    ("allowed", "kept"), [(f"{FAILED}/messages", 1), (f"{FAILED}-of-others/messages", 0)], ids=["may", "may not"]
)
def test_what_failed_for_good_goes_to_the_queue_that_the_role_may_send_to(
    stage: Any, tmp_path: Path, allowed: str, kept: int
) -> None:
    stage.speed = 100.0

    async def story() -> None:
        role = stage.identity.create_role("door", [allowing(allowed)])
        ref = stage.add("echo.retries", role=role)
        stage.fc.smq.create_queue("failures")
        later = {"maxAsyncRetryAttempts": 1, "destinationConfig": {"onFailure": {"destination": f"{FAILED}/messages"}}}
        stage.registry.put_async_config(ref, later)
        await stage.host.invoke(ref, json.dumps([str(tmp_path / "tries"), 9]).encode(), kind="Async")
        await stage.host.deliveries.settled()

    stage.play(story)
    failures = stage.fc.smq.failures("failures")
    assert [(one["function"], one["tries"]) for one in failures] == [("f", 2)] * kept
    assert any("a failure is lost" in line for line in stage.host.logs("f")) == (not kept)


@pytest.mark.parametrize(
    "destination",
    [
        {"onSuccess": {"destination": FAILED}},
        {"onFailure": {"destination": "acs:fc:cn-hangzhou:1:functions/f"}},
        {"onFailure": {}},
        {"onFailure": FAILED},
        [],
        "x",
    ],
)
def test_a_destination_that_is_not_offered_is_refused(stage: Any, destination: Any) -> None:
    async def story() -> None:
        ref = stage.add("echo.text")
        with pytest.raises(Refusal, match="destinationConfig"):
            stage.registry.put_async_config(ref, {"destinationConfig": destination})

    stage.play(story)


def test_what_was_not_delivered_before_a_restart_is_delivered_after_it(
    stage: Any, tmp_path: Path, recorded: Any
) -> None:
    async def before() -> None:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        stage.plan(call="fc.Invoke", do="lost-request", nth=2)
        await stage.host.invoke(ref, b"kept", kind="Async")
        await stage.until(lambda: [one for one in stage.faults.listed() if one["struck"]])

    async def after() -> None:
        stage.clock.advance(60)
        await stage.host.deliveries.settled()

    stage.play(before)
    assert recorded() == []
    stage.play(after)
    assert [line["event"] for line in recorded()] == ["kept"]


def timer(stage: Any, ref: Any, **config: Any) -> None:
    trigger = {"name": "tick", "kind": "timer", "source_arn": "", "role": "", "description": "", "config": config}
    stage.registry.create_trigger(ref, trigger)
    stage.fc.timers.reconsider()


def test_a_timer_fires_on_the_clock_with_its_payload_as_text(stage: Any, tmp_path: Path, recorded: Any) -> None:
    stage.speed = 600.0

    async def story() -> None:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        timer(stage, ref, cronExpression="0 * * * * *", payload='{"plan": "night"}', enable=True)
        await stage.until(lambda: len(recorded()) >= 3)

    stage.play(story)
    events = [json.loads(line["event"]) for line in recorded()[:3]]
    assert set(events[0]) == sample("fc_timer")
    assert events[0] == {
        "triggerTime": events[0]["triggerTime"],
        "triggerName": "tick",
        "payload": '{"plan": "night"}',
    }
    assert [event["triggerTime"][:16] for event in events] == [
        "2026-03-02T12:01",
        "2026-03-02T12:02",
        "2026-03-02T12:03",
    ]
    assert {event["triggerTime"][16:] for event in events} == {":00Z"}


def test_a_jump_over_many_times_of_a_timer_fires_it_once_for_the_last(
    stage: Any, tmp_path: Path, recorded: Any
) -> None:
    async def story() -> None:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        timer(stage, ref, cronExpression="@every 1m")
        await asyncio.sleep(0)
        stage.clock.advance(3600)
        await stage.until(recorded)

    stage.play(story)
    assert [json.loads(line["event"])["triggerTime"] for line in recorded()] == ["2026-03-02T13:00:00Z"]


def test_a_disabled_timer_does_not_fire(stage: Any, tmp_path: Path, recorded: Any) -> None:
    async def story() -> None:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        timer(stage, ref, cronExpression="@every 1m", enable=False)
        stage.clock.advance(3600)
        await asyncio.sleep(0.1)
        await stage.host.deliveries.settled()

    stage.play(story)
    assert recorded() == []


def listen(stage: Any, ref: Any, kind: str, config: Any, source_arn: str = "") -> None:
    trigger = {"name": "ear", "kind": kind, "source_arn": source_arn, "role": "", "description": "", "config": config}
    stage.registry.create_trigger(ref, trigger)


def heard(stage: Any, tmp_path: Any, recorded: Any, send: Any) -> Any:
    async def story() -> None:
        ref = stage.add("echo.record", environmentVariables={"RECORD": str(tmp_path / "record")})
        await send(ref)
        await stage.host.deliveries.settled()

    stage.play(story)
    (line,) = recorded()
    return line["event"]


def sample(name: str) -> set[str]:
    """Give the keys of a payload as the vendor sends it."""
    return set(json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8")))


def test_a_topic_in_stream_form_gives_the_bare_message(stage: Any, tmp_path: Path, recorded: Any) -> None:
    async def send(ref: Any) -> None:
        listen(stage, ref, "mns_topic", {}, stage.fc.smq.create_topic("alerts"))
        assert await stage.fc.smq.publish_topic("alerts", '{"a": 1}') == 1

    assert heard(stage, tmp_path, recorded, send) == '{"a": 1}'


def test_a_topic_in_stream_form_wraps_a_message_with_attributes(stage: Any, tmp_path: Path, recorded: Any) -> None:
    async def send(ref: Any) -> None:
        listen(stage, ref, "mns_topic", {}, stage.fc.smq.create_topic("alerts"))
        await stage.fc.smq.publish_topic("alerts", "hello", {"k": "v"})

    assert json.loads(heard(stage, tmp_path, recorded, send)) == {"body": "hello", "attrs": {"k": "v"}}


def test_a_topic_in_json_form_gives_the_vendors_envelope(stage: Any, tmp_path: Path, recorded: Any) -> None:
    async def send(ref: Any) -> None:
        arn = stage.fc.smq.create_topic("alerts")
        listen(stage, ref, "mns_topic", {"notifyContentFormat": "JSON"}, arn)
        await stage.fc.smq.publish_topic("alerts", "hello")

    event = json.loads(heard(stage, tmp_path, recorded, send))
    assert set(event) == sample("mns_topic_json")
    assert (event["Message"], event["TopicName"], event["TopicOwner"]) == ("hello", "alerts", "1234567890123456")


QUEUE = {
    "eventSourceConfig": {
        "eventSourceType": "MNS",
        "eventSourceParameters": {"sourceMNSParameters": {"QueueName": "alerts", "IsBase64Decode": True}},
    }
}


@pytest.mark.parametrize("mode", ["event-driven", "event-streaming"])
def test_a_queue_reaches_a_function_through_eventbridge(stage: Any, tmp_path: Path, recorded: Any, mode: Any) -> None:
    async def send(ref: Any) -> None:
        stage.fc.smq.create_queue("alerts")
        listen(stage, ref, "eventbridge", {**QUEUE, "runOptions": {"mode": mode}})
        await stage.fc.smq.send_queue("alerts", "hello")

    event = json.loads(heard(stage, tmp_path, recorded, send))
    one = event[0] if mode == "event-streaming" else event
    assert set(one) == sample("mns_queue_eventbridge_single")
    assert (one["type"], one["data"]["messageBody"]) == ("mns:Queue:SendMessage", "hello")
    assert one["subject"] == "acs:mns:cn-hangzhou:1234567890123456:queues/alerts"


def test_a_queue_may_leave_its_message_in_base64(stage: Any, tmp_path: Path, recorded: Any) -> None:
    source = {"QueueName": "alerts", "IsBase64Decode": False}
    config = {"eventSourceConfig": {"eventSourceType": "MNS", "eventSourceParameters": {"sourceMNSParameters": source}}}

    async def send(ref: Any) -> None:
        stage.fc.smq.create_queue("alerts")
        listen(stage, ref, "eventbridge", config)
        await stage.fc.smq.send_queue("alerts", "hello")

    body = json.loads(heard(stage, tmp_path, recorded, send))["data"]["messageBody"]
    assert base64.b64decode(body) == b"hello"


def test_an_event_reaches_the_functions_whose_filter_it_matches(stage: Any, tmp_path: Path, recorded: Any) -> None:
    async def send(ref: Any) -> None:
        pattern = json.dumps({"source": ["demo.scaler"], "type": ["scaler:Alert"]})
        source = {"eventSourceType": "Default"}
        listen(stage, ref, "eventbridge", {"eventSourceConfig": source, "eventRuleFilterPattern": pattern})
        assert await stage.fc.smq.put_event("demo.other", "scaler:Alert", {}) == 0
        assert await stage.fc.smq.put_event("demo.scaler", "scaler:Alert", {"value": 1}) == 1

    assert json.loads(heard(stage, tmp_path, recorded, send))["data"] == {"value": 1}


def test_a_message_is_pushed_again_when_the_function_fails(stage: Any, tmp_path: Path) -> None:
    stage.speed = 1000.0
    place = tmp_path / "tries"

    async def story() -> None:
        ref = stage.add("echo.retries")
        listen(stage, ref, "mns_topic", {}, stage.fc.smq.create_topic("alerts"))
        await stage.fc.smq.publish_topic("alerts", json.dumps([str(place), 9]))
        await stage.host.deliveries.settled()

    stage.play(story)
    assert place.read_text() == "4"


def test_a_topic_or_queue_that_does_not_exist_is_refused(stage: Any) -> None:
    async def story() -> None:
        with pytest.raises(Refusal, match="TopicNotExist"):
            await stage.fc.smq.publish_topic("none", "x")
        with pytest.raises(Refusal, match="QueueNotExist"):
            await stage.fc.smq.send_queue("none", "x")

    stage.play(story)
