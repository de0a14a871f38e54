"""What the answer to a dry run has: what would stand, from where to where it would go, and what an hour would cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tidegate.app.report import plan, to_json
from tidegate.domain.signal import Verb
from tidegate.ledger.memory import NoMisfortune
from tidegate.ledger.record import FLEET
from tidegate.ledger.shelf import ShelfUnavailable

Opens = Callable[..., Any]
PRICES = {"small": 1.5, "medium": 2.0, "large": 4.25}
KEYS = {
    "told", "decision", "code", "reason", "operation", "override", "pause", "approval", "record", "timezone",
}  # fmt: skip
"""What docs/cli.md says of every answer."""
ORDERED = {"MaxPrivateTps": (3000, 8000), "QueueCapacity": (200, 1000), "MaxConnections": (2000, 5000)}


@pytest.fixture
def priced(desk: Opens) -> Any:
    """A desk whose instance has prices, and was seen."""
    at = desk()
    ladder = [{**rung, "hourly_price": PRICES[rung["rung"]]} for rung in at.orders_mq["ladder"]]
    at.push({**at.orders_mq, "ladder": ladder, "timezone": "Asia/Shanghai"}, at.edge)
    at.reconcile()
    return at


def dry(at: Any, verb: str = "resize", **over: Any) -> dict[str, Any]:
    """A dry run's answer; of a resize to large for two hours, unless said otherwise."""
    wish = {"to": "large", "for": "2h"} if verb == "resize" else {}
    before = dict(at.shelf._bodies)
    answer: dict[str, Any] = at.say(verb, dry_run=True, **{**wish, **over})
    assert dict(at.shelf._bodies) == before
    assert set(answer) >= KEYS
    assert (answer["record"], answer["dry_run"]) == (None, True)
    return answer


def test_what_would_be_ordered_is_told_as_in_a_plan(priced: Any) -> None:
    answer = dry(priced)
    assert (answer["decision"], answer["operation"], answer["pause"], answer["approval"]) == (
        "resize",
        None,
        None,
        None,
    )
    assert answer["override"] == {"to": "large", "until": "2026-03-02T14:00:00+00:00"}
    assert (answer["rung"], answer["wanted"], answer["direction"]) == ("small", "large", "up")
    assert {each["field"]: (each["before"], each["after"]) for each in answer["changes"]} == ORDERED
    assert (answer["hourly_price_before"], answer["hourly_price_after"]) == (1.5, 4.25)
    priced.leave(priced.request("large"))
    planned = next(each for each in to_json(plan(priced.around))["instances"] if each["instance"] == "orders-mq")
    same = (
        "rung",
        "wanted",
        "direction",
        "changes",
        "unchanged",
        "in_use",
        "hourly_price_before",
        "hourly_price_after",
    )
    assert {name: answer[name] for name in same} == {name: planned[name] for name in same}


@pytest.mark.parametrize("whose", ["instance", "fleet"])
def test_under_a_pause_it_is_told_what_would_stand_and_what_it_would_order_after_that(priced: Any, whose: str) -> None:
    priced.say("pause", **({"instance": "", "fleet": True} if whose == "fleet" else {}))
    answer = dry(priced)
    assert (answer["decision"], answer["code"]) == ("hold", "pause")
    assert answer["override"] == priced.say("resize", to="large", **{"for": "2h"})["override"]
    assert answer["pause"] == (None if whose == "fleet" else "released")
    assert (answer["rung"], answer["wanted"], answer["direction"]) == ("small", "large", "up")
    assert {each["field"]: (each["before"], each["after"]) for each in answer["changes"]} == ORDERED
    assert (answer["hourly_price_before"], answer["hourly_price_after"]) == (1.5, 4.25)


def test_under_an_open_operation_what_would_stand_is_told_and_not_guessed_what_follows(priced: Any) -> None:
    priced.say("resize", to="medium", **{"for": "1h"})
    answer = dry(priced)
    assert (answer["code"], answer["operation"], answer["override"]["to"]) == ("operation", 1, "large")
    assert (answer["changes"], answer["hourly_price_after"]) == ([], None)
    assert priced.state().override.rung == "medium"


def test_what_is_asked_already_has_its_id_and_what_would_be_asked_has_none(priced: Any) -> None:
    priced.push({**priced.orders_mq, "approval": {"when": ["up"]}}, priced.edge)
    assert (dry(priced)["code"], dry(priced)["approval"]) == ("approval", None)
    asked = priced.say("resize", to="large", **{"for": "2h"})["approval"]
    assert dry(priced, **{"for": "3h"})["approval"] == asked


def test_before_first_contact_nothing_would_stand_yet(desk: Opens) -> None:
    """The request would wait, as the real one does."""
    at = desk()
    at.push({**at.orders_mq, "instance_id": "amqp-cn-nobodys01"}, at.edge)
    assert (dry(at)["code"], dry(at)["override"]) == ("gone", None)
    assert at.say("resize", to="large", **{"for": "2h"})["override"] is None


@pytest.mark.parametrize("verb", list(Verb))
def test_whatever_is_asked_the_dry_answer_has_what_a_real_one_has(priced: Any, verb: Verb) -> None:
    priced.push({**priced.orders_mq, "approval": {"when": ["up"]}}, priced.edge)
    priced.say("resize", to="large", **{"for": "2h"})
    priced.say("pause")
    answer = dry(priced, verb.value)
    real = priced.say(verb.value, **({"to": "large", "for": "2h"} if verb is Verb.RESIZE else {}))
    assert set(real) <= set(answer)


@pytest.mark.parametrize(("verb", "ends"), [("pause", {}), ("pause", {"for": "2h"}), ("unpause", {})])
def test_the_fleets_answer_has_what_an_instances_has(priced: Any, verb: str, ends: dict[str, str]) -> None:
    """Its record is one of the fleet, so that `explain KEY` and the answer name the same."""
    priced.push({**priced.orders_mq, "timezone": "Asia/Shanghai"}, {**priced.edge, "timezone": "Asia/Shanghai"})
    if verb == "unpause":
        priced.say("pause", instance="", fleet=True)
    until = "2026-03-02T14:00:00+00:00" if ends else "released" if verb == "pause" else None
    rehearsed = dry(priced, verb, instance="", fleet=True, **ends)
    answer = priced.say(verb, instance="", fleet=True, **ends)
    assert set(answer) >= KEYS
    assert (answer["pause"], rehearsed["pause"]) == (until, until)
    assert answer["timezone"] == rehearsed["timezone"] == "Asia/Shanghai"
    (newest,) = priced.around.ledger.records("fleet", limit=1)
    assert (answer["record"], newest.fact["kind"]) == (newest.seq, f"{verb}d")


def test_a_fleet_of_several_zones_is_told_in_utc(priced: Any) -> None:
    priced.push(priced.orders_mq, {**priced.edge, "timezone": "Asia/Shanghai"})
    assert priced.say("pause", instance="", fleet=True)["timezone"] == "UTC"


class Unwritten(NoMisfortune):
    """No record of an instance can be written just now."""

    def before(self, verb: str, key: str) -> None:
        """Let no write of it arrive."""
        if verb == "create" and key.startswith("ledger/") and not key.startswith(f"ledger/{FLEET}/"):
            raise ShelfUnavailable("503")


def test_a_request_that_is_kept_for_the_tick_has_the_same_answer_with_nothing_in_it(priced: Any) -> None:
    priced.shelf._misfortunes = Unwritten()
    answer = priced.say("resize", to="large", **{"for": "2h"})
    assert set(answer) >= KEYS
    assert (answer["code"], answer["override"], answer["timezone"]) == ("kept", None, "Asia/Shanghai")


class UnreadableSoon(NoMisfortune):
    """Once the fleet's ledger was written, it can be read to make sure of that, and no more."""

    def __init__(self) -> None:
        self.read: set[str] | None = None

    def before(self, verb: str, key: str) -> None:
        """Let what was read since the write not be read again."""
        if self.read is not None and verb == "get" and key in self.read:
            raise ShelfUnavailable("503")

    def after(self, verb: str, key: str) -> None:
        """Note the write, and what is read after it."""
        if key.startswith(f"ledger/{FLEET}/"):
            self.read = set() if verb == "create" else self.read
            if self.read is not None and verb == "get":
                self.read.add(key)


def test_a_pause_whose_record_cannot_be_read_again_is_told_as_the_pause_it_is(priced: Any) -> None:
    priced.shelf._misfortunes = UnreadableSoon()
    answer = priced.say("pause", instance="", fleet=True)
    priced.shelf._misfortunes = NoMisfortune()
    assert (answer["code"], answer["pause"], answer["record"]) == ("pause", "released", None)
    assert priced.around.fleet.state().pause is not None
