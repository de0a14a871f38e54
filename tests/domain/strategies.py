"""Random policies, and signals about an instance: what properties are held against."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import strategies as st

from tidegate.domain.guards import DESPITE
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Alert, AlertState, Request, Verb

START = datetime(2026, 3, 9, tzinfo=timezone.utc)
"""A Monday; no zone below changes its clocks in the fortnight after it."""
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata")
DAYS: tuple[str | list[str], ...] = (
    "daily",
    "workdays",
    "sat",
    "tue-thu",
    "month-end",
    ["2026-03-10", "03-12"],
    ["fri", "sat", "sun"],
)
PEOPLE = ("li", "wang", "ci")
BUDGETS = ("ups_per_day", "downs_per_day", "reversals_per_day")
EXPECTED: tuple[dict[str, str], ...] = (
    *({},) * 8,
    {"edition": "Enterprise"},
    {"edition": "vip"},
    {"billing": "subscription"},
)
SEEDS = st.integers(0, 2**32 - 1)
RULES = ("rule-a", "rule-b", "rule-c")
METRICS = {"rule-a": "InstanceTPSIn", "rule-b": "InstanceTPSOut", "rule-c": "InstanceConsumers"}
"""What bears them out, where a policy wants that."""
Written = dict[str, Any]


def chance_of(seed: int) -> Random:
    """All that a story draws from: the same for the same seed."""
    return Random(seed)  # noqa: S311 - stories are no secrets


def choices(*values: Any) -> st.SearchStrategy[Any]:
    """One of these, the first of them where nothing depends on it."""
    return st.sampled_from(values)


def any_span(chance: Random) -> Written:
    """A wall-clock span on half hours; many cross midnight, and some are whole days."""
    begin, length = chance.randrange(48), chance.choice((1, 3, 8, 17, 30, 47, 48))
    if length == 48:
        begin = 0
    span: Written = {"days": chance.choice(DAYS), "from": wall(begin), "to": wall((begin + length) % 48)}
    return span | ({"valid_from": "2026-03-10", "valid_until": "2026-03-13"} if chance.random() < 0.2 else {})


def some_spans(chance: Random, most: int, least: int = 0) -> list[Written]:
    """A few of them."""
    return [any_span(chance) for _ in range(chance.randint(least, most))]


def wall(half_hours: int) -> str:
    """So many half hours after midnight, by the wall clock."""
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


def any_rule(chance: Random, rungs: list[str], name: str) -> Written:
    """An alert rule."""
    raises = {"raise": chance.choice((1, 2)), "repeat": chance.choice(("hold", "climb"))}
    rule: Written = {"rule": name, **chance.choice((raises, {"at_least": chance.choice(rungs)}))}
    rule["urgent"] = chance.random() < 0.35
    if chance.random() < 0.5:
        rule["release_after"] = chance.choice(("0s", "5m", "2h"))
    if chance.random() < 0.35:
        rule["confirm"] = {"metric": METRICS[name], "above": 50}
    return rule


def written_policy(chance: Random, **over: Any) -> Written:
    """A policy as it may be written, with any of the keys that bear on a decision."""
    rungs = [f"rung-{place}" for place in range(chance.randint(2, 5))]
    ladder: list[Written] = [{"rung": rung, "MaxPrivateTps": 1000 * place} for place, rung in enumerate(rungs, start=1)]
    if is_priced := chance.random() < 0.6:
        ladder = [rung | {"hourly_price": place + chance.randrange(4)} for place, rung in enumerate(ladder, start=1)]
    base = chance.choice(("keep", "keep", *rungs))
    policy: Written = {
        "name": "orders-mq",
        "product": "rabbitmq",
        "region": "cn-hangzhou",
        "instance_id": "amqp-cn-demo0001",
        "mode": "act",
        "ladder": ladder,
        "base": base,
        "timezone": chance.choice(ZONES),
        "timetable": [
            span | {"rung": chance.choice(rungs), "ready_by": chance.random() < 0.5} for span in some_spans(chance, 3)
        ],
        "alerts": [any_rule(chance, rungs, name) for name in RULES[: chance.choice((0, 1, 2, 3, 3))]],
        "release_after": chance.choice(("30m", "5m", "2h")),
        "forget_after": chance.choice(("25h", "20m", "3h")),
        "on_drift": chance.choice(("hold", {"keep_for": "3h"}, *(["adopt"] if base == "keep" else []))),
        "resize_takes": chance.choice(("30m", "5m", "6h")),
        **any_limits(chance, is_priced=is_priced),
    }
    if chance.random() < 0.4:
        low, high = sorted(chance.choices(range(len(rungs)), k=2))
        policy |= {"min": rungs[low], "max": rungs[high]}
    return policy | over


def any_limits(chance: Random, *, is_priced: bool) -> Written:
    """All that keeps an instance from being resized."""
    limited: Written = {
        "resize_windows": {way: some_spans(chance, 2, 1) for way in ("up", "down") if chance.random() < 0.35},
        "blackouts": [
            span | {"name": "sale", "directions": chance.choice((["up", "down"], ["up"], ["down"]))}
            for span in some_spans(chance, chance.choice((0, 1, 2)))
        ],
        "cooldown": {"up": chance.choice(("0s", "5m", "3h")), "down": chance.choice(("0s", "55m", "5h"))},
        "budget": {key: chance.choice((0, 1, 2, 3, 12)) for key in BUDGETS},
        "approval": {
            "when": chance.choice(([], [], ["up"], ["down"], ["up", "down"])),
            "expires": chance.choice(("24h", "40m")),
        },
        "subscription_down": chance.choice(("allow", "ask")),
        "fit": {"headroom": chance.choice((0, 50))},
        "expect": chance.choice(EXPECTED),
    }
    if is_priced and chance.random() < 0.7:
        soft, hard = sorted(chance.choices(range(1, 9), k=2))
        limited["cost"] = chance.choice(({"soft": soft, "hard": hard}, {"soft": soft}, {"hard": hard}))
    return limited


def policies(**over: Any) -> st.SearchStrategy[InstancePolicy]:
    """Policies ready to decide by, each as good as its seed. `over` replaces keys."""
    return SEEDS.map(lambda seed: InstancePolicy.model_validate(written_policy(chance_of(seed), **over)))


@st.composite
def alerts(draw: st.DrawFn, key: str, within_min: int, rules: tuple[str, ...] = (RULES[0], *RULES)) -> Alert:
    """An alert of a rule that the policy has, or may not have."""
    at = START + timedelta(minutes=draw(st.integers(0, within_min)))
    state = draw(choices(*[AlertState.FIRING, AlertState.OK] * 4, AlertState.NO_DATA))
    return Alert(key=key, at=at, rule=draw(choices(*rules)), state=state, source="test")


@st.composite
def requests(
    draw: st.DrawFn, key: str, within_min: int, verbs: tuple[Verb, ...] = tuple(Verb), rungs: int = 5
) -> Request:
    """A request of one of several people, which may be one that is turned down."""
    at = START + timedelta(minutes=draw(st.integers(0, within_min)))
    verb = draw(choices(*verbs))
    lasts = draw(choices(None, 1, 10, 60, 60 * 24 * 3))
    request = {"key": key, "at": at, "verb": verb, "instance": "orders-mq", "caller": draw(choices(*PEOPLE))}
    if verb is Verb.RESIZE:
        request |= {"to": f"rung-{draw(st.integers(0, rungs - 1))}", "until_released": lasts is None}
        request["despite"] = tuple(draw(st.lists(choices(*DESPITE), unique=True, max_size=2)))
        request["reason"] = "because" if request["despite"] else ""
    if verb in (Verb.RESIZE, Verb.PAUSE, Verb.CANCEL) and lasts is not None:
        request["until"] = at + timedelta(minutes=lasts)
    return Request(**request)
