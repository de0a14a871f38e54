"""Schedules start executions on the clock (fact flow 9.1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from localcloud.flow.cron import Cron
from localcloud.flow.effects import Switches
from localcloud.rpc.operation import ApiError

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
QUICK = """
Type: StateMachine
SpecVersion: v1
Name: quick
StartAt: P
States:
  - {Type: Pass, Name: P, End: true}
"""


def names(stage: Any) -> list[str]:
    """Give the executions there are, the oldest first."""
    found = stage.call("ListExecutions", FlowName="quick", Limit=99)["Executions"]
    return [execution["Name"] for execution in found][::-1]


def refused(code: str, status: int, call: Callable[[], Any]) -> None:
    """Make a call that must be refused so."""
    with pytest.raises(ApiError) as error:
        call()
    assert (error.value.code, error.value.status) == (code, status)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("0 30 9 * * *", "2026-03-03T09:30:00+00:00"),
        ("15 0 18 * * *", "2026-03-02T18:00:15+00:00"),
        ("0 0 10 1 * ?", "2026-04-01T10:00:00+00:00"),
        ("0 0 0 ? * MON", "2026-03-09T00:00:00+00:00"),
        ("0 */5 * * * *", "2026-03-02T12:05:00+00:00"),
    ],
)
def test_a_cron_expression_fires_at_its_times_in_utc(text: str, first: str) -> None:
    assert Cron.parse(text).after(NOON, NOON).isoformat() == first


def test_an_interval_counts_from_when_the_schedule_was_made() -> None:
    cron = Cron.parse("@every 7m")
    assert cron.after(NOON, NOON - timedelta(minutes=1)) == NOON + timedelta(minutes=6)
    assert cron.after(NOON, NOON) == NOON + timedelta(minutes=7)


@pytest.mark.parametrize(
    "text",
    ["", "0 30 9 * *", "* 30 9 * * *", "*/10 * * * * *", "0 61 * * * *", "0 0 0 31 2 *", "@every 30s", "@every 0m"],
)
def test_an_expression_that_never_or_too_often_fires_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|never|once a minute|each minute"):
        Cron.parse(text)


@pytest.mark.parametrize(("shape", "data"), [("wrapped", {"payload": {"n": 1}}), ("payload", {"n": 1})])
def test_a_schedule_starts_one_execution_at_each_of_its_times(play: Any, shape: Any, data: dict[str, Any]) -> None:
    async def story(stage: Any) -> None:
        stage.create(QUICK)
        cron = {"CronExpression": "0 */5 * * * *", "Payload": '{"n": 1}'}
        made = stage.call("CreateSchedule", FlowName="quick", ScheduleName="often", **cron)
        assert (made["Enable"], made["CronExpression"]) == (True, "0 */5 * * * *")
        await stage.quiet()
        stage.clock.advance(299)
        await stage.quiet()
        assert names(stage) == []
        stage.clock.advance(1)
        await stage.until(lambda: names(stage) == ["often-20260302T120500"])
        stage.clock.advance(600)
        await stage.until(lambda: len(names(stage)) == 3)
        shown = stage.call("DescribeExecution", FlowName="quick", ExecutionName=names(stage)[0])
        assert json.loads(shown["Input"]) == data

    play(story, switches=Switches(schedule_input=shape))


def test_a_disabled_or_deleted_schedule_does_not_fire(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(QUICK)
        for name in ("off", "gone", "on"):
            stage.call("CreateSchedule", FlowName="quick", ScheduleName=name, CronExpression="@every 1m")
        await stage.quiet()
        assert stage.call("UpdateSchedule", FlowName="quick", ScheduleName="off", Enable=False)["Enable"] is False
        stage.call("DeleteSchedule", FlowName="quick", ScheduleName="gone")
        stage.clock.advance(60)
        await stage.until(lambda: len(names(stage)) == 1)
        await stage.quiet()
        assert names(stage)[0].startswith("on-")
        left = stage.call("ListSchedules", FlowName="quick")["Schedules"]
        assert [schedule["ScheduleName"] for schedule in left] == ["off", "on"]

    play(story)


def test_a_schedule_fires_again_after_a_restart_and_makes_up_for_nothing(play: Any) -> None:
    async def before(stage: Any) -> None:
        stage.create(QUICK)
        stage.call("CreateSchedule", FlowName="quick", ScheduleName="often", CronExpression="0 */5 * * * *")

    async def after(stage: Any) -> None:
        await stage.quiet()
        assert names(stage) == []
        stage.clock.advance(300)
        await stage.until(lambda: names(stage) == ["often-20260302T130500"])

    play(before)
    play(after, at=NOON + timedelta(hours=1))


def test_schedules_that_cannot_be_are_refused(play: Any) -> None:
    async def story(stage: Any) -> None:
        stage.create(QUICK)
        new = {"FlowName": "quick", "ScheduleName": "s", "CronExpression": "@every 1m"}
        refused("InvalidArgument", 400, lambda: stage.call("CreateSchedule", **{**new, "CronExpression": "daily"}))
        refused("InvalidArgument", 400, lambda: stage.call("CreateSchedule", **{**new, "ScheduleName": "9"}))
        refused("InvalidArgument", 400, lambda: stage.call("CreateSchedule", **new, Payload="[]"))
        refused("FlowNotExists", 404, lambda: stage.call("CreateSchedule", **{**new, "FlowName": "none"}))
        refused("ScheduleNotExists", 404, lambda: stage.call("DescribeSchedule", FlowName="quick", ScheduleName="s"))
        stage.call("CreateSchedule", **new)
        refused("ScheduleAlreadyExists", 409, lambda: stage.call("CreateSchedule", **new))
        stage.call("DeleteFlow", Name="quick")
        stage.create(QUICK)
        assert stage.call("ListSchedules", FlowName="quick")["Schedules"] == []

    play(story)
