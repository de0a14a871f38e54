"""Lost ticks change when, never what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings

from tests.app.paper import Paper
from tests.domain.strategies import RULES, SEEDS, START, chance_of, some_spans
from tidegate.app.tick import tick
from tidegate.domain.arbiter import wanted
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Alert, AlertState, Request, Signal, Verb

TICK = timedelta(minutes=5)
TICKS, QUIET_TICKS = 100, 24
"""A tick every five minutes: so long things happen, and so long nothing more does."""
RUNGS = ("small", "medium", "large", "huge")
NAME = "orders-mq"
Said = Mapping[int, Sequence[Signal]]


def any_policy(chance: Random) -> InstancePolicy:
    """A timetable and alerts that ask for a certain rung; nothing that lasts for days keeps it from being resized.

    `raise` counts from the last settled rung, so what it asks for hangs on what was settled when it is heard.
    """
    rules = [
        {"rule": rule, "at_least": chance.choice(RUNGS), "release_after": chance.choice(("0s", "10m", "30m"))}
        for rule in RULES
    ]
    entries = [
        span | {"rung": chance.choice(RUNGS), "ready_by": chance.random() < 0.5} for span in some_spans(chance, 3)
    ]
    return InstancePolicy.model_validate(
        {
            "name": NAME,
            "product": "rabbitmq",
            "region": "cn-hangzhou",
            "instance_id": "amqp-cn-demo0001",
            "mode": "act",
            "ladder": [{"rung": rung, "MaxPrivateTps": 1000 * place} for place, rung in enumerate(RUNGS, start=1)],
            "timezone": chance.choice(("UTC", "Asia/Shanghai")),
            "timetable": entries,
            "alerts": rules,
            "cooldown": {"up": "0s", "down": chance.choice(("0s", "20m"))},
            "budget": dict.fromkeys(("ups_per_day", "downs_per_day", "reversals_per_day"), 48),
            "forget_after": chance.choice(("25h", "3h")),
        }
    )


def any_words(chance: Random) -> dict[int, list[Signal]]:
    """What is said, by the tick before which it is said."""
    said: dict[int, list[Signal]] = {}
    for number in range(chance.randint(1, 12)):
        at = chance.randrange(TICKS)
        said.setdefault(at, []).append(any_word(chance, f"key-{number}", START + at * TICK))
    return said


def any_word(chance: Random, key: str, now: datetime) -> Signal:
    """An alert, some of them late, or what a person asks for."""
    if chance.random() < 0.7:
        at = now - timedelta(minutes=chance.choice((0, 0, 2, 40)))
        state = chance.choice((AlertState.FIRING, AlertState.OK))
        return Alert(key, at, chance.choice(RULES), state, "test")
    verb = chance.choice((Verb.RESIZE, Verb.RESIZE, Verb.RELEASE, Verb.PAUSE, Verb.UNPAUSE))
    lasts = timedelta(minutes=chance.choice((1, 20, 90)))
    until = now + lasts if verb in (Verb.RESIZE, Verb.PAUSE) else None
    return Request(key, now, verb, NAME, "li", chance.choice(RUNGS), until)


def lived(policy: InstancePolicy, said: Said, lost: Collection[int]) -> tuple[list[str], int]:
    """Live through it without these ticks: what was wanted after each tick of the quiet end, and where it stands."""
    desk, wishes = Paper(), []
    instance = desk.add(policy.instance_id, 0)
    desk.push(policy)
    for number in range(TICKS + QUIET_TICKS):
        desk.now = START + number * TICK
        desk.post(NAME, *said.get(number, ()))
        if number not in lost:
            tick(desk.around, lambda: True)
        desk.work()
        if number >= TICKS:
            page = desk.page(NAME)
            want = wanted(page.terms, page.state, desk.now)
            wishes.append(want.rung if want else "")
    return wishes, instance.place


@settings(deadline=None, derandomize=True, max_examples=12)
@given(seed=SEEDS)
def test_whatever_ticks_are_lost_the_same_is_wanted_after_the_next_and_the_same_rung_is_reached(seed: int) -> None:
    chance = chance_of(seed)
    policy, said = any_policy(chance), any_words(chance)
    share = chance.choice((0.3, 0.7, 1.0))
    # The first one makes first contact, which takes over what is there then.
    lost = {number for number in range(1, TICKS) if chance.random() < share}
    every, some = lived(policy, said, ()), lived(policy, said, lost)
    assert some == every, (policy, said, sorted(lost))
