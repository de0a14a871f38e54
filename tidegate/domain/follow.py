"""Reading the signs: what an instance and its order say of an operation, and when that is an outcome.

Every outcome waits for an unbroken row of healthy reads with the same values, because a read may be stale and a value
may show early. Waiting costs nothing; a false success or a second order does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidegate.domain.operation import Event, Evidence, Operation, Outcome, Phase, Sight, Verdict
from tidegate.domain.reading import ANNOUNCED, Billing, Health, Order, Payment, Reading, Spec
from tidegate.domain.whose import OrderSearch, candidates_of, id_from_vendor, our_order, perhaps_ours, who

VERDICT_DUE = timedelta(seconds=90)
"""An attempt without a verdict after this is unanswered."""
PROOF = timedelta(seconds=60)
"""Two reads of the wanted values at least this far apart prove them."""
DOUBT_LASTS = timedelta(minutes=45)
"""15 min in which a signed request is still valid, and 30 min of applying."""
CLEARING = timedelta(minutes=4)
"""Two reads of the old values at least this far apart before an order is believed not to stand (fact F.6)."""
APPLYING = timedelta(minutes=30)
"""Values that have stood for so long are not those of an order that is still to be carried out (DESIGN 5.5)."""
SWITCH_WITHIN = timedelta(hours=24)
"""After this the vendor rolls a switchover back (fact B.3)."""
ABANDON_AFTER = timedelta(days=8)
"""An unpaid order lives 7 days (fact B.4)."""
HOURLY_AFTER = timedelta(hours=26)
HANDOVER_AFTER = timedelta(hours=6)
OVERDUE_SLACK = timedelta(seconds=60)
LONGEST_WAIT = 300
FIRST_REST_S, REST_GROWS = 30.0, 1.5
MOST_ATTEMPTS = 40
WAITS = (15, 30, 60, 120, 300)


@dataclass(frozen=True)
class Insight:
    """One look, interpreted."""

    event: Event
    evidence: Evidence
    order_id: str = ""
    outcome: Outcome | None = None
    why: str = ""


@dataclass(frozen=True)
class _Look:
    """One look with all that is known by then."""

    operation: Operation
    reading: Reading
    evidence: Evidence
    ours: Order | None
    search: OrderSearch
    now: datetime
    switching: bool
    """Whether its traffic is yet to be switched."""

    @property
    def steady(self) -> timedelta:
        """For how long healthy reads have shown the same values."""
        evidence = self.evidence
        return evidence.last - evidence.since if evidence.last and evidence.since else timedelta(0)

    @property
    def nothing_to_pay(self) -> bool:
        """Our order is paid, or there is none to pay."""
        if self.ours is not None:
            return self.ours.payment is Payment.PAID
        return self.operation.billing is Billing.PAY_AS_YOU_GO

    @property
    def waits_for_payment(self) -> bool:
        """Whether an order waits to be paid that is ours, or may be: while nobody knows which is, any may.

        What was unpaid when billing spoke of it last still is.
        """
        return bool(self.evidence.unpaid)

    @property
    def nothing_waits(self) -> bool:
        """Whether billing says, or said before, that nothing that may be ours waits to be paid.

        Billing that did not answer says nothing. Pay-as-you-go orders may never show.
        """
        said = self.evidence.payments
        if self.waits_for_payment:
            return False
        if self.ours is not None and self.operation.billing is Billing.SUBSCRIPTION:
            return self.ours.order_id in said
        is_paid = Payment.PAID in said.values()
        return self.search.went_through or self.operation.billing is Billing.PAY_AS_YOU_GO or is_paid

    @property
    def hope_is_gone(self) -> bool:
        """Whether an order of ours would have shown by now."""
        return self.now - self.operation.sent[-1].sent_at >= DOUBT_LASTS

    @property
    def is_settled(self) -> bool:
        """Whether an order of ours would have been carried out by now, also behind a change that was under way."""
        return self.hope_is_gone and self.steady >= APPLYING


def sight_of(operation: Operation, spec: Spec) -> Sight:
    """Compare a spec with the operation's, over every field that was read before."""
    fields = operation.from_spec.keys() | operation.to_spec.keys()
    if all(spec.get(field) == operation.to_spec.get(field) for field in fields):
        return Sight.WANTED
    if all(spec.get(field) == operation.from_spec.get(field) for field in fields):
        return Sight.BASELINE
    known = all(spec.get(f) in (operation.from_spec.get(f), operation.to_spec.get(f)) for f in fields)
    return Sight.PARTIAL if known else Sight.OTHER


def interpret(operation: Operation, reading: Reading, search: OrderSearch, now: datetime) -> Insight:
    """What one look means. Only for an operation that was ordered or is in doubt."""
    ours = our_order(operation, search)
    before = _anew(operation.evidence, ours, perhaps_ours(operation, search))
    announced, announced_at = before.announced, before.announced_at
    if _announces(operation, reading) and announced != reading.notes[ANNOUNCED]:
        announced, announced_at = reading.notes[ANNOUNCED], reading.at
    switching = reading.health is Health.SWITCHOVER or _waits_unsaid(operation, reading, before, announced_at)
    evidence = replace(
        _note(operation, reading, search, before, switching=switching),
        announced=announced,
        announced_at=announced_at,
    )
    event, outcome, why = _judge(_Look(operation, reading, evidence, ours, search, now, switching))
    if outcome is None and now - operation.planned_at >= ABANDON_AFTER:
        outcome, why = Outcome.ABANDONED, f"no end was seen in {ABANDON_AFTER.days} days"
    if ours and event is Event.SAW_NOTHING and operation.phase is Phase.DOUBT:
        event = Event.FOUND_ORDER
    return Insight(event, evidence, ours.order_id if ours else "", outcome, why)


def _anew(before: Evidence, ours: Order | None, mine: list[Order]) -> Evidence:
    """What was seen before, as far as it still counts by what billing says now of the orders that may be ours.

    Values that stood before an order was seen paid prove nothing of it, and nothing that was seen while it waited to
    be paid can have come of it.
    """
    said = {order.order_id: order.payment for order in mine if order.payment is not Payment.UNKNOWN}
    paid = [one for one, payment in said.items() if payment is Payment.PAID is not before.payments.get(one)]
    kept = {one: payment for one, payment in before.payments.items() if ours is None or one == ours.order_id}
    evidence = replace(before, payments={**kept, **said}, since=None if paid else before.since)
    if not any(before.payments.get(one) is Payment.UNPAID for one in paid):
        return evidence
    return replace(evidence, changed=False, switchover_at=None, announced="", announced_at=None)


def _note(
    operation: Operation, reading: Reading, search: OrderSearch, before: Evidence, *, switching: bool
) -> Evidence:
    healthy = reading.health is Health.HEALTHY and not switching
    # An instance that the vendor does not find shows no values, so it shows no change either.
    sight = None if reading.health is Health.GONE else sight_of(operation, reading.spec)
    says_so = reading.health is Health.SWITCHOVER
    fitting = [order.order_id for order in candidates_of(operation, search)]
    # What was shown once counts also where it is not shown any more.
    known = dict.fromkeys((*before.candidates, *before.unlike, *(order.order_id for order in search.unexplained())))
    unbroken = healthy and before.since is not None and before.spec == dict(reading.spec)
    return Evidence(
        sight=sight,
        spec=dict(reading.spec),
        since=before.since if unbroken else (reading.at if healthy else None),
        last=reading.at,
        changed=before.changed or sight not in (None, Sight.BASELINE) or switching,
        switchover_at=before.switchover_at or (reading.at if says_so else None),
        searched=search.went_through,
        candidates=tuple(fitting),
        unlike=tuple(order_id for order_id in known if order_id not in fitting and order_id not in search.others),
        payments=before.payments,
        notes=dict(reading.notes),
    )


def _announces(operation: Operation, reading: Reading) -> bool:
    """Whether it shows an address that it is yet to take, and that it did not show before the order."""
    announced = reading.notes.get(ANNOUNCED)
    return bool(announced) and announced != operation.from_notes.get(ANNOUNCED) and not operation.skips_switchover


def _waits_unsaid(operation: Operation, reading: Reading, before: Evidence, announced_at: datetime | None) -> bool:
    """Whether its traffic is yet to be switched, by the address alone: its status has never spoken of that.

    That the status does is no more than an inference (fact B.3), and so is for how long the address is shown. So the
    address counts until the vendor would have rolled back, and not where the status told of the wait: then it tells
    of the end of it, too.
    """
    if before.switchover_at is not None or reading.health is not Health.HEALTHY or announced_at is None:
        return False
    return _announces(operation, reading) and reading.at - announced_at < SWITCH_WITHIN


Judgement = tuple[Event, Outcome | None, str]


def _judge(look: _Look) -> Judgement:
    if look.switching:
        return Event.SAW_SWITCHOVER, None, ""
    if look.reading.health is not Health.HEALTHY:
        return (Event.SAW_CHANGE if look.evidence.changed else Event.SAW_NOTHING), None, ""
    if look.evidence.sight is Sight.WANTED:
        return _wanted(look)
    if look.evidence.sight is Sight.BASELINE:
        return _baseline(look)
    return _elsewhere(look)


def _wanted(look: _Look) -> Judgement:
    if look.steady < PROOF:
        return Event.SAW_WANTED, None, ""
    if look.nothing_to_pay:
        return Event.SAW_WANTED, Outcome.RESIZED, "read back twice"
    if not look.hope_is_gone or look.steady < APPLYING:
        return Event.SAW_WANTED, None, ""
    why = f"the wanted values are there, but {_without_order(look)}"
    return Event.SAW_WANTED, Outcome.RESIZED_ELSEWHERE, why


def _without_order(look: _Look) -> str:
    """Why the values are not by our order, with the orders named that may be left over."""
    if look.ours:
        left_over = "" if look.ours.payment is Payment.CANCELLED else ": cancel it if it is left over"
        return f"our order {look.ours.order_id} is {look.ours.payment.value}{left_over}"
    candidates = candidates_of(look.operation, look.search)
    foreign = [f"{order.order_id} by {who(order.operator)}" for order in candidates if look.search.is_foreign(order)]
    if len(candidates) > len(foreign) + bool(look.operation.order_id):
        return f"which of the orders {', '.join(look.evidence.candidates)} is ours cannot be told"
    if look.operation.order_id:
        return f"our order {look.operation.order_id} never showed as paid"
    if foreign:
        return f"not by us: somebody else placed order {', '.join(foreign)}"
    if look.evidence.unpaid:
        unpaid = ", ".join(look.evidence.unpaid)
        return f"no order of ours was found that is paid; it may be {unpaid}: cancel what is left over"
    return "no order of ours was found"


def _baseline(look: _Look) -> Judgement:
    ours, steady = look.ours, look.steady
    if ours and ours.payment is Payment.CANCELLED:
        # Somebody else's may be the only one that fits while ours is not shown yet.
        is_surely_ours = id_from_vendor(look.operation) or look.search.is_by_us(ours)
        if steady < CLEARING or not (is_surely_ours or look.hope_is_gone):
            return Event.SAW_NOTHING, None, ""
        why = f"order {ours.order_id} was cancelled by somebody; the old values stay"
        return Event.SAW_NOTHING, Outcome.ORDER_CANCELLED, why
    if look.waits_for_payment and (ours or look.operation.phase is not Phase.DOUBT):
        # Whatever came and went may not have been ours: our order still stands. In doubt that is not known.
        return Event.SAW_UNPAID, None, ""
    if look.evidence.changed and look.is_settled and look.nothing_waits:
        return Event.SAW_NOTHING, Outcome.ROLLED_BACK, "a change was seen, and then the old values again"
    if look.operation.phase is Phase.DOUBT and _is_cleared(look):
        if not look.operation.cleared:
            return Event.CLEARED, None, ""
        if look.operation.was_submitted_again:
            why = "submitted twice, and no order of ours stands; the old values stay"
            return Event.SAW_NOTHING, Outcome.UNCHANGED, why
    return Event.SAW_NOTHING, None, ""


def _is_cleared(look: _Look) -> bool:
    """Whether it is safe to say that no order stands. Pay-as-you-go orders may never show, so never for those.

    Any order of the instance since then may be ours, however little it looks like it, also if it was shown only once.
    """
    return (
        look.hope_is_gone
        and not look.evidence.changed
        and look.steady >= CLEARING
        and look.search.went_through
        and look.search.was_proven
        and not (look.evidence.candidates or look.evidence.unlike)
        and look.operation.billing is Billing.SUBSCRIPTION
    )


def _elsewhere(look: _Look) -> Judgement:
    done = look.nothing_to_pay or (look.ours is None and look.nothing_waits)
    if not (done and look.is_settled):
        return Event.SAW_CHANGE, None, ""
    fields = ", ".join(
        f"{field} {look.evidence.spec.get(field)} instead of {value}"
        for field, value in look.operation.to_spec.items()
        if look.evidence.spec.get(field) != value
    )
    return Event.SAW_CHANGE, Outcome.SETTLED_ELSEWHERE, f"settled, but with {fields}"


def verdict_event(operation: Operation, verdict: Verdict) -> Event:
    """The event of a verdict: a refusal ends the operation only if no earlier attempt may stand or was cleared."""
    if verdict is Verdict.ACCEPTED:
        return Event.ACCEPTED
    if verdict is Verdict.UNANSWERED:
        return Event.UNANSWERED
    doubted = any(attempt.verdict is Verdict.UNANSWERED for attempt in operation.attempts)
    if verdict is Verdict.UNSENT:
        return Event.UNSENT
    if doubted:
        return Event.REFUSED_AGAIN
    return Event.REFUSED_FOR_NOW if verdict is Verdict.REFUSED_FOR_NOW else Event.CONCLUDE


def overdue_at(operation: Operation) -> datetime:
    """When the execution that carries the operation must be taken for dead, or the next one is to start."""
    due = operation.next_look_at or operation.planned_at
    if operation.handed_over:
        return due
    return due + timedelta(seconds=2 * operation.wait_s) + OVERDUE_SLACK


def rest_after(operation: Operation, now: datetime) -> float:
    """Seconds still to rest after a refusal that passes by itself: 30, then half as much again each time, up to 300."""
    refused = [a for a in operation.attempts if a.verdict is Verdict.REFUSED_FOR_NOW]
    if not refused:
        return 0.0
    rest = min(FIRST_REST_S * REST_GROWS ** (len(refused) - 1), LONGEST_WAIT)
    return rest - (now - refused[-1].sent_at).total_seconds()


def next_wait(operation: Operation, now: datetime) -> int:
    """Seconds to the next look: 15 at first, then about a tenth of the time since the order, at most 300."""
    if operation.phase is Phase.PROVING:
        return int(PROOF.total_seconds())
    since = operation.sent[-1].sent_at if operation.sent else operation.planned_at
    tenth = (now - since).total_seconds() / 10
    return next((wait for wait in WAITS if wait >= tenth), LONGEST_WAIT)
