"""A callback is no proof: what no metric bears out moves nothing, up or down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.deeds import DEEDS, alert, calm, nothing
from tests.domain.life import Life
from tests.domain.strategies import METRICS, RULES, SEEDS, policies
from tests.sampling import draws
from tidegate.domain.alertrule import AlertRule, Confirm
from tidegate.domain.decide import decide
from tidegate.domain.hear import hear
from tidegate.domain.measures import Measure
from tidegate.domain.observed import Observed
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import AlertState

if TYPE_CHECKING:
    from tests.domain.conftest import Make

FEW = draws(20, derandomize=True)
LIVES, STEPS = 3, 60
MOSTLY_ALERTS = (*(alert,) * 8, *(calm,) * 3, nothing)
RULE = RULES[0]


def confirming(policy: InstancePolicy) -> InstancePolicy:
    """The policy, with a metric that is to bear out the first rule."""
    confirm = Confirm(metric=METRICS[RULE], above=50)
    first = next(iter(policy.alerts), AlertRule.model_validate({"rule": RULE, "raise": 1}))
    return policy.model_copy(update={"alerts": [first.model_copy(update={"confirm": confirm}), *policy.alerts[1:]]})


FREE = {
    "approval": {"when": []},
    "blackouts": [],
    "budget": {},
    "cost": {},
    "expect": {},
    "resize_windows": {},
    "subscription_down": "allow",
}
"""Little else keeps the instance from being resized, so that it shows what moves it."""
POLICIES = st.one_of(policies(), policies(**FREE), policies(**FREE)).map(confirming)


def lived(policy: InstancePolicy, seed: int, loads: Sequence[float | None], muted: Sequence[AlertState]) -> Life:
    """A life in which the rule's metric shows nothing but these, and its alerts of some kinds never come."""
    life = Life(policy, seed, place=seed % len(policy.ladder))
    life.fixed[METRICS[RULE]], life.muted = loads, {(RULE, state) for state in muted}
    life.live(STEPS, MOSTLY_ALERTS if seed % 2 else DEEDS)
    return life


@FEW
@given(policy=POLICIES, seed=SEEDS, loads=st.sampled_from([(0.0,), (None,), (50.0, None), (0.0, None, 49.9)]))
def test_what_is_never_borne_out_orders_what_would_be_ordered_had_it_never_rung(
    policy: InstancePolicy, seed: int, loads: Sequence[float | None]
) -> None:
    for life in range(seed, seed + LIVES):
        heard = lived(policy, life, loads, ())
        silent = lived(policy, life, loads, (AlertState.FIRING, AlertState.OK))
        assert heard.diary.orders == silent.diary.orders, heard.story()


@FEW
@given(policy=POLICIES, seed=SEEDS, loads=st.sampled_from([(51.0,), (90.0, None), (None, 90.0, 90.0)]))
def test_an_ok_that_the_load_belies_takes_nothing_away(
    policy: InstancePolicy, seed: int, loads: Sequence[float | None]
) -> None:
    for life in range(seed, seed + LIVES):
        lied_to = lived(policy, life, loads, ())
        silent = lived(policy, life, loads, (AlertState.OK,))
        assert lied_to.diary.orders == silent.diary.orders, lied_to.story()


def test_a_forged_ok_that_comes_before_its_alert_does_not_end_what_the_alert_opens(make: Make) -> None:
    """The alert is late. The load is there all the time."""
    confirm = {"metric": "InstanceTPSIn", "above": 50}
    terms = make.terms(alerts=[{"rule": "tps-high", "raise": 1, "confirm": confirm}])
    seen = Observed(measures={"tps-high": Measure("InstanceTPSIn", 90.0)})
    ((_, lied),) = hear(terms, make.state(), [make.alert(AlertState.OK, make.after(5))], make.after(5), seen)
    ((_, after),) = hear(terms, lied.state, [make.alert(at=make.after(3))], make.after(6), seen)
    assert lied.refused == "the OK is not borne out: InstanceTPSIn is 90, above 50"
    assert [demand.ok_at for demand in after.demands] == [None]


def test_what_is_not_borne_out_any_more_opens_no_window_to_the_lowest_rung_either(make: Make) -> None:
    """It keeps the rung that the instance stands on, which somebody made less than `min`."""
    rule = {
        "rule": "tps-high",
        "at_least": "large",
        "urgent": True,
        "confirm": {"metric": "InstanceTPSIn", "above": 50},
    }
    windows = {"up": [{"from": "01:00", "to": "02:00"}]}
    terms = make.terms(alerts=[rule], min="medium", resize_windows=windows)
    state = make.state("small", demands=(make.demand("large", confirmed_at=make.noon),))
    unread = make.seen(measures={"tps-high": Measure("InstanceTPSIn", None, trouble="no point")})
    assert decide(terms, state, unread, make.noon).code == "window"
    borne_out = make.seen(measures={"tps-high": Measure("InstanceTPSIn", 51.0)})
    assert decide(terms, state, borne_out, make.noon).code == "resize"
