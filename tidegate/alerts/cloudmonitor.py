"""CloudMonitor's alarm callback: a form whose fields are all text (fact fc 2.3); JSON of the same fields, too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from tidegate.alerts.fields import Message, first, instance, key, name, state, text, time, value
from tidegate.alerts.reading import Reading, Unfit, Wrapping
from tidegate.domain.signal import Alert, AlertState

_WHERE = "the callback's fields"
_STATES = {"ALERT": AlertState.FIRING, "OK": AlertState.OK, "INSUFFICIENT_DATA": AlertState.NO_DATA}
_BETWEEN_PAIRS = re.compile(r",\s*(?=[A-Za-z_][\w.-]*=)")
_CURLY_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"'})
_SYSTEM_EVENT = ({"eventTime", "name"}, {"product", "resourceId"})


def read(message: Message, wrapping: Wrapping) -> Reading:
    """Read one callback; recovery is one with `alertState=OK`. Raises Unfit without rule, state or time.

    The same fields also serve CloudMonitor's system events, which say nothing of load: they are refused by name.
    """
    if "alertState" not in message and any(marks <= message.keys() for marks in _SYSTEM_EVENT):
        raise Unfit(
            f"a CloudMonitor system event ({first(message, 'name')[:80] or 'unnamed'}), "
            "not an alert of a metric rule: alertState is missing"
        )
    rule = name(message, "alertName", "ruleId", where=_WHERE)
    said = state(first(message, "alertState"), _STATES, "alertState", _WHERE)
    pairs = _pairs(message)
    alert = Alert(
        key=_key(message, pairs, said),
        at=time(message, "timestamp", otherwise=wrapping.at, where=_WHERE),
        rule=rule,
        state=said,
        source="cloudmonitor",
        rule_id=first(message, "ruleId"),
        instance_id=instance(pairs),
        value=value(message, "curValue"),
    )
    return Reading([alert])


def whom(message: Message) -> str:
    """Give the instance that the dimensions name."""
    return instance(_pairs(message))


def _pairs(message: Message) -> list[tuple[str, str]]:
    return sorted(set(dimensions(message.get("dimensions"))))


def dimensions(written: object) -> list[tuple[str, str]]:
    """Give the pairs of `dimensions`: JSON, or a Java map's text `{userId=12), instanceId=amqp-...}`.

    A stray bracket after a value is dropped: the vendor's own sample has one. Pairs are kept even if a
    name comes twice, so that a doubt about the instance stays visible.
    """
    if isinstance(written, str):
        parsed = _json(written)
        return _java_map(written) if parsed is None else dimensions(parsed)
    if isinstance(written, dict):
        return [(name, text(value)) for name, value in written.items()]
    if isinstance(written, list):
        return [pair for one in written if isinstance(one, dict) for pair in dimensions(one)]
    return []


def _key(message: Message, pairs: Iterable[tuple[str, str]], said: AlertState) -> str:
    """Make the key of one ringing.

    `transId` names the whole episode: its OK carries the id that was minted when it began. State and
    timestamp tell the ringings of an episode apart; a retried delivery repeats both.
    """
    episode, when = first(message, "transId"), first(message, "timestamp")
    if not episode and not when:
        raise Unfit(f"transId and timestamp are missing: looked in {_WHERE}; without one a duplicate looks new")
    whose = episode or [first(message, "ruleId", "alertName"), list(pairs)]
    return key("cloudmonitor", whose, said.value, when)


def _json(written: str) -> Any:
    try:
        return json.loads(written.translate(_CURLY_QUOTES))
    except (ValueError, RecursionError):
        return None


def _java_map(written: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in _BETWEEN_PAIRS.split(written.strip().strip("{}[]")))
    return [(name.strip(" {["), text(value).rstrip(" )]}")) for name, equals, value in pairs if equals]
