"""Where every instance stands, from the ledger alone: the vendor is not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tidegate.app.page import Page
from tidegate.app.report.facts import Unreadable, book_of
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.arbiter import Wanted, open_override, wanted
from tidegate.domain.channels import dead_channels
from tidegate.domain.notices import notices
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Override, State
from tidegate.ledger.policies import Pointer
from tidegate.ledger.record import Corrupt, NewerSchema

SHORTLY: Mapping[str, str] = {
    "unpaid": "pay order {order}",
    "switchover": "press Switch",
    "doubt": "say whether the order of attempt {attempt} stands",
    "migrating": "refused for long",
    "slow": "takes long, look at it",
    "dying": "its execution keeps dying",
}
"""A notice that needs a person, in a few words for one line of a table."""


@dataclass(frozen=True)
class Need:
    """What a person has to do, in a few words and in full, and by when."""

    do: str
    text: str
    by: datetime | None = None


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
    needs: tuple[Need, ...]
    record: int
    at: datetime | None


@dataclass(frozen=True)
class Status:
    """The whole fleet, and the policy it is held to."""

    now: datetime
    account: str
    policy: str
    pushed_by: str
    pushed_at: datetime | None
    last_tick: datetime | None
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
    return Status(
        now=around.now(),
        account=around.account,
        policy=known.hash,
        pushed_by=in_force.by if in_force else "",
        pushed_at=in_force.at if in_force else None,
        last_tick=around.fleet.state().last_tick,
        instances=tuple(_one(around, known, name) for name in known.names),
    )


def _one(around: Surroundings, book: Book, name: str) -> Standing | Unreadable:
    policy = book.read(name)
    try:
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
        needs=tuple(_needs(policy, state, now)),
        record=page.head.seq if page.head else 0,
        at=page.head.at if page.head else None,
    )


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


def _needs(policy: InstancePolicy, state: State, now: datetime) -> Iterator[Need]:
    operation = state.operation
    for notice in notices(policy, state, now):
        if notice.kind == "needs-person" and operation is not None:
            short = SHORTLY.get(notice.name.rpartition("-")[2], notice.title)
            words = {"order": operation.order_id or "of this resize", "attempt": len(operation.attempts)}
            yield Need(short.format(**words), notice.text, notice.deadline)
    for channel in dead_channels(policy, state, now):
        yield Need(f"repair channel {channel}", f"channel {channel} takes no messages")
    if state.circuit:
        yield Need(f"look at it, then `tidegate ack {policy.name}`", state.circuit.why)
    if state.stance and state.stance.kind == "hold-person" and operation is None and state.stance.code != "circuit":
        yield Need(state.stance.reason, state.stance.reason)
