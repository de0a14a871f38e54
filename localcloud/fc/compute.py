"""Function Compute as one part of the cloud: host, timers, messages and APIs put together."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from localcloud.clock import Clock
from localcloud.faults import Faults
from localcloud.fc.api import FcApi
from localcloud.fc.code import CodeStore
from localcloud.fc.host import FunctionHost
from localcloud.fc.smq import Smq
from localcloud.fc.timers import Timers
from localcloud.identity import Identity
from localcloud.rpc.calls import CallLog
from localcloud.wire import Call, Reply


class FunctionCompute:
    """Attach it to a cloud as `fc` and as one of its `parts`. `endpoint` gives `host:port` once the server listens."""

    def __init__(
        self,
        drawer: MutableMapping[str, Any],
        clock: Clock,
        identity: Identity,
        faults: Faults,
        *,
        workdir: Path,
        code_store: CodeStore,
        endpoint: Callable[[], str],
        calls: CallLog | None = None,
        **settings: Any,
    ) -> None:
        self.host = FunctionHost(drawer, clock, identity, faults, workdir, code_store, **settings)
        self.timers = Timers(self.host)
        self.smq = Smq(self.host, drawer)
        self._api = FcApi(self.host, self.timers, calls=calls)
        self._endpoint = endpoint
        faults.on_kill(self._kill)

    async def answer(self, call: Call) -> Reply:
        """Answer one call of either API, or a request to a function's own address; raises `Dropped`."""
        return await self._api.answer(call)

    async def start(self) -> None:
        """Begin to fire timers and to deliver what an earlier life left behind."""
        self.host.base_url = f"http://{self._endpoint()}"
        await self.host.start()
        self.timers.start()

    async def stop(self) -> None:
        """Fire no more, and end every instance."""
        await self.timers.stop()
        await self.host.stop()

    def _kill(self, instance_id: str) -> None:
        self.host.kill(instance_id)
