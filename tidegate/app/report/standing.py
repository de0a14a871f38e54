"""Where every instance stands, from the ledger alone: the vendor is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tidegate.app.fleet import TICK_DEAD_AFTER
from tidegate.app.page import Page
from tidegate.app.report.facts import Unreadable, book_of, policy_in
from tidegate.app.report.needs import Need, needs
from tidegate.app.report.upcoming import Ahead, Turn, turns_of
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.arbiter import Wanted, open_override, wanted
from tidegate.domain.fleet import FleetState
from tidegate.domain.limits import FleetLimits
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Approved, Drift, Override, Pause, State
from tidegate.domain.terms import Terms
from tidegate.ledger.policies import Pointer
from tidegate.ledger.record import Corrupt, NewerSchema

AHEAD, INSTANT = timedelta(days=14), timedelta(microseconds=1)
"""How far ahead the next change of the timetable is looked for."""


@dataclass(frozen=True)
class Underway:
    """The open operation."""

    number: int
    from_rung: str
    to_rung: str
    direction: str
    phase: str
    since: datetime
    reason: str
    order_id: str
    attempts: int
    execution: str
    next_look_at: datetime | None


@dataclass(frozen=True)
class NextChange:
    """When the timetable wants another rung next, by itself; an alert or a person may want more then."""

    at: datetime
    rung: str
    why: str


@dataclass(frozen=True)
class Standing:
    """One instance. `rung` is empty where it stands on none, or was never seen."""

    instance: str
    product: str
    region: str
    instance_id: str
    mode: str
    timezone: str
    seen: bool
    rung: str
    wanted: str
    why: str
    verdict: Literal["ok", "resize", "hold", "unknown"]
    code: str
    reason: str
    operation: Underway | None
    override: Override | None
    pause: Pause | None
    drift: Drift | None
    approval: Approved | None
    """What a person is asked, or has answered and no order has used yet."""
    next_change: NextChange | None
    needs: tuple[Need, ...]
    record: int
    at: datetime | None


@dataclass(frozen=True)
class FleetStanding:
    """How much of the fleet's limits is used, and whether the fleet is paused."""

    orders_under_way: int
    orders_at_once: int
    orders_in_hour: int
    orders_per_hour: int
    pause: Pause | None


@dataclass(frozen=True)
class Status:
    """The whole fleet, and the policy it is held to."""

    now: datetime
    account: str
    policy: str
    pushed_by: str
    pushed_at: datetime | None
    last_tick: datetime | None
    tick_dead: bool
    """Whether it has not run for so long that people are told; where it never ran, since the policy is in force."""
    fleet: FleetStanding
    instances: tuple[Standing | Unreadable, ...]

    @property
    def needy(self) -> int:
        """How many instances need a person."""
        return sum(1 for each in self.instances if isinstance(each, Standing) and each.needs)


def status(around: Surroundings, book: Book | None = None) -> Status:
    """Where every instance of the policy stands. Raises NothingPushed."""
    known = book_of(around, book)
    pointer: Pointer | None = around.policies.current()
    in_force = pointer if pointer and pointer.hash == known.hash else None
    fleet = around.fleet.state()
    return Status(
        now=around.now(),
        account=around.account,
        policy=known.hash,
        pushed_by=in_force.by if in_force else "",
        pushed_at=in_force.at if in_force else None,
        last_tick=fleet.last_tick,
        tick_dead=_is_dead(fleet.last_tick or (pointer.at if pointer else None), around.now()),
        fleet=_fleet(fleet, known.limits, around.now()),
        instances=tuple(_one(around, known, name) for name in known.names),
    )


def _is_dead(since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since >= TICK_DEAD_AFTER


def _fleet(state: FleetState, limits: FleetLimits, now: datetime) -> FleetStanding:
    use = state.use(limits, "", now)
    return FleetStanding(use.at_once, limits.orders_at_once, use.in_hour, limits.orders_per_hour, use.pause)


def _one(around: Surroundings, book: Book, name: str) -> Standing | Unreadable:
    try:
        policy = policy_in(book, name)
        page = Page.open(around, policy, book.hash)
    except (NewerSchema, Corrupt) as error:
        return Unreadable(name, str(error))
    return _standing(around, policy, page)


def _standing(around: Surroundings, policy: InstancePolicy, page: Page) -> Standing:
    now, state = around.now(), page.state
    terms = page.terms
    want = wanted(terms, state, now)
    stance = state.stance
    verdict: Literal["ok", "resize", "hold", "unknown"] = "unknown"
    if stance:
        verdict = "resize" if stance.kind == "resize" else "ok" if stance.code == "as-wanted" else "hold"
    return Standing(
        instance=policy.name,
        product=policy.product,
        region=policy.region,
        instance_id=policy.instance_id,
        mode=policy.mode,
        timezone=policy.timezone,
        seen=state.adopted_at is not None,
        rung="" if stance and stance.code in ("off-ladder", "gone") else state.rung,
        wanted=want.rung if want else "",
        why=_why(state, want),
        verdict=verdict,
        code=stance.code if stance else "",
        reason=stance.reason if stance else "",
        operation=_underway(state),
        override=open_override(terms, state, now),
        pause=state.pause if state.pause and state.pause.holds(now) else None,
        drift=state.drift,
        approval=_approval(state, now),
        next_change=_next_change(terms, state, now),
        needs=tuple(needs(policy, state, now)),
        record=page.head.seq if page.head else 0,
        at=page.head.at if page.head else None,
    )


def _approval(state: State, now: datetime) -> Approved | None:
    approval = state.approval
    return approval if approval and not approval.used_by and now < approval.expires_at else None


def _next_change(terms: Terms, state: State, now: datetime) -> NextChange | None:
    policy = terms.policy
    home = state.home if policy.base == "keep" else policy.base
    view = Ahead(policy, home if home in terms.ladder else "", now + INSTANT, now + AHEAD)
    turn: Turn | None = next(turns_of(view, terms), None)
    return NextChange(turn.at, turn.rung, turn.why) if turn and turn.rung else None


def _why(state: State, want: Wanted | None) -> str:
    if state.operation:
        return state.operation.reason
    return want.why if want else ""


def _underway(state: State) -> Underway | None:
    operation = state.operation
    if operation is None:
        return None
    return Underway(
        number=operation.number,
        from_rung=operation.from_rung,
        to_rung=operation.to_rung,
        direction=operation.direction.value,
        phase=operation.phase.value,
        since=operation.phases[-1][1] if operation.phases else operation.planned_at,
        reason=operation.reason,
        order_id=operation.order_id,
        attempts=len(operation.attempts),
        execution=operation.execution,
        next_look_at=operation.next_look_at,
    )
