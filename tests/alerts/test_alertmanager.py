"""Groups of alerts: Alertmanager's, and ARMS' likeness of them (fact fc 2.7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from tidegate.alerts import Delivery, Reading, read, receive
from tidegate.domain.signal import Alert, AlertState

Only = Callable[[Reading], Alert]
Refusal = Callable[[Reading], str]
Directly = Callable[[Any], Reading]
Parsed = Callable[[str], Any]

FIRING = "prometheus_alertmanager_v4_firing.json"
RESOLVED = "prometheus_alertmanager_v4_resolved.json"
ARMS = "arms_alertmanager_content.json"


def group(parsed: Parsed, *alerts: dict[str, Any]) -> dict[str, Any]:
    """Give the firing group with these alerts, each the sample's own with changes."""
    message: dict[str, Any] = parsed(FIRING)
    [one] = message["alerts"]
    message["alerts"] = [{**one, **changes} for changes in alerts]
    return message


def test_a_mixed_group_gives_each_alert_its_own_state(parsed: Parsed, directly: Directly) -> None:
    ended = {"status": "resolved", "endsAt": "2026-03-02T12:20:00Z", "fingerprint": "bb"}
    reading = directly(group(parsed, {}, ended))
    assert [alert.state for alert in reading.alerts] == [AlertState.FIRING, AlertState.OK]
    assert [alert.at.minute for alert in reading.alerts] == [58, 20]
    assert len({alert.key for alert in reading.alerts}) == 2


def test_a_bad_alert_of_a_group_costs_its_neighbours_nothing(parsed: Parsed, directly: Directly) -> None:
    message = group(parsed, {}, {"status": "suppressed"}, {"startsAt": ""}, {"fingerprint": "bb"})
    message["alerts"].insert(1, "no object")
    reading = directly(message)
    assert len(reading.alerts) == 2
    assert [(rejected.index, rejected.reason) for rejected in reading.rejected] == [
        (1, "alerts[1] is no object"),
        (2, "status is 'suppressed', known are FIRING, RESOLVED"),
        (3, "startsAt and startTime are missing: looked in alerts[3]"),
    ]


def test_a_repetition_shares_the_key_and_a_new_episode_does_not(parsed: Parsed, directly: Directly, only: Only) -> None:
    first = only(directly(parsed(FIRING))).key
    assert only(directly(group(parsed, {"annotations": {"summary": "another text"}}))).key == first
    assert only(directly(group(parsed, {"startsAt": "2026-03-02T13:00:00Z"}))).key != first
    assert only(directly(parsed(RESOLVED))).key != first


def test_the_same_alert_in_two_groups_is_two_alerts(parsed: Parsed, directly: Directly, only: Only) -> None:
    other = {**parsed(FIRING), "groupKey": "{}:{another}"}
    assert only(directly(other)).key != only(directly(parsed(FIRING))).key


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-02T12:00:00.404000000Z", datetime(2026, 3, 2, 12, 0, 0, 404000, tzinfo=timezone.utc)),
        ("2026-03-02T12:00:00.123456789Z", datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=timezone.utc)),
        ("2026-03-02T20:00:00.5+08:00", datetime(2026, 3, 2, 12, 0, 0, 500000, tzinfo=timezone.utc)),
        ("2026-03-02 04:30:00-0730", datetime(2026, 3, 2, 12, tzinfo=timezone.utc)),
        ("2026-03-02T12:00:00z", datetime(2026, 3, 2, 12, tzinfo=timezone.utc)),
        (1772452800000, datetime(2026, 3, 2, 12, tzinfo=timezone.utc)),
    ],
)
def test_a_start_is_read_to_nine_digits_in_any_offset(
    written: object, expected: datetime, parsed: Parsed, directly: Directly, only: Only
) -> None:
    assert only(directly(group(parsed, {"startsAt": written}))).at == expected


@pytest.mark.parametrize(
    "written", ["2026-03-02T12:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T12:00:00Z", "9" * 14]
)
def test_a_start_that_is_no_time_is_said(written: str, parsed: Parsed, directly: Directly, refusal: Refusal) -> None:
    """A time without offset could be eight hours off: over HTTP the arrival stands in, else it is refused."""
    reason = refusal(directly(group(parsed, {"startsAt": written})))
    assert reason == f"startsAt is {written!r}, which is no time with an offset: looked in alerts[0]"


def test_the_arrival_stands_in_for_a_strange_start(
    over_http: Callable[..., Delivery], parsed: Parsed, only: Only
) -> None:
    body = json.dumps(group(parsed, {"startsAt": "2026-03-02 20:00:00"}))
    assert only(read(over_http(body))).at == datetime(2026, 3, 2, 12, 0, 3, tzinfo=timezone.utc)


def test_the_end_of_a_firing_alert_is_never_its_time(parsed: Parsed, directly: Directly, only: Only) -> None:
    """ARMS writes a future end into alerts that fire."""
    message = parsed(ARMS)
    assert message["alerts"][0]["endsAt"] > message["alerts"][0]["startsAt"]
    assert only(directly(message)).at == datetime(2026, 3, 2, 12, 0, 0, 578000, tzinfo=timezone.utc)


def test_a_resolved_alert_without_an_end_is_dated_by_its_start(parsed: Parsed, directly: Directly, only: Only) -> None:
    alert = only(directly(group(parsed, {"status": "resolved"})))
    assert (alert.state, alert.at.minute) == (AlertState.OK, 58)


def test_alerts_that_the_sender_cut_off_are_told(parsed: Parsed, directly: Directly) -> None:
    reading = directly({**parsed(FIRING), "truncatedAlerts": 7})
    assert len(reading.alerts) == 1
    [rejected] = reading.rejected
    assert (rejected.index, rejected.reason) == (1, "the sender cut 7 alerts off this group: raise max_alerts")


def test_labels_that_name_two_instances_leave_it_to_the_rule(parsed: Parsed, directly: Directly, only: Only) -> None:
    """`instance` is usually the scraped host and port, which is none of ours and no contradiction."""
    scraped = {"alertname": "A", "instance_id": "amqp-cn-demo0001", "instance": "10.0.0.1:9419"}
    assert only(directly(group(parsed, {"labels": scraped}))).instance_id == "amqp-cn-demo0001"
    torn = {**scraped, "instance": "amqp-cn-demo0002"}
    assert only(directly(group(parsed, {"labels": torn}))).instance_id == ""


def test_common_labels_complete_an_alert(parsed: Parsed, directly: Directly, only: Only) -> None:
    alert = only(directly(group(parsed, {"labels": None, "annotations": {"value": 12.5}})))
    assert (alert.rule, alert.instance_id, alert.value) == ("RabbitTpsHigh", "amqp-cn-demo0001", "12.5")


@pytest.mark.parametrize("alerts", [None, [], {}, "x"])
def test_a_group_without_alerts_is_rejected(
    alerts: object, parsed: Parsed, directly: Directly, refusal: Refusal
) -> None:
    assert "alerts is missing or empty" in refusal(directly({**parsed(FIRING), "alerts": alerts}))


def test_an_alert_without_a_name_is_rejected(parsed: Parsed, directly: Directly, refusal: Refusal) -> None:
    message = {**group(parsed, {"labels": {}}), "commonLabels": {}}
    assert refusal(directly(message)) == "alertname and alertName are missing: looked in alerts[0].labels"


def test_arms_repetitions_share_a_key_without_a_group_key(parsed: Parsed, directly: Directly, only: Only) -> None:
    message = parsed(ARMS)
    first = only(directly(message))
    message["alerts"][0]["endsAt"] = "2026-03-02T12:30:00Z"
    assert only(directly(message)) == first
    message["alerts"][0]["status"] = "resolved"
    assert only(directly(message)).key != first.key


def test_another_shape_of_arms_is_read_as_far_as_it_goes(directly: Directly, only: Only) -> None:
    """A webhook contact's template is its owner's text."""
    one = {"startTime": 1772452800000, "status": "firing", "labels": {"instanceId": "amqp-cn-demo0001"}}
    alert = only(directly({"alarmId": 7021, "alarmName": "tps", "level": "P2", "alerts": [one]}))
    assert (alert.source, alert.rule, alert.rule_id) == ("arms", "tps", "7021")
    assert alert.instance_id == "amqp-cn-demo0001"


def test_an_arms_shape_that_lacks_an_alert_says_so(directly: Directly, refusal: Refusal) -> None:
    assert "alerts is missing or empty" in refusal(directly({"alarmId": 7021, "level": "P2"}))
    message = {"alarmId": 7021, "commonLabels": 3, "alerts": [{"startTime": "x"}]}
    assert "alertname and alertName are missing" in refusal(directly(message))


def test_an_alert_without_a_fingerprint_is_known_by_its_labels(parsed: Parsed, directly: Directly, only: Only) -> None:
    one = only(directly(group(parsed, {"fingerprint": None})))
    other = only(directly(group(parsed, {"fingerprint": None, "labels": {"alertname": "B"}})))
    assert one.key != other.key


@pytest.mark.parametrize("depth", [100, 900, 950, 970, 990])
def test_labels_nested_beyond_reason_are_answered(depth: int, parsed: Parsed) -> None:
    """A label of a label says nothing; it must not end in a recursion either."""
    nested = '{"x":' * depth + "1" + "}" * depth
    event = json.dumps(group(parsed, {"fingerprint": None, "labels": "DEEP"})).replace('"DEEP"', nested)
    reading = read(receive(event.encode()))
    assert len(reading.alerts) + len(reading.rejected) == 1
