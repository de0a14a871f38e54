"""Function Compute 2.0 by the vendor's `fc2`: services, their functions and triggers (facts fc 1.1, 1.10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tidegate.aliyun.answers import listed
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.errors import Missing, Refused, Unreadable, VendorError
from tidegate.aliyun.functions import Function
from tidegate.aliyun.once import NoAnswer, send_once
from tidegate.aliyun.permission import Permission
from tidegate.aliyun.signed_fc2 import signed_fc2

PERMISSIONS = tuple(
    Permission(f"fc:{action}", "acs:fc:{region}:{account}:services/{service}*")
    for action in (
        "GetService",
        "CreateService",
        "UpdateService",
        "DeleteService",
        "ListFunctions",
        "GetFunction",
        "CreateFunction",
        "UpdateFunction",
        "DeleteFunction",
        "ListTriggers",
        "CreateTrigger",
        "UpdateTrigger",
        "DeleteTrigger",
    )
)
NOT_FOUND, SERVER_ERROR = 404, 500
EXACT = "environmentVariables"
"""Nothing may stand there besides what is wanted."""


class SecondGeneration:
    """The 2.0 services of one account and region. What is asked for twice is there once.

    One that only `looks` says what it would change, and changes nothing.
    """

    def __init__(self, endpoint: str, credentials: Credentials, *, looks: bool = False) -> None:
        client = _client_of(Function(endpoint, "").url, credentials)
        self._client = _OnlyLooks(client) if looks else client

    def service(self, name: str) -> Mapping[str, Any] | None:
        """Describe a service, None where there is none."""
        try:
            return _data(lambda: self._client.get_service(name, headers={}))
        except Missing:
            return None

    def put_service(self, name: str, wanted: Mapping[str, Any]) -> bool:
        """Make a service as wanted, and say whether it was otherwise."""
        there = self.service(name)
        if there is None:
            self._client.create_service(name, headers={}, **wanted)
        elif not _is_as(there, wanted):
            self._client.update_service(name, headers={}, **wanted)
        else:
            return False
        return True

    def function(self, service: str, name: str) -> Mapping[str, Any] | None:
        """Describe a function, None where there is none."""
        try:
            return _data(lambda: self._client.get_function(service, name, headers={}))
        except Missing:
            return None

    def put_function(self, service: str, name: str, wanted: Mapping[str, Any], code: tuple[str, str]) -> bool:
        """Make a function as wanted, its code from a bucket and key, and say whether it was otherwise.

        The code's key is not shown by the vendor: `wanted` must say it, in its description.
        """
        there = self.function(service, name)
        place = {"codeOSSBucket": code[0], "codeOSSObject": code[1]}
        if there is None:
            self._client.create_function(service, name, headers={}, **wanted, **place)
        elif not _is_as(there, wanted):
            self._client.update_function(service, name, headers={}, **wanted, **place)
        else:
            return False
        return True

    def functions(self, service: str) -> list[str]:
        """Name every function of a service; none where there is no service."""
        try:
            found = _data(lambda: self._client.list_functions(service, limit=100, headers={}))
        except Missing:
            return []
        return list(_named(found, "functions", "functionName"))

    def triggers(self, service: str, function: str) -> dict[str, Mapping[str, Any]]:
        """Describe every trigger of a function by its name."""
        try:
            found = _data(lambda: self._client.list_triggers(service, function, headers={}))
        except Missing:
            return {}
        return _named(found, "triggers", "triggerName")

    def put_trigger(self, service: str, function: str, name: str, wanted: Mapping[str, Any]) -> bool:
        """Make a trigger as wanted, and say whether it was otherwise."""
        there = self.triggers(service, function).get(name)
        if there is None:
            self._client.create_trigger(service, function, name, headers={}, **wanted)
            return True
        if _is_as(there, wanted):
            return False
        if not _is_as(there, {key: wanted[key] for key in ("triggerType", "sourceArn")}):
            self._client.delete_trigger(service, function, name, headers={})
            self._client.create_trigger(service, function, name, headers={}, **wanted)
            return True
        changed = {key: wanted[key] for key in ("triggerConfig", "invocationRole")}
        self._client.update_trigger(service, function, name, headers={}, **changed)
        return True

    def delete_trigger(self, service: str, function: str, name: str) -> None:
        """Detach a trigger, if it is there."""
        with suppress(Missing):
            self._client.delete_trigger(service, function, name, headers={})

    def delete_function(self, service: str, name: str) -> None:
        """Delete a function with its triggers, if it is there."""
        for trigger in self.triggers(service, name):
            self.delete_trigger(service, name, trigger)
        with suppress(Missing):
            self._client.delete_function(service, name, headers={})

    def delete_service(self, name: str) -> bool:
        """Delete a service with its functions, and say whether it was there."""
        if self.service(name) is None:
            return False
        for function in self.functions(name):
            self.delete_function(name, function)
        with suppress(Missing):
            self._client.delete_service(name, headers={})
        return True


def _is_as(there: Any, wanted: Mapping[str, Any]) -> bool:
    """Say whether all that is wanted is there. The vendor adds its defaults to what it was given, but no variables."""
    return isinstance(there, Mapping) and all(
        _is_as(there.get(key) or {}, value)
        if isinstance(value, Mapping) and key != EXACT
        else (there.get(key) or None) == (value or None)
        for key, value in wanted.items()
    )


class _OnlyLooks:
    """The calls of a client that change nothing; the others do nothing."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("get_", "list_")):
            return getattr(self._client, name)
        return lambda *_given, **_named: None


def _data(ask: Callable[[], Any]) -> Mapping[str, Any]:
    """Give the object that is answered. Raises Unreadable for anything else: what stands is not known then."""
    try:
        shown = ask().data
    except (ValueError, RecursionError):
        shown = None
    if not isinstance(shown, dict):
        raise Unreadable("NotJson", "Function Compute 2.0 gave no JSON object")
    return shown


def _named(found: Mapping[str, Any], what: str, key: str) -> dict[str, Mapping[str, Any]]:
    """Give what is listed by its names. What has none is none of the vendor's."""
    return {one[key]: one for one in listed(found, what) if isinstance(one.get(key), str)}


class _Answer:
    """As much of an answer as fc2 looks at."""

    def __init__(self, content: bytes, headers: Mapping[str, str]) -> None:
        self.content, self.headers = content, headers

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


def _client_of(url: str, credentials: Credentials) -> Any:
    def send(method: str, url: str, headers: Mapping[str, str], params: Any, body: bytes | None) -> _Answer:
        try:
            reply = send_once(method, url, headers, params=params, body=body)
        except NoAnswer as error:
            raise Unreadable("NoAnswer", str(error)) from None
        if reply.status_code < 300:  # noqa: PLR2004 - HTTP's successes
            return _Answer(reply.content, dict(reply.headers))
        raise _error(reply.status_code, reply.content, reply.headers.get("X-Fc-Request-Id", ""), credentials)

    try:
        return signed_fc2(url, credentials, send)
    except ValueError as error:
        raise Refused("BadClient", str(error)) from error


def _error(status: int, body: bytes, request_id: str, credentials: Credentials) -> VendorError:
    """Give the vendor's refusal. The vendor answers a wrong signature with all that was signed."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    code = credentials.redact(str(said.get("ErrorCode") or f"HTTP {status}"))[:100]
    message = credentials.redact(str(said.get("ErrorMessage") or "no reason was given"))[:500]
    kind = Missing if status == NOT_FOUND else Unreadable if status >= SERVER_ERROR else Refused
    return kind(code, message, request_id, status)
