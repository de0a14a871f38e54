"""The intent of an operation, as it is written before anything is ordered."""

from __future__ import annotations

from datetime import datetime, timedelta

from tidegate.app import execution
from tidegate.app.page import Page
from tidegate.domain.operation import Operation
from tidegate.domain.reading import Reading
from tidegate.domain.verdict import Resize

FIRST_LOOK = timedelta(seconds=60)


def intended(page: Page, resize: Resize, reading: Reading, now: datetime) -> Operation:
    """The operation that a decision to resize means, from the specs just read."""
    number = page.state.operations + 1
    return Operation(
        number=number,
        from_rung=resize.start.name,
        to_rung=resize.end.name,
        from_spec=dict(reading.spec),
        to_spec={**reading.spec, **resize.end.spec},
        direction=resize.direction,
        billing=reading.billing,
        edition=reading.edition,
        reason=resize.reason,
        planned_at=now,
        from_notes=dict(reading.notes),
        execution=execution.name_of(page, number, 1),
        executions=1,
        execution_at=now,
        next_look_at=now + FIRST_LOOK,
    )
