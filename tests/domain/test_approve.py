"""Approval: one question a change, one answer a question, one order an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.approve import asked
from tidegate.domain.decide import decide
from tidegate.domain.facts import Claimed, Judged, Planned
from tidegate.domain.fold import fold
from tidegate.domain.operation import Event, Phase, Verdict
from tidegate.domain.reading import Billing, Direction
from tidegate.domain.state import Approved, Question, State
from tidegate.domain.verdict import Decision, Hold, Resize

if TYPE_CHECKING:
    from tests.domain.conftest import Make

ASKS: dict[str, Any] = {"approval": {"when": ["up", "down"], "expires": "2h"}}
PRICES = {"small": 1.5, "medium": 3.0, "large": 6.0}


def _priced(make: Make, **prices: float) -> dict[str, Any]:
    """A ladder with what its rungs cost."""
    figures = {rung: {name: make.spec(rung)[name] for name in ("MaxPrivateTps", "QueueCapacity")} for rung in PRICES}
    known = {**PRICES, **prices}
    return {"ladder": [{"rung": rung, "hourly_price": known[rung], **figures[rung]} for rung in PRICES]}


def _up(make: Make, home: str = "medium", **over: Any) -> State:
    """An instance on its small rung that is to go up."""
    return make.state("small", **{"home": home, **over})


def _judged(make: Make, state: State, minute: float = 0, **policy: Any) -> tuple[State, Decision]:
    """What is decided at that minute, and the state with what is asked of a person by then."""
    seen, now = make.seen(placing=policy.pop("placing", 0)), make.after(minute)
    terms = make.terms(**{**ASKS, **policy})
    decision = decide(terms, state, seen, now)
    wanted = decision.end.name if isinstance(decision, Resize) else state.home
    return asked(terms, state, decision, wanted, now), decision


def _given(state: State, **over: Any) -> State:
    """The state after a person said yes at noon and a minute."""
    assert state.approval is not None
    at = state.approval.asked_at + timedelta(minutes=1)
    return replace(state, approval=replace(state.approval, **{"by": "li", "at": at, **over}))


def _claimed(make: Make, state: State, minute: float = 1) -> State:
    """The state after the operation of an up to the medium rung was planned and claimed."""
    planned = make.operation(Phase.PLANNED, attempts=())
    state = fold(state, Planned(planned), make.after(minute))
    return fold(state, _claim(make, 1), make.after(minute))


def _claim(make: Make, number: int) -> Claimed:
    attempt = make.attempt(None, number)
    return Claimed(7, attempt, make.spec("small"), make.spec("medium"), make.after(9))


def _refused(make: Make, state: State, attempt: int) -> State:
    return fold(state, Judged(7, attempt, Verdict.REFUSED_FOR_NOW, Event.REFUSED_FOR_NOW, make.after(9)), make.noon)


# The question


def test_a_resize_that_must_be_approved_is_asked_with_an_id_and_a_deadline(make: Make) -> None:
    state, decision = _judged(make, _up(make))
    assert isinstance(decision, Hold)
    assert (decision.code, decision.needs_person) == ("approval", True)
    question = state.approval
    assert question is not None
    assert (question.from_rung, question.to_rung, question.why) == (
        "small",
        "medium",
        "the policy asks before every up",
    )
    assert (question.asked_at, question.expires_at) == (make.noon, make.after(120))
    assert question.id


def test_the_same_question_is_asked_once(make: Make) -> None:
    state, _ = _judged(make, _up(make))
    for minute in (1, 30, 119):
        assert _judged(make, state, minute)[0] == state


def test_a_question_that_nobody_answered_in_time_is_asked_anew_under_another_id(make: Make) -> None:
    first, _ = _judged(make, _up(make))
    second, _ = _judged(make, first, 120)
    assert first.approval is not None
    assert second.approval is not None
    assert second.approval.id != first.approval.id
    assert (second.approval.asked_at, second.approval.expires_at) == (make.after(120), make.after(240))


def test_another_rung_is_another_question(make: Make) -> None:
    first, _ = _judged(make, _up(make))
    second, _ = _judged(make, replace(first, home="large"), 5)
    assert first.approval is not None
    assert second.approval is not None
    assert (second.approval.to_rung, second.approval.asked_at) == ("large", make.after(5))
    assert second.approval.id != first.approval.id


def test_another_price_is_another_question(make: Make) -> None:
    first, _ = _judged(make, _up(make), **_priced(make))
    second, _ = _judged(make, first, 5, **_priced(make, medium=3.5))
    assert first.approval is not None
    assert second.approval is not None
    assert (first.approval.cost, second.approval.cost) == (3.0, 3.5)
    assert second.approval.id != first.approval.id


@pytest.mark.parametrize(("when", "home", "asks"), [("up", "large", True), ("down", "large", False)])
def test_only_the_directions_that_the_policy_names_are_asked_for(
    make: Make, when: str, home: str, *, asks: bool
) -> None:
    _, decision = _judged(make, _up(make, home), approval={"when": when})
    assert (decision.code == "approval") is asks


@pytest.mark.parametrize(("home", "code"), [("medium", "resize"), ("large", "approval")])
def test_above_the_soft_limit_of_cost_a_person_is_asked(make: Make, home: str, code: str) -> None:
    state, decision = _judged(make, _up(make, home), approval={}, cost={"soft": 3.0}, **_priced(make))
    assert decision.code == code
    if code == "approval":
        assert state.approval is not None
        assert (state.approval.why, state.approval.cost) == ("above the soft limit of 3 an hour", 6.0)


@pytest.mark.parametrize(("home", "code"), [("medium", "resize"), ("large", "cost")])
def test_above_the_hard_limit_of_cost_nothing_is_ordered_and_nobody_is_asked(make: Make, home: str, code: str) -> None:
    cost = {"soft": 3.0, "hard": 5.0}
    state, decision = _judged(make, _up(make, home), approval={}, cost=cost, **_priced(make))
    assert (decision.code, state.approval) == (code, None)


def test_a_way_down_costs_less_and_no_limit_of_cost_holds_it(make: Make) -> None:
    """From above the hard limit, to a rung that is above it as well."""
    state = make.state("large", home="medium")
    terms = make.terms(cost={"soft": 1.0, "hard": 2.0}, **_priced(make))
    assert decide(terms, state, make.seen("large"), make.noon).code == "resize"


@pytest.mark.parametrize(
    ("billing", "rule", "code"),
    [
        (Billing.SUBSCRIPTION, "ask", "approval"),
        (Billing.SUBSCRIPTION, "allow", "resize"),
        (Billing.PAY_AS_YOU_GO, "ask", "resize"),
    ],
)
def test_a_downgrade_of_a_subscription_asks_unless_the_policy_allows_it(
    make: Make, billing: Billing, rule: str, code: str
) -> None:
    terms, state = make.terms(subscription_down=rule), make.state("large", home="small")
    decision = decide(terms, state, make.seen(reading=make.reading("large", billing=billing)), make.noon)
    assert decision.code == code
    if isinstance(decision, Hold):
        assert decision.question == Question("large", "small", "a downgrade of a subscription does not return vouchers")


# The answer


def test_a_yes_lets_the_resize_pass(make: Make) -> None:
    state, _ = _judged(make, _up(make))
    after, decision = _judged(make, _given(state), 2)
    assert isinstance(decision, Resize)
    assert after == _given(state)


def test_a_yes_overrules_no_other_guard(make: Make) -> None:
    state, _ = _judged(make, _up(make))
    held: list[dict[str, Any]] = [{"mode": "observe"}, {"blackouts": [{"from": "00:00", "to": "24:00"}]}]
    assert [_judged(make, _given(state), 2, **policy)[1].code for policy in held] == ["observe", "blackout"]


def test_a_yes_is_void_when_another_rung_is_wanted_by_now(make: Make) -> None:
    yes = _given(_judged(make, _up(make))[0])
    state, decision = _judged(make, replace(yes, home="large"), 5)
    assert decision.code == "approval"
    assert state.approval is not None
    assert (state.approval.to_rung, state.approval.at) == ("large", None)


def test_a_yes_is_void_when_nothing_is_wanted_any_more_and_does_not_come_back(make: Make) -> None:
    yes = _given(_judged(make, _up(make))[0])
    calm, _ = _judged(make, replace(yes, home="small"), 5)
    assert calm.approval is None
    again, decision = _judged(make, replace(calm, home="medium"), 9)
    assert decision.code == "approval"
    assert again.approval is not None
    assert again.approval.at is None


def test_a_yes_is_void_at_another_price(make: Make) -> None:
    yes = _given(_judged(make, _up(make), **_priced(make))[0])
    assert _judged(make, yes, 5, **_priced(make))[1].code == "resize"
    assert _judged(make, yes, 5, **_priced(make, medium=3.01))[1].code == "approval"


def test_a_yes_is_void_from_another_rung(make: Make) -> None:
    """It was given for small to large; somebody has put the instance on the medium rung since."""
    yes = _given(_judged(make, _up(make, "large"))[0])
    decision = decide(make.terms(**ASKS), yes, make.seen("medium"), make.after(5))
    assert isinstance(decision, Hold)
    assert decision.question == Question("medium", "large", "the policy asks before every up")


def test_a_yes_ends_with_its_question(make: Make) -> None:
    yes = _given(_judged(make, _up(make))[0])
    assert _judged(make, yes, 120 - 1 / 60)[1].code == "resize"
    state, decision = _judged(make, yes, 120)
    assert decision.code == "approval"
    assert state.approval is not None
    assert (state.approval.at, state.approval.asked_at) == (None, make.after(120))


def test_a_yes_is_kept_while_a_weightier_guard_holds(make: Make) -> None:
    yes = _given(_judged(make, _up(make))[0])
    blackout: dict[str, Any] = {"blackouts": [{"from": "12:00", "to": "12:30"}]}
    held, decision = _judged(make, yes, 5, **blackout)
    assert (held, decision.code) == (yes, "blackout")
    assert _judged(make, held, 30, **blackout)[1].code == "resize"


# Used up


def test_the_claim_uses_a_yes_up_and_the_operation_knows_whose_it_was(make: Make) -> None:
    state = _claimed(make, _given(_judged(make, _up(make))[0]))
    assert state.approval is not None
    assert state.operation is not None
    assert (state.approval.used_by, state.operation.approved_by) == (7, "li")


def test_a_claim_for_another_change_uses_nothing_up(make: Make) -> None:
    yes = _given(_judged(make, _up(make, "large"))[0])
    state = _claimed(make, yes)
    assert state.operation is not None
    assert (state.approval, state.operation.approved_by) == (yes.approval, "")


def test_a_question_without_an_answer_is_not_used_up(make: Make) -> None:
    """Where the policy stopped asking between the question and the claim."""
    question = _judged(make, _up(make))[0]
    state = _claimed(make, question)
    assert state.operation is not None
    assert (state.approval, state.operation.approved_by) == (question.approval, "")


def test_a_yes_carries_its_operation_through_attempts_that_were_refused_for_now_however_late(make: Make) -> None:
    state = _refused(make, _claimed(make, _given(_judged(make, _up(make))[0])), 1)
    for minute in (2, 119, 121, 600):
        decision = _judged(make, replace(state, operation=None), minute, placing=7)[1]
        assert decision.code == "resize", minute
    again = fold(state, _claim(make, 2), make.after(600))
    assert again.operation is not None
    assert (again.operation.approved_by, again.approval) == ("li", state.approval)


def test_the_next_operation_is_asked_for_anew(make: Make) -> None:
    used = replace(_claimed(make, _given(_judged(make, _up(make))[0])), operation=None)
    for placing in (0, 8):
        state, decision = _judged(make, used, 5, placing=placing)
        assert decision.code == "approval"
        assert used.approval is not None
        assert state.approval is not None
        assert (state.approval.id != used.approval.id, state.approval.at) == (True, None)


def test_a_yes_that_was_used_is_remembered_so_that_a_second_one_can_be_told_so(make: Make) -> None:
    used = replace(_claimed(make, _given(_judged(make, _up(make))[0])), operation=None)
    assert _judged(make, replace(used, home="small"), 9)[0].approval == used.approval


def test_a_question_is_for_one_direction(make: Make) -> None:
    """Up and down again between the same rungs are two questions."""
    up = _given(_judged(make, _up(make))[0])
    state = make.state("medium", home="small", approval=up.approval)
    decision = decide(make.terms(**ASKS), state, make.seen("medium"), make.after(5))
    assert isinstance(decision, Hold)
    assert decision.question == Question("medium", "small", "the policy asks before every down")


def test_the_ids_of_questions_differ_between_instances_and_moments(make: Make) -> None:
    ids = set()
    for name in ("orders-mq", "audit-mq"):
        for minute in range(5):
            state, _ = _judged(make, _up(make), minute, name=name)
            assert state.approval is not None
            ids.add(state.approval.id)
    assert len(ids) == 10


def test_approved_says_what_it_allows(make: Make) -> None:
    approval = Approved("a1", "small", "medium", make.noon, make.after(60), "why", 3.0, by="li", at=make.noon)
    right = Question("small", "medium", "whatever is the reason now", 3.0)
    assert approval.allows(right, make.after(59), 0)
    assert not approval.allows(replace(right, cost=None), make.after(59), 0)
    assert not approval.allows(replace(right, from_rung="large"), make.after(59), 0)
    assert not replace(approval, at=None).allows(right, make.after(59), 0)
    assert not replace(approval, used_by=7).allows(right, make.after(59), 0)
    assert replace(approval, used_by=7).allows(right, make.after(59), 7)


def test_a_direction_is_named_in_the_question(make: Make) -> None:
    for direction, rung, home in ((Direction.UP, "small", "medium"), (Direction.DOWN, "medium", "small")):
        decision = decide(make.terms(**ASKS), make.state(rung, home=home), make.seen(rung), make.noon)
        assert f"the policy asks before every {direction.value}" in decision.reason
