"""Every kind of message, as it is rendered for people: `python -m tests.notify.examples` writes the snapshots anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.domain.conftest import Make
from tidegate.app.links import Link, url_of
from tidegate.app.summary import Day, written
from tidegate.app.tick import dead_tick_message, pause_message
from tidegate.domain.asking import to_approve
from tidegate.domain.facts import Telling
from tidegate.domain.fold import fold
from tidegate.domain.notices import notices
from tidegate.domain.operation import Evidence, Outcome, Phase, Verdict
from tidegate.domain.owed import owed
from tidegate.domain.queue import Line, Queue, in_one
from tidegate.domain.state import Approved, Circuit, Override, Pause, Stance, State
from tidegate.domain.unreadable import FLEET_KEY, POLICY_KEY, Trouble, What, Word
from tidegate.domain.unreadable_words import message as of_word

SNAPSHOTS = Path(__file__).parent / "snapshots"
MAKE = Make()
NOON, HOUR, DAY = MAKE.noon, timedelta(hours=1), timedelta(days=1)
SHANGHAI: dict[str, Any] = {"timezone": "Asia/Shanghai"}
GATEWAY: dict[str, Any] = {"name": "edge-gateway", "product": "apigateway", "ladder": ["small", "medium"], "alerts": []}
KEY, BASE = "an-example-key-of-32-signs-or-more", "https://approve.example.com"


def rendered() -> Iterator[tuple[str, str]]:
    """Each message by the name of its snapshot: kind, title and text, a line each."""
    for name, make_it in (*WAITS.items(), *HOLDS.items(), *OUTCOMES.items(), *OTHERS.items()):
        kind, title, text = make_it()
        yield name, f"kind: {kind}\ntitle: {title}\n\n{text}\n"


def _of(state: State, after: timedelta = timedelta(0), **policy: Any) -> Callable[[], tuple[str, str, str]]:
    def one() -> tuple[str, str, str]:
        (notice,) = notices(MAKE.policy(**{**SHANGHAI, **policy}), state, NOON + after)
        return notice.kind, notice.title, notice.text

    return one


def _held(code: str, reason: str, kind: str = "hold-person") -> Callable[[], tuple[str, str, str]]:
    return _of(MAKE.state(stance=Stance(kind, code, reason, "medium", NOON)), 2 * HOUR)


def _ended(outcome: Outcome, why: str, *, is_open: bool = False) -> Callable[[], tuple[str, str, str]]:
    order = "" if outcome in (Outcome.REFUSED, Outcome.UNCHANGED, Outcome.CANCELLED) else "o-1"
    state = MAKE.state(recent=(MAKE.settled(6, outcome, why=why, order_id=order),))
    return _of(replace(state, circuit=Circuit(why, NOON)) if is_open else state)


def _silent() -> tuple[str, str, str]:
    """What another channel is told when one has failed five times."""
    policy = MAKE.policy(
        notify=[{"url_env": "TIDEGATE_CHAT_URL", "on": ["failed"]}, {"url_env": "TIDEGATE_ONCALL_URL"}]
    )
    state, now = MAKE.state(operation=MAKE.operation(Phase.UNPAID, order_id="o-1")), NOON
    for _ in range(40):
        for message in owed(policy, state, now):
            state = fold(state, Telling(message.told), now)
        now += timedelta(minutes=1)
    (notice,) = [each for each in notices(policy, state, now) if each.but]
    return notice.kind, notice.title, notice.text


def _asked(*, linked: bool) -> tuple[str, str, str]:
    asked = Approved("0badcafe", "small", "medium", NOON, NOON + DAY, "the policy asks before every up", 2.7)
    policy = MAKE.policy(**SHANGHAI)
    link = url_of(Link.of(policy, asked, "TIDEGATE_ONCALL_URL"), "1234567890123456", KEY, BASE) if linked else ""
    notice = to_approve(policy, asked, link)
    return notice.kind, notice.title, notice.text


def _in_one() -> tuple[str, str, str]:
    queue = Queue(
        waiting=tuple(Line(f"mq-{n}", f"op{n}", f"mq-{n} small -> medium: resized") for n in (1, 2, 3)), more=4
    )
    return ("held", *in_one(queue))


def _unreadable(*troubles: Trouble, key: str = "", over: bool = False) -> Callable[[], tuple[str, str, str]]:
    """What a channel is told of some that cannot be read, or of some that can be again."""
    known = {key or each.name: each for each in troubles}

    def one() -> tuple[str, str, str]:
        word = Word("TIDEGATE_ONCALL_URL", HOUR, {} if over else known, known if over else {})
        return ("held" if over else "needs-person", *of_word(word))

    return one


def _trouble(what: What, why: str, name: str = "orders-mq", over_at: datetime | None = None) -> Trouble:
    return Trouble(what, name, why, NOON, over_at)


def _day() -> Day:
    return Day(
        needs=["edge-gateway: press Switch"],
        resized=["orders-mq small -> medium (12:10, +0.8 an hour)"],
        under_way=["edge-gateway api.s1.small -> api.s1.medium (switchover)"],
        held=["audit-mq: cooling down until 12:55"],
        would=["spare-mq: would go up to medium for tps-high"],
        instances=4,
        cost=9.8,
        before=9.0,
        priced=3,
    )


_TWO = 2 * HOUR
_LATER = "record 118 was written by a later version (1.4.0)"
PLACE = "ledger/1234567890123456/cn-hangzhou/rabbitmq/amqp-cn-demo0001/999999999881.json"
_REFUSED = MAKE.attempt(Verdict.REFUSED_FOR_NOW, code="TopicMigrating", message="busy")
_ADDRESSES = Evidence(switchover_at=NOON, notes={"internet egress": "47.1.2.3"})
WAITS: dict[str, Callable[[], tuple[str, str, str]]] = {
    "unpaid": _of(MAKE.state(operation=MAKE.operation(Phase.UNPAID, order_id="o-1"))),
    "switchover": _of(
        MAKE.state(
            operation=MAKE.operation(Phase.SWITCHOVER, from_notes={"internet egress": "47.1.2.9"}, evidence=_ADDRESSES)
        ),
        **GATEWAY,
    ),
    "doubt": _of(MAKE.state(operation=MAKE.doubtful()), timedelta(minutes=55)),
    "migrating": _of(MAKE.state(operation=MAKE.operation(Phase.WAITING, attempts=(_REFUSED,), planned_at=NOON)), _TWO),
    "slow": _of(MAKE.state(operation=MAKE.operation(Phase.APPLYING, order_id="o-1")), _TWO),
    "dying": _of(MAKE.state(operation=MAKE.operation(revivals=3))),
    "approval": lambda: _asked(linked=False),
    "approval-with-link": lambda: _asked(linked=True),
}
HOLDS: dict[str, Callable[[], tuple[str, str, str]]] = {
    "held-off-ladder": _held("off-ladder", "matches no rung; nearest medium, QueueCapacity 300 != 400"),
    "held-drift": _held("drift", "somebody else resized it to large"),
    "held-budget": _held("budget", "all 12 ups of the day are used"),
    "held-unread": _held("unread", "the instance could not be read", "hold"),
    "held-gone": _held("gone", "the vendor says RELEASED: the instance is stopped or released"),
    "held-home-unknown": _held("home-unknown", "home is not known yet: the instance was never seen on a rung"),
    "held-unhealthy": _held("unhealthy", "the instance is EXCEPTION, so it is left alone"),
    "held-expect": _held("expect", "expected edition enterprise, found professional"),
    "held-cost": _held("cost", "medium costs 9.5 an hour, above the hard limit of 9"),
    "held-window": _held("window", "ups have windows; none opens within a year"),
    "held-unmeasured": _held("unmeasured", "tps-high is not borne out: its metric cannot be read", "hold"),
    "held-fit-unread": _held("fit-unread", "what is in use cannot be read: 403 NoPermission", "hold"),
    "held-otherwise": _held("of-a-later-version", "a reason of its own"),
}
OUTCOMES: dict[str, Callable[[], tuple[str, str, str]]] = {
    "resized": _ended(Outcome.RESIZED, "read back twice"),
    "settled-elsewhere": _ended(Outcome.SETTLED_ELSEWHERE, "QueueCapacity 500 was not asked for"),
    "rolled-back": _ended(Outcome.ROLLED_BACK, "the old values are back", is_open=True),
    "refused": _ended(Outcome.REFUSED, "403 NoPermission: grant the missing permission", is_open=True),
    "order-cancelled": _ended(Outcome.ORDER_CANCELLED, "order o-1 is cancelled", is_open=True),
    "abandoned": _ended(Outcome.ABANDONED, "no end was seen in 8 days", is_open=True),
    "resized-elsewhere": _ended(Outcome.RESIZED_ELSEWHERE, "read back twice; order o-1 is left over, and unpaid"),
    "unchanged": _ended(Outcome.UNCHANGED, "nothing stands of it"),
    "cancelled": _ended(Outcome.CANCELLED, "small is wanted again"),
}
OTHERS: dict[str, Callable[[], tuple[str, str, str]]] = {
    "override-without-end": _of(
        MAKE.state("large", override=Override("large", None, "li", NOON - DAY, "the fair")), timedelta(minutes=1)
    ),
    "pause-without-end": _of(MAKE.state(pause=Pause("li", NOON - DAY, None, "audit")), timedelta(minutes=1)),
    "silent-channel": _silent,
    "many-in-one": _in_one,
    "summary": lambda: ("summary", *written(_day(), NOON - DAY)),
    "unreadable-ledger": _unreadable(_trouble("damaged", f"{PLACE} is not JSON: Expecting value: line 1 column 1")),
    "unreadable-newer": _unreadable(_trouble("newer", "record 118 was written by a later version (1.4.0)")),
    "unreadable-policy": _unreadable(_trouble("policy", "ValidationError: bidding: Extra inputs are not permitted")),
    "unreadable-failing": _unreadable(_trouble("failing", "NotImplementedError")),
    "unreadable-several": _unreadable(*(_trouble("newer", _LATER, f"mq-{number}") for number in range(1, 10))),
    "unreadable-fleet": _unreadable(_trouble("newer", _LATER, ""), key=FLEET_KEY),
    "unreadable-policy-in-force": _unreadable(
        _trouble("policy", "policy/current/999999999998.json is not JSON: Expecting value", ""), key=POLICY_KEY
    ),
    "readable-again": _unreadable(_trouble("damaged", "", over_at=NOON + 2 * HOUR), over=True),
    "readable-again-several": _unreadable(
        *(_trouble("newer", "", f"mq-{number}", NOON + HOUR) for number in range(1, 10)), over=True
    ),
    "readable-again-all": _unreadable(_trouble("newer", "", "", NOON + DAY), key=FLEET_KEY, over=True),
    "tick-dead": lambda: ("needs-person", *dead_tick_message(NOON)),
    "fleet-paused": lambda: ("held", *pause_message(Pause("li", NOON, None, "a freeze"))),
}


def write() -> None:
    """Write all snapshots anew."""
    for path in SNAPSHOTS.glob("*.txt"):
        path.unlink()
    for name, text in rendered():
        (SNAPSHOTS / f"{name}.txt").write_text(text, "utf-8")


if __name__ == "__main__":
    write()
