"""What other schedulers were seen to do when New York changes its clocks, and what happens here instead.

In 2024 the clocks went from 02:00 to 03:00 on 10 March, and from 02:00 back to 01:00 on 3 November.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from tests.domain.conftest import Make

NEW_YORK = ZoneInfo("America/New_York")
SPRING, AUTUMN = datetime(2024, 3, 10, tzinfo=NEW_YORK), datetime(2024, 11, 3, tzinfo=NEW_YORK)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def changes(make: Make, around: datetime, entry: dict[str, str], days: int = 1) -> list[str]:
    """When the wanted rung changes on the day and maybe the days before, as a wall in New York shows it."""
    timetable = make.timetable({"rung": "large", **entry}, timezone="America/New_York")
    found = timetable.changes(around - (days - 1) * DAY, around + DAY)
    return [f"{at.astimezone(NEW_YORK):%a %H:%M %Z}" for at, _ in found]


def length(make: Make, around: datetime, entry: dict[str, str]) -> timedelta:
    """How long the one span of that day lasts."""
    timetable = make.timetable({"rung": "large", **entry}, timezone="America/New_York")
    (start, _), (end, _) = timetable.changes(around - MINUTE, around + 12 * HOUR)
    return end - start


def test_1_a_window_in_the_missing_hour_is_kept_an_hour_later(make: Make) -> None:
    """Elsewhere 02:10 to 02:50 never came that day."""
    assert changes(make, SPRING, {"from": "02:10", "to": "02:50"}) == ["Sun 03:10 EDT", "Sun 03:50 EDT"]


def test_2_a_window_in_the_repeated_hour_comes_once(make: Make) -> None:
    """Elsewhere 01:30 to 01:45 came twice."""
    assert changes(make, AUTUMN, {"from": "01:30", "to": "01:45"}) == ["Sun 01:30 EDT", "Sun 01:45 EST"]


def test_3_a_window_across_the_change_is_as_long_as_it_really_is(make: Make) -> None:
    """Elsewhere the description of 00:00 to 09:00 said nine hours on either day."""
    assert length(make, SPRING, {"from": "00:00", "to": "09:00"}) == 8 * HOUR
    assert length(make, AUTUMN, {"from": "00:00", "to": "09:00"}) == 10 * HOUR


def test_4_an_end_in_the_missing_or_the_repeated_hour_comes_once(make: Make) -> None:
    """Elsewhere an off-hour of 2 never came in spring, and one of 1 came twice in autumn."""
    assert changes(make, SPRING, {"from": "00:15", "to": "02:00"}) == ["Sun 00:15 EST", "Sun 03:00 EDT"]
    assert changes(make, AUTUMN, {"from": "00:15", "to": "01:00"}) == ["Sun 00:15 EDT", "Sun 01:00 EST"]


def test_5_a_start_in_the_missing_hour_makes_no_span_of_a_day_and_more(make: Make) -> None:
    """Elsewhere 02:30 to 06:00 was on from Saturday 02:30 to Sunday 06:00: a paid extra day."""
    assert changes(make, SPRING, {"from": "02:30", "to": "06:00"}, days=2) == [
        "Sat 02:30 EST",
        "Sat 06:00 EST",
        "Sun 03:30 EDT",
        "Sun 06:00 EDT",
    ]


def test_6_an_end_in_the_missing_hour_does_not_lose_the_night_before(make: Make) -> None:
    """Elsewhere the night from Saturday 22:00 to 02:30 did not come at all."""
    assert changes(make, SPRING, {"days": "sat", "from": "22:00", "to": "02:30"}, days=2) == [
        "Sat 22:00 EST",
        "Sun 03:30 EDT",
    ]


def test_7_a_short_start_and_end_in_the_repeated_hour_come_once(make: Make) -> None:
    """Elsewhere 01:30 to 01:45 was run twice; whoever wants the short window only says which of the two."""
    window = {"from": "01:30", "to": "01:45"}
    assert len(changes(make, AUTUMN, window)) == 2
    assert changes(make, AUTUMN, {**window, "overlap": "first"}) == ["Sun 01:30 EDT", "Sun 01:45 EDT"]
    assert changes(make, AUTUMN, {**window, "overlap": "last"}) == ["Sun 01:30 EST", "Sun 01:45 EST"]
