"""Ticks may be skipped while nothing is due, and lost: that changes when, never what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from localcloud.project.scenario.folder import Folder, read_folder
from localcloud.project.scenario.play import Options, Played, performed, play
from localcloud.project.scenario.promises import broken
from localcloud.project.scenario.report import as_json
from tests.examples.conftest import EXAMPLES, written

BLOCK_MIN = 30
FEW = settings(
    deadline=None,
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],  # a play takes a second, and shrinking takes many plays
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MINUTES_OF_DAY = 8 * 60


def what(played: Played) -> dict[str, Any]:
    """Everything but how it was played."""
    return {key: value for key, value in as_json(played).items() if key not in ("ticks", "lost_ticks", "seconds")}


@pytest.mark.parametrize("name", ["alert-only", "timetable-and-alerts"])
def test_skipping_minutes_in_which_nothing_is_due_changes_nothing(name: str) -> None:
    folder = read_folder(EXAMPLES / name)
    skipping = play(folder, Console(quiet=True))
    every = play(folder, Console(quiet=True), Options(every_minute=True))
    minutes = (folder.until - folder.start) / timedelta(minutes=1)
    assert every.performance.ticks + every.performance.lost_ticks == minutes + 1
    assert skipping.performance.ticks < every.performance.ticks / 2
    assert what(skipping) == what(every)


@FEW
@example(lost=set(range(MINUTES_OF_DAY - 60)))
@given(lost=st.sets(st.integers(0, MINUTES_OF_DAY - 60)))
def test_whatever_ticks_are_lost_the_end_is_the_same_and_every_promise_is_kept(short: Folder, lost: set[int]) -> None:
    """Only the last hour's ticks are sure to run. A wish that nobody saw while it lasted is not caught up with."""
    with performed(short, Console(quiet=True), Options(lost=among(short, lost))) as performance:
        assert list(broken(performance.story, [])) == []
        assert performance.story.rungs == {"orders-mq": "small"}


@FEW
@given(lengths=st.lists(st.integers(0, 25), min_size=16, max_size=16))
def test_however_ticks_are_lost_for_less_than_half_an_hour_the_same_is_ordered(
    short: Folder, lengths: list[int]
) -> None:
    lost = {block * BLOCK_MIN + minute for block, length in enumerate(lengths) for minute in range(length)}
    played = play(short, Console(quiet=True), Options(lost=among(short, lost)))
    orders = [(order.start, order.end) for order in played.performance.story.orders]
    assert orders == [(order.start, order.end) for order in short.scenario.expect.orders]
    assert played.performance.story.rungs == {"orders-mq": "small"}


pytestmark = pytest.mark.once


def test_ticks_that_a_scenario_loses_do_not_run(short: Folder) -> None:
    played = play(short, Console(quiet=True), Options(lost=among(short, range(30, 90))))
    first = played.performance.story.orders[0]
    assert first.at == short.start + timedelta(minutes=90)
    assert played.performance.lost_ticks > 0


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The short day."""
    return read_folder(written(tmp_path_factory.mktemp("short")))


def among(folder: Folder, lost: Sequence[int] | set[int] | range) -> Any:
    """Say of a minute whether its tick is lost, by the minutes since the beginning."""
    chosen = set(lost)

    def is_lost(minute: datetime) -> bool:
        return int((minute - folder.start) / timedelta(minutes=1)) in chosen

    return is_lost
