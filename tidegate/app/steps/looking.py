"""Look: read the instance and its order, and say what comes next."""

from __future__ import annotations

from datetime import datetime, timedelta

from tidegate.app.lookout import read_instance
from tidegate.app.page import LostRaces, Page
from tidegate.app.reconcile import TRIES
from tidegate.app.search import search_orders
from tidegate.app.steps.verdicts import judge
from tidegate.app.steps.which import Which, conclude, last_words, mine, page_of
from tidegate.app.surroundings import Surroundings
from tidegate.app.tell import tell
from tidegate.app.tick import warn_of_dead_tick
from tidegate.domain.facts import Looked
from tidegate.domain.follow import (
    ABANDON_AFTER,
    HANDOVER_AFTER,
    HOURLY_AFTER,
    LONGEST_WAIT,
    VERDICT_DUE,
    WAITS,
    Insight,
    interpret,
    next_wait,
    rest_after,
)
from tidegate.domain.operation import Event, Operation, Outcome, Phase, Verdict

MOST_SENT_BACK = 5
HOUR = timedelta(hours=1)


def look(around: Surroundings, which: Which) -> str:
    """Read the instance and its order, and say what to do next."""
    for _ in range(TRIES):
        page = page_of(around, which)
        operation = mine(page, which)
        if operation is None or operation.phase is Phase.CONCLUDED:
            return "settle"
        if which.execution and which.execution != operation.execution:
            # It was taken for dead, and another one carries the operation by now.
            return "handover"
        answer = _look_once(page, operation)
        if answer is not None:
            warn_of_dead_tick(around, page.policy)
            return answer
    raise LostRaces(f"{which.instance}: {TRIES} times somebody else wrote first")


def _look_once(page: Page, operation: Operation) -> str | None:
    """One look. None means that the race was lost and it must be done again."""
    now = page.around.now()
    if operation.phase in (Phase.PLANNED, Phase.WAITING):
        return _send_back(page, operation, now)
    if operation.phase is Phase.CLAIMED:
        attempt = operation.attempts[-1]
        if now - attempt.sent_at < VERDICT_DUE:
            return "look30"
        judged = judge(page, attempt, Verdict.UNANSWERED, code="NoVerdict", message="the call was not reported on")
        return None if judged is not None else "settle"
    reading = read_instance(page)
    if reading is None and now - operation.planned_at >= ABANDON_AFTER:
        why = f"no end was seen in {ABANDON_AFTER.days} days, and the instance cannot be read"
        return conclude(page, operation, Outcome.ABANDONED, why)
    if reading is None:
        return _write(page, _looked(operation, None, now))
    insight = interpret(operation, reading, search_orders(page, operation, now), now)
    if insight.outcome is not None:
        seen = page.write(_looked(operation, insight, now))
        return conclude(seen, operation, insight.outcome, insight.why, reading) if seen else None
    return _write(page, _looked(operation, insight, now))


def _send_back(page: Page, operation: Operation, now: datetime) -> str | None:
    """Nothing is ordered: Submit has to try (again), a bounded number of times without a claim in between.

    After a refusal that passes by itself it rests first, in case the platform's own Retry did not see to that.
    """
    if (rest_s := rest_after(operation, now)) > 0:
        wait_s = next((wait for wait in WAITS if wait >= rest_s), LONGEST_WAIT)
        return _write(page, Looked(operation.number, None, now + timedelta(seconds=wait_s), operation.evidence, wait_s))
    if operation.sent_back >= MOST_SENT_BACK:
        # It is refused only if every attempt was; one that went unanswered was cleared, and left nothing.
        doubted = any(attempt.verdict is Verdict.UNANSWERED for attempt in operation.attempts)
        outcome = Outcome.UNCHANGED if doubted else Outcome.REFUSED
        return conclude(page, operation, outcome, f"it could not be submitted: {last_words(operation)}")
    fact = Looked(operation.number, None, now + VERDICT_DUE, operation.evidence, 0, sent_back=operation.sent_back + 1)
    written = page.write(fact)
    if written is None:
        return None
    tell(written)
    return "submit"


def _looked(operation: Operation, insight: Insight | None, now: datetime) -> Looked:
    """The record of a look, with the wait to the next: in this execution, or after a handover in the next one."""
    event = insight.event if insight else None
    moved = operation.moved(event, now) if event else operation
    wait_s = next_wait(moved, now)
    ordered_at = operation.sent[-1].sent_at if operation.sent else operation.planned_at
    hourly = now - ordered_at >= HOURLY_AFTER
    old = now - (operation.execution_at or now) >= HANDOVER_AFTER
    return Looked(
        operation=operation.number,
        event=event,
        next_look_at=now + (HOUR if hourly else timedelta(seconds=wait_s)),
        evidence=insight.evidence if insight else operation.evidence,
        wait_s=wait_s,
        order_id=insight.order_id if insight else "",
        handed_over=hourly or old,
    )


def _write(page: Page, fact: Looked) -> str | None:
    written = page.write(fact)
    if written is None:
        return None
    tell(written)
    if fact.event is Event.CLEARED:
        return "submit"
    return "handover" if fact.handed_over else f"look{fact.wait_s}"
