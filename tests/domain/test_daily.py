"""When the summary of a day is told: once, at nine, by the clock of where the policy lives."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta, timezone

import pytest

from tidegate.domain.daily import day_due, looks_back_to, next_due

HOUR = timedelta(hours=1)
ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata")


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-03-02T00:59:59", None),
        ("2026-03-02T01:00:00", date(2026, 3, 2)),
        ("2026-03-02T06:59:59", date(2026, 3, 2)),
        ("2026-03-02T07:00:00", None),
        ("2026-03-02T17:00:00", None),
    ],
)
def test_it_is_due_from_nine_until_three_by_the_zone(now: str, day: date | None) -> None:
    assert day_due("Asia/Shanghai", None, at(now)) == day


def test_a_day_that_was_told_of_is_told_of_no_more() -> None:
    told_at = at("2026-03-02T01:03:00")
    assert day_due("Asia/Shanghai", told_at, at("2026-03-02T05:00:00")) is None
    assert day_due("Asia/Shanghai", told_at, at("2026-03-03T01:00:00")) == date(2026, 3, 3)


@pytest.mark.parametrize("zone", ZONES)
def test_over_a_year_with_its_clock_changes_each_day_is_told_of_once(zone: str) -> None:
    now, told_at, days = at("2026-01-01T00:00:00"), None, []
    while now < at("2027-01-01T00:00:00"):
        if day := day_due(zone, told_at, now):
            days.append(day)
            told_at = now
        now = next_due(zone, told_at, now + timedelta(minutes=1))
        assert now.tzinfo is timezone.utc
    assert len(days) == len(set(days)) >= 365
    assert {b - a for a, b in itertools.pairwise(days)} == {timedelta(days=1)}


def test_a_summary_tells_what_happened_since_the_one_before_or_for_a_day() -> None:
    now = at("2026-03-03T09:00:00")
    assert looks_back_to(None, now) == now - 24 * HOUR
    assert looks_back_to(now - 30 * HOUR, now) == now - 30 * HOUR
    assert looks_back_to(now - 90 * HOUR, now) == now - 24 * HOUR
