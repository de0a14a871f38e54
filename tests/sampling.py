"""Which of many cases that are much alike every run tries; `make soak` tries all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest


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
