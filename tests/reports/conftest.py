"""A fortnight of an account that only observes, played once in virtual time, and the command line at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from localcloud.project.scenario.folder import read_folder
from localcloud.project.scenario.play import Options, Performance, performed
from tests.reports.fortnight import POLICY, WORLD, scenario
from tests.said import Said
from tidegate.cli import main


@dataclass(frozen=True)
class Fortnight:
    """What was played, and its policy file."""

    performance: Performance
    policy: Path
    env: dict[str, str]

    def calls(self) -> list[dict[str, Any]]:
        """Every call that reached the vendor."""
        server = self.performance.stage.server
        return [dict(call) for call in server.run(lambda: list(server.cloud.door.calls.listed("")))]


@contextmanager
def played(folder: Path, policy: dict[str, Any], world: dict[str, Any], story: dict[str, Any]) -> Iterator[Fortnight]:
    """Play a folder with its ledger in a file, and leave the stage open."""
    for name, body in (("policy", policy), ("world", world), ("scenario", story)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(body, sort_keys=False), "utf-8")
    ledger = folder / "ledger.db"
    with performed(read_folder(folder), Console(quiet=True), Options(ledger=ledger)) as performance:
        server = performance.stage.server
        env = {
            "TIDEGATE_ACCOUNT": server.cloud.world.account_id,
            "TIDEGATE_REGION": "cn-hangzhou",
            "TIDEGATE_STORE": f"sqlite:///{ledger}",
            "TIDEGATE_ENDPOINT": server.endpoint,
            "TIDEGATE_CLOCK_URL": f"http://{server.endpoint}/_console/clock",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": server.keys.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": server.keys.access_key_secret,
        }
        yield Fortnight(performance, folder / "policy.yaml", env)


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    """The fortnight, over and still open."""
    with played(tmp_path_factory.mktemp("fortnight"), POLICY, WORLD, scenario()) as told:
        yield told


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Run one command against what was played."""

    def once(told: Fortnight, *arguments: str) -> Said:
        for name, value in told.env.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return once
