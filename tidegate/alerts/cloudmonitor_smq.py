"""CloudMonitor's JSON message to SMQ, sent by a rule's targets (fact fc 2.4)."""

from __future__ import annotations

from tidegate.alerts.cloudmonitor import dimensions
from tidegate.alerts.fields import Message, first, instance, key, name, state, time, value
from tidegate.alerts.reading import Reading, Unfit, Wrapping
from tidegate.domain.signal import Alert, AlertState

_WHERE = "the CloudMonitor message"
_LEVELS = {
    "CRITICAL": AlertState.FIRING,
    "WARN": AlertState.FIRING,
    "INFO": AlertState.FIRING,
    "OK": AlertState.OK,
    "INSUFFICIENT_DATA": AlertState.NO_DATA,
}


def read(message: Message, wrapping: Wrapping) -> Reading:
    """Read one message. Its state is `curLevel` alone: `eventName` may say `AlertOk` while the level is WARN.

    Raises Unfit without rule, level, or any time or id that tells a duplicate from a new alert.
    """
    rule = name(message, "ruleName", "rule", "ruleId", where=_WHERE)
    said = state(first(message, "curLevel"), _LEVELS, "curLevel", _WHERE)
    alert = Alert(
        key=_key(message, wrapping),
        at=time(message, "time", otherwise=wrapping.at, where=_WHERE),
        rule=rule,
        state=said,
        source="cloudmonitor-smq",
        rule_id=first(message, "ruleId"),
        instance_id=whom(message),
        value=_value(message),
    )
    return Reading([alert])


def whom(message: Message) -> str:
    """Give the instance: the resources say whom the rule watches, the metric's own dimensions repeat it."""
    return instance(
        pair for place in ("resources", "metricData", "dimensions") for pair in dimensions(message.get(place))
    )


def _key(message: Message, wrapping: Wrapping) -> str:
    """Prefer what the alert itself says: one that was published twice has two message ids."""
    if when := first(message, "time"):
        pairs = sorted(set(dimensions(message.get("resources"))))
        rule = first(message, "ruleId", "ruleName", "rule")
        return key("cloudmonitor-smq", rule, pairs, first(message, "curLevel").upper(), when)
    if not wrapping.key:
        raise Unfit(
            f"time is missing: looked in {_WHERE}; without it, or a message id around it, a duplicate looks new"
        )
    return wrapping.key


def _value(message: Message) -> str:
    """Give the figure under the statistic that the rule compares, such as `metricData.Average`."""
    escalation, measured = message.get("escalation"), message.get("metricData")
    if not isinstance(escalation, dict) or not isinstance(measured, dict):
        return ""
    return value(measured, first(escalation, "statistics"))
