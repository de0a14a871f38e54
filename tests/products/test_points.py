"""What a row of points says, and when it says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

import pytest

from tidegate.aliyun.errors import NeedsPerson, Refused, Unreadable
from tidegate.domain.measures import Measure, Usage, Use
from tidegate.products.points import Point, Question, Unmeasured, counted, measured, newest, peak

NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def ago(*minutes: float, value: float = 1.0) -> list[Point]:
    """Points of so many minutes before noon."""
    return [Point(NOON - timedelta(minutes=each), value) for each in minutes]


def of_the_last(minutes: Iterable[int]) -> list[Point]:
    return ago(*minutes)


def age_is_taken(point: Point, span: timedelta, within: timedelta) -> bool:
    try:
        return newest([point], "m", span, NOON, within) is point
    except Unmeasured:
        return False


@pytest.mark.parametrize(("minutes", "taken"), [(0, True), (11, True), (11.1, False), (60, False), (-10, True)])
def test_a_point_counts_while_the_minute_it_speaks_of_ended_recently(minutes: float, *, taken: bool) -> None:
    assert age_is_taken(ago(minutes)[0], MINUTE, timedelta(minutes=10)) is taken


def test_a_point_of_five_minutes_is_not_stale_because_it_began_long_ago() -> None:
    (point,) = ago(9)
    assert age_is_taken(point, timedelta(minutes=5), timedelta(minutes=5))
    assert not age_is_taken(point, MINUTE, timedelta(minutes=5))


def test_the_newest_point_is_the_newest_in_whatever_order_they_come() -> None:
    assert newest([*ago(5, 2, 3)], "m", MINUTE, NOON, HOUR) == ago(2)[0]


@pytest.mark.parametrize(
    ("points", "phrase"),
    [
        ([], "no points of qps in the last 10m"),
        (ago(31), "the newest point of qps is 30m old, more than 10m"),
        (ago(-11), "the newest point of qps is of 04 Mar 12:11 UTC, which is yet to come"),
    ],
)
def test_what_is_missing_stale_or_yet_to_come_is_said(points: list[Point], phrase: str) -> None:
    with pytest.raises(Unmeasured) as caught:
        newest(points, "qps", MINUTE, NOON, timedelta(minutes=10))
    assert str(caught.value) == phrase


def test_a_peak_is_the_highest_of_the_window_rounded_up() -> None:
    assert peak([*of_the_last(range(1, 61)), *ago(40, value=7.2)], "m", NOON, HOUR) == 8


@pytest.mark.parametrize(("minutes", "counts"), [(60, True), (60.9, True), (61, False), (0, True), (-1, False)])
def test_what_lies_outside_the_window_is_no_peak_of_it(minutes: float, *, counts: bool) -> None:
    """A minute that began before the window and ends in it counts."""
    points = [*of_the_last(range(1, 60)), *ago(minutes, value=9)]
    assert (peak(points, "m", NOON, HOUR) == 9) is counts


@pytest.mark.parametrize(
    ("minutes", "phrase"),
    [
        ([], "no points of m in the last 1h"),
        (range(62, 90), "no points of m in the last 1h"),
        (range(12, 61), "no points of m from 11:48 to 12:00 UTC"),
        (range(1, 45), "no points of m from 11:00 to 11:16 UTC"),
        ([*range(1, 20), *range(31, 61)], "no points of m from 11:29 to 11:41 UTC"),
    ],
)
def test_a_hole_in_which_a_peak_could_hide_is_said(minutes: Iterable[int], phrase: str) -> None:
    with pytest.raises(Unmeasured) as caught:
        peak(of_the_last(minutes), "m", NOON, HOUR)
    assert str(caught.value) == phrase


@pytest.mark.parametrize(
    ("minutes", "over"), [(range(10, 61, 10), HOUR), (range(200, 1440, 200), timedelta(days=1)), ([4], MINUTE * 5)]
)
def test_a_hole_of_ten_minutes_or_of_a_sixth_of_the_window_is_none(minutes: Iterable[int], over: timedelta) -> None:
    assert peak(of_the_last(minutes), "m", NOON, over) == 1


def fails(error: Exception) -> int:
    raise error


def test_a_read_that_fails_is_a_measure_with_trouble_and_no_value() -> None:
    refused = NeedsPerson("NoPermission", "no", advice="grant it")
    assert measured("m", lambda: Point(NOON, fails(refused))) == Measure("m", None, trouble="NoPermission: grant it")
    assert measured("m", lambda: Point(NOON, 3)) == Measure("m", 3, NOON)


def test_a_vendors_message_is_cut_and_put_in_one_line() -> None:
    trouble = measured("m", lambda: Point(NOON, fails(Refused("Odd", "line\n" * 300)))).trouble
    assert trouble.startswith("Odd: line line")
    assert len(trouble) == 200


def question(what: str, used: int | Exception, asked: list[str]) -> Question:
    def ask() -> int:
        asked.append(what)
        return used if isinstance(used, int) else fails(used)

    return Question(what, 100, ask)


def test_what_can_be_read_is_counted_although_the_rest_cannot() -> None:
    asked: list[str] = []
    refused = NeedsPerson("NoPermission", "no", advice="grant it")
    usage = counted([question("a", refused, asked), question("b", 7, asked), question("c", refused, asked)])
    assert usage == Usage((Use("b", 7, 100),), "a and c could not be read (NoPermission: grant it)")
    assert asked == ["a", "b", "c"]


def test_several_troubles_are_all_said() -> None:
    troubles = [question("a", Unmeasured("no points of m"), []), question("b", Refused("Odd", "no"), [])]
    assert counted(troubles).trouble == "a could not be read (no points of m); b could not be read (Odd: no)"


def test_a_vendor_that_gives_no_answer_is_not_asked_on_and_on() -> None:
    """Each such question costs all the patience there is, and the function's time is bounded."""
    asked: list[str] = []
    silent = Unreadable("SDK.HttpError", "timed out")
    usage = counted([question("a", 7, asked), question("b", silent, asked), question("c", 8, asked)])
    assert usage == Usage((Use("a", 7, 100),), "b and c could not be read (SDK.HttpError: timed out)")
    assert asked == ["a", "b"]
