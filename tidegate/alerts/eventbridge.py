"""The simple form for senders of one's own, usually the `data` of an EventBridge event.

`{"ruleName": "rabbit-tps-high", "state": "ALERT", "instanceId": "amqp-cn-demo0001", "value": 97.39}`
"""

from __future__ import annotations

from tidegate.alerts.fields import Message, first, instance, key, name, state, time, value
from tidegate.alerts.reading import Reading, Unfit, Wrapping
from tidegate.domain.signal import Alert, AlertState

_WHERE = "the event's data"
_STATES = {
    "ALERT": AlertState.FIRING,
    "FIRING": AlertState.FIRING,
    "OK": AlertState.OK,
    "RESOLVED": AlertState.OK,
    "INSUFFICIENT_DATA": AlertState.NO_DATA,
}


def read(message: Message, wrapping: Wrapping) -> Reading:
    """Read one alert. Its key is the event's (source, id), which a redelivery repeats (fact fc 2.2).

    Without an event around it the message needs an `id` or `time` of its own.
    Raises Unfit without rule, state, key or time.
    """
    rule = name(message, "ruleName", "rule", "ruleId", where=_WHERE)
    said = state(first(message, "state"), _STATES, "state", _WHERE)
    alert = Alert(
        key=wrapping.key or _own_key(message, rule, said),
        at=time(message, "time", "timestamp", otherwise=wrapping.at, where=_WHERE),
        rule=rule,
        state=said,
        source="eventbridge",
        rule_id=first(message, "ruleId"),
        instance_id=whom(message),
        value=value(message, "value"),
    )
    return Reading([alert])


def whom(message: Message) -> str:
    """Give the instance that a field names."""
    return instance(message.items())


def _own_key(message: Message, rule: str, said: AlertState) -> str:
    own = (first(message, "id"), first(message, "time", "timestamp"))
    if not any(own):
        raise Unfit(f"id and time are missing: looked in {_WHERE}; one of them must tell a duplicate from a new alert")
    return key("eventbridge", *own, rule, said.value, whom(message))
