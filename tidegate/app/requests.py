"""A person's request comes in, is kept, and is decided at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tidegate.app import codec
from tidegate.app.consider import Considered, consider
from tidegate.app.logs import log
from tidegate.app.page import LostRaces
from tidegate.app.reconcile import Verdict, held_by, reconcile
from tidegate.app.surroundings import Book, Surroundings
from tidegate.app.taking import before_contact
from tidegate.app.tick import warn_of_dead_tick
from tidegate.domain.durations import Duration
from tidegate.domain.facts import Answer, Decided
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Request, Verb
from tidegate.domain.state import Pause, State, Word
from tidegate.domain.verdict import Decision, Hold
from tidegate.ledger.record import Corrupt, NewerSchema
from tidegate.ledger.shelf import ShelfUnavailable, Unsure

FURTHEST = timedelta(days=3653)
"""How far ahead anything is asked for. Near the calendar's end there is no next minute, nor the time in every zone."""
RECENT_RECORDS = 50
"""How far back the answer to a request is looked for that somebody else took in."""

LONGEST_NAME = 200
MOST_MISTAKES = 5

Body = dict[str, Any]


def _one_line(text: Any) -> Any:
    """Take out what would break a line or rule a terminal: what a person says of it is logged, kept and shown."""
    if not isinstance(text, str):
        return text
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


Line = Annotated[str, BeforeValidator(_one_line)]


class RequestForm(BaseModel):
    """What a person's request looks like on the wire."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    verb: Verb
    instance: str = Field(default="", max_length=LONGEST_NAME)
    fleet: bool = False
    """Of a pause or its end: that every instance is meant."""
    caller: Line = Field(min_length=1, max_length=LONGEST_NAME)
    key: str = Field(min_length=8, max_length=100)
    to: str = Field(default="", max_length=LONGEST_NAME)
    lasts: Duration | None = Field(default=None, alias="for")
    until: datetime | None = None
    despite: list[str] = Field(default=[], max_length=20)
    reason: Line = Field(default="", max_length=500)
    until_released: bool = False
    approval: str = Field(default="", max_length=LONGEST_NAME)
    dry_run: bool = False


def receive_request(around: Surroundings, event: bytes) -> Body:
    """Take a person's request in and decide at once. Mistakes are answered with `mistake`, and change nothing."""
    try:
        form = RequestForm.model_validate_json(event)
    except ValidationError as error:
        return _mistake(_told(error))
    book = around.book()
    if book is None:
        return _mistake("no policy was pushed yet: `tidegate policy push`")
    if form.fleet:
        replied = _fleet(around, form)
        return replied if "mistake" in replied else {**replied, "timezone": _zone_of(book)}
    if form.instance not in book.names:
        return _mistake(f"the policy has no instance `{form.instance}`; it has {', '.join(book.names)}")
    request = _request(form, around.now())
    if isinstance(request, str):
        return _mistake(request)
    if form.dry_run:
        return _rehearsed(around, book, request)
    return _kept(around, book.read(form.instance), book.hash, request)


def _rehearsed(around: Surroundings, book: Book, request: Request) -> Body:
    """What the request would lead to; nothing is written."""
    from tidegate.app.report.rehearsing import rehearsal  # noqa: PLC0415 - reports take long to load

    policy = book.read(request.instance)
    try:
        considered = consider(around, policy, book.hash, [request], limits=book.limits)
    except NewerSchema as error:
        return {**_said(held_by(error)), "timezone": policy.timezone, "dry_run": True}
    if refused := considered.refused.get(request.key):
        return _mistake(refused)
    return {
        **_said(considered.decision),
        **_standing(_left_by(considered)),
        **rehearsal(around.terms(policy), considered, around.now()),
        "told": considered.told.get(request.key, ""),
        "timezone": policy.timezone,
        "acknowledged": request.verb is Verb.ACK,
        "duplicate": False,
        "dry_run": True,
    }


def _left_by(considered: Considered) -> State:
    """The state that a request would leave. What would be asked has no id yet by which anybody could approve it."""
    known, state = considered.known, considered.state
    if known.adopted_at is None and before_contact(considered.reading) is not None:
        # Nothing is taken in before first contact: the request would wait.
        return known
    is_asked = state.approval is not None and known.approval is not None and state.approval.id == known.approval.id
    return state if is_asked else replace(state, approval=None)


def _kept(around: Surroundings, policy: InstancePolicy, policy_hash: str, request: Request) -> Body:
    """Post the request, and decide."""
    around.ledger.post(around.key(policy), codec.write_signal(request), due=around.now())
    log("request-kept", instance=policy.name, verb=request.verb.value, caller=request.caller, key=request.key)
    try:
        verdict = reconcile(around, policy, policy_hash)
    except (LostRaces, ShelfUnavailable, Unsure, Corrupt) as error:
        log("left-to-the-tick", instance=policy.name, error=type(error).__name__, message=str(error)[:300])
        kept = Hold("kept", "the request is kept, and the next tick decides it")
        return {**_said(kept), "timezone": policy.timezone}
    warn_of_dead_tick(around, policy)
    if verdict.decision.code == "newer-schema":
        return {**_said(verdict.decision), "timezone": policy.timezone}
    log("request", instance=policy.name, verb=request.verb.value, caller=request.caller, to=request.to)
    replied = _replied(verdict, request, _answer_to(around, policy, verdict, request.key))
    return replied if "mistake" in replied else {**replied, "timezone": policy.timezone}


def _fleet(around: Surroundings, form: RequestForm) -> Body:
    """Pause every instance, or end that. Its record is one of the fleet's ledger."""
    if form.verb not in (Verb.PAUSE, Verb.UNPAUSE) or form.instance:
        return _mistake("--fleet goes with pause and unpause, and with no instance")
    now = around.now()
    request = _request(form, now)
    if isinstance(request, str):
        return _mistake(request)
    if request.until is not None and request.until <= now:
        return _mistake(f"it would have ended already, at {request.until:%Y-%m-%d %H:%M}Z")
    pause = Pause(form.caller, now, request.until, form.reason) if form.verb is Verb.PAUSE else None
    if pause is None and form.dry_run and around.fleet.state().pause is None:
        return _mistake("the fleet is not paused")
    if not form.dry_run and (why := around.fleet.ask_pause(pause, Word(now, form.key))):
        return _mistake(why)
    log("fleet", verb=form.verb.value, caller=form.caller, reason=form.reason, dry_run=form.dry_run)
    record = {"dry_run": True} if form.dry_run else {"record": _record_of(around, form.key)}
    if pause is None:
        return {**_said(Hold("unpaused", "orders may be placed again")), **record}
    ends = f"until {pause.until:%Y-%m-%d %H:%M}Z" if pause.until else "until `tidegate unpause --fleet`"
    paused = f"the fleet {'would be' if form.dry_run else 'is'} paused by {pause.by} {ends}"
    return {**_said(Hold("pause", paused)), **record, "pause": _until(pause.until)}


def _zone_of(book: Book) -> str:
    from tidegate.app.report.facts import zone_of_all  # noqa: PLC0415 - as above

    return zone_of_all(str(entry.get("timezone") or "UTC") for entry in book.index["instances"].values())


def _record_of(around: Surroundings, key: str) -> int | None:
    from tidegate.app.report.answers import record_of_fleet  # noqa: PLC0415 - as above

    return record_of_fleet(around, key)


def _request(form: RequestForm, now: datetime) -> Request | str:
    if form.lasts is not None and form.until is not None:
        return "give either --for or --until, not both"
    if form.until is not None and form.until.tzinfo is None:
        return "--until needs an offset, such as 2026-03-02T18:00+08:00"
    try:
        # In UTC, as all that is kept and told has it.
        until = now + form.lasts if form.lasts is not None else form.until and form.until.astimezone(timezone.utc)
    except OverflowError:
        return "--until is beyond the calendar"
    if until is not None and until - now > FURTHEST:
        return f"until {until:%Y-%m-%d} is more than ten years; a pause without an end is one without --for and --until"
    return Request(
        key=form.key,
        at=now,
        verb=form.verb,
        instance=form.instance,
        caller=form.caller,
        to=form.to,
        until=until,
        despite=tuple(form.despite),
        reason=form.reason,
        until_released=form.until_released,
        approval=form.approval,
    )


def _answer_to(around: Surroundings, policy: InstancePolicy, verdict: Verdict, key: str) -> Answer | None:
    """What a request was answered: by us just now, or by a tick or a lost first try that took it in before us."""
    mine = next((answer for answer in verdict.answers if answer.key == key), None)
    if mine is not None:
        return mine
    for record in around.ledger.records(around.key(policy), limit=RECENT_RECORDS):
        fact = codec.read_fact(dict(record.fact))
        for answer in fact.answers if isinstance(fact, Decided) else ():
            if answer.key == key:
                return answer
    return None


def _replied(verdict: Verdict, request: Request, answer: Answer | None) -> Body:
    state = verdict.state
    if answer and answer.refused:
        return _mistake(answer.reason)
    return {
        **_said(verdict.decision),
        # The answer that is kept ends with the decision, which is said beside it here.
        "told": answer.reason.removesuffix(verdict.decision.reason).removesuffix("; ") if answer else "",
        **_standing(state),
        "record": verdict.record,
        "acknowledged": request.verb is Verb.ACK,
        "duplicate": all(answered.key != request.key for answered in verdict.answers),
    }


def _standing(state: State) -> Body:
    """What stands: the operation, the override, the pause, and what is asked or was answered."""
    return {
        "operation": state.operation.number if state.operation else None,
        "override": _override(state),
        "pause": _until(state.pause.until) if state.pause else None,
        "approval": state.approval.id if state.approval and not state.approval.used_by else None,
    }


def _override(state: State) -> Body | None:
    override = state.override
    return {"to": override.rung, "until": _until(override.until)} if override else None


def _until(until: datetime | None) -> str:
    return until.isoformat(timespec="seconds") if until else "released"


def _said(decision: Decision) -> Body:
    """A decision, and everything else that an answer has, as it is where nothing is known of it."""
    kind = "hold" if isinstance(decision, Hold) else "resize"
    said = {"decision": kind, "code": decision.code, "reason": decision.reason}
    return {**said, "told": "", **_standing(State()), "record": None}


def _told(error: ValidationError) -> str:
    """What is wrong with a request's form, not more than can be read."""
    wrong = [f"{'.'.join(map(str, each['loc']))[:60] or 'request'}: {each['msg'][:200]}" for each in error.errors()]
    left = len(wrong) - MOST_MISTAKES
    return "; ".join(wrong[:MOST_MISTAKES]) + (f"; and {left} more" if left > 0 else "")


def _mistake(reason: str) -> Body:
    log("mistake", reason=reason)
    return {"mistake": reason}
