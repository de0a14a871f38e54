"""SMQ and EventBridge around messages: single, batched, as strings, in base64, in one another (facts fc 2.2, 2.5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tidegate.alerts import Delivery, Reading, read, receive
from tidegate.domain.signal import Alert, AlertState

Only = Callable[[Reading], Alert]
Refusal = Callable[[Reading], str]
Directly = Callable[[Any], Reading]
Parsed = Callable[[str], Any]

EVENT = "eventbridge_single.json"
QUEUE = "mns_queue_eventbridge_single.json"
TOPIC = "mns_topic_json.json"
INNER = {
    "cms_metric_callback_alert_form_fields.json": "cloudmonitor",
    "cms_metric_to_mns_message.json": "cloudmonitor-smq",
    "prometheus_alertmanager_v4_firing.json": "alertmanager",
    "arms_alertmanager_content.json": "arms",
    "sls_alert_webhook.json": "sls",
    "eventbridge_single.json": "eventbridge",
}


def queued(parsed: Parsed, body: str) -> dict[str, Any]:
    event: dict[str, Any] = parsed(QUEUE)
    event["data"]["messageBody"] = body
    return event


def as_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(("name", "source"), INNER.items())
def test_every_format_is_read_out_of_every_envelope(
    name: str, source: str, parsed: Parsed, directly: Directly, only: Only
) -> None:
    """Plain and in base64, and with the same key as without the envelope, so that two ways of delivery collapse."""
    message = parsed(name)
    text = json.dumps(message)
    bare = only(directly(message))
    assert bare.source == source
    for body in (text, as_base64(text), json.dumps(text)):
        for event in (
            queued(parsed, body),
            [queued(parsed, body)],
            [json.dumps(queued(parsed, body))],
            {**parsed(TOPIC), "Message": body},
            {"body": body, "attrs": {"Extend": "{}"}},
            queued(parsed, json.dumps({**parsed(TOPIC), "Message": body})),
            {**parsed(EVENT), "data": message},
            {**parsed(EVENT), "data": body},
        ):
            assert only(directly(event)) == bare


def test_a_topic_message_in_stream_form_is_the_message_itself(sample: Callable[[str], bytes], only: Only) -> None:
    raw = sample("cms_metric_to_mns_message.json")
    assert only(read(receive(base64.b64encode(raw)))) == only(read(receive(raw)))


def test_a_queued_form_is_read_too(
    sample: Callable[[str], bytes], parsed: Parsed, directly: Directly, only: Only
) -> None:
    form = sample("cms_metric_callback_alert.form.txt").decode().strip()
    bare = only(directly(parsed("cms_metric_callback_alert_form_fields.json")))
    assert only(directly(queued(parsed, form))) == bare
    assert only(directly(queued(parsed, as_base64(form)))) == bare


def test_data_base64_of_a_cloud_event_is_read(parsed: Parsed, directly: Directly, only: Only) -> None:
    event = parsed(EVENT)
    encoded = {key: value for key, value in event.items() if key != "data"}
    encoded["data_base64"] = as_base64(json.dumps(event["data"]))
    assert only(directly(encoded)) == only(directly(event))


def test_bad_neighbours_never_lose_a_good_alert(parsed: Parsed, directly: Directly) -> None:
    event = parsed(EVENT)
    bad: list[Any] = [
        None,
        7,
        "not json",
        "{broken",
        [],
        {},
        {**event, "data": None},
        {**event, "data": {"ruleName": "x"}},
        queued(parsed, "hello"),
        queued(parsed, "[" * 50_000),
        queued(parsed, "x" * 70_000),
    ]
    good = [{**event, "id": str(number)} for number in range(len(bad))]
    reading = directly([message for pair in zip(bad, good, strict=True) for message in pair])
    assert len({alert.key for alert in reading.alerts}) == len(good)
    assert [rejected.index for rejected in reading.rejected] == [2 * number for number in range(len(bad))]
    assert all(rejected.reason for rejected in reading.rejected)


def test_a_redelivered_event_shares_the_key_wherever_it_stands_in_its_batch(
    parsed: Parsed, directly: Directly, only: Only
) -> None:
    batch = parsed("eventbridge_batch.json")
    keys = [alert.key for alert in directly(batch).alerts]
    assert [alert.key for alert in directly(batch[::-1]).alerts] == keys[::-1]
    assert only(directly(batch[0])).key == keys[0]
    assert only(directly({**batch[0], "source": "another"})).key != keys[0]


def test_a_redelivered_queue_message_shares_the_key(parsed: Parsed, directly: Directly, only: Only) -> None:
    """The queue's message id survives redelivery; the event's id around it may not."""
    event = parsed(QUEUE)
    assert only(directly({**event, "id": "another"})).key == only(directly(event)).key
    event["data"]["messageId"] = "C6DB60D1574661357FA2272774450002"
    assert only(directly(event)).key != only(directly(parsed(QUEUE))).key


def test_alerts_together_in_one_message_are_not_taken_for_duplicates(parsed: Parsed, directly: Directly) -> None:
    event = parsed(EVENT)
    event["data"] = [{"ruleName": "a", "state": "ALERT"}, {"ruleName": "b", "state": "ALERT"}]
    assert len({alert.key for alert in directly(event).alerts}) == 2


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ALERT", AlertState.FIRING),
        ("firing", AlertState.FIRING),
        ("OK", AlertState.OK),
        ("resolved", AlertState.OK),
        ("INSUFFICIENT_DATA", AlertState.NO_DATA),
    ],
)
def test_the_simple_form_knows_these_states(
    word: str, state: AlertState, parsed: Parsed, directly: Directly, only: Only
) -> None:
    event = parsed(EVENT)
    event["data"]["state"] = word
    assert only(directly(event)).state is state


def test_the_simple_form_needs_something_to_tell_duplicates_by(
    directly: Directly, only: Only, refusal: Refusal
) -> None:
    """As raw data, or posted by a script, it has no event around it."""
    bare = {"ruleName": "a", "state": "ALERT"}
    assert "id and time are missing" in refusal(directly(bare))
    timed = {**bare, "time": "2026-03-02T12:00:00Z"}
    keys = [only(directly(one)).key for one in (timed, timed, {**timed, "state": "OK"}, {**timed, "id": "1"})]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert "no time in time or timestamp" in refusal(directly({**bare, "id": "1"}))


def test_the_simple_form_says_what_it_lacks(
    directly: Directly, refusal: Refusal, over_http: Callable[..., Delivery]
) -> None:
    assert "state is 'HIGH', known are ALERT, FIRING" in refusal(directly({"ruleName": "a", "state": "HIGH"}))
    body = json.dumps({"state": "ALERT"})
    reason = refusal(read(over_http(body, "/hook/eventbridge/T0KEN")))
    assert reason == "ruleName and rule and ruleId are missing: looked in the event's data"


def test_an_event_without_source_and_id_gives_no_key(parsed: Parsed, directly: Directly, refusal: Refusal) -> None:
    assert "id and time are missing" in refusal(directly({**parsed(EVENT), "source": ""}))


def test_envelopes_without_end_are_refused(parsed: Parsed, directly: Directly, refusal: Refusal) -> None:
    event: dict[str, Any] = {"ruleName": "a", "state": "ALERT"}
    for _ in range(20):
        event = {**parsed(EVENT), "data": event}
    assert refusal(directly(event)) == "wrapped more than 8 times"


def test_a_batch_may_be_larger_than_one_message(parsed: Parsed, directly: Directly) -> None:
    event = parsed(EVENT)
    batch = [{**event, "id": str(number)} for number in range(200)]
    assert len(json.dumps(batch)) > 65536
    assert len(directly(batch).alerts) == 200


def test_an_unknown_shape_is_one_rejection_with_a_bounded_reason(directly: Directly, refusal: Refusal) -> None:
    reason = refusal(directly({f"field{number}" + "x" * 99: 1 for number in range(99)}))
    assert reason.startswith("unknown format: the fields are field0")
    assert len(reason) < 600
    assert refusal(directly([])) == "the list is empty: no alert in it"
    assert refusal(directly(7)) == "the message is neither JSON, nor a form, nor base64 of one of them"
    assert refusal(directly({})) == "unknown format: the fields are none"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{broken", "the JSON is broken at line 1, column 2"),
        ("[" * 60_000, "nested too deep"),
        ("&".join(f"a{number}=" for number in range(999)), "more than 200 fields"),
        ("=", "neither JSON, nor a form"),
        (base64.b64encode(b'{"a": "\xff"}').decode(), "the message is not UTF-8 text"),
        ('"' + "x" * 70_000, "at most 65536 are read"),
    ],
)
def test_a_body_that_is_no_message_says_why(
    body: str, reason: str, directly: Directly, parsed: Parsed, refusal: Refusal
) -> None:
    assert reason in refusal(directly(queued(parsed, body)))
