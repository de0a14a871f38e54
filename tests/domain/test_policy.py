"""The policy of one instance: strict in what it takes, and the same after it was compiled."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tidegate.domain.faults import Faulty
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Billing
from tidegate.domain.when import TimetableEntry

if TYPE_CHECKING:
    from tests.domain.conftest import Make

ENTRY = {"name": "office", "days": "workdays", "from": "08:30", "to": "20:00", "rung": "large"}
SMALLEST = {
    "name": "edge",
    "product": "apigateway",
    "region": "cn-hangzhou",
    "instance_id": "apigateway-cn-demo0001",
    "ladder": ["api.s1.small", "api.s1.medium"],
}


def _refused(make: Make, **over: Any) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as raised:
        make.policy(**over)
    return [(error["loc"], error["msg"].removeprefix("Value error, ")) for error in raised.value.errors()]


def _faults(make: Make, **over: Any) -> list[str]:
    with pytest.raises(ValidationError) as raised:
        make.policy(**over)
    (error,) = raised.value.errors()
    cause = error["ctx"]["error"]
    assert isinstance(cause, Faulty)
    return [f"{'.'.join(map(str, fault.where))}: {fault.why}" for fault in cause.faults]


def test_an_instance_is_only_observed_until_its_policy_says_otherwise() -> None:
    policy = InstancePolicy.model_validate(SMALLEST)
    assert (policy.mode, policy.base, policy.timezone) == ("observe", "keep", "UTC")
    assert (policy.subscription_down, policy.switchover, policy.auto_pay) == ("ask", "wait", True)
    assert (policy.release_after, policy.forget_after) == (timedelta(minutes=30), timedelta(hours=25))
    assert (policy.cooldown.up, policy.cooldown.down) == (timedelta(minutes=5), timedelta(minutes=55))


def test_a_rung_of_a_gateway_may_be_the_bare_name_of_its_spec() -> None:
    rungs = InstancePolicy.model_validate(SMALLEST).rungs
    assert rungs.rung("api.s1.medium").spec == {"InstanceSpec": "api.s1.medium"}


def test_a_rung_names_its_fields_beside_its_name_and_keeps_their_types(make: Make) -> None:
    ladder = [{"rung": "small", "MaxPrivateTps": 3000, "SupportEip": False, "Edition": "1"}]
    (rung,) = make.policy(ladder=ladder, alerts=[]).rungs.rungs
    assert rung.spec == {"MaxPrivateTps": 3000, "SupportEip": False, "Edition": "1"}
    assert [type(value) for value in rung.spec.values()] == [int, bool, str]


@pytest.mark.parametrize(
    ("over", "where"),
    [
        ({"lader": []}, ("lader",)),
        ({"timetable": [{**ENTRY, "until": "x"}]}, ("timetable", 0, "until")),
        ({"alerts": [{"rule": "a", "raise": 1, "urgnt": True}]}, ("alerts", 0, "urgnt")),
        ({"cooldown": {"upp": "1m"}}, ("cooldown", "upp")),
        ({"expect": {"price": 1}}, ("expect", "price")),
        ({"notify": [{"url_env": "A", "remindd": "1h"}]}, ("notify", 0, "remindd")),
        ({"deadlines": {"pay": "1h"}}, ("deadlines", "pay")),
    ],
)
def test_a_key_nobody_knows_is_an_error_where_it_stands(
    make: Make, over: dict[str, Any], where: tuple[int | str, ...]
) -> None:
    assert _refused(make, **over) == [(where, "Extra inputs are not permitted")]


@pytest.mark.parametrize(
    ("over", "where", "why"),
    [
        ({"name": "Orders"}, ("name",), "String should match pattern"),
        ({"name": "a" * 49}, ("name",), "String should match pattern"),
        ({"name": "orders-mq\n"}, ("name",), "String should match pattern"),
        ({"product": "kafka"}, ("product",), "Input should be 'rabbitmq' or 'apigateway'"),
        ({"region": "cn hangzhou"}, ("region",), "String should match pattern"),
        ({"instance_id": ""}, ("instance_id",), "String should have at least 1 character"),
        ({"mode": "go"}, ("mode",), "Input should be 'observe' or 'act'"),
        ({"timezone": "Mars/Olympus"}, ("timezone",), "`Mars/Olympus` is no time zone of the IANA database"),
        ({"timezone": "../etc/passwd"}, ("timezone",), "`../etc/passwd` is no time zone"),
        ({"timezone": ""}, ("timezone",), "`` is no time zone"),
        ({"release_after": "soon"}, ("release_after",), "a duration with its unit, such as 30m or 1h30m"),
        ({"cooldown": {"up": 5}}, ("cooldown", "up"), "a duration with its unit"),
        ({"ladder": []}, ("ladder",), "List should have at least 1 item"),
        ({"ladder": [{"rung": "small"}]}, ("ladder", 0, "spec"), "a rung names at least one field of the spec"),
        ({"alerts": [{"raise": 1}]}, ("alerts", 0), "name the alert rule once, by `rule` (its name) or by `rule_id`"),
        ({"alerts": [{"rule": "a", "rule_id": "b", "raise": 1}]}, ("alerts", 0), "name the alert rule once"),
        ({"alerts": [{"rule": "a"}]}, ("alerts", 0), "say what the rule demands, with either `raise: 1` or"),
        ({"alerts": [{"rule": "a", "raise": 1, "at_least": "large"}]}, ("alerts", 0), "say what the rule demands"),
        ({"alerts": [{"rule": "a", "raise": 0}]}, ("alerts", 0, "raise"), "Input should be greater than or equal to 1"),
        ({"notify": [{"url_env": "https://x"}]}, ("notify", 0, "url_env"), "String should match pattern"),
        ({"expect": {"billing": "prepaid"}}, ("expect", "billing"), "Input should be 'subscription' or"),
    ],
)
def test_a_value_that_is_wrong_says_what_was_expected(
    make: Make, over: dict[str, Any], where: tuple[int | str, ...], why: str
) -> None:
    ((at, said), *others) = _refused(make, **over)
    assert (at, others) == (where, [])
    assert said.startswith(why)


@pytest.mark.parametrize(
    ("over", "why"),
    [
        ({"from": "25:00"}, "Input should be in a valid time format"),
        ({"from": "24:00"}, "Input should be in a valid time format"),
        ({"to": "8.30"}, "Input should be in a valid time format"),
        ({"from": "08:30Z"}, "a local wall-clock time such as"),
        ({"from": "08:30:00.5"}, "a local wall-clock time such as"),
        # What YAML makes of an unquoted 20:00 where it is read as a number to the base 60.
        ({"to": 1200}, "a local wall-clock time such as"),
        ({"from": "20:00"}, "`from` and `to` are the same time"),
        ({"days": []}, "at least one day"),
        ({"days": "mon-fry"}, "`mon-fry` is not a day"),
        ({"days": "Mon"}, "`Mon` is not a day"),
        ({"days": "mon,tue"}, "`mon,tue` is not a day"),
        ({"days": ["workdays-fri"]}, "`workdays-fri` is not a day"),
        ({"days": ""}, "`` is not a day"),
    ],
)
def test_a_timetable_entry_that_cannot_be_read_says_why(make: Make, over: dict[str, Any], why: str) -> None:
    ((where, said), *others) = _refused(make, timetable=[{**ENTRY, **over}])
    assert (where[:2], others) == (("timetable", 0), [])
    assert said.startswith(why)


@pytest.mark.parametrize(
    ("over", "faults"),
    [
        ({"base": "huge"}, ["base: there is no rung `huge`; the ladder has small, medium, large"]),
        ({"min": "huge"}, ["min: there is no rung `huge`; the ladder has small, medium, large"]),
        ({"max": "tiny"}, ["max: there is no rung `tiny`; the ladder has small, medium, large"]),
        ({"min": "large", "max": "small"}, ["min: `large` is above max: `small`"]),
        (
            {"timetable": [ENTRY, {**ENTRY, "rung": "huge"}]},
            ["timetable.1.rung: there is no rung `huge`; the ladder has small, medium, large"],
        ),
        (
            {"alerts": [{"rule": "a", "at_least": "huge"}]},
            ["alerts.0.at_least: there is no rung `huge`; the ladder has small, medium, large"],
        ),
        (
            {"alerts": [{"rule": "a", "raise": 1}, {"rule_id": "a", "raise": 2}]},
            ["alerts.1: alert rule `a` is there already"],
        ),
        (
            {"notify": [{"url_env": f"C_{number}"} for number in range(9)]},
            ["notify: there are 9 channels; at most 8 are told"],
        ),
    ],
)
def test_what_contradicts_the_rest_of_the_policy_is_named_where_it_stands(
    make: Make, over: dict[str, Any], faults: list[str]
) -> None:
    assert _faults(make, **over) == faults


def _rung(name: str, **spec: Any) -> dict[str, Any]:
    return {"rung": name, **spec}


@pytest.mark.parametrize(
    ("ladder", "faults"),
    [
        ([_rung("a", Tps=2), _rung("b", Tps=1)], ["ladder.1: the ladder does not rise from `a` to `b`: Tps"]),
        (
            [_rung("a", Tps=1, Queues=9), _rung("b", Tps=2, Queues=8)],
            ["ladder.1: the ladder does not rise from `a` to `b`: Queues"],
        ),
        ([_rung("a", Eip=True), _rung("b", Eip=False)], ["ladder.1: the ladder does not rise from `a` to `b`: Eip"]),
        ([_rung("a", Tps=1), _rung("b", Tps=1)], ["ladder.1: rungs `a` and `b` are the same spec"]),
        (
            [_rung("a", Tps=1), _rung("b", Tps=2, Queues=8)],
            ["ladder.1: rungs `a` and `b` name different fields: Queues"],
        ),
        ([_rung("a", Tps=1), _rung("a", Tps=2)], ["ladder.1: rung `a` is there already"]),
        (
            [_rung("a", Tps=3), _rung("b", Tps=2), _rung("c", Tps=1)],
            [
                "ladder.1: the ladder does not rise from `a` to `b`: Tps",
                "ladder.2: the ladder does not rise from `b` to `c`: Tps",
            ],
        ),
    ],
)
def test_a_ladder_rises_rung_by_rung_in_the_same_fields(
    make: Make, ladder: list[dict[str, Any]], faults: list[str]
) -> None:
    assert _faults(make, ladder=ladder, alerts=[]) == faults


def test_a_figure_may_stay_as_long_as_another_rises(make: Make) -> None:
    ladder = [_rung("a", Tps=1, Queues=9, Eip=False), _rung("b", Tps=2, Queues=9, Eip=True)]
    assert make.policy(ladder=ladder, alerts=[]).rungs.names == ("a", "b")


def test_everything_that_contradicts_is_told_at_once(make: Make) -> None:
    assert len(_faults(make, base="huge", min="tiny", timetable=[{**ENTRY, "rung": "x"}])) == 3


def test_the_bounds_are_the_ends_of_the_ladder_where_none_are_set(make: Make) -> None:
    assert (make.policy().lowest, make.policy().highest) == ("small", "large")
    bound = make.policy(min="medium", max="medium")
    assert (bound.lowest, bound.highest) == ("medium", "medium")


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("daily", "mon tue wed thu fri sat sun"),
        ("mon-fri", "mon tue wed thu fri"),
        ("sat-mon", "sat sun mon"),
        ("wed-wed", "wed"),
        ("sun", "sun"),
        (["workdays", "sat"], "workdays sat"),
    ],
)
def test_days_are_spelled_out(written: Any, spelled: str) -> None:
    assert TimetableEntry.model_validate({**ENTRY, "days": written}).days == spelled.split()


def test_an_entry_without_days_is_daily() -> None:
    entry = {key: value for key, value in ENTRY.items() if key != "days"}
    assert len(TimetableEntry.model_validate(entry).days) == 7


def test_24_is_the_midnight_that_ends_the_day() -> None:
    entry = TimetableEntry.model_validate({**ENTRY, "from": "00:00", "to": "24:00"})
    assert (entry.start, entry.end) == (time(0), time(0))


def test_a_policy_does_not_change_after_it_was_read(make: Make) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make.policy().mode = "act"


FULL: dict[str, Any] = {
    "expect": {"billing": "subscription", "edition": "enterprise"},
    "base": "small",
    "min": "small",
    "max": "large",
    "timezone": "Asia/Shanghai",
    "calendars": {"workdays": {"country": "CN"}},
    "timetable": [ENTRY, {"from": "00:00", "to": "24:00", "rung": "medium"}],
    "release_after": "1h30m",
    "forget_after": "2d",
    "cooldown": {"up": "90s"},
    "deadlines": {"apply": "3h"},
    "auto_pay": False,
    "switchover": "skip",
    "notify": [{"url_env": "CHAT", "on": ["resized"], "remind": "6h"}],
}


def _compiled(policy: InstancePolicy) -> InstancePolicy:
    return InstancePolicy.model_validate(json.loads(json.dumps(policy.model_dump(mode="json", by_alias=True))))


def test_a_compiled_policy_reads_back_the_same(make: Make) -> None:
    for policy in (make.policy(), make.policy(**FULL), InstancePolicy.model_validate(SMALLEST)):
        assert _compiled(policy) == policy
        assert _compiled(policy).rungs == policy.rungs


def test_a_full_policy_is_read_as_it_is_written(make: Make) -> None:
    policy = make.policy(**FULL)
    assert policy.expect.billing is Billing.SUBSCRIPTION
    assert policy.timetable[0].start == time(8, 30)
    assert policy.cooldown.up == timedelta(seconds=90)
    assert policy.notify[0].remind == timedelta(hours=6)


@settings(deadline=None)
@given(
    span=st.integers(0, 366 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    start=st.times().map(lambda at: at.replace(microsecond=0)),
    steps=st.integers(1, 20),
    value=st.integers(1, 10**9),
    flag=st.booleans(),
)
def test_whatever_its_values_a_compiled_policy_reads_back_the_same(
    make: Make, *, span: timedelta, start: time, steps: int, value: int, flag: bool
) -> None:
    policy = make.policy(
        ladder=[_rung("a", Tps=value, Eip=flag, Word="1"), _rung("b", Tps=value + 1, Eip=flag, Word="true")],
        alerts=[{"rule": "a", "raise": steps}],
        timetable=[{"from": start.isoformat(), "to": time(start.hour, start.minute, 30).isoformat(), "rung": "a"}]
        if start.second != 30
        else [],
        forget_after=span,
    )
    again = _compiled(policy)
    assert again == policy
    assert [type(item) for rung in again.ladder for item in rung.spec.values()] == [int, bool, str] * 2
