"""Which parts of a flow some executions came through, told from their traces and the parsed YAML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.engine.traces import Trace, Visit

Json = dict[str, Any]


def wanted(flow: Json) -> set[str]:
    """Name all that executions of a flow are to come through."""
    return {part for state in flow["States"] for part in wanted_of(state)}


def wanted_of(state: Json) -> Iterator[str]:
    """Name what there is to be seen of one state."""
    name = state["Name"]
    yield name
    if state["Type"] == "Choice":
        yield from (f"{name}: {text}" for text in (*texts(state), "another text", "no text"))
    if state["Type"] != "Task":
        return
    yield f"{name} answers without what its OutputConstructor reads"
    for number, rule in enumerate(state["Retry"]):
        yield from (f"{name}.Retry[{number}] {how}" for how in ("helps", "is exhausted"))
        yield from (f"{name}.Retry[{number}] by {error}" for error in rule["Errors"])
    if len(state["Retry"]) > 1:
        yield f"{name}.Retry by turns"
    yield from (f"{name}.Catch[{number}]" for number, _ in enumerate(state["Catch"]))


def seen(flow: Json, trace: Trace) -> Iterator[str]:
    """Name what one execution came through."""
    states = {state["Name"]: state for state in flow["States"]}
    earlier: Counter[str] = Counter()
    for visit in trace.visits:
        state = states[visit.state]
        yield visit.state
        if state["Type"] == "Choice":
            text = visit.input["next"]
            unlike = "another text" if isinstance(text, str) else "no text"
            yield f"{visit.state}: {text if text in texts(state) else unlike}"
        if state["Type"] == "Task":
            yield from seen_of(state, visit, earlier)


def seen_of(state: Json, visit: Visit, earlier: Counter[str]) -> Iterator[str]:
    """Name what one visit of a task came through; `earlier` counts the failures of visits before, by rule."""
    now: Counter[str] = Counter()
    limits: dict[str, int] = {}
    for call in visit.calls:
        number = first(state["Retry"], call.error) if call.error else None
        if number is None:
            continue
        rule = f"{visit.state}.Retry[{number}]"
        limits[rule] = state["Retry"][number]["MaxAttempts"]
        now[rule] += 1
        names = state["Retry"][number]["Errors"]
        yield f"{rule} by {call.error if call.error in names else 'FnF.ALL'}"
    last = visit.calls[-1].error
    for rule, times in now.items():
        yield f"{rule} is exhausted" if times > limits[rule] else f"{rule} helps"
        if earlier[rule] and times + min(earlier[rule], limits[rule]) > limits[rule]:
            yield f"{rule} counts anew"
    if len(now) > 1:
        yield f"{visit.state}.Retry by turns"
    if last:
        yield f"{visit.state}.Catch[{first(state['Catch'], last)}]"
        yield from () if now else (f"{visit.state} is not tried again",)
    elif visit.output is None:
        yield f"{visit.state} answers without what its OutputConstructor reads"
    earlier.update(now)


def texts(choice: Json) -> list[str]:
    """Give the texts that a choice knows."""
    return [branch["Condition"].split('"')[1] for branch in choice["Branches"]]


def first(rules: list[Json], error: str) -> int | None:
    """Give the number of the first rule for an error."""
    return next((n for n, rule in enumerate(rules) if error in rule["Errors"] or "FnF.ALL" in rule["Errors"]), None)
