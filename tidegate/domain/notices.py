"""What people must be told, as a pure function of what is known; who was told already is in the state.

Every wait is named: an unpaid order, a switchover, a migration, a doubt, an order that takes too long, an execution
that keeps dying. A message that needs a person says what, by when, what to press, and what happens if nobody does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tidegate.domain.durations import write_duration
from tidegate.domain.follow import DOUBT_LASTS
from tidegate.domain.operation import OPENS_CIRCUIT, Operation, Outcome, Phase
from tidegate.domain.policy import Channel, InstancePolicy
from tidegate.domain.state import Settled, State, Told

Kind = Literal["resized", "failed", "held", "needs-person"]

ORDER_LIVES = timedelta(days=7)
"""How long the vendor keeps an unpaid order (fact B.4)."""
SWITCH_WITHIN = timedelta(hours=24)
"""After this the vendor rolls a switchover back (fact B.3)."""
LAST_CALL = timedelta(hours=1)
RESEND_AFTER = timedelta(minutes=5)
TRIES = 5
TELL_OUTCOMES_FOR = timedelta(days=1)
REVIVALS_UNTOLD = 3
CONSOLES: Mapping[str, str] = {
    "rabbitmq": "https://amqp.console.aliyun.com",
    "apigateway": "https://apigateway.console.aliyun.com",
}
ORDERS_CONSOLE = "https://usercenter2-intl.console.aliyun.com/order/list"


@dataclass(frozen=True)
class Notice:
    """One thing people must know, by name: said once a channel, with reminders if it repeats."""

    name: str
    kind: Kind
    title: str
    text: str
    repeats: bool = False
    deadline: datetime | None = None


@dataclass(frozen=True)
class Message:
    """A notice that is due on one channel now."""

    notice: Notice
    channel: Channel
    told: Told


def owed(policy: InstancePolicy, state: State, now: datetime) -> list[Message]:
    """What is due on which channel now, reminders included."""
    return [
        Message(notice, channel, told)
        for notice in notices(policy, state, now)
        for channel in policy.notify
        if notice.kind in channel.on and (told := _due(notice, channel, state, now))
    ]


def _due(notice: Notice, channel: Channel, state: State, now: datetime) -> Told | None:
    """The claim to write before sending, or None where nothing is due."""
    before = next((t for t in state.told if (t.notice, t.channel) == (notice.name, channel.url_env)), None)
    if before is None:
        return Told(notice.name, channel.url_env, claimed_at=now)
    if before.sent_at is None or before.sent_at < before.claimed_at:
        # Claimed, but nobody says that it went out: a message twice is better than none.
        tired = before.failures >= TRIES and now - before.claimed_at < channel.remind
        again = now - before.claimed_at >= RESEND_AFTER and not tired
        return _claim(before, now, failures=before.failures + 1) if again else None
    if not notice.repeats or before.acked:
        return None
    if notice.deadline and not before.last_call and LAST_CALL >= notice.deadline - now > timedelta(0):
        return _claim(before, now, last_call=True)
    return _claim(before, now) if now - before.sent_at >= channel.remind else None


def _claim(before: Told, now: datetime, *, failures: int = 0, last_call: bool | None = None) -> Told:
    kept = before.last_call if last_call is None else last_call
    return Told(before.notice, before.channel, now, before.sent_at, before.times, failures, before.acked, kept)


def notices(policy: InstancePolicy, state: State, now: datetime) -> Iterator[Notice]:
    """Everything people should know of this instance at this moment."""
    if state.operation:
        yield from _waits(policy, state.operation, now)
    for settled in state.recent:
        if now - settled.at < TELL_OUTCOMES_FOR:
            yield _outcome(policy, settled)
    stance = state.stance
    if stance and stance.kind == "hold-person" and state.operation is None:
        yield Notice(
            f"held-{stance.code}-{stance.at:%Y%m%dT%H%M%S}",
            "held",
            f"{policy.name} is held",
            f"{policy.name} is held: {stance.reason}.",
        )


def _waits(policy: InstancePolicy, operation: Operation, now: datetime) -> Iterator[Notice]:
    say = _Say(policy, operation, now)
    if operation.phase is Phase.UNPAID:
        yield say.unpaid()
    if operation.phase is Phase.SWITCHOVER:
        yield say.switchover()
    if operation.phase is Phase.DOUBT and now - operation.sent[-1].sent_at >= DOUBT_LASTS:
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
    def what(self) -> str:
        """The resize in a phrase."""
        return f"{self.policy.name} {self.operation.from_rung} -> {self.operation.to_rung}"

    def _needs_person(self, kind: str, text: str, deadline: datetime | None = None) -> Notice:
        by = f" by {deadline:%a %H:%M}Z" if deadline else ""
        quiet = f"Quiet this: `tidegate ack {self.policy.name}`."
        name = f"op{self.operation.number}-{kind}"
        title = f"{self.policy.name} needs you{by}"
        return Notice(name, "needs-person", title, f"{title}. {text} {quiet}", repeats=True, deadline=deadline)

    def unpaid(self) -> Notice:
        """An order waits to be paid."""
        ends = self.since + ORDER_LIVES
        order = self.operation.order_id or "of this resize"
        return self._needs_person(
            "unpaid",
            f"Pay order {order} ({self.what}): {ORDERS_CONSOLE}. If nobody does, the vendor cancels the order after "
            f"7 days and the old spec stays.",
            ends,
        )

    def switchover(self) -> Notice:
        """The vendor waits for a person to press Switch."""
        since = self.operation.evidence.switchover_at or self.since
        return self._needs_person(
            "switchover",
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
        seen = ", ".join(self.operation.evidence.candidates) or "none that fits"
        return self._needs_person(
            "doubt",
            f"Order in doubt: the request for {self.what} at {attempt.sent_at:%Y-%m-%d %H:%M:%S}Z got no clear answer "
            f"({attempt.code or 'no reply'}), so Tidegate does not order again. Look for the order ({seen} found so "
            f"far): {ORDERS_CONSOLE}. Pay or cancel it there, or resize by hand; Tidegate follows what happens.",
        )

    def migrating(self) -> Notice:
        """The vendor has refused for a long time."""
        last = next((a for a in reversed(self.operation.attempts) if a.code), None)
        why = f"{last.code}: {last.message}" if last else "no answer yet"
        waited = write_duration(self.now - self.operation.planned_at)
        return self._needs_person(
            "migrating", f"{self.what} was refused for {waited} ({why}); Tidegate goes on trying."
        )

    def slow(self) -> Notice:
        """The order stands, but the instance does not get there."""
        waited = write_duration(self.now - self.since)
        order = self.operation.order_id or "unknown"
        return self._needs_person(
            "slow",
            f"{self.what} has been {self.operation.phase.value} for {waited} (order {order}). Look at the instance: "
            f"{CONSOLES[self.policy.product]}. Tidegate goes on following it.",
        )

    def dying(self) -> Notice:
        """The workflow execution keeps dying."""
        execution = self.operation.execution
        text = f"The workflow execution {execution} stopped looking {self.operation.revivals} times ({self.what})."
        return self._needs_person("dying", f"{text} See its history in the CloudFlow console.")


def _outcome(policy: InstancePolicy, settled: Settled) -> Notice:
    what = f"{policy.name} {settled.from_rung} -> {settled.to_rung}"
    kind: Kind = "resized"
    if settled.outcome in OPENS_CIRCUIT:
        kind = "failed"
    elif settled.outcome is not Outcome.RESIZED:
        kind = "held"
    order = f", order {settled.order_id}" if settled.order_id else ""
    after = f" Nothing more is ordered until `tidegate ack {policy.name}`." if kind == "failed" else ""
    text = f"{what}: {settled.outcome.value}{order}. {settled.why}. Wanted because: {settled.reason}.{after}"
    return Notice(f"op{settled.number}-outcome", kind, f"{what}: {settled.outcome.value}", text)
