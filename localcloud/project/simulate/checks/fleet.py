"""Claims against the limits of the fleet, counted over the ledgers of all instances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from localcloud.project.simulate.checks.history import Claim, Course, History
from localcloud.project.simulate.checks.placing import Case, cases
from localcloud.project.simulate.checks.violation import Violation

HOUR = timedelta(hours=1)


def check(history: History) -> Iterator[Violation]:
    """Check that the fleet's limits were kept."""
    ordered = _ordered(history)
    for case in cases(history):
        yield from _at_once(case)
        yield from _per_hour(case, ordered)


def _at_once(case: Case) -> Iterator[Violation]:
    pushed, now = case.history.pushed(case.claim.entry.policy), case.claim.entry.created_at
    if pushed is None:
        return
    under_way = [
        f"{chronicle.name}#{course.number}"
        for chronicle in case.history.chronicles.values()
        for course in chronicle.courses.values()
        if course is not case.course and course.claims and course.claims[0].entry.created_at <= now < course.ended_at
    ]
    most = int(pushed.limits["orders_at_once"])
    if len(under_way) >= most:
        yield case.broken("orders at once", f"{', '.join(under_way)} were under way, and {most} may be at once")


def _ordered(history: History) -> list[tuple[Course, Claim]]:
    """The operations that made an order, with the claim that it came of: a late request was claimed long before."""
    found = []
    for chronicle in history.chronicles.values():
        for course in chronicle.courses.values():
            for order in course.made[:1]:
                # Of a token that is kept over several attempts, this is the last that it can have been.
                claims = [claim for claim in course.claims if claim.entry.created_at <= order.at]
                found += [(course, claim) for claim in claims[-1:]]
    return found


def _per_hour(case: Case, ordered: list[tuple[Course, Claim]]) -> Iterator[Violation]:
    pushed, now = case.history.pushed(case.claim.entry.policy), case.claim.at
    if pushed is None or not any(claim is case.claim for _, claim in ordered):
        return
    slack = case.history.slack
    others = [claim for course, claim in ordered if course is not case.course and now - HOUR + slack < claim.at <= now]
    most = int(pushed.limits["orders_per_hour"])
    if len(others) >= most:
        times = ", ".join(f"{claim.at:%H:%M:%S}" for claim in others)
        yield case.broken("orders per hour", f"orders of {times} lie in the hour before, and {most} may be begun in it")
