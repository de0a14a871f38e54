"""What must never be: a secret in sight, an uninvited move, an execution without bounds, a play that went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator

from localcloud.project.simulate.checks.history import Chronicle, History
from localcloud.project.simulate.checks.violation import Violation
from localcloud.project.simulate.stage import SECRETS
from tidegate.domain.facts import Adopted

MOST_EVENTS = 2500
LONGEST_WAIT_S = 300.0


def check(history: History) -> Iterator[Violation]:
    """Check these of a week."""
    trace = history.trace
    for why in trace.wrong:
        yield Violation("sound play", "", None, why)
    yield from _executions(history)
    yield from _secrets(history)
    for chronicle in history.chronicles.values():
        yield from _uninvited(history, chronicle)


def _executions(history: History) -> Iterator[Violation]:
    executions = history.trace.executions
    for name, execution in executions.all.items():
        instance = str(execution.input.get("instance", "")).partition("@")[0]
        if (events := len(execution.history.events)) > MOST_EVENTS:
            yield Violation("short executions", instance, None, f"execution {name} has {events} events")
        if execution.running and history.trace.at_rest:
            yield Violation("comes to rest", instance, history.trace.ended_at, f"execution {name} is running still")
    if executions.longest_wait_s > LONGEST_WAIT_S:
        yield Violation("short executions", "", None, f"an execution waited for {executions.longest_wait_s:g} s")


def _secrets(history: History) -> Iterator[Violation]:
    """Look for secrets where people or machines may read: all at once, and piece by piece only where one is found."""
    trace = history.trace
    kept = [*trace.bodies.values()]
    shown = [
        *trace.logs,
        *(f"{said.title}\n{said.text}" for said in trace.said),
        *(json.dumps(list(each.answers), default=str) for each in trace.delivered),
        *(json.dumps(each.answer, default=str) for each in trace.asked),
        *(json.dumps([each.input, each.output, each.error, each.cause]) for each in trace.executions.all.values()),
    ]
    joined, body = "\n".join(shown), b"\n".join(kept)
    for secret in (*SECRETS, trace.script.hook_token):
        if secret in joined:
            where = next(text for text in shown if secret in text)
            yield Violation("no secret", "", None, f"{secret} is in: {where[:200]}")
        if secret.encode() in body:
            where = next(place for place, each in trace.bodies.items() if secret.encode() in each)
            yield Violation("no secret", "", trace.created[where], f"{secret} is in {where}")


def _uninvited(history: History, chronicle: Chronicle) -> Iterator[Violation]:
    adopted = next((entry.seq for entry in chronicle.entries if isinstance(entry.fact, Adopted)), None)
    for course in chronicle.courses.values():
        if adopted is None or course.planned.seq < adopted:
            why = f"operation {course.number} was planned before anything was adopted"
            yield Violation("nothing uninvited", chronicle.name, course.planned.created_at, why)
        policy = history.policy_of(course.planned.policy, chronicle.name)
        if policy is None or policy.mode != "act":
            why = f"operation {course.number} was planned by policy {course.planned.policy}, which only observes it"
            yield Violation("nothing uninvited", chronicle.name, course.planned.created_at, why)
        known = history.in_force(history.known_since(course.planned.created_at), course.planned.created_at)
        if course.planned.policy not in {each.hash for each in known}:
            why = f"operation {course.number} was planned by policy {course.planned.policy}, not in force any more"
            yield Violation("nothing uninvited", chronicle.name, course.planned.created_at, why)
