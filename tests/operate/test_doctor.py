"""The check-up as a whole: all is well on the deployed demo, nothing is written, and no check stops another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tidegate.cli.doctor import place_of
from tidegate.operate.doctor import CHECKS, Level, examine
from tidegate.operate.doctor.finding import Skipped, Verdict, fail, ok, together, warn


def test_all_is_well_on_the_demo_as_it_was_deployed(clinic: Any, run: Callable[..., Any]) -> None:
    said = run("doctor", "--send-test")
    lines = said.out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["ok"] * len(CHECKS), said.out
    assert [line[6:21].strip() for line in lines] == list(CHECKS)
    assert (said.code, said.err) == (0, "")
    sent = [message for channel in ("chat", "oncall") for message in told(clinic, channel)]
    assert [message["content"]["title"] for message in sent] == ["Tidegate: a test"] * 2


def told(clinic: Any, channel: str) -> list[Any]:
    """The messages that reached a channel."""
    kept: list[Any] = clinic.edit(lambda: clinic.cloud.console._messages.listed(channel))
    return kept


def test_without_a_test_it_writes_nothing_anywhere(clinic: Any, run: Callable[..., Any], ledger: str) -> None:
    bucket = clinic.whole.oss._buckets[ledger]
    metas = clinic.edit(lambda: dict(bucket.as_of(None)[1]))
    seen = len(clinic.edit(lambda: clinic.cloud.door.calls.listed("")))
    said = run("doctor", "--json")
    assert said.code == 0
    assert said.json["healthy"] is True
    assert {check["level"] for check in said.json["checks"]} == {"ok"}
    assert clinic.edit(lambda: dict(bucket.as_of(None)[1])) == metas
    calls = clinic.edit(lambda: clinic.cloud.door.calls.listed(""))[seen:]
    # A call without an action is the unsigned one by which a host is reached.
    named = [one["action"] for one in calls if one["action"]]
    assert named
    assert [name for name in named if not name.startswith(("Get", "Describe", "List", "Query"))] == []


def test_one_check_that_fails_makes_it_1_and_the_others_are_made(
    clinic: Any, run: Callable[..., Any], later: Callable[[timedelta], None]
) -> None:
    later(timedelta(hours=1))
    said = run("doctor")
    assert said.code == 1
    assert said.out.count("\n") == len(CHECKS)
    [line] = [line for line in said.out.splitlines() if line.startswith("FAIL")]
    assert line.startswith("FAIL  tick           the last tick was 1h")
    assert " -> see the timer of on-schedule and its log" in line


def test_a_check_that_breaks_or_hangs_stops_no_other(clinic: Any) -> None:
    for_ever = threading.Event()

    def hangs(_place: Any) -> Verdict:
        for_ever.wait(30)
        return ok("late")

    def breaks(_place: Any) -> Verdict:
        raise ZeroDivisionError("one by nought")

    def skips(_place: Any) -> Verdict:
        raise Skipped("not here", "go there")

    checks = {"hangs": hangs, "breaks": breaks, "skips": skips, "works": lambda _place: ok("fine")}
    found = list(examine(place_of("", send_test=False), checks, limit_s=0.2))
    for_ever.set()
    assert [(one.check, one.level.value) for one in found] == [
        ("hangs", "FAIL"),
        ("breaks", "FAIL"),
        ("skips", "skip"),
        ("works", "ok"),
    ]
    assert found[0].found == "no answer within 0 s"
    assert found[1].found == "ZeroDivisionError: one by nought"
    assert (found[2].found, found[2].do) == ("not here", "go there")


@pytest.mark.parametrize("check", ["instances", "ladder", "unknown rules", "roles", "messages"])
def test_of_a_fleet_too_large_for_the_time_it_says_how_many_were_left_out(clinic: Any, check: str) -> None:
    clinic.rest()
    place = place_of("", send_test=False)
    seconds = count(0, 30)
    place.machine = replace(place.machine, monotonic=lambda: float(next(seconds)))
    [found] = examine(place, {check: CHECKS[check]})
    place.close()
    assert found.level == "skip"
    assert found.found.endswith("of 2 instances were not looked at in time")


def test_a_verdict_of_many_is_as_bad_as_the_worst_and_says_each_thing_once() -> None:
    parts = [ok("fine"), warn("a", "mend a"), fail("b", "mend b"), warn("a", "mend a"), fail("c", "mend b")]
    assert together("good", parts) == Verdict(Level.FAIL, "a; b; c", "mend a; mend b")
    assert together("good", [ok("fine")]) == ok("good")


@pytest.mark.parametrize(
    ("missing", "code"), [("TIDEGATE_STORE", 2), ("TIDEGATE_ACCOUNT", 2), ("ALIBABA_CLOUD_ACCESS_KEY_ID", 1)]
)
def test_an_environment_that_names_nothing_is_a_mistake_and_a_missing_key_is_a_finding(
    clinic: Any, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, missing: str, code: int
) -> None:
    monkeypatch.delenv(missing)
    said = run("doctor", "--json")
    assert said.code == code
    if code == 2:
        assert said.err == f"tidegate: set {missing} or FC_ACCOUNT_ID in the environment\n" or missing in said.err
        return
    levels = {check["check"]: check["level"] for check in said.json["checks"]}
    assert levels["credentials"] == "FAIL"
    assert levels["functions"] == "skip"
    assert levels["clock"] == "ok"


def test_a_report_into_no_folder_is_a_mistake(clinic: Any, run: Callable[..., Any]) -> None:
    said = run("doctor", "--report", "no/such/folder/report.md")
    assert (said.code, said.err) == (2, "tidegate: no/such/folder/report.md: there is no such folder\n")
