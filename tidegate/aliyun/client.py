"""All RPC calls to the vendor, through one client of aliyun-python-sdk-core, one HTTP request for each."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.aliyun.answers import Body, translate, understand
from tidegate.aliyun.codes import Next, lookup
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.endpoints import Endpoint, endpoints_of
from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.line import Line, Parameters, SdkLine
from tidegate.aliyun.patience import Patience

CONNECT_S, READ_S = 5.0, 20.0


class Aliyun:
    """The vendor's API as one account and one region see it.

    `endpoints` overrides where products answer: by product name or `*`, `host[:port]`, commas between several.
    `line` is what calls go over: the SDK's own, unless stated.
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
        line: Line | None = None,
    ) -> None:
        self.region = region
        self._credentials, self._patience = credentials, patience
        self._overrides = dict(endpoints or {})
        loopback = any(Endpoint.parse(text).loopback for text in self._overrides.values())
        self._line = line or SdkLine(credentials, region, connect_s=connect_s, read_s=read_s, loopback=loopback)
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
        self._line.close()

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
        redact = self._credentials.redact
        try:
            raw = self._line.send(product, action, parameters, endpoint, read=read)
        except Exception as error:  # the SDK lets out IndexError, UnicodeDecodeError, ...
            raise translate(error, product, read=read, redact=redact) from error
        return understand(raw, product, read=read, redact=redact)
