"""The lines of the log that people search: one for every decision, and one for each stage and the outcome of an order.

Their fields keep their names, and new ones may come (docs/observability.md). A line follows its record, and names it:
what won no record has no line. Only a verdict is told before it is recorded, since it may be all that is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tidegate.app.logs import log
from tidegate.app.page import Page
from tidegate.domain.facts import Answer
from tidegate.domain.operation import Attempt, Operation, Verdict
from tidegate.domain.signal import Alert, Request, Signal
from tidegate.domain.verdict import Decision, Hold

SECOND = timedelta(seconds=1)
BY_ITSELF = "time"
"""What triggered a decision that nobody asked for: a timetable, the end of something, a look."""


def trigger_of(signals: Sequence[Signal]) -> str:
    """What led to a decision: a person's request before an alert, and that before what is no alert."""
    for name, kind in (("request", Request), ("alert", Alert)):
        if any(isinstance(signal, kind) for signal in signals):
            return name
    return "noise" if signals else BY_ITSELF


def decided(page: Page, decision: Decision, trigger: str, answers: Sequence[Answer]) -> None:
    """A decision that was recorded: it, or what was known with it, is another one than before."""
    hold = decision if isinstance(decision, Hold) else None
    would = hold.would if hold else None
    stance = page.state.stance
    log(
        "decided",
        **_where(page),
        decision="hold" if hold else "resize",
        code=decision.code,
        reason=decision.reason,
        trigger=trigger,
        mode=page.policy.mode,
        rung=page.state.rung,
        wanted=stance.wanted if stance else "",
        needs_person=bool(hold and hold.needs_person),
        until=hold.until if hold else None,
        would=would.code if would else "",
        would_go=would.end if would else "",
        answers=[answer.what for answer in answers],
        keys=[answer.key for answer in answers],
    )


def planned(page: Page, operation: Operation) -> None:
    """The intent of an operation was recorded; nothing is ordered yet."""
    log("planned", **_where(page), **_about(operation), reason=operation.reason, execution=operation.execution)


def claimed(page: Page, operation: Operation) -> None:
    """The right to call the vendor once was won: from here on an order may stand."""
    attempt = operation.attempts[-1].number
    log("claimed", **_where(page), **_about(operation), attempt=attempt, approved_by=operation.approved_by)


def judged(page: Page, attempt: Attempt, verdict: Verdict, order_id: str, answer: tuple[str, str, str]) -> None:
    """What the vendor's answer to an attempt means; `answer` is its code, its message and its request id."""
    operation = page.state.operation
    code, message, request_id = answer
    log(
        "verdict",
        **_where(page),
        **(_about(operation) if operation else {}),
        attempt=attempt.number,
        verdict=verdict.value,
        order=order_id,
        code=code,
        message=message[:300],
        request=request_id,
    )


def concluded(page: Page, operation: Operation) -> None:
    """The outcome is known; it is still to be settled."""
    outcome = operation.outcome.value if operation.outcome else ""
    log("concluded", **_where(page), **_about(operation), outcome=outcome, why=operation.outcome_why)


def settled(page: Page, operation: Operation, *, opens_circuit: bool) -> None:
    """How an operation ended: the one line for each, whichever way it went."""
    at = page.head.at if page.head else operation.planned_at
    log(
        "settled",
        **_where(page),
        **_about(operation),
        outcome=operation.outcome.value if operation.outcome else "",
        why=operation.outcome_why,
        reason=operation.reason,
        rung=page.state.rung,
        order=operation.order_id,
        attempts=len(operation.sent),
        looks=operation.looks,
        seconds=round((at - operation.planned_at) / SECOND),
        approved_by=operation.approved_by,
        failed=opens_circuit,
    )


def _where(page: Page) -> dict[str, object]:
    return {
        "instance": page.policy.name,
        "policy": page.policy_hash,
        "record": page.head.seq if page.head else 0,
    }


def _about(operation: Operation) -> dict[str, object]:
    return {
        "operation": operation.number,
        "from": operation.from_rung,
        "to": operation.to_rung,
        "direction": operation.direction.value,
    }
