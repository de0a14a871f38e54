"""What cannot be read, and which channel was told of it: of all of it in one message, so that many are no flood."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from tidegate.domain.channels import RESEND_AFTER, TRIES

UNTOLD_FOR = timedelta(minutes=10)
"""For so long nobody is told: a deployment that is under way has functions of two versions."""
TOGETHER = timedelta(minutes=30)
"""After one message, what is found since is gathered for so long before the next."""

FLEET_KEY, POLICY_KEY = "fleet", "policy"
"""The keys of the troubles that concern all instances."""
What = Literal["damaged", "newer", "policy", "failing"]
"""A document that is none, one of a later version, a policy that is none of this version's, and anything else."""


@dataclass(frozen=True)
class Trouble:
    """One thing that cannot be read."""

    what: What
    name: str
    """The instance's; empty of what concerns all of them."""
    why: str
    since: datetime
    over_at: datetime | None = None
    """When it was read again, while there is somebody who was told of it and not yet of that."""
    told: tuple[str, ...] = ()
    """The channels that a message about it was meant for."""


@dataclass(frozen=True)
class Voice:
    """The newest message to one channel: claimed before it is sent."""

    claimed_at: datetime
    remind: timedelta
    sent_at: datetime | None = None
    tries: int = 1
    """How often the channel was tried since it last took a message."""

    @property
    def again_at(self) -> datetime:
        """When the channel is told again, if nothing else happens."""
        is_open = self.sent_at is None or self.sent_at < self.claimed_at
        return self.claimed_at + (RESEND_AFTER if is_open and self.tries < TRIES else self.remind)


@dataclass(frozen=True)
class Word:
    """What one channel is to be told now: what stands, and what is over, by the keys of the troubles."""

    channel: str
    remind: timedelta
    standing: Mapping[str, Trouble]
    over: Mapping[str, Trouble]


@dataclass(frozen=True)
class Unreadable:
    """All that cannot be read, by its key, and the channels that were told."""

    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    voices: Mapping[str, Voice] = field(default_factory=dict)

    def after(self, seen: Mapping[str, Trouble | None], now: datetime) -> Unreadable:
        """The same after some things were looked at: each is in trouble, or was read. The others stay as they are."""
        troubles = dict(self.troubles)
        for key, trouble in seen.items():
            if (becomes := _becomes(troubles.get(key), trouble, now)) is not None:
                troubles[key] = becomes
            else:
                troubles.pop(key, None)
        return replace(self, troubles=troubles, voices=self.voices if troubles else {})

    def standing(self, now: datetime) -> dict[str, Trouble]:
        """What has stood for so long that people are told of it."""
        troubles = self.troubles.items()
        return {key: each for key, each in troubles if each.over_at is None and now - each.since >= UNTOLD_FOR}

    def may_be_due(self, now: datetime) -> bool:
        """Whether anybody may have to be told by now, whatever channels there are."""
        standing = self.standing(now).values()
        is_new = any(not each.told for each in standing) or any(each.over_at for each in self.troubles.values())
        return is_new or (bool(standing) and any(voice.again_at <= now for voice in self.voices.values()))

    def due(self, channel: str, remind: timedelta, keys: Collection[str], now: datetime) -> Word | None:
        """What a channel is to be told now, which is told of the troubles with these keys; None for nothing."""
        standing = {key: each for key, each in self.standing(now).items() if key in keys}
        over = {key: each for key, each in self.troubles.items() if each.over_at and channel in each.told}
        if not standing and not over:
            return None
        return Word(channel, remind, standing, over) if self._is_time(channel, standing, over, now) else None

    def _is_time(
        self, channel: str, standing: Mapping[str, Trouble], over: Mapping[str, Trouble], now: datetime
    ) -> bool:
        voice = self.voices.get(channel)
        if voice is None or voice.again_at <= now:
            return True
        if voice.sent_at is None or voice.sent_at < voice.claimed_at:
            return False
        is_new = any(channel not in each.told for each in standing.values())
        return bool(over) or (is_new and now - voice.claimed_at >= TOGETHER)

    def claimed(self, word: Word, now: datetime) -> Unreadable:
        """The same while a channel is told. Until it is said that it took the message, it has failed."""
        before = self.voices.get(word.channel)
        fails = before is not None and (before.sent_at is None or before.sent_at < before.claimed_at)
        tries = before.tries + 1 if before is not None and fails else 1
        voice = Voice(now, word.remind, before.sent_at if before else None, tries)
        troubles = {
            key: replace(each, told=tuple(sorted({*each.told, word.channel}))) if key in word.standing else each
            for key, each in self.troubles.items()
        }
        claimed = replace(self, troubles=troubles, voices={**self.voices, word.channel: voice})
        # That something is over is not told for ever to a channel that takes nothing.
        return claimed if tries < TRIES else _heard(claimed, word)

    def taken(self, word: Word, now: datetime) -> Unreadable:
        """The same after a channel took the message."""
        voice = replace(self.voices[word.channel], sent_at=now, tries=1)
        return _heard(replace(self, voices={**self.voices, word.channel: voice}), word)


def _heard(known: Unreadable, word: Word) -> Unreadable:
    """The same without what is over, once all who heard of it have heard that."""
    troubles = dict(known.troubles)
    for key in word.over:
        each = troubles.pop(key)
        if told := tuple(channel for channel in each.told if channel != word.channel):
            troubles[key] = replace(each, told=told)
    return replace(known, troubles=troubles, voices=known.voices if troubles else {})


def _becomes(known: Trouble | None, seen: Trouble | None, now: datetime) -> Trouble | None:
    """What becomes of a trouble; None where there is no more to say of it."""
    if seen is None:
        if known is None or not known.told:
            return None
        return known if known.over_at else replace(known, over_at=now)
    if known is None:
        return seen
    # Of another kind it is news, and told anew.
    told = known.told if known.what == seen.what else ()
    return replace(seen, since=known.since, told=told)
