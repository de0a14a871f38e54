"""Playing a week: the deeds of a script, the ticks, and the time after the faults until everything rests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from localcloud.project.scenario.payloads import DIRECT, event_of
from localcloud.project.simulate.minutes import Minutes
from localcloud.project.simulate.script import Deed, Script, ringing_of
from localcloud.project.simulate.stage import Stage, staged
from localcloud.project.simulate.trace import Asked, ByHand, Delivered, Said, Trace
from localcloud.rpc.operation import ApiError
from tidegate.app import codec
from tidegate.app.fleet import Fleet
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import State

SENDER_WAITS_S = 5.0
GOOD, BAD, WORSE = 200, 400, 500
RESENDS = 3
"""CloudMonitor waits 5 s for an answer, and tries 3 times more (fact fc 2.3)."""
PERSON_TRIES = 3
LONGEST_TAIL = timedelta(days=12)
"""An operation that nobody hears of is followed for 8 days, and abandoned then."""
DUTY_EVERY = timedelta(hours=6)
CHECK_EVERY = timedelta(hours=1)
WATCHED_AGAIN = (2.0, 4.0)
"""After so many hours an instance is watched anew that somebody was at."""


def play(script: Script) -> Trace:
    """Play a script to its end, and give what happened."""
    with staged(script) as stage:
        week = Week(stage)
        week.run()
        return stage.trace


class Week:
    """Lets a week pass on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.minutes = stage, Minutes(stage, Fleet(stage.ledger))
        self.requests = 0
        self.ambushes: list[Deed] = []
        stage.store.on_record = self._recorded
        # A record that comes in after its mark was served is found when it is the instance's turn.
        stage.platform.on_late = partial(self.minutes.touch, "")
        if stage.script.answered_after_s:
            stage.on_said = self._heard
        for deed in stage.script.deeds:
            self._plan(deed)

    def run(self) -> None:
        """Let the week pass, and then time without faults until everything rests."""
        clockwork, script = self.stage.clockwork, self.stage.script
        over = script.start + timedelta(seconds=script.week_s)
        self._pass(over)
        latest = over + LONGEST_TAIL
        while clockwork.now() < latest and not self.stage.trace.at_rest:
            # Who is asked again and again after the week has said once that it may go on.
            at_last = ("approve", "ack") if clockwork.now() < over + DUTY_EVERY else ("approve",)
            self._on_duty(at_last if script.unattended else ("pay", "switch", *at_last))
            for _ in range(int(DUTY_EVERY / CHECK_EVERY)):
                self._pass(clockwork.now() + CHECK_EVERY)
                if self._rests():
                    self.stage.trace.at_rest = True
                    break
        self.stage.trace.ended_at = clockwork.now()

    def _pass(self, until: datetime) -> None:
        """Let time pass, with the ticks that are due in it."""
        clockwork = self.stage.clockwork
        while True:
            other = clockwork.next_at()
            if other is not None and other <= until and other < self.minutes.first():
                # No tick is due before that, whatever there is to do.
                self.minutes.keep_alive(other)
                clockwork.run(other)
                continue
            tick_at, idle = self.minutes.next_at()
            if other is not None and other < tick_at and other <= until:
                self.minutes.keep_alive(other)
                clockwork.run(other)
            elif tick_at <= until:
                clockwork.run(tick_at)
                self.minutes.run(idle=idle)
            else:
                clockwork.run(until)
                return

    def _rests(self) -> bool:
        """Whether nothing is under way any more: no operation, no signal that waits, no execution."""
        stage, lost_until = self.stage, self.minutes.lost_until
        if lost_until is not None and stage.clockwork.now() <= lost_until:
            return False
        if stage.executions.running() or any(stage.store.first(f"inbox/{key}/") for key in self._there()):
            return False
        return all(self._state(policy).operation is None for policy in stage.pushed.policies.values())

    def _there(self) -> Iterator[str]:
        """The ledgers of the instances that exist. What is kept for another one waits for ever."""
        there = {one.instance_id for one in self.stage.vendor.world.instances}
        policies = {policy.instance_id: policy for each in self.stage.trace.pushed for policy in each.policies.values()}
        return (self.stage.key(policy) for key, policy in policies.items() if key in there)

    def _state(self, policy: InstancePolicy) -> State:
        head = self.stage.ledger.head(self.stage.key(policy))
        return codec.state_in(head) if head else State()

    def _plan(self, deed: Deed) -> None:
        start = self.stage.script.start
        works = {"alert": self._ring, "request": self._ask}
        if deed.do in works:
            for at_s in (deed.at_s, *deed.again_s):
                self.stage.clockwork.task(start + timedelta(seconds=at_s), lambda: works[deed.do](deed))
            return
        self.stage.clockwork.at(start + timedelta(seconds=deed.at_s), lambda: self._do(deed))

    def _do(self, deed: Deed) -> None:
        """Do what is done in no time."""
        stage = self.stage
        if deed.do == "push":
            stage.push(deed.policy)
            self.minutes.touch("")
            self.minutes.wake()
        elif deed.do == "lose-ticks":
            self.minutes.lose(stage.clockwork.now() + timedelta(seconds=deed.lasts_s))
        elif deed.do == "ambush":
            self.ambushes.append(deed)
        elif deed.do == "duty":
            self._on_duty(tuple(deed.what.split()))
        elif deed.do in ("use", "console") and (policy := stage.pushed.policies.get(deed.instance)):
            self._at_console(deed.what or deed.do, policy, deed)

    def _heard(self, said: Said) -> None:
        """Let somebody do what a message asks for."""
        if said.kind == "needs-person":
            tasks = partial(self._on_duty, ("pay", "switch", "approve"))
            self.stage.clockwork.after(self.stage.script.answered_after_s, tasks)

    def _recorded(self, key: str, body: bytes) -> None:
        """Let whoever waits for an event of an operation resize that instance in the console."""
        for deed in list(self.ambushes):
            policy = self.stage.pushed.policies.get(deed.instance)
            if policy is None or not key.startswith(f"ledger/{self.stage.key(policy)}/"):
                continue
            fact = json.loads(body)["fact"]
            if deed.what not in (fact.get("event"), fact["kind"]):
                continue
            self.ambushes.remove(deed)
            hand = partial(self._at_console, "resize", policy, deed)
            self.stage.clockwork.after(deed.lasts_s, hand)

    def _ring(self, deed: Deed) -> None:
        """Deliver one alert, as its sender does: again where nobody answers, and then no more."""
        policy = self.stage.pushed.policies.get(deed.instance)
        if policy is None:
            return
        event = event_of(
            ringing_of(self.stage.script, deed, policy, self.stage.settings.account),
            deed.form,
            self.stage.script.hook_token,
        )
        for number in range(1 + RESENDS):
            began_at = self.stage.clockwork.now()
            ran = self.stage.platform.invoke("on_alert", event)
            took = (self.stage.clockwork.now() - began_at).total_seconds()
            status, answers = _answered(ran.body, ran.died or ran.error)
            self.stage.trace.delivered.append(Delivered(self.stage.clockwork.now(), deed, status, answers))
            if GOOD <= status < BAD and (took <= SENDER_WAITS_S or deed.form in DIRECT):
                return
            if BAD <= status < WORSE:
                return
            self.stage.clockwork.rest(10.0 * (number + 1))

    def _ask(self, deed: Deed) -> None:
        self._request(deed, {**deed.request, **({"instance": deed.instance} if deed.instance else {})})

    def _request(self, deed: Deed, given: dict[str, object]) -> None:
        """Ask, and again with the same key where nobody answers."""
        self.requests += 1
        stage, key = self.stage, f"simulated-request-{self.requests}"
        form = {"caller": "li", **given, "key": key}
        for number in range(PERSON_TRIES):
            ran = stage.platform.invoke("on_request", json.dumps(form).encode())
            answer = ran.body if not (ran.died or ran.error) else None
            stage.trace.asked.append(Asked(stage.clockwork.now(), deed, key, form, answer))
            if given.get("fleet"):
                self.minutes.wake()
            if answer is not None:
                return
            stage.clockwork.rest(5.0 * (number + 1))

    def _on_duty(self, what: tuple[str, ...]) -> None:
        """Somebody looks at everything that needs a person, and does what is to be done."""
        for name, policy in self.stage.pushed.policies.items():
            for each in ("pay", "cancel", "switch"):
                if each in what:
                    self._at_console(each, policy, None)
            state = self._state(policy)
            if "ack" in what and (state.circuit or (state.stance and state.stance.kind == "hold-person")):
                self._task(name, {"verb": "ack"})
            asked = state.approval
            if "approve" in what and asked and asked.at is None and not asked.used_by:
                self._task(name, {"verb": "approve", "approval": asked.id})

    def _task(self, name: str, form: dict[str, object]) -> None:
        deed = Deed(at_s=self.stage.clockwork.seconds(), do="request", instance=name, request=form)
        now = self.stage.clockwork.now()
        self.stage.clockwork.task(now, lambda: self._request(deed, {**form, "instance": name}))

    def _at_console(self, what: str, policy: InstancePolicy, deed: Deed | None) -> None:
        """Do at the vendor's what can be done there now; what cannot, as with an instance that is gone, is left."""
        estate, orders, instance_id = self.stage.vendor.estate, self.stage.vendor.orders, policy.instance_id
        try:
            if what in ("pay", "cancel"):
                if self.stage.script.unattended:
                    return
                for order in orders.unpaid(instance_id):
                    (orders.pay if what == "pay" else orders.cancel)(order.order_id)
                    self._watch(policy)
            elif what == "switch" and not self.stage.script.unattended:
                estate.press_switch(instance_id)
                self._watch(policy)
            elif what == "resize" and deed is not None:
                self._by_hand(policy, deed)
            elif what == "use" and deed is not None:
                self.stage.vendor.load.change(estate.known(instance_id), deed.used)
                self.minutes.touch(policy.name)
        except ApiError:
            return

    def _by_hand(self, policy: InstancePolicy, deed: Deed) -> None:
        """A colleague resizes in the console, unless something is under way there already."""
        estate = self.stage.vendor.estate
        kept = estate.known(policy.instance_id)
        before = estate.moment(kept).spec
        after = {**before, **deed.spec}
        if after == before:
            return
        by = f"acs:ram::{self.stage.settings.account}:user/wang"
        estate.resize_by_hand(policy.instance_id, dict(deed.spec), by, skips_switchover=deed.do != "ambush")
        change = len(estate.known(policy.instance_id).changes)
        self.stage.trace.by_hand.append(ByHand(self.stage.clockwork.now(), policy.instance_id, change))
        self._watch(policy)

    def _watch(self, policy: InstancePolicy) -> None:
        """Let ticks see what becomes of an order that is not ours, which may take hours."""
        self.minutes.touch(policy.name)
        for hours in WATCHED_AGAIN:
            self.stage.clockwork.after(hours * 3600.0, lambda: self.minutes.touch(policy.name))


def _answered(body: object, failed: str) -> tuple[int, list[dict[str, object]]]:
    """The status and the answers of a delivery; a trigger that invokes directly has no status of its own."""
    if failed or not isinstance(body, dict):
        return 0, []
    said = json.loads(body["body"])
    return int(body["statusCode"]), list(said.get("alerts") or [])
