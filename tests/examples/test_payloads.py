"""Alerts come in as their senders send them, so that the real formats are read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, get_args

import pytest

from localcloud.project.scenario.model import Formats
from localcloud.project.scenario.payloads import BODIES, DIRECT, Ringing, event_of
from tidegate.alerts import Kind, read, receive
from tidegate.domain.signal import Alert, AlertState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
WITHOUT_NO_DATA = ("alertmanager", "arms", "sls")
"""Formats that have no word for missing data."""


def ringing(**over: Any) -> Ringing:
    """A rule that rings for a queue."""
    given = {
        "rule": "rabbit-tps-high",
        "rule_id": "",
        "state": AlertState.FIRING,
        "at": NOON,
        "began_at": NOON,
        "instance_id": "amqp-cn-short0001",
        "product": "rabbitmq",
        "region": "cn-hangzhou",
        "account": "1234567890123456",
        "value": "97.39",
    }
    return Ringing(**{**given, **over})


def delivered(form: str, **over: Any) -> Alert:
    """What Tidegate makes of it."""
    delivery = receive(event_of(ringing(**over), form, "T0KEN"))
    assert delivery.kind is (Kind.DIRECT if form in DIRECT else Kind.HTTP)
    assert delivery.token == ("" if form in DIRECT else "T0KEN")
    reading = read(delivery)
    assert reading.rejected == []
    (alert,) = reading.alerts
    return alert


def test_every_format_that_a_scenario_may_name_has_a_body() -> None:
    assert set(get_args(Formats)) == set(BODIES)


@pytest.mark.parametrize("form", BODIES)
@pytest.mark.parametrize("state", AlertState)
def test_an_alert_is_read_as_it_was_meant(form: str, state: AlertState) -> None:
    if state is AlertState.NO_DATA and form in WITHOUT_NO_DATA:
        state = AlertState.FIRING
    alert = delivered(form, state=state)
    assert (alert.source, alert.rule, alert.state) == (form, "rabbit-tps-high", state)
    assert (alert.instance_id, alert.at) == ("amqp-cn-short0001", NOON)
    assert alert.value == "97.39"


@pytest.mark.parametrize("form", BODIES)
def test_one_ringing_has_one_key_and_the_next_another(form: str) -> None:
    first, later = delivered(form), NOON + timedelta(hours=1)
    assert delivered(form).key == first.key
    assert delivered(form, state=AlertState.OK, at=later).key != first.key
    assert delivered(form, at=later, began_at=later).key != first.key


@pytest.mark.parametrize("form", BODIES)
def test_an_alert_that_names_no_instance_is_known_by_its_rule(form: str) -> None:
    alert = delivered(form, rule="", rule_id="gw-qps-high", instance_id="", product="apigateway")
    assert alert.instance_id == ""
    assert "gw-qps-high" in (alert.rule, alert.rule_id)
