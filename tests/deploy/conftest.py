"""An account with nothing deployed, the project's code as a zip, and somebody at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.faults import Fault
from localcloud.project.compose import Whole, compose
from localcloud.server import Running, running
from localcloud.template.package import zip_project
from tests.said import Said
from tidegate.cli import main

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-that-nobody-sees"
CHAT = "json://127.0.0.1:1/a-chat-that-nobody-sees"
RABBIT, OTHER = "amqp-cn-demo0001", "amqp-cn-demo0002"
SMALL = {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000}
POLICY = """
version: 1
timezone: Asia/Shanghai
instances:
  orders-mq:
    product: rabbitmq
    region: cn-hangzhou
    instance_id: amqp-cn-demo0001
    mode: act
    ladder:
      - {rung: small, MaxPrivateTps: 3000, QueueCapacity: 200, MaxConnections: 2000}
      - {rung: medium, MaxPrivateTps: 5000, QueueCapacity: 400, MaxConnections: 3000}
    alerts: [{rule: rabbit-tps-high, raise: 1}]
"""
WORLD: dict[str, Any] = {
    "start": "now",
    "instances": [{"product": "rabbitmq", "instance_id": name, "spec": SMALL} for name in (RABBIT, OTHER)],
    "stack_resource_takes": "0.001s",
    "behaviour": {"apply_takes": "20s", "order_visible_after": "10s"},
}


@cache
def packed() -> bytes:
    """The project's code, packed once for all sites."""
    return zip_project(ROOT)


class Site:
    """One account, and somebody who deploys to it."""

    def __init__(self, cloud: Running, whole: Whole, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.cloud, self.whole, self.folder, self._capsys = cloud, whole, folder, capsys
        self.zip, self.policy = folder / "tidegate.zip", folder / "policy.yaml"
        self.zip.write_bytes(packed())
        self.policy.write_text(POLICY)
        account, region = cloud.cloud.world.account_id, cloud.cloud.world.region
        self.ledger, self.code = f"tidegate-ledger-{account}-{region}", f"tidegate-code-{account}-{region}"

    def run(self, *words: str) -> Said:
        """Run one command."""
        self._capsys.readouterr()
        code = main(list(words))
        said = self._capsys.readouterr()
        assert TOKEN not in said.out + said.err
        assert CHAT not in said.out + said.err
        return Said(code, said.out, said.err)

    def deploy(self, *more: str) -> Said:
        """Deploy the zip."""
        return self.run("deploy", "--package", str(self.zip), "--no-doctor", *more)

    def deployed(self, *more: str) -> dict[str, Any]:
        """Deploy the zip and the policy for good, and give what is said of it."""
        said = self.deploy("--policy", str(self.policy), "--yes", "--json", *more)
        assert said.code == 0, said.err
        return dict(said.json)

    def fault(self, call: str, do: str = "error-before", **more: Any) -> None:
        """Let something go wrong."""
        fault = Fault.model_validate({"call": call, "do": do, "code": "Broken", "status": 400, **more})
        self.cloud.run(lambda: self.cloud.cloud.faults.add(fault))

    def calls(self, action: str) -> int:
        """How often an action reached the vendor."""
        return len(self.cloud.run(lambda: self.cloud.cloud.door.calls.listed(action)))

    def bucket(self, name: str) -> bool:
        """Whether there is such a bucket."""
        return self.cloud.run(lambda: self.whole.oss.has_bucket(name))

    def functions(self) -> set[str]:
        """What is deployed."""
        return {ref.name for ref in self.whole.fc.host.registry.functions()}


@pytest.fixture
def world() -> dict[str, Any]:
    """What is in the account."""
    return WORLD


@pytest.fixture
def site(
    tmp_path: Path, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Site]:
    """A whole cloud with nothing deployed, whose address is in the environment."""
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path / "work"))

    with running(world, attach=attach) as cloud:
        keys = cloud.keys
        environment = {
            "TIDEGATE_ACCOUNT": cloud.cloud.world.account_id,
            "TIDEGATE_REGION": cloud.cloud.world.region,
            "TIDEGATE_ENDPOINT": cloud.endpoint,
            "TIDEGATE_OSS_ENDPOINT": f"http://{cloud.oss_endpoint}",
            "TIDEGATE_FC_ENDPOINT": f"http://{cloud.endpoint}",
            "TIDEGATE_CLOCK_URL": f"http://{cloud.endpoint}/_console/clock",
            "TIDEGATE_HOOK_TOKENS": TOKEN,
            "TIDEGATE_CHAT_URL": CHAT,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.access_key_secret,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for name in ("TIDEGATE_STORE", "ALIBABA_CLOUD_SECURITY_TOKEN", "TIDEGATE_ONCALL_URL"):
            monkeypatch.delenv(name, raising=False)
        yield Site(cloud, made[0], tmp_path, capsys)
