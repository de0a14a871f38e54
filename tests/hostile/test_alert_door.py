"""Whatever reaches on_alert is answered, moves nothing that is not its own, and leaves one clean line a fact."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.hostile.words import DANGEROUS, DEEP_JSON, ESCAPES, NUMBERS, TRICKS, mutated, values
from tidegate.app.doors import Reply, guarded, receive_alerts

EVENTS = Path(__file__).parents[1] / "events"
TOKEN = "T0KEN-demo"
RABBIT, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
SIMPLE = {
    "ruleName": "rabbit-tps-high",
    "state": "ALERT",
    "instanceId": RABBIT,
    "id": "e-1",
    "time": "2026-03-02T12:00:00Z",
}
MESSAGES = {
    name: json.loads((EVENTS / name).read_bytes())
    for name in (
        "cms_metric_callback_alert_form_fields.json",
        "cms_metric_to_mns_message.json",
        "eventbridge_batch.json",
        "prometheus_alertmanager_v4_firing.json",
        "arms_alertmanager_content.json",
        "sls_alert_webhook.json",
        "mns_topic_json.json",
    )
}

Opens = Callable[..., Any]


def posted(content: Any, path: str = f"/hook/{TOKEN}", **over: Any) -> dict[str, Any]:
    """What an HTTP trigger makes of a POST."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    event: dict[str, Any] = {"rawPath": path, "body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    return {
        **event,
        "headers": {},
        "requestContext": {"timeEpoch": "1772452800000", "http": {"method": "POST"}},
        **over,
    }


def deliver(at: Any, event: Any, *, has_time: bool = False) -> Reply:
    """Let an event reach the door as the handler lets it."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return guarded(raw, lambda: receive_alerts(at.around, raw, (TOKEN,), lambda: has_time))


def stored(at: Any) -> set[str]:
    """Every key of the store."""
    return set(at.shelf.list("", limit=1_000_000))


def held_to(at: Any, reply: Reply) -> None:
    """A reply that is clear, and can be sent."""
    assert reply.status in (200, 400, 404, 413), reply
    sent = reply.as_response()
    json.dumps(sent).encode()
    assert len(sent["body"]) < 6 * 1024 * 1024
    told = [reply.body["error"]] if "error" in reply.body else [one["reason"] for one in reply.body["rejected"]]
    assert all(told)
    assert not [one for one in told if DANGEROUS.search(one)]


def test_whatever_is_posted_is_answered_and_touches_no_key_but_its_instances(
    desk: Opens, tries: Any, lines: Any
) -> None:
    at = desk()
    before, key = stored(at), at.key()
    gateway = at.key("edge-gateway")

    def check(body: Any) -> None:
        held_to(at, deliver(at, posted(body)))
        lines.facts()
        for new in stored(at) - before:
            assert new.startswith((f"inbox/{key}/", f"inbox/{gateway}/", "wake/")), new
            assert new.endswith((".json", key, gateway)), new

    tries(150, check, body=st.one_of(st.binary(max_size=200), values, mutated(SIMPLE), mutated([SIMPLE, SIMPLE])))
    for message in MESSAGES.values():
        tries(40, check, body=mutated(message))
    assert at.orders() == []


@pytest.mark.parametrize(
    "body", [*DEEP_JSON, b'"' * 60_000, b"[" + b"[]," * 20_000, b"a=1&" * 16_000, b"\xff" * 60_000]
)
def test_nesting_beyond_measure_costs_no_time_and_is_refused(desk: Opens, body: bytes, soon: Any, lines: Any) -> None:
    at = desk()
    for event in (
        posted(body[: 64 * 1024]),
        posted(body),
        body,
        json.dumps(posted("")).encode()[:-1] + b',"x":' + body,
    ):
        with soon():
            reply = deliver(at, event)
        assert reply.status in (400, 413), reply
        assert lines.facts()


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 130 * 1024, 5_000_000])
@pytest.mark.parametrize("encoded", [True, False])
def test_a_body_is_read_to_its_limit_and_not_beyond(desk: Opens, size: int, encoded: bool, soon: Any) -> None:  # noqa: FBT001 - a parameter
    at = desk()
    body = json.dumps(SIMPLE).encode().ljust(size)
    event = posted(body) if encoded else posted(b"", body=body.decode(), isBase64Encoded=False)
    with soon():
        reply = deliver(at, event)
    assert reply.status == (200 if size <= 64 * 1024 else 413)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", ["time", "value", "id", "ruleName", "instanceId"])
def test_a_number_beyond_measure_is_refused_or_read_as_text(desk: Opens, number: bytes, field: str, lines: Any) -> None:
    at = desk()
    body = json.dumps({**SIMPLE, field: "NUMBER"}).encode().replace(b'"NUMBER"', number)
    held_to(at, deliver(at, posted(body)))
    assert lines.facts()


@pytest.mark.parametrize("many", [[7] * 30_000, [[]] * 20_000, {str(number): 1 for number in range(6_000)}])
def test_a_body_of_very_many_parts_is_answered_in_time(desk: Opens, many: Any, soon: Any, lines: Any) -> None:
    at = desk()
    with soon():
        held_to(at, deliver(at, posted(json.dumps(many, separators=(",", ":")).encode())))
    assert 1 <= len(lines.facts()) < 100


def test_much_noise_about_one_instance_leaves_no_flood_in_its_inbox(desk: Opens, lines: Any) -> None:
    at = desk()
    noise = [{"instanceId": RABBIT, "ruleName": "x", "state": "no"}] * 800
    reply = deliver(at, posted(json.dumps(noise, separators=(",", ":")).encode()))
    assert len(reply.body["rejected"]) == 800
    assert 1 <= len(at.around.ledger.inbox(at.key())) < 100
    assert len(lines.facts()) < 100


@pytest.mark.parametrize("bad", [*ESCAPES, *TRICKS])
def test_a_word_that_forges_lines_stays_one_line_in_log_answer_record_and_history(
    desk: Opens, bad: str, lines: Any
) -> None:
    at = desk()
    at.reconcile()
    lines.facts()
    alerts = [
        {**SIMPLE, "id": "e-1", "ruleName": f"rule {bad}"},
        {**SIMPLE, "id": "e-2", "value": bad},
        {**SIMPLE, "id": "e-3", "ruleId": bad},
        {**SIMPLE, "id": bad or "e-4", "state": "OK"},
        {**SIMPLE, "id": "e-5", "state": bad},
        {**SIMPLE, "id": "e-6", "instanceId": bad, "ruleName": "nobody's"},
    ]
    reply = deliver(at, posted(alerts, path=f"/hook/{TOKEN}"), has_time=True)
    held_to(at, reply)
    deliver(at, posted(alerts, path=f"/hook/{bad}/x"))
    facts = lines.facts()
    assert {"alert", "rejected", "decided"} <= {fact["what"] for fact in facts}
    kept = at.around.ledger.records(at.key())
    answers = [answer for record in kept for answer in record.fact.get("answers", [])]
    assert len(answers) >= 3
    assert not [answer for answer in answers if DANGEROUS.search(json.dumps(answer, ensure_ascii=False))]


def test_a_bad_part_costs_its_neighbours_nothing_wherever_it_stands(desk: Opens, tries: Any) -> None:
    at = desk()

    def check(bad: Any, place: int) -> None:
        good = [{**SIMPLE, "id": f"n-{number}"} for number in range(3)]
        reply = deliver(at, posted([*good[:place], bad, *good[place:]]))
        assert len([one for one in reply.body["alerts"] if one["instance"] == "orders-mq"]) >= 3
        assert reply.status == 200

    tries(60, check, bad=values, place=st.integers(0, 3))


# A callback for an instance of another rule, or of nobody.


@pytest.mark.parametrize(
    "alert",
    [
        {**SIMPLE, "instanceId": GATEWAY},
        {**SIMPLE, "instanceId": GATEWAY, "ruleId": "rabbit-tps-high"},
        {**SIMPLE, "ruleName": "gw-qps-high", "instanceId": RABBIT},
        {**SIMPLE, "ruleName": "RABBIT-TPS-HIGH"},
        {**SIMPLE, "ruleName": "rabbit-tps-high\u200b"},
        {**SIMPLE, "ruleName": "r\u0430bbit-tps-high"},
    ],
)
def test_an_alert_of_another_instances_rule_moves_nothing_and_leaves_its_reason(desk: Opens, alert: Any) -> None:
    at = desk()
    [answer] = deliver(at, posted([alert]), has_time=True).body["alerts"]
    assert (answer["answer"], "has no alert rule" in answer["reason"]) == ("hold", True)
    for name in ("orders-mq", "edge-gateway"):
        assert at.page(name).state.operation is None
        assert at.page(name).state.demands == ()
    assert at.started == []


@pytest.mark.parametrize(
    "named",
    [
        {"instanceId": "amqp-cn-demo0002"},
        {"instanceId": "amqp-cn-demo0001x"},
        {"instanceId": "123456789012"},
        {"instanceId": "apigateway-cn-demo0002"},
    ],
)
def test_an_alert_of_an_instance_that_is_not_in_the_policy_touches_nothing(desk: Opens, named: Any) -> None:
    """Also where its rule would serve one that is: the id says that another is meant."""
    at = desk()
    before = stored(at)
    [answer] = deliver(at, posted([{**SIMPLE, **named}]), has_time=True).body["alerts"]
    assert answer["answer"] == "rejected"
    assert stored(at) == before


def test_an_alert_of_another_account_that_names_no_instance_of_ours_touches_nothing(desk: Opens) -> None:
    at = desk()
    before = stored(at)
    callback = {
        **MESSAGES["cms_metric_callback_alert_form_fields.json"],
        "userId": "999",
        "ruleId": "x",
        "alertName": "theirs",
    }
    callback["dimensions"] = "{userId=999, instanceId=amqp-cn-theirs0001}"
    reply = deliver(at, posted(callback), has_time=True)
    assert reply.body["alerts"][0]["answer"] == "rejected"
    assert stored(at) == before


def test_an_alert_that_names_two_instances_is_held_against_its_rule_alone(desk: Opens) -> None:
    at = desk()
    [answer] = deliver(at, posted([{**SIMPLE, "instance_id": GATEWAY}]), has_time=True).body["alerts"]
    assert answer["instance"] == "orders-mq"
    assert at.page("edge-gateway").head is None


def test_an_alert_without_an_instance_whose_rule_serves_two_moves_neither(desk: Opens) -> None:
    at = desk()
    twin = {**at.orders_mq, "name": "twin-mq", "instance_id": "amqp-cn-demo0002"}
    at.push(at.orders_mq, twin, at.edge)
    nameless = {key: value for key, value in SIMPLE.items() if key != "instanceId"}
    before = stored(at)
    [answer] = deliver(at, posted([nameless]), has_time=True).body["alerts"]
    assert answer["answer"] == "rejected"
    assert "serves several: orders-mq, twin-mq" in answer["reason"]
    assert stored(at) == before
