"""Every kind of message is rendered as its snapshot has it, and says what a reader needs."""

from __future__ import annotations

import pytest

from tests.notify.examples import HOLDS, OUTCOMES, SNAPSHOTS, WAITS, rendered
from tidegate.domain.held import HELD
from tidegate.domain.operation import Outcome

MESSAGES = dict(rendered())


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_as_its_snapshot(name: str) -> None:
    """If it is meant to be another one: `python -m tests.notify.examples`, and read what changed."""
    assert MESSAGES[name] == (SNAPSHOTS / f"{name}.txt").read_text("utf-8")


def test_no_snapshot_is_left_over() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(MESSAGES)


@pytest.mark.parametrize("name", [*WAITS, *HOLDS])
def test_what_needs_somebody_says_what_to_press_what_if_nobody_does_and_how_to_quiet_it(name: str) -> None:
    text = MESSAGES[name]
    assert "If nobody does, " in text
    assert text.rstrip().endswith("Quiet this: `tidegate ack orders-mq`.") or "ack edge-gateway" in text
    if name in WAITS:
        assert " by " in text.lower()


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith("unreadable-")])
def test_what_cannot_be_read_says_what_it_means_what_if_nobody_does_and_where_to_look(name: str) -> None:
    text = MESSAGES[name]
    assert "Nothing is ordered for " in text
    assert "If nobody does, " in text
    assert text.rstrip().endswith("See `tidegate status`.")
    assert "tidegate ack" not in text, "there is nothing to which it could be written"


@pytest.mark.parametrize("name", ["many-in-one", "summary"])
def test_what_needs_nobody_says_how_to_quiet_it(name: str) -> None:
    assert "Quiet this: take `" in MESSAGES[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_one_line_with_its_title_in_it_and_short_enough_for_a_chat(name: str) -> None:
    """Some channels have no titles, and WeCom takes 2048 bytes."""
    _, title, _, text, end = MESSAGES[name].split("\n")
    assert text.startswith(title.removeprefix("title: ")) or name == "silent-channel"
    assert end == ""
    assert len(text.encode()) < 2048


def test_every_outcome_that_stops_orders_says_what_ends_that() -> None:
    for name in OUTCOMES:
        said = "Nothing more is ordered until `tidegate ack orders-mq`." in MESSAGES[name]
        assert said is (name not in ("resized", "resized-elsewhere", "unchanged", "cancelled")), name


def test_there_is_a_snapshot_of_every_outcome_every_hold_that_is_told_and_every_kind() -> None:
    assert {name.replace("-", " ") for name in OUTCOMES} - {"resized elsewhere"} == {
        one.value for one in Outcome if one is not Outcome.RESIZED_ELSEWHERE
    }
    assert {name.removeprefix("held-") for name in HOLDS} >= {*HELD, "otherwise"}
    kinds = {text.split("\n")[0].removeprefix("kind: ") for text in MESSAGES.values()}
    assert kinds == {"resized", "held", "failed", "needs-person", "summary"}
