"""When a timer trigger fires: `@every 4m`, or six cron fields, in UTC or in `CRON_TZ` (fact fc 2.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from localcloud.fc.function import invalid

_EVERY = re.compile(r"@every (\d+)([smh])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_FIELDS = 6


@dataclass(frozen=True)
class Schedule:
    """A checked cronExpression: an interval, or cron fields with their zone."""

    every: timedelta | None
    cron: str
    zone: str

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read an expression; refuse what the platform would not run."""
        if found := _EVERY.fullmatch(text.strip()):
            every = timedelta(**{_UNITS[found[2]]: int(found[1])})
            if not every:
                raise invalid(f"cronExpression '{text}': the interval is empty")
            return cls(every, "", "UTC")
        zone, cron = "UTC", text.strip()
        if cron.startswith("CRON_TZ="):
            zone, _, cron = cron.removeprefix("CRON_TZ=").partition(" ")
        # `?` is the vendor's "no matter" for one of the two day fields.
        schedule = cls(None, cron.replace("?", "*"), zone)
        if len(schedule.cron.split()) != _FIELDS:
            raise invalid(f"cronExpression '{text}' must have six fields (second first) or be '@every 1m'")
        try:
            schedule.after(datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 1, tzinfo=timezone.utc))
        except (CronSimError, StopIteration, KeyError, ValueError) as error:
            raise invalid(f"cronExpression '{text}': {error!r}") from error
        return schedule

    def after(self, at: datetime, since: datetime) -> datetime:
        """Give the first time after `at`, in UTC; intervals are counted from `since`."""
        if self.every:
            return since + self.every * ((at - since) // self.every + 1)
        return next(CronSim(self.cron, at.astimezone(ZoneInfo(self.zone)))).astimezone(timezone.utc)
