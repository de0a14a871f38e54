"""The course of one instance: how it stood from one record to the next, by the policy of then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from tidegate.app import codec
from tidegate.app.report.ended import LATELY
from tidegate.app.report.facts import policy_of
from tidegate.app.surroundings import Surroundings
from tidegate.domain.facts import Fact
from tidegate.domain.operation import Operation
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Stance, State
from tidegate.domain.terms import Terms
from tidegate.ledger.record import Record

MINUTE = timedelta(minutes=1)
NOT_STANDING = ("off-ladder", "gone")
"""Verdicts by which the rung that was last read is not where the instance stands."""
NO_NEED = ("unconfirmed", "unmeasured")
"""Verdicts by which nobody knows that the rung asked for is needed: its metric does not say so."""

ENDING = ("as-wanted", "resize", "operation", "unconfirmed")
"""Verdicts by which what was wanted before is wanted no more, or is being had."""
LONGEST_LEAD = 200
"""So many records at the most are read of the time before the one that is asked about."""


@dataclass(frozen=True)
class Stretch:
    """The time from one record to the next, or to where the course is cut off; none between two of the same moment."""

    begin: datetime
    end: datetime
    record: Record
    state: State
    terms: Terms
    """By the policy that was in force then."""

    @cached_property
    def fact(self) -> Fact:
        """What the record at its beginning says."""
        return codec.read_fact(dict(self.record.fact))

    @property
    def span(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.begin

    @property
    def leads(self) -> bool:
        """Whether it was over before the time that is asked about."""
        return self.begin == self.end and self.record.at < self.begin

    @property
    def stance(self) -> Stance | None:
        """The verdict that stands."""
        return self.state.stance

    @property
    def rung(self) -> str:
        """The rung that it stands on; empty where that is not known."""
        if self.stance is not None and self.stance.code in NOT_STANDING:
            return ""
        return self.state.rung if self.state.rung in self.terms.ladder else ""

    @property
    def lacks(self) -> int | None:
        """By how many rungs what is wanted is above where it stands, or below it, under 0; None where nobody knows."""
        stance = self.stance
        if stance is None or not self.rung:
            return None
        if stance.code == "as-wanted" or stance.code in NO_NEED:
            return 0
        ladder = self.terms.ladder
        return ladder.index(stance.wanted) - ladder.index(self.rung) if stance.wanted in ladder else None

    def price(self, rung: str) -> float | None:
        """What a rung costs for an hour, None where the policy has no price for it."""
        return self.terms.ladder.rung(rung).hourly_price if rung in self.terms.ladder else None


def course(
    around: Surroundings, policy: InstancePolicy, since: datetime, until: datetime, *, lead: bool = False
) -> list[Stretch]:
    """Everything in [since, until), oldest first. It begins later where there was no record before `since`.

    With `lead` also what was before, as far back as the same was wanted, as stretches of no length: so that what was
    ordered, or held, by then is known.
    """
    found: list[Stretch] = []
    known: dict[str, Terms] = {}
    end, led = until, 0
    for record in around.ledger.records(around.key(policy)):
        if record.at >= until:
            continue
        begin = max(record.at, since)
        state = codec.read_state(dict(record.state))
        stretch = Stretch(begin, end, record, state, _terms(around, record, policy, known))
        if led and (led > LONGEST_LEAD or _parted(stretch, found)):
            break
        found.append(stretch)
        if record.at < since:
            led += 1
            if not lead:
                break
        end = begin
    return found[::-1]


def _parted(earlier: Stretch, later: Sequence[Stretch]) -> bool:
    """Whether something else was wanted then, or nothing; what could not be judged parts nothing."""
    stance = earlier.stance
    if stance is None or stance.code in ENDING:
        return True
    mine = (stance.wanted, stance.would.start) if stance.would else None
    theirs = ((one.stance.wanted, one.stance.would.start) for one in reversed(later) if one.stance and one.stance.would)
    return mine is not None and mine != next(theirs, mine)


def _terms(around: Surroundings, record: Record, policy: InstancePolicy, known: dict[str, Terms]) -> Terms:
    if record.policy not in known:
        then = policy_of(around, record, policy)
        known[record.policy] = Terms(then, around.calendar(then.calendars.workdays.get("country", "")))
    return known[record.policy]


def minutes(span: timedelta) -> float:
    """A span in minutes, to a hundredth."""
    return round(span / MINUTE, 2)


def remembering(stretches: Sequence[Stretch], stretch: Stretch) -> State:
    """The state at the beginning of a stretch, with the override that ended last before it: states forget those.

    One that ended before the instance came to the rung it stands on had no part in that: it is the cause of nothing.
    """
    if stretch.state.override is not None:
        return stretch.state
    end = stretch.record.at
    for before in lately_before(stretches, stretch):
        if (override := before.state.override) is not None:
            until = min(override.until or end, end)
            if stretch.record.at - until > LATELY:
                break
            return replace(stretch.state, override=replace(override, until=until))
        end = before.record.at
    return stretch.state


def lately_before(stretches: Sequence[Stretch], stretch: Stretch) -> Iterator[Stretch]:
    """What a stretch may have its cause in, newest first: back to where the instance came to the rung it stands on."""
    later = stretch
    for before in reversed(stretches[: stretches.index(stretch)]):
        # While an operation is open the state still has the rung that it leaves.
        came = before.state.operation is None and before.state.rung != stretch.state.rung
        if came or stretch.record.at - later.record.at > LATELY:
            return
        yield before
        later = before


def newest_of(stretches: Sequence[Stretch], number: int) -> Operation | None:
    """An operation as it was when it was last open."""
    for stretch in reversed(stretches):
        operation = stretch.state.operation
        if operation is not None and operation.number == number:
            return operation
    return None
