"""Why: who wants which rung, and what every guard says to it, now or at a moment of the past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from tidegate.app import codec
from tidegate.app.consider import consider
from tidegate.app.report.facts import NotKnown, book_of
from tidegate.app.report.receipts import Receipt, receipt
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain import facts
from tidegate.domain.arbiter import Wanted, ends, wanted
from tidegate.domain.decide import case_of
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Signal
from tidegate.domain.verdict import Case, Hold
from tidegate.domain.weigh import Weighed, weigh, weighed_as
from tidegate.ledger.policies import NoSuchPolicy
from tidegate.ledger.record import Record

SEARCHED = 1000
"""How many records of an instance are searched for an alert."""
MOMENT = "%Y-%m-%d %H:%MZ"


@dataclass(frozen=True)
class Claim:
    """Who wants a rung, and why; an empty rung is no claim."""

    who: str
    rung: str
    why: str = ""


@dataclass(frozen=True)
class Explanation:
    """Why an instance is, or was, resized or held."""

    instance: str
    timezone: str
    at: datetime
    past: bool
    wanted: str
    won_by: str
    claims: tuple[Claim, ...]
    decision: str
    code: str
    reason: str
    guards: tuple[Weighed, ...]
    policy: str
    record: int


@dataclass(frozen=True)
class Answered:
    """What became of one alert or request. A `record` of 0 means that it still waits in the inbox."""

    instance: str
    timezone: str
    key: str
    what: str
    verdict: str
    reason: str
    at: datetime | None
    policy: str
    record: int


def explain(
    around: Surroundings, what: str, at: datetime | None = None, book: Book | None = None
) -> Explanation | Receipt | Answered:
    """Why of an instance (`orders-mq`), an operation (`orders-mq#3`) or an alert (its key).

    `at` is for instances: the state of that moment, as the records have it. Raises NothingPushed, NotKnown.
    """
    known = book_of(around, book)
    name, numbered, number = what.partition("#")
    if what in known.names:
        past = at is not None and at < around.now()
        return _then(around, known, what, at) if past and at else _now(around, known, what, at)
    if at is not None:
        raise NotKnown(f"a time goes with the name of an instance, and `{what}` is none; {_known(known, what)}")
    if numbered and name in known.names and number.isdigit():
        return receipt(around, name, int(number), known)
    if (found := _answered(around, known, what)) is not None:
        return found
    raise NotKnown(f"no instance, operation or alert is known as `{what}`; {_known(known, name)}")


def _known(book: Book, word: str) -> str:
    close = get_close_matches(word, book.names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"the policy has {', '.join(book.names)}"


def _now(around: Surroundings, book: Book, name: str, at: datetime | None) -> Explanation:
    """From the state and a reading of now; for a time ahead, as if nothing happened until then."""
    policy = book.read(name)
    considered = consider(around, policy, book.hash, limits=book.limits, at=at)
    when, terms, observed = at or around.now(), around.terms(policy), considered.observed
    decision = considered.decision
    case = case_of(terms, considered.state, observed, when)
    want = case.want if isinstance(case, Case) else wanted(terms, considered.state, when)
    return Explanation(
        instance=name,
        timezone=policy.timezone,
        at=when,
        past=False,
        wanted=want.rung if want else "",
        won_by=want.why if want else "",
        claims=tuple(_claims(policy, want)),
        decision="hold" if isinstance(decision, Hold) else "resize",
        code=decision.code,
        reason=decision.reason,
        guards=weigh(case),
        policy=book.hash,
        record=considered.record,
    )


def _then(around: Surroundings, book: Book, name: str, at: datetime) -> Explanation:
    policy = book.read(name)
    record = next((one for one in around.ledger.records(around.key(policy)) if one.at <= at), None)
    if record is None:
        raise NotKnown(f"nothing is kept of {name} from before {at.isoformat()}")
    policy = _policy_of(around, record, policy)
    state = codec.read_state(dict(record.state))
    want = wanted(around.terms(policy), state, at)
    stance, operation = state.stance, state.operation
    code, reason = (stance.code, stance.reason) if stance else ("unread", "nothing was decided yet")
    if operation:
        phase = operation.phase.value
        code, reason = "operation", f"operation {operation.number} to {operation.to_rung} is {phase}"
    return Explanation(
        instance=name,
        timezone=policy.timezone,
        at=at,
        past=True,
        wanted=want.rung if want else "",
        won_by=want.why if want else "",
        claims=tuple(_claims(policy, want)),
        decision="resize" if code == "resize" else "hold",
        code=code,
        reason=reason,
        guards=weighed_as(code, reason),
        policy=record.policy,
        record=record.seq,
    )


def _policy_of(around: Surroundings, record: Record, otherwise: InstancePolicy) -> InstancePolicy:
    """The policy that was in force for a record, the one of now where it had another name then."""
    try:
        return InstancePolicy.model_validate(around.policies.document(record.policy, otherwise.name))
    except NoSuchPolicy:
        return otherwise


def _claims(policy: InstancePolicy, want: Wanted | None) -> Iterator[Claim]:
    if want is None:
        return
    yield Claim("home" if policy.base == "keep" else "base", want.home)
    wish = want.timetable
    yield Claim("timetable", wish.rung if wish else "", wish.why if wish else "")
    for demand in want.demands:
        ended = f", OK since {demand.ok_at:{MOMENT}}" if demand.ok_at else ""
        yield Claim("alerts", demand.rung, f"{demand.rule} since {demand.opened_at:{MOMENT}}{ended}")
    if not want.demands:
        yield Claim("alerts", "")
    override = want.override
    why = f"by {override.by} {ends(override)}" if override else ""
    yield Claim("override", override.rung if override else "", why)


def _answered(around: Surroundings, book: Book, key: str) -> Answered | None:
    """Look for a signal by its key, in every inbox and ledger."""
    for name in book.names:
        policy = book.read(name)
        place = around.key(policy)
        waiting, _unreadable = codec.read_signals(around.ledger.inbox(place))
        for signal in waiting:
            if signal.key == key:
                return _waiting(name, policy.timezone, signal)
        for record in around.ledger.records(place, limit=SEARCHED):
            fact = codec.read_fact(dict(record.fact))
            for answer in fact.answers if isinstance(fact, facts.Decided) else ():
                if answer.key == key:
                    found = (record.at, record.policy, record.seq)
                    return Answered(name, policy.timezone, key, answer.what, answer.verdict, answer.reason, *found)
    return None


def _waiting(name: str, zone: str, signal: Signal) -> Answered:
    from tidegate.domain.hear import describe  # noqa: PLC0415 - seldom needed

    return Answered(name, zone, signal.key, describe(signal), "waits", "the next tick answers it", None, "", 0)
