"""The figures of docs/costs.md are those that localcloud counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.docs.counting import COLUMNS, PAGE, counted, figures, rewritten, ticks
from tests.docs.story import told

LOOKS_AN_HOUR = 12
TRANSITIONS_A_LOOK = 3


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str, str], int]:
    """The figures of the page, by table, row and column."""
    return figures(PAGE.read_text("utf-8"))


def agrees(found: float, said: float) -> bool:
    """Within a quarter, or within three where figures are small."""
    return abs(found - said) <= max(0.25 * said, 3)


def off(counts: Counter[Any], known: dict[tuple[str, str, str], int], table: str, row: str) -> dict[str, Any]:
    """What differs from the page."""
    pairs = {column: (counts[column], known[table, row, column]) for column in COLUMNS}
    return {column: pair for column, pair in pairs.items() if not agrees(*pair)}


@pytest.mark.once
def test_ticks_ask_for_what_the_page_says_of_an_hour(known: dict[tuple[str, str, str], int]) -> None:
    """If not: `python -m tests.docs.counting`."""
    cold, third = ticks(1, minutes=20)
    assert off(cold, known, "ticks", "the first tick of a new function instance") == {}
    assert off(Counter({name: 3 * third[name] for name in COLUMNS}), known, "ticks", "an hour of ticks") == {}


def test_a_month_is_720_hours_of_ticks_and_of_each_instance(known: dict[tuple[str, str, str], int]) -> None:
    for fleet in (2, 20, 200):
        for column in COLUMNS:
            hour = known["ticks", "an hour of ticks", column]
            each = known["ticks", "an hour, each instance", column]
            month = known["month", f"{fleet} instances", column]
            assert abs(month - 720 * (hour + fleet * each)) <= 720 * (1 + fleet) / 2, (fleet, column)


def test_a_resize_calls_as_many_functions_as_the_page_says(known: dict[tuple[str, str, str], int]) -> None:
    with told() as story:
        story.rings()
        story.waits("15m")
        assert story.state().recent
        # The door, too.
        found = len(story.calls) + 1
    row = "an alert and the resize that it leads to"
    assert agrees(found, known["events", row, "invocations"])
    # A look, a choice and a wait each; Submit, Choose, Settle and Done around them.
    assert agrees(TRANSITIONS_A_LOOK * (found - 3) + 4, known["events", row, "transitions"])


def test_an_hour_of_waiting_has_as_many_looks_as_the_page_says(known: dict[tuple[str, str, str], int]) -> None:
    with told(edge={"auto_pay": False}, every_minute=False) as story:
        story.rings("edge-gateway")
        story.waits("2h")
        before = len(story.calls)
        story.waits("3h")
        found = (len(story.calls) - before) / 3
    row = "an hour in which an order waits to be paid"
    assert agrees(found, LOOKS_AN_HOUR)
    assert agrees(known["events", row, "invocations"], LOOKS_AN_HOUR)
    assert agrees(known["events", row, "transitions"], TRANSITIONS_A_LOOK * LOOKS_AN_HOUR)


def test_every_figure_of_the_page_is_what_is_counted(
    known: dict[tuple[str, str, str], int], request: pytest.FixtureRequest
) -> None:
    """The whole count takes minutes, so it is for `make soak`."""
    if not request.getfixturevalue("soaking"):
        pytest.skip("only with --soak")
    again = figures(rewritten(PAGE.read_text("utf-8"), counted()))
    assert {where: (again[where], said) for where, said in known.items() if not agrees(again[where], said)} == {}
