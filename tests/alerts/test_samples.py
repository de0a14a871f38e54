"""Every payload in tests/events, as the vendor sends it, gives what it means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tidegate.alerts import Unreadable, read, receive
from tidegate.domain.signal import Alert, AlertState

FIRING, OK = AlertState.FIRING, AlertState.OK
AMQP = "amqp-cn-demo0001"
RULE = "rabbit-tps-high"
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


def at(minute: int, second: int = 0, millisecond: int = 0, hour: int = 12) -> datetime:
    return NOON.replace(hour=hour, minute=minute, second=second, microsecond=millisecond * 1000)


def simple(rule: str, state: AlertState, when: datetime, source: str, rest: tuple[str, str, str]) -> tuple[object, ...]:
    return (rule, state, when, source, *rest)


CALLBACK = simple(RULE, FIRING, at(0, 0, 123), "cloudmonitor", ("rule-demo-0001", AMQP, "97.39"))
RECOVERY = simple(RULE, OK, at(12, 0, 456), "cloudmonitor", ("rule-demo-0001", AMQP, "41.0"))
QUEUED = simple(RULE, FIRING, at(0, 0, 123), "cloudmonitor-smq", ("", "", ""))
EVENT = simple(RULE, FIRING, at(0, 0, 123), "eventbridge", ("", AMQP, "97.39"))

ALERTS = {
    "arms_alertmanager_content.json": [
        simple("RabbitTpsHigh", FIRING, at(0, 0, 578), "arms", ("3927051", AMQP, "95.5"))
    ],
    "cms_metric_callback_alert.form.txt": [CALLBACK],
    "cms_metric_callback_alert_form_fields.json": [CALLBACK],
    "cms_metric_callback_alert_via_fc3_http.json": [CALLBACK],
    "cms_metric_callback_recovery.form.txt": [RECOVERY],
    "cms_metric_callback_recovery_form_fields.json": [RECOVERY],
    "cms_metric_callback_recovery_via_fc3_http.json": [RECOVERY],
    "cms_metric_to_mns_message.json": [
        simple(RULE, FIRING, at(0), "cloudmonitor-smq", ("rule-demo-0001", AMQP, "97.39"))
    ],
    "eventbridge_single.json": [EVENT],
    "eventbridge_batch.json": [EVENT, (*EVENT[:-1], "99.1")],
    "mns_queue_eventbridge_single.json": [QUEUED],
    "mns_queue_eventbridge_streaming_batch.json": [QUEUED],
    "mns_topic_json.json": [simple(RULE, FIRING, at(0, 3, 888), "cloudmonitor-smq", ("", "", ""))],
    "prometheus_alertmanager_v4_firing.json": [
        simple("RabbitTpsHigh", FIRING, at(58, hour=11), "alertmanager", ("", AMQP, ""))
    ],
    "prometheus_alertmanager_v4_resolved.json": [simple("RabbitTpsHigh", OK, at(20), "alertmanager", ("", AMQP, ""))],
    "sls_alert_webhook.json": [simple("rabbit-backlog", FIRING, at(0), "sls", ("alert-1772450000-demo", AMQP, "120"))],
}
REFUSED = {
    "cms_system_event_callback.json": "a CloudMonitor system event (Instance:StateChange), not an alert",
    "mns_topic_stream_with_attributes.json": "neither JSON, nor a form, nor base64",
    "fc3_http_request.json": "unknown format: the fields are hello",
    "fc3_http_response.json": "unknown format: the fields are accepted",
    "fc_context_env_python310.json": "unknown format: the fields are context, env",
    "fc_error_response.json": "unknown format: the fields are _http, errorMessage, errorType, stackTrace",
    "fc_timer.json": "unknown format: the fields are payload, triggerName, triggerTime",
}
UNREADABLE = {"fc_async_destination_unverified.json": "the body is empty"}


def meaning(alert: Alert) -> tuple[object, ...]:
    return (alert.rule, alert.state, alert.at, alert.source, alert.rule_id, alert.instance_id, alert.value)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_payload_says_what_it_means(name: str, sample: Callable[[str], bytes]) -> None:
    reading = read(receive(sample(name)))
    assert [meaning(alert) for alert in reading.alerts] == ALERTS[name]
    assert reading.rejected == []


@pytest.mark.parametrize("name", REFUSED)
def test_another_payload_is_rejected_with_its_reason(name: str, sample: Callable[[str], bytes]) -> None:
    reading = read(receive(sample(name)))
    assert reading.alerts == []
    assert [REFUSED[name] in rejected.reason for rejected in reading.rejected] == [True]


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_payload_without_a_body_is_unreadable(name: str, sample: Callable[[str], bytes]) -> None:
    with pytest.raises(Unreadable, match=UNREADABLE[name]):
        read(receive(sample(name)))


def test_no_payload_is_left_out() -> None:
    events = {path.name for path in (Path(__file__).parent.parent / "events").iterdir()}
    assert events == {*ALERTS, *REFUSED, *UNREADABLE}


def test_no_two_ringings_in_the_payloads_share_a_key(sample: Callable[[str], bytes]) -> None:
    """Forms of one ringing share it: the callback as form, as JSON and through the HTTP trigger; a queue's message."""
    keys = {name: [alert.key for alert in read(receive(sample(name))).alerts] for name in ALERTS}
    callback = {"alert": set[str](), "recovery": set[str]()}
    for which, found in callback.items():
        for name in [name for name in keys if name.startswith(f"cms_metric_callback_{which}")]:
            found |= set(keys.pop(name))
        assert len(found) == 1
    assert keys.pop("mns_queue_eventbridge_single.json") == keys["mns_queue_eventbridge_streaming_batch.json"]
    assert keys.pop("eventbridge_single.json") == keys["eventbridge_batch.json"][:1]
    rest = [key for found in [*callback.values(), *keys.values()] for key in found]
    assert len(rest) == len(set(rest))


@pytest.mark.parametrize("name", ALERTS)
def test_a_key_is_short_and_fit_for_a_file_name(name: str, sample: Callable[[str], bytes]) -> None:
    for alert in read(receive(sample(name))).alerts:
        assert len(alert.key) <= 64
        assert set(alert.key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
