"""Links with which a person says yes: bound to what is asked, good for a while, and signed.

A link is what it says and a seal over that: whoever changes a sign of it holds one that opens nothing. It is no secret
of ours, but whoever has it may say yes, as long as just this is asked.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from urllib.parse import urlsplit

from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Approved

PURPOSE = "tidegate approval link 1"
"""A key that signs something else as well must give no link."""
SHORTEST_KEY = 32
LONGEST_TOKEN = 2000
PLACE = "approve"
"""What stands in the path before the token."""
HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Link:
    """What one link says yes to, and to which channel it was sent."""

    instance: str
    approval: str
    from_rung: str
    to_rung: str
    cost: float | None
    expires_at: datetime
    channel: str

    @classmethod
    def of(cls, policy: InstancePolicy, asked: Approved, channel: str) -> Link:
        """The link for what is asked: it ends when the question does, and not a second later."""
        ends = asked.expires_at.astimezone(timezone.utc).replace(microsecond=0)
        return cls(policy.name, asked.id, asked.from_rung, asked.to_rung, asked.cost, ends, channel)

    def is_about(self, asked: Approved) -> bool:
        """Whether just this is asked."""
        said = (asked.id, asked.from_rung, asked.to_rung, asked.cost)
        return said == (self.approval, self.from_rung, self.to_rung, self.cost)


def good_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that are long enough to be none that anybody guesses."""
    return tuple(key for key in keys if len(key) >= SHORTEST_KEY)


def good_base(url: str) -> str:
    """The address links begin with; empty for one that would show them to whoever listens on the way."""
    try:
        parts = urlsplit(url)
        is_here = parts.scheme == "http" and parts.hostname in HERE
        is_good = bool(parts.hostname) and (parts.scheme == "https" or is_here) and not (parts.query or parts.fragment)
    except ValueError:
        return ""
    return url.rstrip("/") if is_good and url.isprintable() and " " not in url else ""


def url_of(link: Link, account: str, key: str, base: str) -> str:
    """The address that is sent to people."""
    said = [link.instance, link.approval, link.from_rung, link.to_rung, link.cost, int(link.expires_at.timestamp())]
    payload = _text(json.dumps([*said, link.channel], ensure_ascii=False, separators=(",", ":")).encode())
    return f"{base}/{PLACE}/{payload}.{_seal(payload, account, key)}"


def opened(token: str, account: str, keys: tuple[str, ...]) -> Link | None:
    """What a token says, if we have sealed it with one of these keys for this account; None for any other."""
    payload, _, seal = token.partition(".")
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    # Each key is tried, also after one that fits, so that the time taken tells nothing.
    fits = [hmac.compare_digest(_seal(payload, account, key), seal) for key in good_keys(keys)]
    if not any(fits):
        return None
    try:
        instance, approval, from_rung, to_rung, cost, ends, channel = json.loads(_bytes(payload))
        return Link(
            instance, approval, from_rung, to_rung, cost, datetime.fromtimestamp(ends, tz=timezone.utc), channel
        )
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None


def _seal(payload: str, account: str, key: str) -> str:
    said = f"{PURPOSE}\n{account}\n{payload}".encode()
    return _text(hmac.digest(key.encode(errors="surrogateescape"), said, sha256))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
