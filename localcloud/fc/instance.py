"""One function instance from the host's side: a worker process, its line and its log."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from localcloud.fc.frames import pack, receive_async
from localcloud.fc.process import Launcher

START_LIMIT_S = 60.0
GRACE_S = 1.0
MEMORY_GLANCE_S = 0.05
LOG_LINE_BYTES = 128 * 1024
LOG_END_LIMIT_S = 0.5
NICE, NICE_IF_AWAITED = 10, 2
"""All share one machine here: the platform comes first, then functions for whose answer an HTTP client waits."""


@dataclass(frozen=True)
class Step:
    """What a worker is asked to do: load, initialize, invoke or pre_stop."""

    step: str
    handler: str
    request_id: str
    timeout: float
    event: bytes = b""
    retry_count: int = 0


@dataclass(frozen=True)
class Answer:
    """What came of it. `ended` says why the instance is no more: timeout, crash or memory; empty while it lives."""

    ok: bool
    body: bytes = b""
    ended: str = ""
    seconds: float = 0.0
    peak_mb: float = 0.0


class Instance:
    """A worker process. It serves one step at a time; after a crash or a timeout it is dead for good."""

    def __init__(
        self,
        instance_id: str,
        version: int,
        memory_mb: int,
        note: Callable[[str], None],
        launcher: Launcher,
        *,
        is_awaited: bool = False,
    ) -> None:
        self.instance_id, self.version, self.memory_mb = instance_id, version, memory_mb
        self._nice = NICE_IF_AWAITED if is_awaited else NICE
        self.alive = False
        self.is_gone = False
        """Whether nothing of it is left: no process, no line, no log."""
        self.born_at: datetime | None = None
        self._note = note
        self._launcher = launcher
        self._tail: deque[str] = deque(maxlen=200)
        self._ended = asyncio.Event()
        self._awaited_line = ""
        self._peak_mb = 0.0

    async def start(self, environment: Mapping[str, str], function: dict[str, Any], credentials: Any) -> None:
        """Start the process; it is ready for its first step when this returns."""
        ours, theirs = socket.socketpair()
        log_out, log_in = os.pipe()
        code = Path(function["code"])
        places = (code, code / function["handler"].rpartition("/")[0])
        try:
            self._process = self._launcher.launch(environment, places, self._nice, theirs.fileno(), log_in)
        except OSError:
            ours.close()
            os.close(log_out)
            raise
        finally:
            theirs.close()
            os.close(log_in)
        try:
            self._log_transport, self._log_task = await self._follow(log_out)
            try:
                self._reader, self._writer = await asyncio.open_connection(sock=ours)
            except BaseException:
                self._log_transport.close()
                self._log_task.cancel()
                raise
        except BaseException:
            # Cancelled between two turns of the loop: nobody else knows of this process yet.
            self.kill()
            self._process.wait()
            ours.close()
            raise
        self._writer.write(pack({"function": function, "credentials": credentials}))
        self.alive = True

    async def serve(self, step: Step, now: datetime) -> Answer:
        """Have one step done at simulated time `now`; its timeout is in the machine's seconds, as its clock is then."""
        began = time.monotonic()
        self._tail.clear()
        self._awaited_line, self._peak_mb = f"End RequestId: {step.request_id}", 0.0
        self._ended.clear()
        head = {"step": step.step, "handler": step.handler, "request_id": step.request_id}
        try:
            self._writer.write(pack({**head, "now": now.timestamp(), "retry_count": step.retry_count}, step.event))
            reply, body = await self._reply(began + step.timeout)
        except (asyncio.IncompleteReadError, ConnectionError):
            await self._end()
            return self._answer(began, "crash")
        except asyncio.TimeoutError:
            await self.terminate()
            return self._answer(began, "timeout")
        except MemoryError:
            await self.close()
            return self._answer(began, "memory")
        except BaseException:
            # Nobody waits for it any more, and it cannot be told to stop.
            await self.close()
            raise
        if step.step != "load":
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ended.wait(), LOG_END_LIMIT_S)
        return Answer(reply["ok"], body, "", time.monotonic() - began, max(self._peak_mb, self._memory_mb()))

    @property
    def tail(self) -> str:
        """What the last step logged; at most its last 200 lines."""
        return "".join(f"{line}\n" for line in self._tail)

    def kill(self) -> None:
        """Kill the process and its children at once, as a lost machine would."""
        self.alive = False
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        # One that has just begun leads no group yet.
        self._process.kill()

    async def terminate(self) -> None:
        """Ask the process to go, give it a second, then kill it."""
        self.alive = False
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            with suppress(asyncio.TimeoutError, ConnectionError):
                await asyncio.wait_for(self._reader.read(), GRACE_S)
        finally:
            # Also where whoever asked is cut off: by now nobody else knows of this process.
            await self._end()

    async def close(self) -> None:
        """Kill the process and wait until it is gone."""
        self.kill()
        await self._end()

    async def _reply(self, until: float) -> tuple[dict[str, Any], bytes]:
        reply = asyncio.ensure_future(receive_async(self._reader))
        try:
            while not reply.done():
                left = until - time.monotonic()
                if left <= 0:
                    raise asyncio.TimeoutError
                gone = self._process.poll() is not None
                await asyncio.wait({reply}, timeout=min(left, MEMORY_GLANCE_S))
                if not reply.done():
                    self._check_life(gone=gone)
            return reply.result()
        finally:
            reply.cancel()
            await asyncio.wait({reply})

    def _check_life(self, *, gone: bool) -> None:
        if gone:  # but children of its own still hold its end of the line
            raise ConnectionResetError
        self._peak_mb = max(self._peak_mb, self._memory_mb())
        if self._peak_mb > self.memory_mb:
            raise MemoryError

    def _memory_mb(self) -> float:
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return 0.0  # gone, or not a Linux
        return pages * os.sysconf("SC_PAGE_SIZE") / 1048576

    def _answer(self, began: float, ended: str) -> Answer:
        return Answer(ok=False, ended=ended, seconds=time.monotonic() - began, peak_mb=self._peak_mb)

    async def _end(self) -> None:
        """Leave nothing behind: process, line, log."""
        self.kill()
        self._writer.close()
        try:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._process.wait))
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._log_task), LOG_END_LIMIT_S)
        finally:
            # Also where whoever waits is cut off, as above.
            self._log_transport.close()
            self._log_task.cancel()
            self.is_gone = True

    async def _follow(self, log_out: int) -> tuple[asyncio.ReadTransport, asyncio.Task[None]]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        pipe = os.fdopen(log_out, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        return transport, asyncio.create_task(self._read_log(reader))

    async def _read_log(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await reader.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._log(line)
            rest = rest[:LOG_LINE_BYTES]
        if rest:
            self._log(rest)

    def _log(self, line: bytes) -> None:
        text = line[:LOG_LINE_BYTES].decode("utf-8", "replace")
        self._tail.append(text)
        self._note(text)
        if self._awaited_line and self._awaited_line in text:
            self._ended.set()
