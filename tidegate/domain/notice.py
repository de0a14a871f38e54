"""One thing that people must know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tidegate.domain.state import Approved

Kind = Literal["resized", "failed", "held", "needs-person"]


@dataclass(frozen=True)
class Notice:
    """One thing people must know, by name: said once a channel, with reminders if it repeats."""

    name: str
    kind: Kind
    title: str
    text: str
    repeats: bool = False
    deadline: datetime | None = None
    but: str = ""
    """The channel that is not to be told, since it is the one spoken of."""
    asks: Approved | None = None
    """What it asks a person to approve: where there are links, each channel is sent its own."""
