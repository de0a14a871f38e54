"""Which format a message is in, and what is wrapped in what: the way from a delivery to its alerts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from tidegate.alerts.decoding import BODY_LIMIT, decode
from tidegate.alerts.delivery import NAMED_FORMATS, Delivery, Kind
from tidegate.alerts.envelopes import unwrap
from tidegate.alerts.fields import Message, text
from tidegate.alerts.reading import Reading, Unfit, Wrapping

DEEPEST = 8

_MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("alertmanager", frozenset({"alerts", "groupKey"})),
    ("alertmanager", frozenset({"alerts", "version"})),
    ("arms", frozenset({"alerts"})),
    ("arms", frozenset({"alarmId"})),
    ("sls", frozenset({"alert_name", "status"})),
    ("sls", frozenset({"alert_id", "status"})),
    ("cloudmonitor", frozenset({"alertState"})),
    # System events, so that the answer says what they are.
    ("cloudmonitor", frozenset({"eventTime", "name"})),
    ("cloudmonitor", frozenset({"product", "resourceId"})),
    ("cloudmonitor-smq", frozenset({"curLevel"})),
    ("eventbridge", frozenset({"ruleName", "state"})),
    ("eventbridge", frozenset({"rule", "state"})),
    ("eventbridge", frozenset({"ruleId", "state"})),
)
"""The first line whose fields are all there names the format."""


class Format(Protocol):
    """What each format's module offers."""

    def read(self, message: Message, wrapping: Wrapping) -> Reading:
        """Read one message. Raises Unfit where nothing in it can be an alert."""
        ...

    def whom(self, message: Message) -> str:
        """Give the vendor's id of the instance a message names, alert or not; empty where it names none."""
        ...


def read(delivery: Delivery) -> Reading:
    """Read every alert of a delivery whose token the caller has checked.

    The format is the one the path names, else recognised by content. Whatever is no alert becomes a `Rejected` with
    its reason and costs its neighbours nothing. Raises only what `Delivery.open` raises.
    """
    body = delivery.open()
    reading = Reading()
    hint = delivery.format_hint.lower()
    if hint and hint not in NAMED_FORMATS:
        reading.reject(f"no format is called {text(hint)[:40]!r}, known in the path are {', '.join(NAMED_FORMATS)}")
        return reading
    try:
        message = decode(body, limit=len(body) if delivery.kind is Kind.DIRECT else BODY_LIMIT)
    except Unfit as reason:
        reading.reject(reason)
        return reading
    return _read_any(message, NAMED_FORMATS.get(hint, ""), Wrapping(delivery.arrived_at), DEEPEST)


def recognise(message: Message) -> str:
    """Name the format of a message by the fields it has. Raises Unfit, naming fields it did find."""
    for name, marks in _MARKS:
        if marks <= message.keys():
            return name
    found = ", ".join(sorted(text(str(field))[:40] for field in message)[:12]) or "none"
    raise Unfit(f"unknown format: the fields are {found}")


def _read_any(message: Any, hint: str, wrapping: Wrapping, depth: int) -> Reading:
    reading = Reading()
    try:
        if depth == 0:
            raise Unfit(f"wrapped more than {DEEPEST} times")  # noqa: TRY301 - answered below as every other reason
        if isinstance(message, list):
            return _read_list(message, hint, wrapping, depth)
        return _read_one(message, hint, wrapping, depth)
    except Unfit as reason:
        reading.reject(reason)
    return reading


def _read_list(messages: list[Any], hint: str, wrapping: Wrapping, depth: int) -> Reading:
    if not messages:
        raise Unfit("the list is empty: no alert in it")
    reading = Reading()
    for index, message in enumerate(messages):
        reading.absorb(_read_any(message, hint, wrapping.element(index), depth - 1), index)
    return reading


def _read_one(message: Any, hint: str, wrapping: Wrapping, depth: int) -> Reading:
    if isinstance(message, str):
        return _read_any(decode(message), hint, wrapping, depth - 1)
    if not isinstance(message, Mapping):
        raise Unfit(f"a message must be an object, found {type(message).__name__}")
    if inner := unwrap(message, wrapping):
        return _read_any(inner[0], hint, inner[1], depth - 1)
    module = _module(hint or recognise(message))
    try:
        return module.read(message, wrapping)
    except Unfit as reason:
        raise reason.about(module.whom(message)) from None


def _module(name: str) -> Format:
    """Import a format's module when it is met: a cold function reads one alert, of one format."""
    return cast("Format", import_module(f"tidegate.alerts.{name.replace('-', '_')}"))
