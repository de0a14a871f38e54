"""Validation errors brought back to the line they stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ValidationError

from tidegate.domain.faults import Faulty
from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile.phrases import KEY, missing, phrase
from tidegate.policyfile.problems import Problem, Where
from tidegate.policyfile.tree import Tree

INNER = ("spec", "action", "int", "bool", "str", "list[str]", KEY)
"""Parts of an error's place that are the model's, not the file's."""

Errors = Sequence[Mapping[str, Any]]


def errors_of(error: ValidationError) -> list[dict[str, Any]]:
    """The single errors."""
    return [dict(each) for each in error.errors(include_url=False)]


def located(tree: Tree, errors: Errors, model: type[BaseModel] = InstancePolicy) -> Iterator[Problem]:
    """Every error in words, and where it stands. Several of one place (a union's) are told as one."""
    places = [(*tree.find(_in_file(error["loc"])), error) for error in errors]
    for _, group in groupby(places, key=lambda place: (place[0].spot, place[1])):
        found = list(group)
        here, left, first = found[0]
        if isinstance(faulty := cause_of(first), Faulty):
            yield from (Problem.at(tree.find(fault.where)[0].spot, fault.why) for fault in faulty.faults)
        else:
            yield _error(here, left, [error for *_, error in found], model)


def cause_of(error: Mapping[str, Any]) -> object:
    """The exception behind an error, None where there is none."""
    return error.get("ctx", {}).get("error")


def _error(found: Tree, left: Where, errors: Errors, model: type[BaseModel]) -> Problem:
    if left and isinstance(key := left[-1], str) and errors[0]["type"] != "extra_forbidden":
        return Problem(found.spot.file, found.spot.line, found.spot.at(key), missing(key))
    return Problem.at(found.spot, phrase(errors, found, model))


def _in_file(loc: Where) -> Where:
    """An error's place as the file has it. An instance's name is no key of its own."""
    return tuple(key for key in loc if key not in INNER and loc != ("name",))
