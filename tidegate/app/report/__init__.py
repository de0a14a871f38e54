"""Reports: read-only facts from the records, the same for people and for programs (`to_json`)."""

from __future__ import annotations

from tidegate.app.report.answers import Answered
from tidegate.app.report.facts import NothingPushed, NotKnown, Unreadable, to_json
from tidegate.app.report.observed import Observed, Watched, observed
from tidegate.app.report.planning import Intent, Plan, plan
from tidegate.app.report.reasons import Explanation, explain
from tidegate.app.report.receipts import Receipt, receipt
from tidegate.app.report.standing import Standing, Status, status
from tidegate.app.report.story import History, history

__all__ = [
    "Answered",
    "Explanation",
    "History",
    "Intent",
    "NotKnown",
    "NothingPushed",
    "Observed",
    "Plan",
    "Receipt",
    "Standing",
    "Status",
    "Unreadable",
    "Watched",
    "explain",
    "history",
    "observed",
    "plan",
    "receipt",
    "status",
    "to_json",
]
