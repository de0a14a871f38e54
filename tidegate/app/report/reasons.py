"""Why: who wants which rung, and what every guard says to it, now or at a moment of the past."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from tidegate.app import codec
from tidegate.app.consider import Considered, consider
from tidegate.app.report.answers import Answered, answered
from tidegate.app.report.claims import Claim, claims
from tidegate.app.report.facts import NotKnown, book_of, policy_of
from tidegate.app.report.figures import Figures, budget, figures
from tidegate.app.report.receipts import Receipt, receipt
from tidegate.app.surroundings import Book, Surroundings
from tidegate.app.taking import under_way
from tidegate.domain.arbiter import Wanted, wanted
from tidegate.domain.decide import case_of
from tidegate.domain.held import what_to_do
from tidegate.domain.notices import CONSOLES
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import UNREADABLE, Approved, State
from tidegate.domain.verdict import Case, Hold
from tidegate.domain.weigh import Weighed, weigh, weighed_as

NUMBER = re.compile(r"[0-9]{1,9}")


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
    needs_person: bool
    until: datetime | None
    """When time alone may end a hold."""
    to_do: str
    """What a person can press, and what happens if nobody does; empty where there is nothing to press."""
    approval: Approved | None
    guards: tuple[Weighed, ...]
    figures: Figures
    policy: str
    record: int


def explain(
    around: Surroundings, what: str, at: datetime | None = None, book: Book | None = None
) -> Explanation | Receipt | Answered:
    """Why of an instance (`orders-mq`), an operation (`orders-mq#3`) or an alert or request (its key).

    `at` is for instances: the state of that moment, as the records have it. Raises NothingPushed, NotKnown.
    """
    known = book_of(around, book)
    name, numbered, number = what.partition("#")
    if what in known.names:
        past = at is not None and at < around.now()
        return _then(around, known, what, at) if past and at else _now(around, known, what, at)
    if at is not None:
        raise NotKnown(f"a time goes with the name of an instance, and `{what}` is none; {_known(known, what)}")
    if numbered and name in known.names and NUMBER.fullmatch(number):
        return receipt(around, name, int(number), known)
    if (found := answered(around, known, what)) is not None:
        return found
    raise NotKnown(f"no instance, operation or alert is known as `{what}`; {_known(known, name)}")


def _known(book: Book, word: str) -> str:
    close = get_close_matches(word, book.names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"the policy has {', '.join(book.names)}"


def _now(around: Surroundings, book: Book, name: str, at: datetime | None) -> Explanation:
    """From the state and a reading of now; for a time ahead, as if nothing happened until then."""
    policy = book.read(name)
    considered = consider(around, policy, book.hash, limits=book.limits, at=at)
    when, terms = at or around.now(), around.terms(policy)
    decision, observed = considered.decision, considered.observed
    case = case_of(terms, considered.state, observed, when)
    want = case.want if isinstance(case, Case) else considered.want
    hold = decision if isinstance(decision, Hold) else None
    return Explanation(
        instance=name,
        timezone=policy.timezone,
        at=when,
        past=False,
        wanted=want.rung if want else "",
        won_by=want.why if want else "",
        claims=tuple(claims(terms, considered.state, want, observed.measures)),
        decision="hold" if hold else "resize",
        code=decision.code,
        reason=decision.reason,
        needs_person=hold is not None and hold.needs_person,
        until=hold.until if hold else None,
        to_do=_to_do(policy, decision.code, needs_person=hold is not None and hold.needs_person),
        approval=considered.state.approval,
        guards=_guards(considered, case),
        figures=figures(terms, considered.state, observed, case, when),
        policy=book.hash,
        record=considered.record,
    )


def _guards(considered: Considered, case: Case | Hold) -> tuple[Weighed, ...]:
    """How the guards judge. An open operation is followed whatever they would say, so it is told as what holds."""
    decision = considered.decision
    if considered.state.operation is not None or isinstance(case, Hold):
        return weighed_as(decision.code, decision.reason)
    return weigh(case)


def _to_do(policy: InstancePolicy, code: str, *, needs_person: bool) -> str:
    """What to press; also about what cannot be read, which needs a person only when it lasts."""
    return what_to_do(code, CONSOLES[policy.product], policy.name) if needs_person or code in UNREADABLE else ""


def _then(around: Surroundings, book: Book, name: str, at: datetime) -> Explanation:
    """From the records alone."""
    policy = book.read(name)
    record = next((one for one in around.ledger.records(around.key(policy)) if one.at <= at), None)
    if record is None:
        raise NotKnown(f"nothing is kept of {name} from before {at.isoformat()}")
    policy = policy_of(around, record, policy)
    terms, state = around.terms(policy), codec.read_state(dict(record.state))
    want: Wanted | None = wanted(terms, state, at)
    code, reason = _recorded(state)
    stance = state.stance if state.operation is None else None
    needs_person = stance is not None and stance.kind == "hold-person"
    return Explanation(
        instance=name,
        timezone=policy.timezone,
        at=at,
        past=True,
        wanted=want.rung if want else "",
        won_by=want.why if want else "",
        claims=tuple(claims(terms, state, want, None)),
        decision="resize" if code == "resize" else "hold",
        code=code,
        reason=reason,
        needs_person=needs_person,
        until=stance.until if stance else None,
        to_do=_to_do(policy, code, needs_person=needs_person),
        approval=state.approval,
        guards=weighed_as(code, reason),
        figures=Figures(budget=budget(terms, state, at)),
        policy=record.policy,
        record=record.seq,
    )


def _recorded(state: State) -> tuple[str, str]:
    """The code and the reason of the decision that stood after a record."""
    if (hold := under_way(state)) is not None:
        return hold.code, hold.reason
    return (state.stance.code, state.stance.reason) if state.stance else ("unread", "nothing was decided yet")
