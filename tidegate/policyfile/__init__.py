"""The policy file: YAML in, one complete and strict policy an instance out, or everything that is wrong with it.

A folder of such files is one policy, as if they were one file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tidegate.domain.limits import FleetLimits
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile.files import Source, sources_of
from tidegate.policyfile.freezes import CalendarFiles
from tidegate.policyfile.instance import read_instance, read_profile
from tidegate.policyfile.located import errors_of, located
from tidegate.policyfile.problems import BadPolicy, Problem
from tidegate.policyfile.profiles import Profiles
from tidegate.policyfile.together import DEFAULTS, FLEET, KEYS, Together, put_together
from tidegate.policyfile.tree import Tree, merged, read_tree
from tidegate.policyfile.weight import too_heavy
from tidegate.policyfile.whole import whole_problems

__all__ = ["DEFAULTS", "KEYS", "BadPolicy", "Policy", "Problem", "compile_policy", "parse_policy", "read_policy"]


@dataclass(frozen=True)
class Policy:
    """A whole policy: its instances by name, profiles and the file's defaults merged in."""

    instances: Mapping[str, InstancePolicy]
    fleet: FleetLimits = field(default_factory=FleetLimits)
    sources: Mapping[str, Tree] = field(default_factory=dict, compare=False, repr=False)
    """Every instance as it is written, each value with its place."""
    profiles: Mapping[str, Tree] = field(default_factory=dict, compare=False, repr=False)
    """The profiles as they are written."""
    fleet_source: Tree | None = field(default=None, compare=False, repr=False)
    """The fleet's limits as they are written."""


def read_policy(path: Path) -> Policy:
    """Read a policy file, or a folder of them.

    Raises BadPolicy with everything that is wrong, OSError where something cannot be read.
    """
    return _read(sources_of(path), str(path))


def parse_policy(body: bytes, file: str = "policy.yaml") -> Policy:
    """Read a policy from the bytes of a file; `file` is what the errors call it. Raises BadPolicy."""
    return _read([Source(file, body)], file)


def compile_policy(policy: Policy) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Give what is published: one JSON document an instance, and the index over all of them."""
    from tidegate.app.index import index_entry  # noqa: PLC0415 - a mere check of a file needs no use cases

    documents = {name: each.model_dump(mode="json", by_alias=True) for name, each in policy.instances.items()}
    entries = {name: index_entry(each) for name, each in policy.instances.items()}
    return documents, {"instances": entries, FLEET: policy.fleet.model_dump(mode="json")}


def _read(sources: Sequence[Source], where: str) -> Policy:
    whole = put_together(_trees(sources), where)
    profiles = Profiles(whole.profiles)
    trees = {name: merged(profiles.resolve(tree), whole.defaults) for name, tree in whole.instances.items()}
    if heavy := too_heavy(trees):
        raise BadPolicy([heavy])
    problems = [*whole.problems, *_parts(whole, profiles), *profiles.problems]
    instances: dict[str, InstancePolicy] = {}
    calendars = CalendarFiles()
    for name, tree in trees.items():
        policy, wrong = read_instance(name, tree, calendars)
        problems += wrong
        instances |= {name: policy} if policy else {}
    fleet, wrong = _fleet(whole)
    if problems := [*problems, *wrong, *whole_problems(trees)]:
        raise BadPolicy(problems)
    return Policy(instances, fleet, trees, whole.profiles, whole.single.get(FLEET))


def _trees(sources: Sequence[Source]) -> list[Tree]:
    """Every file as a tree. What is no YAML is told alone: the rest would miss what stands in it."""
    read = [_tree(source) for source in sources]
    if problems := [problem for one in read if isinstance(one, BadPolicy) for problem in one.problems]:
        raise BadPolicy(problems)
    return [one for one in read if isinstance(one, Tree)]


def _tree(source: Source) -> Tree | BadPolicy:
    try:
        return read_tree(source.body, source.file)
    except BadPolicy as bad:
        return bad


def _parts(whole: Together, profiles: Profiles) -> list[Problem]:
    """What is wrong with profiles and defaults by themselves, also with those that nobody takes over."""
    resolved = [profiles.resolve(profile, (name,)) for name, profile in whole.profiles.items()]
    return [problem for tree in (*resolved, whole.defaults) for problem in read_profile(tree)]


def _fleet(whole: Together) -> tuple[FleetLimits, list[Problem]]:
    if (tree := whole.single.get(FLEET)) is None:
        return FleetLimits(), []
    try:
        return FleetLimits.model_validate(tree.plain()), []
    except ValidationError as error:
        return FleetLimits(), list(located(tree, errors_of(error), FleetLimits))
