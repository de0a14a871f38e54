"""Which of many cases that are much alike every run tries; `make soak` tries all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import settings

Test = TypeVar("Test", bound=Callable[..., None])

SOAKED = 20
"""How many times as many examples a soak draws."""
_times = 1


def soak() -> None:
    """Let all that is drawn from now on be drawn as often as a soak does. Before any test is imported."""
    global _times  # noqa: PLW0603 - decorators of tests ask for it, which are given nothing
    _times = SOAKED


def draws(examples: int, **how: Any) -> Callable[[Test], Test]:
    """Let a test draw so many examples in every run, and twenty times as many in a soak. `how` is for hypothesis."""
    often = settings(max_examples=examples * _times, deadline=None, **how)
    return lambda test: pytest.mark.soak(often(test))


def alternating(cases: Iterable[Any], others: Sequence[Any], named: Callable[[Any, Any], str]) -> list[Any]:
    """Pair every case with each of the others: with one of them in every run, in turns, and with the rest in a soak."""
    return [
        pytest.param(case, other, id=named(case, other), marks=marks(is_deep=number != turn % len(others)))
        for turn, case in enumerate(cases)
        for number, other in enumerate(others)
    ]


def every(step: int, cases: Iterable[Any]) -> list[Any]:
    """Try one case of so many in every run, the first among them, and the rest in a soak."""
    return [pytest.param(case, marks=marks(is_deep=turn % step > 0)) for turn, case in enumerate(cases)]


def marks(*, is_deep: bool) -> list[pytest.MarkDecorator]:
    """What a case is marked with."""
    return [pytest.mark.deep] if is_deep else []
