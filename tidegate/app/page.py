"""The newest page of one instance's ledger: read it, write the next fact, know whether we won."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidegate.app import codec
from tidegate.app.logs import log
from tidegate.app.surroundings import Surroundings
from tidegate.domain.channels import resend_at
from tidegate.domain.drift import SURE_AFTER
from tidegate.domain.facts import Fact
from tidegate.domain.fold import fold
from tidegate.domain.follow import overdue_at
from tidegate.domain.lasting import next_told
from tidegate.domain.notices import notices
from tidegate.domain.owed import LAST_CALL, owed
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.rhythm import next_beat
from tidegate.domain.state import State
from tidegate.domain.terms import Terms
from tidegate.ledger.record import Record
from tidegate.ledger.shelf import Unsure

LOOK_AGAIN, SELDOM = timedelta(minutes=2), timedelta(minutes=10)
"""How soon what may end at any time is looked at again."""
RESTLESS = ("unread", "unhealthy", "operation", "unconfirmed", "unmeasured", "fit-unread")
"""Holds that may end at any time, so that they are looked at again soon. Others say themselves until when."""

OPEN_NOW = ("drift", "fit", "approval")
"""Holds that say as well that no window or blackout forbids it: they become another one when that changes."""


class LostRaces(Exception):  # noqa: N818 - reads as what it is
    """Somebody else wrote first, again and again. The next tick tries again."""


@dataclass(frozen=True)
class Page:
    """One instance: its policy, the newest record and the state in it."""

    around: Surroundings
    policy: InstancePolicy
    policy_hash: str
    head: Record | None
    state: State
    past: bool = False
    """Whether the policy is not in force any more: the instance left it with an operation open."""

    @classmethod
    def open(cls, around: Surroundings, policy: InstancePolicy, policy_hash: str, *, past: bool = False) -> Page:
        """Read the newest record. Raises NewerSchema where a later version wrote it."""
        head = around.ledger.head(around.key(policy))
        return cls(around, policy, policy_hash, head, codec.state_in(head) if head else State(), past)

    @property
    def terms(self) -> Terms:
        """The terms the instance is held to."""
        return self.around.terms(self.policy)

    @property
    def key(self) -> str:
        """The instance's ledger."""
        return self.around.key(self.policy)

    def write(self, fact: Fact, since: datetime | None = None) -> Page | None:
        """Append a fact. None means that it is not sure to be ours: read again and decide again.

        Mostly somebody else appended first. Where the store cannot tell whether our record stands, it is no permission
        either: if it does stand, the next read shows it. `since`: the moment for which it was decided. What has come
        due after that has to be looked at, and was not.
        """
        now = self.around.now()
        at = max(now, self.head.at) if self.head else now
        state = fold(self.state, fact, at)
        try:
            record = self.around.ledger.append(
                self.key,
                codec.write_fact(fact),
                codec.write_state(state),
                after=self.head,
                policy=self.policy_hash,
                # By our own clock: a record may carry the time of another's that is ahead of it.
                wake=self.wake(state, min(now, since or now)),
                at=at,
            )
        except Unsure as doubt:
            log("unsure", instance=self.policy.name, fact=fact.kind, why=str(doubt))
            return None
        return None if record is None else replace(self, head=record, state=state)

    def again(self) -> Page:
        """The page as it is now."""
        return Page.open(self.around, self.policy, self.policy_hash, past=self.past)

    def wake(self, state: State, now: datetime) -> datetime | None:
        """When somebody must look after this instance next, if nothing else happens."""
        policy = self.policy
        times = [self.terms.timetable.next_change(now)]
        times += [demand.ends(policy.releases_after(demand.rule), policy.forget_after) for demand in state.demands]
        times += [each.until for each in (state.override, state.pause, state.stance) if each is not None]
        times += [self.terms.closes_at(now)] if state.stance and state.stance.barrier in OPEN_NOW else []
        times += [at for told in state.told if (at := resend_at(told))]
        times += next_told(state, now)
        times += [state.drift.at + SURE_AFTER] if state.drift and not state.drift.sure else []
        times += [state.approval.expires_at] if state.approval and not state.approval.used_by else []
        noticed = tuple(notices(policy, state, now))
        deadlines = [notice.deadline for notice in noticed if notice.repeats and notice.deadline]
        times += [deadline - LAST_CALL for deadline in deadlines]
        held = state.stance is not None and state.stance.kind == "hold-person"
        if state.operation or state.circuit or held or deadlines:
            times += [told.claimed_at + channel.remind for told in state.told for channel in policy.notify]
        if owed(policy, state, now, noticed):
            # Whoever writes this tells it next, unless he dies before.
            times.append(now + LOOK_AGAIN)
        if state.operation:
            times.append(overdue_at(state.operation))
        elif state.stance and state.stance.kind == "resize":
            # Whoever writes this plans it next, unless he dies before.
            times.append(now + LOOK_AGAIN)
        elif state.stance and state.stance.barrier in RESTLESS:
            times.append(next_beat(now, state.stance.at, policy.name, LOOK_AGAIN, SELDOM))
        return min((at for at in times if at and at > now), default=None)
