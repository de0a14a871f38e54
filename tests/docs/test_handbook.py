"""The handbook shows what people are really told, and what it tells them to press does what it says."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.docs.situations import (
    BY_HAND,
    LARGE,
    PAGE,
    SHOWN,
    SITUATIONS,
    colleague,
    forbidden,
    in_doubt,
    rewritten,
    said_of_spoilt,
    shown,
    spoil,
    stance,
)
from tests.docs.story import Story, told
from tests.docs.test_readme import parse
from tidegate.app import codec
from tidegate.domain.operation import OPENS_CIRCUIT, Outcome
from tidegate.domain.state import State

COMMAND = re.compile(r"^\$ (tidegate [^#\n]*(?:#\d+)?[^#\n]*)$", re.MULTILINE)
ASKED = {"pause", "unpause", "adopt", "approve", "cancel", "ack", "resize"}


@pytest.fixture(scope="module")
def page() -> str:
    """The handbook as it is."""
    return PAGE.read_text("utf-8")


@pytest.mark.once
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_message_of_the_handbook_is_what_localcloud_brings_about(page: str, name: str) -> None:
    """If not: `python -m tests.docs.situations`."""
    (found,) = [text for _, which, text, _ in SHOWN.findall(page) if which == name]
    assert found == f"{shown(SITUATIONS[name]())}\n"


def test_the_handbook_has_every_situation_once_and_every_reason_to_be_held(page: str) -> None:
    texts = {name: text.removesuffix("\n") for _, name, text, _ in SHOWN.findall(page)}
    assert set(texts) == set(SITUATIONS)
    assert rewritten(page, texts) == page


def test_every_command_of_the_handbook_is_one_that_the_program_reads(page: str) -> None:
    shown = [shlex.split(line) for line in COMMAND.findall(page)]
    inline = [shlex.split(line) for line in re.findall(r"`(tidegate (?:adopt|cancel|ack|unpause) [^`\n]+)`", page)]
    assert {words[1] for words in shown} >= ASKED | {"status", "explain", "history"}
    for words in [*shown, *inline]:
        parse(words[1:])


def test_every_outcome_that_opens_the_circuit_has_its_place_in_the_handbook(page: str) -> None:
    for outcome in (*OPENS_CIRCUIT, Outcome.SETTLED_ELSEWHERE):
        assert f"**{outcome.value.capitalize()}**" in page, outcome


def test_the_table_at_the_top_leads_to_every_section(page: str) -> None:
    sections = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([\w-]+)\) \|$", page, re.MULTILINE)) == sections


# What is pressed, and what comes of it.


def test_an_order_that_is_paid_and_switched_ends_resized() -> None:
    with told(edge=BY_HAND) as story:
        story.rings("edge-gateway")
        story.waits("10m")
        story.does(console={"pay": "edge-gateway"})
        story.waits("20m")
        story.does(console={"switch": "edge-gateway"})
        story.waits("10m")
        assert outcomes(story, "edge-gateway") == ["resized"]


def test_an_unpaid_order_is_not_cancelled_by_a_command_but_in_the_console() -> None:
    with told(edge=BY_HAND) as story:
        story.rings("edge-gateway")
        story.waits("10m")
        assert "in the vendor's console" in story.asks("cancel", "edge-gateway").reason
        story.does(console={"cancel_order": "edge-gateway"})
        story.waits("50m")
        assert outcomes(story, "edge-gateway") == ["order cancelled"]
        story.asks("ack", "edge-gateway")
        assert [order["status"] for order in story.orders()] == ["Cancelled", "Unpaid"], "it is still wanted"


def test_an_acknowledged_failure_is_ordered_again_where_it_is_still_wanted() -> None:
    with told() as story:
        forbidden(story)
        assert "tidegate ack" in stance(story.state())
        story.stage.console("DELETE", "faults")
        story.asks("ack")
        story.waits("15m")
        assert outcomes(story) == ["refused", "resized"]


def test_a_pause_before_the_ack_keeps_it_from_being_ordered_again() -> None:
    with told() as story:
        forbidden(story)
        story.asks("pause", **{"for": "2h"})
        story.asks("ack")
        story.waits("15m")
        assert (story.orders(), stance(story.state())[:6]) == ([], "paused")


def test_a_doubt_is_quieted_by_ack_and_ended_by_a_resize_in_the_console() -> None:
    with told({"order_visible_after": "never"}) as story:
        in_doubt(story)
        assert "in the vendor's console" in story.asks("cancel").reason
        story.asks("ack")
        known = len(story.messages())
        story.waits("5h")
        assert len(story.messages()) == known
        colleague(story, **LARGE)
        story.waits("2h")
        assert outcomes(story) == ["resized (not by our order)"]


def test_what_is_refused_for_now_can_be_cancelled() -> None:
    with told({"migrating_for": "20h"}) as story:
        colleague(story, QueueCapacity=300)
        story.waits("3m")
        colleague(story, QueueCapacity=200)
        story.waits("10m")
        story.rings()
        story.waits("7m")
        story.asks("cancel")
        story.waits("10m")
        assert outcomes(story) == ["cancelled"]


@pytest.mark.parametrize(("verb", "more", "says"), [("adopt", {}, "large as wanted by home"), ("ack", {}, "drift")])
def test_a_drift_is_ended_by_adopting_and_not_by_an_ack(verb: str, more: dict[str, Any], says: str) -> None:
    with told() as story:
        colleague(story, **LARGE)
        story.waits("3h")
        story.asks(verb, **more)
        story.waits("5m")
        held = story.state().stance
        assert held is not None
        assert says in (held.code, held.reason)


def test_what_was_adopted_off_the_ladder_is_left_for_a_rung_and_not_returned_to() -> None:
    with told(subscription_down="allow") as story:
        colleague(story, MaxPrivateTps=4000)
        story.waits("3h")
        story.asks("adopt")
        story.rings()
        story.waits("20m")
        story.rings(state="ok")
        story.waits("3h")
        assert "nothing asks for a rung" in stance(story.state())


def test_a_tick_that_runs_again_goes_on_where_it_stopped() -> None:
    with told() as story:
        story.does(lose_ticks="2h")
        story.waits("30m")
        story.rings()
        story.waits("3h")
        assert outcomes(story) == ["resized"]


def test_a_spoilt_record_that_is_moved_away_lets_the_instance_go_on() -> None:
    with told() as story:
        spoil(story)
        said_of_spoilt(story, "kept")
        newest = next(key for key in story.stage.mortal.list("ledger/") if "amqp" in key)
        story.stage.mortal.delete(newest)
        story.waits("20m")
        assert outcomes(story) == ["resized"], "the alert was kept, and is answered now"


def outcomes(story: Story, name: str = "orders-mq") -> list[str]:
    """How the instance's operations have ended."""
    state: State = story.state(name)
    assert codec.write_state(state)
    return [settled.outcome.value for settled in state.recent]
