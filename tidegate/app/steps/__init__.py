"""The workflow's steps: Submit places the order, Look follows it, Settle closes the operation.

Each is safe twice, and concurrently with itself: what happened is in the ledger, and every step begins by reading it.
"""

from __future__ import annotations

from tidegate.app.steps.looking import look
from tidegate.app.steps.placing import SEND_WITHIN, submit
from tidegate.app.steps.settling import settle
from tidegate.app.steps.verdicts import InstanceUpgradeOrDownGradeTopicMigrating, Throttled
from tidegate.app.steps.which import Which

__all__ = [
    "SEND_WITHIN",
    "InstanceUpgradeOrDownGradeTopicMigrating",
    "Throttled",
    "Which",
    "look",
    "settle",
    "submit",
]
