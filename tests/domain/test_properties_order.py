"""Between two settlements: what is wanted, and until when, depends on what was said and not on how it arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.strategies import RULES, SEEDS, START, alerts, chance_of, choices, policies, requests
from tests.sampling import draws
from tidegate.app.taking import pruned
from tidegate.domain.arbiter import open_demands, open_override, wanted
from tidegate.domain.hear import hear
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Signal, Verb
from tidegate.domain.state import Approved, Circuit, State
from tidegate.domain.terms import Terms

if TYPE_CHECKING:
    from tests.domain.conftest import Make
    from tidegate.app.lookout import Lookout

MANY = draws(50, derandomize=True)
LATE_MIN = (0, 1, 7, 20, 40, 100, 5 * 60)
AHEAD_MIN = (0, 1, 4, 9, 29, 31, 59, 121, 200, 24 * 60, 26 * 60, 80 * 60)
WORDS = (Verb.RESIZE, Verb.RESIZE, Verb.RELEASE, Verb.PAUSE, Verb.UNPAUSE, Verb.ACK)
WAYS = 16
"""In so many ways each story is told."""
Arrival = tuple[int, Sequence[Signal]]
"""When some signals arrive together, in minutes; none of them is a tick that finds nothing new."""


def stories(*kinds: Callable[[str], st.SearchStrategy[Signal]]) -> st.SearchStrategy[list[Signal]]:
    """All that is said."""
    return (
        st.integers(1, 8)
        .flatmap(
            lambda count: st.tuples(*[st.one_of([kind(f"key-{index}") for kind in kinds]) for index in range(count)])
        )
        .map(list)
    )


def ways(said: Sequence[Signal], chance: Random) -> Iterator[list[Arrival]]:
    """Ways in which it may arrive: late, in another order, twice, in batches, with ticks between."""
    for way in range(WAYS):
        arriving: dict[int, list[Signal]] = {chance.randrange(1000): [] for _ in range(chance.randrange(5))}
        if way % 2:
            # All of it comes together or one by one, in any order, when it has been said.
            last, pace = max(map(minute_of, said)), chance.choice([1, 1, 0, 9])
            for place, signal in enumerate(chance.sample(said, len(said))):
                arriving.setdefault(last + place * pace, []).append(signal)
        else:
            for signal in (*said, *chance.choices(said)):
                arriving.setdefault(minute_of(signal) + chance.choice(LATE_MIN), []).append(signal)
        yield in_order(arriving)


def in_order(arriving: Mapping[int, Sequence[Signal]]) -> list[Arrival]:
    return [(minute, arriving[minute]) for minute in sorted(arriving)]


def in_time(said: Sequence[Signal]) -> list[Arrival]:
    """Each of it at once when it is said."""
    return [(minute_of(signal), [signal]) for signal in sorted(said, key=lambda signal: (signal.at, signal.key))]


@dataclass(frozen=True)
class Round:
    """What letting go of what has ended needs to know of a round."""

    terms: Terms
    now: datetime

    @property
    def page(self) -> Round:
        """The terms are the page's."""
        return self


def minute_of(signal: Signal) -> int:
    """So many minutes after the start of the story."""
    return int((signal.at - START).total_seconds() // 60)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def play(terms: Terms, state: State, arrivals: Sequence[Arrival]) -> State:
    """Take in what arrives, and let go of what has ended, as every round does."""
    for minute, signals in arrivals:
        heard = hear(terms, state, signals, after(minute))
        state = heard[-1][1].state if heard else state
        state = pruned(cast("Lookout", Round(terms, after(minute))), state)
    return state


def outlook(terms: Terms, state: State, now: datetime) -> list[Any]:
    """What is open now and until when, and what is wanted now and at moments ahead."""
    policy = terms.policy
    demands = {
        (demand.rule, demand.rung, demand.ends(policy.releases_after(demand.rule), policy.forget_after))
        for demand in open_demands(terms, state, now)
        if demand.fired
    }
    paused = (state.pause.by, state.pause.until) if state.pause and state.pause.holds(now) else None
    wishes = [wanted(terms, state, now + timedelta(minutes=minutes)) for minutes in AHEAD_MIN]
    return [demands, open_override(terms, state, now), paused, [want and want.rung for want in wishes]]


def assert_alike(terms: Terms, state: State, said: Sequence[Signal], seed: int) -> None:
    """However it arrived, it is the same from when all of it has."""
    for arrivals in ways(said, chance_of(seed)):
        end = after(max(minute for minute, _ in arrivals))
        ideal, arrived = play(terms, state, in_time(said)), play(terms, state, arrivals)
        assert outlook(terms, arrived, end) == outlook(terms, ideal, end), arrivals


def any_alert(key: str) -> st.SearchStrategy[Signal]:
    return alerts(key, 6 * 60)


def any_word(key: str) -> st.SearchStrategy[Signal]:
    return requests(key, 6 * 60, WORDS)


def without_confirm(policy: InstancePolicy) -> InstancePolicy:
    """The policy, with no metric to bear its rules out: what a metric shows hangs on when it is read."""
    return policy.model_copy(update={"alerts": [rule.model_copy(update={"confirm": None}) for rule in policy.alerts]})


@MANY
@given(
    policy=policies().map(without_confirm),
    said=stories(any_alert, any_word),
    rung=st.integers(0, 4),
    seed=SEEDS,
)
def test_what_is_wanted_does_not_depend_on_how_it_arrived(
    make: Make, policy: InstancePolicy, said: list[Signal], rung: int, seed: int
) -> None:
    terms = Terms(policy)
    standing = terms.ladder.names[min(rung, len(terms.ladder.names) - 1)]
    assert_alike(terms, make.state(standing, home=standing), said, seed)


def one_rule(key: str) -> st.SearchStrategy[Signal]:
    """What one rule says within an hour."""
    return alerts(key, 60, RULES[:1])


EPISODES = {
    "said": stories(one_rule),
    "release_after": choices("30m", "2h", "2h", "10m", "0s"),
    "forget_after": choices("25h", "25h", "25h", "20m"),
    "seed": SEEDS,
}


def terms_of(make: Make, release_after: str, forget_after: str, repeat: str = "hold") -> Terms:
    """Terms with a single rule, on a ladder that it can climb."""
    ladder = [{"rung": f"rung-{place}", "MaxPrivateTps": 1000 * (place + 1)} for place in range(5)]
    alerts = [{"rule": RULES[0], "raise": 1, "repeat": repeat}]
    return make.terms(ladder=ladder, alerts=alerts, release_after=release_after, forget_after=forget_after)


@MANY
@given(**EPISODES)
def test_one_rules_alerts_come_to_the_same_in_any_order(
    make: Make, said: list[Signal], release_after: str, forget_after: str, seed: int
) -> None:
    assert_alike(terms_of(make, release_after, forget_after), make.state("rung-0", home="rung-0"), said, seed)


@MANY
@given(**EPISODES, repeat=choices("hold", "climb"), ok_min=st.none() | st.integers(-50, -1))
def test_alerts_after_a_resize_come_to_the_same_in_any_order(
    make: Make,
    said: list[Signal],
    release_after: str,
    forget_after: str,
    seed: int,
    *,
    repeat: str,
    ok_min: int | None,
) -> None:
    """The demand that led to it is still open, or its OK came before."""
    demand = make.demand("rung-1", RULES[0], opened_at=after(-60), heard_at=after(-60))
    if ok_min is not None:
        demand = replace(demand, ok_at=after(ok_min), last_ok_at=after(ok_min))
    state = make.state("rung-1", home="rung-0", demands=(demand,), recent=(make.settled(at=after(-5)),))
    assert_alike(terms_of(make, release_after, forget_after, repeat), state, said, seed)


# What was said before a thing was there says nothing of it, whenever it arrives.


def test_an_ack_that_was_said_before_it_went_wrong_closes_no_circuit(make: Make) -> None:
    state = make.state(circuit=Circuit("operation 7 rolled back", make.after(10)))
    early, late = (make.request("", at=make.after(minute), verb=Verb.ACK, until=None) for minute in (9, 10))
    ((_, after_early),) = hear(make.terms(), state, [early], make.after(11))
    ((_, after_late),) = hear(make.terms(), state, [late], make.after(11))
    assert (after_early.state, after_early.acked) == (state, False)
    assert "ended later, at 2026-03-02 12:10:00Z" in after_early.refused
    assert (after_late.state.circuit, after_late.acked) == (None, True)


def test_a_yes_that_was_said_before_it_was_asked_approves_nothing(make: Make) -> None:
    asked = Approved("x", "small", "large", make.after(10), make.after(100), "the policy asks before every up")
    early, late = (make.request("", at=make.after(minute), verb=Verb.APPROVE, until=None) for minute in (9, 10))
    ((_, after_early),) = hear(make.terms(), make.state(approval=asked), [early], make.after(11))
    ((_, after_late),) = hear(make.terms(), make.state(approval=asked), [late], make.after(11))
    assert after_early.state.approval == asked
    assert "was asked later, at 2026-03-02 12:10:00Z" in after_early.refused
    assert after_late.state.approval == replace(asked, by="li", at=make.after(10))
