"""Random policies, and signals about an instance: what properties are held against."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
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
RULES = ("rule-a", "rule-b", "rule-c")
Written = dict[str, Any]


def choices(*values: Any) -> st.SearchStrategy[Any]:
    """One of these, the first of them where nothing depends on it."""
    return st.sampled_from(values)


@st.composite
def spans(draw: st.DrawFn, **more: st.SearchStrategy[Any]) -> Written:
    """A wall-clock span on half hours; many cross midnight, and some are whole days."""
    begin, length = draw(st.integers(0, 47)), draw(choices(48, 1, 3, 8, 17, 30, 47))
    if length == 48:
        begin = 0
    span: Written = {"days": draw(choices(*DAYS)), "from": wall(begin), "to": wall((begin + length) % 48)}
    if draw(st.integers(0, 4)) == 4:
        span |= {"valid_from": "2026-03-10", "valid_until": "2026-03-13"}
    return span | {key: draw(value) for key, value in more.items()}


def wall(half_hours: int) -> str:
    """So many half hours after midnight, by the wall clock."""
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


@st.composite
def rules(draw: st.DrawFn, rungs: list[str], name: str) -> Written:
    """An alert rule."""
    rule: Written = {"rule": name}
    if draw(st.booleans()):
        rule["at_least"] = draw(choices(*rungs))
    else:
        rule |= {"raise": draw(choices(1, 2)), "repeat": draw(choices("hold", "climb"))}
    rule["urgent"] = draw(choices(False, False, True))
    if draw(st.booleans()):
        rule["release_after"] = draw(choices("0s", "5m", "2h"))
    if draw(choices(False, False, True)):
        rule["confirm"] = {"metric": "InstanceTPSIn", "above": 50}
    return rule


@st.composite
def written_policies(draw: st.DrawFn, rungs_at_most: int = 5, **over: Any) -> Written:
    """A policy as it may be written, with any of the keys that bear on a decision."""
    rungs = [f"rung-{place}" for place in range(draw(st.integers(2, rungs_at_most)))]
    is_priced = draw(st.booleans())
    ladder = [{"rung": rung, "MaxPrivateTps": 1000 * (place + 1)} for place, rung in enumerate(rungs)]
    if is_priced:
        ladder = [rung | {"hourly_price": draw(choices(*range(place, place + 4)))} for place, rung in enumerate(ladder, 1)]
    low, high = sorted(draw(st.tuples(*[st.integers(0, len(rungs) - 1)] * 2)))
    base = draw(choices("keep", "keep", *rungs))
    policy: Written = {
        "name": "orders-mq",
        "product": "rabbitmq",
        "region": "cn-hangzhou",
        "instance_id": "amqp-cn-demo0001",
        "mode": "act",
        "ladder": ladder,
        "base": base,
        "timezone": draw(choices(*ZONES)),
        "timetable": draw(st.lists(spans(rung=choices(*rungs), ready_by=st.booleans()), max_size=3)),
        "alerts": [draw(rules(rungs, name)) for name in RULES[: draw(choices(1, 1, 2, 3, 0))]],
        "release_after": draw(choices("30m", "5m", "2h")),
        "forget_after": draw(choices("25h", "20m", "3h")),
        "on_drift": draw(choices("hold", {"keep_for": "3h"}, *(["adopt"] if base == "keep" else []))),
        "resize_takes": draw(choices("30m", "5m", "6h")),
    }
    if draw(st.booleans()):
        policy |= {"min": rungs[low], "max": rungs[high]}
    return policy | draw(limits(is_priced=is_priced)) | over


@st.composite
def limits(draw: st.DrawFn, *, is_priced: bool) -> Written:
    """All that keeps an instance from being resized."""
    windows = st.none() | st.none() | st.lists(spans(), min_size=1, max_size=2)
    limited: Written = {
        "resize_windows": {key: value for key in ("up", "down") if (value := draw(windows)) is not None},
        "blackouts": draw(
            st.lists(spans(directions=choices(["up", "down"], ["up"], ["down"]), name=st.just("sale")), max_size=2)
        ),
        "cooldown": {"up": draw(choices("0s", "5m", "3h")), "down": draw(choices("0s", "55m", "5h"))},
        "budget": {
            "ups_per_day": draw(choices(12, 0, 1, 2)),
            "downs_per_day": draw(choices(6, 0, 1, 2)),
            "reversals_per_day": draw(choices(6, 0, 1, 2)),
        },
        "approval": {
            "when": draw(choices([], ["up"], ["down"], ["up", "down"])),
            "expires": draw(choices("24h", "40m")),
        },
        "subscription_down": draw(choices("allow", "ask")),
        "fit": {"headroom": draw(choices(0, 50))},
        "expect": draw(choices({}, {}, {}, {"edition": "Enterprise"}, {"billing": "subscription"})),
    }
    if is_priced and draw(st.booleans()):
        soft, hard = sorted(draw(st.tuples(*[st.integers(1, 8)] * 2)))
        limited["cost"] = draw(choices({"soft": soft, "hard": hard}, {"soft": soft}, {"hard": hard}))
    return limited


def policies(rungs_at_most: int = 5, **over: Any) -> st.SearchStrategy[InstancePolicy]:
    """Policies ready to decide by. `over` replaces keys."""
    return written_policies(rungs_at_most, **over).map(InstancePolicy.model_validate)


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
