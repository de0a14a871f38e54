from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegate.aliyun.errors import Missing, Throttled, Unanswered, Unreadable, VendorError
from tidegate.aliyun.patience import Patience


class Time:
    """Passes only when somebody sleeps or a call takes long."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.now_s += seconds

    def clock(self) -> float:
        """Give the seconds passed."""
        return self.now_s


def failing(*errors: VendorError) -> tuple[list[int], Callable[[], str]]:
    calls: list[int] = []

    def call() -> str:
        calls.append(1)
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        return "done"

    return calls, call


def test_what_passes_by_itself_is_asked_again_with_growing_pauses() -> None:
    time = Time()
    patience = Patience(time.sleep, time.clock, chance=lambda: 1.0)
    calls, call = failing(Throttled("T", ""), Unreadable("U", ""), Throttled("T", ""))
    assert patience(call) == "done"
    assert len(calls) == 4
    assert time.pauses == [0.4, 0.8, 1.6]


def test_chance_shortens_a_pause_by_half_at_most() -> None:
    time = Time()
    _, call = failing(Throttled("T", ""))
    Patience(time.sleep, time.clock, chance=lambda: 0.0)(call)
    assert time.pauses == [0.2]


@pytest.mark.parametrize("error", [Missing("M", ""), Unanswered("A", "")])
def test_anything_else_leaves_at_once(error: VendorError) -> None:
    time = Time()
    calls, call = failing(error)
    with pytest.raises(type(error)):
        Patience(time.sleep, time.clock, chance=lambda: 1.0)(call)
    assert len(calls) == 1


def test_patience_ends_before_its_limit_and_lets_the_last_error_out() -> None:
    time = Time()
    _, call = failing(*[Throttled(str(number), "") for number in range(100)])
    with pytest.raises(Throttled) as caught:
        Patience(time.sleep, time.clock, chance=lambda: 1.0, limit_s=12)(call)
    assert time.now_s <= 12
    assert caught.value.code == str(len(time.pauses))


def test_patience_ends_although_a_simulated_clock_stands_still() -> None:
    pauses: list[float] = []
    _, call = failing(*[Throttled("T", "")] * 1000)
    with pytest.raises(Throttled):
        Patience(pauses.append, lambda: 0.0, chance=lambda: 1.0, limit_s=12)(call)
    assert sum(pauses) <= 12


def test_calls_that_take_long_use_patience_up() -> None:
    time = Time()

    def slow() -> None:
        time.now_s += 9
        raise Unreadable("SDK.HttpError", "read timed out")

    with pytest.raises(Unreadable):
        Patience(time.sleep, time.clock, chance=lambda: 1.0, limit_s=12)(slow)
    assert len(time.pauses) == 1
