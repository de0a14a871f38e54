"""Whatever is sent, the answer is alerts, reasons, or one of the two errors of a body."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sampling import draws
from tidegate.alerts import Kind, Reading, TooLarge, Unreadable, read, receive, same_token
from tidegate.alerts.delivery import NAMED_FORMATS
from tidegate.alerts.fields import moment, text

PAYLOADS = {
    path.name: json.loads(path.read_bytes()) for path in (Path(__file__).parent.parent / "events").glob("*.json")
}
ROUGH = draws(60, suppress_health_check=[HealthCheck.too_slow])

words = st.sampled_from(
    ["null", "OK", "ALERT", "WARN", "firing", "", "0", "1772452800", "{a=b, instanceId=amqp-x}", "1" * 5000, "\ud800"]
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), words)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)),
    max_leaves=10,
)


def outcome(event: bytes) -> Reading | None:
    """Read an event; None is a body that could not be opened. Any other error is the test's failure."""
    try:
        reading = read(receive(event))
    except (TooLarge, Unreadable):
        return None
    assert reading.alerts or reading.rejected
    for alert in reading.alerts:
        assert alert.rule
        assert alert.key
        assert alert.at.tzinfo
        assert "\n" not in alert.rule + alert.value + alert.rule_id
        json.dumps([alert.rule, alert.value, alert.rule_id]).encode()
        (alert.rule + alert.value + alert.rule_id + alert.instance_id).encode()
    for rejected in reading.rejected:
        assert 0 < len(rejected.reason) < 2000
    return reading


@ROUGH
@given(st.binary(max_size=300))
def test_any_bytes_are_answered(event: bytes) -> None:
    outcome(event)


@ROUGH
@given(values)
def test_any_json_is_answered(value: Any) -> None:
    outcome(json.dumps(value).encode())


@ROUGH
@given(
    body=st.one_of(st.text(max_size=100), values.map(json.dumps), values),
    encoded=st.one_of(st.booleans(), values),
    path=st.one_of(st.text(max_size=30), st.sampled_from([f"/hook/{name}/T" for name in NAMED_FORMATS]), values),
    headers=st.one_of(st.dictionaries(st.text(max_size=10), st.text(max_size=10)), values),
    context=values,
)
def test_any_request_is_answered(body: Any, encoded: Any, path: Any, headers: Any, context: Any) -> None:
    event = {"rawPath": path, "body": body, "isBase64Encoded": encoded, "headers": headers, "requestContext": context}
    raw = json.dumps(event).encode()
    delivery = receive(raw)
    assert delivery.kind is Kind.HTTP
    assert not same_token(delivery.token, "")
    outcome(raw)


def change(payload: Any, choices: st.DataObject, depth: int = 4) -> Any:
    """Replace, drop or keep a part of a payload, somewhere."""
    if not payload or depth == 0 or not isinstance(payload, (dict, list)):
        return choices.draw(values)
    place = choices.draw(st.sampled_from(sorted(payload) if isinstance(payload, dict) else range(len(payload))))
    copy: Any = payload.copy()
    what = choices.draw(st.sampled_from(["into", "replace", "drop"]))
    if what == "drop":
        del copy[place]
    else:
        copy[place] = change(payload[place], choices, depth - 1 if what == "into" else 0)
    return copy


@pytest.mark.parametrize("name", PAYLOADS)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(choices=st.data())
def test_a_vendor_payload_changed_at_will_is_answered(name: str, choices: st.DataObject) -> None:
    outcome(json.dumps(change(PAYLOADS[name], choices)).encode())


@pytest.mark.parametrize("name", PAYLOADS)
@settings(deadline=None, max_examples=20)
@given(choices=st.data())
def test_reading_twice_gives_the_same_alerts(name: str, choices: st.DataObject) -> None:
    event = json.dumps(change(PAYLOADS[name], choices)).encode()
    assert outcome(event) == outcome(event)


@ROUGH
@given(st.one_of(st.text(max_size=60), values.map(json.dumps)))
def test_base64_and_plain_bodies_agree(body: str) -> None:
    frame = {"rawPath": "/hook/T", "requestContext": {"timeEpoch": "1772452803000"}}
    written = body.encode(errors="replace")
    plain = {**frame, "body": written.decode(), "isBase64Encoded": False}
    encoded = {**frame, "body": base64.b64encode(written).decode(), "isBase64Encoded": True}
    assert outcome(json.dumps(plain).encode()) == outcome(json.dumps(encoded).encode())


@ROUGH
@given(leaves)
def test_any_value_is_a_time_or_none(value: Any) -> None:
    found = moment(value)
    assert found is None or 2000 <= found.year < 2100


@ROUGH
@given(st.text())
def test_clean_text_can_always_be_stored(value: str) -> None:
    clean = text(value)
    assert clean.encode().decode() == clean
    assert not set(clean) & set("\0\n\r\u2028\u202e")
