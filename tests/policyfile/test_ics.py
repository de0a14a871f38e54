"""Calendar files as freezes: what is read, and what is refused with the event and the reason."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling import draws
from tidegate.domain.openings import Openings
from tidegate.domain.when import FreezeEvent
from tidegate.policyfile.ics import MOST_BYTES, MOST_EVENTS, BadCalendar, read_ics

SHANGHAI = "Asia/Shanghai"
START = "DTSTART;TZID=Asia/Shanghai:20261109T220000"
LASTS = "DURATION:PT8H"


def written(*lines: str) -> bytes:
    """A calendar with these lines."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//shop//EN", *lines, "END:VCALENDAR", ""]).encode()


def event(*lines: str, name: str = "Singles day") -> bytes:
    """A calendar with one event."""
    return written("BEGIN:VEVENT", "UID:1@shop", f"SUMMARY:{name}", *lines, "END:VEVENT")


def read(*lines: str, zone: str = SHANGHAI) -> FreezeEvent:
    """The one event of a calendar."""
    (found,) = read_ics(event(*lines), zone, "freezes.ics")
    return found


def wall(text: str) -> datetime:
    """A time on a wall."""
    return datetime.fromisoformat(text)


def spans(found: FreezeEvent, zone: str = SHANGHAI, most: int = 5) -> list[str]:
    """When the event is on, in UTC, from 2026 on."""
    openings, at = Openings.of([], zone, events=[found]), datetime(2026, 1, 1, tzinfo=timezone.utc)
    told: list[str] = []
    while len(told) < most and (start := openings.next_after(at)) is not None:
        opening = openings.at(start)
        assert opening is not None
        told.append(f"{start:%m-%d %H:%M} to {opening.until:%m-%d %H:%M}")
        at = start
    return told


def refused(body: bytes) -> str:
    """Why a calendar is refused."""
    with pytest.raises(BadCalendar) as bad:
        read_ics(body, SHANGHAI, "freezes.ics")
    text = str(bad.value)
    assert text.startswith("freezes.ics: ")
    assert text.isprintable()
    return text.removeprefix("freezes.ics: ")


def test_a_time_in_a_zone_is_an_instant() -> None:
    found = read(START, "DTEND;TZID=Asia/Shanghai:20261112T020000")
    assert found.name == "Singles day"
    assert spans(found) == spans(found, "America/New_York") == ["11-09 14:00 to 11-11 18:00"]


def test_a_time_in_utc_is_an_instant() -> None:
    found = read("DTSTART:20261109T140000Z", "DTEND:20261111T180000Z")
    assert spans(found, "America/New_York") == ["11-09 14:00 to 11-11 18:00"]


def test_a_single_event_across_a_clock_change_lasts_as_long_as_it_does() -> None:
    """It ends at the second 01:30 of that night, which no wall can tell from the first."""
    found = read("DTSTART;TZID=America/New_York:20261101T003000", "DTEND:20261101T063000Z")
    assert spans(found) == ["11-01 04:30 to 11-01 06:30"]


def test_a_floating_time_is_the_instances() -> None:
    found = read("DTSTART:20261109T220000", LASTS)
    assert (found.start, found.timezone, found.lasts) == (wall("2026-11-09T22:00"), None, timedelta(hours=8))
    assert spans(found) == ["11-09 14:00 to 11-09 22:00"]
    assert spans(found, "UTC") == ["11-09 22:00 to 11-10 06:00"]


@pytest.mark.parametrize("end", [(), ("DTEND;VALUE=DATE:20261112",), ("DURATION:P1D",)])
def test_a_whole_day_ends_with_its_last_day(end: tuple[str, ...]) -> None:
    found = read("DTSTART;VALUE=DATE:20261111", *end)
    assert (found.start, found.timezone, found.lasts) == (wall("2026-11-11"), None, timedelta(days=1))
    assert spans(found) == ["11-10 16:00 to 11-11 16:00"]


def test_whole_days_in_a_row_are_one_freeze() -> None:
    found = read("DTSTART;VALUE=DATE:20261230", "DTEND;VALUE=DATE:20270103")
    assert spans(found, "UTC") == ["12-30 00:00 to 01-03 00:00"]


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("FREQ=DAILY;COUNT=3", "09 10 11"),
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20261113T140000Z", "09 11 13"),
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20261113T135959Z", "09 11"),
        # A bare date takes in the whole of that day.
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20261113", "09 11 13"),
        ("FREQ=WEEKLY;BYDAY=MO,TH;WKST=SU;COUNT=4", "09 12 16 19"),
        ("FREQ=MONTHLY;BYDAY=2MO;COUNT=2", "09 14"),
        ("FREQ=MONTHLY;BYMONTHDAY=9,-1;BYMONTH=11;COUNT=2", "09 30"),
        ("FREQ=YEARLY;COUNT=1", "09"),
    ],
)
def test_an_event_repeats_as_its_rule_says(rule: str, starts: str) -> None:
    found = read(START, LASTS, f"RRULE:{rule}")
    assert [span[3:5] for span in spans(found)] == starts.split()


def test_repeats_keep_to_the_wall_of_their_zone() -> None:
    start = "DTSTART;TZID=Europe/Berlin:20261024T220000"
    found = read(start, "DTEND;TZID=Europe/Berlin:20261025T060000", "RRULE:FREQ=DAILY;COUNT=2")
    assert spans(found) == ["10-24 20:00 to 10-25 05:00", "10-25 21:00 to 10-26 05:00"]


@pytest.mark.parametrize("without", ["EXDATE:20261110T140000Z", "EXDATE;TZID=Asia/Shanghai:20261110T220000"])
def test_a_repeat_may_be_left_out_in_any_zone(without: str) -> None:
    found = read(START, LASTS, "RRULE:FREQ=DAILY;COUNT=3", without)
    assert found.without == (wall("2026-11-10T22:00"),)
    assert [span[:5] for span in spans(found)] == ["11-09", "11-11"]


def test_several_repeats_may_be_left_out_on_one_line_and_on_several() -> None:
    lines = ["EXDATE;VALUE=DATE:20261112,20261113", "EXDATE;VALUE=DATE:20261115"]
    found = read("DTSTART;VALUE=DATE:20261111", "RRULE:FREQ=DAILY;UNTIL=20261116", *lines)
    assert [span[:5] for span in spans(found, "UTC")] == ["11-11", "11-14", "11-16"]


def test_windows_names_of_zones_are_known() -> None:
    assert read("DTSTART;TZID=China Standard Time:20261109T220000", LASTS).timezone == SHANGHAI


def test_what_the_file_says_of_a_known_zone_is_not_believed() -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:Asia/Shanghai", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100"]
    zone += ["TZOFFSETTO:+0100", "RRULE:FREQ=SECONDLY", "END:STANDARD", "END:VTIMEZONE"]
    body = written(*zone, "BEGIN:VEVENT", START, LASTS, "END:VEVENT")
    (found,) = read_ics(body, "UTC", "freezes.ics")
    assert spans(found) == ["11-09 14:00 to 11-09 22:00"]


def test_cancelled_events_and_what_are_no_events_are_left_out() -> None:
    todo = ["BEGIN:VTODO", "SUMMARY:buy milk", "END:VTODO"]
    gone = ["BEGIN:VEVENT", START, LASTS, "STATUS:Cancelled", "END:VEVENT"]
    kept = ["BEGIN:VEVENT", START, LASTS, "STATUS:CONFIRMED", "SUMMARY:kept", "END:VEVENT"]
    assert [each.name for each in read_ics(written(*todo, *gone, *kept), SHANGHAI, "f")] == ["kept"]


def test_several_calendars_in_one_file_are_all_read() -> None:
    body = event(START, LASTS, name="a") + event(START, LASTS, name="b")
    assert [each.name for each in read_ics(body, SHANGHAI, "f")] == ["a", "b"]


def test_a_calendar_without_events_freezes_nothing() -> None:
    assert read_ics(written(), SHANGHAI, "f") == []


def test_a_byte_order_mark_and_bare_line_feeds_are_no_trouble() -> None:
    body = b"\xef\xbb\xbf" + event(START, LASTS).replace(b"\r\n", b"\n")
    assert len(read_ics(body, SHANGHAI, "f")) == 1


def test_a_name_is_one_printable_line_of_bounded_length() -> None:
    (found,) = read_ics(event(START, LASTS, name="a\\nb\x1b[31mc\u202e" + "d" * 500), SHANGHAI, "f")
    assert found.name.startswith("a b [31mc d")
    assert len(found.name) == 100
    assert found.name.isprintable()


def test_what_is_read_survives_being_compiled() -> None:
    lines = [START, LASTS, "RRULE:FREQ=WEEKLY;UNTIL=20270301T000000Z", "EXDATE:20261116T140000Z"]
    found = read(*lines)
    again = FreezeEvent.model_validate(found.model_dump(mode="json", by_alias=True))
    assert again == found
    assert spans(again) == spans(found)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([LASTS], "has no start (DTSTART)"),
        ([START], "has no end (DTEND or DURATION)"),
        ([START, "DTEND;TZID=Asia/Shanghai:20261109T220000"], "ends no later than it starts"),
        ([START, "DURATION:-PT1H"], "ends no later than it starts"),
        (["DTSTART;VALUE=DATE:20261111", "DTEND;VALUE=DATE:20261111"], "ends no later than it starts"),
        ([START, "DURATION:P400D"], "lasts over 366 days"),
        ([START, LASTS, "DTEND:20261110T000000Z"], "has both DTEND and DURATION"),
        ([START, START, LASTS], "has more than one DTSTART"),
        ([START, "DTEND:20261110T060000"], "its dates are of different kinds: whole days, floating times, or"),
        ([START, "DTEND;VALUE=DATE:20261111"], "its dates are of different kinds: whole days, floating times, or"),
        (["DTSTART;VALUE=DATE:20261111", "DURATION:PT8H"], "is of whole days, and its DURATION is not"),
        (["DTSTART:00010101T000000", LASTS], "DTSTART is in the year 1"),
        (["DTSTART;VALUE=DATE:99991231"], "DTSTART is in the year 9999"),
        (["DTSTART:2026-11-09", LASTS], "DTSTART cannot be read: "),
        (["DTSTART;VALUE=PERIOD:20261109T220000/PT8H", LASTS], "DTSTART is neither a date nor a time"),
        (["DTSTART;TZID=Shop Time:20261109T220000", LASTS], "TZID `Shop Time` is no time zone of the IANA database"),
        (["DTSTART;TZID=../../etc/passwd:20261109T220000", LASTS], "TZID `../../etc/passwd` is no time zone of"),
        ([START, LASTS, "RDATE:20261120T000000"], "RDATE is not supported; write such an event as single ones"),
        ([START, LASTS, "RECURRENCE-ID:20261109T140000Z"], "RECURRENCE-ID is not supported; write such an event as"),
        ([START, LASTS, "EXRULE:FREQ=DAILY"], "EXRULE is not supported; write such an event as single ones"),
        ([START, LASTS, "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261110"], "its dates are of different kinds"),
        ([START, LASTS, "no colon in this line"], "a line cannot be read: "),
        ([START, LASTS, "RRULE:FREQ=HOURLY"], "repeats hourly; only daily, weekly, monthly, yearly are supported"),
        ([START, LASTS, "RRULE:FREQ=SECONDLY;COUNT=3"], "repeats secondly; only daily, weekly, monthly, yearly are"),
        ([START, LASTS, "RRULE:COUNT=3"], "its RRULE has no FREQ"),
        ([START, LASTS, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"], "has more than one RRULE"),
        ([START, LASTS, "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2"], "its RRULE has BYSETPOS, which is not supported"),
        ([START, LASTS, "RRULE:FREQ=YEARLY;BYWEEKNO=46"], "its RRULE has BYWEEKNO, which is not supported"),
        ([START, LASTS, "RRULE:FREQ=DAILY;BYHOUR=22"], "its RRULE has BYHOUR, which is not supported"),
        ([START, LASTS, "RRULE:FREQ=DAILY;COUNT=3;UNTIL=20261201"], "its RRULE has both COUNT and UNTIL"),
        ([START, LASTS, "RRULE:FREQ=DAILY;COUNT=0"], "its RRULE has COUNT=0, which is not supported"),
        ([START, LASTS, "RRULE:FREQ=DAILY;COUNT=10000"], "its RRULE has COUNT=10000, which is not supported"),
        ([START, LASTS, "RRULE:FREQ=DAILY;INTERVAL=0"], "its RRULE has INTERVAL=0, which is not supported"),
        ([START, LASTS, "RRULE:FREQ=DAILY;INTERVAL=-1"], "its RRULE has INTERVAL=-1, which is not supported"),
        ([START, LASTS, "RRULE:FREQ=WEEKLY;BYDAY=2MO"], "its RRULE has BYDAY=2MO, which no weekly rule may have"),
        ([START, LASTS, "RRULE:FREQ=MONTHLY;BYDAY=6MO"], "its RRULE has BYDAY=6MO, and no month has so many"),
        ([START, LASTS, "RRULE:FREQ=WEEKLY;BYMONTHDAY=9"], "its RRULE has BYMONTHDAY, which no weekly rule may have"),
        ([START, LASTS, "RRULE:FREQ=WEEKLY;BYDAY=FR"], "its RRULE does not name its own start (DTSTART)"),
        ([START, LASTS, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"], "its RRULE does not name its own start"),
        ([START, LASTS, "RRULE:FREQ=DAILY;UNTIL=20261101T000000Z"], "its RRULE does not name its own start"),
        ([START, LASTS, "RRULE:FREQ=DAILY;UNTIL=00010101"], "its RRULE has an UNTIL in the year 1"),
        ([START, LASTS, "RRULE:FREQ=DAILY;COUNT=many"], "RRULE cannot be read: "),
    ],
)
def test_what_has_no_exact_meaning_names_the_event_and_the_reason(lines: list[str], why: str) -> None:
    assert refused(event(*lines)).startswith(f'event 1 "Singles day": {why}')


def test_an_event_without_a_name_is_named_by_its_place() -> None:
    good = ["BEGIN:VEVENT", START, LASTS, "END:VEVENT"]
    bad = ["BEGIN:VEVENT", START, "END:VEVENT"]
    assert refused(written(*good, *good, *bad)) == "event 3: has no end (DTEND or DURATION)"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "is no calendar; one starts with BEGIN:VCALENDAR"),
        (b"<html>Please log in</html>", "is no calendar; one starts with BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\r\n\xff\xfe", "is not UTF-8 at byte 17"),
        (event(START, LASTS)[:-20], "is cut off: a BEGIN is without its END"),
        (written("BEGIN:VEVENT", START, LASTS), "is cut off: a BEGIN is without its END"),
        (written("no colon in this line"), "Content line could not be parsed into parts: 'no colon in this line'"),
        (b"A" * (MOST_BYTES + 1), f"over {MOST_BYTES:,} bytes; keep only the events that are freezes"),
        (
            written(*["BEGIN:VEVENT", "END:VEVENT"] * (MOST_EVENTS + 1)),
            f"{MOST_EVENTS + 1:,} events; at most {MOST_EVENTS:,} are read",
        ),
    ],
    ids=["empty", "a web page", "no UTF-8", "half a file", "half an event", "a broken line", "huge", "many events"],
)
def test_a_file_that_is_no_sound_calendar_says_why(body: bytes, why: str) -> None:
    assert refused(body).startswith(why)


@pytest.mark.parametrize(
    "lines",
    [
        ["BEGIN:VEVENT", *["BEGIN:X"] * 50_000, "END:VEVENT"],
        ["BEGIN:VEVENT", START, LASTS, "EXDATE:" + ",".join(["20261110T140000Z"] * 25_000), "END:VEVENT"],
        ["X-A" + ";A=b" * 100_000 + ":c"],
    ],
    ids=["deep", "many dates", "many parameters"],
)
def test_a_hostile_file_costs_seconds_at_most(lines: list[str]) -> None:
    begun = time.process_time()
    with suppress(BadCalendar):
        read_ics(written(*lines), SHANGHAI, "f")
    assert time.process_time() - begun < 20


CHUNKS = ["BEGIN:VEVENT", "END:VEVENT", START, LASTS, "DTEND:20261110T000000Z", "RRULE:FREQ=", "DAILY", ";COUNT=", "2"]
CHUNKS += ["EXDATE:", "20261110T140000Z", "\r\n", "\r\n ", ":", ";", "TZID=", "SUMMARY:x", "BEGIN:VCALENDAR", "\x00"]


@draws(100)
@given(st.lists(st.sampled_from(CHUNKS) | st.text(max_size=3), max_size=30).map("".join))
def test_whatever_a_calendar_holds_it_is_read_or_refused(text: str) -> None:
    found: list[FreezeEvent] = []
    with suppress(BadCalendar):
        found = read_ics(written(*text.split("\r\n")), SHANGHAI, "freezes.ics")
    assert all(FreezeEvent.model_validate_json(each.model_dump_json()) == each for each in found)
