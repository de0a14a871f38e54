"""The tick: reconcile whatever is due. It may overlap with itself, stop half-way, or be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from pydantic import TypeAdapter

from tidegate.app.page import Page
from tidegate.app.reconcile import reconcile
from tidegate.app.surroundings import Book, Surroundings, log
from tidegate.domain.policy import InstancePolicy, TimetableEntry
from tidegate.domain.timetable import Timetable
from tidegate.ledger.marks import Mark

ROUND = 60
"""Every instance is read for real once in so many minutes, whatever its ledger says: drift, lost marks."""
LONGEST_CATCH_UP = timedelta(days=2)


@dataclass(frozen=True)
class Ticked:
    """What one tick did."""

    reconciled: tuple[str, ...]
    failed: tuple[str, ...]
    left: int
    """Instances that were due and are left to the next tick, because time ran out."""


def tick(around: Surroundings, has_time: Callable[[], bool]) -> Ticked:
    """Reconcile what is due while there is time. A failure of one instance keeps none of the others from its turn."""
    now, book = around.now(), around.book()
    if book is None:
        log("no-policy", hint="push one with `tidegate policy push`")
        return Ticked((), (), 0)
    fleet = around.fleet.state()
    marks = around.ledger.due(now)
    due = _due(around, book, marks, fleet.last_tick if fleet.policy == book.hash else None, now)
    done: list[str] = []
    failed: list[str] = []
    for name, force in due:
        if not has_time():
            break
        (done if _one(around, book, name, force=force) else failed).append(name)
    served = {around.key(book.read(name)) for name in done}
    around.ledger.clear(mark for mark in marks if mark.key in served or mark.key not in _keys(around, book))
    if len(done) + len(failed) == len(due):
        around.fleet.ticked(now, book.hash, len(done))
    return Ticked(tuple(done), tuple(failed), len(due) - len(done) - len(failed))


def warn_of_dead_tick(page: Page) -> None:
    """Tell a person if the tick has not run for long: doors and Look are woken without it."""
    now = page.around.now()
    last = page.around.fleet.claim_dead_tick(now)
    if last is None:
        return
    log("tick-dead", last=last)
    text = f"The last complete tick was at {last:%Y-%m-%d %H:%M}Z. Look at the function on-schedule and its timer."
    for channel in page.policy.notify:
        if "needs-person" in channel.on:
            page.around.send(channel.url_env, "Tidegate's tick does not run", text, "needs-person")


def _one(around: Surroundings, book: Book, name: str, *, force: bool) -> bool:
    try:
        reconcile(around, book.read(name), book.hash, force_read=force)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others have their turn; the mark stays
        log("reconcile-failed", instance=name, error=type(error).__name__, message=str(error)[:300])
        return False
    return True


def _due(
    around: Surroundings, book: Book, marks: list[Mark], last: datetime | None, now: datetime
) -> list[tuple[str, bool]]:
    """Who is due, and whether to read it in any case: marks, transitions, its turn, or a policy that is new."""
    keys = _keys(around, book)
    marked = {keys[mark.key] for mark in marks if mark.key in keys}
    turns = {name for name in book.names if crc32(name.encode()) % ROUND == now.minute}
    moved = set(book.names) if last is None else set(_transitions(around, book, max(last, now - LONGEST_CATCH_UP), now))
    return [(name, name in turns or last is None) for name in book.names if name in marked | turns | moved]


def _transitions(around: Surroundings, book: Book, last: datetime, now: datetime) -> Iterator[str]:
    """The instances whose timetable wants another rung since the last tick, reckoned from the times alone."""
    entries = TypeAdapter(list[TimetableEntry])
    for name, entry in book.index["instances"].items():
        if not entry.get("timetable"):
            continue
        spans, workdays = entries.validate_python(entry["timetable"]), around.workdays(entry["country"])
        table = Timetable(spans, entry["timezone"], entry["rungs"], workdays)
        if next(table.changes(last, now), None) is not None:
            yield name


def _keys(around: Surroundings, book: Book) -> dict[str, str]:
    return {around.key_of(entry): name for name, entry in book.index["instances"].items()}


def index_entry(policy: InstancePolicy) -> dict[str, object]:
    """What the index of a published policy says of one instance: enough to bind an alert and to reckon transitions."""
    return {
        "product": policy.product,
        "region": policy.region,
        "instance_id": policy.instance_id,
        "rules": [identity for rule in policy.alerts for identity in (rule.rule, rule.rule_id) if identity],
        "timetable": [entry.model_dump(mode="json", by_alias=True) for entry in policy.timetable],
        "timezone": policy.timezone,
        "country": policy.calendars.workdays.get("country", ""),
        "rungs": list(policy.rungs.names),
    }
