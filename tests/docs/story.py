"""A small account on localcloud, moved by what pages speak of: what happens in it is what the pages show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from localcloud.project.scenario.deeds import Deeds, Replied
from localcloud.project.scenario.ending import Expect
from localcloud.project.scenario.folder import Compiled, Folder, Timed
from localcloud.project.scenario.minutes import Minutes
from localcloud.project.scenario.model import Deed, Scenario, Step
from localcloud.project.scenario.stage import Stage, open_stage
from localcloud.world import World
from tidegate.app import codec
from tidegate.domain.durations import parse_duration
from tidegate.domain.state import State
from tidegate.policyfile import compile_policy, parse_policy

START = "2026-03-02T20:00:00+08:00"
"""A Monday evening in Hangzhou; everything that pages show begins then."""
RABBIT, GATEWAY = "amqp-cn-demo0001", "apigateway-cn-demo0001"
ONCALL, CHAT = "TIDEGATE_ONCALL_URL", "TIDEGATE_CHAT_URL"
NOTIFY = [{"url_env": name, "on": ["resized", "failed", "held", "needs-person"]} for name in (ONCALL, CHAT)]
INSTANCES: dict[str, dict[str, Any]] = {
    "orders-mq": {
        "product": "rabbitmq",
        "region": "cn-hangzhou",
        "instance_id": RABBIT,
        "mode": "act",
        "ladder": [
            {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
            {"rung": "large", "MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000},
        ],
        "alerts": [{"rule": "rabbit-tps-high", "raise": 1}],
    },
    "edge-gateway": {
        "product": "apigateway",
        "region": "cn-hangzhou",
        "instance_id": GATEWAY,
        "mode": "act",
        "ladder": ["api.s1.small", "api.s1.medium"],
        "alerts": [{"rule": "gw-qps-high", "raise": 1}],
    },
}
WORLD = [
    {
        "product": "rabbitmq",
        "instance_id": RABBIT,
        "spec": {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
    },
    {"product": "apigateway", "instance_id": GATEWAY},
]


@dataclass
class Story:
    """One account from its beginning. Its clock stands still until somebody waits."""

    stage: Stage
    deeds: Deeds
    minutes: Minutes
    deaf: set[str] = field(default_factory=set)
    """Channels that take no message."""
    calls: list[str] = field(default_factory=list)
    """The functions of the workflow that were called, in order."""

    def does(self, **deed: Any) -> list[Replied]:
        """Let one thing happen, in the words of a scenario."""
        done = self.deeds.do(Timed(self.stage.now(), Step(do=Deed.model_validate(deed))))
        self.settle()
        return done

    def rings(self, instance: str = "orders-mq", state: str = "firing") -> Replied:
        """The instance's alert rule rings, or is over."""
        rule = INSTANCES[instance]["alerts"][0]["rule"]
        return self.does(alert={"rule": rule, "instance": instance, "value": 97.39, "state": state})[0]

    def asks(self, verb: str, instance: str = "orders-mq", **more: Any) -> Replied:
        """A person asks for something, as `tidegate VERB` does."""
        return self.does(request={"verb": verb, "instance": instance, **more})[0]

    def waits(self, text: str) -> None:
        """Let time pass, with everything that happens in it."""
        until = self.stage.now() + parse_duration(text)
        while (at := self._next()) is not None and at <= until:
            self.stage.move_to(at)
            if (tick_at := self.minutes.next_at(None)) is not None and tick_at <= self.stage.now():
                self.minutes.run()
            self.settle()
        self.stage.move_to(until)

    def settle(self) -> None:
        """Carry out what is due now."""
        while self.stage.executions.run_due():
            pass

    def _next(self) -> datetime | None:
        return min((at for at in (self.stage.executions.next_at(), self.minutes.next_at(None)) if at), default=None)

    def messages(self, channel: str = ONCALL) -> list[str]:
        """What people were told on a channel, oldest first."""
        told = self.stage.console("GET", f"messages/{channel}")["messages"]
        return [str(one["content"]["message"]) for one in told]

    def state(self, name: str = "orders-mq") -> State:
        """What the ledger says of an instance."""
        around = self.stage.around
        head = around.ledger.head(around.key(self.stage.policy_of(name)))
        return codec.state_in(head) if head else State()

    def orders(self) -> list[dict[str, Any]]:
        """Every order that the vendor has booked."""
        return list(self.stage.console("GET", "orders")["orders"])


@contextmanager
def told(
    behaviour: dict[str, Any] | None = None,
    ledger: Path | None = None,
    edge: dict[str, Any] | None = None,
    *,
    every_minute: bool = True,
    remind: str = "4h",
    **orders: Any,
) -> Iterator[Story]:
    """Begin a story: how the vendor behaves, and what the policy says otherwise of each instance. Ticks run."""
    instances = {
        "orders-mq": {**INSTANCES["orders-mq"], **orders},
        "edge-gateway": {**INSTANCES["edge-gateway"], **(edge or {})},
    }
    policy = {
        "version": 1,
        "timezone": "Asia/Shanghai",
        "notify": [{**channel, "remind": remind} for channel in NOTIFY],
        "instances": instances,
    }
    compiled = Compiled(*compile_policy(parse_policy(yaml.safe_dump(policy).encode())))
    world = World.model_validate({"start": START, "instances": WORLD, "behaviour": behaviour or {}})
    scenario = Scenario(
        title="a page", story="what a page shows", until="+1m", expect=Expect(rungs={"orders-mq": "small"}, orders=())
    )
    start = datetime.fromisoformat(START)
    folder = Folder(Path(), scenario, world, {"": compiled}, start, (), start)
    with open_stage(folder, ledger) as stage:
        story = Story(stage, Deeds(stage, folder.policies, "Asia/Shanghai", _silent), Minutes(stage, every_minute))
        _listen(story)
        story.minutes.lost = lambda minute: story.deeds.lost_until is not None and minute < story.deeds.lost_until
        story.waits("1m")
        yield story


def _listen(story: Story) -> None:
    """Let channels be deaf, and note which functions the workflow calls."""
    stage = story.stage
    say, perform = stage.around.send, stage.executions.perform

    def send(channel: str, title: str, text: str, kind: str) -> bool:
        return channel not in story.deaf and say(channel, title, text, kind)

    def called(name: str, body: Any) -> Any:
        story.calls.append(name)
        return perform(name, body)

    stage.around = replace(stage.around, send=send, channels=(ONCALL, CHAT))
    stage.executions.perform = called


def _silent(_text: str, _style: str) -> None:
    """Nobody watches."""
