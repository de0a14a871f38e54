"""What a request would come to, for its dry run: from where to where, field by field, and what an hour costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from tidegate.app.consider import Considered
from tidegate.app.report.facts import to_json
from tidegate.app.report.planning import Intent, changes_to, intent_of
from tidegate.domain.reading import Direction
from tidegate.domain.terms import Terms
from tidegate.domain.verdict import Hold

TOLD = (
    "rung", "wanted", "direction", "changes", "unchanged", "in_use", "hourly_price_before", "hourly_price_after",
)  # fmt: skip
"""Of what a plan tells of an instance, what the answer to a dry run has."""


def rehearsal(terms: Terms, considered: Considered, now: datetime) -> dict[str, Any]:
    """What would be ordered, by the names that a plan has for it; where it is held, what would be after that."""
    told = to_json(_after_the_hold(intent_of(terms, considered, now), terms, considered))
    return {name: told[name] for name in TOLD}


def _after_the_hold(intent: Intent, terms: Terms, considered: Considered) -> Intent:
    """What the hold stands in the way of. Nobody knows from where that goes while an operation is open."""
    reading, ladder = considered.reading, terms.ladder
    is_open = considered.state.operation is not None
    if not isinstance(considered.decision, Hold) or is_open or reading is None or intent.wanted not in ladder:
        return intent
    start, end = ladder.match(reading.spec), ladder.rung(intent.wanted)
    if start is None or start.name == end.name:
        return intent
    is_up = ladder.index(end.name) > ladder.index(start.name)
    return replace(
        intent,
        rung=start.name,
        direction=(Direction.UP if is_up else Direction.DOWN).value,
        changes=changes_to(end, reading.spec),
        unchanged={name: value for name, value in reading.spec.items() if name not in end.spec},
        hourly_price_before=start.hourly_price,
        hourly_price_after=end.hourly_price,
    )
