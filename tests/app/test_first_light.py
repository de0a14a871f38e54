from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate.domain.operation import Outcome

Opens = Callable[..., Any]


def test_an_alert_buys_one_rung_and_is_read_back(desk: Opens) -> None:
    at = desk()
    verdict = at.hear(at.alert())
    assert verdict.decision.code == "resize"
    path = at.follow()
    settled = at.settled()
    assert (settled.outcome, settled.from_rung, settled.to_rung) == (Outcome.RESIZED, "small", "medium"), path
    assert len(at.orders()) == 1
    assert at.state().rung == "medium"
