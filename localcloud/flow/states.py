"""Reads states, each type with its own fields (fact flow 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from localcloud.flow.expressions import condition
from localcloud.flow.faults import Place
from localcloud.flow.fields import Fields
from localcloud.flow.model import Body, Choice, Fail, Map, Parallel, Pass, Scope, State, Succeed, Wait
from localcloud.flow.rules import read_catch, read_retry
from localcloud.flow.tasks import read_task
from localcloud.flow.template import Template, dynamic, template
from localcloud.flow.tokens import ExpressionError

LONGEST_WAIT_S, LONGEST_EXPRESS_WAIT_S = 300, 20
MOST_BRANCHES, MOST_AT_ONCE = 50, 40

NAMED = frozenset({"Type", "Name", "Description", "InputConstructor"})
MOVING = NAMED | {"Next", "End", "GlobalConstructor"}
BUILDING = MOVING | {"OutputConstructor"}
RETRIED = BUILDING | {"Retry", "Catch"}
KNOWN: Mapping[str, frozenset[str]] = {
    "Task": RETRIED | {"Action", "TaskMode", "Parameters", "Timeout", "Timeout.$"},
    "Choice": NAMED | {"Branches", "Default"},
    # Whether a Wait takes an OutputConstructor is not known, so that nothing may rest on it.
    "Wait": MOVING | {"Seconds", "Seconds.$"},
    "Pass": BUILDING,
    "Succeed": BUILDING - {"Next"},
    "Fail": NAMED | {"End", "OutputConstructor", "Code", "Detail"},
    "Parallel": RETRIED | {"Branches"},
    "Map": RETRIED | {"ItemsPath", "Processor", "MaxConcurrency", "MaxConcuccency"},
}


class ReadScope(Protocol):
    """Reads the scope inside a state."""

    def __call__(self, node: Any, place: Place, *, express: bool) -> Scope:
        """Read one scope at `place`."""


def read_state(node: Any, place: Place, read_scope: ReadScope, *, express: bool) -> State:
    """Read one state."""
    fields = Fields.of(node, place)
    name = fields.text("Name")
    fields = Fields(fields.node, Place(name))
    word = fields.text("Type")
    if word not in KNOWN:
        raise fields.place.at("Type").fault(f"{', '.join(KNOWN)} expected, not {word!r}")
    fields.only(KNOWN[word])
    fields.text("Description", "")
    return State(
        name=name,
        next=read_next(fields, word),
        body=read_body(word, fields, read_scope, express=express),
        input=constructor(fields, "InputConstructor"),
        output=constructor(fields, "OutputConstructor", output=True),
        globals=constructor(fields, "GlobalConstructor", output=True),
        retry=read_retry(fields),
        catch=read_catch(fields),
    )


def read_next(fields: Fields, word: str) -> str:
    """Read where a state leads; empty where its scope ends."""
    if word in {"Choice", "Succeed", "Fail"}:
        if fields.node.get("End", True) is not True:
            raise fields.place.at("End").fault("this state always ends")
        return ""
    if fields.flag("End") == ("Next" in fields.node):
        raise fields.place.at("Next").fault("either Next or End: true, and only one of them")
    return "" if fields.flag("End") else fields.text("Next")


def constructor(fields: Fields, name: str, *, output: bool = False) -> Template | None:
    """Read one constructor, where there is one."""
    if name not in fields.node:
        return None
    return template(fields.node[name], fields.place.at(name), output=output)


def read_body(word: str, fields: Fields, read_scope: ReadScope, *, express: bool) -> Body:
    """Read what is special about a state's type."""
    if word == "Task":
        return read_task(fields, express=express)
    if word == "Wait":
        return read_wait(fields, express=express)
    if word == "Parallel":
        return read_parallel(fields, read_scope, express=express)
    return read_map(fields, read_scope, express=express) if word == "Map" else PLAIN[word](fields)


def read_wait(fields: Fields, *, express: bool) -> Wait:
    """Read a Wait: seconds, constant or computed."""
    longest_s = LONGEST_EXPRESS_WAIT_S if express else LONGEST_WAIT_S
    if "Seconds.$" in fields.node:
        if "Seconds" in fields.node:
            raise fields.place.at("Seconds").fault("either Seconds or Seconds.$, not both")
        return Wait(dynamic(fields.node["Seconds.$"], fields.place.at("Seconds.$")), longest_s)
    return Wait(fields.whole("Seconds", 1, longest_s), longest_s)


def read_choice(fields: Fields) -> Choice:
    """Read a Choice: conditions in order, and where to go when none holds."""
    branches = []
    for node, place in fields.items("Branches"):
        branch = Fields.of(node, place)
        branch.only(frozenset({"Condition", "Next"}))
        try:
            branches.append((condition(branch.text("Condition")), branch.text("Next")))
        except ExpressionError as error:
            raise place.at("Condition").fault(str(error)) from error
    return Choice(tuple(branches), fields.text("Default"))


def read_parallel(fields: Fields, read_scope: ReadScope, *, express: bool) -> Parallel:
    """Read a Parallel: up to 50 branches."""
    branches = fields.items("Branches", MOST_BRANCHES)
    return Parallel(tuple(read_scope(node, place, express=express) for node, place in branches))


def read_map(fields: Fields, read_scope: ReadScope, *, express: bool) -> Map:
    """Read an inline Map. The documentation spells the limit in two ways; either is taken, not both."""
    if {"MaxConcurrency", "MaxConcuccency"} <= fields.node.keys():
        raise fields.place.at("MaxConcuccency").fault("the same as MaxConcurrency, which is there too")
    name = "MaxConcuccency" if "MaxConcuccency" in fields.node else "MaxConcurrency"
    at_once = fields.whole(name, 1, MOST_AT_ONCE, default=MOST_AT_ONCE)
    items = dynamic(fields.text("ItemsPath"), fields.place.at("ItemsPath"))
    if "Processor" not in fields.node:
        raise fields.place.at("Processor").fault("is missing")
    return Map(items, read_scope(fields.node["Processor"], fields.place.at("Processor"), express=express), at_once)


PLAIN: Mapping[str, Callable[[Fields], Body]] = {
    "Choice": read_choice,
    "Pass": lambda _: Pass(),
    "Succeed": lambda _: Succeed(),
    "Fail": lambda fields: Fail(fields.text("Code", ""), fields.text("Detail")),
}
