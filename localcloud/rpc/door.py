"""The front door of the RPC products: one path, the action chosen by name (fact A.0).

A call passes, in this order: product, action, method, signature, parameters, permission, quota. Only then it runs.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from localcloud.clock import Clock
from localcloud.faults import Detail, Faults, Throttled
from localcloud.identity import Identity
from localcloud.rpc.calls import CallLog, LoggedCall
from localcloud.rpc.operation import ApiError, Caller, Operation, RpcProduct
from localcloud.rpc.parameters import typed
from localcloud.rpc.quota import Quota
from localcloud.rpc.signing import Gate
from localcloud.rpc.words import COMMON, Words, words_of
from localcloud.wire import Call, Dropped, Reply

NAMES_OF_WHAT_IT_IS_ABOUT = ("InstanceId", "OrderId", "ExecutionName", "FlowName", "Name")
DIMENSION = re.compile(r'"instanceId"\s*:\s*"([^"]+)"')


def wall() -> datetime:
    """Give the machine's own time, in which everybody lives who is not a function."""
    return datetime.fromtimestamp(time.time(), timezone.utc)


@dataclass
class Visit:
    """One call on its way through the door."""

    call: Call
    request_id: str
    parameters: Mapping[str, str]
    action: str
    version: str
    words: Words = COMMON
    product: RpcProduct | None = None
    caller: Caller | None = None


class RpcDoor:
    """Answers every call of every RPC product that was let in with `add`."""

    def __init__(
        self,
        products: Iterable[RpcProduct],
        identity: Identity,
        clock: Clock,
        faults: Faults,
        wall: Callable[[], datetime] = wall,
    ) -> None:
        self._identity, self._clock, self._faults = identity, clock, faults
        self._gate = Gate(identity, clock, wall)
        self._quota = Quota(clock)
        self._products: dict[str, RpcProduct] = {}
        self.calls = CallLog()
        for product in products:
            self.add(product)

    def add(self, product: RpcProduct) -> None:
        """Let one more product in."""
        self._products[product.version] = product

    def answer(self, call: Call) -> Reply:
        """Answer one call; raise `Dropped` where a fault takes the reply."""
        visit = begin(call)
        try:
            result = self._run(visit)
        except ApiError as error:
            refused = in_words(error, visit.words)
            self._log(visit, refused.code)
            return refusal(visit, refused)
        except Dropped as fault:
            self._log(visit, str(fault))
            raise
        self._log(visit, "ok")
        id_field = visit.product.request_id_field if visit.product else "RequestId"
        return Reply.json({id_field: visit.request_id, **result}, headers=headers(visit))

    def _run(self, visit: Visit) -> Mapping[str, Any]:
        product, operation = self._find(visit)
        region = visit.parameters.get("RegionId", "")
        caller = visit.caller = replace(self._gate.caller(visit.call, visit.words), region=region)
        detail = Detail(about(visit.parameters), caller.instance)
        self._faults.before(visit.action, detail)
        try:
            parameters = typed(product, operation, visit.parameters)
            self._check_permission(caller, operation.permission(parameters), visit.words)
            if not self._quota.take(f"{product.name}/{visit.action}", operation.quota, operation.burst):
                raise Throttled
            return self._faults.bent(visit.action, operation.run(parameters, caller), detail)
        finally:
            # A reply can be lost whatever it says, a refusal too; what is raised here takes the place of the answer.
            self._faults.after(visit.action, detail)

    def _find(self, visit: Visit) -> tuple[RpcProduct, Operation]:
        product = self._products.get(visit.version)
        if product is None:
            raise ApiError("InvalidVersion", "Specified parameter Version is not valid.")
        visit.product, visit.words = product, words_of(product.name)
        operation = product.operations.get(visit.action)
        if operation is None or visit.call.path != "/":
            raise visit.words.no_action.says("Specified api is not found, please check your url and method.")
        if visit.call.method not in operation.methods:
            raise visit.words.wrong_method.says(f"This action takes {' or '.join(operation.methods)}.")
        return product, operation

    def _check_permission(self, caller: Caller, needed: tuple[str, str], words: Words) -> None:
        actions, on = needed
        if not actions:
            # Everybody may ask who he is.
            return
        # Some actions have an old and a new name in RAM (fact A.0); either is enough: "bssapi:X|bss:Y".
        if not any(self._identity.allowed(caller, action, on) for action in actions.split("|")):
            raise words.denied.says(f"{caller.principal} is not authorized to do {actions} on {on}.")

    def _log(self, visit: Visit, outcome: str) -> None:
        product = visit.product.name if visit.product else ""
        caller = visit.caller.principal if visit.caller else ""
        instance = about(visit.parameters)
        at = self._clock.now()
        self.calls.add(LoggedCall(at, product, visit.action, caller, instance, outcome, visit.request_id))


def begin(call: Call) -> Visit:
    """Read what a call asks for. The action is named by a parameter, or by a header in newer clients."""
    parameters = call.parameters
    return Visit(
        call=call,
        request_id=str(uuid.uuid4()).upper(),
        parameters=parameters,
        action=call.headers.get("x-acs-action") or parameters.get("Action", ""),
        version=call.headers.get("x-acs-version") or parameters.get("Version", ""),
    )


def about(parameters: Mapping[str, str]) -> str:
    """Give the id of what a call is about, or nothing. CloudMonitor is told it inside a list of dimensions."""
    if among := DIMENSION.search(parameters.get("Dimensions", "")):
        return among[1]
    return next((parameters[name] for name in NAMES_OF_WHAT_IT_IS_ABOUT if parameters.get(name)), "")


def in_words(error: ApiError, words: Words) -> ApiError:
    """Give the error as the product names it: being throttled has a code of its own everywhere."""
    if isinstance(error, Throttled):
        return words.throttled.says("Request was denied due to user flow control.")
    return error


def refusal(visit: Visit, error: ApiError) -> Reply:
    """Give an error in the vendor's envelope."""
    body = {
        "RequestId": visit.request_id,
        "HostId": visit.call.headers.get("host", ""),
        "Code": error.code,
        "Message": error.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}",
    }
    return Reply.json(body, error.status, headers(visit))


def headers(visit: Visit) -> dict[str, str]:
    """Give the headers of every reply."""
    return {"x-acs-request-id": visit.request_id}
