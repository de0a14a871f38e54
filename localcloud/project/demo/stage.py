"""The stage of the demo: a cloud in a process of its own, reached as a customer, a colleague and a person reach it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from localcloud.project.up import DEMO, ROOT, command_environment
from localcloud.template.package import zip_project
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.patience import Patience
from tidegate.app.surroundings import Surroundings
from tidegate.app.wiring import nap, wire
from tidegate.settings import Settings

READY_WITHIN_S = 30
POLLED_EVERY_S = 0.25
"""Each look reads the ledger as a customer does, which takes processor time from what is looked at."""
FC2_SERVICE, FC2_FUNCTION = "tidegate", "on-request"


class Stuck(Exception):  # noqa: N818 - reads as what it is
    """Something that was to happen did not, in good time."""


@dataclass(frozen=True)
class Stage:
    """One running cloud."""

    address: Mapping[str, str]
    around: Surroundings
    aliyun: Aliyun

    def console(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do what only a person at the vendor's console can do."""
        url = f"http://{self.address['endpoint']}/_console/{path}"
        answer = requests.request(method, url, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def now(self) -> datetime:
        """The simulated time."""
        return self.around.now()

    def post_alert(self) -> dict[str, Any]:
        """Post the callback as CloudMonitor does."""
        body = (DEMO / "cms_metric_callback_alert.form.txt").read_bytes().strip()
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        answer = requests.post(self.address["alert_url"], data=body, headers=kind, timeout=30)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    def command(self, *words: str) -> dict[str, Any]:
        """Run `tidegate WORDS --json` as a person does, in a process of its own."""
        command = [sys.executable, "-m", "tidegate.cli", *words, "--json"]
        environment = {**os.environ, **self.environment()}  # noqa: TID251 - what the person's shell has, and more
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise Stuck(f"`tidegate {' '.join(words)}` gave {done.returncode}: {done.stderr.strip()}")
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def environment(self) -> dict[str, str]:
        """What the command line must know to reach this cloud, and `on_request` as a 2.0 function."""
        return {
            **command_environment(self.address),
            "TIDEGATE_FC_API": "2.0",
            "TIDEGATE_FC_SERVICE": FC2_SERVICE,
            "TIDEGATE_FC_FUNCTION": FC2_FUNCTION,
        }

    def function_environment(self) -> dict[str, str]:
        """The environment that `template.yml` gives `on_request`."""
        address = self.address
        return {
            "TIDEGATE_STORE": f"oss://{address['ledger']}",
            "TIDEGATE_OSS_ENDPOINT": f"http://{address['oss_endpoint']}",
            "TIDEGATE_ENDPOINT": address["endpoint"],
            "TIDEGATE_FLOW": "tidegate-resize",
            "TIDEGATE_CHAT_URL": f"json://{address['endpoint']}/_console/messages/chat",
            "TIDEGATE_ONCALL_URL": f"json://{address['endpoint']}/_console/messages/oncall",
        }

    def deploy_2_0(self) -> None:
        """Deploy `on_request` once more, as a Function Compute 2.0 function, with the vendor's own `fc2`."""
        import fc2  # noqa: PLC0415 - only the demo needs it

        address = self.address
        client = fc2.Client(
            endpoint=f"http://{address['endpoint']}",
            accessKeyID=address["access_key_id"],
            accessKeySecret=address["access_key_secret"],
        )
        client.create_service(FC2_SERVICE, role=f"acs:ram::{address['account_id']}:role/tidegate-door")
        with tempfile.TemporaryDirectory() as folder:
            packed = Path(folder) / "tidegate.zip"
            packed.write_bytes(zip_project(ROOT))
            client.create_function(
                FC2_SERVICE,
                FC2_FUNCTION,
                "python3.10",
                "functions/on_request.handler",
                codeZipFile=str(packed),
                memorySize=512,
                timeout=60,
                environmentVariables=self.function_environment(),
            )


@contextmanager
def open_stage(speed: float) -> Iterator[Stage]:
    """Start a cloud with the project deployed, and end it afterwards."""
    command = [sys.executable, "-m", "localcloud", "up", "--quiet", "--speed", str(speed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            address = json.loads((process.stdout.readline() if process.stdout else "") or "{}")
            if not address.get("ready"):
                raise Stuck("localcloud did not start; its words are above")
            yield Stage(address, customer(address), vendor(address))
        finally:
            process.terminate()


def customer(address: Mapping[str, str]) -> Surroundings:
    """The account's owner, who reads the ledger."""
    settings = Settings(
        account=address["account_id"],
        region=address["region"],
        store=f"oss://{address['ledger']}",
        oss_endpoint=f"http://{address['oss_endpoint']}",
        endpoint=address["endpoint"],
        access_key_id=address["access_key_id"],
        access_key_secret=address["access_key_secret"],
    )
    clock = f"http://{address['endpoint']}/_console/clock"
    return wire(settings, now=lambda: datetime.fromisoformat(requests.get(clock, timeout=10).json()["now"]))


def vendor(address: Mapping[str, str]) -> Aliyun:
    """The vendor's API, as the account's owner calls it."""
    credentials = Credentials(address["access_key_id"], address["access_key_secret"])
    patience = Patience(nap, time.monotonic, random.random)
    return Aliyun(credentials, address["region"], patience, endpoints={"*": address["endpoint"]})


def wait_for(what: str, seen: Callable[[], Any], within_s: float = 60.0) -> Any:
    """Wait until something is seen, and give it. Raises Stuck."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if found := seen():
            return found
        nap(POLLED_EVERY_S)
    raise Stuck(f"{what} did not happen within {within_s:.0f} s")
