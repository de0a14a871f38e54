"""Log Service alerts, in the default content of a webhook notification (fact fc 2.6)."""

from __future__ import annotations

from tidegate.alerts.fields import Message, first, flat, instance, key, name, nested, state, time, value
from tidegate.alerts.reading import Reading, Wrapping
from tidegate.domain.signal import Alert, AlertState

_WHERE = "the alert"
_STATES = {"FIRING": AlertState.FIRING, "RESOLVED": AlertState.OK}


def read(message: Message, wrapping: Wrapping) -> Reading:
    """Read one alert; alerts sent together arrive as a list of such. Raises Unfit without name, status or time."""
    said = state(first(message, "status"), _STATES, "status", _WHERE)
    # `resolve_time` is 0 while the alert fires, which is no time.
    ended = ("resolve_time",) if said is AlertState.OK else ()
    alert = Alert(
        key=_key(message, said),
        at=time(message, *ended, "alert_time", "fire_time", otherwise=wrapping.at, where=_WHERE),
        rule=name(message, "alert_name", "alert_id", where=_WHERE),
        state=said,
        source="sls",
        rule_id=first(message, "alert_id"),
        instance_id=whom(message),
        value=_value(message),
    )
    return Reading([alert])


def whom(message: Message) -> str:
    """Give the instance that a label names."""
    return instance(nested(message, "labels").items())


def _key(message: Message, said: AlertState) -> str:
    """Make the key: which alert of which rule, in which evaluation, said what. Labels tell a rule's groups apart."""
    which = [first(message, part) for part in ("aliuid", "project", "alert_id", "alert_name", "alert_instance_id")]
    name(message, "alert_time", "fire_time", where=_WHERE)
    when = [first(message, part) for part in ("alert_time", "fire_time", "resolve_time")]
    return key("sls", which, flat(nested(message, "labels")), when, said.value)


def _value(message: Message) -> str:
    """Give the one figure of the first row that fired; a row of several says nothing without its query."""
    rows = message.get("fire_results")
    row = rows[0] if isinstance(rows, list) and rows else None
    return value(row, *row) if isinstance(row, dict) and len(row) == 1 else ""
