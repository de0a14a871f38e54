"""Each claim against what people said: approvals, pauses, and the circuit that only they close.

What they said is taken from their requests and the records that answered these, not from the state that followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from localcloud.project.simulate.checks.history import LATENCY, Chronicle, Course, History
from localcloud.project.simulate.checks.placing import Case, cases
from localcloud.project.simulate.checks.violation import Violation
from localcloud.project.simulate.trace import Asked
from tidegate.domain.durations import parse_duration
from tidegate.domain.operation import Outcome, Phase
from tidegate.domain.state import Approved

ASK_ACK = (
    Outcome.REFUSED,
    Outcome.ROLLED_BACK,
    Outcome.ORDER_CANCELLED,
    Outcome.ABANDONED,
    Outcome.SETTLED_ELSEWHERE,
)
"""Nothing is ordered after these before somebody has acknowledged them."""
CANCEL_RESTS = timedelta(hours=1)


@dataclass(frozen=True)
class Word:
    """A person's request that was taken in: first asked at `begun_at`, and in force from record `seq` on."""

    verb: str
    asked: Asked
    begun_at: datetime
    seq: int


def check(history: History) -> Iterator[Violation]:
    """Check what people had said when the claims of a week were made."""
    words = {name: words_of(history, chronicle) for name, chronicle in history.chronicles.items()}
    used: dict[tuple[str, str], int] = {}
    for case in cases(history):
        mine = words[case.chronicle.instance_id]
        yield from _approved(case, mine, used)
        yield from _paused(case, mine)
        yield from _fleet_paused(case)
        yield from _circuit(case, mine)


def words_of(history: History, chronicle: Chronicle) -> list[Word]:
    """What people said of an instance, where it was not turned down, in the order in which it was taken in."""
    firsts: dict[str, Asked] = {}
    for asked in history.trace.asked:
        if asked.deed.instance == chronicle.name and not asked.form.get("dry_run"):
            firsts.setdefault(asked.key, asked)
    words = []
    for key, first in firsts.items():
        for entry, refused in chronicle.answered.get(key, []):
            if not refused:
                begun_at = history.begun_at(first.deed)
                words.append(Word(str(first.form["verb"]), first, begun_at, entry.seq))
    return sorted(words, key=lambda word: (word.seq, word.begun_at))


def _to_approve(case: Case) -> str:
    """Why a person must say yes, by the policy; empty where nobody has to."""
    end = case.rungs.get(case.claim.planned.to_rung)
    price, soft = end.hourly_price if end else None, case.policy.cost.soft
    if case.direction.value in case.policy.approval.when:
        return f"every {case.direction.value} is to be approved"
    if case.is_down and case.is_subscription and case.policy.subscription_down == "ask":
        return "downgrades of a subscription are to be approved"
    if not case.is_down and soft is not None and price is not None and price > soft:
        return f"{price:g} is above the soft limit of {soft:g}"
    return ""


def _approved(case: Case, words: list[Word], used: dict[tuple[str, str], int]) -> Iterator[Violation]:
    why, approval = _to_approve(case), case.claim.before.approval
    if not why:
        return
    if approval is None or approval.at is None:
        yield case.broken("approvals", f"{why}, and nobody has")
        return
    yield from (case.broken("approvals", f"{why}, but {wrong}") for wrong in _unfit(case, approval))
    yes = [word for word in words if word.verb == "approve" and word.seq < case.claim.entry.seq]
    if not any(word.asked.form.get("approval") in (None, "", approval.id) for word in yes):
        yield case.broken("approvals", f"{why}, but no request approved {approval.id}")
    by = used.setdefault((case.chronicle.instance_id, approval.id), case.course.number)
    if by != case.course.number:
        yield case.broken("approvals", f"{why}, but {approval.id} was used up by operation {by}")


def _unfit(case: Case, approval: Approved) -> Iterator[str]:
    planned, end = case.claim.planned, case.rungs.get(case.claim.planned.to_rung)
    if (approval.from_rung, approval.to_rung) != (planned.from_rung, planned.to_rung):
        yield f"what was approved is {approval.from_rung} -> {approval.to_rung}"
    if end is not None and approval.cost != end.hourly_price:
        yield f"what was approved costs {approval.cost}, and it costs {end.hourly_price}"
    is_first = case.claim is case.course.claims[0]
    if is_first and case.claim.at >= approval.expires_at + case.history.slack:
        yield f"the approval was good until {approval.expires_at}"


def _paused(case: Case, words: list[Word]) -> Iterator[Violation]:
    """The newest word counts. A cancel is a pause, and ends none that lasts longer."""
    until: datetime | None = None
    for word in words:
        if word.seq >= case.claim.entry.seq:
            break
        if word.verb == "unpause":
            until = None
        elif word.verb == "pause":
            until = _until(word, datetime.max.replace(tzinfo=word.begun_at.tzinfo))
        elif word.verb == "cancel":
            until = max(until or word.begun_at, _until(word, word.begun_at + CANCEL_RESTS))
    if until is not None and case.claim.at < until - case.history.slack:
        yield case.broken("pauses", f"the instance is paused until {until}")


def _until(word: Word, otherwise: datetime) -> datetime:
    """Until when a request says at the least: its time counts from its first try."""
    form = word.asked.form
    return word.begun_at + parse_duration(form["for"]) if "for" in form else otherwise


def _fleet_paused(case: Case) -> Iterator[Violation]:
    """A word about the fleet that was written while the claim was on its way may have come too late for it."""
    late = case.claim.at - LATENCY - case.history.slack
    words = [each for each in case.history.fleet if each.fact["kind"] in ("paused", "unpaused")]
    before = [each for each in words if each.created_at < late]
    after = [each for each in words if late <= each.created_at <= case.claim.entry.created_at]
    if not before or before[-1].fact["kind"] != "paused" or after:
        return
    pause = before[-1].state.get("pause") or {}
    until = pause.get("until")
    if until is None or case.claim.at < datetime.fromisoformat(until.replace("Z", "+00:00")) - case.history.slack:
        yield case.broken("pauses", f"the fleet is paused until {until or 'somebody ends it'}")


def _asks_ack(course: Course) -> bool:
    """Whether somebody must look first: also at what was in doubt to its end."""
    before = course.concluded.before.operation if course.concluded else None
    doubted = before is not None and before.phase is Phase.DOUBT
    return course.outcome in ASK_ACK or (course.outcome is Outcome.UNCHANGED and doubted)


def _circuit(case: Case, words: list[Word]) -> Iterator[Violation]:
    for course in case.chronicle.courses.values():
        if course.closed is None or course.closed.seq > case.claim.entry.seq or not _asks_ack(course):
            continue
        acks = [word for word in words if word.verb == "ack" and course.closed.seq < word.seq < case.claim.entry.seq]
        if not acks:
            outcome = course.outcome.value if course.outcome else ""
            yield case.broken(
                "circuit", f"operation {course.number} ended `{outcome}`, and nobody has acknowledged that"
            )
