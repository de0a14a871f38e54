"""A dry run decides as a real run does, writes nothing, and orders nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings

from tests.app.paper import Paper, Papered
from tests.domain.deeds import DEEDS, console
from tests.domain.strategies import SEEDS, chance_of, policies
from tests.sampling import draws
from tidegate.app.consider import consider
from tidegate.app.reconcile import reconcile
from tidegate.app.report import NotKnown, explain, history, plan, receipt, status
from tidegate.app.report.upcoming import Ahead, home_of, upcoming
from tidegate.app.requests import receive_request
from tidegate.app.surroundings import Surroundings
from tidegate.domain.guards import DESPITE
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import AlertState, Verb
from tidegate.domain.verdict import Decision, Resize

Opens = Callable[..., Any]
STEPS = 30
MINUTES = (0, 1, 1, 2, 7, 20, 61, 200, 700)
READS = ("Describe", "List", "Get", "Query")
"""How the vendor's actions begin that change nothing."""


def opened(policy: InstancePolicy, seed: int, steps: int = 0, deeds: Any = DEEDS) -> tuple[Paper, Papered]:
    """An account with one instance, after so many things have happened."""
    desk, chance = Paper(), chance_of(seed)
    desk.add(policy.instance_id, chance.randrange(len(policy.ladder)))
    life = Papered(desk, policy, chance)
    desk.push(policy)
    for _ in range(steps):
        happens(desk, life, deeds)
        if chance.random() < 0.8:
            book = desk.book()
            reconcile(desk.around, book.read(policy.name), book.hash, force_read=True)
        if chance.random() < 0.8:
            desk.carry()
    return desk, life


def happens(desk: Paper, life: Papered, deeds: Any = DEEDS) -> None:
    """Time passes, and something happens."""
    desk.now += timedelta(minutes=life.chance.choice(MINUTES), seconds=life.chance.randrange(60))
    desk.post(life.policy.name, *life.chance.choice(deeds)(cast("Any", life)))


def in_short(decision: Decision) -> tuple[str, ...]:
    """What was decided, without its words."""
    return (decision.code, decision.start.name, decision.end.name) if isinstance(decision, Resize) else (decision.code,)


@draws(20, derandomize=True)
@given(policy=policies(), seed=SEEDS)
def test_a_dry_run_comes_to_what_the_real_run_then_does(policy: InstancePolicy, seed: int) -> None:
    """At any moment of any story: the same decision and refusals; and the dry one leaves every byte alone."""
    desk, life = opened(policy, seed)
    for _ in range(STEPS):
        happens(desk, life)
        assert_alike(desk, policy.name)
        if life.chance.random() < 0.8:
            desk.carry()


def assert_alike(desk: Paper, name: str) -> None:
    """Decide on paper, then in earnest."""
    book, before = desk.book(), (desk.kept(), list(desk.orders))
    considered = consider(desk.around, book.read(name), book.hash, limits=book.limits)
    assert (desk.kept(), desk.orders) == before
    verdict = reconcile(desk.around, book.read(name), book.hash, force_read=True)
    if considered.decision.code == "unread":
        # What stands where it is wanted by all that is known is left alone; a dry run says that it could not look.
        assert verdict.decision.code in ("unread", "as-wanted")
        return
    assert in_short(verdict.decision) == in_short(considered.decision), considered.decision.reason
    refused = {answer.key: answer.reason for answer in verdict.answers if answer.refused}
    assert refused == {key: why for key, why in considered.refused.items() if why}, "refusals"


def any_form(life: Papered) -> dict[str, Any]:
    """A request as it comes in on the wire: any verb, some of them mistaken."""
    chance = life.chance
    life.keys += 1
    form: dict[str, Any] = {"verb": chance.choice(list(Verb)).value, "instance": life.policy.name, "caller": "li"}
    form |= {"key": f"request-{life.keys}", "reason": chance.choice(("because", ""))}
    if form["verb"] == "resize":
        form |= {
            "to": chance.choice((*life.rungs, "huge")),
            "despite": chance.sample(DESPITE, chance.choice((0, 0, 2))),
        }
        form |= chance.choice(({"for": "2h"}, {"until_released": True}, {}, {"for": "40d"}))
    if form["verb"] in ("pause", "cancel"):
        form |= chance.choice(({"for": "2h"}, {}, {"until": (life.now - timedelta(hours=1)).isoformat()}))
    if form["verb"] == "approve":
        form |= {"approval": chance.choice(("", "nothing"))}
    return form


@draws(20, derandomize=True)
@given(policy=policies(), seed=SEEDS)
def test_a_rehearsed_request_is_answered_as_the_real_one_is(policy: InstancePolicy, seed: int) -> None:
    """Of any verb, at any moment; and the rehearsal leaves every byte alone."""
    unseen = [deed for deed in DEEDS if deed is not console]
    desk, life = opened(policy, seed, 1, unseen)
    for _ in range(STEPS):
        happens(desk, life, unseen)
        form = any_form(life)
        before = desk.kept(), list(desk.orders)
        rehearsed = receive_request(desk.around, json.dumps({**form, "dry_run": True}).encode())
        assert (desk.kept(), desk.orders) == before
        answered = receive_request(desk.around, json.dumps(form).encode())
        if "unread" not in (rehearsed.get("code"), answered.get("code")):
            # Which operation a resize begins, only the real one can say.
            stands = ("override", "pause", *(("operation",) if answered.get("decision") == "hold" else ()))
            for said in ("mistake", "decision", "code", "told", "acknowledged", *stands):
                assert rehearsed.get(said) == answered.get(said), (form, rehearsed, answered)
        desk.carry()


def reports(around: Surroundings, policy: InstancePolicy, now: datetime) -> None:
    """Everything that can be asked without asking for anything."""
    book = around.book()
    assert book is not None
    plan(around)
    status(around)
    history(around, policy.name)
    upcoming([Ahead(policy, home_of(around, book, policy), now, now + timedelta(days=14))], around.calendar)
    for hours in (-3, 0, 3):
        asks(explain, around, policy.name, now + timedelta(hours=hours))
    for what in (policy.name, "key-1", "request-1", "nobody", f"{policy.name}#1"):
        asks(explain, around, what)
    asks(receipt, around, policy.name, 1)


def asks(question: Callable[..., object], *about: Any) -> None:
    """Ask what may not be known."""
    with suppress(NotKnown):
        question(*about)


@settings(deadline=None, derandomize=True, max_examples=16)
@given(policy=policies(), seed=SEEDS)
def test_reports_leave_the_store_and_the_cloud_as_they_are(policy: InstancePolicy, seed: int) -> None:
    """Before first contact, in the middle of an operation, and after many of them."""
    desk, life = opened(policy, seed)
    for _ in range(STEPS // 2):
        before = desk.kept(), list(desk.orders), list(desk.going)
        reports(desk.around, desk.book().read(policy.name), desk.now)
        assert (desk.kept(), desk.orders, desk.going) == before
        happens(desk, life)
        reconcile(desk.around, desk.book().read(policy.name), desk.book().hash, force_read=True)
        if life.chance.random() < 0.5:
            desk.carry()


@pytest.mark.parametrize("moment", ["new", "waiting", "planned", "raised"])
def test_on_the_vendors_own_calls_a_dry_run_only_reads(desk: Opens, moment: str) -> None:
    """Reports, and a rehearsal of every verb: every byte of the store, the calls by their names, the orders."""
    at = desk()
    confirm = {"metric": "InstanceMaxTpsInMiunte", "above": 100}
    at.push({**at.orders_mq, "alerts": [{"rule": "rabbit-tps-high", "raise": 1, "confirm": confirm}]}, at.edge)
    at.use(tps=500)
    at.clock.advance(600)
    if moment != "new":
        at.reconcile()
        at.leave(at.alert())
    if moment in ("planned", "raised"):
        at.reconcile()
    if moment == "raised":
        at.follow()
        at.leave(at.alert("over", AlertState.OK))
        at.use(tps=0)
        at.clock.advance(3 * 3600)
    before, calls, orders = dict(at.shelf._bodies), len(at.calls("")), len(at.orders())
    reports(at.around, at.page().policy, at.clock.now())
    for verb in Verb:
        form: dict[str, Any] = {"verb": verb.value, "instance": "orders-mq", "caller": "li"}
        form |= {"key": f"rehearsed-{verb.value}"}
        form |= {"to": "large", "for": "2h"} if verb is Verb.RESIZE else {}
        assert receive_request(at.around, json.dumps({**form, "dry_run": True}).encode())
    for verb in (Verb.PAUSE, Verb.UNPAUSE):
        form = {"verb": verb.value, "fleet": True, "caller": "li", "key": f"rehearsed-{verb.value}-fleet"}
        assert receive_request(at.around, json.dumps({**form, "dry_run": True}).encode())
    assert dict(at.shelf._bodies) == before
    made = [call["action"] for call in at.calls("")[calls:]]
    assert made, "nothing was looked at"
    assert [action for action in made if not action.startswith(READS)] == []
    assert len(at.orders()) == orders
