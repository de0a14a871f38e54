"""Scripts: what the tasks of one execution answer, drawn by a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

Json = dict[str, Any]

GOES_ON = {"Submit": "look15", "Look": "settle", "Settle": "done"}
"""What a task answers when its script is over, so that every execution ends."""

KNOWN = ("submit", "settle", "handover", "look15", "look30", "look60", "look120", "look300")
WEIGHTS = {"Submit": (4, 2, 1, 4, 2, 2, 2, 2), "Look": (6, 4, 1, 2, 2, 2, 2, 2), "Settle": (1,) * 8}
NO_TEXTS: tuple[Any, ...] = (None, True, False, 0, 15, 1.5, [], ["settle"], {}, {"next": "settle"})
OTHER_TEXTS = ("", "Settle", "settle ", " look15", "look", "look1500", "$Input.next", "läuft")
NO_FIELDS: tuple[Any, ...] = (
    {},
    {"Next": "settle"},
    {"nex": 1, "t": 2},
    None,
    "settle",
    7,
    [],
    ["next"],
    {"a": {"next": "settle"}},
)
STRANGE_ERRORS = (
    "TypeError",
    "throttled",
    "Throttled ",
    "ThrottledToo",
    "FC.Throttled",
    "FC.ResourceThrottledToo",
    "fc.ResourceExhausted",
    "FC.FunctionNotFound",
    "FC.InternalServerError",
    "FC.Unknown",
    "FnF.TaskTimeout",
    "FnF.RuntimeError",
    "中文",
)
"""Names that some tasks' rules list and others' do not, and names that are nearly one that a rule lists."""


@dataclass(frozen=True)
class Answer:
    """What one call of a task comes to: an output, or the name of an error."""

    output: Json | None = None
    error: str = ""


@dataclass(frozen=True)
class Script:
    """The input of one execution, and by task what its first calls come to."""

    seed: int
    input: Json
    answers: Mapping[str, Sequence[Answer]]

    @property
    def name(self) -> str:
        """Give the name of its execution."""
        return f"seed-{self.seed}"

    def answer(self, state: str, before: int) -> Answer:
        """Give what a call comes to, when so many calls of this task were before it."""
        planned = self.answers[state]
        return planned[before] if before < len(planned) else said({"next": GOES_ON[state]})


def said(body: Any) -> Answer:
    """Give an answer of Function Compute."""
    return Answer({"Header": {"X-Fc-Request-Id": "r"}, "Code": 200, "Body": body})


def script(flow: Json, seed: int) -> Script:
    """Draw a script for a flow with the tasks of `workflows/resize.yml`."""
    chance = Random(seed)  # noqa: S311 - scripts are no secrets
    tasks = {state["Name"]: state for state in flow["States"] if state["Type"] == "Task"}
    given = {
        "instance": chance.choice(("orders-mq", "edge-gateway", "队列-1")),
        "operation": chance.choice((1, 17, "7", {"number": 3})),
        **chance.choice(({}, {"next": "settle"}, {"more": [1, None, {"a": "ü"}]})),
    }
    return Script(seed, given, {name: answers(chance, task) for name, task in tasks.items()})


def answers(chance: Random, task: Json) -> list[Answer]:
    """Draw what a task's calls come to: successes, and failures in bursts, half of them by the same names again."""
    names = chance.choice(pools(task))
    found: list[Answer] = []
    for _ in range(chance.randrange(5)):
        if chance.random() < 0.5:
            found += burst(chance, chance.choice((names, chance.choice(pools(task)))))
        found.append(said(body(chance, task["Name"])))
    return found


def pools(task: Json) -> list[Sequence[str]]:
    """Give what failures are drawn from: the names of one rule, of all, or names that no rule lists."""
    rules = [[name for name in rule["Errors"] if name != "FnF.ALL"] or STRANGE_ERRORS for rule in task["Retry"]]
    every = [name for rule in rules for name in rule]
    return [*rules, *rules, every, STRANGE_ERRORS, STRANGE_ERRORS]


def burst(chance: Random, names: Sequence[str]) -> list[Answer]:
    """Draw failures: fewer than a rule forgives, as many, or more."""
    return [Answer(error=chance.choice(names)) for _ in range(chance.choice((1, 1, 2, 2, 2, 3, 3, 4)))]


def body(chance: Random, state: str) -> Any:
    """Draw what a function answers."""
    kind = chance.random()
    if kind < 0.04:
        return chance.choice(NO_FIELDS)
    if kind < 0.08:
        return {"next": chance.choice(NO_TEXTS)}
    if kind < 0.18:
        return {"next": chance.choice(OTHER_TEXTS)}
    (known,) = chance.choices(KNOWN, WEIGHTS[state])
    return {"next": known, **chance.choice(({}, {}, {"why": "it is so", "Next": "settle"}))}
