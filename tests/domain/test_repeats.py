"""The repeats of a freeze, against dateutil let run from the first start on."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tidegate.domain.repeats import walls
from tidegate.domain.when import FreezeEvent

BEGIN = datetime(9967, 1, 1)  # noqa: DTZ001 - the wall's time
"""Its years are those from 2023 on, day for day. A rule that names no day is looked through until 9999 by dateutil."""
DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True).map(",".join)
nth = st.tuples(st.sampled_from(["", "1", "2", "-1", "3"]), st.sampled_from(WEEKDAYS)).map("".join)
days = st.lists(st.sampled_from([1, 2, 15, 28, 30, 31, -1, -2]), min_size=1, max_size=3, unique=True)
months = st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True)
numbers = st.one_of(days, months)


def _listed(values: list[int]) -> str:
    return ",".join(map(str, values))


parts = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])},
    optional={
        "INTERVAL": st.integers(1, 7).map(str),
        "COUNT": st.integers(1, 40).map(str),
        "UNTIL": st.integers(0, 1500).map(lambda day: f"{BEGIN + day * DAY:%Y%m%dT%H%M%S}"),
        "BYDAY": weekdays | nth,
        "BYMONTHDAY": days.map(_listed),
        "BYMONTH": months.map(_listed),
        "WKST": st.sampled_from(WEEKDAYS),
    },
)


def _event(rule: dict[str, Any], start: datetime) -> FreezeEvent:
    written = ";".join(f"{key}={rule[key]}" for key in ("FREQ", *(key for key in rule if key != "FREQ")))
    return FreezeEvent(start=start, lasts=timedelta(hours=1), rrule=written)


@settings(max_examples=300, deadline=None)
@given(
    rule=parts, first=st.integers(0, 800), hour=st.integers(0, 23), low=st.integers(0, 2500), span=st.integers(1, 400)
)
def test_however_late_one_looks_the_repeats_are_those_counted_from_the_first(
    rule: dict[str, Any], first: int, hour: int, low: int, span: int
) -> None:
    """Also where it may begin to count years after the first start, so as not to walk through them."""
    assume(not ("COUNT" in rule and "UNTIL" in rule))
    assume(rule["FREQ"] in ("MONTHLY", "YEARLY") or not any(char.isdigit() for char in rule.get("BYDAY", "")))
    start = BEGIN + first * DAY + timedelta(hours=hour)
    begin, end = BEGIN + low * DAY, BEGIN + (low + span) * DAY
    plainly: Any = rrulestr(";".join(f"{key}={value}" for key, value in rule.items()), dtstart=start)
    if "COUNT" not in rule and "UNTIL" not in rule:
        plainly = plainly.replace(until=end)
    elif "COUNT" in rule:
        plainly = islice(plainly.replace(count=None, until=end), int(rule["COUNT"]))
    expected = [at for at in takewhile(lambda at: at < end, plainly) if at >= begin]
    assert list(walls(_event(rule, start), begin, end)) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=10", "01-31 02-10 02-20 03-02 03-12"),
        ("FREQ=WEEKLY;INTERVAL=2", "01-31 02-14 02-28 03-14"),
        # A month without the day has none, and does not borrow one.
        ("FREQ=MONTHLY", "01-31 03-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "01-31 02-28 03-31 04-30"),
        ("FREQ=MONTHLY;BYDAY=-1SA", "01-31 02-28 03-28"),
        ("FREQ=YEARLY", "01-31"),
    ],
)
def test_repeats_are_those_that_people_expect(rule: str, expected: str) -> None:
    event = FreezeEvent(start=datetime(2026, 1, 31, 18), lasts=timedelta(hours=1), rrule=rule)  # noqa: DTZ001
    wanted = expected.split()
    found = walls(event, datetime(2026, 1, 1), datetime(2027, 1, 31))  # noqa: DTZ001
    assert [f"{at:%m-%d}" for at in islice(found, len(wanted))] == wanted


def test_a_rule_of_long_ago_costs_no_more_than_one_of_today() -> None:
    """Ten thousand days are not walked through for each week that is looked at."""
    event = FreezeEvent(start=datetime(1971, 1, 1), lasts=timedelta(hours=1), rrule="FREQ=DAILY")  # noqa: DTZ001
    begun = time.process_time()
    for week in range(200):
        low = datetime(2026, 1, 1) + week * 7 * DAY  # noqa: DTZ001
        assert len(list(walls(event, low, low + 7 * DAY))) == 7
    assert time.process_time() - begun < 2
