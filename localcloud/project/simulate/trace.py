"""What happened in a week: all that the checks are told, none of it by way of Tidegate's own words but the ledger's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from localcloud.project.simulate.executions import Executions
from localcloud.project.simulate.misfortunes import Misfortunes
from localcloud.project.simulate.script import Deed, Script
from localcloud.project.simulate.vendor import Ordered, Vendor
from tidegate.domain.policy import InstancePolicy

END = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Delivered:
    """One delivery of an alert, and what the door answered: status 0 where nobody did."""

    at: datetime
    deed: Deed
    status: int
    answers: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Asked:
    """One try of a person's request, and the answer; None where nobody answered."""

    at: datetime
    deed: Deed
    key: str
    form: Mapping[str, Any]
    answer: Mapping[str, Any] | None


@dataclass(frozen=True)
class Said:
    """One message that reached people."""

    at: datetime
    channel: str
    kind: str
    title: str
    text: str


@dataclass(frozen=True)
class Pushed:
    """A policy came into force."""

    at: datetime
    hash: str
    policies: Mapping[str, InstancePolicy]
    limits: Mapping[str, Any]


@dataclass(frozen=True)
class ByHand:
    """A colleague changed an instance in the console; `change` counts from 1."""

    at: datetime
    instance_id: str
    change: int


@dataclass
class Trace:
    """The whole story of one week."""

    script: Script
    vendor: Vendor
    executions: Executions
    misfortunes: Misfortunes
    bodies: Mapping[str, bytes]
    """What stands in the bucket, by key."""
    created: Mapping[str, datetime]
    """When it was written, by the true time."""
    pushed: list[Pushed] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    by_hand: list[ByHand] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    ticks: int = 0
    idle_ticks: int = 0
    lost_ticks: int = 0
    wrong: list[str] = field(default_factory=list)
    """What was found wrong while it went on."""
    faults_end_at: datetime = END
    ended_at: datetime = END
    at_rest: bool = False

    @property
    def ordered(self) -> list[Ordered]:
        """Every order call that reached the vendor."""
        return self.vendor.ordered
