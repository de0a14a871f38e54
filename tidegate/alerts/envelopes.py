"""What SMQ and EventBridge put around a message. Several may be around one another."""

from __future__ import annotations

from typing import Any

from tidegate.alerts.fields import Message, first, key, moment, nested, text
from tidegate.alerts.reading import Unfit, Wrapping


def unwrap(message: Message, around: Wrapping) -> tuple[Any, Wrapping] | None:
    """Take one envelope off: its content, still undecoded, and what it says of it. None if it is no envelope."""
    if "specversion" in message or {"id", "source", "type", "data"} <= message.keys():
        return _cloud_event(message, around)
    if {"TopicName", "Message"} <= message.keys():
        at = moment(message.get("PublishTime"))
        return message["Message"], around.within(at, _key("smq", text(message.get("MessageId"))))
    # A topic message with attributes in the STREAM form (fact fc 2.5).
    if "body" in message and message.keys() <= {"body", "attrs"}:
        return message["body"], around
    return None


def _cloud_event(message: Message, around: Wrapping) -> tuple[Any, Wrapping]:
    content = nested(message, "data")
    at = moment(message.get("time"))
    if "messageBody" in content:
        # `mns:Queue:SendMessage`: the queue's own id survives redelivery (fact fc 2.5).
        queued = _key("smq", text(content.get("messageId")))
        return content["messageBody"], around.within(at, queued or _event_key(message))
    for name in ("data", "data_base64"):
        if message.get(name):
            return message[name], around.within(at, _event_key(message))
    raise Unfit("data is missing: looked in the CloudEvent")


def _event_key(message: Message) -> str:
    return _key("eventbridge", text(message.get("source")), first(message, "id"))


def _key(source: str, *parts: str) -> str:
    """Make a key of an envelope's ids, or none where one of them is missing."""
    return key(source, *parts) if all(parts) else ""
