"""One instance of the file: validated by the domain, and every error brought back to the line it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from tidegate.domain.faults import Faulty
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile.phrases import missing, phrase, unknown_key
from tidegate.policyfile.problems import Problem, Spot, Where
from tidegate.policyfile.rungs import rung_problems
from tidegate.policyfile.tree import Tree

REQUIRED = {"product": "rabbitmq", "region": "x", "instance_id": "x", "ladder": [{"rung": "x", "x": 1}]}
"""What an instance must say, with something in its place while the rest is looked at."""
LISTS = ("timetable", "alerts", "notify")
SKIPPED = ("spec", "int", "bool", "str", "list[str]")
"""Parts of an error's place that are the model's, not the file's."""

Errors = list[dict[str, Any]]


def read_instance(name: str, tree: Tree, file: str) -> tuple[InstancePolicy | None, list[Problem]]:
    """Read one instance, profiles merged in. Gives it, or all that is wrong with it."""
    policy, errors = _validate(name, tree.plain())
    problems = [*_located(tree, errors, file), *_other(tree, file)]
    if errors and (rest := _without_broken(tree, errors)) is not None:
        # What single fields hide from view: contradictions between the ones that are right.
        _, more = _validate(name, rest.plain())
        problems += [one for one in _located(rest, more, file, only_faults=True) if one not in problems]
    return (None if problems else policy), problems


def read_profile(tree: Tree, file: str) -> list[Problem]:
    """All that is wrong with a profile by itself; an instance may still add what is missing, or say otherwise."""
    standing_in = {key: value for key, value in REQUIRED.items() if key not in tree.keys}
    _, errors = _validate("profile", {**standing_in, **tree.plain()})
    own = [error for error in errors if not isinstance(_cause(error), Faulty)]
    return [*_located(tree, own, file), *_other(tree, file)]


def _validate(name: str, written: Mapping[str, Any]) -> tuple[InstancePolicy | None, Errors]:
    try:
        return InstancePolicy.model_validate({**written, "name": name}), []
    except ValidationError as error:
        return None, [dict(each) for each in error.errors(include_url=False)]


def _other(tree: Tree, file: str) -> Iterator[Problem]:
    """What the domain does not know: the product's fields, the countries with calendars, where names come from."""
    yield from rung_problems(tree, file)
    if (named := tree.child("name")) is not None:
        yield _problem(named.spot, unknown_key("name", []) + "; an instance's name is the key it stands under", file)
    country, left = tree.find(("calendars", "workdays", "country"))
    if not left and isinstance(country.value, str) and not _has_calendar(country.value):
        yield _problem(country.spot, f"expected a country whose holidays are known, found `{country.value}`", file)


def _has_calendar(country: str) -> bool:
    import holidays  # noqa: PLC0415 - it takes a while to load, and most policies name no country

    try:
        holidays.country_holidays(country)
    except NotImplementedError:
        return False
    return True


def _located(tree: Tree, errors: Errors, file: str, *, only_faults: bool = False) -> list[Problem]:
    problems = []
    places = [(*tree.find(_in_file(error["loc"])), error) for error in errors]
    for spot, group in groupby(places, key=lambda place: (place[0].spot, place[1])):
        found = list(group)
        faulty = _cause(found[0][2])
        if isinstance(faulty, Faulty):
            problems += [_fault(tree, fault.where, fault.why, file) for fault in faulty.faults]
        elif not only_faults:
            problems.append(_error(found[0][0], spot[1], [error for *_, error in found], file))
    return problems


def _error(found: Tree, left: Where, errors: Errors, file: str) -> Problem:
    if left and errors[0]["type"] != "extra_forbidden":
        key = str(left[-1])
        return Problem(found.spot.line, found.spot.at(key), missing(key), file)
    return _problem(found.spot, phrase(errors, found), file)


def _fault(tree: Tree, where: Where, why: str, file: str) -> Problem:
    return _problem(tree.find(where)[0].spot, why, file)


def _problem(spot: Spot, expected: str, file: str) -> Problem:
    return Problem(spot.line, spot.path, expected, file)


def _cause(error: Mapping[str, Any]) -> object:
    return error.get("ctx", {}).get("error")


def _in_file(loc: Where) -> Where:
    """An error's place as the file has it. An instance's name is no key of its own."""
    return tuple(key for key in loc if key not in SKIPPED and loc != ("name",))


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
