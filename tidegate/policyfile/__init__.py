"""The policy file: YAML in, one complete and strict policy an instance out, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile.instance import read_instance, read_profile
from tidegate.policyfile.phrases import missing, unknown_key
from tidegate.policyfile.problems import BadPolicy, Problem
from tidegate.policyfile.profiles import Profiles
from tidegate.policyfile.tree import Tree, merged, read_tree
from tidegate.policyfile.whole import whole_problems

__all__ = ["BadPolicy", "Policy", "Problem", "compile_policy", "parse_policy", "read_policy"]

VERSION = 1
DEFAULTS = ("timezone", "calendars", "notify")
"""What the file may say once for every instance."""
KEYS = ("version", *DEFAULTS, "profiles", "instances")


@dataclass(frozen=True)
class Policy:
    """A whole policy file: its instances by name, profiles and the file's defaults merged in."""

    instances: Mapping[str, InstancePolicy]


def read_policy(path: Path) -> Policy:
    """Read a policy file. Raises BadPolicy with everything that is wrong with it, OSError where it cannot be read."""
    return parse_policy(path.read_bytes(), str(path))


def parse_policy(body: bytes, file: str = "policy.yaml") -> Policy:
    """Read a policy from the bytes of a file; `file` is what the errors call it. Raises BadPolicy."""
    tree = read_tree(body, file)
    problems = list(_frame(tree, file))
    profiles = Profiles(_maps(tree, "profiles"), file)
    defaults = tree.without(*(key for key in tree.keys if key not in DEFAULTS))
    for name, profile in _maps(tree, "profiles").items():
        problems += read_profile(profiles.resolve(profile, (name,)), file)
    trees = {name: merged(profiles.resolve(instance), defaults) for name, instance in _maps(tree, "instances").items()}
    instances: dict[str, InstancePolicy] = {}
    for name, instance in trees.items():
        policy, wrong = read_instance(name, instance, file)
        problems += wrong
        instances |= {name: policy} if policy else {}
    problems += [*profiles.problems, *whole_problems(trees, file)]
    if problems:
        raise BadPolicy(problems)
    return Policy(instances)


def compile_policy(policy: Policy) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Give what is published: one JSON document an instance, and the index over all of them."""
    from tidegate.app.tick import index_entry  # noqa: PLC0415 - a mere check of a file needs no use cases

    documents = {name: each.model_dump(mode="json", by_alias=True) for name, each in policy.instances.items()}
    index = {"instances": {name: index_entry(each) for name, each in policy.instances.items()}}
    return documents, index


def _maps(tree: Tree, key: str) -> dict[str, Tree]:
    """The named maps under a key; anything that is no map is told elsewhere."""
    named = tree.keys.get(key)
    return {name: each for name, each in (named.keys if named else {}).items() if isinstance(each.value, dict)}


def _frame(tree: Tree, file: str) -> Iterator[Problem]:
    """What is wrong with the file's outermost keys."""
    if not isinstance(tree.value, dict):
        yield Problem(tree.spot.line, "", "expected a map with `version` and `instances`", file)
        return
    for key, child in tree.keys.items():
        if key not in KEYS:
            yield Problem(child.spot.line, key, unknown_key(key, KEYS), file)
        if key in ("profiles", "instances"):
            yield from _named_maps(child, file)
    for key in ("version", "instances"):
        if key not in tree.keys:
            yield Problem(tree.spot.line, key, missing(key), file)
    version = tree.keys.get("version")
    if version and (version.value != VERSION or isinstance(version.value, bool)):
        yield Problem(version.spot.line, "version", f"expected {VERSION}, found `{version.value}`", file)


def _named_maps(tree: Tree, file: str) -> Iterator[Problem]:
    what = tree.spot.path.removesuffix("s")
    if not isinstance(tree.value, dict):
        yield Problem(tree.spot.line, tree.spot.path, f"expected a map from names to {what}s", file)
    elif not tree.keys and what == "instance":
        yield Problem(tree.spot.line, tree.spot.path, "expected at least one instance", file)
    for child in tree.keys.values():
        if not isinstance(child.value, dict):
            yield Problem(child.spot.line, child.spot.path, f"expected a map that describes the {what}", file)
