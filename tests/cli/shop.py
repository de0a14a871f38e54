"""One account with Tidegate really deployed, for the commands that ask for something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from localcloud.faults import Fault
from localcloud.fc.function import Ref
from localcloud.project.compose import Whole
from localcloud.server import Running
from localcloud.template.deploy import Targets, deploy
from tidegate.app.surroundings import Surroundings
from tidegate.app.wiring import shelf, wire
from tidegate.ledger.record import Record
from tidegate.ledger.shelf import listed
from tidegate.settings import read_settings

if TYPE_CHECKING:
    from tests.said import Said

SPEED = 60.0
TEMPLATE = Path(__file__).parents[2] / "template.yml"
WRITES = ("UpdateInstance", "ModifyInstanceSpec", "StartExecution")
LEDGER, CODE, CODE_OBJECT = "ledger-of-a-test", "code-of-a-test", "tidegate.zip"


@dataclass
class Shop:
    """One account with Tidegate deployed, and somebody at the command line."""

    server: Running
    whole: Whole
    run: Callable[..., Said]
    file: Path
    """The policy file."""

    @property
    def around(self) -> Surroundings:
        """The ledger as its owner reads it."""
        return wire(read_settings(), now=self.server.cloud.clock.now)

    def records(self) -> list[Record]:
        """What the ledger has of orders-mq, oldest first."""
        around = self.around
        book = around.book()
        assert book is not None
        return list(around.ledger.records(around.key(book.read("orders-mq")), newest_first=False))

    def contents(self) -> dict[str, bytes | None]:
        """Everything in the store."""
        place = shelf(read_settings())
        return {key: place.get(key) for key in listed(place, "")}

    def orders(self) -> list[str]:
        """The calls that order something or start an execution, by whoever."""
        listed_calls = self.server.run(lambda: list(self.server.cloud.door.calls.listed("")))
        return [call["action"] for call in listed_calls if call["action"] in WRITES]

    def rules(self, **orders: Any) -> None:
        """Put the policy in force with other words for orders-mq."""
        policy = yaml.safe_load(self.file.read_text())
        policy["instances"]["orders-mq"].update(orders)
        self.file.write_text(yaml.safe_dump(policy))
        assert self.run("policy", "push", "--policy", str(self.file)).code == 0

    def plan(self, **fault: Any) -> None:
        """Plan a misfortune."""
        self.server.run(lambda: self.server.cloud.faults.add(Fault.model_validate(fault)))

    def forget_faults(self) -> None:
        """Nothing more goes wrong."""
        self.server.run(self.server.cloud.faults.clear)

    def deploy_2_0(self) -> None:
        """Deploy `on_request` once more, as a function of 2.0."""
        registry = self.whole.fc.host.registry

        def deploy() -> None:
            settings = dict(registry.entry(Ref("tidegate-on-request"))["settings"])
            registry.create_service("tidegate", {"role": settings.pop("role")})
            code = {"ossBucketName": CODE, "ossObjectName": CODE_OBJECT}
            registry.create_function(Ref("on-request", "tidegate"), settings, code)

        self.server.run(deploy)


async def deployed(whole: Whole) -> None:
    """Deploy the project as its template says."""
    cloud = whole.cloud
    parameters = {
        "Mode": "act",
        "LedgerBucket": LEDGER,
        "CodeBucket": CODE,
        "CodeObject": CODE_OBJECT,
        "HookTokens": "a-token-of-a-test",
        "RpcEndpoint": cloud.endpoint,
        "OssEndpoint": f"http://{cloud.oss_endpoint}",
    }
    await deploy(TEMPLATE, parameters, Targets(cloud.identity, whole.oss, whole.fc, whole.flow))


def stop_ticks(whole: Whole) -> None:
    """Let nothing happen but what is asked for."""
    registry = whole.fc.host.registry
    for trigger in registry.triggers("timer"):
        registry.delete_trigger(Ref.parse(trigger["function"]), trigger["name"])
    whole.fc.timers.reconsider()
