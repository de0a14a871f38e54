"""The tick: reconcile whatever is due. It may overlap with itself, stop half-way, or be left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tidegate import names
from tidegate.app import codec
from tidegate.app.due import Due, due_now, keys_of, marks_due
from tidegate.app.gathered import readable, tell_gathered
from tidegate.app.logs import log
from tidegate.app.past import rules_left_over
from tidegate.app.reconcile import reconcile
from tidegate.app.surroundings import Book, Surroundings
from tidegate.app.tell import send
from tidegate.app.unreadable import Notes, Sightings, tell_unreadable
from tidegate.domain.fleet import FleetState
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Pause, State
from tidegate.domain.unreadable import FLEET_KEY, POLICY_KEY
from tidegate.ledger.marks import Mark
from tidegate.ledger.policies import NoSuchPolicy
from tidegate.ledger.record import UNREADABLE, Corrupt, NewerSchema
from tidegate.ledger.shelf import ShelfUnavailable, Unsure

FUNCTIONS_CONSOLE = "https://fcnext.console.aliyun.com"


@dataclass(frozen=True)
class Ticked:
    """What one tick did."""

    reconciled: tuple[str, ...]
    failed: tuple[str, ...]
    left: int
    """Instances that were due and are left to the next tick, because time ran out."""


def tick(around: Surroundings, has_time: Callable[[], bool]) -> Ticked:
    """Reconcile what is due while there is time. A failure of one instance keeps none of the others from its turn.

    Where the policy in force or the fleet's ledger cannot be read nothing can be done: people are told, and it raises.
    """
    now = around.now()
    seen = Sightings(now)
    book = _book(around, seen, has_time)
    if book is None:
        log("no-policy", hint="push one with `tidegate policy push`")
        return Ticked((), (), 0)
    fleet = _fleet(around, book, seen, has_time)
    keys, marks = keys_of(around, book), marks_due(around, book, now)
    notes = Notes.open(around) if any(mark.key == UNREADABLE for mark in marks) else None
    goes_on = fleet.stopped_at is not None and fleet.round_policy == book.hash
    # What could not be read lately is tried on every tick.
    marks += [Mark(now, key) for key in (notes.keys(keys) if notes else ())]
    due = due_now(around, book, keys, marks, fleet if fleet.policy == book.hash else FleetState(), now)
    if goes_on:
        # Whoever was served already comes after those that were not, so that nobody starves.
        due.sort(key=lambda each: each.name <= fleet.served_to)
    done: list[str] = []
    failed: list[str] = []
    for each in due:
        if not has_time():
            break
        (done if _one(around, book, each, seen) else failed).append(each.name)
    free_leftovers(around, fleet, now)
    if fleet.is_pause_told_at(now):
        warn_of_pause(around, book, now)
    tell_gathered(around, book, fleet, has_time)
    left_over = {mark.key for mark in marks} - {*keys, UNREADABLE}
    followed = {key for key in sorted(left_over) if has_time() and _left_over(around, key, seen)}
    if tell_unreadable(around, book, seen, has_time, notes):
        followed.add(UNREADABLE)
    # What called for them may be over by the next tick: a policy that was new, a timetable that moved.
    for key in sorted(seen.passing - {mark.key for mark in marks}):
        around.ledger.mark(key, now)
    around.ledger.clear(mark for mark in marks if mark.key in followed or keys.get(mark.key) in done)
    round_ = fleet if goes_on else FleetState(stopped_at=now)
    _note_round(around, book, [*done, *failed], due, round_)
    ticked = Ticked(tuple(done), tuple(failed), len(due) - len(done) - len(failed))
    log("ticked", policy=book.hash, reconciled=len(done), failed=failed, left=ticked.left)
    return ticked


def _book(around: Surroundings, seen: Sightings, has_time: Callable[[], bool]) -> Book | None:
    try:
        book = around.book()
    except (Corrupt, NoSuchPolicy) as error:
        seen.failed(POLICY_KEY, "", error, with_policy=True)
        tell_unreadable(around, None, seen, has_time)
        raise
    seen.read(POLICY_KEY)
    return book


def _fleet(around: Surroundings, book: Book, seen: Sightings, has_time: Callable[[], bool]) -> FleetState:
    try:
        fleet = around.fleet.state()
    except (Corrupt, NewerSchema) as error:
        seen.failed(FLEET_KEY, "", error)
        tell_unreadable(around, book, seen, has_time)
        raise
    seen.read(FLEET_KEY)
    return fleet


def _note_round(around: Surroundings, book: Book, served: list[str], due: list[Due], round_: FleetState) -> None:
    """Note how far it got: to the end, or where the next tick is to go on. A round ends with the last name."""
    began_at = round_.stopped_at or around.now()
    unserved = [each.name for each in due[len(served) :]]
    if not any(name > round_.served_to for name in unserved):
        around.fleet.ticked(began_at, book.hash, len(served))
    elif served:
        around.fleet.ran_out(began_at, book.hash, served[-1])


def warn_of_dead_tick(around: Surroundings, policy: InstancePolicy) -> None:
    """Tell a person if the tick has not run for long, or never: doors and Look are woken without it."""
    channels = [channel.url_env for channel in policy.notify if "needs-person" in channel.on]
    try:
        known = around.fleet.claim_dead_tick(around.now(), lambda: _in_force_since(around)) if channels else None
        if known is None:
            return
        log("tick-dead", last=known.last_tick)
        title, text = dead_tick_message(known.last_tick, around.prefix)
        # Every channel is tried. If none takes the message, the next door or Look tries again soon.
        taken = [send(around, channel, title, text, "needs-person") for channel in channels]
        if any(taken):
            around.fleet.dead_tick_told(around.now())
    except (ShelfUnavailable, Unsure, NewerSchema, Corrupt) as error:
        log("tick-unknown", error=str(error))


def warn_of_pause(around: Surroundings, book: Book, now: datetime) -> None:
    """Tell people once a day that the fleet is paused: a pause that nobody sees is one that nobody ends."""
    pause = around.fleet.claim_pause_report(now)
    if pause is None or not book.names:
        return
    title, text = pause_message(pause)
    told = readable(book, book.names)
    channels = {channel.url_env for policy in told for channel in policy.notify if "held" in channel.on}
    for channel in sorted(channels):
        send(around, channel, title, text, "held")


def free_leftovers(around: Surroundings, fleet: FleetState, now: datetime) -> None:
    """Give back the slots whose operation ended while the process that would have given them back died."""
    for slot in fleet.leftovers(now):
        try:
            head = around.ledger.head(slot.key)
            state = codec.state_in(head) if head else State()
        except (NewerSchema, Corrupt) as error:
            log("slot-kept", key=slot.key, why=str(error))
            continue
        if state.operation is None or state.operation.number != slot.operation:
            used = any(spent.operation == slot.operation for spent in state.spent)
            around.fleet.free(slot, now, used=used)
            log("slot-freed", key=slot.key, operation=slot.operation)


def _in_force_since(around: Surroundings) -> datetime | None:
    pointer = around.policies.current()
    return pointer.at if pointer else None


def pause_message(pause: Pause) -> tuple[str, str]:
    """What people are told of a fleet that stands still."""
    reason = f" ({pause.reason})" if pause.reason else ""
    title = "Tidegate is paused"
    text = (
        f"{title}: nothing is ordered for any instance since {pause.at:%Y-%m-%d %H:%M}Z, asked by {pause.by}{reason}. "
        "End it with `tidegate unpause --fleet`. If nobody does, every instance stays as it is."
    )
    return title, text


def dead_tick_message(last: datetime | None, prefix: str = names.DEFAULT) -> tuple[str, str]:
    """What people are told: what, where to press, and what happens if nobody does."""
    title = "Tidegate's tick does not run"
    function = names.function_name(prefix, "on-schedule")
    since = f"The last complete tick was at {last:%Y-%m-%d %H:%M}Z." if last else "No tick was ever seen."
    text = (
        f"{title}. {since} Look at the function {function}, its timer and its log: {FUNCTIONS_CONSOLE}. "
        "If nobody does, timetables, revivals and reminders stand still until it runs."
    )
    return title, text


def _one(around: Surroundings, book: Book, due: Due, seen: Sightings) -> bool:
    began_at, key, policy = around.now(), around.key_of(book.index["instances"][due.name]), None
    try:
        policy = book.read(due.name)
        if not _is_served(around, key, due):
            verdict = reconcile(around, policy, book.hash, force_read=due.in_turn)
            # Forgotten with the process, or with the policy in force.
            around.cache[f"served {due.name}"] = (began_at, verdict.record) if not verdict.left else None
            if verdict.newer is not None:
                seen.failed(key, due.name, verdict.newer)
                return True
    except Exception as error:  # noqa: BLE001 - whatever it is, the others have their turn; the mark stays
        log("reconcile-failed", instance=due.name, error=type(error).__name__, message=str(error)[:300])
        seen.failed(key, due.name, error, with_policy=policy is None)
        return False
    seen.read(key)
    return True


def _is_served(around: Surroundings, key: str, due: Due) -> bool:
    """Whether only marks call for it that were served by this process, and nothing has come in since.

    A mark is shown for some minutes after its own (`marks.GRACE`), for a record or signal that was just being written.
    """
    if due.marked_until is None or (served := around.cache.get(f"served {due.name}")) is None:
        return False
    at, number = served
    if due.marked_until > at:
        return False
    head = around.ledger.head(key)
    return head is not None and head.seq == number and not around.ledger.inbox(key)


def _left_over(around: Surroundings, key: str, seen: Sightings) -> bool:
    """Go on with what is open for an instance that the policy does not name any more."""
    try:
        rules = rules_left_over(around, key)
        if rules is not None:
            reconcile(around, rules.policy, rules.hash, past=rules.past)
    except Exception as error:  # noqa: BLE001 - as above
        log("reconcile-failed", instance=key, error=type(error).__name__, message=str(error)[:300])
        seen.failed(key, key.rpartition("/")[2], error)
        return False
    seen.read(key)
    return True
