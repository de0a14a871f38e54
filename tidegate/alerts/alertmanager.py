"""Alertmanager's webhook, version 4: a group of alerts, some firing, some resolved (fact fc 2.7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tidegate.alerts.fields import Message, first, flat, instance, key, moment, name, nested, state, value
from tidegate.alerts.reading import Reading, Unfit, Wrapping
from tidegate.domain.signal import Alert, AlertState

_STATES = {"FIRING": AlertState.FIRING, "RESOLVED": AlertState.OK}
_VALUES = ("value", "_aliyun_arms_alert_value", "_aliyun_arms_alert_now_value")


def read(message: Message, wrapping: Wrapping, source: str = "alertmanager") -> Reading:
    """Read each alert of the group by itself. Raises Unfit if there is no list of alerts."""
    alerts = message.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise Unfit("alerts is missing or empty: looked for a list in the group")
    reading = Reading()
    for index, one in enumerate(alerts):
        reading.absorb(_read_either(message, one, f"alerts[{index}]", wrapping, source), index)
    if (cut := first(message, "truncatedAlerts")) not in {"", "0"}:
        reading.reject(f"the sender cut {cut[:12]} alerts off this group: raise max_alerts", len(alerts))
    return reading


def whom(message: Message) -> str:
    """Give the instance that the labels of the whole group name."""
    return instance(nested(message, "commonLabels").items())


def _read_either(group: Message, one: Any, where: str, wrapping: Wrapping, source: str) -> Reading:
    """Read one alert of the group, or say why it is none: a bad neighbour costs the others nothing."""
    reading = Reading()
    try:
        reading.alerts.append(_read_one(group, one, where, wrapping, source))
    except Unfit as reason:
        labels = nested(one, "labels") if isinstance(one, dict) else {}
        reading.reject(reason.about(instance({**nested(group, "commonLabels"), **labels}.items())))
    return reading


def _read_one(group: Message, one: Any, where: str, wrapping: Wrapping, source: str) -> Alert:
    if not isinstance(one, dict):
        raise Unfit(f"{where} is no object")
    labels = {**nested(group, "commonLabels"), **nested(one, "labels")}
    own = {**one, **labels}
    rule = name(own, "alertname", "alertName", where=f"{where}.labels")
    status = first(one, "status") or first(group, "status")
    said = state(status, _STATES, "status", where)
    began = name(one, "startsAt", "startTime", where=where)
    return Alert(
        key=key(source, *_identity(group, one, labels), began, said.value),
        at=_when(one, began, said, wrapping, where),
        rule=rule,
        state=said,
        source=source,
        rule_id=first(own, "_aliyun_arms_alert_rule_id"),
        instance_id=instance(labels.items()),
        value=value({**nested(group, "commonAnnotations"), **nested(one, "annotations")}, *_VALUES),
    )


def _identity(group: Message, one: Message, labels: Message) -> tuple[object, object]:
    """Tell whose alert it is: ARMS has no groupKey, and an alert without fingerprint is known by its labels."""
    return (
        first(group, "groupKey") or flat(nested(group, "groupLabels")),
        first(one, "fingerprint") or flat(labels),
    )


def _when(one: Message, began: str, said: AlertState, wrapping: Wrapping, where: str) -> datetime:
    """Give when the state began. The end of a firing alert is `0001-01-01` or in the future: never asked for."""
    ended = moment(first(one, "endsAt", "endTime")) if said is AlertState.OK else None
    found = ended or (wrapping.at if said is AlertState.OK else None) or moment(began) or wrapping.at
    if found is None:
        raise Unfit(f"startsAt is {began[:40]!r}, which is no time with an offset: looked in {where}")
    return found
