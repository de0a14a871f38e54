"""The line to the vendor: one HTTP request of aliyun-python-sdk-core for each call, and nothing repeated.

The SDK is imported with the first call, so that whoever never calls never pays for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.endpoints import APIS, Endpoint

QUERIES = ("Get", "Describe", "List", "Query")

Parameters = Mapping[str, str | int | bool]


class Line(Protocol):
    """Sends one call once."""

    def send(self, product: str, action: str, parameters: Parameters, endpoint: Endpoint, *, read: bool) -> bytes:
        """Give the body of an HTTP success. Raises what the SDK raises: the vendor's refusal, a lost line, anything."""

    def close(self) -> None:
        """Let go of open connections. The line can be used again."""


class SdkLine:
    """The vendor's own client. `connect_s` and `read_s` are its timeouts; `loopback` is for a cloud on this machine."""

    def __init__(
        self, credentials: Credentials, region: str, *, connect_s: float, read_s: float, loopback: bool
    ) -> None:
        self._credentials, self._region = credentials, region
        self._connect_s, self._read_s, self._loopback = connect_s, read_s, loopback

    def send(self, product: str, action: str, parameters: Parameters, endpoint: Endpoint, *, read: bool) -> bytes:
        """Sign the call and send it."""
        request = _request(product, action, parameters, endpoint)
        if self._credentials.security_token:
            # Not as the SDK's own kind of credential: variables of the environment would come before that one.
            request.add_query_param("SecurityToken", self._credentials.security_token)
        if not read:
            # A connection kept from an earlier call may be dead by now, which would cost us our certainty.
            self.close()
        return bytes(self._sdk.do_action_with_exception(request))

    def close(self) -> None:
        """Let go of open connections."""
        if "_sdk" in self.__dict__:
            self._sdk.session.close()

    @cached_property
    def _sdk(self) -> Any:
        from aliyunsdkcore.client import AcsClient  # noqa: PLC0415 - late

        _silence()
        return AcsClient(
            self._credentials.access_key_id,
            self._credentials.access_key_secret,
            self._region,
            auto_retry=False,
            max_retry_time=0,
            connect_timeout=self._connect_s,
            timeout=self._read_s,
            # Any entry keeps the SDK from the environment's proxy, which cannot reach this machine's loopback.
            proxy={"no_proxy": "*"} if self._loopback else None,
        )


def _request(product: str, action: str, parameters: Parameters, endpoint: Endpoint) -> Any:
    from aliyunsdkcore.http.protocol_type import HTTP, HTTPS  # noqa: PLC0415 - late
    from aliyunsdkcore.request import CommonRequest  # noqa: PLC0415 - late

    api = APIS[product]
    request = CommonRequest(endpoint.host, api.version, action, product=product)
    request.set_protocol_type(HTTPS if endpoint.secure else HTTP)
    query = action.startswith(QUERIES)
    request.set_method("GET" if query else "POST")
    add = request.add_body_params if api.form and not query else request.add_query_param
    for name, value in parameters.items():
        add(name, as_text(value))
    return request


def as_text(value: str | int | bool) -> str:  # noqa: FBT001 - a vendor's value, not a flag
    """Spell a parameter as the documents do: `true`, not `True`; whole numbers without ornament."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _silence() -> None:
    """Keep the SDK's loggers quiet: they print the signed URL, and one has a handler of its own (fact C.4)."""
    top = logging.getLogger("aliyunsdkcore")
    top.propagate = False
    top.setLevel(logging.CRITICAL + 1)
    http = logging.getLogger("aliyunsdkcore.http.http_response")
    http.handlers.clear()
    http.setLevel(logging.NOTSET)
