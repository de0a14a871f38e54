"""A scenario's folder: `scenario.yaml`, `world.yaml`, and the policy in `policy.yaml` or in the files of `policy/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from localcloud.project.scenario.mentions import Known, mistakes
from localcloud.project.scenario.model import Scenario, Step
from localcloud.project.scenario.times import moment
from localcloud.project.up import compiled
from localcloud.world import BadWorld, World
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import BadPolicy, Problem
from tidegate.policyfile.located import errors_of, located
from tidegate.policyfile.tree import Tree, read_tree

SCENARIO, WORLD = "scenario.yaml", "world.yaml"
POLICIES = ("policy.yaml", "policy")
NEVER = datetime.max.replace(tzinfo=timezone.utc)


class BadScenario(ValueError):  # noqa: N818 - reads as what it is
    """A folder that cannot be played: a line for everything that is wrong with it."""


@dataclass(frozen=True)
class Timed:
    """A step, and the instant at which it happens."""

    at: datetime
    step: Step


@dataclass(frozen=True)
class Compiled:
    """A policy ready to be put in force."""

    documents: Mapping[str, Any] = field(repr=False)
    index: Mapping[str, Any] = field(repr=False)

    @property
    def instances(self) -> dict[str, InstancePolicy]:
        """What it says of each instance."""
        return {name: InstancePolicy.model_validate(document) for name, document in self.documents.items()}


@dataclass(frozen=True)
class Folder:
    """Everything that is needed to play a scenario."""

    path: Path
    scenario: Scenario
    world: World
    policies: Mapping[str, Compiled]
    """By file name; the empty name is the one in force from the beginning."""
    start: datetime
    steps: tuple[Timed, ...]
    until: datetime

    @property
    def policy(self) -> Compiled:
        """The policy in force from the beginning."""
        return self.policies[""]


def read_folder(path: Path) -> Folder:
    """Read a folder. Raises BadScenario with everything that is wrong in one file, or between the files."""
    if not path.is_dir():
        raise BadScenario(f"{path}: expected a folder with {SCENARIO}, {WORLD} and {POLICIES[0]}")
    try:
        return _read(path)
    except OSError as error:
        raise BadScenario(f"{error.filename}: {error.strerror}") from error
    except (BadPolicy, BadWorld) as error:
        raise BadScenario(str(error)) from error


def check_unused(ledger: Path | None) -> None:
    """Raise BadScenario where the file of a ledger is there already, or none can be begun there."""
    if ledger is None:
        return
    from tidegate.ledger.shelf import ShelfUnavailable  # noqa: PLC0415 - only for who wants to keep the ledger
    from tidegate.ledger.sqlite import SqliteShelf  # noqa: PLC0415 - as above

    try:
        if ledger.exists():
            raise BadScenario(f"{ledger}: it is there already, and every story begins with an empty ledger")
        SqliteShelf(ledger, {}).close()
    except OSError as error:
        raise BadScenario(f"{ledger}: {error.strerror or error}") from error
    except ShelfUnavailable as error:
        raise BadScenario(f"{ledger}: {error}") from error


def _read(path: Path) -> Folder:
    tree, scenario = _read_scenario(path / SCENARIO)
    world = _read_world(path / WORLD)
    pushed = {step.do.push for step in scenario.steps if step.do.push}
    found = next((path / name for name in POLICIES if (path / name).exists()), path / POLICIES[0])
    policies = {"": Compiled(*compiled(found))}
    policies |= {name: Compiled(*compiled(path / name)) for name in sorted(pushed)}
    start = world.begins_at(NEVER)
    problems: list[Problem] = []
    times = _times(scenario, tree, start, problems)
    ladders = {name: each.rungs.names for policy in policies.values() for name, each in policy.instances.items()}
    ids = {instance.instance_id for instance in world.instances}
    known = Known(ladders, {name: each.instance_id in ids for name, each in policies[""].instances.items()})
    problems += [Problem.at(tree.find(where)[0].spot, why) for where, why in mistakes(scenario, known)]
    if problems:
        raise BadPolicy(problems)
    steps = tuple(Timed(at, step) for at, step in zip(times, scenario.steps, strict=False))
    return Folder(path, scenario, world, policies, start, steps, times[-1])


def _read_scenario(path: Path) -> tuple[Tree, Scenario]:
    body = path.read_bytes()
    if not body.strip():
        raise BadScenario(f"{path}: expected a scenario, and the file is empty")
    tree = read_tree(body, str(path))
    try:
        return tree, Scenario.model_validate(tree.plain())
    except ValidationError as error:
        raise BadPolicy(located(tree, errors_of(error), Scenario)) from error


def _read_world(path: Path) -> World:
    world = World.load(path)
    if world.start == "now" or world.start.tzinfo is None:
        raise BadScenario(f"{path}: start: expected a time with its offset, such as 2026-11-10T20:00:00+08:00")
    return world


def _times(scenario: Scenario, tree: Tree, start: datetime, problems: list[Problem]) -> list[datetime]:
    """When each step happens, reckoned from the one before it, and last of all the end."""
    before, times = start, []
    written = [(("steps", index, "at"), step.at) for index, step in enumerate(scenario.steps)]
    for where, text in [*written, (("until",), scenario.until)]:
        spot = tree.find(where)[0].spot
        try:
            at = moment(text, before, scenario.timezone)
        except ValueError as error:
            problems.append(Problem.at(spot, str(error)))
            continue
        if at < before:
            problems.append(Problem.at(spot, f"expected a time not before what stands above it, found `{text}`"))
        before = max(at, before)
        times.append(before)
    return times
