"""What a person's request changes, and why it may be turned down. Of one topic the newest word counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidegate.domain.drift import adopted
from tidegate.domain.guards import DESPITE
from tidegate.domain.operation import Operation, Phase
from tidegate.domain.reading import Health, Reading
from tidegate.domain.signal import Request, Verb
from tidegate.domain.state import Override, Pause, State, Topic, Word
from tidegate.domain.terms import Terms

LONGEST_OVERRIDE = timedelta(days=31)
CANCEL_RESTS = timedelta(hours=1)
"""After a cancel nothing is ordered for so long, or what was cancelled would begin anew at once."""


@dataclass(frozen=True)
class Answered:
    """The state after a request, and a reason where it was turned down."""

    state: State
    refused: str = ""
    acked: bool = False
    told: str = ""


@dataclass(frozen=True)
class _Asked:
    terms: Terms
    state: State
    request: Request
    now: datetime
    reading: Reading | None

    @property
    def name(self) -> str:
        return self.terms.policy.name

    def refused(self, why: str) -> Answered:
        return Answered(self.state, refused=why)

    def newer(self, topic: Topic) -> str:
        """Why this request comes too late for its topic, empty where it does not."""
        word, mine = self.state.words.get(topic), (self.request.at, self.request.key)
        standing = self.state.override if topic is Topic.OVERRIDE else None
        if standing is not None and (standing.at > self.request.at or (word is not None and word.rank > mine)):
            return f"a newer override by {standing.by} stands"
        if word is None or word.rank < mine:
            return ""
        return f"a newer request of {word.at:%H:%M:%S}Z counts"

    def word(self, topic: Topic) -> Mapping[Topic, Word]:
        return {**self.state.words, topic: Word(self.request.at, self.request.key)}


def ask(terms: Terms, state: State, request: Request, now: datetime, reading: Reading | None) -> Answered:
    """Take a request in. `reading` is what was read of the instance just now: adopting needs it."""
    return VERBS[request.verb](_Asked(terms, state, request, now, reading))


def _ack(asked: _Asked) -> Answered:
    circuit = asked.state.circuit
    if circuit is not None and asked.request.at < circuit.at:
        return asked.refused(f"what is to be acknowledged ended later, at {circuit.at:%Y-%m-%d %H:%M:%S}Z: ack again")
    return Answered(replace(asked.state, circuit=None), acked=True)


def _resize(asked: _Asked) -> Answered:
    request, state = asked.request, asked.state
    if why := _turned_down(asked) or asked.newer(Topic.OVERRIDE):
        return asked.refused(why)
    override = Override(request.to, request.until, request.caller, request.at, request.reason, tuple(request.despite))
    after = replace(state, override=override, words=asked.word(Topic.OVERRIDE))
    if "drift" in request.despite and state.drift is not None:
        after = replace(after, last_set=state.drift.spec, drift=None)
    return Answered(after)


def _release(asked: _Asked) -> Answered:
    if why := asked.newer(Topic.OVERRIDE):
        return asked.refused(why)
    # Also where there is nothing to release: an override of before that arrives later must not count.
    after = replace(asked.state, override=None, words=asked.word(Topic.OVERRIDE))
    return Answered(after, refused="" if asked.state.override else "there is no override to release")


def _pause(asked: _Asked) -> Answered:
    request = asked.request
    if why := asked.newer(Topic.PAUSE) or _ended(request):
        return asked.refused(why)
    pause = Pause(request.caller, request.at, request.until, request.reason)
    after = replace(asked.state, pause=pause, words=asked.word(Topic.PAUSE))
    return Answered(after, told=f"paused {_until(asked, pause)}")


def _until(asked: _Asked, pause: Pause) -> str:
    return f"until {pause.until:%Y-%m-%d %H:%M}Z" if pause.until else f"until `tidegate unpause {asked.name}`"


def _unpause(asked: _Asked) -> Answered:
    if why := asked.newer(Topic.PAUSE):
        return asked.refused(why)
    after = replace(asked.state, pause=None, words=asked.word(Topic.PAUSE))
    if asked.state.pause is None:
        return Answered(after, refused=f"{asked.name} is not paused")
    return Answered(after, told="orders may be placed again")


def _adopt(asked: _Asked) -> Answered:
    if why := asked.newer(Topic.HOME):
        return asked.refused(why)
    if asked.state.operation is not None:
        return asked.refused(f"operation {asked.state.operation.number} is under way; adopt what it leaves")
    reading = asked.reading
    if reading is None:
        return asked.refused("the instance could not be read; ask again")
    if reading.health is not Health.HEALTHY:
        return asked.refused(f"the instance is {reading.status}; ask again when it has come to rest")
    after = replace(adopted(asked.terms, asked.state, reading), words=asked.word(Topic.HOME))
    return Answered(after, told=_adoption(asked, after))


def _adoption(asked: _Asked, after: State) -> str:
    base = asked.terms.policy.base
    what = f"adopted on {after.home}" if after.home else "adopted as it was found, off the ladder"
    return what if base == "keep" else f"{what}; the policy says `base: {base}`, so that stays its home"


def _approve(asked: _Asked) -> Answered:
    request, approval = asked.request, asked.state.approval
    if approval is None:
        return asked.refused(f"nothing of {asked.name} is to be approved")
    what = f"{approval.from_rung} -> {approval.to_rung} ({approval.id})"
    if request.approval and request.approval != approval.id:
        return asked.refused(f"`{request.approval}` is no longer asked; what is asked now is {what}")
    if request.to and request.to != approval.to_rung:
        return asked.refused(f"what is asked is {what}, not {request.to}")
    if approval.used_by:
        return asked.refused(f"{what} was approved by {approval.by}, and used by operation {approval.used_by}")
    if approval.at is not None:
        return asked.refused(f"{what} was approved already, by {approval.by} at {approval.at:%Y-%m-%d %H:%M}Z")
    if request.at < approval.asked_at:
        return asked.refused(f"{what} was asked later, at {approval.asked_at:%Y-%m-%d %H:%M:%S}Z: approve again")
    if request.at >= approval.expires_at:
        return asked.refused(f"{what} was to be approved by {approval.expires_at:%Y-%m-%d %H:%M}Z: too late")
    after = replace(asked.state, approval=replace(approval, by=request.caller, at=request.at))
    return Answered(after, told=f"approved {what}, good until {approval.expires_at:%Y-%m-%d %H:%M}Z")


def _cancel(asked: _Asked) -> Answered:
    """What was not ordered yet is not ordered, and nothing is for a while.

    No API takes an order back (facts A.1, A.3), so what may stand is for the console.
    """
    state, request = asked.state, asked.request
    operation = state.operation
    if operation is None and (state.approval is None or state.approval.used_by):
        return asked.refused(
            f"{asked.name} has nothing to cancel; `tidegate pause {asked.name}` keeps it from beginning"
        )
    if operation is not None and not cancellable(operation):
        order = operation.order_id or "it"
        return asked.refused(f"operation {operation.number} is ordered already; cancel {order} in the vendor's console")
    if why := asked.newer(Topic.PAUSE) or _ended(request):
        return asked.refused(why)
    until = request.until or request.at + CANCEL_RESTS
    pause = Pause(request.caller, request.at, until, request.reason or "cancelled")
    if state.pause is not None and state.pause.holds(until):
        # Who cancels does not mean to end a pause that lasts longer.
        pause = state.pause
    after = replace(state, pause=pause, approval=None, words=asked.word(Topic.PAUSE))
    return Answered(after, told=f"cancelled; nothing is ordered {_until(asked, pause)}")


def cancellable(operation: Operation) -> bool:
    """Whether nothing was claimed yet, or everything that was claimed is known to have come to nothing."""
    return operation.phase in (Phase.PLANNED, Phase.WAITING) and not operation.may_stand


VERBS: Mapping[Verb, Callable[[_Asked], Answered]] = {
    Verb.ACK: _ack,
    Verb.RESIZE: _resize,
    Verb.RELEASE: _release,
    Verb.PAUSE: _pause,
    Verb.UNPAUSE: _unpause,
    Verb.ADOPT: _adopt,
    Verb.APPROVE: _approve,
    Verb.CANCEL: _cancel,
}


def _ended(request: Request) -> str:
    if request.until is not None and request.until <= request.at:
        return f"it would have ended already, at {request.until:%Y-%m-%d %H:%M}Z"
    return ""


def _turned_down(asked: _Asked) -> str:
    request, ladder, terms = asked.request, asked.terms.ladder, asked.terms
    unknown = [guard for guard in request.despite if guard not in DESPITE]
    if request.to not in ladder:
        return f"{asked.name} has no rung `{request.to}`; its ladder is {', '.join(ladder.names)}"
    if terms.clamp(place := ladder.index(request.to)) != place:
        return f"{request.to} is outside the bounds {terms.policy.lowest} to {terms.policy.highest}"
    if request.until is None and not request.until_released:
        return "an override ends by itself: say --for 2h or --until TIME, or --until-released if it must not"
    if request.until is not None and request.until_released:
        return "say either when it ends, or --until-released"
    if request.until is not None and request.until <= request.at:
        return f"the override would have ended already, at {request.until:%Y-%m-%d %H:%M}Z"
    if request.until is not None and request.until - request.at > LONGEST_OVERRIDE:
        return f"an override lasts {LONGEST_OVERRIDE.days} days at most; one without an end is --until-released"
    if unknown:
        return f"--despite knows {', '.join(DESPITE)}, not {', '.join(unknown)}"
    if request.despite and not request.reason:
        return "--despite needs a --reason"
    return ""
