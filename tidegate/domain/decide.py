"""The decision: resize or hold, always with a reason. Pure: the same facts at the same time give the same answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tidegate.domain.arbiter import AS_FOUND, Wanted, differs, wanted
from tidegate.domain.guards import GUARDS, PASSING, approval_of
from tidegate.domain.judging import judged
from tidegate.domain.ladder import Rung, compare
from tidegate.domain.observed import Observed
from tidegate.domain.reading import Direction, Health, Reading
from tidegate.domain.state import State
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Case, Decision, Hold, Resize


def decide(terms: Terms, state: State, observed: Observed, now: datetime) -> Decision:
    """Decide for one instance, on what its ledger says and what was seen."""
    case = case_of(terms, state, observed, now)
    if isinstance(case, Hold):
        return case
    case, held = judged(case, GUARDS)
    if held is not None:
        return _asking_ahead(case, held)
    reason = f"{case.end.name} wanted by {case.want.why}{_bounded(case.want)}{_doubts(case.want)}"
    return Resize(case.start, case.end, case.direction, reason)


def _asking_ahead(case: Case, held: Hold) -> Hold:
    """A Hold that time alone will end, with the question of what comes after it: so that nobody is asked at night."""
    asks = approval_of(case) if held.code in PASSING else None
    return replace(held, question=asks.question) if asks else held


def case_of(terms: Terms, state: State, observed: Observed, now: datetime) -> Case | Hold:
    """What the guards are to judge, or a Hold where there is nothing to judge."""
    reading = observed.reading
    if reading is None:
        return Hold("unread", "the instance could not be read; the next tick tries again")
    if reading.health is Health.GONE:
        return Hold("gone", f"the vendor says {reading.status}: the instance is stopped or released", needs_person=True)
    start = _standing(terms, state, reading)
    if start is None:
        return _off_ladder(terms, reading)
    want = wanted(terms, state, now, observed.measures, start.name)
    if want is None:
        return Hold("home-unknown", "home is not known yet: the instance was never seen on a rung", needs_person=True)
    if want.rung == start.name:
        if want.doubted:
            code = "unmeasured" if want.unmeasured else "unconfirmed"
            return Hold(code, f"{'; '.join(want.doubted)}; so {start.name} stays, as wanted by {want.why}")
        return as_wanted(want)
    if want.rung == AS_FOUND:
        # Adopted off the ladder, and it stands on a rung since: nobody asks for anything.
        return Hold("as-wanted", f"{start.name} stays: nothing asks for a rung")
    end = terms.ladder.rung(want.rung)
    direction = _direction(terms, start, end)
    if direction is None:
        return _mixed(start, end)
    return Case(terms, state, observed, reading, want, now, start, end, direction)


def as_wanted(want: Wanted) -> Hold:
    """Nothing is to be done: the instance is on the rung that is wanted."""
    return Hold("as-wanted", f"{want.rung} as wanted by {want.why}{_bounded(want)}")


def _standing(terms: Terms, state: State, reading: Reading) -> Rung | None:
    """The rung it stands on, or, as if it were one, the spec off the ladder that a person adopted."""
    rung = terms.ladder.match(reading.spec)
    if rung is None and state.found and not differs(terms.named, state.found, reading.spec):
        return Rung(AS_FOUND, {field: reading.spec[field] for field in terms.named if field in reading.spec})
    return rung


def _direction(terms: Terms, start: Rung, end: Rung) -> Direction | None:
    if start.name in terms.ladder:
        return terms.ladder.direction(start.name, end.name)
    return compare(start.spec, end.spec)[0]


def _mixed(start: Rung, end: Rung) -> Hold:
    fields = ", ".join(f"{f} {start.spec.get(f)} -> {end.spec[f]}" for f in compare(start.spec, end.spec)[1])
    why = f"from what was adopted to {end.name} some figures rise and others fall, which no order does: {fields}"
    return Hold("off-ladder", why, needs_person=True)


def _off_ladder(terms: Terms, reading: Reading) -> Hold:
    near = terms.ladder.nearest(reading.spec)
    fields = ", ".join(f"{f} {reading.spec.get(f)} != {near.spec[f]}" for f in near.differing(reading.spec))
    return Hold("off-ladder", f"matches no rung; nearest {near.name}: {fields}", needs_person=True)


def _bounded(want: Wanted) -> str:
    return f" ({want.clamped_from} is outside min/max)" if want.clamped_from else ""


def _doubts(want: Wanted) -> str:
    return f" ({'; '.join(want.doubted)})" if want.doubted else ""
