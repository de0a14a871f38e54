"""What people must be told, as a pure function of what is known; who was told already is in the state.

Every wait is named: an unpaid order, a switchover, a migration, a doubt, an order that takes too long, an execution
that keeps dying. A message that needs a person says what, by when, what to press, and what happens if nobody does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tidegate.domain.asking import asks_now, to_approve
from tidegate.domain.channels import TRIES, dead_channels, last_taken
from tidegate.domain.durations import write_duration
from tidegate.domain.follow import ABANDON_AFTER, DOUBT_LASTS, LONGEST_WAIT, MOST_ATTEMPTS, SWITCH_WITHIN
from tidegate.domain.held import what_to_do
from tidegate.domain.lasting import endless
from tidegate.domain.notice import Kind, Notice
from tidegate.domain.operation import OPENS_CIRCUIT, Operation, Outcome, Phase, opens_circuit
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import UNREADABLE, Settled, Stance, State

ORDER_LIVES = timedelta(days=7)
"""How long the vendor keeps an unpaid order (fact B.4)."""
CLEARS_WITHIN = timedelta(minutes=10)
"""After the doubt has lasted: by then it is cleared, or a person is needed."""
TELL_OUTCOMES_FOR = timedelta(days=1)
OUTCOMES_TOLD = 5
"""Only the newest outcomes: what is owed at once must fit into what the state remembers of having told."""
UNREAD_UNTOLD = timedelta(hours=1)
"""For how long an instance may be unreadable before people hear of it."""
REVIVALS_UNTOLD = 3
CONSOLES: Mapping[str, str] = {
    "rabbitmq": "https://amqp.console.aliyun.com",
    "apigateway": "https://apigateway.console.aliyun.com",
}
FLOW_CONSOLE = "https://fnf.console.aliyun.com"
ORDERS_CONSOLE = "https://usercenter2-intl.console.aliyun.com/order/list"


def notices(policy: InstancePolicy, state: State, now: datetime) -> Iterator[Notice]:
    """Everything people should know of this instance at this moment."""
    if state.operation:
        yield from _waits(policy, state.operation, now)
    opener = state.recent[-1] if state.circuit and state.recent else None
    for settled in state.recent[-OUTCOMES_TOLD:]:
        if settled is opener or now - settled.at < TELL_OUTCOMES_FOR:
            yield replace(_outcome(policy, settled), repeats=settled is opener)
    for channel in dead_channels(policy, state, now):
        yield _dead(policy, state, channel)
    stance = state.stance
    unread = stance is not None and stance.code in UNREADABLE and now - stance.at >= UNREAD_UNTOLD
    asks = asks_now(state, now) if state.operation is None else None
    if asks:
        yield to_approve(policy, asks)
    if stance and (stance.kind == "hold-person" or unread) and state.operation is None and stance.code != "approval":
        yield _held(policy, state, stance)
    yield from endless(policy, state, now)


def _held(policy: InstancePolicy, state: State, stance: Stance) -> Notice:
    # Before first contact there is nothing yet to which an ack could be written.
    quiet = f" {_quiet(policy)}" if state.adopted_at else ""
    title = f"{policy.name} is held"
    text = f"{title}: {stance.reason}. {what_to_do(stance.code, CONSOLES[policy.product], policy.name)}"
    name = f"held-{stance.code}-{stance.at:%Y%m%dT%H%M%S}"
    return Notice(name, "held", title, f"{text}{quiet}", repeats=True)


def _dead(policy: InstancePolicy, state: State, channel: str) -> Notice:
    """Told to the other channels, once for each time that the channel falls silent."""
    taken_at = last_taken(channel, state)
    since = f"{taken_at:%Y%m%dT%H%M%S}" if taken_at else "ever"
    title = f"channel {channel} takes no messages"
    text = (
        f"{policy.name}: {title}, after {TRIES} tries. Look at the address in {channel}, and at what is behind it. "
        f"If nobody does, it is tried with every reminder, and whoever reads only that channel hears nothing."
    )
    return Notice(f"silent-{channel}-since-{since}", "failed", title, text, but=channel)


def _quiet(policy: InstancePolicy) -> str:
    return f"Quiet this: `tidegate ack {policy.name}`."


def _waits(policy: InstancePolicy, operation: Operation, now: datetime) -> Iterator[Notice]:
    say = _Say(policy, operation, now)
    if operation.phase is Phase.UNPAID:
        yield say.unpaid()
    if operation.phase is Phase.SWITCHOVER:
        yield say.switchover()
    if operation.phase is Phase.DOUBT and now - operation.sent[-1].sent_at >= DOUBT_LASTS + CLEARS_WITHIN:
        yield say.doubt()
    if operation.phase is Phase.WAITING and now - operation.planned_at >= policy.deadlines.apply:
        yield say.migrating()
    applying = operation.phase in (Phase.ORDERED, Phase.APPLYING, Phase.PROVING)
    if applying and now - say.since >= policy.deadlines.apply:
        yield say.slow()
    if operation.revivals >= REVIVALS_UNTOLD:
        yield say.dying()


@dataclass(frozen=True)
class _Say:
    policy: InstancePolicy
    operation: Operation
    now: datetime

    @property
    def since(self) -> datetime:
        """When the operation entered its phase."""
        return self.operation.phases[-1][1] if self.operation.phases else self.operation.planned_at

    @property
    def given_up_at(self) -> datetime:
        """When an operation without an end is abandoned."""
        return self.operation.planned_at + ABANDON_AFTER

    @property
    def what(self) -> str:
        """The resize in a phrase."""
        return f"{self.policy.name} {self.operation.from_rung} -> {self.operation.to_rung}"

    def _needs_person(self, kind: str, text: str, deadline: datetime | None = None) -> Notice:
        zone = ZoneInfo(self.policy.timezone)
        by = f" by {deadline.astimezone(zone):%a %d %b %H:%M}" if deadline else ""
        name = f"op{self.operation.number}-{kind}"
        title = f"{self.policy.name} needs you{by}"
        return Notice(
            name, "needs-person", title, f"{title}. {text} {_quiet(self.policy)}", repeats=True, deadline=deadline
        )

    def _late(self, kind: str, since: datetime, deadline: timedelta) -> str:
        """After its deadline a wait is another matter: said anew, also where the first message was acknowledged."""
        return f"{kind}-late" if self.now - since >= deadline else kind

    def unpaid(self) -> Notice:
        """An order waits to be paid."""
        ends = self.operation.sent[-1].sent_at + ORDER_LIVES
        pay = f"Pay order {self.operation.order_id or 'of this resize'}"
        if not self.operation.order_id and self.operation.evidence.unpaid:
            pay = f"Pay or cancel whichever of the orders {', '.join(self.operation.evidence.unpaid)} is of this resize"
        return self._needs_person(
            self._late("unpaid", self.operation.sent[-1].sent_at, self.policy.deadlines.unpaid),
            f"{pay} ({self.what}): {ORDERS_CONSOLE}. If nobody does, the vendor cancels the order after "
            f"7 days and the old spec stays.",
            ends,
        )

    def switchover(self) -> Notice:
        """The vendor waits for a person to press Switch."""
        since = self.operation.evidence.switchover_at or self.operation.evidence.announced_at or self.since
        return self._needs_person(
            self._late("switchover", since, self.policy.deadlines.switchover),
            f"Whitelist the new egress {self._egress()} at the back ends, then press Switch in the console: "
            f"{CONSOLES[self.policy.product]}. If nobody does, the vendor rolls back and the old spec stays.",
            since + SWITCH_WITHIN,
        )

    def _egress(self) -> str:
        """The addresses that are not what they were."""
        before, after = self.operation.from_notes, self.operation.evidence.notes
        new = [f"{a} ({name}; was {before.get(name) or 'none'})" for name, a in after.items() if before.get(name) != a]
        return ", ".join(new) or "addresses, shown in the console,"

    def doubt(self) -> Notice:
        """It cannot be known whether an order stands."""
        attempt = self.operation.sent[-1]
        evidence = self.operation.evidence
        seen = ", ".join(evidence.candidates) or "none that fits"
        if evidence.unlike:
            seen = f"{seen}, and of this instance also {', '.join(evidence.unlike)}"
        return self._needs_person(
            "doubt",
            f"Order in doubt: the request for {self.what} at {attempt.sent_at:%Y-%m-%d %H:%M:%S}Z got no clear answer "
            f"({attempt.code or 'no reply'}), so Tidegate does not order again. Look for the order ({seen} found so "
            f"far): {ORDERS_CONSOLE}. Pay or cancel it there, or resize by hand; Tidegate follows what happens. If "
            f"nobody does, nothing is ordered until then, and this operation is given up.",
            self.given_up_at,
        )

    def migrating(self) -> Notice:
        """The vendor has refused for a long time."""
        last = next((a for a in reversed(self.operation.attempts) if a.code), None)
        why = f"{last.code}: {last.message}" if last else "no answer yet"
        waited = write_duration(self.now - self.operation.planned_at)
        return self._needs_person(
            "migrating",
            f"{self.what} was refused for {waited} ({why}). Look at the instance: {CONSOLES[self.policy.product]}. If "
            f"nobody does, Tidegate goes on trying until about then, {MOST_ATTEMPTS} times at most, and gives up; the "
            f"old spec stays.",
            self._last_attempt_at,
        )

    @property
    def _last_attempt_at(self) -> datetime:
        """By when the attempts that are left are used up, with the longest rest between them."""
        attempts = self.operation.attempts
        left = max(MOST_ATTEMPTS - len(attempts), 0) * timedelta(seconds=LONGEST_WAIT)
        return (attempts[-1].sent_at if attempts else self.operation.planned_at) + left

    def slow(self) -> Notice:
        """The order stands, but the instance does not get there."""
        waited = write_duration(self.now - self.since)
        order = self.operation.order_id or "unknown"
        return self._needs_person(
            "slow",
            f"{self.what} has been {self.operation.phase.value} for {waited} (order {order}). Look at the instance: "
            f"{CONSOLES[self.policy.product]}. If nobody does, Tidegate goes on following it until then, and gives up.",
            self.given_up_at,
        )

    def dying(self) -> Notice:
        """The workflow execution keeps dying."""
        return self._needs_person(
            "dying",
            f"The workflow execution {self.operation.execution} stopped looking {self.operation.revivals} times "
            f"({self.what}). See its history: {FLOW_CONSOLE}. If nobody does, another one is started every half hour, "
            f"nobody looks at the order in between, and the first look after that time gives the operation up.",
            self.given_up_at,
        )


def _outcome(policy: InstancePolicy, settled: Settled) -> Notice:
    what = f"{policy.name} {settled.from_rung} -> {settled.to_rung}"
    kind: Kind = "resized"
    if settled.outcome in OPENS_CIRCUIT:
        kind = "failed"
    elif settled.outcome is not Outcome.RESIZED:
        kind = "held"
    order = f", order {settled.order_id}" if settled.order_id else ""
    held = opens_circuit(settled.outcome, settled.phases)
    after = f" Nothing more is ordered until `tidegate ack {policy.name}`." if held else ""
    text = f"{what}: {settled.outcome.value}{order}. {settled.why}. Wanted because: {settled.reason}.{after}"
    return Notice(f"op{settled.number}-outcome", kind, f"{what}: {settled.outcome.value}", text)
