"""CloudMonitor's callback and its SMQ message, with every trap their bodies are known for (facts fc 2.3, 2.4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

import pytest

from tidegate.alerts import Delivery, Reading, read
from tidegate.alerts.cloudmonitor import dimensions
from tidegate.domain.signal import Alert, AlertState

Only = Callable[[Reading], Alert]
Refusal = Callable[[Reading], str]
Directly = Callable[[Any], Reading]
Parsed = Callable[[str], Any]

CALLBACK = "cms_metric_callback_alert_form_fields.json"
MESSAGE = "cms_metric_to_mns_message.json"

# The vendor's own sample as documented: not percent-encoded, a stray bracket, seconds, nothing but the old fields.
DOCUMENTED = (
    "expression=$Average>=95&metricName=Host.mem.usedutilization&instanceName=instance-name-****"
    "&signature=eEq1zHuCUp0XSmLD8p8VtTKF****&metricProject=acs_ecs&userId=12****&curValue=97.39"
    "&alertName=Basic monitoring-ECS-memory usage&namespace=acs_ecs&triggerLevel=WARN&alertState=ALERT"
    "&preTriggerLevel=WARN&ruleId=applyTemplateee147e59-664f-4033-a1be-e9595746****"
    "&dimensions={userId=12****), instanceId=amqp-cn-demo0001}&timestamp=1508136760&unit=%"
)


def test_the_documented_sample_is_read(over_http: Callable[..., Delivery], only: Only) -> None:
    alert = only(read(over_http(DOCUMENTED, Content_Type="application/x-www-form-urlencoded; charset=UTF-8")))
    assert alert.rule == "Basic monitoring-ECS-memory usage"
    assert alert.instance_id == "amqp-cn-demo0001"
    assert alert.at == datetime(2017, 10, 16, 6, 52, 40, tzinfo=timezone.utc)


def test_a_base64_form_and_a_plain_one_are_the_same_alert(
    over_http: Callable[..., Delivery], sample: Callable[[str], bytes]
) -> None:
    form = sample("cms_metric_callback_alert.form.txt").decode()
    assert read(over_http(form, encoded=True)).alerts == read(over_http(form)).alerts


@pytest.mark.parametrize(
    ("written", "pairs"),
    [
        ("{userId=12, instanceId=amqp-cn-1}", [("userId", "12"), ("instanceId", "amqp-cn-1")]),
        ("{userId=12**), instanceId=amqp-cn-1}", [("userId", "12**"), ("instanceId", "amqp-cn-1")]),
        ("{userId=12, instanceId=amqp-cn-1)}", [("userId", "12"), ("instanceId", "amqp-cn-1")]),
        ("{queueName=a,b=c, d, instanceId=x}", [("queueName", "a"), ("b", "c, d"), ("instanceId", "x")]),
        ("{queueName=jobs (old), vhostName=/}", [("queueName", "jobs (old"), ("vhostName", "/")]),
        ("{empty=, instanceId=x}", [("empty", ""), ("instanceId", "x")]),
        ('{"userId":"12","instanceId":"x"}', [("userId", "12"), ("instanceId", "x")]),
        ('[{"userId":12,"instanceId":"x"}]', [("userId", "12"), ("instanceId", "x")]),
        ("[{“userId”:”12”,“instanceId”:”x”}]", [("userId", "12"), ("instanceId", "x")]),
        ({"instanceId": "x"}, [("instanceId", "x")]),
        ([{"instanceId": "x"}, 3, None], [("instanceId", "x")]),
        ("null", []),
        ("", []),
        (None, []),
        (7, []),
        ("[" * 60_000, []),
    ],
)
def test_dimensions_are_read_as_java_text_and_as_json(written: object, pairs: list[tuple[str, str]]) -> None:
    assert dimensions(written) == pairs


def test_the_form_of_the_dimensions_changes_no_key(parsed: Parsed, directly: Directly, only: Only) -> None:
    fields = {**parsed(CALLBACK), "transId": "null"}
    forms: list[object] = [
        "{userId=12, instanceId=amqp-cn-demo0001}",
        "{instanceId=amqp-cn-demo0001, userId=12}",
        '[{"userId":"12","instanceId":"amqp-cn-demo0001"}]',
        {"userId": 12, "instanceId": "amqp-cn-demo0001"},
    ]
    assert len({only(directly({**fields, "dimensions": form})) for form in forms}) == 1


@pytest.mark.parametrize(
    "dimension", ["instanceId", "instance_id", "InstanceId", "instance", "instanceID", "instance-id", "INSTANCE_ID"]
)
@pytest.mark.parametrize("identifier", ["amqp-cn-demo0001", "apigateway-cn-demo0001", "1234567890123456"])
def test_an_instance_is_found_under_any_usual_name(
    dimension: str, identifier: str, parsed: Parsed, directly: Directly, only: Only
) -> None:
    alert = only(directly({**parsed(CALLBACK), "dimensions": f"{{userId=12, {dimension}={identifier}}}"}))
    assert alert.instance_id == identifier


@pytest.mark.parametrize(
    "written",
    [
        "{instanceId=i-bp1demo}",
        "{instanceId=null}",
        "{instanceId=amqp-cn-****}",
        "{instanceId=10.0.0.1:9090}",
        "{apiUid=00000000demo, apiStageName=RELEASE, region=cn-shenzhen, userId=1234567890123456}",
        "{instanceId=amqp-cn-demo0001, queueName=x, instanceId=amqp-cn-demo0002}",
        "null",
    ],
)
def test_where_no_one_instance_of_ours_is_named_the_rule_decides(
    written: str, parsed: Parsed, directly: Directly, only: Only
) -> None:
    """A queue named `x, instanceId=...` must not point the alert at another instance."""
    assert only(directly({**parsed(CALLBACK), "dimensions": written})).instance_id == ""


def test_the_text_null_is_nothing(parsed: Parsed, directly: Directly, only: Only) -> None:
    alert = only(directly({**parsed(CALLBACK), "curValue": "null", "ruleId": "null", "transId": "null"}))
    assert (alert.value, alert.rule_id) == ("", "")


@pytest.mark.parametrize("timestamp", ["1772452800", "1772452800000", 1772452800, 1772452800000, 1772452800.0])
def test_a_timestamp_is_told_by_its_size(timestamp: object, parsed: Parsed, directly: Directly, only: Only) -> None:
    alert = only(directly({**parsed(CALLBACK), "timestamp": timestamp}))
    assert alert.at == datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


def test_an_unreadable_timestamp_gives_way_to_the_arrival(
    over_http: Callable[..., Delivery], parsed: Parsed, only: Only, directly: Directly, refusal: Refusal
) -> None:
    strange = {**parsed(CALLBACK), "timestamp": "soon"}
    assert only(read(over_http(urlencode(strange)))).at == datetime(2026, 3, 2, 12, 0, 3, tzinfo=timezone.utc)
    assert "no time in timestamp: looked in the callback's fields" in refusal(directly(strange))


@pytest.mark.parametrize(
    ("word", "state"),
    [("ALERT", AlertState.FIRING), ("ok", AlertState.OK), ("INSUFFICIENT_DATA", AlertState.NO_DATA)],
)
def test_each_alert_state_is_read(word: str, state: AlertState, parsed: Parsed, directly: Directly, only: Only) -> None:
    assert only(directly({**parsed(CALLBACK), "alertState": word})).state is state


def test_a_callback_says_what_it_lacks(parsed: Parsed, directly: Directly, refusal: Refusal) -> None:
    fields = parsed(CALLBACK)
    nameless = {**fields, "alertName": "null", "ruleId": ""}
    assert refusal(directly(nameless)) == "alertName and ruleId are missing: looked in the callback's fields"
    stateless = {**fields, "alertState": "null"}
    assert refusal(directly(stateless)) == "alertState is missing: looked in the callback's fields"
    strange = {**fields, "alertState": "PANIC"}
    assert refusal(directly(strange)) == "alertState is 'PANIC', known are ALERT, OK, INSUFFICIENT_DATA"
    timeless = {**fields, "transId": "null", "timestamp": "null"}
    assert "transId and timestamp are missing" in refusal(directly(timeless))
    endless = {**fields, "alertName": "x" * 300}
    assert refusal(directly(endless)) == "alertName has 300 characters, at most 256 are read"


def test_a_rule_without_name_goes_by_its_id(parsed: Parsed, directly: Directly, only: Only) -> None:
    assert only(directly({**parsed(CALLBACK), "alertName": "null"})).rule == "rule-demo-0001"


def test_a_repetition_of_a_delivery_shares_the_key(parsed: Parsed, directly: Directly, only: Only) -> None:
    fields = parsed(CALLBACK)
    assert only(directly(fields)).key == only(directly({**fields, "lastTime": "1分钟"})).key


@pytest.mark.parametrize("episode", ["00000000-0000-11f0-8000-00163e000001", "null"])
def test_ringings_of_one_episode_have_keys_of_their_own(
    episode: str, parsed: Parsed, directly: Directly, only: Only
) -> None:
    """`transId` stays the same from the first ALERT to the OK, so that alone it would swallow the recovery."""
    first = {**parsed(CALLBACK), "transId": episode}
    again = {**first, "timestamp": "1772453100123"}
    ended = {**again, "alertState": "OK", "triggerLevel": "OK"}
    assert len({only(directly(ringing)).key for ringing in (first, again, ended)}) == 3


def test_control_characters_never_reach_an_alert(parsed: Parsed, directly: Directly, only: Only) -> None:
    alert = only(directly({**parsed(CALLBACK), "alertName": "a\nb\u202ec\ud800d", "curValue": "9\r\n7" + "x" * 99}))
    assert alert.rule == "a b c d"
    assert alert.value == "9  7" + "x" * 60


def test_a_name_in_any_script_is_kept(parsed: Parsed, directly: Directly, only: Only) -> None:
    assert only(directly({**parsed(CALLBACK), "alertName": "API网关_返回码 5XX"})).rule == "API网关_返回码 5XX"


@pytest.mark.parametrize("lacking", ["product", "eventTime"])
def test_a_system_event_is_refused_by_name(
    lacking: str, over_http: Callable[..., Delivery], parsed: Parsed, refusal: Refusal
) -> None:
    event = parsed("cms_system_event_callback.json")
    del event[lacking]
    for path in ("/hook/T0KEN", "/hook/cms/T0KEN"):
        reason = refusal(read(over_http(json.dumps(event), path)))
        assert "a CloudMonitor system event (Instance:StateChange), not an alert of a metric rule" in reason


@pytest.mark.parametrize(
    ("level", "state"),
    [
        ("CRITICAL", AlertState.FIRING),
        ("WARN", AlertState.FIRING),
        ("info", AlertState.FIRING),
        ("OK", AlertState.OK),
        ("INSUFFICIENT_DATA", AlertState.NO_DATA),
    ],
)
def test_the_level_of_a_message_counts_and_its_event_name_does_not(
    level: str, state: AlertState, parsed: Parsed, directly: Directly, only: Only
) -> None:
    """The vendor's sample is called `AlertOk` at level WARN."""
    message = {**parsed(MESSAGE), "curLevel": level}
    assert message["eventName"] == "AlertOk"
    assert only(directly(message)).state is state


@pytest.mark.parametrize(
    "resources",
    ['{"instanceId": "amqp-cn-demo0001"}', '[{"instanceId": "amqp-cn-demo0001"}]', {"instanceId": "amqp-cn-demo0001"}],
)
def test_the_resources_of_a_message_are_json_in_a_string_or_not(
    resources: object, parsed: Parsed, directly: Directly, only: Only
) -> None:
    message = {**parsed(MESSAGE), "resources": resources, "metricData": None}
    assert only(directly(message)).instance_id == "amqp-cn-demo0001"


def test_the_metric_names_the_instance_where_the_resources_do_not(
    parsed: Parsed, directly: Directly, only: Only
) -> None:
    assert only(directly({**parsed(MESSAGE), "resources": "null"})).instance_id == "amqp-cn-demo0001"


def test_resources_and_metric_that_differ_leave_it_to_the_rule(parsed: Parsed, directly: Directly, only: Only) -> None:
    message = {**parsed(MESSAGE), "resources": '{"instanceId": "amqp-cn-demo0002"}'}
    assert only(directly(message)).instance_id == ""


def test_a_message_says_what_it_lacks(parsed: Parsed, directly: Directly, refusal: Refusal) -> None:
    message = parsed(MESSAGE)
    nameless = {**message, "ruleName": None, "ruleId": None}
    assert "ruleName and rule and ruleId are missing" in refusal(directly(nameless))
    assert "curLevel is 'P1', known are CRITICAL, WARN" in refusal(directly({**message, "curLevel": "P1"}))
    assert "time is missing" in refusal(directly({**message, "time": None}))
    assert "no time in time" in refusal(directly({**message, "time": "soon"}))


def test_one_alert_published_twice_shares_a_key(parsed: Parsed, directly: Directly, only: Only) -> None:
    """A queue redelivers under the same message id, but a topic that was published to twice gives two."""
    topic = parsed("mns_topic_json.json")
    text = json.dumps(parsed(MESSAGE))
    twice = [{**topic, "Message": text, "MessageId": identifier} for identifier in ("A", "B")]
    assert len({only(directly(one)).key for one in twice}) == 1


def test_firing_and_ok_of_a_message_have_keys_of_their_own(parsed: Parsed, directly: Directly, only: Only) -> None:
    message = parsed(MESSAGE)
    ended = {**message, "curLevel": "OK", "preLevel": "WARN"}
    assert only(directly(message)).key != only(directly(ended)).key
