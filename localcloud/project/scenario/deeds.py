"""Doing what a step says: an alert comes in, a person asks, somebody is at the console, something goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.project.scenario.folder import Compiled, Timed
from localcloud.project.scenario.model import AlertDeed, ConsoleDeed, Deed, RequestDeed
from localcloud.project.scenario.payloads import Ringing, event_of
from localcloud.project.scenario.stage import Stage
from localcloud.project.scenario.times import moment
from tidegate.app.doors import guarded, receive_alerts
from tidegate.app.requests import receive_request
from tidegate.domain.signal import AlertState

TOKEN = "scenario-hook-token"  # noqa: S105 - of a hook that nobody else can reach
DIED = {"answer": "rejected", "decision": "rejected", "reason": "the function died before it answered"}

IN_LEDGER = ("resize", "hold")
"""Answers that the ledger holds, and that are told from there."""

Say = Callable[[str, str], None]
"""Prints one line in a style."""


class Impossible(Exception):  # noqa: N818 - reads as what it is
    """A step asks for what cannot be done at that moment."""


@dataclass(frozen=True)
class Replied:
    """What a sender of an alert, or a person, was answered."""

    at: datetime
    what: str
    answer: str
    code: str
    reason: str


@dataclass
class Deeds:
    """Carries steps out on a stage."""

    stage: Stage
    policies: Mapping[str, Compiled]
    zone: str
    say: Say
    lost_until: datetime | None = None
    """Until when no tick runs."""
    by_hand: set[tuple[str, int]] = field(default_factory=set)
    """Changes that colleagues made, by instance id and number."""
    _episodes: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _asked: int = 0

    def do(self, timed: Timed) -> list[Replied]:
        """Carry one step out and give what was answered. Raises Impossible."""
        deed = timed.step.do
        try:
            return self._do(deed)
        except ValueError as error:
            raise Impossible(str(error)) from error

    def _do(self, deed: Deed) -> list[Replied]:
        if deed.alert:
            return [self._ring(deed.alert, again=number > 0) for number in range(deed.alert.times)]
        if deed.request:
            return [self._ask(deed.request)]
        if deed.console:
            self._at_console(deed.console)
        if deed.fault:
            self.stage.console("POST", "faults", deed.fault.model_dump(mode="json", by_alias=True))
            self.say(f"(from here on: {deed.fault.call} meets {deed.fault.do})", "dim")
        if deed.lose_ticks:
            self.lost_until = self.stage.now() + deed.lose_ticks
            self.say("(the tick stops running)", "dim")
        if deed.kill:
            self._kill(deed.kill)
        if deed.push:
            hashed = self.stage.push(self.policies[deed.push])
            self.say(f"policy {deed.push} comes into force, {hashed}", "bold yellow")
        return []

    def _ring(self, deed: AlertDeed, *, again: bool) -> Replied:
        """Let an alert come in through the door."""
        ringing = self._ringing(deed)
        event = event_of(ringing, deed.format, TOKEN)
        body: Mapping[str, Any] = {"alerts": [DIED]}
        with self.stage.mortals():
            reply = guarded(event, lambda: receive_alerts(self.stage.around, event, (TOKEN,), lambda: True))
            body = reply.body
        said = next(iter(body.get("alerts") or []), {"answer": "rejected", "reason": json.dumps(body)})
        which = f"{deed.rule or deed.rule_id} {deed.state.value}"
        what = f"the same {which} again" if again else f"{deed.format} delivers {which}"
        answer = "" if said["answer"] in IN_LEDGER else f" -> {said['answer']}: {said['reason']}"
        self.say(f"{what}{answer}", "dim" if again else "cyan")
        return Replied(self.stage.now(), what, said["answer"], "", said["reason"])

    def _ringing(self, deed: AlertDeed) -> Ringing:
        policy = self.stage.policy_of(deed.instance) if deed.instance else self._ruled_by(deed)
        # A gateway's alerts are about an API, not about an instance.
        names_it = policy.product == "rabbitmq"
        now, which = self.stage.now(), (deed.rule or deed.rule_id, policy.name)
        began_at = self._episodes.setdefault(which, now)
        if deed.state is AlertState.OK:
            del self._episodes[which]
        return Ringing(
            rule=deed.rule,
            rule_id=deed.rule_id,
            state=deed.state,
            at=now,
            began_at=began_at,
            instance_id=policy.instance_id if names_it else "",
            product=policy.product,
            region=policy.region,
            account=self.stage.server.cloud.world.account_id,
            value="" if deed.value is None else f"{deed.value:g}",
        )

    def _ruled_by(self, deed: AlertDeed) -> Any:
        """The policy of the one instance that has this rule."""
        book = self.stage.around.book()
        names = book.named_by_rule(deed.rule, deed.rule_id) if book else []
        if len(names) != 1:
            which = deed.rule or deed.rule_id
            raise Impossible(f"alert {which}: name its `instance`; {len(names)} instances have this rule")
        return self.stage.policy_of(names[0])

    def _ask(self, deed: RequestDeed) -> Replied:
        """Let a person ask, as `on_request` is asked."""
        self._asked += 1
        until = moment(deed.until, self.stage.now(), self.zone).isoformat() if deed.until else None
        form = {
            "verb": deed.verb.value,
            "instance": deed.instance,
            "caller": deed.by,
            "key": f"scenario-request-{self._asked}",
            "to": deed.to,
            "for": f"{int(deed.lasts.total_seconds())}s" if deed.lasts else None,
            "until": until,
            "despite": list(deed.despite),
            "reason": deed.reason,
            "until_released": deed.until_released,
            "approval": deed.approval,
            "fleet": deed.fleet,
            "dry_run": deed.dry_run,
        }
        body: Mapping[str, Any] = DIED
        with self.stage.mortals():
            body = receive_request(self.stage.around, json.dumps({k: v for k, v in form.items() if v}).encode())
        return self._told(deed, body)

    def _told(self, deed: RequestDeed, body: Mapping[str, Any]) -> Replied:
        words = [deed.verb.value, deed.instance or "--fleet", *(["--to", deed.to] if deed.to else [])]
        words += ["--despite", ",".join(deed.despite)] if deed.despite else []
        what = f"{deed.by}: tidegate {' '.join([*words, *(['--dry-run'] if deed.dry_run else [])])}"
        answer = "mistake" if "mistake" in body else str(body["decision"])
        reason = str(body.get("mistake") or body.get("reason"))
        told = answer in IN_LEDGER and not deed.dry_run and not deed.fleet
        self.say(what if told else f"{what} -> {answer}: {reason}", "bold yellow")
        return Replied(self.stage.now(), what, answer, str(body.get("code", "")), reason)

    def _at_console(self, deed: ConsoleDeed) -> None:
        console, say = self.stage.console, self.say
        if deed.pay:
            order = self._unpaid(deed.pay)
            console("POST", f"orders/{order}/pay")
            say(f"somebody pays order {order} of {deed.pay} in the console", "bold yellow")
        if deed.cancel_order:
            order = self._unpaid(deed.cancel_order)
            console("POST", f"orders/{order}/cancel")
            say(f"somebody cancels order {order} of {deed.cancel_order} in the console", "bold yellow")
        if deed.switch:
            console("POST", f"instances/{self._id(deed.switch)}/switch")
            say(f"somebody presses Switch for {deed.switch} in the console", "bold yellow")
        if deed.resize:
            hand = deed.resize
            made = console("POST", f"instances/{self._id(hand.instance)}/resize", {"spec": hand.to, "by": hand.by})
            self.by_hand.add((made["instance_id"], made["changes"]))
            fields = ", ".join(f"{name}={value}" for name, value in hand.to.items())
            say(f"{hand.by} resizes {hand.instance} in the console: {fields}", "bold yellow")
        if deed.use:
            used = deed.use.model_dump(exclude={"instance"}, exclude_none=True)
            console("POST", f"instances/{self._id(deed.use.instance)}/usage", used)
            load = ", ".join(f"{name}={value}" for name, value in used.items())
            say(f"the load on {deed.use.instance} becomes {load}", "dim")
        if deed.top_up:
            console("POST", "top-up", {"amount": str(deed.top_up)})
            say(f"somebody tops the account up by {deed.top_up:g}", "bold yellow")

    def _kill(self, name: str) -> None:
        mine = self.stage.executions.running(name)
        if not mine:
            raise Impossible(f"kill: {name} has no execution that runs")
        for execution in mine:
            self.stage.executions.kill(execution)
            self.say(f"(execution {execution} dies)", "dim")

    def _id(self, name: str) -> str:
        return self.stage.policy_of(name).instance_id

    def _unpaid(self, name: str) -> str:
        orders = self.stage.console("GET", "orders")["orders"]
        mine = [one for one in orders if one["instance_id"] == self._id(name) and one["status"] == "Unpaid"]
        if not mine:
            raise Impossible(f"{name} has no unpaid order")
        return str(mine[-1]["order_id"])
