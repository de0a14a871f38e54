"""All RPC calls to the vendor, through one client of aliyun-python-sdk-core, one HTTP request for each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tidegate.aliyun.answers import Body, translate, understand
from tidegate.aliyun.codes import Next, lookup
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.endpoints import APIS, Endpoint, endpoints_of
from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.patience import Patience

CONNECT_S, READ_S = 5.0, 20.0
QUERIES = ("Get", "Describe", "List", "Query")

Parameters = Mapping[str, str | int | bool]


class Aliyun:
    """The vendor's API as one account and one region see it.

    `endpoints` overrides where products answer: by product name or `*`, `host[:port]`, commas between several.
    The SDK is imported with the first call, so that whoever never calls never pays for it.
    """

    def __init__(
        self,
        credentials: Credentials,
        region: str,
        patience: Patience,
        *,
        endpoints: Mapping[str, str] | None = None,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
    ) -> None:
        self.region = region
        self._credentials, self._patience = credentials, patience
        self._overrides = dict(endpoints or {})
        self._connect_s, self._read_s = connect_s, read_s
        self._site: dict[str, int] = {}

    def call(self, product: str, action: str, parameters: Parameters, *, read: bool) -> Body:
        """Call one action and give the body of its answer; raise VendorError.

        `read` says that repeating the call changes nothing: it is repeated, with patience, while it is throttled or
        unreadable. Anything else is sent exactly once, whatever happens to it, and raises Unanswered in doubt.
        """
        if read:
            return self._patience(lambda: self._at_either_site(product, action, parameters))
        return self._once(product, action, parameters, self._endpoint(product), read=False)

    def close(self) -> None:
        """Let go of open connections. The client can be used again."""
        if "_sdk" in self.__dict__:
            self._sdk.session.close()

    def _at_either_site(self, product: str, action: str, parameters: Parameters) -> Body:
        """Read, and once more from the other site's endpoint where this one is not for our account (fact C.3)."""
        try:
            return self._once(product, action, parameters, self._endpoint(product), read=True)
        except VendorError as error:
            if not self._turn_to_other_site(product, error):
                raise
        return self._once(product, action, parameters, self._endpoint(product), read=True)

    def _turn_to_other_site(self, product: str, error: VendorError) -> bool:
        sites = len(endpoints_of(product, self.region, self._overrides))
        turned = self._site.get(product, 0) + 1
        if lookup(product, error.code, error.status).next is not Next.ELSEWHERE or turned >= sites:
            return False
        self._site[product] = turned
        return True

    def _endpoint(self, product: str) -> Endpoint:
        return endpoints_of(product, self.region, self._overrides)[self._site.get(product, 0)]

    def _once(self, product: str, action: str, parameters: Parameters, endpoint: Endpoint, *, read: bool) -> Body:
        request = _request(product, action, parameters, endpoint)
        if self._credentials.security_token:
            # Not as the SDK's own kind of credential: variables of the environment would come before that one.
            request.add_query_param("SecurityToken", self._credentials.security_token)
        redact = self._credentials.redact
        if not read:
            # A connection kept from an earlier call may be dead by now, which would cost us our certainty.
            self.close()
        try:
            raw = self._sdk.do_action_with_exception(request)
        except Exception as error:  # the SDK lets out IndexError, UnicodeDecodeError, ...
            raise translate(error, product, read=read, redact=redact) from error
        return understand(raw, product, read=read, redact=redact)

    @cached_property
    def _sdk(self) -> Any:
        from aliyunsdkcore.client import AcsClient  # noqa: PLC0415 - late

        _silence()
        loopback = any(Endpoint.parse(text).loopback for text in self._overrides.values())
        return AcsClient(
            self._credentials.access_key_id,
            self._credentials.access_key_secret,
            self.region,
            auto_retry=False,
            max_retry_time=0,
            connect_timeout=self._connect_s,
            timeout=self._read_s,
            # Any entry keeps the SDK from the environment's proxy, which cannot reach this machine's loopback.
            proxy={"no_proxy": "*"} if loopback else None,
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
