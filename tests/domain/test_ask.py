"""What a person's requests change: the newest word counts, whatever the order of arrival, and a mistake says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.ask import CANCEL_RESTS, Answered, ask
from tidegate.domain.operation import Phase, Verdict
from tidegate.domain.reading import Health, Reading
from tidegate.domain.signal import Request, Verb
from tidegate.domain.state import Approved, Circuit, Drift, Pause, State, Topic, Word

if TYPE_CHECKING:
    from tests.domain.conftest import Make


def _say(make: Make, verb: Verb, minute: float = 0, **over: Any) -> Request:
    """A request of li, so many minutes after noon."""
    at = make.after(minute)
    return Request(**{"key": f"{verb.value}-{minute}", "at": at, "verb": verb, "instance": "m", "caller": "li", **over})


def _asked(make: Make, state: State, request: Request, reading: Reading | None = None, **policy: Any) -> Answered:
    """What a request is answered a minute after it was made."""
    return ask(make.terms(**policy), state, request, request.at + timedelta(minutes=1), reading)


def _all(make: Make, state: State, requests: Iterable[Request]) -> State:
    """The state after these requests, in this order of arrival."""
    for request in requests:
        state = _asked(make, state, request).state
    return state


# Overrides


def test_an_override_without_an_end_must_be_asked_for_by_name(make: Make) -> None:
    request = make.request("large", until=None, until_released=True)
    answered = _asked(make, make.state(), request)
    assert answered.refused == ""
    assert answered.state.override == make.override("large", until=None)


def test_an_override_cannot_both_have_an_end_and_have_none(make: Make) -> None:
    answered = _asked(make, make.state(), make.request("large", until_released=True))
    assert answered.refused == "say either when it ends, or --until-released"
    assert answered.state == make.state()


@pytest.mark.parametrize(("rung", "is_in"), [("small", False), ("medium", True), ("large", False)])
def test_an_override_beyond_the_bounds_is_refused_whoever_asks_and_despite_everything(
    make: Make, rung: str, *, is_in: bool
) -> None:
    everything = ("cooldown", "budget", "window", "drift", "fit")
    request = make.request(rung, despite=everything, reason="sale")
    answered = _asked(make, make.state(), request, min="medium", max="medium")
    assert answered.refused == ("" if is_in else f"{rung} is outside the bounds medium to medium")
    assert (answered.state.override is not None) is is_in


def test_an_older_override_that_arrives_after_a_release_does_not_count(make: Make) -> None:
    old, release = make.request("large", make.after(1)), _say(make, Verb.RELEASE, 2)
    state = _asked(make, make.state(override=make.override("medium")), release).state
    answered = _asked(make, state, old)
    assert answered.refused == "a newer request of 12:02:00Z counts"
    assert answered.state == state


def test_an_older_override_does_not_count_either_where_there_was_nothing_to_release(make: Make) -> None:
    """The override was made first and arrives last: what the person said last is what counts."""
    state = _asked(make, make.state(), _say(make, Verb.RELEASE, 2)).state
    assert _asked(make, state, make.request("large", make.after(1))).state.override is None


def test_an_older_override_does_not_come_back_when_a_newer_one_has_ended(make: Make) -> None:
    newer = make.request("medium", make.after(1), until=make.after(2))
    state = replace(_asked(make, make.state(), newer).state, override=None)
    answered = _asked(make, state, make.request("large"))
    assert (answered.refused, answered.state.override) == ("a newer request of 12:01:00Z counts", None)


def test_overrides_and_releases_leave_the_newest_word_in_any_order(make: Make) -> None:
    requests = [
        make.request("large", make.noon),
        _say(make, Verb.RELEASE, 1),
        make.request("medium", make.after(2)),
        _say(make, Verb.RELEASE, 3),
    ]
    assert all(_all(make, make.state(), order).override is None for order in permutations(requests))
    for order in permutations(requests[:3]):
        override = _all(make, make.state(), order).override
        assert override is not None
        assert override.rung == "medium"


def test_of_two_requests_of_one_moment_the_same_one_counts_in_either_order(make: Make) -> None:
    one, other = make.request("large", key="a-request"), make.request("medium", key="b-request")
    overrides = [_all(make, make.state(), order).override for order in ([one, other], [other, one])]
    assert overrides[0] == overrides[1]
    assert overrides[0] is not None
    assert overrides[0].rung == "medium"


def test_an_override_despite_drift_takes_over_what_somebody_else_made_of_the_instance(make: Make) -> None:
    drift = Drift(make.spec("large"), "large", make.noon, sure=True)
    before = make.state(drift=drift, last_set=make.spec("small"))
    plain = _asked(make, before, make.request("medium")).state
    assert (plain.drift, plain.last_set) == (drift, before.last_set)
    despite = _asked(make, before, make.request("medium", despite=("drift",), reason="agreed")).state
    assert (despite.drift, despite.last_set) == (None, make.spec("large"))


def test_an_override_that_is_turned_down_is_forgotten(make: Make) -> None:
    """It must not count as the newest word, or an older one that arrives late would be lost for nothing."""
    state = _asked(make, make.state(), make.request("huge", make.after(5))).state
    assert state == make.state()
    assert _asked(make, state, make.request("large")).state.override == make.override("large")


# Pauses


def test_a_pause_is_kept_with_who_why_and_until_when(make: Make) -> None:
    answered = _asked(make, make.state(), _say(make, Verb.PAUSE, until=make.after(90), reason="fair"))
    assert answered.state.pause == Pause("li", make.noon, make.after(90), "fair")
    assert answered.told == "paused until 2026-03-02 13:30Z"


def test_a_pause_without_an_end_says_how_to_end_it(make: Make) -> None:
    answered = _asked(make, make.state(), _say(make, Verb.PAUSE))
    assert answered.told == "paused until `tidegate unpause orders-mq`"
    assert answered.state.pause == Pause("li", make.noon)


def test_unpausing_ends_a_pause(make: Make) -> None:
    answered = _asked(make, make.state(pause=Pause("wang", make.noon)), _say(make, Verb.UNPAUSE, 1))
    assert (answered.state.pause, answered.told, answered.refused) == (None, "orders may be placed again", "")


def test_unpausing_what_is_not_paused_says_so_and_still_outlasts_an_older_pause(make: Make) -> None:
    answered = _asked(make, make.state(), _say(make, Verb.UNPAUSE, 2))
    assert answered.refused == "orders-mq is not paused"
    late = _asked(make, answered.state, _say(make, Verb.PAUSE, 1))
    assert (late.refused, late.state.pause) == ("a newer request of 12:02:00Z counts", None)


def test_the_newest_word_about_a_pause_counts_in_any_order(make: Make) -> None:
    words = [
        _say(make, Verb.PAUSE, 0),
        _say(make, Verb.UNPAUSE, 1),
        _say(make, Verb.PAUSE, 2, until=make.after(60)),
        _say(make, Verb.PAUSE, 3, until=make.after(30)),
    ]
    for order in permutations(words):
        assert _all(make, make.state(), order).pause == Pause("li", make.after(3), make.after(30)), order


def test_a_pause_that_would_have_ended_already_is_turned_down(make: Make) -> None:
    for until in (make.noon, make.after(-60)):
        answered = _asked(make, make.state(), _say(make, Verb.PAUSE, until=until))
        assert answered.refused == f"it would have ended already, at {until:%Y-%m-%d %H:%M}Z"
        assert answered.state == make.state()


def test_words_of_one_topic_do_not_age_those_of_another(make: Make) -> None:
    """A pause that was made before an override and arrives after it counts all the same."""
    state = _all(make, make.state(), [make.request("large", make.after(5)), _say(make, Verb.PAUSE, 1)])
    assert state.override is not None
    assert state.pause == Pause("li", make.after(1))


# Cancelling


@pytest.mark.parametrize(
    ("phase", "verdicts"),
    [
        (Phase.PLANNED, ()),
        (Phase.WAITING, (Verdict.UNSENT,)),
        (Phase.WAITING, (Verdict.REFUSED_FOR_NOW, Verdict.REFUSED_FOR_NOW)),
    ],
)
def test_an_operation_of_which_nothing_can_stand_is_cancelled_by_a_rest_of_an_hour(
    make: Make, phase: Phase, verdicts: tuple[Verdict, ...]
) -> None:
    attempts = tuple(make.attempt(verdict, number) for number, verdict in enumerate(verdicts, 1))
    before = make.state(operation=make.operation(phase, attempts=attempts))
    answered = _asked(make, before, _say(make, Verb.CANCEL))
    assert answered.state.pause == Pause("li", make.noon, make.noon + CANCEL_RESTS, "cancelled")
    assert (answered.refused, answered.told) == ("", "cancelled; nothing is ordered until 2026-03-02 13:00Z")


@pytest.mark.parametrize(
    ("phase", "verdict"),
    [
        (Phase.CLAIMED, None),
        (Phase.ORDERED, Verdict.ACCEPTED),
        (Phase.UNPAID, Verdict.ACCEPTED),
        (Phase.PROVING, Verdict.ACCEPTED),
        (Phase.DOUBT, Verdict.UNANSWERED),
        # Its doubt was cleared: but no more than that can be known.
        (Phase.WAITING, Verdict.UNANSWERED),
    ],
)
def test_an_operation_whose_order_may_stand_is_not_cancelled_but_shown_where_to(
    make: Make, phase: Phase, verdict: Verdict | None
) -> None:
    operation = make.operation(phase, attempts=(make.attempt(verdict),), order_id="o-1")
    before = make.state(operation=operation)
    answered = _asked(make, before, _say(make, Verb.CANCEL))
    assert answered.refused == "operation 7 is ordered already; cancel o-1 in the vendor's console"
    assert answered.state == before


def test_a_cancel_may_say_how_long_it_rests(make: Make) -> None:
    before = make.state(operation=make.operation(Phase.PLANNED, attempts=()))
    state = _asked(make, before, _say(make, Verb.CANCEL, until=make.after(300), reason="fair")).state
    assert state.pause == Pause("li", make.noon, make.after(300), "fair")
    refused = _asked(make, before, _say(make, Verb.CANCEL, until=make.noon))
    assert (refused.refused, refused.state) == ("it would have ended already, at 2026-03-02 12:00Z", before)


def test_a_cancel_never_shortens_a_pause_that_stands(make: Make) -> None:
    """Who cancels wants fewer orders, and not to end what a colleague paused."""
    planned = make.operation(Phase.PLANNED, attempts=())
    for until in (None, make.after(240)):
        pause = Pause("wang", make.after(-5), until, "migration")
        answered = _asked(make, make.state(operation=planned, pause=pause), _say(make, Verb.CANCEL))
        assert answered.refused == ""
        assert answered.state.pause == pause
        assert answered.told.startswith("cancelled; nothing is ordered until ")


def test_a_cancel_lengthens_a_pause_that_would_end_before_it(make: Make) -> None:
    planned, pause = make.operation(Phase.PLANNED, attempts=()), Pause("wang", make.after(-5), make.after(10))
    state = _asked(make, make.state(operation=planned, pause=pause), _say(make, Verb.CANCEL)).state
    assert state.pause == Pause("li", make.noon, make.after(60), "cancelled")


def test_a_cancel_says_no_to_what_waits_for_approval(make: Make) -> None:
    asked = Approved("a1", "small", "medium", make.noon, make.after(60), "why")
    answered = _asked(make, make.state(approval=asked), _say(make, Verb.CANCEL))
    assert answered.state.approval is None
    assert answered.told == "cancelled; nothing is ordered until 2026-03-02 13:00Z"


def test_a_cancel_takes_back_a_yes_that_was_not_used_yet(make: Make) -> None:
    given = Approved("a1", "small", "medium", make.noon, make.after(60), "why", by="li", at=make.noon)
    assert _asked(make, make.state(approval=given), _say(make, Verb.CANCEL, 1)).state.approval is None


def test_a_cancel_of_nothing_is_told_so_and_changes_nothing(make: Make) -> None:
    answered = _asked(make, make.state(), _say(make, Verb.CANCEL))
    assert answered.refused == "orders-mq has nothing to cancel; `tidegate pause orders-mq` keeps it from beginning"
    assert answered.state == make.state()


def test_an_approval_that_an_order_has_used_up_is_nothing_to_cancel(make: Make) -> None:
    """Its operation is over: a cancel that comes now must not pause what is to come."""
    used = Approved("a1", "small", "medium", make.noon, make.after(60), "why", by="li", at=make.noon, used_by=6)
    before = make.state(approval=used)
    answered = _asked(make, before, _say(make, Verb.CANCEL, 1))
    assert answered.refused.startswith("orders-mq has nothing to cancel")
    assert answered.state == before


# Acknowledging and adopting


def test_an_ack_closes_the_circuit(make: Make) -> None:
    answered = _asked(make, make.state(circuit=Circuit("refused", make.noon)), _say(make, Verb.ACK))
    assert (answered.state.circuit, answered.acked) == (None, True)


def test_adopting_needs_a_read_of_an_instance_at_rest(make: Make) -> None:
    state, adopt = make.state(), _say(make, Verb.ADOPT)
    unread = _asked(make, state, adopt)
    assert (unread.refused, unread.state) == ("the instance could not be read; ask again", state)
    restless = make.reading("large", health=Health.CHANGING, status="UPGRADING")
    answered = _asked(make, state, adopt, restless)
    assert answered.refused == "the instance is UPGRADING; ask again when it has come to rest"
    assert answered.state == state


def test_nothing_is_adopted_in_the_middle_of_an_operation(make: Make) -> None:
    state = make.state(operation=make.operation())
    answered = _asked(make, state, _say(make, Verb.ADOPT), make.reading("medium"))
    assert (answered.refused, answered.state) == ("operation 7 is under way; adopt what it leaves", state)


def test_adopting_says_what_is_home_now(make: Make) -> None:
    adopt = _say(make, Verb.ADOPT)
    assert _asked(make, make.state(), adopt, make.reading("large")).told == "adopted on large"
    based = _asked(make, make.state(), adopt, make.reading("large"), base="medium")
    assert based.told == "adopted on large; the policy says `base: medium`, so that stays its home"
    off = _asked(make, make.state(), adopt, make.reading(spec=make.spec("large", MaxPrivateTps=9000)))
    assert off.told == "adopted as it was found, off the ladder"


def test_of_two_adoptions_the_newer_one_counts(make: Make) -> None:
    state = _asked(make, make.state(), _say(make, Verb.ADOPT, 2), make.reading("large")).state
    late = _asked(make, state, _say(make, Verb.ADOPT, 1), make.reading("medium"))
    assert (late.refused, late.state.home) == ("a newer request of 12:02:00Z counts", "large")


# Approving, and what one is answered


def _question(make: Make, **over: Any) -> Approved:
    given = {"id": "a1", "from_rung": "large", "to_rung": "small", "asked_at": make.noon}
    return Approved(**{**given, "expires_at": make.after(60), "why": "the policy asks before every down", **over})


def _approved(make: Make, question: Approved | None, minute: float = 1, **over: Any) -> Answered:
    return _asked(make, make.state("large", approval=question), _say(make, Verb.APPROVE, minute, **over))


def test_a_yes_is_kept_with_who_and_when(make: Make) -> None:
    answered = _approved(make, _question(make), 5, approval="a1", to="small")
    assert answered.state.approval == _question(make, by="li", at=make.after(5))
    assert answered.told == "approved large -> small (a1), good until 2026-03-02 13:00Z"


@pytest.mark.parametrize(
    ("question", "given", "why"),
    [
        (None, {}, "nothing of orders-mq is to be approved"),
        ({}, {"approval": "b2"}, "`b2` is no longer asked; what is asked now is large -> small (a1)"),
        ({}, {"to": "medium"}, "what is asked is large -> small (a1), not medium"),
        ({}, {"minute": 60}, "large -> small (a1) was to be approved by 2026-03-02 13:00Z: too late"),
        ({"by": "wang", "at": 2}, {}, "large -> small (a1) was approved already, by wang at 2026-03-02 12:02Z"),
        (
            {"by": "wang", "at": 2, "used_by": 7},
            {},
            "large -> small (a1) was approved by wang, and used by operation 7",
        ),
    ],
)
def test_a_yes_to_what_is_not_asked_says_why(
    make: Make, question: dict[str, Any] | None, given: dict[str, Any], why: str
) -> None:
    known = None
    if question is not None:
        at = make.after(question["at"]) if "at" in question else None
        known = _question(make, **{**question, "at": at})
    answered = _approved(make, known, given.get("minute", 3), **{k: v for k, v in given.items() if k != "minute"})
    assert (answered.refused, answered.state.approval) == (why, known)


def test_a_yes_in_the_last_second_counts(make: Make) -> None:
    assert _approved(make, _question(make), 60 - 1 / 60).refused == ""


def test_every_verb_is_answered_in_words(make: Make) -> None:
    """A request that can be met changes something or says something; one that cannot says why."""
    for verb in Verb:
        before = make.state()
        answered = _asked(make, before, _say(make, verb, to="large", until=make.after(5)), make.reading())
        assert answered.told or answered.refused or answered.acked or answered.state != before, verb


def test_the_words_that_are_kept_are_bounded_by_the_topics(make: Make) -> None:
    requests = [_say(make, verb, minute, to="large", until=make.after(999)) for minute in range(30) for verb in Verb]
    state = make.state()
    for request in requests:
        state = _asked(make, state, request, make.reading()).state
    assert set(state.words) <= set(Topic)
    assert state.words[Topic.PAUSE] == Word(make.after(29), "unpause-29")


def test_when_a_request_is_taken_in_does_not_change_what_it_asked_for(make: Make) -> None:
    """A door keeps it, and the tick takes it in when it can: the time that counts is when the person spoke."""
    terms, request = make.terms(), make.request("large")
    moments: list[datetime] = [make.after(0), make.after(90)]
    assert len({repr(ask(terms, make.state(), request, now, None)) for now in moments}) == 1
