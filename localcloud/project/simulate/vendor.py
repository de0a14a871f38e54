"""The vendor in simulated time: localcloud's own products, and the line to them as the SDK would be one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from localcloud.clock import Clock
from localcloud.faults import NOTHING, Detail, Faults
from localcloud.project.simulate.odd import odd
from localcloud.project.simulate.platform import Failing, Invocation, Platform
from localcloud.rpc.amqp import Amqp
from localcloud.rpc.bss import Bss
from localcloud.rpc.cloudapi import CloudApi
from localcloud.rpc.cms import Cms
from localcloud.rpc.door import about
from localcloud.rpc.estate import Estate
from localcloud.rpc.load import Load
from localcloud.rpc.operation import ApiError, Caller, RpcProduct
from localcloud.rpc.orders import OrderBook
from localcloud.rpc.parameters import typed
from localcloud.rpc.tokens import Tokens
from localcloud.rpc.words import words_of
from localcloud.world import World
from tidegate.aliyun.endpoints import Endpoint
from tidegate.aliyun.line import Parameters, as_text

READ_S, DOOR_READ_S = 20.0, 2.0
"""How long a client waits for an answer (tidegate.app.wiring)."""
ORDERS = ("UpdateInstance", "ModifyInstanceSpec")
FLOW = "fnf"

Starts = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class Ages(Faults):
    """The world's faults, of which only stale reads are left: the line says how old each answer is to be."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock) -> None:
        super().__init__(drawer, clock)
        self.age_s = 0.0

    def stale(self, call: str, detail: Detail = NOTHING) -> timedelta | None:
        """Give how old the answer to the call under way shall be."""
        del call, detail
        return timedelta(seconds=self.age_s) if self.age_s else None


@dataclass(frozen=True)
class Ordered:
    """One order call that reached the vendor. `order_id` is empty where it made no order, or was refused."""

    at: datetime
    action: str
    instance_id: str
    parameters: Mapping[str, str]
    by: str
    """The process that sent it."""
    invocation: int
    refused: str = ""
    order_id: str = ""
    change: int = 0
    """Which change of the instance it made, 0 where it made none: counts from 1."""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Vendor:
    """All products, and what was ordered of them."""

    world: World
    clock: Clock
    starts: Starts
    """Starts an execution by its name. Raises ApiError."""
    ordered: list[Ordered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ages = Ages({}, self.clock)
        self.orders = OrderBook({}, self.clock, self.world.balance)
        self.estate = Estate({}, self.world, self.orders, self.clock, self.ages)
        self.load = Load({}, self.clock)
        tokens, account = Tokens({}), self.world.account_id
        made = (
            Amqp(self.estate, self.load, tokens, account).product(),
            CloudApi(self.estate, self.load, tokens, account).product(),
            Cms(self.estate, self.load, account).product(),
            Bss(self.orders, self.world, self.clock, self.ages).product(),
        )
        self.products: Mapping[str, RpcProduct] = {one.name: one for one in made}

    def answer(self, product: str, action: str, texts: Mapping[str, str], caller: Caller, age_s: float) -> bytes:
        """Answer one call. Raises ApiError."""
        if product == FLOW:
            body = self.starts(texts["ExecutionName"], json.loads(texts["Input"]))
            return json.dumps({"RequestId": "F10E", **body}).encode()
        served = self.products[product]
        operation = served.operations[action]
        self.ages.age_s = age_s
        try:
            body = operation.run(typed(served, operation, texts), caller)
        finally:
            self.ages.age_s = 0.0
        return json.dumps({served.request_id_field: "7A3C", **body}).encode()

    def order(
        self, product: str, action: str, texts: Mapping[str, str], caller: Caller, invocation: Invocation
    ) -> bytes:
        """Answer one order, and note what it did."""
        instance_id, now = about(texts), self.clock.now()
        before = self._changes(instance_id)
        spec = self.spec(instance_id)
        refused, raw = "", b""
        try:
            raw = self.answer(product, action, texts, caller, 0.0)
        except ApiError as error:
            refused = error.code
        changes = self._changes(instance_id)
        made = changes[-1] if len(changes) > len(before) else None
        self.ordered.append(
            Ordered(
                now,
                action,
                instance_id,
                dict(texts),
                invocation.worker.name,
                invocation.number,
                refused or ("" if made else "no change was made"),
                made["order_id"] if made else "",
                made["number"] if made else 0,
                spec,
                dict(made["to"]) if made else {},
            )
        )
        if refused:
            raise ApiError(refused, f"The vendor refuses: {refused}.", STATUS.get(refused, 400))
        return raw

    def spec(self, instance_id: str, at: datetime | None = None) -> Mapping[str, Any]:
        """The spec of an instance, now or at another time: the truth, whatever reads show."""
        found = [one for one in self.estate.all() if one.instance_id == instance_id]
        return dict(self.estate.moment(found[0], at).spec) if found else {}

    def _changes(self, instance_id: str) -> tuple[Mapping[str, Any], ...]:
        found = [one for one in self.estate.all() if one.instance_id == instance_id]
        return found[0].changes if found else ()


STATUS = {"InstanceNotExist": 404, "ORDER.INST_HAS_UNPAID_ORDER": 405}


@dataclass
class VendorLine:
    """The line of one region, as processes see it: what it raises is what the SDK raises."""

    region: str
    vendor: Vendor
    platform: Platform

    def send(self, product: str, action: str, parameters: Parameters, endpoint: Endpoint, *, read: bool) -> bytes:
        """Send one call."""
        del endpoint, read
        here = self.platform.here()
        if here is None:
            raise LookupError("nobody runs")
        texts = {name: as_text(value) for name, value in parameters.items()}
        principal = f"acs:ram::{self.vendor.world.account_id}:assumed-role/tidegate-{here.worker.function}"
        name = f"{principal}/{here.worker.name}"
        caller = Caller(
            "STS.NUE",
            name,
            self.vendor.world.account_id,
            (),
            is_root=True,
            instance=here.worker.name,
            region=self.region,
        )

        def effect(age_s: float) -> bytes:
            try:
                if action in ORDERS:
                    return self.vendor.order(product, action, texts, caller, here)
                return self.vendor.answer(product, action, texts, caller, age_s)
            except ApiError as error:
                raise _server(error.code, error.message, error.status) from error

        wait_s = DOOR_READ_S if here.worker.function == "on_alert" else READ_S
        failing = _failing(product)
        return self.platform.cross(here, action, about(texts), effect, failing, wait_s=wait_s, family="vendor")

    def close(self) -> None:
        """There is nothing to let go of."""


@cache
def _failing(product: str) -> Failing:
    throttled = words_of(product).throttled
    return Failing(
        _lost,
        lambda: _server("InternalError", "The request processing has failed due to some unknown error.", 500),
        lambda: _server(throttled.code, "Request was denied due to user flow control.", throttled.status),
        _lost,
        odd,
    )


def _lost() -> Exception:
    from aliyunsdkcore.acs_exception.exceptions import ClientException  # noqa: PLC0415 - untyped, and late as ever

    lost: Exception = ClientException("SDK.HttpError", "HTTPConnectionPool: Read timed out.")
    return lost


def _server(code: str, message: str, status: int) -> Exception:
    from aliyunsdkcore.acs_exception.exceptions import ServerException  # noqa: PLC0415 - as above

    refused: Exception = ServerException(code, message, http_status=status, request_id="7A3C")
    return refused
