"""What every part of a policy shares: unknown keys are errors, and nothing changes after it was read."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"`{zone}` is no time zone of the IANA database, such as Asia/Shanghai") from error
    return zone


Zone = Annotated[str, AfterValidator(_known)]
"""The name of an IANA time zone."""
