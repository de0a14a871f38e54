"""The workflow's steps: Submit places the order, Look follows it, Settle closes the operation.

Each is safe twice, and concurrently with itself: what happened is in the ledger, and every step begins by reading it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NoReturn

from tidegate.aliyun import errors
from tidegate.app.page import LostRaces, Page
from tidegate.app.past import rules_for
from tidegate.app.reconcile import TRIES, read_instance, reconcile
from tidegate.app.search import search_orders
from tidegate.app.surroundings import Surroundings, log
from tidegate.app.tell import tell
from tidegate.app.tick import warn_of_dead_tick
from tidegate.domain.decide import Resize, decide
from tidegate.domain.facts import Claimed, Closed, Concluded, Judged, Looked
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
    verdict_event,
)
from tidegate.domain.operation import OPENS_CIRCUIT, Attempt, Event, Operation, Outcome, Phase, Verdict
from tidegate.domain.reading import Health, Purchase, Reading

SEND_WITHIN = timedelta(seconds=10)
"""A claim older than this when the call is about to be made is given up: the process may have been frozen."""
MOST_SENT_BACK = 5
MOST_ATTEMPTS = 40
REFUSED_LOOK = timedelta(seconds=360)
"""The workflow's longest pause between two tries, and a minute."""
HOUR = timedelta(hours=1)


class InstanceUpgradeOrDownGradeTopicMigrating(Exception):  # noqa: N818 - the workflow's Retry names it so
    """The vendor is still migrating topics. Named as the vendor's code, so that the platform repeats the step."""


class Throttled(Exception):  # noqa: N818 - the workflow's Retry names it so
    """The vendor was asked too often. The platform repeats the step."""


@dataclass(frozen=True)
class Which:
    """Which operation an execution carries."""

    instance: str
    operation: int
    execution: str

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Which:
        """Read an execution's input. Raises ValueError naming what is missing."""
        try:
            return cls(str(given["instance"]), int(given["operation"]), str(given.get("execution") or ""))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"an execution's input names its instance and operation: {error}") from error


def submit(around: Surroundings, which: Which) -> str:
    """Place the order, if that is still wanted and nobody has. Gives what to do next.

    Raises InstanceUpgradeOrDownGradeTopicMigrating or Throttled after a refusal that passes by itself.
    """
    page = _page(around, which)
    operation = _mine(page, which)
    if operation is None or operation.phase is Phase.CONCLUDED:
        return "settle"
    if operation.phase not in (Phase.PLANNED, Phase.WAITING):
        return "look15"
    if len(operation.attempts) >= MOST_ATTEMPTS:
        return _conclude(
            page, operation, Outcome.REFUSED, f"refused {len(operation.attempts)} times: {_last(operation)}"
        )
    reading = read_instance(page)
    if reading is None:
        return "look30"
    if _moved_since_doubt(operation, reading):
        doubt = Looked(operation.number, Event.UNANSWERED, page.around.now() + VERDICT_DUE, operation.evidence, 15)
        page.write(doubt)
        return "look15"
    claimed = _claim(page, operation, reading)
    if claimed is None:
        return "look15"
    if claimed.state.operation is None or claimed.state.operation.phase is Phase.CONCLUDED:
        return "settle"
    return _send(claimed, claimed.state.operation, reading)


def look(around: Surroundings, which: Which) -> str:
    """Read the instance and its order, and say what to do next."""
    for _ in range(TRIES):
        page = _page(around, which)
        operation = _mine(page, which)
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


def settle(around: Surroundings, which: Which) -> str:
    """Close the operation, tell people, and reconcile: something else may be wanted by now."""
    rules = rules_for(around, which.instance)
    policy = rules.policy
    for _ in range(TRIES):
        page = Page.open(around, policy, rules.hash, past=rules.past)
        operation = _mine(page, which)
        if operation is None:
            break
        if operation.outcome is None:
            return "look15"
        rung = policy.rungs.match(operation.evidence.spec) if operation.evidence.spec else None
        # Settled elsewhere is to be held and never ordered again: that, too, only a person ends.
        opens = operation.outcome in OPENS_CIRCUIT or operation.outcome is Outcome.SETTLED_ELSEWHERE
        written = page.write(Closed(operation.number, rung.name if rung else "", opens_circuit=opens))
        if written is not None:
            log("settled", instance=policy.name, operation=operation.number, outcome=operation.outcome.value)
            break
    reconcile(around, policy, rules.hash, past=rules.past)
    return "done"


def _page(around: Surroundings, which: Which) -> Page:
    rules = rules_for(around, which.instance)
    return Page.open(around, rules.policy, rules.hash, past=rules.past)


def _mine(page: Page, which: Which) -> Operation | None:
    operation = page.state.operation
    return operation if operation is not None and operation.number == which.operation else None


def _claim(page: Page, operation: Operation, reading: Reading) -> Page | None:
    """Decide once more on what was just read, and win the right to call. None if somebody else was quicker."""
    now = page.around.now()
    alone = replace(page.state, operation=None)
    decision = decide(page.policy, alone, reading, page.around.timetable(page.policy), now)
    same = isinstance(decision, Resize) and (decision.end.name, decision.direction) == (
        operation.to_rung,
        operation.direction,
    )
    if not isinstance(decision, Resize) or not same:
        ordered_before = any(attempt.verdict is Verdict.UNANSWERED for attempt in operation.attempts)
        why = decision.reason if not isinstance(decision, Resize) else f"now {decision.end.name} is wanted"
        outcome = Outcome.UNCHANGED if ordered_before else Outcome.CANCELLED
        return page.write(Concluded(operation.number, outcome, f"not ordered: {why}", dict(reading.spec)))
    number = len(operation.attempts) + 1
    attempt = Attempt(number, _token(page, operation, number), sent_at=now)
    wanted = {**reading.spec, **decision.end.spec}
    return page.write(Claimed(operation.number, attempt, dict(reading.spec), wanted, now + VERDICT_DUE))


def _moved_since_doubt(operation: Operation, reading: Reading) -> bool:
    """Whether an unanswered order may stand after all: its doubt was cleared, but the instance is not as it was."""
    doubted = any(attempt.verdict is Verdict.UNANSWERED for attempt in operation.attempts)
    same = reading.health is Health.HEALTHY and dict(reading.spec) == dict(operation.from_spec)
    return doubted and not same


def _token(page: Page, operation: Operation, number: int) -> str:
    """One token for the operation where the product keeps it, else one an attempt (facts A.1, A.3, F.8)."""
    kept = page.around.product(page.policy).keeps_token
    instance = sha256(page.key.encode()).hexdigest()[:16]
    return f"{page.around.ledger.epoch()}-{instance}-{operation.number}-{1 if kept else number}"


def _send(page: Page, operation: Operation, reading: Reading) -> str:
    """Make the one call that the claim allows, and write its verdict down."""
    attempt = operation.attempts[-1]
    if page.around.now() - attempt.sent_at > SEND_WITHIN:
        _judge(page, attempt, Verdict.UNSENT)
        return "look15"
    purchase = Purchase(
        instance_id=page.policy.instance_id,
        spec=operation.to_spec,
        direction=operation.direction,
        billing=reading.billing,
        edition=reading.edition,
        token=attempt.token,
        auto_pay=page.policy.auto_pay,
        skip_switchover=page.policy.switchover == "skip",
    )
    try:
        order_id = page.around.product(page.policy).submit(purchase)
    except errors.VendorError as error:
        return _refused(page, attempt, error)
    _judge(page, attempt, Verdict.ACCEPTED, order_id=order_id)
    return "look15"


def _refused(page: Page, attempt: Attempt, error: errors.VendorError) -> str:
    """Write down an answer that was no success. Doubt is not refusal."""
    passing = isinstance(error, (errors.Busy, errors.Throttled))
    refused = isinstance(error, errors.Refused)
    verdict = Verdict.REFUSED_FOR_NOW if passing else Verdict.REFUSED if refused else Verdict.UNANSWERED
    message = f"{error.message} ({error.advice})" if error.advice else error.message
    after = _judge(page, attempt, verdict, code=error.code, message=message, request_id=error.request_id)
    if passing and after is not None and after.phase is Phase.WAITING:
        _repeat(error)
    return "settle" if after is None or after.phase is Phase.CONCLUDED else "look15"


def _repeat(error: errors.VendorError) -> NoReturn:
    if isinstance(error, errors.Throttled):
        raise Throttled(f"{error.code}: {error.message}") from error
    raise InstanceUpgradeOrDownGradeTopicMigrating(f"{error.code}: {error.message}") from error


def _judge(
    page: Page,
    attempt: Attempt,
    verdict: Verdict,
    *,
    order_id: str = "",
    code: str = "",
    message: str = "",
    request_id: str = "",
) -> Operation | None:
    """Write a verdict, whoever else writes meanwhile. Gives the operation after it, None if it is closed already."""
    log("verdict", instance=page.policy.name, attempt=attempt.number, verdict=verdict.value, code=code, order=order_id)
    for _ in range(TRIES):
        operation = page.state.operation
        if operation is None or attempt.number > len(operation.attempts):
            return None
        known = operation.attempts[attempt.number - 1]
        late = known.verdict is Verdict.UNANSWERED and verdict is Verdict.ACCEPTED
        if known.token != attempt.token or (known.verdict is not None and not late):
            return operation
        after = REFUSED_LOOK if verdict is Verdict.REFUSED_FOR_NOW else timedelta(seconds=60)
        fact = Judged(
            operation.number,
            attempt.number,
            verdict,
            verdict_event(operation, verdict),
            page.around.now() + after,
            order_id,
            code,
            message[:300],
            request_id,
        )
        written = page.write(fact)
        if written is not None:
            return written.state.operation
        page = page.again()
    raise LostRaces(f"{page.policy.name}: the verdict on attempt {attempt.number} could not be written")


def _look_once(page: Page, operation: Operation) -> str | None:
    """One look. None means that the race was lost and it must be done again."""
    now = page.around.now()
    if operation.phase in (Phase.PLANNED, Phase.WAITING):
        return _send_back(page, operation, now)
    if operation.phase is Phase.CLAIMED:
        attempt = operation.attempts[-1]
        if now - attempt.sent_at < VERDICT_DUE:
            return "look30"
        judged = _judge(page, attempt, Verdict.UNANSWERED, code="NoVerdict", message="the call was not reported on")
        return None if judged is not None else "settle"
    reading = read_instance(page)
    if reading is None and now - operation.planned_at >= ABANDON_AFTER:
        why = f"no end was seen in {ABANDON_AFTER.days} days, and the instance cannot be read"
        return _conclude(page, operation, Outcome.ABANDONED, why)
    if reading is None:
        return _write(page, _looked(operation, None, now))
    insight = interpret(operation, reading, search_orders(page, operation, now), now)
    if insight.outcome is not None:
        seen = page.write(_looked(operation, insight, now))
        return _conclude(seen, operation, insight.outcome, insight.why, reading) if seen else None
    return _write(page, _looked(operation, insight, now))


def _send_back(page: Page, operation: Operation, now: datetime) -> str | None:
    """Nothing is ordered: Submit has to try (again), a bounded number of times without a claim in between.

    After a refusal that passes by itself it rests first, in case the platform's own Retry did not see to that.
    """
    if (rest_s := rest_after(operation, now)) > 0:
        wait_s = next((wait for wait in WAITS if wait >= rest_s), LONGEST_WAIT)
        return _write(page, Looked(operation.number, None, now + timedelta(seconds=wait_s), operation.evidence, wait_s))
    if operation.sent_back >= MOST_SENT_BACK:
        return _conclude(page, operation, Outcome.REFUSED, f"it could not be submitted: {_last(operation)}")
    fact = Looked(operation.number, None, now + VERDICT_DUE, operation.evidence, 0, sent_back=operation.sent_back + 1)
    written = page.write(fact)
    if written is None:
        return None
    tell(written)
    return "submit"


def _last(operation: Operation) -> str:
    attempt = next((a for a in reversed(operation.attempts) if a.code), None)
    return f"{attempt.code}: {attempt.message}" if attempt else "the instance could not be read"


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


def _conclude(page: Page, operation: Operation, outcome: Outcome, why: str, reading: Reading | None = None) -> str:
    """Write the outcome down. A lost race is looked at again."""
    healthy = reading is not None and reading.health is Health.HEALTHY
    spec = dict(reading.spec) if reading is not None and healthy else {}
    written = page.write(Concluded(operation.number, outcome, why, spec))
    log("concluded", instance=page.policy.name, operation=operation.number, outcome=outcome.value, why=why)
    return "settle" if written is not None else "look15"
