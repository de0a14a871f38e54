"""When a schedule fires: six cron fields in UTC, seconds first, or `@every Nm` (fact flow 9.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cronsim import CronSim, CronSimError

EVERY = re.compile(r"@every ([1-9]\d{0,5})m")
FIELDS = 6
SOME_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Cron:
    """A checked expression."""

    fields: str
    every: timedelta | None = None

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read an expression; raise ValueError where it is none, or fires more often than once a minute."""
        if found := EVERY.fullmatch(text.strip()):
            return cls("", timedelta(minutes=int(found[1])))
        # `?` is "no matter" in one of the two day fields.
        parts = text.replace("?", "*").split()
        if len(parts) != FIELDS:
            raise ValueError(f"six fields or @every Nm expected, not {text!r}")
        if not parts[0].isdigit():
            raise ValueError(
                f"the first field, seconds, must be one number: {text!r} fires more often than each minute"
            )
        cron = cls(" ".join(parts))
        try:
            cron.after(SOME_DAY, SOME_DAY)
        except (CronSimError, StopIteration) as error:
            raise ValueError(f"{text!r} never fires: {error}") from error
        return cron

    def after(self, at: datetime, since: datetime) -> datetime:
        """Give the first time after `at`; intervals count from `since`."""
        if self.every:
            return since + self.every * ((at - since) // self.every + 1)
        return next(CronSim(self.fields, at.astimezone(timezone.utc)))
