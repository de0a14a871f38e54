"""`python -m localcloud serve`: the cloud until somebody stops it, with one JSON line when it is ready."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from localcloud.arguments import pace
from localcloud.cloud import Cloud
from localcloud.drawer import CannotKeep
from localcloud.server import Server
from localcloud.world import BadWorld, World

LAST_PORT = 65535


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT. A mistake in the world file or a folder of no use is a line each and 2."""
    options = parser().parse_args(arguments)
    try:
        world = World.load(options.world) if options.world else World()
    except (OSError, BadWorld) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        asyncio.run(serve(world, options.state, options.speed, (options.port, options.oss_port)))
    except (CannotKeep, Taken) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


class Taken(Exception):  # noqa: N818 - reads as what it is
    """A port cannot be had on this machine."""


def port(text: str) -> int:
    """Read a port. Raises `ArgumentTypeError`, which tells a person what is wrong with theirs."""
    if not (text.isascii() and text.isdecimal() and int(text) <= LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to {LAST_PORT}, or 0 for any free one")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Describe the options."""
    described = argparse.ArgumentParser("python -m localcloud serve")
    described.add_argument("--world", type=Path, help="the world file; without it the world is empty")
    described.add_argument(
        "--port", type=port, default=0, help="for the products and the console; 0 lets the OS choose"
    )
    described.add_argument("--oss-port", type=port, default=0, help="for OSS; 0 lets the OS choose")
    described.add_argument("--speed", type=pace, default=1.0, help="simulated seconds per second")
    described.add_argument("--state", type=Path, help="a folder in which the cloud survives a restart")
    return described


async def serve(world: World, state: Path | None, pace: float, ports: tuple[int, int]) -> None:
    """Run one cloud, say that it is ready, and stop it when asked to."""
    cloud = Cloud.begin(world, state, pace)
    server = Server(cloud, *ports)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        await server.start()
    except OSError as error:
        raise Taken(f"cannot listen on port {' or '.join(map(str, filter(None, ports)))}: {error.strerror}") from error
    sys.stdout.write(json.dumps({"ready": True, **cloud.address()}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await server.stop()
    cloud.cabinet.close()
