"""What the timetables will want, from a policy file alone or with what the ledger knows of homes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.said import Said

OFFLINE = ("TIDEGATE_ACCOUNT", "FC_ACCOUNT_ID", "TIDEGATE_REGION", "TIDEGATE_STORE", "TIDEGATE_CLOCK_URL")
POLICY = """
version: 1
timezone: {zone}
calendars: {{workdays: {{country: CN}}}}
instances:
  orders-mq:
    product: rabbitmq
    region: cn-hangzhou
    instance_id: amqp-cn-demo0001
    ladder:
      - {{rung: small, MaxPrivateTps: 3000, QueueCapacity: 200, MaxConnections: 2000}}
      - {{rung: large, MaxPrivateTps: 8000, QueueCapacity: 1000, MaxConnections: 5000}}
    subscription_down: allow
    base: {base}
    timetable: [{entries}]
  edge-gateway:
    product: apigateway
    region: cn-hangzhou
    instance_id: apigateway-cn-demo0001
    ladder: [api.s1.small, api.s1.medium]
    base: api.s1.small
"""
OFFICE = '{name: office, days: workdays, from: "08:30", to: "20:00", rung: large}'
WEEKEND = '{name: weekend, days: [sat, sun], from: "10:00", to: "12:00", rung: large}'

Look = Callable[..., "Said"]


@pytest.fixture
def look(run: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Look ahead through a file, with nothing of an account in the environment."""
    for name in OFFLINE:
        monkeypatch.delenv(name, raising=False)

    def upcoming(*arguments: str, entries: str = OFFICE, zone: str = "Asia/Shanghai", base: str = "small") -> Said:
        file = tmp_path / "policy.yaml"
        file.write_text(POLICY.format(entries=entries, zone=zone, base=base))
        return run("upcoming", "--policy", str(file), *arguments)

    return upcoming


def turns(said: Said) -> list[tuple[str, str | None]]:
    """When, and to which rung."""
    assert said.code == 0, said.err
    return [(turn["at"], turn["rung"]) for turn in said.json]


def test_every_change_is_one_object_with_its_time_in_the_instances_zone(look: Look) -> None:
    said = look("--from", "2026-03-02", "--days", "1", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json == [
        {"instance": "orders-mq", "at": "2026-03-02T08:30:00+08:00", "rung": "large", "why": "office to 20:00"},
        {"instance": "orders-mq", "at": "2026-03-02T20:00:00+08:00", "rung": "small", "why": "office ended: base"},
    ]


def test_it_looks_two_weeks_ahead_of_now_if_nothing_is_said(look: Look) -> None:
    daily = '{days: daily, from: "08:00", to: "09:00", rung: large}'
    assert len(turns(look("--json", entries=daily))) == 28


def test_a_change_at_the_beginning_counts_and_one_at_the_end_does_not(look: Look) -> None:
    day = '{name: sale, days: ["2026-11-11"], from: "00:00", to: "24:00", rung: large}'
    told = look("--from", "2026-11-11", "--days", "1", "--json", entries=day)
    assert turns(told) == [("2026-11-11T00:00:00+08:00", "large")]
    told = look("--from", "2026-11-12", "--days", "1", "--json", entries=day)
    assert turns(told) == [("2026-11-12T00:00:00+08:00", "small")]


def test_what_wants_the_rung_that_is_wanted_anyway_is_no_change(look: Look) -> None:
    same = '{from: "08:00", to: "12:00", rung: large}, {from: "12:00", to: "14:00", rung: large}'
    told = look("--from", "2026-03-02", "--days", "1", "--json", entries=same)
    assert turns(told) == [("2026-03-02T08:00:00+08:00", "large"), ("2026-03-02T14:00:00+08:00", "small")]
    assert turns(look("--from", "2026-03-02", "--days", "30", "--json", base="large")) == []


def test_a_resize_that_is_to_be_done_by_the_start_is_wanted_earlier(look: Look) -> None:
    ready = OFFICE.replace("}", ", ready_by: true}")
    said = look("--from", "2026-03-02", "--days", "1", "--json", entries=ready)
    assert turns(said)[0] == ("2026-03-02T08:00:00+08:00", "large")
    assert said.json[0]["why"] == "office (ready by 08:30) to 20:00"


def test_one_instance_may_be_named(look: Look) -> None:
    assert {turn["instance"] for turn in look("orders-mq", "--from", "2026-03-02", "--json").json} == {"orders-mq"}
    assert look("edge-gateway", "--from", "2026-03-02", "--json").json == []


def test_a_home_that_nobody_knows_yet_is_not_guessed(look: Look) -> None:
    said = look("--from", "2026-03-02", "--days", "1", "--json", base="keep")
    assert turns(said) == [("2026-03-02T08:30:00+08:00", "large"), ("2026-03-02T20:00:00+08:00", None)]
    assert said.json[1]["why"] == "office ended: home, which is not known before first contact"
    assert "orders-mq  home   office ended" in look("--from", "2026-03-02", "--days", "1", base="keep").out


def test_home_is_what_the_ledger_says(office: Office) -> None:
    office.file.write_text(POLICY.format(entries=OFFICE, zone="Asia/Shanghai", base="keep"))
    office.push()
    office.reconcile()
    for where in ((), ("--policy", str(office.file))):
        told = office.run("upcoming", "orders-mq", "--from", "2026-03-02", "--days", "1", "--json", *where)
        assert turns(told)[1] == ("2026-03-02T20:00:00+08:00", "small")


def test_a_ledger_that_cannot_be_read_is_only_in_the_way_of_the_policy_in_force(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.file.write_text(POLICY.format(entries=OFFICE, zone="Asia/Shanghai", base="keep"))
    monkeypatch.setenv("TIDEGATE_STORE", "oss://nowhere")
    monkeypatch.setenv("TIDEGATE_OSS_ENDPOINT", "http://127.0.0.1:9")
    said = office.run("upcoming", "--policy", str(office.file), "--from", "2026-03-02", "--days", "1", "--json")
    assert turns(said)[1] == ("2026-03-02T20:00:00+08:00", None)
    assert said.err.startswith("tidegate: warning: the ledger cannot be read, so homes are not known: ")
    assert office.run("upcoming").code == 1


def test_without_a_file_an_account_is_needed(look: Look, run: Callable[..., Said]) -> None:
    assert look("--json").code == 0
    said = run("upcoming")
    assert (said.code, said.err) == (2, "tidegate: set TIDEGATE_ACCOUNT or FC_ACCOUNT_ID in the environment\n")


def test_the_text_marks_holidays_and_make_up_workdays(look: Look) -> None:
    said = look("--from", "2026-09-30T12:00", "--days", "10")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "Wed 2026-09-30 20:00+08:00  orders-mq  small  office ended: base",
        *(f"{day}                                holiday in CN" for day in _dates("2026-10-01", 7)),
        "Thu 2026-10-08 08:30+08:00  orders-mq  large  office to 20:00",
        "Thu 2026-10-08 20:00+08:00  orders-mq  small  office ended: base",
        "Fri 2026-10-09 08:30+08:00  orders-mq  large  office to 20:00",
        "Fri 2026-10-09 20:00+08:00  orders-mq  small  office ended: base",
        "Sat 2026-10-10                                make-up workday in CN",
        "Sat 2026-10-10 08:30+08:00  orders-mq  large  office to 20:00",
    ]


def _dates(first: str, count: int) -> list[str]:
    return [f"{datetime.fromisoformat(first) + timedelta(days=day):%a %Y-%m-%d}" for day in range(count)]


def test_the_text_marks_clock_changes(look: Look) -> None:
    said = look("--from", "2026-10-24", "--days", "2", entries=WEEKEND, zone="Europe/Berlin")
    assert said.out.splitlines() == [
        "Sat 2026-10-24 10:00+02:00  orders-mq  large  weekend to 12:00",
        "Sat 2026-10-24 12:00+02:00  orders-mq  small  weekend ended: base",
        "Sun 2026-10-25 02:00+01:00                    the clocks of Europe/Berlin go back by 60 minutes",
        "Sun 2026-10-25 10:00+01:00  orders-mq  large  weekend to 12:00",
        "Sun 2026-10-25 12:00+01:00  orders-mq  small  weekend ended: base",
    ]
    spring = look("--from", "2026-03-28", "--days", "2", entries=WEEKEND, zone="Europe/Berlin").out
    assert (
        "Sun 2026-03-29 03:00+02:00                    the clocks of Europe/Berlin go forward by 60 minutes" in spring
    )


def test_a_day_that_is_longer_is_a_day(look: Look) -> None:
    """From midnight to midnight of a Sunday with 25 hours."""
    night = '{name: night, from: "23:30", to: "24:00", rung: large}'
    told = look("--from", "2026-10-25", "--days", "1", "--json", entries=night, zone="Europe/Berlin")
    assert turns(told) == [("2026-10-25T00:00:00+02:00", "small"), ("2026-10-25T23:30:00+01:00", "large")]


def test_holidays_are_no_matter_to_a_timetable_that_does_not_ask_for_them(look: Look) -> None:
    said = look("--from", "2026-10-01", "--days", "1", entries=WEEKEND)
    assert (said.out, said.err) == ("no timetable wants another rung within 1 day\n", "")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_year_that_the_calendar_does_not_know_is_warned_of(look: Look, form: tuple[str, ...]) -> None:
    said = look("--from", "2098-12-30", "--days", "5", *form)
    assert said.code == 0
    warning = "the workdays of CN are not known for 2098 to 2099; Monday to Friday are taken for them"
    assert said.err == f"tidegate: warning: {warning}\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--from", "soon"), "`soon` is no time; write 20:05, 2026-03-02T20:05 or 2026-03-02T20:05+08:00"),
        (("--from", "25:00"), "`25:00` is no time; write 20:05, 2026-03-02T20:05 or 2026-03-02T20:05+08:00"),
        (("--from", "9999-12-31"), "--from is a time of the years 1970 to 2099, not `9999-12-31`"),
        (
            ("--from", "9999-12-31T23:59-12:00"),
            "--from is a time of the years 1970 to 2099, not `9999-12-31T23:59-12:00`",
        ),
        (("--from", "0001-01-01"), "--from is a time of the years 1970 to 2099, not `0001-01-01`"),
        (("--days", "0"), "Invalid value for '--days'"),
        (("--days", "-3"), "Invalid value for '--days'"),
        (("--days", "1e9"), "Invalid value for '--days'"),
        (("--days", "100000"), "Invalid value for '--days'"),
        (("nobody",), "the policy has no instance `nobody`; it has edge-gateway, orders-mq"),
    ],
)
def test_a_mistake_is_told_in_one_line(look: Look, arguments: tuple[str, ...], why: str) -> None:
    said = look(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"tidegate: {why}")
    assert said.err.count("\n") == 1


def test_a_file_that_does_not_exist_is_a_mistake(run: Callable[..., Said], tmp_path: Path) -> None:
    said = run("upcoming", "--policy", str(tmp_path / "none.yaml"))
    assert (said.code, said.out) == (2, "")


def test_it_runs_in_an_empty_environment(tmp_path: Path) -> None:
    """A process of its own, with nothing set."""
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY.format(entries=OFFICE, zone="Asia/Shanghai", base="keep"))
    arguments = [
        sys.executable,
        "-m",
        "tidegate.cli",
        "upcoming",
        "--policy",
        str(file),
        "--from",
        "2026-03-02",
        "--json",
    ]
    done = subprocess.run(arguments, env={}, capture_output=True, text=True, check=True)
    told: list[dict[str, Any]] = json.loads(done.stdout)
    assert [set(turn) for turn in told] == [{"instance", "at", "rung", "why"}] * 20
