"""Outcomes: each is said only if the world agrees.

A read may be stale and the clocks of two functions apart, so the world is asked for a while before the record. One
limit is known and left out: a vendor that shows new values before it is done and rolls back later cannot be told from
one that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from localcloud.project.simulate.checks.history import LATENCY, STALE, Chronicle, Course, Entry, History
from localcloud.project.simulate.checks.violation import Violation
from localcloud.project.simulate.checks.world import Premises
from localcloud.project.simulate.vendor import Ordered
from localcloud.rpc.orders import PlacedOrder
from localcloud.rpc.timeline import Phase
from tidegate.domain.facts import Looked
from tidegate.domain.operation import Event, Outcome
from tidegate.domain.reading import Spec

LOOKS, PROOF = 2, timedelta(seconds=60)
ABANDON_AFTER = timedelta(days=8)
SHOWN_FOR = timedelta(hours=2)
"""A paid order that has been shown for so long must have been found, whatever storms there were."""
RECKONED_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True)
class _Ending:
    """How one operation ended, beside the world."""

    history: History
    chronicle: Chronicle
    course: Course
    entry: Entry
    premises: Premises

    @property
    def end(self) -> datetime:
        return self.entry.created_at

    @property
    def since(self) -> datetime:
        return self.end - STALE - LATENCY - self.history.slack

    @property
    def wanted(self) -> Spec:
        return self.course.claims[-1].fact.to_spec if self.course.claims else self.course.intent.to_spec

    @property
    def baseline(self) -> Spec:
        return self.course.claims[-1].fact.from_spec if self.course.claims else self.course.intent.from_spec

    @property
    def placed(self) -> list[PlacedOrder]:
        found = [self.premises.order_of(order.change) for order in self.course.made]
        return [order for order in found if order is not None]

    def was(self, spec: Spec) -> bool:
        """Whether the instance had this spec lately, in every field."""
        return any(_is(shown, spec) for shown in self.premises.specs(self.since, self.end))

    def says(self, why: str) -> Violation:
        outcome = self.course.outcome.value if self.course.outcome else "no outcome"
        text = f"operation {self.course.number} ended `{outcome}`, but {why}"
        return Violation("outcomes are true", self.chronicle.name, self.end, text)


def check(history: History) -> Iterator[Violation]:
    """Check the outcomes of a week, and what its orders changed."""
    for chronicle in history.chronicles.values():
        if chronicle.instance_id not in history.estate:
            continue
        premises = history.estate[chronicle.instance_id]
        for course in chronicle.courses.values():
            for order in course.made:
                yield from _named(history, chronicle, course, order)
            if course.concluded is not None and course.outcome is not None:
                ending = _Ending(history, chronicle, course, course.concluded, premises)
                yield from OUTCOMES[course.outcome](ending)
            elif course.closed is not None:
                why = f"operation {course.number} was closed without an outcome"
                yield Violation("outcomes are true", chronicle.name, course.closed.created_at, why)


def _is(shown: Mapping[str, object], spec: Spec) -> bool:
    return all(shown.get(field) == value for field, value in spec.items())


def _named(history: History, chronicle: Chronicle, course: Course, order: Ordered) -> Iterator[Violation]:
    """Hold what an order changed against what was decided. Between read and order a colleague may have been quicker."""
    claim = next((each for each in reversed(course.claims) if each.entry.created_at <= order.at), None)
    if claim is None:
        return
    since = claim.at - STALE - history.slack
    if any(hand.instance_id == order.instance_id and since <= hand.at <= order.at for hand in history.trace.by_hand):
        return
    if _is_moving(history, chronicle, since, order.at):
        return
    policy = history.policy_of(claim.entry.policy, chronicle.name)
    rung = next((each for each in policy.ladder if each.rung == claim.planned.to_rung), None) if policy else None
    if rung is None:
        return
    rounds = history.estate[order.instance_id].behaviour.rounding == "up"
    for field, value in order.after.items():
        before = order.before.get(field)
        if field not in rung.spec and value != before:
            why = f"the order of operation {course.number} changed {field}, which no rung names: {before} -> {value}"
            yield Violation("only what is named", chronicle.name, order.at, why)
        if field in rung.spec and value != rung.spec[field] and not rounds:
            why = f"the order of operation {course.number} is for {field}={value}; {rung.rung} has {rung.spec[field]}"
            yield Violation("only what is named", chronicle.name, order.at, why)


def _is_moving(history: History, chronicle: Chronicle, since: datetime, until: datetime) -> bool:
    """Whether the spec became another one meanwhile, by whomever."""
    specs = history.estate[chronicle.instance_id].specs(since, until)
    return any(dict(spec) != dict(specs[0]) for spec in specs)


def _resized(ending: _Ending) -> Iterator[Violation]:
    if not ending.was(ending.wanted):
        yield ending.says(f"the instance is {_beside(ending.premises.spec(ending.end), ending.wanted)}")
    elif not _is(ending.premises.spec(ending.end), ending.wanted) and not _is_excused(ending):
        yield ending.says("the values were gone again when it was said")
    if ending.premises.is_subscription:
        paid = [order for order in ending.placed if order.status(ending.end) == "Paid"]
        if not paid and not _is_taken_for_ours(ending):
            orders = ", ".join(f"{order.order_id} {order.status(ending.end)}" for order in ending.placed) or "none"
            yield ending.says(f"no order of it is paid: {orders}")
    mine = {order.change for order in ending.course.made}
    moments = [ending.premises.moment(when) for when in (ending.since, ending.end)]
    if all(each.phase is Phase.WAITING_FOR_SWITCH and each.number in mine for each in moments):
        yield ending.says("its traffic waits to be switched")
    yield from _proven(ending)


def _is_excused(ending: _Ending) -> bool:
    """Whether the vendor rolled back what it had shown early, or a colleague's change came while reads may be old."""
    behaviour = ending.premises.behaviour
    if behaviour.rolls_back and behaviour.new_values_before_completion:
        return True
    mine = {order.change for order in ending.course.made}
    flights = [each for each in ending.premises.flights if each.number not in mine]
    return any(ending.since <= at <= ending.end for each in flights for at in (each.begun_at, each.ended_at))


def _beside(shown: Mapping[str, object], spec: Spec) -> str:
    return ", ".join(
        f"{field}={shown.get(field)} not {value}" for field, value in spec.items() if shown.get(field) != value
    )


def _proven(ending: _Ending) -> Iterator[Violation]:
    """Find the first of an unbroken row of healthy looks that all show the wanted values."""
    looks = [(entry, fact) for entry, fact in ending.course.looks if entry.seq < ending.entry.seq]
    row: list[tuple[Entry, Looked]] = []
    for entry, fact in reversed(looks):
        if fact.event is None:
            # The instance could not be read, which says nothing.
            continue
        if fact.event is not Event.SAW_WANTED or not _is(fact.evidence.spec, ending.wanted):
            break
        row.append((entry, fact))
    lasts = [fact.evidence.last for _, fact in row if fact.evidence.last]
    apart = lasts[0] - lasts[-1] if lasts else timedelta(-1)
    slack = ending.history.slack
    written = row[0][0].created_at - row[-1][0].created_at if row else timedelta()
    if lasts and any(lasts[-1] - slack <= at <= row[-1][0].created_at for at in ending.history.stalls):
        # Whoever read first stood still before he wrote it down.
        written = apart
    if len(row) < LOOKS or apart < PROOF or written < PROOF - slack - timedelta(seconds=30):
        why = f"operation {ending.course.number}: {len(row)} looks showed the wanted values, {apart} apart"
        yield Violation("read back twice", ending.chronicle.name, ending.end, why)


def _resized_elsewhere(ending: _Ending) -> Iterator[Violation]:
    if not ending.was(ending.wanted):
        yield ending.says(f"the instance is {_beside(ending.premises.spec(ending.end), ending.wanted)}")
    if not ending.premises.is_subscription or len(ending.placed) != 1 or _others(ending):
        return
    order, known_by = ending.placed[0], ending.end - SHOWN_FOR
    if order.visible_at and datetime.fromisoformat(order.visible_at) < known_by and order.status(known_by) == "Paid":
        yield ending.says(f"our order {order.order_id} was paid and shown {SHOWN_FOR} before")


def _others(ending: _Ending) -> bool:
    """Whether orders of others make it hard to tell which is ours."""
    sent = min((claim.at for claim in ending.course.claims), default=ending.end) - RECKONED_BEFORE
    hands = [hand for hand in ending.history.trace.by_hand if hand.instance_id == ending.chronicle.instance_id]
    return any(sent - ending.history.slack <= hand.at <= ending.end for hand in hands)


def _is_taken_for_ours(ending: _Ending) -> bool:
    """Whether somebody else's order is the only one that fits.

    While nobody knows yet who orders in our name, the only order that fits a request that was not answered is ours.
    """
    return not ending.placed and _others(ending)


def _settled_elsewhere(ending: _Ending) -> Iterator[Violation]:
    spec = ending.premises.spec(ending.since)
    if _is(spec, ending.wanted) or _is(spec, ending.baseline):
        yield ending.says(f"the instance had the old values or the wanted ones: {dict(spec)}")


def _nothing(ending: _Ending) -> Iterator[Violation]:
    if ending.course.made:
        made = ", ".join(f"{order.order_id or 'without id'} at {order.at:%d %H:%M:%S}" for order in ending.course.made)
        yield ending.says(f"it made an order: {made}")


def _rolled_back(ending: _Ending) -> Iterator[Violation]:
    if not _is(ending.premises.spec(ending.since), ending.baseline):
        yield ending.says(f"the instance was {_beside(ending.premises.spec(ending.since), ending.baseline)}")
    for order in ending.course.made:
        flight = ending.premises.flight(order.change)
        is_done = flight is not None and ending.since <= flight.ended_at <= ending.end
        if is_done and _is(ending.premises.spec(ending.end), ending.wanted):
            yield ending.says("the instance had come to the wanted values")
        if flight is not None and flight.begun_at <= ending.end < flight.ended_at:
            yield ending.says(f"the order of {order.at} is still carried out, until {flight.ended_at}")
        placed = ending.premises.order_of(order.change)
        if placed is not None and placed.status(ending.end) == "Unpaid":
            yield ending.says(f"order {placed.order_id} waits to be paid")


def _order_cancelled(ending: _Ending) -> Iterator[Violation]:
    if not any(order.status(ending.end) == "Cancelled" for order in ending.placed) and not _is_taken_for_ours(ending):
        statuses = ", ".join(f"{order.order_id} {order.status(ending.end)}" for order in ending.placed) or "no order"
        yield ending.says(f"none of its orders is cancelled: {statuses}")
    if not ending.was(ending.baseline):
        yield ending.says(f"the instance is {_beside(ending.premises.spec(ending.end), ending.baseline)}")


def _abandoned(ending: _Ending) -> Iterator[Violation]:
    # By the clock of whoever planned it, who may have stood still before it was written down.
    lasted = ending.end - ending.course.intent.planned_at
    if lasted < ABANDON_AFTER - ending.history.slack:
        yield ending.says(f"it was followed for {lasted} only")


OUTCOMES: Mapping[Outcome, Callable[[_Ending], Iterator[Violation]]] = {
    Outcome.RESIZED: _resized,
    Outcome.RESIZED_ELSEWHERE: _resized_elsewhere,
    Outcome.SETTLED_ELSEWHERE: _settled_elsewhere,
    Outcome.UNCHANGED: _nothing,
    Outcome.REFUSED: _nothing,
    Outcome.ROLLED_BACK: _rolled_back,
    Outcome.CANCELLED: _nothing,
    Outcome.ORDER_CANCELLED: _order_cancelled,
    Outcome.ABANDONED: _abandoned,
}
