"""Each claim against the policy: what may be ordered at all, whatever the time is.

The policy that counts is the one that the claim names, and that must be the one in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from localcloud.project.simulate.checks.history import LATENCY, STALE, Chronicle, Claim, Course, History
from localcloud.project.simulate.checks.violation import Violation
from localcloud.rpc.load import Load
from tidegate.domain.policy import InstancePolicy, RungSpec
from tidegate.domain.reading import Billing, Direction
from tidegate.domain.state import CHANGED, Override


@dataclass(frozen=True)
class Case:
    """One claim, with all that it is held against."""

    history: History
    chronicle: Chronicle
    course: Course
    claim: Claim
    policy: InstancePolicy

    @property
    def direction(self) -> Direction:
        """Which way it goes."""
        return self.claim.planned.direction

    @property
    def rungs(self) -> Mapping[str, RungSpec]:
        """The rungs of the policy, smallest first."""
        return {each.rung: each for each in self.policy.ladder}

    @property
    def is_down(self) -> bool:
        """Whether it takes the instance down."""
        return self.direction is Direction.DOWN

    @property
    def is_subscription(self) -> bool:
        """Whether the instance is one: by the vendor, not by what was read."""
        return self.history.estate[self.chronicle.instance_id].is_subscription

    @property
    def override(self) -> Override | None:
        """A person's word that counts at the claim. One that ends in these seconds may count."""
        override = self.claim.before.override
        if override is None or (override.until and override.until + self.history.slack <= self.claim.at):
            return None
        return override

    @property
    def was_there(self) -> bool:
        """Whether the instance was brought where it is to go once since a person said so."""
        override, planned = self.override, self.claim.planned
        return override is not None and any(
            course.intent.to_rung == planned.to_rung and course.outcome in CHANGED
            for course in self.chronicle.courses.values()
            if course.closed
            and course.closed.seq < self.course.planned.seq
            # Who asked, and who closed it, may have clocks of their own.
            and course.closed.at > override.at + self.history.slack
        )

    def despite(self, guard: str) -> bool:
        """Whether a person has overruled this guard: for the resize that was asked for, and none that follows."""
        return self.override is not None and guard in self.override.despite and not self.was_there

    def broken(self, invariant: str, why: str) -> Violation:
        """Say what is wrong with it."""
        planned = self.claim.planned
        what = f"operation {planned.number} ({planned.direction.value} {planned.from_rung} -> {planned.to_rung})"
        attempt = self.claim.fact.attempt.number
        return Violation(
            invariant, self.chronicle.name, self.claim.entry.created_at, f"{what}, attempt {attempt}: {why}"
        )


def cases(history: History) -> Iterator[Case]:
    """Every claim of a week under a policy that is known."""
    for chronicle in history.chronicles.values():
        if chronicle.instance_id not in history.estate:
            continue
        for course, claim in chronicle.claims:
            policy = history.policy_of(claim.entry.policy, chronicle.name)
            if policy is not None:
                yield Case(history, chronicle, course, claim, policy)


def check(history: History) -> Iterator[Violation]:
    """Check what every claim of a week is for."""
    for chronicle in history.chronicles.values():
        for course, claim in chronicle.claims:
            if history.policy_of(claim.entry.policy, chronicle.name) is None:
                why = f"operation {course.number} was claimed by policy {claim.entry.policy!r}, which does not name it"
                yield Violation("policy in force", chronicle.name, claim.entry.created_at, why)
    for case in cases(history):
        yield from _policy(case)
        yield from _bounds(case)
        yield from _cost(case)
        yield from _expectations(case)
        yield from _drift(case)
        yield from _fit(case)


def _policy(case: Case) -> Iterator[Violation]:
    created_at = case.claim.entry.created_at
    known = case.history.in_force(created_at - LATENCY - case.history.slack, created_at)
    if case.claim.entry.policy not in {each.hash for each in known}:
        yield case.broken("policy in force", f"policy {case.claim.entry.policy} was not in force any more")
    if case.policy.mode != "act":
        yield case.broken("policy in force", "the instance is only observed")


def _bounds(case: Case) -> Iterator[Violation]:
    planned, claim, names = case.claim.planned, case.claim.fact, list(case.rungs)
    if planned.to_rung not in names:
        yield case.broken("bounds", f"{planned.to_rung} is on no ladder")
        return
    place = names.index(planned.to_rung)
    low, high = names.index(case.policy.min or names[0]), names.index(case.policy.max or names[-1])
    if not low <= place <= high:
        yield case.broken("bounds", f"{planned.to_rung} is outside of {names[low]} to {names[high]}")
    wrong = [field for field, value in case.rungs[planned.to_rung].spec.items() if claim.to_spec.get(field) != value]
    if wrong:
        yield case.broken("bounds", f"{', '.join(wrong)} is not what {planned.to_rung} has")
    moved = [field for field, value in claim.from_spec.items() if claim.to_spec.get(field) != value]
    if stray := [field for field in moved if field not in case.rungs[planned.to_rung].spec]:
        yield case.broken("bounds", f"{', '.join(stray)} is to be changed, which no rung names")
    standing = next((name for name in names if _has(claim.from_spec, case.rungs[name].spec)), "")
    if standing and (names.index(standing) > place) != case.is_down:
        yield case.broken("bounds", f"from {standing} it is not a way {case.direction.value}")


def _has(spec: Mapping[str, object], rung: Mapping[str, object]) -> bool:
    return all(spec.get(field) == value for field, value in rung.items())


def _cost(case: Case) -> Iterator[Violation]:
    planned, hard = case.claim.planned, case.policy.cost.hard
    end, start = case.rungs.get(planned.to_rung), case.rungs.get(planned.from_rung)
    if hard is None or end is None or end.hourly_price is None or end.hourly_price <= hard:
        return
    saves = case.is_down and (start is None or start.hourly_price is None or end.hourly_price <= start.hourly_price)
    if not saves:
        yield case.broken("cost", f"{end.hourly_price:g} an hour is above {hard:g}")


def _expectations(case: Case) -> Iterator[Violation]:
    expect, began = case.policy.expect, case.history.estate[case.chronicle.instance_id].kept.began
    billing = Billing.SUBSCRIPTION if case.is_subscription else Billing.PAY_AS_YOU_GO
    if expect.billing and expect.billing is not billing:
        yield case.broken("expectations", f"expected {expect.billing.value}, it is {billing.value}")
    if expect.edition and began.product == "rabbitmq" and expect.edition.lower() != began.edition.lower():
        yield case.broken("expectations", f"expected edition {expect.edition}, it is {began.edition}")


def _drift(case: Case) -> Iterator[Violation]:
    """Find a colleague's change that the read before the claim showed, and nobody has taken over since."""
    known = case.claim.before.last_set
    if not known or case.despite("drift") or case.policy.on_drift.action != "hold":
        return
    if not case.is_down and (not case.was_there or case.claim.before.demands):
        # An alert that began later may raise it.
        return
    fields = case.policy.ladder[0].spec
    if any(known.get(field) != case.claim.fact.from_spec.get(field) for field in fields):
        yield case.broken("drift", f"it stood on {dict(case.claim.fact.from_spec)}, and we had left {dict(known)}")


def _fit(case: Case) -> Iterator[Violation]:
    end = case.rungs.get(case.claim.planned.to_rung)
    if not case.is_down or case.despite("fit") or end is None or "QueueCapacity" not in end.spec:
        return
    load, kept = case.history.trace.vendor.load, case.history.estate[case.chronicle.instance_id].kept
    least = min(_queues(load, case, kept.instance_id, at) for at in _moments(case))
    remains = int(end.spec["QueueCapacity"])
    if least * (100 + case.policy.fit.headroom) > remains * 100:
        yield case.broken(
            "fit", f"{least} queues are in use, and {remains} remain, with {case.policy.fit.headroom}% to spare"
        )


def _queues(load: Load, case: Case, instance_id: str, at: datetime) -> int:
    return load.at(case.history.estate[instance_id].kept, at).queues


def _moments(case: Case) -> list[datetime]:
    """The use may have been another one when it was read: at both ends, and at each change between."""
    until, since = case.claim.entry.created_at, case.claim.at - STALE - case.history.slack
    start, name = case.history.trace.script.start, case.chronicle.name
    deeds = [deed for deed in case.history.trace.script.deeds if deed.do == "use" and deed.instance == name]
    changes = [case.history.begun_at(deed) for deed in deeds]
    return [max(since, start), *(at for at in changes if since <= at <= until), until]
