"""What is allowed and hardly meant is warned of, with its line, what is amiss and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tidegate.policyfile import Policy, read_policy
from tidegate.policyfile.warnings import warnings_of

Parse = Callable[[str], Policy]
Warned = Callable[..., list[str]]
EXAMPLE = Path(__file__).parents[2] / "examples" / "policy.yaml"
TODAY = date(2026, 3, 2)
GATE = (
    "ladder: [{rung: low, InstanceSpec: api.s1.small}, {rung: mid, InstanceSpec: api.s1.medium},"
    " {rung: top, InstanceSpec: api.s2.large}]\n"
)
TWO = (
    "ladder: [{{rung: low, InstanceSpec: api.s1.small, hourly_price: {}}},"
    " {{rung: mid, InstanceSpec: api.s1.medium, hourly_price: {}}}]\n"
)
VALID = "valid_from: 2026-03-03, valid_until: 2026-03-07"
PRICED = TWO.format(1, 2)
INSTANCE = "instances:\n  edge:\n    product: apigateway\n    region: cn-hangzhou\n    instance_id: i\n"


@pytest.fixture
def warned(parse: Parse) -> Warned:
    """The warnings about a gateway with these keys, which begin in line 7: `line: path: why; what to do`."""

    def lines(body: str, today: date = TODAY) -> list[str]:
        text = f"version: 1\n{INSTANCE}" + "".join(f"    {line}\n" for line in body.splitlines())
        found = [str(warning).partition(":")[2] for warning in warnings_of(parse(text), today)]
        return [line.replace("instances.edge.", "") for line in found]

    return lines


def test_the_example_is_clean() -> None:
    assert warnings_of(read_policy(EXAMPLE), TODAY) == []


def test_a_policy_that_means_what_it_says_is_clean(warned: Warned) -> None:
    body = """\
        base: low
        timetable:
          - {days: mon-fri, from: "08:00", to: "20:00", rung: mid, ready_by: true}
          - {days: [fri], from: "18:00", to: "23:00", rung: top}
        resize_windows: {up: [{from: "06:00", to: "09:00"}], down: [{from: "22:00", to: "05:00"}]}
        blackouts: [{days: month-end, from: "00:00", to: "24:00"}]
        alerts: [{rule: busy, raise: 1}, {rule: busier, at_least: top}]
        """
    assert warned(GATE + "\n".join(line[8:] for line in body.splitlines())) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "base: low\nmin: mid",
            "8: base: `low` is outside of min and max, so that home is `mid`; write that, or change ",
        ),
        (
            "base: mid\ntimetable: [{from: 08:00, to: 20:00, rung: mid}]",
            "9: timetable[0].rung: `mid` never counts: the instance is never below `mid` anyway; name",
        ),
        (
            "timetable: [{from: 08:00, to: 20:00, rung: low}]",
            "8: timetable[0].rung: `low` never counts: the instance is never below `low` anyway; name a",
        ),
        (
            "max: mid\ntimetable: [{from: 08:00, to: 20:00, rung: top}]",
            "9: timetable[0].rung: `top` is above max: `mid`, and is had as that; name a rung up to ",
        ),
        (
            "max: mid\nalerts: [{rule: x, at_least: top}]",
            "9: alerts[0].at_least: `top` is above max: `mid`, and is had as that; name a rung up to",
        ),
        (
            "base: top\nalerts: [{rule: x, raise: 1}]",
            "9: alerts[0]: never raises anything: it is never below `top`, and never above; remove it, or leave ",
        ),
        (
            "forget_after: 12h\nalerts: [{rule: x, raise: 1}]",
            "9: alerts[0]: while `x` rings on it says so every 1d (its silence time), and after 12h (`forget_after`) ",
        ),
        (
            "alerts: [{rule: x, raise: 1, silence: 25h}]",
            "8: alerts[0]: while `x` rings on it says so every 1d1h (its silence time), and after 1d1h",
        ),
    ],
)
def test_rungs_and_demands_that_never_count_are_warned_of(warned: Warned, body: str, told: str) -> None:
    (line,) = warned(GATE + body)
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "timetable: [{days: 2026-02-01, from: 08:00, to: 20:00, rung: mid}]",
            "8: timetable[0].days: never acts: none of its days (2026-02-01) comes any more; correct the days ",
        ),
        (
            "timetable: [{days: [11-11], valid_until: 2026-10-01, from: 08:00, to: 20:00, rung: mid}]",
            "8: timetable[0].days: never acts: none of its days (11-11) comes any more; ",
        ),
        (
            "timetable: [{valid_until: 2026-02-28, from: 08:00, to: 20:00, rung: mid}]",
            "8: timetable[0].valid_until: never acts again: its last day was 2026-02-28; remove it, or write ",
        ),
        (
            f"resize_windows: {{down: [{{days: mon, {VALID}, from: 01:00, to: 05:00}}]}}",
            "8: resize_windows.down[0].days: never opens: none of its days (mon) comes any more; ",
        ),
        (
            "blackouts: [{days: 2025-12-31, from: 00:00, to: 24:00}]",
            "8: blackouts[0].days: never closes anything: none of its days (2025-12-31) comes any more; ",
        ),
    ],
)
def test_days_that_never_come_are_warned_of(warned: Warned, body: str, told: str) -> None:
    (line,) = warned(GATE + body)
    assert line.startswith(told)


def test_a_night_that_began_yesterday_is_not_over(warned: Warned) -> None:
    body = "timetable: [{valid_until: 2026-03-01, from: 22:00, to: 06:00, rung: mid}]"
    assert warned(GATE + body, date(2026, 3, 2)) == []
    assert len(warned(GATE + body, date(2026, 3, 3))) == 1


def test_a_leap_day_is_waited_for_eight_years(warned: Warned) -> None:
    body = "timetable: [{days: [02-29], from: 08:00, to: 20:00, rung: mid}]"
    assert warned(GATE + body, date(2096, 3, 1)) == []


def hidden(*entries: str) -> str:
    """The keys of a gateway with these entries of the timetable, the first in line 9."""
    return GATE + "timetable:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


@pytest.mark.parametrize(
    "entries",
    [
        ("days: mon-fri, from: 09:00, to: 17:00, rung: mid", "from: 08:00, to: 18:00, rung: top"),
        (
            "days: sat, from: 22:00, to: 02:00, rung: mid",
            "days: sat, from: 20:00, to: 24:00, rung: top",
            "days: sun, from: 00:00, to: 03:00, rung: top",
        ),
        (
            "days: [11-11], from: 10:00, to: 11:00, rung: mid",
            "days: [11-11], from: 00:00, to: 24:00, rung: top",
        ),
        (
            "from: 01:00, to: 02:00, timezone: UTC, rung: mid",
            "from: 08:30, to: 10:30, timezone: Asia/Shanghai, rung: top",
        ),
    ],
)
def test_an_entry_that_a_higher_one_always_hides_is_warned_of(warned: Warned, entries: tuple[str, ...]) -> None:
    (line,) = warned(hidden(*entries))
    assert line.startswith("9: timetable[0]: `mid` never counts: at all of its times a higher rung is wanted by")


@pytest.mark.parametrize(
    "entries",
    [
        ("days: mon-fri, from: 07:00, to: 17:00, rung: mid", "from: 08:00, to: 18:00, rung: top"),
        ("from: 09:00, to: 17:00, rung: mid", "days: mon-sat, from: 08:00, to: 18:00, rung: top"),
        (
            "from: 09:00, to: 17:00, rung: mid",
            "valid_until: 2026-12-31, from: 08:00, to: 18:00, rung: top",
        ),
        ("from: 09:00, to: 17:00, rung: mid", "from: 08:00, to: 18:00, rung: mid"),
    ],
)
def test_an_entry_that_counts_at_some_time_is_not(warned: Warned, entries: tuple[str, ...]) -> None:
    assert warned(hidden(*entries)) == []


def test_the_end_of_all_days_is_no_day(warned: Warned) -> None:
    """No calendar goes on after it, and none of Python's can be reckoned with there."""
    body = "timetable: [{days: month-end, valid_from: 9999-12-31, from: 08:00, to: 20:00, rung: mid}]"
    assert len(warned(GATE + body)) == 1


def test_only_the_entries_that_hide_it_are_named(warned: Warned) -> None:
    (line,) = warned(
        hidden(
            "name: tea, days: sun, from: 15:00, to: 16:00, rung: mid",
            "name: fair, days: sun, from: 12:00, to: 18:00, rung: top",
            "name: night, from: 22:00, to: 23:00, rung: top",
        )
    )
    assert "is wanted by `fair`; change its days or times, or remove it" in line


EARLY = "timetable: [{from: 08:00, to: 20:00, rung: mid, ready_by: true}]"
NIGHTS = "blackouts: [{from: 21:00, to: 07:00, directions: [down]}]"
WINDOWS = "resize_windows: {up: [{from: 06:00, to: 06:20}]}"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            WINDOWS,
            "8: resize_windows.up[0]: is open for 20m, and a resize is reckoned to take 30m; make it longer, ",
        ),
        (
            "resize_takes: 2h\nresize_windows: {down: [{from: 23:00, to: 24:00}, {from: 00:00, to: 00:30}]}",
            "9: resize_windows.down[0]: is open for 1h30m, and a resize is reckoned to take 2h; ",
        ),
        (
            f"{EARLY}\nresize_windows: {{up: [{{from: 08:00, to: 10:00}}]}}",
            "8: timetable[0].ready_by: to be ready it would begin at 07:30 on Mon 2026-03-02, when no window for ups ",
        ),
        (
            "budget: {ups_per_day: 0}\nresize_windows: {up: [{from: 08:00, to: 10:00}]}",
            "9: resize_windows.up: nothing ever goes up: budget: {ups_per_day: 0}; remove the windows, or ",
        ),
        (
            "min: top\nresize_windows: {down: [{from: 08:00, to: 10:00}]}",
            "9: resize_windows.down: nothing ever goes down: there is one rung alone between `min` and `max`; ",
        ),
        (
            "blackouts: [{from: 00:00, to: 24:00, directions: [down]}]",
            "8: blackouts: nothing may ever go down: blackouts and freezes cover all the time ahead; shorten ",
        ),
        (
            f"{NIGHTS}\nresize_windows: {{down: [{{from: 22:00, to: 06:00}}]}}",
            "8: blackouts: nothing may ever go down: blackouts and freezes cover all windows for it; shorten ",
        ),
    ],
)
def test_windows_and_blackouts_that_leave_no_time_are_warned_of(warned: Warned, body: str, told: str) -> None:
    line = warned(GATE + body)[0]
    assert line.startswith(told)


def test_windows_that_meet_are_one(warned: Warned) -> None:
    two = "resize_windows: {down: [{days: sat, from: 23:40, to: 24:00}, {days: sun, from: 00:00, to: 00:10}]}"
    assert warned(GATE + two) == []


def test_a_blackout_of_all_time_closes_both_directions(warned: Warned) -> None:
    assert len(warned(GATE + "blackouts: [{from: 00:00, to: 12:00}, {from: 12:00, to: 24:00}]")) == 2


def test_a_blackout_with_an_end_leaves_time(warned: Warned) -> None:
    assert warned(GATE + "blackouts: [{valid_until: 2026-12-31, from: 00:00, to: 24:00}]") == []


@pytest.mark.parametrize(
    ("ladder", "body", "told"),
    [
        (
            TWO.format(2, 2),
            "",
            "7: ladder[1]: `mid` costs 2 an hour, no more than `low` below it; check `hourly_price` ",
        ),
        (
            PRICED,
            "base: mid\ncost: {hard: 1.5}",
            "9: cost.hard: 1.5 is below what `mid` costs (2), ",
        ),
        (
            PRICED,
            "cost: {hard: 1.5}\nalerts: [{rule: x, at_least: mid}]",
            "9: alerts[0].at_least: `mid` is never ordered: it costs 2 an hour, above cost: {hard: 1.5}; raise",
        ),
        (
            PRICED,
            "cost: {hard: 1.5}\ntimetable: [{from: 08:00, to: 09:00, rung: mid}]",
            "9: timetable[0].rung: `mid` is never ordered: it costs 2 an hour, above cost: {hard: 1.5}; raise",
        ),
    ],
)
def test_prices_that_contradict_the_ladder_or_the_limit_are_warned_of(
    warned: Warned, ladder: str, body: str, told: str
) -> None:
    (line,) = warned(f"{ladder.rstrip()}\n{body}")
    assert line.startswith(told)


def test_a_year_of_which_the_calendar_knows_nothing_is_warned_of_a_month_before(warned: Warned) -> None:
    body = GATE + (
        "calendars: {workdays: {country: CN}}\ntimetable: [{days: workdays, from: 08:00, to: 20:00, rung: mid}]"
    )
    assert warned(body, date(2024, 11, 20)) == []
    (line,) = warned(body, date(2090, 11, 20))
    assert line.startswith(
        "8: calendars.workdays.country: the holidays of CN in 2090 are not known: workdays are Monday to Friday then, "
        "holidays none; update the package `holidays`, or write that year's days as dates"
    )
    assert [line.partition(" in ")[2][:4] for line in warned(body, date(2090, 12, 20))] == ["2090", "2091"]


def test_workdays_without_a_country_are_known_for_ever(warned: Warned) -> None:
    body = "timetable: [{days: workdays, from: 08:00, to: 20:00, rung: mid}]"
    assert warned(GATE + body, date(2190, 1, 1)) == []


def test_a_calendar_file_without_anything_ahead_is_warned_of(tmp_path: Path) -> None:
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;VALUE=DATE:20250210\r\nEND:VEVENT\r\n"
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    (tmp_path / "old.ics").write_text(f"{head}{event}END:VCALENDAR\r\n", newline="")
    file = tmp_path / "policy.yaml"
    file.write_text(f"version: 1\n{INSTANCE}    ladder: [api.s1.small]\n    freezes: [{{ics: old.ics}}]\n")
    (warning,) = warnings_of(read_policy(file), TODAY)
    assert (warning.path, warning.line) == ("instances.edge.freezes[0].ics", 8)
    assert warning.expected == "never freezes anything: old.ics has no event from 2026-03-01 on"
    assert warning.advice == "put a newer calendar there, or remove it"


def test_a_warning_about_a_profile_says_whom_it_concerns_and_comes_once(parse: Parse) -> None:
    text = """\
        version: 1
        profiles:
          gate:
            {product: apigateway, region: r, ladder: [api.s1.small, api.s1.medium],
             timetable: [{from: "08:00", to: "09:00", rung: api.s1.medium}]}
        instances:
          a: {like: gate, instance_id: a, max: api.s1.small}
          b: {like: gate, instance_id: b}
          c: {like: gate, instance_id: c, max: api.s1.small}
        """
    (warning,) = warnings_of(parse(text), TODAY)
    assert str(warning) == (
        "shop/policy.yaml:5: profiles.gate.timetable[0].rung: `api.s1.medium` is above max: `api.s1.small`, and is had "
        "as that (for a, c); name a rung up to `max`, or raise `max`"
    )


def test_alert_rules_that_no_instance_takes_over_are_bound_to_nothing(parse: Parse) -> None:
    text = """\
        version: 1
        profiles:
          used: {alerts: [{rule: x, raise: 1}]}
          spare: {alerts: [{rule: y, raise: 1}]}
          quiet: {mode: observe}
        instances:
          a: {like: used, product: apigateway, region: r, instance_id: i, ladder: [api.s1.small, api.s1.medium]}
        """
    (warning,) = warnings_of(parse(text), TODAY)
    assert str(warning) == (
        "shop/policy.yaml:4: profiles.spare.alerts: the alert rules of profile `spare` are bound to nothing: no "
        "instance takes them over; remove them, or write `like` where they are meant"
    )


def test_where_there_are_too_many_times_to_compare_that_is_told(parse: Parse) -> None:
    """What can be told of each by itself is told all the same."""
    entry = '{{from: "08:00", to: "{}:00", valid_until: 2026-01-01, rung: api.s1.medium}}'
    rows = "".join(
        f"  i{hour}: {{product: apigateway, region: r, instance_id: i{hour}, ladder: [api.s1.small, api.s1.medium], "
        f"timetable: [{entry.format(hour)}]}}\n"
        for hour in (10, 11, 12)
    )
    first, *others = warnings_of(parse(f"version: 1\ninstances:\n{rows}"), TODAY, most_spans=2)
    assert str(first) == (
        "shop/policy.yaml: instances: of over 2 different times only so many were compared with each other; put what "
        "instances have in common into profiles"
    )
    assert [warning.path for warning in others] == [f"instances.i{n}.timetable[0].valid_until" for n in (10, 11, 12)]


def test_a_thousand_alike_are_looked_at_once(parse: Parse) -> None:
    rows = "".join(f"  i{n}: {{like: gate, instance_id: i{n}}}\n" for n in range(1000))
    text = (
        "version: 1\nprofiles:\n  gate: {product: apigateway, region: r, ladder: [odd], base: odd}\n"
        f"instances:\n{rows}"
    )
    (warning,) = warnings_of(parse(text), TODAY)
    assert "(for i0, i1, i2 and 997 more)" in warning.expected
