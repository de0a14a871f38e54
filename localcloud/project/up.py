"""`python -m localcloud up`: the whole cloud with this project deployed to it, ready for alerts."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.arguments import pace
from localcloud.cloud import Cloud
from localcloud.drawer import CannotKeep
from localcloud.project.compose import Whole, compose
from localcloud.serve import port
from localcloud.server import Server
from localcloud.template.deploy import Targets, deploy
from localcloud.template.faults import TemplateError
from localcloud.world import World

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "demo"
LEDGER, CODE, CODE_OBJECT = "tidegate-ledger", "tidegate-code", "tidegate.zip"
PREFIX = "tidegate"
"""The template's own default."""


class Unable(Exception):  # noqa: N818 - reads as what it is
    """What was asked for cannot be had on this machine."""


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    world: Path
    policy: Path
    port: int
    speed: float
    state: Path | None
    quiet: bool = False
    oss_port: int = 0
    empty: bool = False
    """Whether nothing is to be deployed."""


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT. A mistake in a file is one clear line and 2."""
    options = read_options(arguments)
    try:
        world = World.load(options.world)
        documents, index = ({}, {}) if options.empty else compiled(options.policy)
    except OSError as error:
        return mistaken(ValueError(f"{error.filename}: {error.strerror}"))
    except ValueError as error:
        return mistaken(error)
    try:
        asyncio.run(serve(options, world, documents, index))
    except (Unable, CannotKeep, TemplateError) as error:
        return mistaken(error)
    return 0


def mistaken(error: Exception) -> int:
    """Tell a person of their mistake."""
    sys.stderr.write(f"{error}\n")
    return 2


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser("tidegate local up", description="localcloud with the project deployed to it")
    parser.add_argument("--world", type=Path, default=DEMO / "world.yml", help="the world file")
    parser.add_argument("--policy", type=Path, default=DEMO / "policy.yml", help="the policy to put in force")
    parser.add_argument("--port", type=port, default=0, help="for the products and the console; 0: any free one")
    parser.add_argument("--oss-port", type=port, default=0, help="for the bucket; 0: any free one")
    parser.add_argument("--speed", type=pace, default=1.0, help="simulated seconds per second, while nobody works")
    parser.add_argument("--state", type=Path, help="a folder in which everything survives a restart")
    parser.add_argument("--empty", action="store_true", help="deploy nothing: for `tidegate deploy`")
    parser.add_argument("--quiet", action="store_true", help="say nothing but the one line that it is ready")
    given = parser.parse_args(arguments)
    return Options(
        given.world, given.policy, given.port, given.speed, given.state, given.quiet, given.oss_port, given.empty
    )


def compiled(policy: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read and compile a policy file. Raises ValueError with every mistake in it."""
    from tidegate.policyfile import compile_policy, read_policy  # noqa: PLC0415 - only here is the project known

    return compile_policy(read_policy(policy))


async def serve(options: Options, world: World, documents: dict[str, Any], index: dict[str, Any]) -> None:
    """Run one cloud, deploy, say that it is ready, and stop it when asked to."""
    with tempfile.TemporaryDirectory(prefix="localcloud-") as scratch:
        cloud = Cloud.begin(world, options.state, options.speed)
        whole = compose(cloud, (options.state or Path(scratch)) / "functions")
        server = Server(cloud, options.port, options.oss_port)
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        try:
            await listen(server, options)
            address = {} if options.empty else await settle_in(whole, documents, index)
            sys.stdout.write(json.dumps({"ready": True, **cloud.address(), **address}) + "\n")
            sys.stdout.flush()
            if not options.quiet:
                sys.stderr.write(f"\n{exports({**cloud.address(), **address})}\n")
            await stop.wait()
        finally:
            await server.stop()
            cloud.cabinet.close()


async def listen(server: Server, options: Options) -> None:
    """Start a server. Raises Unable where a port is taken."""
    try:
        await server.start()
    except OSError as error:
        asked = " or ".join(str(port) for port in (options.port, options.oss_port) if port)
        raise Unable(f"cannot listen on port {asked}: {error.strerror or error}") from error


def command_environment(address: Mapping[str, str]) -> dict[str, str]:
    """What the command line must know to reach this cloud."""
    endpoint = address["endpoint"]
    # Where nothing is deployed there is no ledger yet.
    store = {"TIDEGATE_STORE": f"oss://{address['ledger']}"} if "ledger" in address else {}
    return {
        "TIDEGATE_ACCOUNT": address["account_id"],
        "TIDEGATE_REGION": address["region"],
        **store,
        "TIDEGATE_OSS_ENDPOINT": f"http://{address['oss_endpoint']}",
        "TIDEGATE_ENDPOINT": endpoint,
        "TIDEGATE_FC_ENDPOINT": f"http://{endpoint}",
        "TIDEGATE_CLOCK_URL": f"http://{endpoint}/_console/clock",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": address["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": address["access_key_secret"],
    }


def exports(address: Mapping[str, str]) -> str:
    """Lines for a shell, so that `tidegate status` and the others speak to this cloud."""
    lines = [f"export {name}={value}" for name, value in command_environment(address).items()]
    return "\n".join(["# In another shell:", *lines])


async def settle_in(
    whole: Whole, documents: dict[str, Any], index: dict[str, Any], **parameters: str
) -> dict[str, str]:
    """Deploy the project, once, and put the policy in force. Gives where alerts are posted.

    `parameters` are the template's, over those that this cloud gives it.
    """
    kept = whole.cloud.cabinet.drawer("project")
    if "token" not in kept:
        kept["token"] = secrets.token_urlsafe(24)
    if "approval key" not in kept:
        kept["approval key"] = secrets.token_urlsafe(24)
    links = {
        "ApprovalKey": kept["approval key"],
        "ApprovalUrl": f"http://{whole.cloud.endpoint}/_fc/{parameters.get('Prefix', PREFIX)}-on-approval",
    }
    outputs = await deployed(whole, {"HookTokens": kept["token"], **links, **parameters})
    await asyncio.to_thread(publish, whole, documents, index)
    return {"alert_url": f"{outputs['AlertUrl'].rstrip('/')}/hook/cms/{kept['token']}", "ledger": LEDGER}


async def deployed(whole: Whole, given: Mapping[str, str]) -> Mapping[str, Any]:
    """Deploy `template.yml`, or bring what is deployed up to date."""
    cloud = whole.cloud
    parameters = {
        "Mode": "act",
        "LedgerBucket": LEDGER,
        "CodeBucket": CODE,
        "CodeObject": CODE_OBJECT,
        "ChatUrl": f"json://{cloud.endpoint}/_console/messages/chat",
        "OncallUrl": f"json://{cloud.endpoint}/_console/messages/oncall",
        "RpcEndpoint": cloud.endpoint,
        "OssEndpoint": f"http://{cloud.oss_endpoint}",
        **given,
    }
    targets = Targets(cloud.identity, whole.oss, whole.fc, whole.flow)
    return (await deploy(ROOT / "template.yml", parameters, targets)).outputs


def publish(whole: Whole, documents: dict[str, Any], index: dict[str, Any]) -> None:
    """Publish the compiled policy as its operator would, over HTTP."""
    from tidegate.app.wiring import shelf  # noqa: PLC0415 - only here is the project known
    from tidegate.ledger.ledger import Ledger  # noqa: PLC0415
    from tidegate.ledger.policies import Policies  # noqa: PLC0415
    from tidegate.settings import Settings  # noqa: PLC0415

    cloud = whole.cloud
    settings = Settings(
        account=cloud.world.account_id,
        region=cloud.world.region,
        store=f"oss://{LEDGER}",
        oss_endpoint=f"http://{cloud.oss_endpoint}",
        access_key_id=cloud.keys.access_key_id,
        access_key_secret=cloud.keys.access_key_secret,
    )
    where = shelf(settings, time.sleep)  # noqa: TID251 - a composition root
    now = cloud.clock.now
    Ledger(where, now, lambda: secrets.token_hex(8)).check()
    Policies(where, now).publish(documents, index, "local up")
