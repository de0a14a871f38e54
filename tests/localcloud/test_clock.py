"""The clock of a cloud that many wait by."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import pytest

from localcloud.clock import Clock

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(("speed", "woken"), [(1.0, False), (0.5, False), (60.0, True)])
def test_whoever_waits_reckons_anew_only_when_work_changes_the_pace(speed: float, *, woken: bool) -> None:
    """At the machine's pace a thousand waiting executions cost a call nothing."""

    async def story() -> bool:
        clock = Clock(NOON, speed)
        waits = asyncio.create_task(clock.sleep(3600))
        await asyncio.sleep(0)
        before = set(clock._sleepers)
        with clock.working():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        waits.cancel()
        return clock._sleepers != before

    assert asyncio.run(story()) is woken
