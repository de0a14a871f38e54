"""Submit: win the right to one attempt, and make the one call it allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from tidegate.aliyun import errors
from tidegate.app import journal
from tidegate.app.logs import log
from tidegate.app.lookout import Lookout, read_instance
from tidegate.app.page import Page
from tidegate.app.steps.verdicts import judge, refused
from tidegate.app.steps.which import Which, conclude, last_words, mine, page_of
from tidegate.app.surroundings import Surroundings
from tidegate.app.taking import judge_state, pruned
from tidegate.domain.decide import decide
from tidegate.domain.facts import Claimed, Concluded, Looked
from tidegate.domain.follow import MOST_ATTEMPTS, VERDICT_DUE
from tidegate.domain.operation import Attempt, Event, Operation, Outcome, Phase, Verdict
from tidegate.domain.reading import Health, Purchase, Reading
from tidegate.domain.verdict import Hold, Resize

SEND_WITHIN = timedelta(seconds=10)
"""A claim older than this when the call is about to be made is given up: the process may have been frozen."""

READ_WITHIN = timedelta(seconds=30)
"""An instance that was read longer ago is not ordered for: the process may have been frozen, and of its 60 s the call
may take 25."""


def submit(around: Surroundings, which: Which) -> str:
    """Place the order, if that is still wanted and nobody has. Gives what to do next.

    Raises InstanceUpgradeOrDownGradeTopicMigrating or Throttled after a refusal that passes by itself, and Unprotected
    where the ledger's store would let two writers both win.
    """
    page = page_of(around, which)
    operation = mine(page, which)
    if operation is None or operation.phase is Phase.CONCLUDED:
        return "settle"
    if operation.phase not in (Phase.PLANNED, Phase.WAITING):
        return "look15"
    if len(operation.attempts) >= MOST_ATTEMPTS:
        return conclude(
            page, operation, Outcome.REFUSED, f"refused {len(operation.attempts)} times: {last_words(operation)}"
        )
    around.make_sure_of_ledger()
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
    placing = claimed.state.operation
    if placing is None or placing.phase is Phase.CONCLUDED:
        journal.concluded(claimed, placing or operation)
        return "settle"
    journal.claimed(claimed, placing)
    return _send(claimed, placing, reading)


def _claim(page: Page, operation: Operation, reading: Reading) -> Page | None:
    """Decide once more on what was just read, and win the right to call.

    None if somebody else was quicker, or if it was read too long ago.
    """
    lookout = Lookout(page, page.around.now(), placing=operation.number, known=reading, has_read=True)
    state, decision = judge_state(lookout, pruned(lookout, replace(page.state, operation=None)))
    # What it hangs on may have taken long to read. It has to hold now, when the call is about to be claimed.
    now = page.around.now()
    if now - reading.at > READ_WITHIN:
        log("read-too-slowly", instance=page.policy.name, seconds=(now - reading.at).total_seconds())
        return None
    if isinstance(decision, Resize):
        decision = decide(page.terms, state, lookout.seen, now)
    same = isinstance(decision, Resize) and (decision.end.name, decision.direction) == (
        operation.to_rung,
        operation.direction,
    )
    limits = page.around.limits(page.policy_hash)
    if same and not page.around.fleet.reserve(limits, page.key, operation.number, now):
        decision, same = Hold("fleet", "the fleet's limits were used up just now"), False
    if not isinstance(decision, Resize) or not same:
        ordered_before = any(attempt.verdict is Verdict.UNANSWERED for attempt in operation.attempts)
        why = decision.reason if not isinstance(decision, Resize) else f"now {decision.end.name} is wanted"
        outcome = Outcome.UNCHANGED if ordered_before else Outcome.CANCELLED
        return page.write(Concluded(operation.number, outcome, f"not ordered: {why}", dict(reading.spec)))
    number = len(operation.attempts) + 1
    attempt = Attempt(number, token_of(page, operation, number), sent_at=now)
    wanted = {**reading.spec, **decision.end.spec}
    skips = page.policy.switchover == "skip"
    return page.write(Claimed(operation.number, attempt, dict(reading.spec), wanted, now + VERDICT_DUE, skips))


def _moved_since_doubt(operation: Operation, reading: Reading) -> bool:
    """Whether an unanswered order may stand after all: its doubt was cleared, but the instance is not as it was."""
    doubted = any(attempt.verdict is Verdict.UNANSWERED for attempt in operation.attempts)
    same = reading.health is Health.HEALTHY and dict(reading.spec) == dict(operation.from_spec)
    return doubted and not same


def token_of(page: Page, operation: Operation, number: int) -> str:
    """One token for the operation where the product keeps it, else one an attempt (facts A.1, A.3, F.8)."""
    kept = page.around.product(page.policy).keeps_token
    instance = sha256(page.key.encode()).hexdigest()[:16]
    return f"{page.around.ledger.epoch()}-{instance}-{operation.number}-{1 if kept else number}"


def _send(page: Page, operation: Operation, reading: Reading) -> str:
    """Make the one call that the claim allows, and write its verdict down."""
    attempt = operation.attempts[-1]
    if page.around.now() - attempt.sent_at > SEND_WITHIN:
        judge(page, attempt, Verdict.UNSENT)
        return "look15"
    purchase = Purchase(
        instance_id=page.policy.instance_id,
        spec=operation.to_spec,
        direction=operation.direction,
        billing=reading.billing,
        edition=reading.edition,
        token=attempt.token,
        auto_pay=page.policy.auto_pay,
        skip_switchover=operation.skips_switchover,
    )
    try:
        order_id = page.around.product(page.policy).submit(purchase)
    except errors.VendorError as error:
        return refused(page, attempt, error)
    judge(page, attempt, Verdict.ACCEPTED, order_id=order_id)
    return "look15"
