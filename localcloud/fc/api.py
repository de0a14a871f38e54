"""Function Compute's HTTP APIs: 3.0 (2023-03-30), 2.0 (2016-08-15), and the functions' own addresses."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from localcloud.faults import Detail
from localcloud.fc.api2 import Api2
from localcloud.fc.api3 import Api3
from localcloud.fc.function import Refusal, invalid
from localcloud.fc.host import FunctionHost, new_request_id
from localcloud.fc.http import PREFIX, HttpTriggers
from localcloud.fc.invocation import Invocation, error_body
from localcloud.fc.route import Api, Request, Route
from localcloud.fc.signature2 import Gate2
from localcloud.fc.timers import Timers
from localcloud.fc.words import WORDS
from localcloud.rpc.calls import CallLog, LoggedCall
from localcloud.rpc.door import wall
from localcloud.rpc.operation import ApiError, Caller
from localcloud.rpc.signing import Gate
from localcloud.wire import Call, Dropped, Reply

LOG_TAIL_BYTES = 4096
WRONG_SHAPE = (TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What an argument raises that is a list where a map belongs, a number where text does, or beyond all measure."""


class FcApi:
    """Answers every call of either API version, and requests to the functions' own addresses."""

    def __init__(
        self,
        host: FunctionHost,
        timers: Timers,
        *,
        wall: Callable[[], datetime] = wall,
        calls: CallLog | None = None,
    ) -> None:
        self._host, self._calls = host, calls
        gate = Gate(host.identity, host.clock, wall)
        self.http = HttpTriggers(host, gate)
        gate2 = Gate2(host.identity, host.clock, wall)
        self._doors = {
            "/2023-03-30/": _Door(Api3(host, timers), partial(gate.caller, words=WORDS), host),
            "/2016-08-15/": _Door(Api2(host, timers), gate2.caller, host),
        }

    async def answer(self, call: Call) -> Reply:
        """Answer one call; raises `Dropped` where a fault takes the request or the reply."""
        if call.path.startswith(PREFIX):
            return await self.http.answer(call)
        for prefix, door in self._doors.items():
            if call.path.startswith(prefix):
                visit = _Visit(new_request_id())
                try:
                    return await door.answer(call, prefix, visit)
                except Dropped as fault:
                    visit.outcome = str(fault)
                    raise
                finally:
                    self._log(visit)
        return Reply.json({"Code": "PathNotSupported", "Message": f"'{call.path}' is not supported"}, 400)

    def _log(self, visit: _Visit) -> None:
        if self._calls is not None:
            at, caller = self._host.clock.now(), visit.caller
            self._calls.add(LoggedCall(at, "fc", visit.action, caller, visit.about, visit.outcome, visit.request_id))


@dataclass
class _Visit:
    """What is remembered of one call."""

    request_id: str
    action: str = ""
    caller: str = ""
    about: str = ""
    outcome: str = "ok"


class _Door:
    """Authenticates, finds the operation, checks the permission, runs it, and writes the reply."""

    def __init__(self, api: Api, caller: Callable[[Call], Caller], host: FunctionHost) -> None:
        self._version2, self._caller, self._host = api.version2, caller, host
        self._routes = [(re.compile(_pattern(route.path)), route) for route in api.routes]

    async def answer(self, call: Call, prefix: str, visit: _Visit) -> Reply:
        try:
            caller = self._caller(call)
            visit.caller = caller.principal
            route, names = self._find(call, call.path.removeprefix(prefix))
            visit.action, visit.about = route.action, "/".join(names.values())
            self._check_permission(caller, route, names)
            detail = Detail(visit.about, caller.instance)
            # An invocation is struck where it is run.
            strikes = route.action != "InvokeFunction"
            if strikes:
                self._host.faults.before(f"fc.{route.action}", detail)
            result = await _run(route, Request(call, names, _body(call, route)))
            if strikes:
                self._host.faults.after(f"fc.{route.action}", detail)
            return self._reply(result, visit, call)
        except ApiError as error:
            return self._refused(Refusal(error.code, error.message, max(error.status, 400)), visit)
        except Refusal as refusal:
            return self._refused(refusal, visit)

    def _find(self, call: Call, path: str) -> tuple[Route, dict[str, str]]:
        for pattern, route in self._routes:
            if route.method == call.method and (found := pattern.fullmatch(path)):
                return route, found.groupdict()
        raise Refusal("PathNotSupported", f"'{call.method}' against '{call.path}' is not supported")

    def _check_permission(self, caller: Caller, route: Route, names: Mapping[str, str]) -> None:
        prefix = f"acs:fc:{self._host.region}:{self._host.account_id}:"
        places = [prefix + place for place in _resources(route, names)]
        if not any(self._host.identity.allowed(caller, f"fc:{route.action}", place) for place in places):
            place = places[0]
            raise WORDS.denied.says(f"the caller is not authorized to perform 'fc:{route.action}' on '{place}'")

    def _reply(self, result: Invocation | Mapping[str, Any] | None, visit: _Visit, call: Call) -> Reply:
        if isinstance(result, Invocation):
            visit.request_id = result.headers.get("X-Fc-Request-Id", visit.request_id)
            visit.outcome = result.error_type or ("ok" if result.succeeded else str(result.status))
            headers = dict(result.headers)
            if call.headers.get("x-fc-log-type") == "Tail":
                tail = result.log.encode()[-LOG_TAIL_BYTES:]
                headers["X-Fc-Log-Result"] = base64.b64encode(tail).decode()
            return Reply(result.status, result.body, headers)
        headers = {"X-Fc-Request-Id": visit.request_id}
        if result is None:
            return Reply(204, b"", headers)
        return Reply.json(dict(result), headers=headers)

    def _refused(self, refusal: Refusal, visit: _Visit) -> Reply:
        visit.outcome = refusal.code
        body = error_body(refusal, visit.request_id, version2=self._version2)
        return Reply(refusal.status, body, {"X-Fc-Request-Id": visit.request_id, "Content-Type": "application/json"})


async def _run(route: Route, request: Request) -> Invocation | Mapping[str, Any] | None:
    """Run an operation. An invocation has no arguments but its event, which is the function's own concern."""
    if route.action == "InvokeFunction":
        return await route.run(request)
    try:
        return await route.run(request)
    except WRONG_SHAPE as error:
        raise invalid(f"an argument has the wrong shape: {type(error).__name__}: {str(error)[:200]}") from error


def _resources(route: Route, names: Mapping[str, str]) -> list[str]:
    """Give what permission is asked for; an invocation may be granted for the function or for its qualifier."""
    plain = {**names, "service": names.get("service", "").partition(".")[0]}
    place = route.resource.format(**plain)
    if route.action != "InvokeFunction":
        return [place]
    if plain["service"]:
        return [place, route.resource.format(**{**plain, "service": f"{plain['service']}.LATEST"})]
    return [place, f"{place}/LATEST"]


def _pattern(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)


def _body(call: Call, route: Route) -> Mapping[str, Any]:
    if route.action == "InvokeFunction" or not call.body:
        return {}
    try:
        body = json.loads(call.body)
    except (ValueError, RecursionError) as error:
        raise invalid("the request body is not JSON") from error
    if not isinstance(body, dict):
        raise invalid("the request body is not a JSON map")
    return body
