"""In which minutes the tick runs. An idle tick is left out, and one in a hundred runs all the same.

A tick is not idle where a mark is due, where a timetable wants another rung, where somebody was past Tidegate at an
instance whose turn it is, or where the ledger of the fleet says so. Doors and Look tell people when the last tick is
over ten minutes old; so before something else happens, the one record is written that the idle ticks would have left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from localcloud.project.simulate.bucket import FLEET_RECORDS
from localcloud.project.simulate.misfortunes import which
from localcloud.project.simulate.sites import TICK_TWISTS, Trouble
from localcloud.project.simulate.stage import Stage
from tidegate.app import codec
from tidegate.app.calendars import calendar_of
from tidegate.app.due import ROUND
from tidegate.app.fleet import Fleet
from tidegate.app.gathered import summaries_of
from tidegate.app.index import timetable_of
from tidegate.app.page import RESTLESS
from tidegate.domain.daily import next_due
from tidegate.domain.fleet import FleetState
from tidegate.domain.timetable import Timetable
from tidegate.ledger.marks import FORM, PREFIX, minute_of
from tidegate.ledger.record import known_record

MINUTE = timedelta(minutes=1)
KEEP_ALIVE = timedelta(minutes=5)
IDLE = timedelta(hours=26)
SELDOM = 100
RECYCLED = 5
"""One tick in so many finds no process that ran an earlier one."""
AWAKE_FOR = timedelta(minutes=4)
OUTDATED = timedelta(minutes=3)
"""A mark is put before its record, and shown for so long."""
STALL_SHOWS_S = 7200.0
"""An instance is read for real every hour."""
WATCHED_FOR = timedelta(minutes=125)


@dataclass
class Minutes:
    """The timer of the tick."""

    stage: Stage
    fleet: Fleet
    """The fleet's ledger, past all faults."""
    last: datetime | None = None
    """The minute of the last tick, run or lost."""
    served: datetime | None = None
    quiet_since: datetime | None = None
    """When the last tick began that served everybody and met no trouble."""
    lost_until: datetime | None = None
    awake_until: datetime | None = None
    touched: dict[str, datetime] = field(default_factory=dict)
    """Until when each instance is watched that somebody was at, past Tidegate, or that may be taken for another."""
    seen: set[str] = field(default_factory=set)
    """Whose turn came since then, in a tick without trouble."""
    _strikes: int = 0
    """How many of the week's strikes were looked through for answers that mislead."""
    _tables: dict[str, list[Timetable]] = field(default_factory=dict)
    _summaries: dict[str, dict[str, str]] = field(default_factory=dict)
    _summary_times: dict[tuple[str, datetime | None], tuple[datetime, datetime]] = field(default_factory=dict)
    """Since when it is known when a summary is due, and when that is; by its zone, and when it was told last."""
    _change: tuple[str, datetime | None] | None = None
    """Of which policy it was looked for, and the next change of a timetable; None where there is none ever."""
    _known: tuple[int, FleetState | None] = (0, None)
    _quiet_mark: str = ""
    """Behind the last mark that was due when the last quiet tick began, by the clock of its process."""

    def __post_init__(self) -> None:
        self._fleet()

    def wake(self) -> None:
        """Run for some minutes: there is a new policy, or somebody has paused the fleet or ended that."""
        self.awake_until = self.stage.clockwork.now() + AWAKE_FOR

    def touch(self, name: str) -> None:
        """Note that somebody was at an instance, past Tidegate; of no name, at all of them."""
        now = self.stage.clockwork.now()
        for each in [name] if name else self.stage.pushed.policies:
            self.touched[each] = max(now, self.lost_until or now) + WATCHED_FOR
            self.seen.discard(each)

    def lose(self, until: datetime) -> None:
        """Lose the ticks for a while. Who was to be watched meanwhile is watched afterwards."""
        self.lost_until = until
        for name, watched_until in self.touched.items():
            if watched_until >= self.first():
                self.touched[name] = until + WATCHED_FOR
                self.seen.discard(name)

    def next_at(self) -> tuple[datetime, bool]:
        """The next minute for the tick, and whether it is idle then."""
        self._note_misled()
        first = self.first()
        due = self._due(first)
        idle = self._idle(first, due)
        return (idle, True) if idle is not None else (due, False)

    def _note_misled(self) -> None:
        """Watch everybody after an odd answer: what was made of it is made good in an instance's turn."""
        struck = self.stage.misfortunes.struck
        if any(strike.trouble == Trouble.ODD.value for _, strike in struck[self._strikes :]):
            self.touch("")
        self._strikes = len(struck)

    def keep_alive(self, other: datetime) -> None:
        """Leave what the last idle tick before a moment would have left: that it ran."""
        clockwork, at = self.stage.clockwork, floor(other)
        if self.last is None or at - self.last < KEEP_ALIVE or (self.lost_until is not None and at < self.lost_until):
            return
        clockwork.run(at)
        self.last = at
        self.fleet.ticked(at, self.stage.pushed.hash, 0)
        self._fleet()

    def _due(self, first: datetime) -> datetime:
        if self.awake_until is not None and first <= self.awake_until:
            return first
        if (
            self.served is None
            or self.quiet_since is None
            or (self.lost_until is not None and first <= self.lost_until + MINUTE)
        ):
            return first
        reasons = [self.served + IDLE]
        if (marked := self._marked()) is not None:
            reasons.append(marked)
        if change := self._next_change(self.served):
            reasons.append(change)
        reasons += self._turns(first)
        reasons += self._gathered(first)
        return max(first, ceiling(min(reasons)))

    def _marked(self) -> datetime | None:
        """When the first mark is due that was not served, and that the newest record of its instance does not outdate.

        Every record puts a mark for whatever matters next after it, so that older marks say nothing any more.
        """
        store, mark = self.stage.store, self._served_marks()
        while mark := store.first(PREFIX, mark):
            key = mark[len(PREFIX) :].partition("/")[2]
            head_at = store.heads_at.get(key)
            own = store.head_marks.get(key)
            since = head_at - OUTDATED if head_at is not None and not own else head_at
            is_newest = since is None or mark == own or store.created[mark] >= since
            # Whoever met trouble may have left something half done: then every mark that is there counts.
            if self.quiet_since is None or is_newest or key in store.concluded or store.first(f"inbox/{key}/"):
                return minute_of(mark[len(PREFIX) :].partition("/")[0])
        return None

    def _served_marks(self) -> str:
        """The last key among the marks that were served, where nothing has been written since."""
        news_at = self.stage.store.news_at
        if self.quiet_since is None or (news_at is not None and news_at >= self.quiet_since):
            return ""
        return self._quiet_mark

    def _turns(self, first: datetime) -> list[datetime]:
        """When the instances that somebody was at are read for real."""
        turns = []
        for name, until in list(self.touched.items()):
            if until < first:
                del self.touched[name]
                continue
            if name in self.seen:
                continue
            # A process whose clock is behind takes the minute after the turn for it.
            for late in (0, 1) if self.stage.script.skew_s else (0,):
                wait = (crc32(name.encode()) % ROUND + late - first.minute) % ROUND
                turns.append(first + wait * MINUTE)
        return turns

    def _gathered(self, first: datetime) -> Iterator[datetime]:
        """When the summary of a day is due, or what was gathered of many messages, by the fleet's ledger."""
        state = self._fleet() or FleetState()
        yield from (at for queue in state.queues.values() if (at := queue.due_at()) is not None)
        hashed = self.stage.pushed.hash
        if hashed not in self._summaries:
            self._summaries[hashed] = summaries_of(self.stage.policies.index(hashed)["instances"])
        for channel, zone in self._summaries[hashed].items():
            yield self._summary_due(zone, state.summaries.get(channel), first)

    def _summary_due(self, zone: str, told_at: datetime | None, first: datetime) -> datetime:
        """When a summary is due. That stays as it is until then, or until it is told."""
        since, due = self._summary_times.get((zone, told_at), (first, first))
        if not since <= first < due:
            due = next_due(zone, told_at, first)
            self._summary_times[zone, told_at] = first, due
        return due

    def _idle(self, first: datetime, due: datetime) -> datetime | None:
        """The first idle minute before the next due one that is run all the same."""
        minute = int(first.timestamp()) // 60
        wait = (self.stage.script.seed - minute) % SELDOM
        idle = first + wait * MINUTE
        # What is due within the next minute may be due already when the tick comes to it.
        return idle if idle + MINUTE < due else None

    def _next_change(self, after: datetime) -> datetime | None:
        pushed = self.stage.pushed
        if self._change is not None:
            hashed, known = self._change
            if hashed == pushed.hash and (known is None or known > after):
                return known
        if pushed.hash not in self._tables:
            entries = self.stage.policies.index(pushed.hash)["instances"].values()
            self._tables[pushed.hash] = [timetable_of(one, calendar_of(one["country"])) for one in entries]
        known = min((at for table in self._tables[pushed.hash] if (at := table.next_change(after))), default=None)
        self._change = (pushed.hash, known)
        return known

    def first(self) -> datetime:
        """The first minute that had no tick yet and is not over."""
        now = ceiling(self.stage.clockwork.now())
        return max(self.last + MINUTE, now) if self.last else now

    def run(self, *, idle: bool) -> None:
        """Begin the tick of this minute, twice or at all."""
        now = self.stage.clockwork.now()
        self.last = now
        trace = self.stage.trace
        twist, drawn = self.stage.misfortunes.twist("timer", TICK_TWISTS)
        if twist == "lost" or (self.lost_until is not None and now < self.lost_until):
            trace.lost_ticks += 1
            return
        self.served = now
        trace.ticks += 1
        self.stage.clockwork.task(now, lambda: self._tick(idle=idle and not twist))
        if twist:
            wait = which(drawn) * (0.2 if twist == "twice at once" else 30.0)
            self.stage.clockwork.task(now + timedelta(seconds=wait), lambda: self._tick(idle=False))

    def _tick(self, *, idle: bool) -> None:
        before = self._fleet() if idle else None
        policies = self.stage.pushed.policies.values() if idle else ()
        keys = [self.stage.key(policy) for policy in policies]
        waited = [key for key in keys if self.stage.store.first(f"inbox/{key}/")]
        # Marks that the ticks left out would have cleared call for it as well: what was left half done a moment ago
        # is gone on with now, and not at the mark of its own.
        since = self.stage.clockwork.now() - OUTDATED
        fresh = [key for key in keys if self.stage.store.heads_at.get(key, since) > since]
        if self._is_warm(self.stage.clockwork.now()):
            self.stage.platform.keep_warm("on_schedule", {FLEET_RECORDS: self._known[0]})
        # While it is under way, and perhaps for longer than a minute, nobody knows what it leaves to the next one.
        self.quiet_since = None
        ran = self.stage.platform.invoke("on_schedule", b"{}")
        whole = isinstance(ran.body, dict) and not ran.body["failed"] and not ran.body["left"]
        self.quiet_since = ran.invocation.began_at if whole and not ran.invocation.troubles else None
        if self.quiet_since is not None:
            quiet_at = self.quiet_since + ran.invocation.worker.skew
            self._quiet_mark = f"{PREFIX}{quiet_at:{FORM}}/~"
            self._note_turns(quiet_at.minute)
        if ran.died:
            # Whom it served as it died is served again in his turn.
            self.touch("")
        if not idle or before is None or ran.invocation.troubles or self.stage.script.skew_s:
            return
        # A mark is put before its record. Who stood still between the two has left a record that no mark speaks of.
        if self.stage.misfortunes.lately("stalled", STALL_SHOWS_S):
            return
        self.stage.trace.idle_ticks += 1
        crossings = ran.invocation.crossings
        # What waited in the inbox, and cannot be taken in, grows too old at some moment.
        left = (*waited, *fresh)
        if any(self._looked_again(call, about) or any(key in about for key in left) for call, about in crossings):
            return
        wrote = [f"{call} {about}" for call, about in crossings if self._changes(call, about)]
        if wrote:
            at = ran.invocation.began_at.isoformat()
            self.stage.trace.wrong.append(f"idle ticks: the tick of {at} was to be idle, and did {'; '.join(wrote)}")

    def _is_warm(self, now: datetime) -> bool:
        """Whether the process that ran the ticks before is still there: mostly so while they run every minute."""
        minute = int(now.timestamp()) // 60
        is_stopped = self.lost_until is not None and now <= self.lost_until + MINUTE
        return not is_stopped and crc32(f"{self.stage.script.seed} {minute}".encode()) % RECYCLED != 0

    def _note_turns(self, minute: int) -> None:
        """Note whose turn it was in a tick that went well."""
        self.seen.update(name for name in self.touched if minute == crc32(name.encode()) % ROUND)

    def _looked_again(self, call: str, about: str) -> bool:
        """Whether it saw earlier what may be seen at any time: somebody was there past Tidegate, or a hold has ended.

        The instance is looked at for a mark that was served and is not yet cleared, a few minutes before its next one;
        so is one that is gone, of which people are reminded.
        """
        if call != "put record":
            return False
        policies = self.stage.pushed.policies
        if any(self.stage.key(policies[name]) in about for name in self.touched if name in policies):
            return True
        before = self._record(about, 1)
        stance: dict[str, Any] | None = before["state"].get("stance") if before else None
        if stance is None:
            return False
        # Of an instance that is only observed it is what would hold it that is looked at again. What would hold it
        # after nothing did changes nothing that is reported, and waits for the instance's turn.
        would = stance.get("would")
        return would["code"] in (*LOOKED_AT, "resize") if would else stance["code"] in LOOKED_AT

    def _record(self, place: str, back: int) -> dict[str, Any] | None:
        """The record at a place, or so many before it."""
        ledger, _, name = place.rpartition("/")
        body = self.stage.store.bodies.get(f"{ledger}/{int(name.removesuffix('.json')) + back:012d}.json")
        return dict(json.loads(body)) if body else None

    def _changes(self, call: str, about: str) -> bool:
        """Whether a call is one that an idle tick has no reason for. It may be the first to say that we are at work."""
        if call != "put record":
            return call in CHANGES and about != PAUSED
        record = self._record(about, 0)
        fact: dict[str, Any] = record["fact"] if record else {"kind": ""}
        return not (fact["kind"] == "decided" and fact["stance"]["code"] == "operation")

    def _fleet(self) -> FleetState | None:
        """The fleet's state, read anew where its ledger has grown."""
        store = self.stage.store
        if self._known[0] != store.fleet_seq:
            record = known_record(store.fleet_head, store.fleet_seq, store.bodies[store.fleet_head])
            self._known = store.fleet_seq, codec.fleet_in(record)
        return self._known[1]


LOOKED_AT = (*RESTLESS, "fit", "gone")
PAUSED = "Tidegate is paused"
"""What some tick says once a day while the fleet is paused."""
CHANGES = ("tell", "UpdateInstance", "ModifyInstanceSpec", "StartExecution")
"""What an idle tick does none of."""


def floor(at: datetime) -> datetime:
    """The minute an instant lies in."""
    return at - timedelta(0, at.second, at.microsecond)


def ceiling(at: datetime) -> datetime:
    """The first full minute that is not before an instant."""
    minute = floor(at)
    return minute if minute == at else minute + MINUTE
