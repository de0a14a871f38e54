"""Messages that need nobody, to one channel: a few are told one by one, and of many at once one message is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidegate.domain.channels import RESEND_AFTER, TRIES
from tidegate.domain.notice import Notice

MOST_AN_HOUR = 10
HOUR = timedelta(hours=1)
LINES_KEPT = 60
"""More are only counted."""
SELDOM = timedelta(hours=4)
"""How often a channel is tried again that took nothing several times."""
ROLLED = ("resized", "held")
LONGEST = 1500


@dataclass(frozen=True)
class Line:
    """One message that waits to be told with others."""

    instance: str
    notice: str
    title: str


@dataclass(frozen=True)
class Queue:
    """What went to one channel within the hour, and what waits to be told in one."""

    sent: tuple[datetime, ...] = ()
    waiting: tuple[Line, ...] = ()
    more: int = 0
    """What waits beside the lines."""
    since: datetime | None = None
    """When the first of them came."""
    claimed_at: datetime | None = None
    """When somebody last set about telling them."""
    failures: int = 0

    @property
    def count(self) -> int:
        """How many messages wait."""
        return len(self.waiting) + self.more

    def is_idle(self, now: datetime) -> bool:
        """Whether nothing waits, and nothing went out within the hour: then there is nothing to remember."""
        return not self.count and all(now - at >= HOUR for at in self.sent)

    def taken(self, line: Line, now: datetime) -> tuple[Queue, bool]:
        """The queue with one more message, and whether that is told by itself.

        Where the channel has not taken what waits, messages are tried by themselves: so it is noticed that it is dead.
        """
        sent = tuple(at for at in self.sent if now - at < HOUR)[-MOST_AN_HOUR:]
        if self.failures or (not self.count and len(sent) < MOST_AN_HOUR):
            return replace(self, sent=(*sent, now)[-MOST_AN_HOUR:]), True
        known = line in self.waiting
        fits = not known and len(self.waiting) < LINES_KEPT
        after = replace(
            self,
            sent=sent,
            waiting=(*self.waiting, line) if fits else self.waiting,
            more=self.more + (not known and not fits),
            since=self.since or now,
        )
        return after, False

    def due_at(self) -> datetime | None:
        """When what waits is told: once the hour has room again; None where nothing waits."""
        if not self.count or self.since is None:
            return None
        if self.claimed_at is not None:
            return self.claimed_at + (RESEND_AFTER if self.failures < TRIES else SELDOM)
        return max(self.since, self.sent[0] + HOUR) if len(self.sent) >= MOST_AN_HOUR else self.since

    def claimed(self, now: datetime) -> Queue:
        """The queue while somebody tells what waits. Until it is said that it went out, it has failed."""
        return replace(self, claimed_at=now, failures=self.failures + 1)

    def told(self, what: Queue, now: datetime) -> Queue:
        """The queue after what waited then has gone out; what came in since waits on."""
        sent = (*(at for at in self.sent if now - at < HOUR), now)[-MOST_AN_HOUR:]
        left = tuple(line for line in self.waiting if line not in what.waiting)
        more = max(self.more - what.more, 0)
        return Queue(sent, left, more, now if left or more else None)


def may_wait(notice: Notice) -> bool:
    """Whether a message needs nobody, so that it may be told with others."""
    return notice.kind in ROLLED and not notice.repeats and notice.deadline is None


def in_one(queue: Queue) -> tuple[str, str]:
    """The one message for all that waits: its title and its text."""
    title = f"Tidegate: {queue.count} messages in one"
    lines: list[str] = []
    length = 0
    for line in queue.waiting:
        length += len(line.title) + 2
        if length > LONGEST:
            break
        lines.append(line.title)
    left = queue.count - len(lines)
    told = "; ".join([*lines, *([f"and {left} more"] if left else [])])
    text = (
        f"{title}: {told}. None of them needs you; what does is told by itself. "
        "All of it is in `tidegate history NAME`. "
        "Quiet this: take `resized` and `held` out of the channel's `on` in the policy."
    )
    return title, text
