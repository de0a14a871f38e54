"""A pause stops orders, of one instance or of all, and never the following of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.signal import Verb
from tidegate.ledger.memory import NoMisfortune
from tidegate.ledger.record import FLEET as FLEET_KEY
from tidegate.ledger.shelf import Unsure

Opens = Callable[..., Any]
FLEET = {"fleet": True}
MINUTES_TO_WAIT = 3
"""Within which a tick does what has become possible."""


@pytest.fixture
def ready(desk: Opens) -> Any:
    """A desk at ten past noon, shortly after the instances' own turns to be looked at."""
    at = desk()
    at.live(10)
    return at


def _pause(at: Any, which: str, **over: Any) -> dict[str, Any]:
    answer: dict[str, Any] = at.say("pause", **_whom(which), **over)
    return answer


def _unpause(at: Any, which: str) -> dict[str, Any]:
    answer: dict[str, Any] = at.say("unpause", **_whom(which))
    return answer


def _whom(which: str) -> dict[str, Any]:
    return {"name": "", "fleet": True} if which == "fleet" else {}


WHICH = pytest.mark.parametrize("which", ["instance", "fleet"])


@WHICH
def test_while_it_is_paused_nothing_is_ordered(ready: Any, which: str) -> None:
    _pause(ready, which, reason="fair")
    verdict = ready.hear(ready.alert())
    assert verdict.decision.code == "pause"
    assert verdict.decision.reason.endswith(": fair")
    ready.live(90)
    assert (ready.state().operation, ready.orders(), ready.started) == (None, [], [])


@WHICH
def test_a_pause_between_the_plan_and_the_claim_cancels_what_was_planned(ready: Any, which: str) -> None:
    ready.hear(ready.alert())
    assert ready.operation().phase is Phase.PLANNED
    _pause(ready, which)
    assert ready.follow() == ["submit", "settle", "done"]
    assert ready.settled().outcome is Outcome.CANCELLED
    assert "paused by li" in ready.settled().why
    assert ready.calls("UpdateInstance") == []


@WHICH
def test_what_was_ordered_is_followed_to_its_end_while_it_is_paused(ready: Any, which: str) -> None:
    ready.hear(ready.alert())
    ready.submit()
    _pause(ready, which)
    ready.live(30)
    assert (ready.settled().outcome, ready.settled().to_rung) == (Outcome.RESIZED, "medium")
    assert len(ready.orders()) == 1
    assert any(kind == "resized" for kind, _ in ready.messages)


@WHICH
def test_an_attempt_that_was_refused_for_now_is_not_repeated_while_it_is_paused(desk: Opens, which: str) -> None:
    at = desk(topic_migrating_refusals=3)
    at.live(1)
    at.hear(at.alert())
    with pytest.raises(Exception, match="Migrating"):
        at.submit()
    _pause(at, which)
    at.live(30)
    assert at.settled().outcome is Outcome.CANCELLED
    assert len(at.calls("UpdateInstance")) == 1
    assert at.orders() == []


@WHICH
def test_a_pause_ends_by_itself_and_what_is_wanted_then_begins(ready: Any, which: str) -> None:
    _pause(ready, which, **{"for": "45m"})
    ready.hear(ready.alert())
    ready.live(44)
    assert ready.state().operation is None
    ready.live(1)
    assert ready.operation().to_rung == "medium"
    ready.live(20)
    assert len(ready.orders()) == 1


@WHICH
def test_unpausing_lets_what_is_wanted_begin_soon(ready: Any, which: str) -> None:
    """A person who has just said so does not wait until the instance's turn to be looked at comes round."""
    _pause(ready, which)
    ready.hear(ready.alert())
    ready.live(10)
    assert _unpause(ready, which).get("mistake") is None
    ready.live(MINUTES_TO_WAIT)
    assert len(ready.orders()) == 1


@WHICH
def test_the_newest_word_counts_and_an_end_may_be_brought_forward(ready: Any, which: str) -> None:
    _pause(ready, which)
    ready.hear(ready.alert())
    ready.live(5)
    ready.clock.advance(1)
    _pause(ready, which, **{"for": "10m"})
    ready.live(9)
    assert ready.orders() == []
    ready.live(1 + MINUTES_TO_WAIT)
    assert len(ready.orders()) == 1


@WHICH
def test_ending_a_pause_that_is_none_is_a_mistake(ready: Any, which: str) -> None:
    whose = "the fleet" if which == "fleet" else "orders-mq"
    assert _unpause(ready, which) == {"mistake": f"{whose} is not paused"}


@WHICH
def test_a_pause_that_would_have_ended_already_is_a_mistake(ready: Any, which: str) -> None:
    answer = _pause(ready, which, until="2026-03-02T12:00:00Z")
    assert answer == {"mistake": "it would have ended already, at 2026-03-02 12:00Z"}
    assert _pause(ready, which, **{"for": "0s"}) == {"mistake": "it would have ended already, at 2026-03-02 12:10Z"}
    assert ready.hear(ready.alert()).decision.code == "resize"


@WHICH
def test_a_pause_without_an_end_is_told_once_a_day_until_it_is_ended(ready: Any, which: str) -> None:
    _pause(ready, which, reason="fair")
    ready.live(3 * 24 * 60 + 90)
    told = [text for kind, text in ready.messages if kind == "held" and "pause" in text]
    assert len(told) == 3
    assert all("fair" in text and "unpause" in text for text in told)
    _unpause(ready, which)
    ready.live(2 * 24 * 60)
    assert len(ready.messages) == 3


@WHICH
def test_a_dry_pause_pauses_nothing(ready: Any, which: str) -> None:
    """And leaves the store as it is."""
    before = dict(ready.shelf._bodies)
    answer = _pause(ready, which, dry_run=True)
    assert answer["dry_run"] is True
    assert dict(ready.shelf._bodies) == before
    assert ready.hear(ready.alert()).decision.code == "resize"


def test_a_pause_of_one_instance_leaves_the_others_alone(ready: Any) -> None:
    _pause(ready, "instance")
    verdict = ready.hear(ready.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    assert verdict.decision.code == "resize"


def test_a_pause_of_the_fleet_holds_every_instance(ready: Any) -> None:
    _pause(ready, "fleet")
    assert ready.hear(ready.alert()).decision.code == "pause"
    assert ready.hear(ready.alert(rule="", rule_id="gw-qps-high"), "edge-gateway").decision.code == "pause"


def test_the_end_of_the_fleets_pause_does_not_end_an_instances_own(ready: Any) -> None:
    _pause(ready, "instance")
    _pause(ready, "fleet")
    ready.hear(ready.alert())
    _unpause(ready, "fleet")
    ready.live(30)
    assert (ready.state().stance.code, ready.orders()) == ("pause", [])
    _unpause(ready, "instance")
    ready.live(MINUTES_TO_WAIT)
    assert len(ready.orders()) == 1


def test_nobody_overrules_a_pause(ready: Any) -> None:
    _pause(ready, "instance")
    everything = ["cooldown", "budget", "window", "drift", "fit"]
    answer = ready.say("resize", to="large", despite=everything, reason="now", **{"for": "2h"})
    assert (answer["decision"], answer["code"]) == ("hold", "pause")


def test_requests_are_taken_in_while_it_is_paused_and_act_afterwards(ready: Any) -> None:
    _pause(ready, "instance", **{"for": "30m"})
    ready.say("resize", to="large", **{"for": "8h"})
    assert ready.state().override.rung == "large"
    ready.live(45)
    assert ready.settled().to_rung == "large"


def test_a_pause_that_was_made_before_its_end_and_arrives_after_it_does_not_pause(ready: Any) -> None:
    now = ready.clock.now()
    pause = ready.request("", verb=Verb.PAUSE, until=None, at=now)
    end = ready.request("", verb=Verb.UNPAUSE, until=None, at=now + timedelta(seconds=1))
    for request in (end, pause):
        ready.hear(request)
    assert ready.hear(ready.alert()).decision.code == "resize"


def test_a_fleet_request_for_anything_else_is_a_mistake(ready: Any) -> None:
    why = "--fleet goes with pause and unpause, and with no instance"
    assert ready.say("resize", to="large", **{"for": "2h"}, **FLEET) == {"mistake": why}
    assert ready.say("pause", "", until="2026-03-02T11:00:00", **FLEET)["mistake"].startswith("--until needs an offset")
    assert ready.say("cancel", "", **FLEET) == {"mistake": why}
    assert ready.around.fleet.state().pause is None


def test_the_fleets_pause_is_a_record_of_the_fleet_with_who_and_why(ready: Any) -> None:
    _pause(ready, "fleet", caller="li@example", reason="fair")
    (paused,) = [record for record in ready.around.ledger.records("fleet") if record.fact["kind"] == "paused"]
    assert (paused.fact["by"], paused.fact["reason"]) == ("li@example", "fair")


class FleetUnwritten(NoMisfortune):
    """The fleet's ledger is read, and no write of it is sure."""

    def before(self, verb: str, key: str) -> None:
        """Let no write of it arrive for sure."""
        if verb == "create" and key.startswith(f"ledger/{FLEET_KEY}/"):
            raise Unsure("503 SlowDown")


@pytest.mark.parametrize("verb", ["pause", "unpause"])
def test_a_pause_of_the_fleet_that_was_not_written_is_not_told_as_one(ready: Any, verb: str) -> None:
    if verb == "unpause":
        _pause(ready, "fleet")
    stands = ready.around.fleet.state().pause
    ready.shelf._misfortunes = FleetUnwritten()
    answer = ready.say(verb, **_whom("fleet"))
    assert answer["mistake"] == "the fleet's ledger could not be written just now, so nothing has changed: ask again"
    ready.shelf._misfortunes = NoMisfortune()
    assert ready.around.fleet.state().pause == stands
    assert "mistake" not in ready.say(verb, **_whom("fleet"))
    assert (ready.around.fleet.state().pause is None) is (verb == "unpause")


@WHICH
@pytest.mark.parametrize("until", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59+08:00", "2036-03-04T12:00Z"])
def test_an_end_beyond_ten_years_is_a_mistake_and_leaves_nothing_behind(ready: Any, which: str, until: str) -> None:
    assert "more than ten years" in _pause(ready, which, until=until)["mistake"]
    ready.hear(ready.alert())
    ready.live(20)
    assert ready.settled().outcome is Outcome.RESIZED


@WHICH
def test_a_pause_of_years_ends_nothing_but_itself(ready: Any, which: str) -> None:
    assert "mistake" not in _pause(ready, which, until="2036-03-01T12:00Z")
    ready.hear(ready.alert())
    ready.live(5)
    assert ready.orders() == []
    _unpause(ready, which)
    ready.live(20)
    assert ready.settled().outcome is Outcome.RESIZED
