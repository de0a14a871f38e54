"""Spans of time as people write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tidegate.domain.durations import Duration, parse_duration, write_duration

ADAPTER: TypeAdapter[timedelta] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("7d", 604800), ("1d2h3m4s", 93784), ("0s", 0)],
)
def test_a_span_is_its_figures_with_their_units(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written", ["", "30", "30 m", "m", "1.5h", "-5m", "5M", "5w", "PT30M", "30m ", "h30", 30, 1.5, None, True, [], {}]
)
def test_anything_else_is_refused_with_an_example(written: Any) -> None:
    with pytest.raises(ValueError, match="such as 30m"):
        parse_duration(written)


@pytest.mark.parametrize("written", ["367d", "99999999d", "9" * 400 + "s"])
def test_a_span_too_long_to_reckon_with_is_refused_like_any_other_mistake(written: str) -> None:
    with pytest.raises(ValidationError, match="a duration"):
        ADAPTER.validate_python(written)


def test_the_longest_span_is_a_leap_year() -> None:
    assert parse_duration("366d") == parse_duration("8784h") == timedelta(days=366)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (-5, "0s"), (0.9, "0s"), (59, "59s"), (60, "1m"), (5400, "1h30m"), (90061, "1d1h"), (86405, "1d5s")],
)
def test_a_span_is_written_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert write_duration(timedelta(seconds=seconds)) == text


@settings(deadline=None)
@given(st.integers(0, 366 * 86_400))
def test_a_span_survives_its_compiled_form(seconds: int) -> None:
    span = timedelta(seconds=seconds)
    assert ADAPTER.validate_json(ADAPTER.dump_json(span)) == span


@settings(deadline=None)
@given(st.integers(0, 366 * 86_400))
def test_what_is_written_for_people_can_be_read_and_is_never_longer_than_the_span(seconds: int) -> None:
    span = timedelta(seconds=seconds)
    assert timedelta(0) <= span - parse_duration(write_duration(span)) < max(span * 0.05, timedelta(minutes=1))
