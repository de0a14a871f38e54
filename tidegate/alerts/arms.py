"""ARMS: Alertmanager's content without `version` and `groupKey`, with labels of ARMS' own (fact fc 2.7).

What a webhook contact sends is a template its owner edits, so other shapes come as well: they are read
as far as each alert has a name, a status and a start.
"""

from __future__ import annotations

from tidegate.alerts import alertmanager
from tidegate.alerts.fields import Message, first
from tidegate.alerts.reading import Reading, Wrapping

_TAKEN_FROM_TOP = {"alertname": ("alertname", "alertName", "alarmName"), "_aliyun_arms_alert_rule_id": ("alarmId",)}


def read(message: Message, wrapping: Wrapping) -> Reading:
    """Read each alert of the message. Raises Unfit if there is no list of alerts."""
    top = {label: found for label, names in _TAKEN_FROM_TOP.items() if (found := first(message, *names))}
    labels = message.get("commonLabels")
    common = {**top, **(labels if isinstance(labels, dict) else {})}
    return alertmanager.read({**message, "commonLabels": common}, wrapping, source="arms")


def whom(message: Message) -> str:
    """Give the instance that the labels of the whole message name."""
    return alertmanager.whom(message)
