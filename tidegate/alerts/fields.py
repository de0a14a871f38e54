"""Single fields of vendors' messages, read leniently: text, times, states, instance ids, keys."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from tidegate.alerts.reading import Unfit
from tidegate.domain.signal import AlertState

Message = Mapping[str, Any]

NAME_LIMIT = 256
VALUE_LIMIT = 64

# RabbitMQ: `amqp-...`, on the legacy architecture digits only (fact B.1); gateway: `apigateway-...` (fact A.3).
_VENDOR_ID = re.compile(r"(?:amqp|apigateway)-[A-Za-z0-9-]{1,64}|[0-9]{6,20}")
# Controls, line separators, changes of writing direction, halves of surrogate pairs: they would forge lines in a log.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_INSTANCE_NAMES = frozenset({"instance", "instanceid"})
_ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:[.,](?P<fraction>[0-9]{1,9}))?(?:[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9]))"
)
_MILLISECONDS_FROM = 10**11
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_EARLIEST = datetime(2000, 1, 1, tzinfo=timezone.utc)
_LATEST = datetime(2100, 1, 1, tzinfo=timezone.utc)


def text(value: object) -> str:
    """Give a field as one clean line. Absent, nested and the literal `null` are empty (fact fc 2.3)."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    line = _UNPRINTABLE.sub(" ", str(value)).strip()
    return "" if line == "null" else line


def first(message: Message, *names: str) -> str:
    """Give the first of these fields that is there, else nothing."""
    return next((found for name in names if (found := text(message.get(name)))), "")


def name(message: Message, *names: str, where: str) -> str:
    """Give the first of these fields, which the alert cannot do without.

    Raises Unfit, naming what was missing and where it was looked for.
    """
    found = first(message, *names)
    if not found:
        are = "is" if len(names) == 1 else "are"
        raise Unfit(f"{' and '.join(names)} {are} missing: looked in {where}")
    if len(found) > NAME_LIMIT:
        raise Unfit(f"{names[0]} has {len(found)} characters, at most {NAME_LIMIT} are read")
    return found


def value(message: Message, *names: str) -> str:
    """Give the measured value as the sender wrote it, cut to a length people can read."""
    return first(message, *names)[:VALUE_LIMIT]


def nested(message: Message, name: str) -> Message:
    """Give a field that is a mapping, else an empty one."""
    found = message.get(name)
    return found if isinstance(found, Mapping) else {}


def flat(message: Message) -> list[tuple[str, str]]:
    """Give a mapping's fields in a fixed order, as text: what tells two alerts apart, however it was written."""
    return sorted((name, text(value)) for name, value in message.items())


def moment(value: object) -> datetime | None:
    """Read a time: epoch seconds or milliseconds, told apart by size, or ISO 8601 with its offset.

    Up to nine digits of fraction are accepted (fact fc 2.7). Anything else, a time without offset among it, and
    years outside 2000 to 2100 (Alertmanager's `0001-01-01` means "never") are None.
    """
    written = text(value)
    found = _epoch(written) or _iso(written)
    return found if found and _EARLIEST <= found < _LATEST else None


def _epoch(written: str) -> datetime | None:
    match = re.fullmatch(r"([0-9]{1,14})(?:\.[0-9]*)?", written)
    if not match:
        return None
    number = int(match[1])
    return _EPOCH + timedelta(milliseconds=number if number >= _MILLISECONDS_FROM else number * 1000)


def _iso(written: str) -> datetime | None:
    match = _ISO.fullmatch(written)
    if not match:
        return None
    try:
        local = datetime.fromisoformat(f"{match['day']}T{match['clock']}+00:00")
        offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
        local -= -offset if match["sign"] == "-" else offset
    except (ValueError, OverflowError):
        return None
    return local + timedelta(microseconds=int((match["fraction"] or "").ljust(6, "0")[:6]))


def time(message: Message, *names: str, otherwise: datetime | None, where: str) -> datetime:
    """Give the first of these fields that is a time, else when the message came.

    Raises Unfit where nothing says so either.
    """
    found = next((at for name in names if (at := moment(message.get(name)))), otherwise)
    if found is None:
        raise Unfit(f"no time in {' or '.join(names)}: looked in {where} and in what was around it")
    return found


def state(word: str, states: Mapping[str, AlertState], field: str, where: str) -> AlertState:
    """Translate the sender's word for the alert's state, whatever its case. Raises Unfit on a word it does not know."""
    if not word:
        raise Unfit(f"{field} is missing: looked in {where}")
    try:
        return states[word.upper()]
    except KeyError:
        raise Unfit(f"{field} is {word[:40]!r}, known are {', '.join(states)}") from None


def instance(pairs: Iterable[tuple[str, object]]) -> str:
    """Find the one vendor instance id among dimensions or labels.

    Accepted names are `instanceId`, `instance_id`, `InstanceId`, `instance` and the like. Empty where there is
    none, where it is no id of our two products, or where two differ (a queue's name is its owner's text and
    may look like a dimension): then the rule decides.
    """
    found = {
        written
        for name, value in pairs
        if name.lower().replace("_", "").replace("-", "") in _INSTANCE_NAMES
        and _VENDOR_ID.fullmatch(written := text(value))
    }
    return found.pop() if len(found) == 1 else ""


def key(source: str, *parts: object) -> str:
    """Make the key that duplicates of one ringing share: short, plain ASCII, the same for the same parts."""
    return f"{source}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]}"
