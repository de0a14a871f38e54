"""A script: one fleet-week, said completely, so that it can be kept, shortened and played again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from localcloud.project.scenario.payloads import Ringing
from localcloud.project.simulate.misfortunes import Faults, Plain
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import AlertState

Said = Literal["firing", "ok", "no-data"]


class Deed(Plain):
    """Something that happens from outside. `at_s` are seconds of the week; which other fields count depends on `do`."""

    at_s: float
    do: Literal["alert", "request", "console", "ambush", "use", "push", "lose-ticks", "duty"]
    instance: str = ""
    """By its name in the policy."""
    rule: str = ""
    state: Said = "firing"
    form: str = "cloudmonitor"
    began_s: float = 0.0
    """When the episode of an alert began."""
    rang_s: float = 0.0
    """When it rang; it comes in at `at_s`, which may be later."""
    again_s: tuple[float, ...] = ()
    """When the same alert is delivered again."""
    request: dict[str, Any] = {}
    """A person's request, as `on_request` takes it, without its key."""
    what: str = ""
    """At the console: resize. On duty: which of pay, cancel, switch, ack, approve. Of an ambush: after which event."""
    spec: dict[str, Any] = {}
    """What is resized to in the console, or by an ambush: a resize there right after an event of an operation."""
    used: dict[str, int] = {}
    policy: int = 0
    """Which policy is pushed."""
    lasts_s: float = 0.0


def ringing_of(script: Script, deed: Deed, policy: InstancePolicy, account: str) -> Ringing:
    """One ringing of an alert, as its sender knows it. A gateway's alerts are about an API, not about an instance."""
    return Ringing(
        rule=deed.rule,
        rule_id="",
        state=AlertState(deed.state),
        at=script.start + timedelta(seconds=deed.rang_s),
        began_at=script.start + timedelta(seconds=deed.began_s),
        instance_id=policy.instance_id if policy.product == "rabbitmq" else "",
        product=policy.product,
        region=policy.region,
        account=account,
        value="97.4",
    )


class PolicyOf(Plain):
    """One policy as it is pushed: the documents of its instances, and the fleet's limits."""

    documents: dict[str, dict[str, Any]]
    index: dict[str, Any]


class Script(Plain):
    """One unlucky week."""

    seed: int
    start: datetime
    week_s: float
    world: dict[str, Any]
    policies: tuple[PolicyOf, ...]
    """The first is in force from the beginning."""
    deeds: tuple[Deed, ...]
    faults: Faults
    proven: tuple[str, ...] = ()
    """Products whose search in billing has found an order of ours before this week."""
    skew_s: float = 0.0
    """By how much a process's clock is off at most, either way."""
    answered_after_s: float = 0.0
    """How soon somebody does what a message asks for; 0 where it waits until somebody is on duty."""
    unattended: bool = False
    """Nobody ever pays or presses Switch, not even when the week is over."""
    hook_token: str = "hook-token-of-the-simulation"  # noqa: S105 - of a hook that nobody can reach
