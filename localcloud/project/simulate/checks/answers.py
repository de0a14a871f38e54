"""What came in: everything that was answered at a door has its record, and a dry run has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from localcloud.project.scenario.payloads import event_of
from localcloud.project.simulate.checks.history import LATENCY, History
from localcloud.project.simulate.checks.violation import Violation
from localcloud.project.simulate.script import Deed, ringing_of
from localcloud.project.simulate.trace import Delivered
from tidegate.alerts import read, receive

TAKEN = 2
"""The hundreds of a status that says that an alert was taken in."""
ONCE_FOR = timedelta(days=3)
"""For so long a duplicate is known for one."""


def check(history: History) -> Iterator[Violation]:
    """Check the answers of a week."""
    yield from _alerts(history)
    yield from _requests(history)
    yield from _once(history)
    yield from _inbox(history)


def _alerts(history: History) -> Iterator[Violation]:
    keys: dict[int, Sequence[str]] = {}
    for each in history.trace.delivered:
        name = each.deed.instance
        if each.status // 100 != TAKEN:
            continue
        if any(answer["answer"] == "rejected" for answer in each.answers) or not each.answers:
            if not _is_known(history, each):
                continue
            why = f"alert {each.deed.rule} {each.deed.state} ({each.deed.form}) was turned down: {list(each.answers)}"
            yield Violation("everything is answered", name, each.at, why)
            continue
        if id(each.deed) not in keys:
            keys[id(each.deed)] = _keys(history, each.deed)
        chronicle = next((one for one in history.chronicles.values() if one.name == name), None)
        for key in keys[id(each.deed)]:
            if (chronicle is None or key not in chronicle.answered) and not _waits(history, name, key):
                said = [answer["answer"] for answer in each.answers]
                why = (
                    f"alert {each.deed.rule} {each.deed.state} was answered {said}, and no record answers its key {key}"
                )
                yield Violation("everything is answered", name, each.at, why)


def _is_known(history: History, delivered: Delivered) -> bool:
    """Whether each policy that was in force meanwhile has the rule that rang."""
    known = history.in_force(delivered.at - LATENCY, delivered.at)
    policies = [each.policies.get(delivered.deed.instance) for each in known]
    return all(one is not None and any(rule.rule == delivered.deed.rule for rule in one.alerts) for one in policies)


def _keys(history: History, deed: Deed) -> Sequence[str]:
    """The keys of an alert, as its format is read: what a duplicate is, is a matter of the formats."""
    policy = next(one for each in history.trace.pushed for name, one in each.policies.items() if name == deed.instance)
    script = history.trace.script
    ringing = ringing_of(script, deed, policy, history.trace.vendor.world.account_id)
    event = event_of(ringing, deed.form, script.hook_token)
    return [alert.key for alert in read(receive(event)).alerts]


def _requests(history: History) -> Iterator[Violation]:
    by_name = {chronicle.name: chronicle for chronicle in history.chronicles.values()}
    fleet_words = {(entry.state.get("pause_word") or {}).get("key") for entry in history.fleet}
    for asked in history.trace.asked:
        name, is_dry = asked.deed.instance or "fleet", bool(asked.form.get("dry_run"))
        if is_dry:
            if any(asked.key in chronicle.answered for chronicle in by_name.values()) or _is_found(history, asked.key):
                yield Violation("dry runs", name, asked.at, f"request {asked.key} was a dry run, and is kept")
            continue
        if asked.answer is None or "mistake" in asked.answer:
            continue
        if "decision" not in asked.answer:
            yield Violation("everything is answered", name, asked.at, f"request {asked.key} got {dict(asked.answer)}")
        if asked.form.get("fleet"):
            kept = asked.key in fleet_words or asked.form["verb"] == "unpause"
        else:
            answered = name in by_name and asked.key in by_name[name].answered
            kept = answered or _waits(history, name, asked.key)
        if not kept:
            why = f"request {asked.key} ({asked.form['verb']}) was answered {dict(asked.answer)}, and no record has it"
            yield Violation("everything is answered", name, asked.at, why)


def _waits(history: History, name: str, key: str) -> bool:
    """Whether it is kept for an instance that does not exist, should that ever do: nothing is adopted before."""
    return name in history.missing.values() and _is_found(history, key)


def _is_found(history: History, key: str) -> bool:
    """Whether a request is anywhere in the bucket. A key may begin as another one does, so its end counts."""
    mark = f'"{key}"'.encode()
    return any(mark in body for body in history.trace.bodies.values())


def _once(history: History) -> Iterator[Violation]:
    for chronicle in history.chronicles.values():
        for key, answers in chronicle.answered.items():
            for (before, _), (entry, _) in pairwise(answers):
                if entry.at - before.at < ONCE_FOR:
                    why = f"{key} is answered by record {before.seq}, and again by {entry.seq}"
                    yield Violation("everything is answered", chronicle.name, entry.created_at, why)


def _inbox(history: History) -> Iterator[Violation]:
    if history.trace.at_rest:
        for place in history.trace.bodies:
            if place.startswith("inbox/"):
                instance = place.split("/")[-2]
                if instance in history.missing:
                    continue
                yield Violation("the inbox empties", instance, history.trace.ended_at, f"{place} waits still")
