"""A policy that may come into force: from a file, or one that was in force before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from tidegate.app.index import index_entry, timetable_of
from tidegate.app.surroundings import Book, Surroundings, limits_in
from tidegate.domain.calendars import PLAIN
from tidegate.domain.limits import FleetLimits
from tidegate.domain.policy import InstancePolicy
from tidegate.ledger.policies import NoSuchPolicy, Policies, hash_of
from tidegate.policyfile import Policy, compile_policy
from tidegate.policyfile.problems import Spot
from tidegate.policyfile.resolved import resolved

FLEET = "fleet"
LONGEST = 300
"""Signs of an error that are told."""


class Outdated(Exception):  # noqa: N818 - reads as what it is
    """A policy of old that this version does not read as it was meant."""


@dataclass(frozen=True)
class Candidate:
    """A whole policy, valid by the rules of today."""

    hash: str
    documents: Mapping[str, dict[str, Any]]
    index: dict[str, Any]
    instances: Mapping[str, InstancePolicy]
    places: Mapping[str, Mapping[str, Spot]] = field(default_factory=dict, repr=False)
    """Where each value of an instance is written, and under `fleet` the fleet's; nothing of one that was published."""

    is_published: bool = False
    """Whether its documents are there already, under this hash."""

    @property
    def fleet(self) -> FleetLimits:
        """What holds over all instances."""
        return limits_in(self.index)

    @property
    def book(self) -> Book:
        """The policy as if it were in force."""
        return Book(self.hash, self.index, self.instances.__getitem__)


def from_file(policy: Policy) -> Candidate:
    """What a policy file would put in force."""
    documents, index = compile_policy(policy)
    places = {name: _places(policy, name) for name in policy.instances}
    if policy.fleet_source is not None:
        places[FLEET] = {key: child.spot for key, child in policy.fleet_source.keys.items()}
    return Candidate(hash_of(documents, index), documents, index, policy.instances, places)


def in_force(around: Surroundings) -> Candidate | None:
    """The policy in force, None before the first push. Raises `Outdated`."""
    pointer = around.policies.current()
    return None if pointer is None else published(around.policies, pointer.hash)


def published(policies: Policies, hashed: str) -> Candidate:
    """A policy that was published once. Raises `Outdated` where it is none by the rules of today."""
    try:
        index = policies.index(hashed)
        documents = {name: policies.document(hashed, name) for name in sorted(index["instances"])}
        limits_in(index)
        instances = {name: _instance(hashed, name, each) for name, each in documents.items()}
        for name, policy in instances.items():
            _check_entry(hashed, name, policy, index["instances"][name])
    except ValidationError as error:
        raise Outdated(_none_today(hashed, FLEET, error)) from error
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, NoSuchPolicy) as error:
        raise Outdated(f"policy {hashed} is not whole: {type(error).__name__}: {error}"[:LONGEST]) from error
    return Candidate(hashed, documents, index, instances, is_published=True)


def _instance(hashed: str, name: str, document: Mapping[str, Any]) -> InstancePolicy:
    try:
        return InstancePolicy.model_validate(document)
    except ValidationError as error:
        raise Outdated(_none_today(hashed, name, error)) from error


def _none_today(hashed: str, name: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, (name, *first["loc"])))
    return f"policy {hashed} is none by the rules of today: {where}: {first['msg']}"


def _check_entry(hashed: str, name: str, policy: InstancePolicy, entry: Mapping[str, Any]) -> None:
    """An index of an earlier version may lack what alerts and ticks go by today."""
    if lacking := sorted(set(index_entry(policy)) - set(entry)):
        raise Outdated(f"policy {hashed} was published by an earlier version: {name} lacks {', '.join(lacking)}")
    if policy.name != name or any(entry[key] != getattr(policy, key) for key in ("region", "product", "instance_id")):
        raise Outdated(f"policy {hashed} is not whole: its index and its documents disagree on {name}")
    timetable_of(entry, PLAIN)


def _places(policy: Policy, name: str) -> dict[str, Spot]:
    """Where every value of an instance is written; a value by default has no place."""
    values = resolved(policy.instances[name], policy.sources[name], policy.profiles)
    return {each.key: Spot(each.file, each.line) for each in values if each.line}
