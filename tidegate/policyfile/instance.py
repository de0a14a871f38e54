"""One instance of the file: validated by the domain and against what its product sells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from tidegate.domain.faults import Faulty
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile.freezes import CalendarFiles
from tidegate.policyfile.located import cause_of, errors_of, located
from tidegate.policyfile.metrics import metric_problems
from tidegate.policyfile.phrases import instead, unknown_key
from tidegate.policyfile.problems import Problem
from tidegate.policyfile.rungs import rung_problems
from tidegate.policyfile.tree import Tree
from tidegate.policyfile.written import fields_of, without_unwritten

REQUIRED = {"product": "rabbitmq", "region": "x", "instance_id": "x", "ladder": [{"rung": "x", "x": 1}]}
"""What an instance must say, with something in its place while the rest is looked at."""
LISTS = ("timetable", "alerts", "blackouts", "freezes", "notify")

Errors = list[dict[str, Any]]


def read_instance(name: str, tree: Tree, calendars: CalendarFiles) -> tuple[InstancePolicy | None, list[Problem]]:
    """Read one instance, profiles and defaults merged in. Gives it, or all that is wrong with it."""
    written, problems = _written(tree)
    policy, errors = _validate(name, written.plain())
    problems += located(written, errors)
    if errors and (rest := _without_broken(written, errors)) is not None:
        # What single fields hide from view: contradictions between the ones that are right.
        _, more = _validate(name, rest.plain())
        faults = located(rest, [error for error in more if isinstance(cause_of(error), Faulty)])
        problems += [fault for fault in faults if fault not in problems]
    policy, unread = calendars.embed(policy, written)
    problems += unread
    return (None if problems else policy), problems


def read_profile(tree: Tree) -> list[Problem]:
    """All that is wrong with a profile by itself; an instance may still add what is missing, or say otherwise."""
    written, problems = _written(tree)
    standing_in = {key: value for key, value in REQUIRED.items() if key not in written.keys}
    _, errors = _validate("profile", {**standing_in, **written.plain()})
    return problems + list(located(written, [error for error in errors if not isinstance(cause_of(error), Faulty)]))


def _validate(name: str, written: Mapping[str, Any]) -> tuple[InstancePolicy | None, Errors]:
    try:
        return InstancePolicy.model_validate({**written, "name": name}), []
    except ValidationError as error:
        return None, errors_of(error)


def _written(tree: Tree) -> tuple[Tree, list[Problem]]:
    """The tree without what no file may say, and all that the domain does not know to be wrong."""
    written, gone = without_unwritten(tree)
    problems = []
    for child, key, model in gone:
        hint = "; an instance's name is the key it stands under" if model is InstancePolicy else ""
        known = [] if hint else list(fields_of(model))
        problems.append(Problem.at(child.spot, unknown_key(key, known) + hint))
    return written, [*problems, *rung_problems(written), *metric_problems(written), *_country_problems(written)]


def _country_problems(tree: Tree) -> Iterator[Problem]:
    country, left = tree.find(("calendars", "workdays", "country"))
    if not left and isinstance(country.value, str) and not _has_calendar(country.value):
        yield Problem.at(country.spot, f"expected a country whose holidays are known{instead(country.value)}")


def _has_calendar(country: str) -> bool:
    from tidegate.app.calendars import calendar_of  # noqa: PLC0415 - it takes a while to load, and few name a country

    try:
        calendar_of(country)
    except NotImplementedError:
        return False
    return True


def _without_broken(tree: Tree, errors: Errors) -> Tree | None:
    """The instance without what is wrong in itself; None where nothing could be said of the rest."""
    if any(error["loc"][:1] == ("ladder",) for error in errors):
        return None
    keys = dict(tree.keys)
    for key in LISTS:
        broken = {error["loc"][1] for error in errors if error["loc"][:1] == (key,) and len(error["loc"]) > 1}
        if broken:
            kept = [item for index, item in enumerate(keys[key].items) if index not in broken]
            keys[key] = replace(keys[key], value=kept)
    for error in errors:
        key = str(error["loc"][0]) if error["loc"] else ""
        if key not in LISTS or len(error["loc"]) == 1:
            keys.pop(key, None)
            if key in REQUIRED:
                keys[key] = Tree(REQUIRED[key], tree.spot)
    return replace(tree, value=keys)
