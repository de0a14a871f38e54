"""Telling people of what cannot be read: an instance's ledger or policy, the fleet's ledger, the policy in force.

Who was told is not kept in the instance's ledger, which is what cannot be read, but in one of its own. A tick that
finds nothing in trouble does not ask for it: a mark says that there is something in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import ValidationError

from tidegate.aliyun.errors import VendorError
from tidegate.app import codec
from tidegate.app.gathered import readable
from tidegate.app.logs import log
from tidegate.app.page import LostRaces
from tidegate.app.surroundings import Book, Surroundings
from tidegate.app.tell import TELL_WITHIN, is_spared, send
from tidegate.domain.policy import Channel
from tidegate.domain.unreadable import FLEET_KEY, POLICY_KEY, Trouble, Unreadable, What, Word
from tidegate.domain.unreadable_words import message
from tidegate.ledger.policies import NoSuchPolicy
from tidegate.ledger.record import UNREADABLE, Corrupt, NewerSchema, Record
from tidegate.ledger.shelf import ShelfUnavailable, Unsure

MOST_TRIED = 50
"""So many of those that cannot be read are tried on every tick; more of them in their turn."""
PASSING = (LostRaces, ShelfUnavailable, Unsure)
"""What keeps an instance from its turn and passes by itself, or is the whole store's trouble."""


@dataclass
class Sightings:
    """What one tick found: of each key a trouble, or that it was read."""

    now: datetime
    by_key: dict[str, Trouble | None] = field(default_factory=dict)
    passing: set[str] = field(default_factory=set)
    """Who was not served for what passes by itself."""

    @property
    def has_trouble(self) -> bool:
        """Whether anything is in trouble."""
        return any(self.by_key.values())

    def read(self, key: str) -> None:
        """It was read, and served."""
        self.by_key[key] = None

    def failed(self, key: str, name: str, error: Exception, *, with_policy: bool = False) -> None:
        """It could not be served. What passes by itself is no news."""
        if isinstance(error, PASSING):
            self.passing.add(key)
            return
        what: What = "failing"
        if isinstance(error, NewerSchema):
            what = "newer"
        elif with_policy or isinstance(error, NoSuchPolicy):
            what = "policy"
        elif isinstance(error, Corrupt):
            what = "damaged"
        self.by_key[key] = Trouble(what, name, why(error), self.now)


def why(error: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(error, NewerSchema):
        return f"record {error.record.seq} was written by a later version ({error.record.code})"
    if isinstance(error, NoSuchPolicy):
        return f"there is no {error}"
    said = " ".join(str(error).split())
    if isinstance(error, (Corrupt, VendorError)):
        return said
    # What is said by others may hold what is for no chat; the log has it.
    return f"{type(error).__name__}: {said}" if isinstance(error, ValidationError) else type(error).__name__


@dataclass(frozen=True)
class Notes:
    """What is known to be unreadable, and who was told."""

    head: Record | None = None
    known: Unreadable = field(default_factory=Unreadable)
    are_lost: bool = False
    """Whether they cannot be read themselves, and are begun anew."""

    @classmethod
    def open(cls, around: Surroundings) -> Notes:
        """Read them."""
        head = around.ledger.newest_or_blank(UNREADABLE)
        if head is None:
            return cls()
        try:
            return cls(head, codec.read(Unreadable, head.state), are_lost=not head.nonce)
        except Corrupt:
            return cls(head, are_lost=True)

    def keys(self, every: Iterable[str]) -> list[str]:
        """The instances that are to be looked at: those that could not be read, and all where nobody knows which."""
        troubled = [key for key in self.known.troubles if key not in (FLEET_KEY, POLICY_KEY)]
        return [*every] if self.are_lost else troubled[:MOST_TRIED]


def tell_unreadable(
    around: Surroundings, book: Book | None, seen: Sightings, has_time: Callable[[], bool], notes: Notes | None = None
) -> bool:
    """Note what was found, and tell whoever is to be told by now; whether nothing is left to be told of.

    Where nothing is in trouble, and nothing was (`notes`), nothing is asked. What fails here fails nothing else, and a
    process that is quicker tells instead.
    """
    if not seen.has_trouble and notes is None:
        return False
    try:
        return _tell(around, book, seen, has_time, notes)
    except Exception as error:  # noqa: BLE001 - whatever it is, the tick has more to do, and tries again
        log("not-told", notice="unreadable", error=type(error).__name__, why=str(error)[:300])
        return False


def _tell(
    around: Surroundings, book: Book | None, seen: Sightings, has_time: Callable[[], bool], notes: Notes | None
) -> bool:
    now, notes_ = around.now(), notes or Notes.open(around)
    before = notes_.known
    after = before.after(seen.by_key, now)
    words = list(_due(around, book, after, now)) if after.may_be_due(now) else []
    claimed = after
    for word in words:
        claimed = claimed.claimed(word, now)
    if claimed == before:
        return not before.troubles
    if claimed.troubles and notes is None:
        # Written before what it serves: as long as it stands, each tick looks into these notes.
        around.ledger.mark(UNREADABLE, now)
    record = _write(around, claimed, notes_.head)
    if record is None:
        return False
    _log_changes(before, after)
    if around.now() - now > TELL_WITHIN:
        log("not-told", notice="unreadable", why="its claim took too long")
        return False
    taken = claimed
    for word in words:
        if has_time() and _sent(around, word):
            taken = taken.taken(word, around.now())
    if taken != claimed and _write(around, taken, record) is None:
        return False
    return not taken.troubles


def _sent(around: Surroundings, word: Word) -> bool:
    title, text = message(word)
    kind = "needs-person" if word.standing else "held"
    taken = send(around, word.channel, title, text, kind)
    log("told" if taken else "not-told", notice="unreadable", kind=kind, channel=word.channel)
    return taken


def _due(around: Surroundings, book: Book | None, known: Unreadable, now: datetime) -> Iterable[Word]:
    """What each channel is to be told now. One that took nothing a moment ago is left to the next tick."""
    audience: dict[str, tuple[timedelta, set[str]]] = {
        name: (voice.remind, set()) for name, voice in known.voices.items()
    }
    for key, trouble in known.standing(now).items():
        for channel in _channels(around, book, trouble):
            remind, keys = audience.get(channel.url_env, (channel.remind, set()))
            audience[channel.url_env] = min(remind, channel.remind), keys | {key}
    if not audience:
        log("not-told", notice="unreadable", why="no channel takes what needs a person")
    for name, (remind, keys) in sorted(audience.items()):
        word = known.due(name, remind, keys, now)
        if word is not None and not is_spared(around, name, now):
            yield word


def _channels(around: Surroundings, book: Book | None, trouble: Trouble) -> list[Channel]:
    """Those of the instance; where its policy cannot be known those of all instances, or all that are set up."""
    if book is None:
        return [Channel(url_env=name) for name in around.channels]
    if trouble.name in book.index["instances"]:
        known = list(readable(book, [trouble.name]))
        if known:
            return _for_persons(known[0].notify)
    found = [channel for policy in readable(book, book.names) for channel in _for_persons(policy.notify)]
    return found or [Channel(url_env=name) for name in around.channels]


def _for_persons(channels: Iterable[Channel]) -> list[Channel]:
    return [channel for channel in channels if "needs-person" in channel.on]


def _log_changes(before: Unreadable, after: Unreadable) -> None:
    """A line for what has come and what is over."""
    for key, each in after.troubles.items():
        if key not in before.troubles:
            log("unreadable", key=key, instance=each.name, kind=each.what, why=each.why[:300])
    for key, each in before.troubles.items():
        if each.over_at is None and (key not in after.troubles or after.troubles[key].over_at is not None):
            log("readable-again", key=key, instance=each.name, kind=each.what)


def _write(around: Surroundings, state: Unreadable, head: Record | None) -> Record | None:
    """Write who is told, unless somebody else was quicker, or the store does not say whether it stands."""
    written = codec.write(Unreadable, state)
    fact = {"kind": "unreadable", "keys": sorted(state.troubles)}
    try:
        return around.ledger.append(UNREADABLE, fact, written, after=head, policy="", wake=None)
    except Unsure as doubt:
        log("unsure", ledger=UNREADABLE, fact="unreadable", why=str(doubt))
        return None
