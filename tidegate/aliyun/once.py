"""One signed request to Function Compute, sent once and to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tidegate.aliyun.endpoints import is_loopback

if TYPE_CHECKING:
    import requests

CONNECT_S, READ_S = 5.0, 65.0
"""In seconds. A function that somebody waits for takes 60 s at most."""


class NoAnswer(Exception):  # noqa: N818 - reads as what it is
    """Nothing came back. The message names the host and how it ended."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent
        """Whether the request may have arrived: nobody took the call where there is no such host, or it is shut."""


def send_once(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    params: Any = None,
    body: bytes | None = None,
    read_s: float = READ_S,
) -> requests.Response:
    """Send, and give whatever comes back. Raises NoAnswer.

    A redirect would be sent the token too, and a `.netrc` would replace the signature: neither is followed.
    """
    import requests  # noqa: PLC0415 - only to send

    host = urlsplit(url).netloc.rpartition("@")[2]
    with requests.Session() as session:
        # The environment's proxy cannot reach this machine's loopback.
        session.trust_env = not is_loopback(host)
        try:
            return session.request(
                method,
                url,
                params=params,
                data=body,
                headers={key: value for key, value in headers.items() if key != "content-length"},
                timeout=(CONNECT_S, read_s),
                allow_redirects=False,
                auth=lambda request: request,
            )
        except requests.RequestException as error:
            raise NoAnswer(f"{host} gave no answer ({type(error).__name__})", sent=_may_be_sent(error)) from None


def _may_be_sent(error: requests.RequestException) -> bool:
    """Whether a line stood before it failed. One is sent once, so there is one."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError  # noqa: PLC0415 - only when it failed

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, (NewConnectionError, ConnectTimeoutError))
