"""Whether a host of the vendor's can be reached, and what time it says it is. Nothing is signed, so nothing is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from tidegate.aliyun.endpoints import is_loopback

CONNECT_S, READ_S = 3.0, 5.0


@dataclass(frozen=True)
class Reached:
    """What a host answered to a call that asks for nothing. Every status is good enough: somebody was there."""

    status: int
    date: datetime | None
    """The vendor's own time, to the second, where the answer says it."""


def reach(url: str) -> Reached:
    """Ask a host for nothing. Raises OSError where it gives no answer; the message names no address."""
    import requests  # noqa: PLC0415 - only for a check-up

    with requests.Session() as session:
        session.trust_env = not is_loopback(urlsplit(url).netloc)
        try:
            reply = session.get(url, timeout=(CONNECT_S, READ_S), allow_redirects=False, auth=lambda asked: asked)
        except requests.RequestException as error:
            raise OSError(f"no answer ({type(error).__name__})") from None
    return Reached(reply.status_code, _date(reply.headers.get("Date", "")))


def _date(text: str) -> datetime | None:
    """Read HTTP's own time, None where there is none. One that says no zone, or `-0000`, is of UTC."""
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=timezone.utc) if date.tzinfo is None else date.astimezone(timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
