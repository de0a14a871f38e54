"""What the use cases work with. Composition roots build it; nothing here chooses a clock or a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from tidegate import names
from tidegate.app.fleet import Fleet
from tidegate.domain.calendars import Calendar
from tidegate.domain.limits import FleetLimits
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Approved
from tidegate.domain.terms import Terms
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.policies import NoSuchPolicy, Policies
from tidegate.ledger.record import Corrupt, key_text
from tidegate.products.port import Product

NAMED_BY = ("region", "product", "instance_id")
"""What the index says of each instance, by which its ledger is found."""


class Start(Protocol):
    """Starts an execution by its derived name and says whether that name was used up already."""

    def __call__(self, name: str, given: Mapping[str, Any]) -> bool:
        """True if it runs now, False if one of this name has ended."""


class Send(Protocol):
    """Sends one message to one channel, named by its environment variable."""

    def __call__(self, channel: str, title: str, text: str, kind: str) -> bool:
        """True if the channel took it. A channel that is not set up takes nothing."""


class MakeLink(Protocol):
    """Makes the link with which the people of one channel say yes."""

    def __call__(self, policy: InstancePolicy, asked: Approved, channel: str) -> str:
        """The address; empty where nobody has set up links."""


def no_link(policy: InstancePolicy, asked: Approved, channel: str) -> str:  # noqa: ARG001 - as those with links
    """Where there are no links, messages name the command."""
    return ""


@dataclass(frozen=True)
class Book:
    """The policy in force: one look at it, so that one reconcile decides by one policy."""

    hash: str
    index: Mapping[str, Any]
    read: Callable[[str], InstancePolicy]

    @property
    def limits(self) -> FleetLimits:
        """What holds over all instances."""
        return limits_in(self.index)

    @property
    def names(self) -> list[str]:
        """The instances the policy knows."""
        return sorted(self.index["instances"])

    def named_by_id(self, instance_id: str) -> str:
        """The instance with this vendor id, empty where the policy has none."""
        found = [name for name, entry in self.index["instances"].items() if entry["instance_id"] == instance_id]
        return found[0] if found else ""

    def named_by_rule(self, *identities: str) -> list[str]:
        """The instances with an alert rule of one of these names or ids."""
        wanted = {identity for identity in identities if identity}
        return [name for name, entry in self.index["instances"].items() if wanted & set(entry["rules"])]


def _index(policies: Policies, hashed: str) -> dict[str, Any]:
    """The index of a policy; nothing can be done by one that does not say whose ledger is where."""
    index = policies.index(hashed)
    entries = index.get("instances")
    known = entries.values() if isinstance(entries, dict) else [None]
    if not all(isinstance(entry, dict) and isinstance(entry.get(key), str) for entry in known for key in NAMED_BY):
        raise Corrupt(f"the index of policy {hashed} does not name its instances")
    return index


def limits_in(index: Mapping[str, Any]) -> FleetLimits:
    """The fleet's limits as the index of a policy has them."""
    return FleetLimits.model_validate(index.get("fleet") or {})


@dataclass(frozen=True)
class Surroundings:
    """Everything outside: the ledger, the vendor, the workflow, people, and the time."""

    account: str
    ledger: Ledger
    policies: Policies
    product: Callable[[InstancePolicy], Product]
    start: Start
    send: Send
    now: Callable[[], datetime]
    calendar: Callable[[str], Calendar]
    """The workdays and holidays of a country by its code; of no country, Monday to Friday and none."""
    checked: list[bool]
    """Not empty once the store was tried; outlives one call where the process does."""
    cache: dict[str, Any]
    """Outlives one call where the process does; holds only what is named by its hash."""
    link: MakeLink = no_link
    channels: tuple[str, ...] = ()
    """Every channel that is set up, by its variable: who is told where no policy can be known."""
    silent: dict[str, datetime] = field(default_factory=dict)
    """Channels that took nothing a moment ago, and when: others of this call are not kept waiting for them."""
    prefix: str = names.DEFAULT
    """What the names of this deployment's functions begin with."""

    @cached_property
    def fleet(self) -> Fleet:
        """The fleet's own ledger, as one call of a function knows it."""
        return Fleet(self.ledger)

    def key(self, policy: InstancePolicy) -> str:
        """Where the instance's ledger is: by the vendor's names, so that a rename in the policy loses nothing."""
        return key_text(self.account, policy.region, policy.product, policy.instance_id)

    def key_of(self, entry: Mapping[str, Any]) -> str:
        """The same, from an entry of the policy's index."""
        return key_text(self.account, entry["region"], entry["product"], entry["instance_id"])

    def terms(self, policy: InstancePolicy) -> Terms:
        """The terms the instance is held to, in its calendar. Built once for a policy that was read once."""
        kept = self.cache.get(f"terms {id(policy)}")
        if kept is None or kept[0] is not policy:
            kept = (policy, Terms(policy, self.calendar(policy.calendars.workdays.get("country", ""))))
            self.cache[f"terms {id(policy)}"] = kept
        terms: Terms = kept[1]
        return terms

    def limits(self, policy_hash: str) -> FleetLimits:
        """The fleet's limits by a published policy, the default ones where it is not published."""
        if self.cache.get("hash") == policy_hash:
            return limits_in(self.cache["index"])
        try:
            return limits_in(self.policies.index(policy_hash))
        except NoSuchPolicy:
            return FleetLimits()

    def make_sure_of_ledger(self) -> None:
        """See by trying, once a process, whether the store lets only one writer win. Raises Unprotected if not."""
        if not self.checked:
            self.ledger.check()
            self.checked.append(True)

    def book(self) -> Book | None:
        """The policy in force, or None before the first was pushed. Raises Corrupt, NoSuchPolicy."""
        pointer = self.policies.current()
        if pointer is None:
            return None
        if self.cache.get("hash") != pointer.hash:
            self.cache.clear()
            self.cache.update(hash=pointer.hash, index=_index(self.policies, pointer.hash))
        return Book(pointer.hash, self.cache["index"], lambda name: self._policy(pointer.hash, name))

    def _policy(self, hashed: str, name: str) -> InstancePolicy:
        known = self.cache.get(f"policy {hashed} {name}")
        if known is None:
            known = InstancePolicy.model_validate(self.policies.document(hashed, name))
            self.cache[f"policy {hashed} {name}"] = known
        policy: InstancePolicy = known
        return policy
