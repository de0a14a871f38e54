"""The instances as they truly were, at any moment of the week: reckoned from the vendor's own books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from localcloud.project.simulate.trace import Trace
from localcloud.rpc.estate import Kept
from localcloud.rpc.orders import PlacedOrder
from localcloud.rpc.timeline import Change, Moment, Value, at, begun, ended
from localcloud.world import Behaviour

LONG = timedelta(days=60)


@dataclass(frozen=True)
class Flight:
    """One change while it goes on: from when it is paid and its turn has come, until the instance is steady."""

    number: int
    begun_at: datetime
    ended_at: datetime


class Premises:
    """One instance of the vendor's."""

    def __init__(self, trace: Trace, kept: Kept) -> None:
        estate = trace.vendor.estate
        self.kept = kept
        self.behaviour: Behaviour = estate.behaviour(kept.instance_id)
        self.changes: list[Change] = estate.changes(kept)
        self._orders = {order.order_id: order for order in trace.vendor.orders.orders()}

    def moment(self, when: datetime) -> Moment:
        """What it was then."""
        return at(self.kept.began.spec, self.changes, when)

    def spec(self, when: datetime) -> Mapping[str, Value]:
        """Its spec then."""
        return self.moment(when).spec

    def specs(self, since: datetime, until: datetime) -> list[Mapping[str, Value]]:
        """Every spec that it had at some time between."""
        edges = [edge for flight in self.flights for edge in (flight.begun_at, flight.ended_at)]
        return [self.spec(when) for when in (since, *(edge for edge in edges if since < edge < until), until)]

    @cached_property
    def flights(self) -> list[Flight]:
        """Its changes while they went on, those that were paid. They go one after the other."""
        found: list[Flight] = []
        moment, free_at = Moment(self.kept.began.spec), None
        far = max((each.begins_at for each in self.changes if each.begins_at), default=self.kept.created_at) + LONG
        for begins_at, change in begun(self.changes, far):
            starts = begins_at if free_at is None else max(begins_at, free_at)
            moment, free_at = ended(moment, change, starts + change.takes, far + LONG)
            found.append(Flight(change.number, starts, free_at))
        return found

    def flight(self, number: int) -> Flight | None:
        """One of them, None where it was never paid."""
        return next((flight for flight in self.flights if flight.number == number), None)

    def order_of(self, number: int) -> PlacedOrder | None:
        """The order that a change was bought with, None where the vendor made none."""
        return self._orders.get(self.kept.changes[number - 1]["order_id"])

    @property
    def is_subscription(self) -> bool:
        """Whether every change must be paid."""
        return self.kept.began.billing == "PRE_PAID"


class Estate:
    """All instances of the account."""

    def __init__(self, trace: Trace) -> None:
        self._premises = {kept.instance_id: Premises(trace, kept) for kept in trace.vendor.estate.all()}

    def __getitem__(self, instance_id: str) -> Premises:
        return self._premises[instance_id]

    def __contains__(self, instance_id: str) -> bool:
        return instance_id in self._premises
