"""Timer expressions: six cron fields, intervals, zones."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from localcloud.fc.function import Refusal
from localcloud.fc.schedule import Schedule

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@every 4m", NOON + timedelta(minutes=4)),
        ("@every 1h", NOON + timedelta(hours=1)),
        ("0 * * * * *", NOON + timedelta(minutes=1)),
        ("0 0 4 * * *", datetime(2026, 3, 3, 4, tzinfo=timezone.utc)),
        ("CRON_TZ=Asia/Shanghai 0 0 4 * * *", datetime(2026, 3, 2, 20, tzinfo=timezone.utc)),
        ("0 30 8 ? * MON-FRI", datetime(2026, 3, 3, 8, 30, tzinfo=timezone.utc)),
        ("0 0 10 1 * ?", datetime(2026, 4, 1, 10, tzinfo=timezone.utc)),
    ],
)
def test_the_next_time_is_strictly_later_and_in_utc(text: Any, expected: Any) -> None:
    found = Schedule.parse(text).after(NOON, since=NOON)
    assert found == expected
    assert found.utcoffset() == timedelta(0)


def test_an_interval_counts_from_the_triggers_birth() -> None:
    since = NOON - timedelta(seconds=90)
    assert Schedule.parse("@every 1m").after(NOON, since) == NOON + timedelta(seconds=30)


@pytest.mark.parametrize(
    "text", ["", "* * * * *", "@every", "@every 0m", "61 * * * * *", "CRON_TZ=Nowhere/Land 0 0 4 * * *", "@daily"]
)
def test_a_wrong_expression_is_refused(text: Any) -> None:
    with pytest.raises(Refusal, match="cronExpression"):
        Schedule.parse(text)
