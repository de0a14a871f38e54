"""The decision: resize or hold, always with a reason. Pure: the same facts at the same time give the same answer.

The guards stand in one table, in the order of their weight. A guard answers with a Hold or lets pass; which guards a
person may overrule with `--despite` is said beside each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tidegate.domain.arbiter import Wanted, wanted
from tidegate.domain.ladder import Rung
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing, Direction, Health, Reading
from tidegate.domain.state import State
from tidegate.domain.timetable import Timetable


@dataclass(frozen=True)
class Resize:
    """Go from one rung to another."""

    start: Rung
    end: Rung
    direction: Direction
    reason: str
    code: str = "resize"


@dataclass(frozen=True)
class Hold:
    """Stay, and why. `code` names the kind of reason, for filters and tests; `reason` is for people."""

    code: str
    reason: str
    needs_person: bool = False


Decision = Resize | Hold


@dataclass(frozen=True)
class Case:
    """Everything a guard may look at."""

    policy: InstancePolicy
    state: State
    reading: Reading
    want: Wanted
    now: datetime
    start: Rung
    end: Rung
    direction: Direction

    def despite(self, guard: str) -> bool:
        """Whether a person with an open override said to overrule this guard."""
        return self.want.override is not None and guard in self.want.override.despite


def decide(
    policy: InstancePolicy, state: State, reading: Reading | None, timetable: Timetable, now: datetime
) -> Decision:
    """Decide for one instance. `reading` is None where the instance was not or could not be read."""
    case = case_of(policy, state, reading, timetable, now)
    if isinstance(case, Hold):
        return case
    for _, guard in GUARDS:
        if (hold := guard(case)) is not None:
            return hold
    return Resize(
        case.start, case.end, case.direction, f"{case.end.name} wanted by {case.want.why}{_bounded(case.want)}"
    )


def case_of(
    policy: InstancePolicy, state: State, reading: Reading | None, timetable: Timetable, now: datetime
) -> Case | Hold:
    """What the guards are to judge, or a Hold where there is nothing to judge."""
    if reading is None:
        return Hold("unread", "the instance could not be read; the next tick tries again")
    if reading.health is Health.GONE:
        return Hold("gone", f"the vendor says {reading.status}: the instance is stopped or released", needs_person=True)
    start = policy.rungs.match(reading.spec)
    if start is None:
        return _off_ladder(policy, reading)
    want = wanted(policy, state, timetable, now)
    if want is None:
        return Hold("home-unknown", "home is not known yet: the instance was never seen on a rung", needs_person=True)
    end = policy.rungs.rung(want.rung)
    if end.name == start.name:
        return Hold("as-wanted", f"{start.name} as wanted by {want.why}{_bounded(want)}")
    return Case(policy, state, reading, want, now, start, end, policy.rungs.direction(start.name, end.name))


def _off_ladder(policy: InstancePolicy, reading: Reading) -> Hold:
    near = policy.rungs.nearest(reading.spec)
    fields = ", ".join(f"{f} {reading.spec.get(f)} != {near.spec[f]}" for f in near.differing(reading.spec))
    return Hold("off-ladder", f"matches no rung; nearest {near.name}: {fields}", needs_person=True)


def _bounded(want: Wanted) -> str:
    return f" ({want.clamped_from} is outside min/max)" if want.clamped_from else ""


def _mode(case: Case) -> Hold | None:
    if case.policy.mode == "act":
        return None
    return Hold("observe", f"observe only: would go {case.direction.value} to {case.end.name} for {case.want.why}")


def _open_operation(case: Case) -> Hold | None:
    operation = case.state.operation
    if operation is None:
        return None
    return Hold("operation", f"operation {operation.number} to {operation.to_rung} is {operation.phase.value}")


def _health(case: Case) -> Hold | None:
    if case.reading.health is Health.HEALTHY:
        return None
    return Hold("unhealthy", f"the instance is {case.reading.status}, so it is left alone", needs_person=True)


def _expect(case: Case) -> Hold | None:
    expect, found = case.policy.expect, case.reading
    if expect.billing and expect.billing is not found.billing:
        why = f"expected billing {expect.billing.value}, found {found.billing.value}"
        return Hold("expect", why, needs_person=True)
    if expect.edition and expect.edition.lower() != found.edition.lower():
        return Hold("expect", f"expected edition {expect.edition}, found {found.edition}", needs_person=True)
    return None


def _circuit(case: Case) -> Hold | None:
    circuit = case.state.circuit
    if circuit is None:
        return None
    why = f"nothing is ordered until `tidegate ack {case.policy.name}`: {circuit.why}"
    # The outcome that opened it was told already.
    return Hold("circuit", why)


def _cooldown(case: Case) -> Hold | None:
    last = case.state.last_resize()
    if last is None or case.despite("cooldown"):
        return None
    cooldown = case.policy.cooldown
    ready_at = last.at + (cooldown.up if case.direction is Direction.UP else cooldown.down)
    if case.now >= ready_at:
        return None
    return Hold("cooldown", f"cooling down until {ready_at:%Y-%m-%d %H:%M:%S}Z before {case.end.name}")


def _subscription_down(case: Case) -> Hold | None:
    is_subscription = case.reading.billing is Billing.SUBSCRIPTION
    if case.direction is Direction.UP or not is_subscription or case.policy.subscription_down == "allow":
        return None
    why = "a downgrade of a subscription does not return vouchers; allow it with `subscription_down: allow`"
    return Hold("approval", why, needs_person=True)


GUARDS: tuple[tuple[str, Callable[[Case], Hold | None]], ...] = (
    ("mode", _mode),  # nobody overrules it
    ("operation", _open_operation),  # nobody
    ("health", _health),  # nobody
    ("expect", _expect),  # nobody
    ("circuit", _circuit),  # nobody
    ("cooldown", _cooldown),  # a person with --despite cooldown
    ("approval", _subscription_down),  # nobody: allowing it is an act of its own, in the policy
)
"""Bounds are not a guard: the arbiter clamps to them, so no decision can lie outside."""

DESPITE = ("cooldown",)
"""The guards a person may overrule."""
