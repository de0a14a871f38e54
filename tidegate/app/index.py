"""The index of a published policy: of every instance just enough to bind an alert and to reckon transitions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from tidegate.domain.calendars import Calendar
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.timetable import Timetable
from tidegate.domain.when import TimetableEntry


def index_entry(policy: InstancePolicy) -> dict[str, object]:
    """What the index says of one instance."""
    summaries = sorted({channel.url_env for channel in policy.notify if "summary" in channel.on})
    return {
        # Only where there are any: whoever asks for none keeps an index of the form that it has.
        **({"summaries": summaries} if summaries else {}),
        "product": policy.product,
        "region": policy.region,
        "instance_id": policy.instance_id,
        "rules": [identity for rule in policy.alerts for identity in (rule.rule, rule.rule_id) if identity],
        "timetable": [entry.model_dump(mode="json", by_alias=True) for entry in policy.timetable],
        "timezone": policy.timezone,
        "country": policy.calendars.workdays.get("country", ""),
        "rungs": list(policy.rungs.names),
        "lead_s": int(policy.resize_takes.total_seconds()),
    }


def timetable_of(entry: Mapping[str, Any], calendar: Calendar) -> Timetable:
    """The timetable that an entry of the index says. Raises pydantic.ValidationError for one of a later version."""
    entries = _adapter().validate_python(entry["timetable"])
    lead = timedelta(seconds=entry.get("lead_s", 0))
    return Timetable(entries, entry["timezone"], entry["rungs"], calendar, lead)


@cache
def _adapter() -> TypeAdapter[list[TimetableEntry]]:
    return TypeAdapter(list[TimetableEntry])
