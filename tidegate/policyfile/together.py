"""The outermost keys of one file, or of several as if they were one: whatever has a name has it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.policyfile.phrases import missing, unknown_key
from tidegate.policyfile.problems import Problem, Spot
from tidegate.policyfile.tree import Tree

VERSION = 1
DEFAULTS = (
    *("timezone", "calendars", "notify", "freezes", "blackouts", "resize_windows", "resize_takes"),
    *("release_after", "forget_after", "cooldown", "budget", "approval", "fit", "on_drift", "deadlines"),
    "subscription_down",
)
"""What may be said once for every instance. Not what lets an instance move, or what belongs to its own ladder."""
FLEET = "fleet"
NAMED = ("profiles", "instances")
KEYS = ("version", FLEET, *DEFAULTS, *NAMED)


@dataclass
class Together:
    """What the files hold, by name, and what is wrong with their frames."""

    where: str
    """What was asked for: the file, or the folder."""
    named: dict[str, dict[str, Tree]] = field(default_factory=lambda: {key: {} for key in NAMED})
    single: dict[str, Tree] = field(default_factory=dict)
    """Defaults for every instance, and `fleet`."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def profiles(self) -> Mapping[str, Tree]:
        """The profiles by name."""
        return self.named["profiles"]

    @property
    def instances(self) -> Mapping[str, Tree]:
        """The instances by name, as they are written."""
        return self.named["instances"]

    @property
    def defaults(self) -> Tree:
        """What every instance is over, as one map."""
        kept = {key: child for key, child in self.single.items() if key in DEFAULTS}
        return Tree(kept, next((child.spot for child in kept.values()), Spot(self.where, 1)))


def put_together(trees: Sequence[Tree], where: str) -> Together:
    """Take the files for one. What stands in two of them is wrong, and both places are told."""
    whole = Together(where)
    for tree in trees:
        _add(whole, tree)
    maps = all(isinstance(tree.value, dict) for tree in trees)
    if maps and not any("instances" in tree.keys for tree in trees):
        spot = trees[0].spot if len(trees) == 1 else Spot(where, 0)
        whole.problems.append(Problem(spot.file, spot.line, "instances", missing("instances")))
    return whole


def _add(whole: Together, tree: Tree) -> None:
    if not isinstance(tree.value, dict):
        whole.problems.append(Problem.at(tree.spot, "expected a map with `version` and `instances`"))
        return
    if (version := tree.keys.get("version")) is None:
        whole.problems.append(Problem(tree.spot.file, tree.spot.line, "version", missing("version")))
    elif version.value != VERSION or isinstance(version.value, bool):
        whole.problems.append(Problem.at(version.spot, f"expected {VERSION}, found `{version.value}`"))
    for key, child in tree.keys.items():
        if key not in KEYS:
            whole.problems.append(Problem.at(child.spot, unknown_key(key, KEYS)))
        elif key in NAMED:
            _add_named(whole, key, child)
        elif key != "version":
            _once(whole, whole.single, key, child)


def _add_named(whole: Together, key: str, tree: Tree) -> None:
    what = key.removesuffix("s")
    if not isinstance(tree.value, dict):
        whole.problems.append(Problem.at(tree.spot, f"expected a map from names to {what}s"))
    elif not tree.keys and what == "instance":
        whole.problems.append(Problem.at(tree.spot, "expected at least one instance"))
    for name, child in tree.keys.items():
        if isinstance(child.value, dict):
            _once(whole, whole.named[key], name, child)
        else:
            whole.problems.append(Problem.at(child.spot, f"expected a map that describes the {what}"))


def _once(whole: Together, known: dict[str, Tree], name: str, tree: Tree) -> None:
    first = known.setdefault(name, tree)
    if first is not tree:
        place = f"{first.spot.file}:{first.spot.line}"
        advice = "keep one of the two" if name in KEYS else "rename one of the two, or keep one"
        whole.problems.append(Problem.at(tree.spot, f"expected `{name}` once; {place} has it already", advice))
