"""Confirmation: a callback is no proof. What its metric does not bear out moves nothing, up or down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.arbiter import Wanted, to_measure, wanted
from tidegate.domain.decide import decide
from tidegate.domain.hear import Heard, hear
from tidegate.domain.measures import Measure
from tidegate.domain.observed import Observed
from tidegate.domain.operation import Phase
from tidegate.domain.signal import Alert, AlertState
from tidegate.domain.state import Demand, State
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Decision, Hold, Resize

if TYPE_CHECKING:
    from tests.domain.conftest import Make

OK = AlertState.OK
METRIC = "InstanceMaxTpsInMiunte"
RULE: dict[str, Any] = {"rule": "tps-high", "raise": 1, "confirm": {"metric": METRIC, "above": 2700}}
LARGE: dict[str, Any] = {"rule_id": "a1b2", "at_least": "large"}
TROUBLE = "Throttling: slower"


def _terms(make: Make, *rules: dict[str, Any], **policy: Any) -> Terms:
    return make.terms(alerts=list(rules or (RULE, LARGE)), **policy)


def _measured(value: float | None, rule: str = "tps-high") -> dict[str, Measure]:
    return {rule: Measure(METRIC, value, trouble="" if value is not None else TROUBLE)}


def _decided(make: Make, state: State, measures: dict[str, Measure], rung: str = "small", **policy: Any) -> Decision:
    return decide(_terms(make, **policy), state, make.seen(rung, measures=measures), make.after(5))


def _wanted(make: Make, state: State, measures: dict[str, Measure] | None) -> Wanted:
    want = wanted(_terms(make), state, make.after(5), measures, state.rung)
    assert want is not None
    return want


# Raising


def test_what_the_metric_bears_out_moves_the_instance(make: Make) -> None:
    decision = _decided(make, make.state(demands=(make.demand(),)), _measured(2701))
    assert isinstance(decision, Resize)
    assert (decision.end.name, decision.reason) == ("medium", "medium wanted by tps-high")


@pytest.mark.parametrize("value", [0, 2699.9, 2700])
def test_what_the_metric_does_not_bear_out_moves_nothing_and_the_figures_are_said(make: Make, value: float) -> None:
    decision = _decided(make, make.state(demands=(make.demand(),)), _measured(value))
    assert isinstance(decision, Hold)
    why = f"alert tps-high is not borne out: {METRIC} {value:g} is not above 2700; so small stays, as wanted by home"
    assert (decision.code, decision.reason, decision.needs_person) == ("unconfirmed", why, False)


def test_a_metric_that_cannot_be_read_moves_nothing_and_nothing_is_guessed(make: Make) -> None:
    decision = _decided(make, make.state(demands=(make.demand(),)), _measured(None))
    assert isinstance(decision, Hold)
    why = f"alert tps-high is not borne out: {METRIC} could not be read ({TROUBLE}); so small stays, as wanted by home"
    assert (decision.code, decision.reason) == ("unmeasured", why)


def test_a_metric_that_nobody_read_counts_as_unread(make: Make) -> None:
    decision = _decided(make, make.state(demands=(make.demand(),)), {})
    assert decision.code == "unmeasured"
    assert "could not be read (it was not read)" in decision.reason


def test_a_rule_without_confirm_needs_no_metric(make: Make) -> None:
    decision = _decided(make, make.state(demands=(make.demand("large", "a1b2"),)), {})
    assert isinstance(decision, Resize)
    assert decision.end.name == "large"


def test_of_two_alerts_the_one_that_is_not_borne_out_adds_nothing(make: Make) -> None:
    terms = _terms(make, {**RULE, "raise": 2}, {"rule_id": "a1b2", "at_least": "medium"})
    demands = (make.demand("large"), make.demand("medium", "a1b2"))
    decision = decide(terms, make.state(demands=demands), make.seen(measures=_measured(5)), make.after(5))
    assert isinstance(decision, Resize)
    assert decision.end.name == "medium"
    assert decision.reason == (f"medium wanted by a1b2 (alert tps-high is not borne out: {METRIC} 5 is not above 2700)")


def test_before_it_was_borne_out_a_demand_keeps_nothing_up(make: Make) -> None:
    """A forged alert must not keep an instance from going home."""
    state = make.state("medium", demands=(make.demand("medium"),))
    decision = _decided(make, state, _measured(5), "medium")
    assert isinstance(decision, Resize)
    assert decision.end.name == "small"


def test_once_borne_out_a_demand_keeps_the_instance_where_it_is_until_the_ok(make: Make) -> None:
    """Having been raised, the metric of the larger rung need not be above what was too much for the smaller one."""
    demand = make.demand("medium", confirmed_at=make.after(1))
    for measures in (_measured(5), _measured(None), {}):
        decision = _decided(make, make.state("medium", demands=(demand,)), measures, "medium")
        assert (decision.code, decision.reason) == ("as-wanted", "medium as wanted by tps-high")


def test_once_borne_out_it_raises_again_only_if_it_is_borne_out_again(make: Make) -> None:
    """Somebody has put it back on the small rung, or it climbs."""
    demand = make.demand("medium", confirmed_at=make.after(1))
    state = make.state("small", demands=(demand,))
    assert _decided(make, state, _measured(5)).code == "unconfirmed"
    assert _decided(make, state, _measured(2800)).code == "resize"


def test_an_override_needs_no_metric(make: Make) -> None:
    state = make.state(demands=(make.demand(),), override=make.override("large"))
    decision = _decided(make, state, _measured(5))
    assert isinstance(decision, Resize)
    assert decision.reason == "large wanted by override by li until 2026-03-02 14:00Z"


def test_where_something_else_wants_as_much_the_metric_does_not_matter(make: Make) -> None:
    decision = _decided(make, make.state(home="large", demands=(make.demand(),)), _measured(None))
    assert isinstance(decision, Resize)
    assert decision.end.name == "large"


def test_without_measures_only_what_was_borne_out_before_counts(make: Make) -> None:
    """So it is reckoned whether anything is to be done, before anything is read."""
    fresh = make.state(demands=(make.demand(),))
    borne = make.state(demands=(make.demand(confirmed_at=make.noon),))
    assert [_wanted(make, state, None).rung for state in (fresh, borne)] == ["small", "medium"]


# What is measured


@pytest.mark.parametrize(
    ("rung", "demand", "rules"),
    [
        ("small", {}, ("tps-high",)),
        ("medium", {}, ("tps-high",)),
        ("small", {"confirmed_at": 1}, ("tps-high",)),
        ("medium", {"confirmed_at": 1}, ()),
        ("large", {"confirmed_at": 1}, ()),
        ("small", {"rule": "a1b2"}, ()),
        ("small", {"fired": False}, ()),
        ("small", {"ok_at": -60}, ()),
    ],
)
def test_a_metric_is_read_where_a_demand_hangs_on_it_and_nowhere_else(
    make: Make, rung: str, demand: dict[str, Any], rules: tuple[str, ...]
) -> None:
    moments = {key: make.after(value) for key, value in demand.items() if key.endswith("_at")}
    state = make.state(rung, demands=(make.demand(**{**demand, **moments}),))
    assert to_measure(_terms(make), state, make.after(5)) == rules


def test_where_no_rule_asks_for_it_nothing_is_measured(make: Make) -> None:
    assert to_measure(make.terms(), make.state(demands=(make.demand(),)), make.after(5)) == ()


# Ending


def _ended(make: Make, measures: dict[str, Measure], *demands: Demand, ok: Alert | None = None) -> Heard:
    """What becomes of an OK half an hour after noon."""
    state, at = make.state("medium", demands=demands), make.after(30)
    observed = Observed(measures=measures)
    ((_, after),) = hear(_terms(make), state, [ok or make.alert(OK, at)], at, observed)
    return after


def test_an_ok_that_the_metric_bears_out_ends_the_demand(make: Make) -> None:
    after = _ended(make, _measured(2700), make.demand(confirmed_at=make.noon))
    assert [demand.ok_at for demand in after.demands] == [make.after(30)]
    assert (after.refused, after.waits) == ("", "")


def test_a_forged_ok_does_not_end_a_demand(make: Make) -> None:
    demand = make.demand(confirmed_at=make.noon)
    after = _ended(make, _measured(2701), demand)
    assert after.refused == f"the OK is not borne out: {METRIC} is 2701, above 2700"
    assert after.demands == (demand,)


def test_an_ok_that_cannot_be_held_against_the_metric_waits(make: Make) -> None:
    demand = make.demand(confirmed_at=make.noon)
    after = _ended(make, _measured(None), demand)
    assert after.waits == f"{METRIC} could not be read ({TROUBLE}); the next tick tries again"
    assert (after.refused, after.demands) == ("", (demand,))
    assert _ended(make, {}, demand).waits == f"{METRIC} could not be read (it was not read); the next tick tries again"


def test_an_ok_that_ends_nothing_needs_no_metric(make: Make) -> None:
    for demands in ((), (make.demand(fired=False, ok_at=make.after(1), last_ok_at=make.after(1)),)):
        after = _ended(make, _measured(None), *demands)
        assert (after.refused, after.waits, len(after.demands)) == ("", "", 1)


def test_an_ok_of_a_rule_without_confirm_is_believed(make: Make) -> None:
    ok = make.alert(OK, make.after(30), rule="", rule_id="a1b2")
    after = _ended(make, {}, make.demand("large", "a1b2"), ok=ok)
    assert [demand.ok_at for demand in after.demands] == [make.after(30)]


def test_an_ok_that_waits_does_not_keep_what_came_with_it_from_being_heard(make: Make) -> None:
    """And leaves the state as it was for those that follow it."""
    state = make.state("medium", demands=(make.demand(confirmed_at=make.noon),))
    ok, request = make.alert(OK, make.after(1)), make.request("large", make.after(2))
    heard = hear(_terms(make), state, [ok, request], make.after(3), Observed(measures=_measured(None)))
    assert [bool(after.waits) for _, after in heard] == [True, False]
    assert heard[-1][1].override is not None
    assert heard[-1][1].demands == state.demands


# Ringing again after the end


def _again(make: Make, measures: dict[str, Measure], minute: float = 12, **rule: Any) -> Heard:
    """What becomes of a firing after an OK at ten past noon, of a demand that was borne out at noon."""
    demand = make.demand(confirmed_at=make.noon, ok_at=make.after(10), last_ok_at=make.after(10))
    terms, alert = _terms(make, {**RULE, **rule}), make.alert(at=make.after(minute))
    state = make.state("medium", demands=(demand,))
    ((_, after),) = hear(terms, state, [alert], make.after(minute), Observed(measures=measures))
    return after


def test_a_firing_that_is_not_borne_out_does_not_take_an_ok_back_but_waits_for_its_metric(make: Make) -> None:
    after = _again(make, _measured(100))
    assert after.waits == f"the alert is not borne out: {METRIC} is 100, not above 2700; the next tick looks again"
    assert [demand.ok_at for demand in after.demands] == [make.after(10)]


def test_a_firing_that_is_borne_out_takes_an_ok_back(make: Make) -> None:
    after = _again(make, _measured(2800))
    assert (after.waits, [demand.ok_at for demand in after.demands]) == ("", [None])


def test_where_the_metric_cannot_be_read_a_firing_keeps_up_what_is_up(make: Make) -> None:
    for measures in (_measured(None), {}):
        after = _again(make, measures)
        assert (after.waits, [demand.ok_at for demand in after.demands]) == ("", [None])


def test_a_firing_of_before_the_ok_that_arrives_late_takes_nothing_back_and_waits_for_nothing(make: Make) -> None:
    after = _again(make, _measured(100), 9)
    assert (after.waits, [demand.ok_at for demand in after.demands]) == ("", [make.after(10)])


def test_without_confirm_a_firing_takes_an_ok_back(make: Make) -> None:
    after = _again(make, _measured(100), confirm=None)
    assert (after.waits, [demand.ok_at for demand in after.demands]) == ("", [None])


def test_a_firing_after_the_demand_was_let_go_of_opens_another_that_has_to_be_borne_out(make: Make) -> None:
    for value in (100, 2800):
        after = _again(make, _measured(value), 60)
        opened = [(demand.opened_at, demand.confirmed_at) for demand in after.demands]
        assert (after.waits, opened) == ("", [(make.after(60), None)])


# The claim


@pytest.mark.parametrize(("value", "code"), [(2800, "resize"), (100, "unconfirmed"), (None, "unmeasured")])
def test_at_the_claim_the_metric_decides_once_more(make: Make, value: float | None, code: str) -> None:
    """The operation was planned when it was borne out; Submit decides as if it were not open yet."""
    demand = make.demand(confirmed_at=make.noon)
    state = make.state(demands=(demand,), operation=make.operation(Phase.PLANNED, attempts=()))
    observed = make.seen(measures=_measured(value), placing=7)
    decision = decide(_terms(make), replace(state, operation=None), observed, make.noon + timedelta(minutes=2))
    assert decision.code == code
