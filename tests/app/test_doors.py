"""What a sender of an alert, or a person, is answered; and that nothing good is lost."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tidegate.app import codec
from tidegate.app.doors import Reply, receive_alerts
from tidegate.app.requests import receive_request
from tidegate.app.tick import warn_of_dead_tick
from tidegate.domain.facts import Decided
from tidegate.domain.operation import Outcome

Opens = Callable[..., Any]
EVENTS = Path(__file__).parents[1] / "events"
TOKENS = ("T0KEN-demo", "the-next-one")


def deliver(at: Any, event: bytes | dict[str, Any] | list[Any], *, has_time: bool = True) -> Reply:
    """Let an event reach on_alert."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return receive_alerts(at.around, raw, TOKENS, lambda: has_time)


def posted(body: bytes | str, path: str = "/hook/cms/T0KEN-demo", kind: str = "application/json") -> dict[str, Any]:
    """An HTTP trigger's event."""
    event: dict[str, Any] = json.loads((EVENTS / "fc3_http_request.json").read_text())
    raw = body.encode() if isinstance(body, str) else body
    event.update(rawPath=path, body=base64.b64encode(raw).decode(), isBase64Encoded=True)
    event["headers"] = {"Content-Type": kind}
    event["requestContext"]["http"].update(method="POST", path=path)
    return event


def cms(name: str = "cms_metric_callback_alert_via_fc3_http.json") -> dict[str, Any]:
    """A callback of CloudMonitor as the handler gets it."""
    event: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return event


def test_a_cloudmonitor_callback_resizes_and_its_three_repeats_do_nothing(desk: Opens) -> None:
    at = desk()
    first = deliver(at, cms())
    assert first.status == 200
    assert first.body["alerts"][0]["answer"] == "resize"
    assert first.body["alerts"][0]["instance"] == "orders-mq"
    for _ in range(3):
        again = deliver(at, cms())
        assert (again.status, again.body["alerts"][0]["answer"]) == (200, "duplicate")
    at.follow()
    assert at.settled().outcome is Outcome.RESIZED
    assert len(at.orders()) == 1


def test_the_response_has_the_form_that_an_http_trigger_takes(desk: Opens) -> None:
    response = deliver(desk(), cms()).as_response()
    assert set(response) == {"statusCode", "headers", "isBase64Encoded", "body"}
    assert json.loads(response["body"])["rejected"] == []


def test_without_time_the_alert_is_kept_and_the_tick_answers_it(desk: Opens) -> None:
    at = desk()
    kept = deliver(at, cms(), has_time=False)
    assert kept.body["alerts"][0]["answer"] == "kept"
    assert at.state().operation is None
    at.clock.advance(60)
    at.tick()
    assert at.operation().to_rung == "medium"


@pytest.mark.parametrize("path", ["/hook/cms/wrong", "/hook/cms/", "/hook/", "/", "/hook/cms/T0KEN-demo2"])
def test_a_wrong_token_is_not_found_and_nothing_is_read_further(desk: Opens, path: str) -> None:
    at = desk()
    assert deliver(at, posted(b"\xff\xfe", path)).status == 404
    assert deliver(at, posted(b"x" * 70_000, path)).status == 404
    assert at.page().head is None


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"x" * (64 * 1024 + 1), 413, "65536"),
        (b"\xff\xfe\x00", 400, "UTF-8"),
        (b"", 400, "empty"),
        (b'{"hello": "world"}', 400, ""),
        (b"[]", 400, ""),
    ],
)
def test_what_is_no_alert_is_answered_with_what_is_wrong(desk: Opens, body: bytes, status: int, says: str) -> None:
    at = desk()
    reply = deliver(at, posted(body, "/hook/T0KEN-demo"))
    assert reply.status == status
    assert says in json.dumps(reply.body)
    assert "Traceback" not in json.dumps(reply.body)


def test_an_alert_for_an_unknown_instance_is_answered_with_the_reason_and_logged(
    desk: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    at = desk()
    caplog.set_level(logging.INFO, "tidegate")
    event = json.loads((EVENTS / "sls_alert_webhook.json").read_text())
    event["labels"]["instance"] = "amqp-cn-unknown01"
    reply = deliver(at, posted(json.dumps(event), "/hook/sls/T0KEN-demo"))
    assert reply.status == 200
    assert "no instance with the id amqp-cn-unknown01" in reply.body["alerts"][0]["reason"]
    assert "amqp-cn-unknown01" in caplog.text
    assert "T0KEN-demo" not in caplog.text


def test_an_alert_of_an_unknown_rule_leaves_a_record_with_the_reason(desk: Opens) -> None:
    at = desk()
    event = json.loads((EVENTS / "sls_alert_webhook.json").read_text())
    event["alert_time"] = event["fire_time"] = int(at.clock.now().timestamp())
    reply = deliver(at, posted(json.dumps(event), "/hook/sls/T0KEN-demo"))
    assert reply.body["alerts"][0]["answer"] == "hold"
    assert "no alert rule `rabbit-backlog`" in reply.body["alerts"][0]["reason"]
    newest = next(iter(at.around.ledger.records(at.page().key)))
    assert "rabbit-backlog" in json.dumps(newest.fact)


def test_an_alert_that_waits_as_its_instance_leaves_the_policy_is_answered_all_the_same(desk: Opens) -> None:
    """Every alert has a record, and nothing is ordered for an instance that no policy names."""
    at = desk()
    at.tick()
    key = at.page().key
    assert deliver(at, cms(), has_time=False).body["alerts"][0]["answer"] == "kept"
    at.push(at.edge)
    at.clock.advance(60)
    at.tick()
    newest = codec.read_fact(next(iter(at.around.ledger.records(key))).fact)
    assert isinstance(newest, Decided)
    (answer,) = newest.answers
    assert (answer.verdict, answer.what[:5]) == ("hold", "alert")
    assert not at.around.ledger.inbox(key)
    assert at.orders() == []


def test_a_bad_neighbour_does_not_lose_a_good_alert_of_the_batch(desk: Opens) -> None:
    at = desk()
    batch: list[Any] = json.loads((EVENTS / "eventbridge_batch.json").read_text())
    reply = deliver(at, [{"nonsense": True}, batch[0], "not json"])
    assert [one["answer"] for one in reply.body["alerts"]] == ["resize"]
    assert [one["index"] for one in reply.body["rejected"]] == [0, 2]


def answers_of(at: Any) -> list[tuple[str, str, bool]]:
    """Every answer in the ledger of the queue."""
    facts = [codec.read_fact(record.fact) for record in at.around.ledger.records(at.page().key)]
    answers = [answer for fact in facts if isinstance(fact, Decided) for answer in fact.answers]
    return [(answer.verdict, answer.reason, answer.refused) for answer in answers]


@pytest.mark.parametrize("has_time", [True, False])
def test_what_is_no_alert_but_names_an_instance_leaves_one_record_however_often_it_comes(
    desk: Opens, *, has_time: bool
) -> None:
    at = desk()
    body = json.dumps(
        {
            "alertName": "rabbit-tps-high",
            "alertState": "WHAT",
            "dimensions": f"{{userId=12, instanceId={at.orders_mq['instance_id']}}}",
            "timestamp": str(int(at.clock.now().timestamp() * 1000)),
        }
    )
    for _ in range(3):
        reply = deliver(at, posted(body), has_time=has_time)
        assert (reply.status, len(reply.body["rejected"])) == (400, 1)
        at.clock.advance(60)
    at.tick()
    deliver(at, posted(body), has_time=has_time)
    at.clock.advance(60)
    at.tick()
    ((verdict, reason, refused),) = answers_of(at)
    assert (verdict, refused) == ("hold", True)
    assert "alertState is 'WHAT'" in reason
    assert at.state().demands == ()
    assert at.around.ledger.inbox(at.page().key) == []


def test_an_alert_that_names_no_instance_is_bound_by_its_rule(desk: Opens) -> None:
    at = desk(switchover=False)
    form = json.loads((EVENTS / "cms_metric_callback_alert_form_fields.json").read_text())
    form.update(dimensions="null", ruleId="gw-qps-high", alertName="gateway-qps", instanceName="null")
    reply = deliver(at, posted(json.dumps(form)))
    assert reply.body["alerts"][0]["instance"] == "edge-gateway"
    assert at.operation("edge-gateway").to_rung == "api.s1.medium"


def test_a_message_of_smq_needs_no_token_since_the_platform_has_checked_it(desk: Opens) -> None:
    at = desk()
    message = (EVENTS / "cms_metric_to_mns_message.json").read_text()
    notice = json.loads((EVENTS / "mns_topic_json.json").read_text())
    notice["Message"] = message
    reply = deliver(at, notice)
    assert reply.body["alerts"][0]["answer"] == "resize"


def test_before_any_policy_the_sender_is_asked_to_try_again(desk: Opens) -> None:
    at = desk()
    at.around = at.surroundings()
    empty = at.elsewhere()
    assert receive_alerts(empty, json.dumps(cms()).encode(), TOKENS, lambda: True).status == 503


def asked(at: Any, **request: Any) -> dict[str, Any]:
    """Let a request reach on_request."""
    given = {"verb": "resize", "instance": "orders-mq", "caller": "li@desk", "key": "key-00000001", **request}
    return receive_request(at.around, json.dumps(given).encode())


def test_a_person_is_answered_with_the_decision_its_reason_and_the_operation(desk: Opens) -> None:
    at = desk()
    reply = asked(at, to="large", **{"for": "2h"})
    assert reply["decision"] == "resize"
    assert reply["operation"] == 1
    assert "override by li@desk" in reply["reason"]
    assert asked(at, to="large", **{"for": "2h"})["duplicate"] is True


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"to": "huge", "for": "2h"}, "no rung `huge`; its ladder is small, medium, large"),
        ({"to": "large"}, "say --for 2h or --until"),
        ({"to": "large", "for": "2h", "until": "2026-03-03T00:00:00Z"}, "either --for or --until"),
        ({"to": "large", "until": "2026-03-01T00:00:00Z"}, "ended already"),
        ({"to": "large", "until": "2026-03-03T00:00:00"}, "needs an offset"),
        ({"to": "large", "for": "60d"}, "31 days at most"),
        ({"to": "large", "for": "soon"}, "such as 30m"),
        ({"to": "large", "for": "2h", "despite": ["mode"], "reason": "x"}, "--despite knows cooldown"),
        ({"to": "large", "for": "2h", "despite": ["cooldown"]}, "needs a --reason"),
        ({"instance": "nobody"}, "no instance `nobody`; it has edge-gateway, orders-mq"),
        ({"verb": "explode"}, "verb"),
        ({"surprise": 1}, "surprise"),
        ({"verb": "release"}, "no override to release"),
    ],
)
def test_a_persons_mistake_is_said_and_changes_nothing(desk: Opens, request_: dict[str, Any], says: str) -> None:
    at = desk()
    reply = asked(at, **request_)
    assert says in reply["mistake"]
    assert at.state().override is None
    assert at.state().operation is None


def test_a_dry_run_decides_alike_and_leaves_store_and_cloud_untouched(desk: Opens) -> None:
    at = desk()
    at.reconcile()
    before = dict(at.shelf._bodies)
    dry = asked(at, to="large", dry_run=True, **{"for": "2h"})
    assert dict(at.shelf._bodies) == before
    assert at.orders() == []
    real = asked(at, to="large", **{"for": "2h"})
    assert (dry["decision"], dry["reason"]) == (real["decision"], real["reason"])


def test_despite_cooldown_overrules_it_for_a_person_and_only_then(desk: Opens) -> None:
    at = desk()
    asked(at, to="large", **{"for": "2h"})
    at.follow()
    assert asked(at, to="small", key="key-00000002", **{"for": "2h"})["code"] == "cooldown"
    over = asked(at, to="small", key="key-00000003", despite=["cooldown"], reason="wrong button", **{"for": "2h"})
    assert over["decision"] == "resize"


def test_doors_tell_a_person_when_the_tick_is_dead(desk: Opens) -> None:
    at = desk()
    at.tick()
    at.clock.advance(11 * 60)
    deliver(at, cms())
    deliver(at, cms("cms_metric_callback_recovery_via_fc3_http.json"))
    (told,) = [text for _, text in at.messages if "last complete tick" in text]
    assert "tidegate-on-schedule" in told
    assert "If nobody does, timetables, revivals and reminders stand still until it runs." in told


def test_of_a_dead_tick_the_function_is_named_as_it_is_deployed(desk: Opens) -> None:
    at = desk()
    at.around = replace(at.around, prefix="acme")
    at.tick()
    at.clock.advance(11 * 60)
    deliver(at, cms())
    (told,) = [text for _, text in at.messages if "last complete tick" in text]
    assert "the function acme-on-schedule, its timer" in told


def test_doors_tell_a_person_when_no_tick_was_ever_seen(desk: Opens) -> None:
    at = desk()
    at.clock.advance(9 * 60)
    deliver(at, cms())
    assert "tick" not in str(at.messages)
    at.clock.advance(60)
    deliver(at, cms())
    asked(at, to="large", **{"for": "2h"})
    assert len([text for _, text in at.messages if "No tick was ever seen" in text]) == 1
    at.tick()
    at.clock.advance(9 * 60)
    deliver(at, cms())
    assert len([text for _, text in at.messages if "tick does not run" in text]) == 1


def test_a_message_of_a_dead_tick_that_does_not_go_out_is_tried_again_soon_and_then_after_hours(desk: Opens) -> None:
    at = desk()
    at.tick()
    at.clock.advance(3600)
    at.channel_works = False
    deliver(at, cms())
    at.channel_works = True
    said = []
    for _ in range(5 * 60):
        at.clock.advance(60)
        before = len(at.messages)
        warn_of_dead_tick(at.around, at.page().policy)
        said += [len(at.messages) - before]
    assert [minute for minute, count in enumerate(said, start=1) if count] == [5, 5 + 4 * 60]


VERBS: list[dict[str, Any]] = [
    {"verb": "resize", "to": "medium", "for": "2h"},
    {"verb": "resize", "to": "medium", "until_released": True},
    {"verb": "release"},
    {"verb": "pause", "for": "2h"},
    {"verb": "unpause"},
    {"verb": "adopt"},
    {"verb": "approve"},
    {"verb": "cancel"},
    {"verb": "ack"},
    {"verb": "pause", "instance": "", "fleet": True},
    {"verb": "unpause", "instance": "", "fleet": True},
]


@pytest.mark.parametrize("request_", VERBS, ids=lambda asked: " ".join(f"{key}={asked[key]}" for key in asked))
def test_a_dry_run_of_every_verb_leaves_store_and_cloud_untouched(desk: Opens, request_: dict[str, Any]) -> None:
    """Where each would change something: an override stands, it asks for approval, and it and the fleet are paused."""
    at = desk()
    at.push({**at.orders_mq, "approval": {"when": ["up"]}}, at.edge)
    asked(at, to="large", key="key-of-a-wish", **{"for": "4h"})
    asked(at, verb="pause", key="key-of-a-pause")
    asked(at, verb="pause", key="key-of-the-fleet", instance="", fleet=True)
    at.clock.advance(60)
    before, calls = dict(at.shelf._bodies), at.calls("UpdateInstance")
    dry = asked(at, dry_run=True, key="key-of-a-try", **request_)
    assert dry.get("dry_run") is True, dry
    assert dict(at.shelf._bodies) == before
    assert at.calls("UpdateInstance") == calls
    assert at.orders() == []
    real = asked(at, key="key-in-earnest", **request_)
    assert dict(at.shelf._bodies) != before
    if not request_.get("fleet"):
        assert (dry["decision"], dry["reason"], dry["told"]) == (real["decision"], real["reason"], real["told"])


def test_a_time_of_another_offset_is_kept_and_told_in_utc_beside_the_instances_zone(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, "timezone": "Asia/Shanghai"}, at.edge)
    reply = asked(at, verb="pause", until="2026-03-03T20:00:00+08:00")
    assert (reply["told"], reply["timezone"]) == ("paused until 2026-03-03 12:00Z", "Asia/Shanghai")
    assert reply["pause"] == "2026-03-03T12:00:00+00:00"


def test_what_was_told_is_said_apart_from_the_decision_and_kept_with_it(desk: Opens) -> None:
    at = desk()
    reply = asked(at, verb="pause")
    assert (reply["told"], reply["reason"]) == (
        "paused until `tidegate unpause orders-mq`",
        "small as wanted by home",
    )
    assert answers_of(at)[-1][1] == f"{reply['told']}; {reply['reason']}"


def test_the_end_of_a_fleets_pause_that_is_none_is_a_mistake_in_a_dry_run_as_well(desk: Opens) -> None:
    at = desk()
    for dry_run in (True, False):
        reply = asked(at, verb="unpause", instance="", fleet=True, dry_run=dry_run)
        assert reply == {"mistake": "the fleet is not paused"}


def test_a_time_beyond_the_calendar_is_a_mistake(desk: Opens) -> None:
    at = desk()
    assert asked(at, verb="pause", until="0001-01-01T00:00:00+14:00") == {"mistake": "--until is beyond the calendar"}


def test_before_first_contact_a_dry_run_holds_for_the_reason_that_a_real_one_does(desk: Opens) -> None:
    at = desk()
    at.push({**at.orders_mq, "instance_id": "amqp-cn-nobodys01"}, at.edge)
    dry = asked(at, to="large", dry_run=True, **{"for": "2h"})
    real = asked(at, to="large", **{"for": "2h"})
    assert (dry["code"], dry["reason"]) == (real["code"], real["reason"])
    assert dry["code"] == "gone"


def test_while_an_operation_is_open_a_dry_run_holds_for_it_whatever_else_is_true(desk: Opens) -> None:
    """A pause and a spec half-way between two rungs are told after it."""
    at = desk(new_values_before_completion=True)
    asked(at, to="large", **{"for": "2h"})
    asked(at, verb="pause", key="key-of-a-pause")
    dry = asked(at, to="medium", key="key-of-a-try", dry_run=True, **{"for": "2h"})
    real = asked(at, to="medium", key="key-in-earnest", **{"for": "2h"})
    assert (dry["code"], dry["reason"]) == (real["code"], real["reason"]) == ("operation", real["reason"])


def test_an_alert_whose_metric_must_bear_it_out_is_measured_when_it_rings(desk: Opens) -> None:
    """Not only when the instance happens to be read for another reason."""
    at = desk()
    confirm = {"metric": "InstanceMaxTpsInMiunte", "above": 2700}
    at.push({**at.orders_mq, "alerts": [{"rule": "rabbit-tps-high", "raise": 1, "confirm": confirm}]}, at.edge)
    at.reconcile()
    assert at.hear(at.alert()).decision.code == "unconfirmed"
    cloud = at.server.cloud
    at.server.run(lambda: cloud.load.change(cloud.estate.known(at.orders_mq["instance_id"]), {"tps": 2900}))
    at.clock.advance(180)
    assert at.reconcile().decision.code == "resize"
