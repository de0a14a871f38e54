"""Log Service alerts: one object, or a list of those sent together (fact fc 2.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from tidegate.alerts import Reading
from tidegate.domain.signal import Alert, AlertState

Only = Callable[[Reading], Alert]
Refusal = Callable[[Reading], str]
Directly = Callable[[Any], Reading]
Parsed = Callable[[str], Any]

SLS = "sls_alert_webhook.json"


def test_alerts_sent_together_are_read_each(parsed: Parsed, directly: Directly) -> None:
    one = parsed(SLS)
    reading = directly([one, {**one, "status": "broken"}, {**one, "alert_id": "alert-2"}])
    assert [alert.rule_id for alert in reading.alerts] == ["alert-1772450000-demo", "alert-2"]
    assert [rejected.index for rejected in reading.rejected] == [1]


def test_a_resolved_alert_is_dated_by_its_end(parsed: Parsed, directly: Directly, only: Only) -> None:
    ended = {**parsed(SLS), "status": "resolved", "resolve_time": 1772454000, "alert_time": 1772454060}
    alert = only(directly(ended))
    assert (alert.state, alert.at) == (AlertState.OK, datetime(2026, 3, 2, 12, 20, tzinfo=timezone.utc))


def test_a_firing_and_its_end_and_its_next_evaluation_differ(parsed: Parsed, directly: Directly, only: Only) -> None:
    one = parsed(SLS)
    ended = {**one, "status": "resolved", "resolve_time": 1772454000}
    again = {**one, "alert_time": 1772453100}
    other = {**one, "labels": {"instance": "amqp-cn-demo0002"}}
    assert len({only(directly(ringing)).key for ringing in (one, ended, again, other)}) == 4
    assert only(directly({**one, "annotations": {}})).key == only(directly(one)).key


@pytest.mark.parametrize("label", ["instance", "instanceId", "instance_id"])
def test_the_labels_name_the_instance(label: str, parsed: Parsed, directly: Directly, only: Only) -> None:
    assert only(directly({**parsed(SLS), "labels": {label: "amqp-cn-demo0001"}})).instance_id == "amqp-cn-demo0001"


@pytest.mark.parametrize("labels", [None, {}, [], {"instance": "demo-host"}, {"instance": ["amqp-cn-demo0001"]}])
def test_without_an_instance_of_ours_the_rule_decides(
    labels: object, parsed: Parsed, directly: Directly, only: Only
) -> None:
    assert only(directly({**parsed(SLS), "labels": labels})).instance_id == ""


@pytest.mark.parametrize("rows", [None, [], [{"a": "1", "b": "2"}], ["text"], "text"])
def test_a_row_of_several_figures_gives_no_value(rows: object, parsed: Parsed, directly: Directly, only: Only) -> None:
    assert only(directly({**parsed(SLS), "fire_results": rows})).value == ""


def test_an_alert_says_what_it_lacks(parsed: Parsed, directly: Directly, refusal: Refusal) -> None:
    one = parsed(SLS)
    assert "status is 'muted', known are FIRING, RESOLVED" in refusal(directly({**one, "status": "muted"}))
    nameless = {**one, "alert_name": "", "alert_id": ""}
    assert refusal(directly(nameless)) == "alert_name and alert_id are missing: looked in the alert"
    timeless = {**one, "alert_time": None, "fire_time": None}
    assert refusal(directly(timeless)) == "alert_time and fire_time are missing: looked in the alert"
    strange = {**one, "alert_time": "soon", "fire_time": 0}
    assert "no time in alert_time or fire_time" in refusal(directly(strange))
