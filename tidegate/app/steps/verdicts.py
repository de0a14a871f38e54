"""Writing down what the vendor answered to an attempt, and letting the platform repeat what passes by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

from tidegate.aliyun import errors
from tidegate.app import journal
from tidegate.app.page import LostRaces, Page
from tidegate.app.reconcile import TRIES
from tidegate.domain.facts import Judged
from tidegate.domain.follow import verdict_event
from tidegate.domain.operation import Attempt, Operation, Phase, Verdict

REFUSED_LOOK = timedelta(seconds=360)
"""The workflow's longest pause between two tries, and a minute."""


class InstanceUpgradeOrDownGradeTopicMigrating(Exception):  # noqa: N818 - the workflow's Retry names it so
    """The vendor is still migrating topics. Named as the vendor's code, so that the platform repeats the step."""


class Throttled(Exception):  # noqa: N818 - the workflow's Retry names it so
    """The vendor was asked too often. The platform repeats the step."""


def judge(
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
    journal.judged(page, attempt, verdict, order_id, (code, message, request_id))
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
            if written.state.operation is not None and written.state.operation.outcome is not None:
                journal.concluded(written, written.state.operation)
            return written.state.operation
        page = page.again()
    raise LostRaces(f"{page.policy.name}: the verdict on attempt {attempt.number} could not be written")


def refused(page: Page, attempt: Attempt, error: errors.VendorError) -> str:
    """Write down an answer that was no success. Doubt is not refusal."""
    passing = isinstance(error, (errors.Busy, errors.Throttled))
    refused = isinstance(error, errors.Refused)
    verdict = Verdict.REFUSED_FOR_NOW if passing else Verdict.REFUSED if refused else Verdict.UNANSWERED
    message = f"{error.message} ({error.advice})" if error.advice else error.message
    after = judge(page, attempt, verdict, code=error.code, message=message, request_id=error.request_id)
    if passing and after is not None and after.phase is Phase.WAITING:
        _repeat(error)
    return "settle" if after is None or after.phase is Phase.CONCLUDED else "look15"


def _repeat(error: errors.VendorError) -> NoReturn:
    if isinstance(error, errors.Throttled):
        raise Throttled(f"{error.code}: {error.message}") from error
    raise InstanceUpgradeOrDownGradeTopicMigrating(f"{error.code}: {error.message}") from error
