"""When windows, blackouts and freezes are open, and when the next one starts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tidegate.domain.openings import Opening, Openings
from tidegate.domain.when import FreezeEvent, ResizeWindow

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
NIGHT = {"name": "night", "from": "01:00", "to": "06:00"}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def windows(*spans: dict[str, Any], zone: str = "UTC") -> Openings:
    """Windows of an instance in a zone."""
    return Openings.of([ResizeWindow.model_validate(span) for span in spans], zone)


def freezes(*events: dict[str, Any], zone: str = "UTC") -> Openings:
    """Freezes of an instance in a zone."""
    return Openings.of([], zone, events=[FreezeEvent.model_validate(event) for event in events])


def found(openings: Openings, first: str, last: str) -> list[str]:
    """When something is open, each as `begin to end` in UTC, by asking for one start after the other."""
    at, spans = _utc(first), []
    while (at := openings.next_after(at) or _utc(last)) < _utc(last):
        opening = openings.at(at)
        assert opening is not None
        assert opening.since == at
        spans.append(f"{at:%m-%d %H:%M} to {opening.until:%m-%d %H:%M}")
    return spans


def test_a_window_is_open_from_its_first_second_to_its_end() -> None:
    openings, opening = windows(NIGHT), Opening("night", _utc("2026-03-02T01:00"), _utc("2026-03-02T06:00"))
    second = timedelta(seconds=1)
    times = [opening.since - second, opening.since, opening.until - second, opening.until]
    assert [openings.at(at) for at in times] == [None, opening, opening, None]


def test_the_next_window_is_the_next_start_even_while_one_is_open() -> None:
    openings = windows(NIGHT)
    assert openings.next_after(_utc("2026-03-02T00:59")) == _utc("2026-03-02T01:00")
    assert openings.next_after(_utc("2026-03-02T01:00")) == _utc("2026-03-03T01:00")


def test_the_next_window_may_be_a_year_away_but_not_much_more() -> None:
    yearly = {"days": "03-02", "from": "01:00", "to": "06:00"}
    assert windows(yearly).next_after(_utc("2026-03-02T02:00")) == _utc("2027-03-02T01:00")
    leap = {"days": "02-29", "from": "01:00", "to": "06:00"}
    assert windows(leap).next_after(_utc("2026-03-02T02:00")) is None
    assert windows(leap).next_after(_utc("2027-01-26T00:00")) == _utc("2028-02-29T01:00")


def test_every_midnight_is_a_start_of_whole_days() -> None:
    """The days are reckoned in blocks, which begin at midnight too."""
    openings, at = windows({"from": "00:00", "to": "24:00"}), _utc("2026-03-02T00:00")
    for _ in range(20):
        assert openings.next_after(at) == at + timedelta(days=1)
        at += timedelta(days=1)


def test_where_nothing_is_named_nothing_is_open_ever() -> None:
    assert windows().at(_utc("2026-03-02T02:00")) is None
    assert windows().next_after(_utc("2026-03-02T02:00")) is None


def test_of_windows_that_overlap_the_one_that_ends_last_is_told() -> None:
    openings = windows(NIGHT, {"name": "long", "from": "00:00", "to": "08:00"})
    assert openings.at(_utc("2026-03-02T03:00")) == Opening("long", _utc("2026-03-02T00:00"), _utc("2026-03-02T08:00"))


def test_windows_and_freezes_are_open_together() -> None:
    event = FreezeEvent.model_validate({"name": "audit", "start": "2026-03-02T12:00:00", "lasts": "1h"})
    openings = Openings.of([ResizeWindow.model_validate(NIGHT)], "UTC", events=[event])
    names = [
        opening and opening.name for opening in map(openings.at, (_utc("2026-03-02T02:00"), _utc("2026-03-02T12:30")))
    ]
    assert names == ["night", "audit"]


def test_a_window_keeps_to_the_wall_when_the_clocks_are_changed() -> None:
    openings = windows({"from": "02:30", "to": "04:00"}, zone=BERLIN)
    assert found(openings, "2026-03-27T12:00", "2026-03-30T12:00") == [
        "03-28 01:30 to 03-28 03:00",
        "03-29 01:30 to 03-29 02:00",
        "03-30 00:30 to 03-30 02:00",
    ]


def test_a_single_freeze_is_open_once() -> None:
    openings = freezes({"name": "launch", "start": "2026-03-02T22:00:00", "lasts": "8h", "timezone": "Asia/Shanghai"})
    assert found(openings, "2026-01-01T00:00", "2027-01-01T00:00") == ["03-02 14:00 to 03-02 22:00"]


def test_a_freeze_of_a_whole_day_is_one_of_the_instances_zone() -> None:
    event = {"start": "2026-03-29T00:00:00", "lasts": "1d"}
    assert found(freezes(event, zone="Asia/Shanghai"), "2026-01-01T00:00", "2027-01-01T00:00") == [
        "03-28 16:00 to 03-29 16:00"
    ]
    # That day has 23 hours in Berlin.
    assert found(freezes(event, zone=BERLIN), "2026-01-01T00:00", "2027-01-01T00:00") == ["03-28 23:00 to 03-29 22:00"]


def test_a_freeze_of_months_is_open_in_the_middle_of_it() -> None:
    openings = freezes({"name": "merger", "start": "2026-01-01T00:00:00", "lasts": "300d"})
    for day in ("2026-01-01T00:00", "2026-06-06T06:06", "2026-10-27T23:59"):
        opening = openings.at(_utc(day))
        assert opening is not None
        assert (opening.since, opening.until) == (_utc("2026-01-01T00:00"), _utc("2026-10-28T00:00"))
    assert openings.at(_utc("2026-10-28T00:00")) is None


def test_a_freeze_repeats_by_the_wall_clock_without_those_left_out() -> None:
    event = {"start": "2026-10-23T22:00:00", "lasts": "8h", "timezone": BERLIN, "rrule": "FREQ=DAILY;COUNT=5"}
    openings = freezes({**event, "without": ["2026-10-26T22:00:00"]}, zone="Asia/Shanghai")
    assert found(openings, "2026-01-01T00:00", "2027-01-01T00:00") == [
        "10-23 20:00 to 10-24 04:00",
        # Nine hours: the clocks go back.
        "10-24 20:00 to 10-25 05:00",
        "10-25 21:00 to 10-26 05:00",
        "10-27 21:00 to 10-28 05:00",
    ]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # 02:30 does not exist: it is read with the offset before the gap.
        ("2024-03-10T02:30:00", "03-10 07:30 to 03-10 09:00"),
        # 01:30 comes twice: the first counts.
        ("2024-11-03T01:30:00", "11-03 05:30 to 11-03 08:00"),
    ],
)
def test_a_repeat_in_a_gap_is_shifted_and_in_a_repeated_hour_is_the_first(start: str, expected: str) -> None:
    event = {"start": start, "lasts": "90m", "timezone": NEW_YORK, "rrule": "FREQ=WEEKLY"}
    lasts = {"lasts": "2h30m"} if "03-10" in start else {}
    openings = freezes({**event, **lasts})
    assert found(openings, f"{start[:10]}T00:00", f"{start[:10]}T12:00") == [expected]


def test_a_freeze_that_a_policy_holds_survives_being_written_as_json() -> None:
    event = FreezeEvent.model_validate(
        {
            "name": "month end",
            "start": "2026-01-31T18:00:00",
            "timezone": "Asia/Shanghai",
            "lasts": "6h",
            "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270101T000000",
            "without": ["2026-02-28T18:00:00"],
        }
    )
    assert FreezeEvent.model_validate(event.model_dump(mode="json", by_alias=True)) == event
    assert FreezeEvent.model_validate_json(event.model_dump_json()) == event


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 12 * 366 * 24), max_size=20))
def test_hours_of_many_years_asked_in_any_order_are_answered_as_by_fresh_openings(hours: list[int]) -> None:
    """More years than a repeat remembers."""
    event = {"start": "2026-01-31T18:00:00", "lasts": "3d", "timezone": BERLIN, "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1"}
    used = freezes(event)
    for hour in hours:
        at = _utc("2025-06-01T00:00") + timedelta(hours=hour)
        assert used.at(at) == freezes(event).at(at)
        assert used.next_after(at) == freezes(event).next_after(at)


@pytest.mark.parametrize("at", ["0001-01-02T00:00", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar_are_no_error(at: str) -> None:
    event = {"start": "2026-03-02T22:00:00", "lasts": "366d", "timezone": BERLIN, "rrule": "FREQ=YEARLY;INTERVAL=9"}
    openings = freezes(event)
    assert openings.at(_utc(at)) is None
    assert openings.at(_utc("2026-05-05T00:00")) is not None


@pytest.mark.parametrize(
    "over",
    [
        {"rrule": "FREQ=HOURLY"},
        {"rrule": "COUNT=3;FREQ=DAILY"},
        {"rrule": "FREQ=DAILY;INTERVAL=0"},
        {"rrule": "FREQ=DAILY;INTERVAL=1,2"},
        {"rrule": "FREQ=DAILY;UNTIL=20270101T000000Z"},
        {"rrule": "FREQ=DAILY;BYHOUR=3"},
        {"start": "2026-03-02T22:00:00+08:00"},
        {"without": ["2026-03-02T22:00:00Z"]},
        {"timezone": "Nowhere/Land"},
    ],
    ids=str,
)
def test_an_event_that_could_not_be_reckoned_with_is_refused(over: dict[str, Any]) -> None:
    """The core need not fear any event that a policy holds."""
    with pytest.raises(ValidationError):
        FreezeEvent.model_validate({"start": "2026-03-02T22:00:00", "lasts": "1h", **over})
