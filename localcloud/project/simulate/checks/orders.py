"""Orders: one an operation, each by a claim, and never two changes of ours at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from localcloud.project.simulate.checks.history import Chronicle, Course, History
from localcloud.project.simulate.checks.violation import Violation
from localcloud.project.simulate.checks.world import Premises
from localcloud.project.simulate.platform import LATEST_S
from localcloud.project.simulate.vendor import Ordered
from tidegate.domain.operation import Outcome, Verdict

SEND_WITHIN = timedelta(seconds=10)
ON_ITS_WAY = timedelta(seconds=LATEST_S + 1)
DOUBT_LASTS = timedelta(minutes=45)
RESUBMITS = 1


def check(history: History) -> Iterator[Violation]:
    """Check the orders of a week."""
    for stray in history.strays:
        why = f"{stray.action} by {stray.by} bears no token of an attempt"
        invariant = "one order per operation" if stray.change else "calls are claimed"
        yield Violation(invariant, stray.instance_id, stray.at, why)
    for chronicle in history.chronicles.values():
        for course in chronicle.courses.values():
            yield from _one(chronicle, course)
            yield from _claimed(history, chronicle, course)
            yield from _tokens(history, chronicle, course)
            yield from _doubted(history, chronicle, course)
        yield from _in_turn(history, chronicle)


def _one(chronicle: Chronicle, course: Course) -> Iterator[Violation]:
    if len(course.made) > 1:
        orders = ", ".join(f"{order.order_id or 'without id'} at {order.at:%d %H:%M:%S}" for order in course.made)
        why = f"operation {course.number} made {len(course.made)} orders: {orders}"
        yield Violation("one order per operation", chronicle.name, course.made[1].at, why)


def _claimed(history: History, chronicle: Chronicle, course: Course) -> Iterator[Violation]:
    """Hold every call against the claims that stood when it arrived: requests may overtake each other."""
    for place, order in enumerate(course.orders):
        claims = [claim for claim in course.claims if claim.entry.created_at <= order.at]
        if len(claims) <= place:
            why = f"call {place + 1} of operation {course.number} came when {len(claims)} attempts were claimed"
            yield Violation("calls are claimed", chronicle.name, order.at, why)
        elif order.at > claims[-1].at + SEND_WITHIN + ON_ITS_WAY + history.slack:
            why = f"a call of operation {course.number} came long after its claim of {claims[-1].at:%H:%M:%S}"
            yield Violation("calls are claimed", chronicle.name, order.at, why)


def _tokens(history: History, chronicle: Chronicle, course: Course) -> Iterator[Violation]:
    """RabbitMQ keeps one token for an operation, the gateway takes a new one for each attempt; none is another's."""
    tokens = [claim.fact.attempt.token for claim in course.claims]
    expected = 1 if "/rabbitmq/" in chronicle.key else len(tokens)
    if tokens and len(set(tokens)) != expected:
        why = f"operation {course.number} made {len(tokens)} attempts with {len(set(tokens))} tokens"
        yield Violation("calls are claimed", chronicle.name, course.claims[-1].entry.created_at, why)
    for claim in course.claims:
        other = history.by_token[chronicle.instance_id, claim.fact.attempt.token]
        if other is not course:
            why = f"operations {course.number} and {other.number} share token {claim.fact.attempt.token}"
            yield Violation("calls are claimed", chronicle.name, claim.entry.created_at, why)


def _doubted(history: History, chronicle: Chronicle, course: Course) -> Iterator[Violation]:
    """Hold each claim against the verdict on the one before it, as it stood then."""
    resubmitted = 0
    for before, claim in zip(course.claims, course.claims[1:], strict=False):
        attempt = before.fact.attempt.number
        verdicts = [
            fact.verdict for entry, fact in course.judged if fact.attempt == attempt and entry.seq < claim.entry.seq
        ]
        if not verdicts:
            why = f"attempt {attempt + 1} of operation {course.number} was claimed while {attempt} had no verdict"
            yield Violation("doubt is waited out", chronicle.name, claim.entry.created_at, why)
        if not verdicts or verdicts[-1] in (Verdict.UNSENT, Verdict.REFUSED_FOR_NOW):
            continue
        resubmitted += 1
        waited = claim.at - before.at
        if verdicts[-1] is not Verdict.UNANSWERED or waited < DOUBT_LASTS - history.slack or resubmitted > RESUBMITS:
            why = (
                f"attempt {attempt + 1} of operation {course.number} was claimed {waited} after {attempt}, "
                f"whose verdict was {verdicts[-1].value}; resubmitted {resubmitted} times"
            )
            yield Violation("doubt is waited out", chronicle.name, claim.entry.created_at, why)


def _in_turn(history: History, chronicle: Chronicle) -> Iterator[Violation]:
    if chronicle.instance_id not in history.estate:
        return
    premises = history.estate[chronicle.instance_id]
    made = sorted(
        ((order, course) for course in chronicle.courses.values() for order in course.made), key=lambda pair: pair[0].at
    )
    for place, (order, course) in enumerate(made):
        for earlier, other in made[:place]:
            if other is not course and _is_open(premises, earlier, other, order.at):
                why = (
                    f"operation {course.number} ordered while the order of {other.number} of {earlier.at} is in flight"
                )
                yield Violation("one change at a time", chronicle.name, order.at, why)


def _is_open(premises: Premises, order: Ordered, course: Course, now: datetime) -> bool:
    """Whether a change is in flight. One that waits to be paid is, unless its operation has named it as left over."""
    flight = premises.flight(order.change)
    if flight is not None and flight.begun_at <= now:
        return now < flight.ended_at
    placed = premises.order_of(order.change)
    is_left_over = course.ended_at <= now and course.outcome in (Outcome.RESIZED_ELSEWHERE, Outcome.ABANDONED)
    return placed is not None and placed.status(now) == "Unpaid" and not is_left_over
