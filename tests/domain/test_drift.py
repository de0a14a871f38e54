"""Drift: somebody else resized the instance. Two reads make it sure, and it is never fought."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.decide import decide
from tidegate.domain.drift import CONSOLE, SURE_AFTER, seen
from tidegate.domain.facts import Closed
from tidegate.domain.fold import fold
from tidegate.domain.operation import Evidence, Outcome, Phase, Verdict
from tidegate.domain.reading import Health
from tidegate.domain.state import CHANGED, Drift, Override, State, Topic, Word
from tidegate.domain.verdict import Decision, Hold, Resize

if TYPE_CHECKING:
    from tests.domain.conftest import Make


def _at_rest(make: Make, rung: str = "medium", **over: Any) -> State:
    """An instance that stood on this rung when we looked last, which is home."""
    return make.state(rung, **{"home": rung, "last_set": make.spec(rung), **over})


def _looked(make: Make, state: State, *looks: tuple[float, str], **policy: Any) -> State:
    """The state after looks at these minutes, each of which showed this rung."""
    for minute, rung in looks:
        state = seen(make.terms(**policy), state, make.reading(rung, make.after(minute)))
    return state


def _decided(make: Make, state: State, rung: str, minute: float, **policy: Any) -> Decision:
    """What is decided at that minute about the instance, which stands on this rung."""
    now = make.after(minute)
    return decide(make.terms(**policy), state, make.seen(reading=make.reading(rung, now)), now)


# Noticing it


def test_one_read_that_shows_another_rung_is_noted_and_not_yet_believed(make: Make) -> None:
    state = _looked(make, _at_rest(make), (0, "large"))
    assert state.drift == Drift(make.spec("large"), "large", make.noon)


def test_one_stale_read_is_no_drift(make: Make) -> None:
    before = _at_rest(make)
    assert _looked(make, before, (0, "small"), (1, "medium")) == before


def test_a_second_read_a_minute_later_makes_it_sure(make: Make) -> None:
    state = _at_rest(make)
    almost = 1 - 1 / 60
    assert _looked(make, state, (0, "large"), (almost, "large")).drift == Drift(make.spec("large"), "large", make.noon)
    sure = _looked(make, state, (0, "large"), (1, "large")).drift
    assert sure == Drift(make.spec("large"), "large", make.noon, sure=True)
    assert timedelta(minutes=1) == SURE_AFTER


def test_a_drift_that_goes_on_begins_anew_with_each_spec_that_it_shows(make: Make) -> None:
    state = _looked(make, _at_rest(make), (0, "large"), (1, "small"))
    assert state.drift == Drift(make.spec("small"), "small", make.after(1))
    assert _looked(make, state, (1.5, "small")).drift == state.drift


def test_a_drift_that_was_put_back_is_forgotten(make: Make) -> None:
    before = _at_rest(make)
    assert _looked(make, before, (0, "large"), (5, "large"), (60, "medium")) == before


def test_what_no_rung_names_is_nobodys_business(make: Make) -> None:
    before, terms = _at_rest(make), make.terms()
    for minute in (0, 1, 2):
        spec = make.spec("medium", SupportEip=False, MaxEipTps=256)
        before_again = seen(terms, before, make.reading(at=make.after(minute), spec=spec))
        assert before_again == before


def test_a_field_that_rungs_name_and_the_read_does_not_show_is_a_drift(make: Make) -> None:
    spec = {name: value for name, value in make.spec("medium").items() if name != "QueueCapacity"}
    state = seen(make.terms(), _at_rest(make), make.reading(spec=spec))
    assert state.drift == Drift(spec, "", make.noon)


@pytest.mark.parametrize("health", [Health.CHANGING, Health.SWITCHOVER, Health.GONE])
def test_of_an_instance_that_is_not_at_rest_nothing_is_noticed(make: Make, health: Health) -> None:
    before = _at_rest(make)
    assert seen(make.terms(), before, make.reading("large", health=health)) == before
    unsure = _looked(make, before, (0, "large"))
    assert seen(make.terms(), unsure, make.reading("large", make.after(5), health=health)) == unsure


def test_without_a_read_or_before_first_contact_nothing_is_noticed(make: Make) -> None:
    before = _at_rest(make)
    assert seen(make.terms(), before, None) == before
    never = State()
    assert seen(make.terms(), never, make.reading("large")) == never


@pytest.mark.parametrize("phase", [Phase.PLANNED, Phase.ORDERED, Phase.APPLYING, Phase.PROVING, Phase.DOUBT])
def test_while_an_operation_is_open_nothing_is_a_drift(make: Make, phase: Phase) -> None:
    before = _at_rest(make, "small", operation=make.operation(phase))
    assert _looked(make, before, (0, "medium"), (9, "large")) == before


# Our own resizes


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        (Outcome.RESIZED, "medium"),
        (Outcome.RESIZED_ELSEWHERE, "medium"),
        (Outcome.ROLLED_BACK, "small"),
        (Outcome.ORDER_CANCELLED, "small"),
    ],
)
def test_what_our_own_operation_left_is_no_drift(make: Make, outcome: Outcome, last: str) -> None:
    operation = make.operation(Phase.CONCLUDED, outcome=outcome, evidence=Evidence(spec=make.spec(last)))
    before = _at_rest(make, "small", operation=operation)
    after = fold(before, Closed(7, last, opens_circuit=False), make.noon)
    assert _looked(make, after, (1, last), (9, last)).drift is None


def test_values_that_the_vendor_rounded_are_no_drift(make: Make) -> None:
    rounded = make.spec("medium", MaxPrivateTps=5500)
    evidence = Evidence(spec=rounded)
    operation = make.operation(Phase.CONCLUDED, outcome=Outcome.SETTLED_ELSEWHERE, evidence=evidence)
    after = fold(_at_rest(make, "small", operation=operation), Closed(7, "", opens_circuit=True), make.noon)
    for minute in (1, 9):
        after = seen(make.terms(), after, make.reading(at=make.after(minute), spec=rounded))
    assert after.drift is None


def test_an_operation_that_was_never_ordered_leaves_a_drift_for_what_it_is(make: Make) -> None:
    """A colleague resized it before the claim, which was what cancelled ours."""
    evidence = Evidence(spec=make.spec("large"))
    operation = make.operation(Phase.CONCLUDED, attempts=(), outcome=Outcome.CANCELLED, evidence=evidence)
    after = fold(_at_rest(make, "small", operation=operation), Closed(7, "large", opens_circuit=False), make.noon)
    assert (after.last_set, after.rung) == (make.spec("small"), "large")
    assert _looked(make, after, (1, "large"), (2, "large")).drift == Drift(
        make.spec("large"), "large", make.after(1), sure=True
    )


@pytest.mark.parametrize(
    ("outcome", "verdicts"),
    [
        (Outcome.CANCELLED, (Verdict.REFUSED_FOR_NOW,)),
        (Outcome.REFUSED, (Verdict.REFUSED_FOR_NOW, Verdict.REFUSED)),
        (Outcome.UNCHANGED, (Verdict.UNANSWERED,)),
    ],
)
def test_nor_is_it_forgotten_where_attempts_were_made_that_came_to_nothing(
    make: Make, outcome: Outcome, verdicts: tuple[Verdict, ...]
) -> None:
    """The colleague came between two attempts: what was read then is not what we made of it."""
    attempts = tuple(make.attempt(verdict, number) for number, verdict in enumerate(verdicts, 1))
    evidence = Evidence(spec=make.spec("large"))
    operation = make.operation(Phase.CONCLUDED, attempts=attempts, outcome=outcome, evidence=evidence)
    after = fold(_at_rest(make, "small", operation=operation), Closed(7, "large", opens_circuit=False), make.noon)
    assert _looked(make, after, (1, "large"), (2, "large")).drift is not None


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        (Outcome.REFUSED, ""),
        (Outcome.CANCELLED, "small"),
        (Outcome.UNCHANGED, "small"),
        (Outcome.ORDER_CANCELLED, "small"),
        (Outcome.ROLLED_BACK, "small"),
        (Outcome.ABANDONED, "small"),
    ],
)
def test_an_operation_that_left_the_instance_as_it_was_does_not_end_a_drift(
    make: Make, outcome: Outcome, last: str
) -> None:
    """An alert asked for more after it, and nothing came of that: what the colleague did stands as it did before."""
    drift = Drift(make.spec("small"), "small", make.after(-30), sure=True)
    evidence = Evidence(spec=make.spec(last) if last else {})
    operation = make.operation(Phase.CONCLUDED, outcome=outcome, evidence=evidence)
    before = replace(_at_rest(make, "large", drift=drift, operation=operation), rung="small")
    after = fold(before, Closed(7, last, opens_circuit=True), make.noon)
    assert (after.drift, after.last_set) == (drift, make.spec("large"))


@pytest.mark.parametrize("outcome", [Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE, Outcome.SETTLED_ELSEWHERE])
def test_an_operation_that_changed_the_instance_ends_a_drift(make: Make, outcome: Outcome) -> None:
    drift = Drift(make.spec("small"), "small", make.after(-30), sure=True)
    operation = make.operation(Phase.CONCLUDED, outcome=outcome, evidence=Evidence(spec=make.spec("medium")))
    before = replace(_at_rest(make, "large", drift=drift, operation=operation), rung="small")
    after = fold(before, Closed(7, "medium", opens_circuit=False), make.noon)
    assert (after.drift, after.last_set) == (None, make.spec("medium"))


# `on_drift: hold`


def _drifted(make: Make, home: str, to: str, **over: Any) -> State:
    """An instance at home that somebody else resized at noon, as two reads have shown."""
    return _looked(make, _at_rest(make, home, **over), (0, to), (1, to))


@pytest.mark.parametrize(("home", "to"), [("medium", "large"), ("medium", "small"), ("large", "small")])
def test_what_somebody_else_made_of_it_is_not_undone_in_either_direction(make: Make, home: str, to: str) -> None:
    decision = _decided(make, _drifted(make, home, to), to, 90)
    assert isinstance(decision, Hold)
    assert (decision.code, decision.needs_person) == ("drift", True)
    told = f"somebody else resized it to {to}, seen 2026-03-02 12:00Z; `tidegate adopt orders-mq` to go on"
    assert decision.reason == told


def test_until_it_is_sure_nothing_is_ordered_and_nobody_is_told(make: Make) -> None:
    state = _looked(make, _at_rest(make), (0, "large"))
    decision = _decided(make, state, "large", 0.5)
    assert isinstance(decision, Hold)
    assert (decision.code, decision.needs_person, decision.until) == ("drift", False, make.after(2.5))


def test_an_alert_that_rings_after_it_may_raise(make: Make) -> None:
    alert = make.demand("large", opened_at=make.after(5), heard_at=make.after(5))
    decision = _decided(make, replace(_drifted(make, "medium", "small"), demands=(alert,)), "small", 6)
    assert isinstance(decision, Resize)
    assert decision.end.name == "large"


def test_an_alert_that_rang_before_it_may_not(make: Make) -> None:
    """A colleague saw the load and took it down all the same."""
    alert = make.demand("large", opened_at=make.after(-5), heard_at=make.after(5))
    decision = _decided(make, replace(_drifted(make, "medium", "small"), demands=(alert,)), "small", 6)
    assert decision.code == "drift"


@pytest.mark.parametrize(("begins", "code"), [("11:30", "drift"), ("12:30", "resize")])
def test_a_timetable_entry_may_raise_if_it_begins_after_it(make: Make, begins: str, code: str) -> None:
    entry = {"from": begins, "to": "18:00", "rung": "large"}
    state = _drifted(make, "medium", "small")
    now = make.after(60)
    decision = decide(make.terms(entry), state, make.seen(reading=make.reading("small", now)), now)
    assert decision.code == code


def test_a_person_may_raise_after_it_and_needs_despite_to_lower(make: Make) -> None:
    up = make.override("large", at=make.after(5), until=make.after(90))
    assert _decided(make, replace(_drifted(make, "medium", "small"), override=up), "small", 6).code == "resize"
    down = make.override("small", at=make.after(5), until=make.after(90))
    state = replace(_drifted(make, "medium", "large"), override=down)
    assert _decided(make, state, "large", 6).code == "drift"
    despite = replace(state, override=replace(down, despite=("drift",)))
    assert _decided(make, despite, "large", 6).code == "resize"


EVERYTHING = ("cooldown", "budget", "window", "drift", "fit")


@pytest.mark.parametrize("ended", sorted({*CHANGED}, key=str))
def test_despite_everything_it_is_not_ordered_again_what_was_brought_about_and_is_undone(
    make: Make, ended: Outcome
) -> None:
    over = make.override("large", despite=EVERYTHING, at=make.after(-60), until=make.after(900))
    done = make.settled(from_rung="medium", to_rung="large", at=make.after(-30), outcome=ended)
    state = replace(_drifted(make, "large", "medium"), override=over, recent=(done,))
    held = _decided(make, state, "medium", 90)
    assert isinstance(held, Hold)
    assert (held.code, held.needs_person) == ("drift", True)
    why = "it is medium again: after operation 6 somebody else, or the vendor, took it back, seen 2026-03-02 12:00Z"
    assert held.reason == f"{why}; `tidegate adopt orders-mq` to go on"


@pytest.mark.parametrize(
    "over",
    [{"at": -90}, {"to_rung": "small", "from_rung": "large"}, {"outcome": Outcome.REFUSED}],
    ids=["before he said so", "elsewhere", "not brought about"],
)
def test_but_what_was_not_yet_brought_about_is(make: Make, over: dict[str, Any]) -> None:
    override = make.override("large", despite=EVERYTHING, at=make.after(-60), until=make.after(900))
    given = {"from_rung": "medium", "to_rung": "large", "at": -30, **over}
    done = make.settled(**{**given, "at": make.after(given["at"])})
    state = replace(_drifted(make, "large", "medium"), override=override, recent=(done,))
    assert _decided(make, state, "medium", 90).code == "resize"


def test_taken_over_it_is_ordered_again_when_cooldown_and_budget_allow(make: Make) -> None:
    over = make.override("large", despite=EVERYTHING, at=make.after(-60), until=make.after(900))
    done = make.settled(from_rung="medium", to_rung="large", at=make.noon)
    state = replace(_at_rest(make), override=over, recent=(done,))
    rule = {"cooldown": {"up": "30m", "down": "2h"}}
    assert _decided(make, state, "medium", 29, **rule).code == "cooldown"
    assert _decided(make, state, "medium", 31, **rule).code == "resize"


def test_where_somebody_made_of_it_just_what_is_wanted_nothing_holds(make: Make) -> None:
    decision = _decided(make, _drifted(make, "medium", "large", demands=(make.demand("large"),)), "large", 9)
    assert decision.code == "as-wanted"


def test_a_drift_to_no_rung_is_held_with_the_fields_named(make: Make) -> None:
    state, terms = _at_rest(make), make.terms()
    odd = make.spec("medium", MaxPrivateTps=5500)
    for minute in (0, 1):
        state = seen(terms, state, make.reading(at=make.after(minute), spec=odd))
    assert state.drift == Drift(odd, "", make.noon, sure=True)
    decision = decide(terms, state, make.seen(reading=make.reading(spec=odd)), make.after(2))
    reason = "matches no rung; nearest medium: MaxPrivateTps 5500 != 5000"
    assert decision == Hold("off-ladder", reason, needs_person=True)


# `on_drift: {keep_for: ...}` and `on_drift: adopt`


def _rule(rule: str) -> dict[str, Any]:
    return {"on_drift": {"keep_for": "12h"} if rule == "keep" else rule}


def test_kept_it_becomes_an_override_by_the_console_that_ends(make: Make) -> None:
    state = _looked(make, _at_rest(make), (0, "large"), (1, "large"), **_rule("keep"))
    why = "somebody else resized it"
    assert state.override == Override("large", make.noon + timedelta(hours=12), CONSOLE, make.noon, why)
    assert (state.drift, state.last_set) == (None, make.spec("large"))
    assert _decided(make, state, "large", 60, **_rule("keep")).code == "as-wanted"


def test_when_it_was_kept_for_long_enough_everything_goes_on(make: Make) -> None:
    state = _looked(make, _at_rest(make), (0, "large"), (1, "large"), **_rule("keep"))
    over = 12 * 60
    assert _decided(make, state, "large", over - 1 / 60, **_rule("keep")).code == "as-wanted"
    decision = _decided(make, state, "large", over, **_rule("keep"))
    assert isinstance(decision, Resize)
    assert decision.end.name == "medium"


def test_kept_it_also_keeps_alerts_from_raising_until_it_ends_as_any_override_does(make: Make) -> None:
    alert = make.demand("large", opened_at=make.after(5), heard_at=make.after(5))
    state = _looked(make, _at_rest(make), (0, "small"), (1, "small"), **_rule("keep"))
    assert _decided(make, replace(state, demands=(alert,)), "small", 6, **_rule("keep")).code == "as-wanted"


def test_a_persons_word_that_is_newer_than_the_drift_is_not_replaced_by_it(make: Make) -> None:
    word = {Topic.OVERRIDE: Word(make.after(0.5), "r")}
    mine = make.override("medium", at=make.after(0.5), until=make.after(60))
    state = _looked(make, _at_rest(make, override=mine, words=word), (0, "large"), (1, "large"), **_rule("keep"))
    assert state.override == mine


def test_an_older_override_gives_way_to_what_was_done_in_the_console_after_it(make: Make) -> None:
    word = {Topic.OVERRIDE: Word(make.after(-9), "r")}
    mine = make.override("medium", at=make.after(-9), until=make.after(60))
    state = _looked(make, _at_rest(make, override=mine, words=word), (0, "large"), (1, "large"), **_rule("keep"))
    assert state.override is not None
    assert (state.override.rung, state.override.by) == ("large", CONSOLE)


def test_adopted_it_becomes_home(make: Make) -> None:
    state = _looked(make, _at_rest(make), (0, "large"), (1, "large"), **_rule("adopt"))
    assert (state.home, state.drift, state.last_set) == ("large", None, make.spec("large"))
    assert _decided(make, state, "large", 60, **_rule("adopt")).code == "as-wanted"


@pytest.mark.parametrize("rule", ["keep", "adopt"])
@pytest.mark.parametrize(("bounds", "to"), [({"max": "medium"}, "large"), ({"min": "medium"}, "small")])
def test_a_rung_outside_the_bounds_is_neither_kept_nor_adopted_but_held(
    make: Make, rule: str, bounds: dict[str, str], to: str
) -> None:
    policy = {**bounds, **_rule(rule)}
    state = _looked(make, _at_rest(make), (0, to), (1, to), (9, to), **policy)
    assert (state.override, state.home) == (None, "medium")
    assert _decided(make, state, to, 10, **policy).code == "drift"


@pytest.mark.parametrize("rule", ["keep", "adopt"])
def test_a_spec_on_no_rung_is_neither_kept_nor_adopted_of_its_own_accord(make: Make, rule: str) -> None:
    state, odd = _at_rest(make), make.spec("medium", QueueCapacity=500)
    for minute in (0, 1, 9):
        state = seen(make.terms(**_rule(rule)), state, make.reading(at=make.after(minute), spec=odd))
    assert (state.override, state.home) == (None, "medium")
    assert state.drift == Drift(odd, "", make.noon, sure=True)


@pytest.mark.parametrize("rule", ["hold", "keep", "adopt"])
def test_one_read_alone_never_does_what_the_rule_says(make: Make, rule: str) -> None:
    state = _looked(make, _at_rest(make), (0, "large"), **_rule(rule))
    assert (state.override, state.home, state.last_set) == (None, "medium", make.spec("medium"))


def test_a_drift_that_is_found_long_after_its_keeping_would_have_ended_leaves_no_override(make: Make) -> None:
    """Between the two reads nobody looked for a day."""
    state = _looked(make, _at_rest(make), (0, "large"), (24 * 60, "large"), **_rule("keep"))
    decision = _decided(make, state, "large", 24 * 60, **_rule("keep"))
    assert isinstance(decision, Resize)
    assert decision.end.name == "medium"


def test_reads_in_any_number_after_it_is_sure_change_nothing_more(make: Make) -> None:
    for rule in ("hold", "keep", "adopt"):
        state = _looked(make, _at_rest(make), (0, "large"), (1, "large"), **_rule(rule))
        later: list[tuple[float, str]] = [(minute, "large") for minute in (2, 30, 300)]
        assert _looked(make, state, *later, **_rule(rule)) == state


def test_when_it_was_first_seen_is_what_counts_however_late_it_is_sure(make: Make) -> None:
    first: datetime = make.noon
    drift = _looked(make, _at_rest(make), (0, "large"), (45, "large")).drift
    assert drift is not None
    assert (drift.at, drift.sure) == (first, True)
