"""Puts the cloud on loopback HTTP: one port for the products, Function Compute and the console, one for OSS."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from localcloud.clock import Clock
from localcloud.cloud import Cloud
from localcloud.console import PREFIX
from localcloud.drawer import Cabinet
from localcloud.faults import Hung
from localcloud.identity import Keys
from localcloud.rpc.operation import ApiError
from localcloud.wire import Call, Dropped, Reply
from localcloud.world import World

LOOPBACK = "127.0.0.1"
BODY_LIMIT = 64 * 1024 * 1024
LINE_LIMIT = 1024 * 1024
"""RPC clients may put every parameter into the query, a whole flow definition too."""
FC_PATHS = ("/2023-03-30/", "/2016-08-15/", "/_fc/")
STOPS_WITHIN_S = 0.2
REMEMBERS_EVERY_S = 1.0

T = TypeVar("T")


def in_one_line(record: logging.LogRecord) -> bool:
    """Note a request that is no HTTP in one line, and nothing of what it said. Any other failure is told whole."""
    failed = record.exc_info[1] if record.exc_info else None
    if isinstance(failed, HttpProcessingError):
        record.msg, record.args = "a request was turned away with %d: %s", (failed.code, type(failed).__name__)
        record.exc_info = None
    return True


LOG = logging.getLogger(__name__)
LOG.addFilter(in_one_line)


class Server:
    """Serves one cloud. Services run on the event loop, so no two calls of theirs overlap."""

    def __init__(self, cloud: Cloud, port: int = 0, oss_port: int = 0) -> None:
        self._cloud = cloud
        self._ports = (port, oss_port)
        self._runners: list[web.ServerRunner] = []
        self._stopping = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> tuple[int, int]:
        """Listen, start the attached parts, and give the ports: products, then OSS."""
        port = await self._listen(self._answer, self._ports[0])
        oss_port = await self._listen(self._answer_oss, self._ports[1])
        self._cloud.endpoint = f"{LOOPBACK}:{port}"
        self._cloud.oss_endpoint = f"{LOOPBACK}:{oss_port}"
        for part in self._cloud.parts:
            await part.start()
        self._watch = asyncio.create_task(self._remember_time())
        return port, oss_port

    async def _remember_time(self) -> None:
        while not self._stopping.is_set():
            self._cloud.remember_time()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), REMEMBERS_EVERY_S)
        self._cloud.remember_time(exactly=True)

    async def stop(self) -> None:
        """Stop the parts, the last one first, and hang up."""
        self._stopping.set()
        if self._watch:
            await self._watch
        for part in reversed(self._cloud.parts):
            await part.stop()
        for runner in self._runners:
            await runner.cleanup()

    async def _listen(self, answer: Callable[[Call], Awaitable[Reply]], port: int) -> int:
        async def serve(request: web.BaseRequest) -> web.StreamResponse:
            return await self._respond(request, answer)

        server = web.Server(serve, access_log=None, logger=LOG, max_line_size=LINE_LIMIT, max_field_size=64 * 1024)
        runner = web.ServerRunner(server, shutdown_timeout=STOPS_WITHIN_S)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, LOOPBACK, port).start()
        return int(runner.addresses[0][1])

    async def _respond(
        self, request: web.BaseRequest, answer: Callable[[Call], Awaitable[Reply]]
    ) -> web.StreamResponse:
        self._cloud.remember_time()
        try:
            reply = await answer(await as_call(request))
        except Hung as hung:
            await self._keep_waiting(request, hung.seconds)
            return hung_up(request)
        except Dropped:
            return hung_up(request)
        except ApiError as error:
            reply = Reply.json({"Code": error.code, "Message": error.message}, error.status)
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))

    async def _keep_waiting(self, request: web.BaseRequest, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while request.transport is not None and asyncio.get_running_loop().time() < until:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), STOPS_WITHIN_S)
                return

    async def _answer(self, call: Call) -> Reply:
        if call.path.startswith(FC_PATHS):
            return await self._cloud.fc.answer(call) if self._cloud.fc else nobody("Function Compute")
        service = self._cloud.console if call.path.startswith(PREFIX) else self._cloud.door
        with self._cloud.cabinet.together():
            return service.answer(call)

    async def _answer_oss(self, call: Call) -> Reply:
        with self._cloud.cabinet.together():
            return self._cloud.oss.answer(call) if self._cloud.oss else nobody("OSS")


def nobody(service: str) -> Reply:
    """Answer for a service that this cloud was composed without."""
    return Reply.json({"Code": "ServiceUnavailable", "Message": f"{service} is not part of this cloud"}, 503)


def hung_up(request: web.BaseRequest) -> web.Response:
    """Break the line; the response is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def as_call(request: web.BaseRequest) -> Call:
    """Read a whole request."""
    path, _, query = request.raw_path.partition("?")
    return Call(
        method=request.method,
        path=unquote(path),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await read_body(request),
        raw_path=request.raw_path,
    )


async def read_body(request: web.BaseRequest) -> bytes:
    """Read the body; raise 413 where it is larger than any service takes, 400 where it is not encoded as it says."""
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise ApiError("EntityTooLarge", f"The body is larger than {BODY_LIMIT} bytes.", 413)
    except (HttpProcessingError, web.RequestPayloadError) as error:
        raise ApiError("InvalidArgument", f"The body cannot be read: {type(error).__name__}.") from error
    return bytes(body)


@dataclass(frozen=True)
class Running:
    """A server in a thread of its own. Whatever touches the cloud from outside goes through `run` or `submit`."""

    cloud: Cloud
    endpoint: str
    oss_endpoint: str
    keys: Keys
    _loop: asyncio.AbstractEventLoop

    def submit(self, work: Coroutine[Any, Any, T], timeout: float = 30) -> T:
        """Run a coroutine on the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def run(self, work: Callable[[], T]) -> T:
        """Run a function on the server's loop and wait for it."""

        async def once() -> T:
            return work()

        return self.submit(once())

    def advance(self, seconds: float) -> None:
        """Move the cloud's clock ahead."""
        self.run(lambda: self.cloud.clock.advance(seconds))


@contextmanager
def running(
    world: World | dict[str, Any] | None = None,
    clock: Clock | None = None,
    attach: Callable[[Cloud], None] | None = None,
    state: Path | None = None,
    speed: float = 1.0,
) -> Iterator[Running]:
    """Run a cloud in a background thread. `attach` is called on that thread, before the server listens."""
    world = world if isinstance(world, World) else World.model_validate(world or {})
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="localcloud", daemon=True)
    thread.start()

    async def begin() -> tuple[Cloud, Server]:
        cloud = Cloud(world, Cabinet(state), clock) if clock else Cloud.begin(world, state, speed)
        if attach:
            attach(cloud)
        server = Server(cloud)
        await server.start()
        return cloud, server

    async def end() -> None:
        await server.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        cloud.cabinet.close()

    try:
        cloud, server = asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
        try:
            yield Running(cloud, cloud.endpoint, cloud.oss_endpoint, cloud.keys, loop)
        finally:
            asyncio.run_coroutine_threadsafe(end(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
