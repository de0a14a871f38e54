"""What an alert or a person's request means, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class AlertState(str, Enum):
    """What an alert rule says of its instance. `NO_DATA` changes nothing: it is neither load nor rest."""

    FIRING = "firing"
    OK = "ok"
    NO_DATA = "no-data"


@dataclass(frozen=True)
class Alert:
    """One ringing of an alert rule. Deliveries of the same ringing share `key`, so that a duplicate collapses."""

    key: str
    at: datetime
    rule: str
    """The rule's name as its owner sees it."""
    state: AlertState
    source: str
    """The format it came in: cloudmonitor, cloudmonitor-smq, eventbridge, alertmanager, arms or sls."""
    rule_id: str = ""
    instance_id: str = ""
    """The vendor's id of the instance the alert names; empty where the alert names none and its rule decides."""
    value: str = ""
    """The measured value as the sender wrote it, for people to read."""


class Verb(str, Enum):
    """What a person asks for."""

    RESIZE = "resize"
    RELEASE = "release"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    ADOPT = "adopt"
    APPROVE = "approve"
    CANCEL = "cancel"
    ACK = "ack"


@dataclass(frozen=True)
class Request:
    """One request of a person, for an instance by its policy name."""

    key: str
    at: datetime
    verb: Verb
    instance: str
    caller: str
    to: str = ""
    until: datetime | None = None
    despite: tuple[str, ...] = ()
    reason: str = ""
    until_released: bool = False
    """Of a resize: that it has no end was asked for by name."""
    approval: str = ""
    """Of an approval: which one; whatever asks where it is empty."""


@dataclass(frozen=True)
class Noise:
    """Part of a delivery that names an instance and is no alert all the same. It changes nothing; it is answered."""

    key: str
    at: datetime
    reason: str
    """Why it is no alert."""


Signal = Alert | Request | Noise
