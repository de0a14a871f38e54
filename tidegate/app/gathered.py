"""Messages about several instances: what was gathered of many, and the summary of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from tidegate.app.logs import log
from tidegate.app.surroundings import Book, Surroundings
from tidegate.app.tell import TELL_WITHIN, is_spared, send
from tidegate.domain.daily import day_due, looks_back_to
from tidegate.domain.fleet import FleetState
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.queue import Queue, in_one
from tidegate.ledger.record import FLEET


def tell_gathered(around: Surroundings, book: Book, fleet: FleetState, has_time: Callable[[], bool]) -> None:
    """Tell what is due of both, by the fleet's ledger as the tick found it. What fails here fails nothing else."""
    now = around.now()
    for channel, queue in fleet.queues.items():
        due_at = queue.due_at()
        if due_at is not None and due_at <= now and has_time() and not is_spared(around, channel, now):
            _trying(channel, partial(_tell_queue, around, book, channel))
    for channel, zone in summaries_of(book.index["instances"]).items():
        is_due = day_due(zone, fleet.summaries.get(channel), now) is not None
        if is_due and has_time() and not is_spared(around, channel, now):
            _trying(channel, partial(_tell_summary, around, book, channel, zone, has_time))


def summaries_of(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The channels that are told of each day, with the zone of the first instance that says so."""
    found: dict[str, str] = {}
    for _, entry in sorted(entries.items()):
        for channel in entry.get("summaries", ()):
            found.setdefault(channel, entry["timezone"])
    return found


def _trying(channel: str, do: Callable[[], None]) -> None:
    try:
        do()
    except Exception as error:  # noqa: BLE001 - whatever it is, the tick has more to do, and must note that it ran
        log("not-told", channel=channel, error=type(error).__name__, why=str(error)[:300])


def _tell_queue(around: Surroundings, book: Book, channel: str) -> None:
    began_at = around.now()
    if not any(_may_name(book, name, channel) for name in book.names):
        dropped = around.fleet.known().queues.get(channel, Queue()).count
        around.fleet.queue_dropped(channel)
        log("queue-dropped", channel=channel, messages=dropped, why="the policy names this channel no more")
        return
    queue = around.fleet.claim_queue(channel, began_at)
    if queue is None or _took_too_long(around, channel, began_at):
        return
    title, text = in_one(queue)
    taken = send(around, channel, title, text, "held")
    log("told" if taken else "not-told", notice="several", channel=channel, messages=queue.count)
    if taken:
        around.fleet.queue_told(channel, queue, around.now())


def _tell_summary(around: Surroundings, book: Book, channel: str, zone: str, has_time: Callable[[], bool]) -> None:
    from tidegate.app.summary import summary_of  # noqa: PLC0415 - once a day

    since = looks_back_to(around.fleet.known().summaries.get(channel), around.now())
    # Reckoned before it is claimed: whoever dies over it leaves it to the next tick.
    title, text = summary_of(around, book, channel, since.astimezone(ZoneInfo(zone)), has_time)
    began_at = around.now()
    if not around.fleet.claim_summary(channel, zone, began_at) or _took_too_long(around, channel, began_at):
        return
    taken = send(around, channel, title, text, "summary")
    log("told" if taken else "not-told", notice="summary", channel=channel)
    if not taken:
        _tell_others(around, book, channel)


def _tell_others(around: Surroundings, book: Book, channel: str) -> None:
    """Tell other channels that this one took no summary: it may be told nothing else by which that would be noticed."""
    names = [name for name in book.names if channel in book.index["instances"][name].get("summaries", ())]
    others = {each.url_env for policy in readable(book, names) for each in policy.notify if "failed" in each.on}
    title = f"channel {channel} takes no messages"
    text = (
        f"{title}: it did not take the summary of the day. Look at the address in {channel}, and at what is behind it. "
        "If nobody does, whoever reads only that channel hears nothing; the next summary is tried tomorrow."
    )
    for other in sorted(others - {channel}):
        what = f"{channel} to {other}"
        # Claimed once it has gone out: nobody would try it again, and the instances leave it to whoever has the claim.
        if around.fleet.may_claim_silence(what, FLEET, around.now()) and send(around, other, title, text, "failed"):
            around.fleet.claim_silence(what, FLEET, around.now())


def _may_name(book: Book, name: str, channel: str) -> bool:
    """Whether an instance's policy names a channel; one that cannot be read may."""
    policy = _read(book, name)
    return policy is None or any(each.url_env == channel for each in policy.notify)


def readable(book: Book, names: Iterable[str]) -> Iterator[InstancePolicy]:
    """The policies of these instances, but for those that cannot be read, such as a later version's."""
    return (policy for name in names if (policy := _read(book, name)) is not None)


def _read(book: Book, name: str) -> InstancePolicy | None:
    try:
        return book.read(name)
    except Exception as error:  # noqa: BLE001 - one of them must not keep the others from being told
        log("policy-unread", instance=name, error=type(error).__name__, message=str(error)[:300])
        return None


def _took_too_long(around: Surroundings, channel: str, began_at: datetime) -> bool:
    is_late = around.now() - began_at > TELL_WITHIN
    if is_late:
        log("not-told", channel=channel, why="its claim took too long")
    return is_late
