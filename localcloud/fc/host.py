"""Function Compute's host: runs functions in worker processes, and answers as the platform does when they fail."""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from localcloud.clock import Clock
from localcloud.faults import Detail, Faults, Throttled
from localcloud.fc.code import CodeShelf, CodeStore
from localcloud.fc.environment import credentials_of, description, environment
from localcloud.fc.function import Function, Ref, Refusal
from localcloud.fc.instance import START_LIMIT_S, Answer, Instance, Step
from localcloud.fc.invocation import MAX_ASYNC_BYTES, MAX_SYNC_BYTES, Invocation, failure, refused
from localcloud.fc.pool import Pool, Room
from localcloud.fc.process import Launcher
from localcloud.fc.queue import Deliveries
from localcloud.fc.registry import INSTANCES, Registry
from localcloud.identity import Identity
from localcloud.rpc.operation import ApiError

LOG_LINES = 2000


class _Stillborn(Exception):  # noqa: N818 - carries the answer of a load or an initializer that failed
    def __init__(self, invocation: Invocation) -> None:
        super().__init__(invocation.error_type)
        self.invocation = invocation


class FunctionHost:
    """Runs the functions of its `registry`.

    `libraries` are what nearly every function loads: they are loaded once for all of them, see `process`.

    `idle_after` is simulated; timeouts are the machine's, as the clock keeps the machine's pace while a function works.
    """

    def __init__(  # noqa: PLR0917 - the parts of one cloud, in the order in which they depend on each other
        self,
        drawer: MutableMapping[str, Any],
        clock: Clock,
        identity: Identity,
        faults: Faults,
        workdir: Path,
        code_store: CodeStore,
        *,
        region: str = "cn-hangzhou",
        instances: int = INSTANCES,
        idle_after: timedelta = timedelta(minutes=5),
        deliver_twice: Callable[[], bool] = lambda: False,
        room: Room | None = None,
        libraries: Sequence[str] = (),
    ) -> None:
        self.clock, self.identity, self.faults, self.region = clock, identity, faults, region
        self.base_url = ""
        self.registry = Registry(drawer, clock, CodeShelf(drawer, workdir, code_store), instances)
        self.deliveries = Deliveries(drawer, clock, self, deliver_twice)
        self._idle_after = idle_after
        self._pools: dict[str, Pool] = {}
        self._launcher = Launcher(libraries)
        self._room = room or Room.of(os.cpu_count() or 1)
        self._logs: dict[str, deque[str]] = {}

    @property
    def account_id(self) -> str:
        """Give the account that the functions belong to."""
        return self.identity.account_id

    async def start(self) -> None:
        """Take up the asynchronous requests that an earlier life left behind."""
        self._launcher.prepare()
        self.deliveries.resume()

    async def stop(self) -> None:
        """End every instance and stop delivering."""
        await self.deliveries.stop()
        for pool in self._pools.values():
            await pool.close()

    async def invoke(
        self,
        ref: Ref,
        event: bytes,
        *,
        kind: Literal["Sync", "Async"] = "Sync",
        retry_count: int = 0,
        request_id: str = "",
    ) -> Invocation:
        """Invoke a function. `Async` answers 202 at once and delivers at least once.

        Never raises for what the platform would answer; raises `Dropped` where a fault takes the request or the reply.
        """
        request_id = request_id or new_request_id()
        try:
            self._consult(self.faults.before, ref)
            try:
                invocation = await self._accept(ref, event, kind, retry_count, request_id)
            finally:
                # A reply can be lost whatever it says, a refusal too.
                self._consult(self.faults.after, ref)
        except Refusal as refusal:
            return refused(refusal, ref, request_id)
        return replace(invocation, headers={**invocation.headers, "X-Fc-Request-Id": request_id})

    def logs(self, function: str) -> list[str]:
        """Give the last lines that a function (`name` or `service/name`) logged, oldest first."""
        return list(self._logs.get(function, ()))

    def note(self, function: str, line: str) -> None:
        """Add a line of the platform's own to a function's log."""
        self._logs.setdefault(function, deque(maxlen=LOG_LINES)).append(line)

    def kill(self, target: str) -> int:
        """Kill one instance by its id, or all of a function's; give how many died."""
        victims = [
            instance
            for name, pool in self._pools.items()
            for instance in pool.instances
            if instance.alive and target in (instance.instance_id, name)
        ]
        for victim in victims:
            victim.kill()
        return len(victims)

    def warm(self, function: str) -> list[str]:
        """Give the ids of a function's living instances."""
        pool = self._pools.get(function)
        return [instance.instance_id for instance in pool.instances if instance.alive] if pool else []

    async def _accept(self, ref: Ref, event: bytes, kind: str, retry_count: int, request_id: str) -> Invocation:
        function = self.registry.function(ref)
        limit = MAX_ASYNC_BYTES if kind == "Async" else MAX_SYNC_BYTES
        if len(event) > limit:
            raise Refusal("EntityTooLarge", f"payload size exceeds maximum allowed size ({limit} bytes)", 413)
        if kind == "Async":
            self.deliveries.post(ref, event, request_id=request_id)
            return Invocation(202)
        step = Step("invoke", function.handler, request_id, function.timeout, event, retry_count)
        with self.clock.working():
            return await self._run(function, step)

    async def _run(self, function: Function, step: Step) -> Invocation:
        pool = self._pool(function.ref)
        try:
            instance = await pool.take(function)
        except _Stillborn as stillborn:
            return stillborn.invocation
        try:
            answer = await instance.serve(step, self.clock.now())
        finally:
            pool.give_back(function, instance)
        return _ended(function, step, answer, instance)

    def _pool(self, ref: Ref) -> Pool:
        if str(ref) not in self._pools:
            self._pools[str(ref)] = Pool(self.clock, self._idle_after, self._make, self._part_from, self._room)
        return self._pools[str(ref)]

    async def _make(self, function: Function) -> Instance:
        instance_id = f"c-{secrets.token_hex(4)}-{secrets.token_hex(6)}"
        keys = self._keys(function, instance_id)
        lines = self._logs.setdefault(str(function.ref), deque(maxlen=LOG_LINES))
        is_awaited = bool(self.registry.triggers("http", function.ref))
        instance = Instance(
            instance_id, function.version, function.memory, lines.append, self._launcher, is_awaited=is_awaited
        )
        instance.born_at = self.clock.now()
        code = self.registry.code.folder(function.code)
        about = description(function, code, self.region, self.account_id)
        visible = environment(function, about, keys, instance_id)
        await instance.start(visible, about, credentials_of(function, keys))
        await self._prepare(function, instance)
        return instance

    async def _prepare(self, function: Function, instance: Instance) -> None:
        steps = [Step("load", function.handler, new_request_id(), START_LIMIT_S)]
        if hook := function.initializer:
            steps.append(Step("initialize", hook.handler, new_request_id(), hook.timeout))
        for step in steps:
            answer = await instance.serve(step, self.clock.now())
            if not answer.ok:
                await instance.close()
                raise _Stillborn(_ended(function, step, answer, instance))

    async def _part_from(self, function: Function, instance: Instance) -> None:
        if instance.alive and (hook := function.pre_stop):
            with self.clock.working():
                await instance.serve(Step("pre_stop", hook.handler, new_request_id(), hook.timeout), self.clock.now())
        await instance.close()

    def _keys(self, function: Function, instance_id: str) -> Any:
        if not function.role:
            return None
        try:
            return self.identity.issue(function.role, instance_id)
        except ApiError as error:
            raise Refusal("AccessDenied", f"cannot take the role {function.role}: {error.message}", 403) from error

    def _consult(self, side: Callable[[str, Detail], None], ref: Ref) -> None:
        try:
            side("fc.Invoke", Detail(instance=str(ref)))
        except Throttled as throttled:
            raise Refusal("ResourceThrottled", throttled.message, 429) from throttled
        except ApiError as error:
            raise Refusal(error.code, error.message, error.status) from error


def new_request_id() -> str:
    """Give an id as the platform writes them."""
    return f"1-{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"


_ENDINGS = {
    "timeout": "{step} timed out after {limit} seconds (maxMemoryUsage: {memory:.2f}MB)",
    "crash": "Process exited unexpectedly before completing request (duration: {ms}ms, maxMemoryUsage: {memory:.0f}MB)",
    "memory": "Process ran out of memory (memory limit: {size}MB, maxMemoryUsage: {memory:.0f}MB)",
}


def _ended(function: Function, step: Step, answer: Answer, instance: Instance) -> Invocation:
    milliseconds = max(1, round(answer.seconds * 1000))
    headers = {
        "X-Fc-Instance-Id": instance.instance_id,
        "X-Fc-Code-Checksum": function.code,
        "X-Fc-Invocation-Duration": str(milliseconds),
        "X-Fc-Max-Memory-Usage": f"{answer.peak_mb:.2f}",
        "Content-Type": "application/octet-stream",
    }
    body = answer.body
    if answer.ended:
        what = "Function" if step.step == "invoke" else f"Function {step.step}"
        body = failure(
            _ENDINGS[answer.ended].format(
                step=what, limit=round(step.timeout), ms=milliseconds, memory=answer.peak_mb, size=function.memory
            )
        )
    if not answer.ok:
        headers |= {"X-Fc-Error-Type": "UnhandledInvocationError", "Content-Type": "application/json"}
    return Invocation(200, headers, body, instance.tail)
