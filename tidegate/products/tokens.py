"""The token that goes with an order."""

from __future__ import annotations

LONGEST = 64


def checked(token: str) -> str:
    """Give the token; raise ValueError where the vendor would not take it as it is (facts A.1, A.3)."""
    if not token or not token.isascii() or len(token) > LONGEST or token != token.strip():
        raise ValueError(f"a token is 1 to {LONGEST} ASCII characters without blanks around: {token!r}")
    return token
