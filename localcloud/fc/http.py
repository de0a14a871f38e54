"""HTTP triggers: a request to a function's own address becomes an event, its result a response (facts fc 1.6, 2.8).

`/_fc/{function}/...` stands for `https://{function}-....fcapp.run/...`: the handler sees the path without that prefix.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from localcloud.fc.function import Ref, Refusal
from localcloud.fc.host import FunctionHost, new_request_id
from localcloud.fc.invocation import Invocation, error_body
from localcloud.fc.registry import stamp
from localcloud.fc.words import WORDS
from localcloud.rpc.operation import ApiError
from localcloud.rpc.signing import Gate
from localcloud.wire import Call, Reply

PREFIX = "/_fc/"
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")
NOT_THEIRS = {"content-length", "transfer-encoding", "connection"}
LOWEST_STATUS, HIGHEST_STATUS = 100, 599


class HttpTriggers:
    """Answers requests to functions with an HTTP trigger."""

    def __init__(self, host: FunctionHost, gate: Gate) -> None:
        self._host, self._gate = host, gate

    async def answer(self, call: Call) -> Reply:
        """Answer one request. A function that fails makes a 502, one that is missing a 404; raises `Dropped`."""
        request_id = new_request_id()
        try:
            ref, trigger = self._find(call)
            self._check_caller(call, trigger)
        except Refusal as refusal:
            body = error_body(refusal, request_id, version2=False)
            return Reply(refusal.status, body, _json_headers(request_id))
        event = json.dumps(self._event(call, ref, request_id)).encode()
        if call.headers.get("x-fc-invocation-type", "").lower() == "async":
            return _reply(await self._host.invoke(ref, event, kind="Async", request_id=request_id))
        return _reply(await self._host.invoke(ref, event, request_id=request_id))

    def _find(self, call: Call) -> tuple[Ref, dict[str, Any]]:
        ref = Ref(call.path.removeprefix(PREFIX).partition("/")[0])
        self._host.registry.entry(ref)
        trigger = next(iter(self._host.registry.triggers("http", ref)), None)
        if trigger is None:
            raise Refusal("TriggerNotFound", f"function '{ref}' has no HTTP trigger", 404)
        if call.method not in trigger["config"]["methods"]:
            raise Refusal("MethodNotAllowed", f"the HTTP trigger does not take {call.method}", 405)
        return ref, trigger

    def _check_caller(self, call: Call, trigger: dict[str, Any]) -> None:
        if trigger["config"]["authType"] == "anonymous":
            return
        try:
            self._gate.caller(call, WORDS)
        except ApiError as error:
            raise Refusal(error.code, error.message, 403) from error

    def _event(self, call: Call, ref: Ref, request_id: str) -> dict[str, Any]:
        raw = (call.raw_path or quote(call.path)).partition("?")[0]
        body, is_base64 = _body(call)
        prefix = f"{ref.name}-local"
        now = self._host.clock.now()
        path = _below(call.path)
        return {
            "version": "v1",
            "rawPath": _below(raw),
            "body": body,
            "isBase64Encoded": is_base64,
            "headers": {name.title(): value for name, value in call.headers.items()},
            "queryParameters": _joined(call.query),
            "requestContext": {
                "accountId": self._host.account_id,
                "domainName": f"{prefix}.{self._host.region}.fcapp.run",
                "domainPrefix": prefix,
                "http": {
                    "method": call.method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": call.headers.get("user-agent", ""),
                },
                "requestId": request_id,
                "time": stamp(now),
                "timeEpoch": str(round(now.timestamp() * 1000)),
            },
        }


def _below(path: str) -> str:
    return "/" + path.removeprefix(PREFIX).partition("/")[2]


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body(call: Call) -> tuple[str, bool]:
    """Give the body as text, and whether it is base64: whatever is not a known kind of text is, forms too."""
    kind = call.headers.get("content-type", "").lower()
    if not call.body or kind.startswith(TEXT_TYPES):
        try:
            return call.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(call.body).decode(), True


def _reply(invocation: Invocation) -> Reply:
    request_id = invocation.headers.get("X-Fc-Request-Id", "")
    if invocation.status != 200:  # noqa: PLR2004 - 202 for asynchronous, 4xx and 5xx for refusals
        return Reply(invocation.status, invocation.body, invocation.headers)
    if invocation.error_type:
        headers = {**_json_headers(request_id), "X-Fc-Error-Type": invocation.error_type}
        return Reply(502, invocation.body, headers)
    try:
        status, headers, body = _response(invocation.body)
    except (ValueError, TypeError, AttributeError) as error:
        wrong = Refusal("BadResponse", f"the function's response is not valid: {error}", 502)
        return Reply(502, error_body(wrong, request_id, version2=False), _json_headers(request_id))
    return Reply(status, body, {"X-Fc-Request-Id": request_id, **headers})


def _response(result: bytes) -> tuple[int, dict[str, str], bytes]:
    """Read a result. One without a statusCode is a body with status 200: unverified with the vendor (fact fc 1.6)."""
    try:
        said = json.loads(result)
    except ValueError:
        said = None
    if not isinstance(said, dict) or "statusCode" not in said:
        kind = "text/plain; charset=utf-8" if said is None else "application/json"
        return 200, {"Content-Type": kind}, result
    status = int(said["statusCode"])
    if not LOWEST_STATUS <= status <= HIGHEST_STATUS:
        raise ValueError(f"statusCode {status}")
    given = (said.get("headers") or {}).items()
    headers = {str(name): str(value) for name, value in given if str(name).lower() not in NOT_THEIRS}
    return status, headers, _response_body(said)


def _response_body(said: dict[str, Any]) -> bytes:
    body = said.get("body", "")
    if not isinstance(body, str):
        return json.dumps(body).encode()
    if not said.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("the body is not base64") from error


def _json_headers(request_id: str) -> dict[str, str]:
    return {"X-Fc-Request-Id": request_id, "Content-Type": "application/json"}
