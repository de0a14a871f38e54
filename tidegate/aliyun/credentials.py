"""What signs a call, and how to keep it out of every message."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

HIDDEN = "[hidden]"
QUERY = re.compile(r"/\?\S+")
"""The SDK puts the signed URL, temporary token included, into the message of a lost connection."""
SIGNED = re.compile(r"(?i)(string to sign is\s*:)\s*\S+|(signature(?:=|%3D))[^&\s]+")


@dataclass(frozen=True)
class Credentials:
    """An access key, with a security token where it is a temporary one."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    def redact(self, text: str) -> str:
        """Give the text without anything that signs or was signed."""
        for secret in filter(None, (self.access_key_secret, self.security_token)):
            for spelling in (secret, quote(secret, safe=""), quote(quote(secret, safe=""), safe="")):
                text = text.replace(spelling, HIDDEN)
        text = QUERY.sub(f"/?{HIDDEN}", text)
        return SIGNED.sub(lambda found: f"{found[1] or found[2]}{HIDDEN}", text)
