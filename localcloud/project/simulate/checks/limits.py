"""Each claim against what counts and when: budgets, cooldowns, resize windows, blackouts.

Counts are taken anew from the claims and outcomes of the ledger; only what a wall-clock span means as instants is
asked of Tidegate. Where a count hangs on seconds around a midnight, the benefit of the doubt is the product's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from localcloud.project.simulate.checks.history import Chronicle, Claim, Course, History
from localcloud.project.simulate.checks.placing import Case, cases
from localcloud.project.simulate.checks.violation import Violation
from tidegate.domain.openings import Openings
from tidegate.domain.operation import Outcome
from tidegate.domain.reading import Direction

LONGEST_DAY = timedelta(hours=25)
REVERSAL_WITHIN = timedelta(hours=24)
CHANGED = (Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE, Outcome.SETTLED_ELSEWHERE, Outcome.ROLLED_BACK)
"""After these the instance was another one, be it for a while, and rests."""
URGENT_FOR = timedelta(hours=50)
"""So long may a firing lie back that an urgent rule goes by: it is delivered late, and forgotten after a day."""


def check(history: History) -> Iterator[Violation]:
    """Check when the claims of a week were made, and how often."""
    for case in cases(history):
        yield from _budget(case)
        yield from _cooldown(case)
        yield from _window(case)
        yield from _blackout(case)
    for chronicle in history.chronicles.values():
        yield from _held(history, chronicle)


def _first_claims(case: Case) -> list[tuple[Course, Claim]]:
    """The first claims of the operations before this one: there the budget is used."""
    courses = case.chronicle.courses
    earlier = [courses[number] for number in sorted(courses) if number < case.course.number]
    return [(course, course.claims[0]) for course in earlier if course.claims]


def _budget(case: Case) -> Iterator[Violation]:
    if case.despite("budget"):
        return
    budget, earlier = case.policy.budget, _first_claims(case)
    most = budget.downs_per_day if case.is_down else budget.ups_per_day
    same = [claim.at for _, claim in earlier if claim.planned.direction is case.direction]
    if (used := _today(case, same)) >= most:
        yield case.broken("budgets", f"{used} of {most} {case.direction.value}s of the day were used")
    if not case.is_down or not earlier or earlier[-1][1].planned.direction is not Direction.UP:
        return
    if case.claim.at - earlier[-1][1].at >= REVERSAL_WITHIN - case.history.slack:
        return
    reversals = [
        claim.at
        for (_, before), (_, claim) in pairwise(earlier)
        if claim.planned.direction is not before.planned.direction
        and claim.at - before.at < REVERSAL_WITHIN - case.history.slack
    ]
    if (used := _today(case, reversals)) >= budget.reversals_per_day:
        yield case.broken("budgets", f"{used} of {budget.reversals_per_day} reversals of the day were used")


def _held(history: History, chronicle: Chronicle) -> Iterator[Violation]:
    """Hold every hold by a budget against what was used within the longest day before it: less must not hold."""
    firsts = [course.claims[0] for _, course in sorted(chronicle.courses.items()) if course.claims]
    for entry, fact in chronicle.decided:
        policy, was = history.policy_of(entry.policy, chronicle.name), entry.before.stance
        if policy is None or fact.stance.code != "budget" or (was is not None and was.code == "budget"):
            continue
        used = [
            claim for claim in firsts if entry.at - LONGEST_DAY - history.slack <= claim.at <= entry.at + history.slack
        ]
        ups = sum(1 for claim in used if claim.planned.direction is Direction.UP)
        budget = policy.budget
        turns = sum(
            1
            for before, claim in pairwise(firsts)
            if claim in used and claim.planned.direction is not before.planned.direction
        )
        full = ups >= budget.ups_per_day or len(used) - ups >= budget.downs_per_day or turns >= budget.reversals_per_day
        if not full:
            why = (
                f"held by `{fact.stance.reason}`, but only {ups} ups and {len(used) - ups} downs were claimed in a day"
            )
            yield Violation("budgets", chronicle.name, entry.created_at, why)


def _today(case: Case, times: Sequence[datetime]) -> int:
    """How many of these are surely of the day of the claim."""
    zone, slack = ZoneInfo(case.policy.timezone), case.history.slack
    days = _days(case.claim.at, case.claim.entry.created_at, zone, slack)
    return sum(1 for at in times if len(days) == 1 and _days(at, at, zone, slack) == days)


def _days(since: datetime, until: datetime, zone: ZoneInfo, slack: timedelta) -> set[date]:
    return {(since - slack).astimezone(zone).date(), (until + slack).astimezone(zone).date()}


def _cooldown(case: Case) -> Iterator[Violation]:
    ended = [
        course.closed
        for course in case.chronicle.courses.values()
        if course.closed and course.closed.seq < case.course.planned.seq and course.outcome in CHANGED
    ]
    if not ended or case.despite("cooldown"):
        return
    cooldown = case.policy.cooldown.down if case.is_down else case.policy.cooldown.up
    rested = case.claim.at - ended[-1].at
    if rested < cooldown - case.history.slack:
        yield case.broken("cooldowns", f"it rested {rested} of {cooldown}")


def _window(case: Case) -> Iterator[Violation]:
    terms = case.history.terms_of(case.claim.entry.policy, case.chronicle.name)
    windows = terms.windows[case.direction] if terms else None
    if windows is None or case.despite("window") or _open_lately(case, windows) or _is_urgent(case):
        return
    yield case.broken("windows", f"no window of {case.direction.value}s is open at {case.claim.at}")


def _blackout(case: Case) -> Iterator[Violation]:
    terms = case.history.terms_of(case.claim.entry.policy, case.chronicle.name)
    blackouts = terms.blackouts[case.direction] if terms else None
    if blackouts is None or case.despite("window"):
        return
    slack = case.history.slack
    opening = blackouts.at(case.claim.at)
    if opening is not None and opening.since + slack <= case.claim.at < opening.until - slack:
        yield case.broken("blackouts", f"{opening.name or 'a blackout'} lasts until {opening.until}")


def _open_lately(case: Case, openings: Openings) -> bool:
    slack = case.history.slack
    return any(openings.at(case.claim.at + by) is not None for by in (-slack, timedelta(), slack))


def _is_urgent(case: Case) -> bool:
    """Whether a rule marked `urgent` has rung lately and asks for the rung, or for more; of ups alone."""
    if case.is_down:
        return False
    names, claimed_at = list(case.rungs), case.claim.entry.created_at
    place = names.index(case.claim.planned.to_rung)
    rang = {
        each.deed.rule
        for each in case.history.trace.delivered
        if each.deed.instance == case.chronicle.name
        and each.deed.state == "firing"
        # The answer may come after the claim that its delivery led to.
        and each.at - URGENT_FOR <= claimed_at
        and claimed_at - URGENT_FOR <= case.history.begun_at(each.deed)
    }
    urgent = {rule.identity for rule in case.policy.alerts if rule.urgent and rule.rule in rang}
    asked = [demand.rung for demand in case.claim.before.demands if demand.rule in urgent and not demand.is_over]
    # What is below `min` is held there, so that an urgent rule may lead to it.
    low = names.index(case.policy.min or names[0])
    return any(rung in names and max(names.index(rung), low) >= place for rung in asked)
