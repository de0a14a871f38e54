"""The vendor's `fc2` for Function Compute 2.0, signing and sending in a way of our own (fact fc 1.10).

fc2 logs what it signs, and the token of temporary keys is in that; and it trips over errors that are not JSON.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from tidegate.aliyun.credentials import Credentials

Send = Callable[[str, str, Mapping[str, str], Any, bytes | None], Any]
"""Sends what fc2 would send (method, address, headers, parameters, body), and gives what fc2 is to look at."""


def signed_fc2(url: str, credentials: Credentials, send: Send) -> Any:
    """A client of fc2 for an endpoint. Raises ValueError for what fc2 does not take as one."""
    import fc2  # noqa: PLC0415 - only for functions of 2.0

    class Auth:
        """Signs in the place of fc2."""

        security_token = credentials.security_token

        @staticmethod
        def sign_request(method: str, path: str, headers: Mapping[str, str], _queries: object = None) -> str:
            return fc_signed(method, path, headers, credentials)

    class Client(fc2.Client):  # type: ignore[misc]  # the SDK has no types
        """Sends in the place of fc2."""

        def _do_request(
            self, method: str, path: str, headers: Mapping[str, str], params: object = None, body: bytes | None = None
        ) -> Any:
            return send(method, self.endpoint + path, headers, params, body)

    client = Client(
        endpoint=url,
        accessKeyID=credentials.access_key_id,
        accessKeySecret=credentials.access_key_secret,
        securityToken=credentials.security_token,
    )
    client.auth = Auth()
    return client


def fc_signed(method: str, path: str, headers: Mapping[str, str], credentials: Credentials) -> str:
    """Give the `authorization` of a call of the 2.0 API (fact fc 1.10)."""
    own = sorted((name.lower(), value) for name, value in headers.items() if name.lower().startswith("x-fc-"))
    lines = [method.upper(), *(headers.get(name, "") for name in ("content-md5", "content-type", "date"))]
    to_sign = "\n".join([*lines, *(f"{name}:{value}" for name, value in own), path])
    digest = hmac.new(credentials.access_key_secret.encode(), to_sign.encode(), hashlib.sha256).digest()
    return f"FC {credentials.access_key_id}:{base64.b64encode(digest).decode()}"
