"""Pages for a person's browser: plain text in plain HTML, nothing kept, nothing loaded, nothing told to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
YES, FIELD = "yes", "approve"
"""What the form posts, and a post without it is no yes."""
LONGEST_LINE = 600


@dataclass(frozen=True)
class Sheet:
    """One page: a title, lines, and a button where there is something to press."""

    status: int
    title: str
    lines: tuple[str, ...] = ()
    button: str = ""

    def as_response(self) -> dict[str, Any]:
        """The form that an HTTP trigger of Function Compute takes (fact fc 1.6)."""
        return {"statusCode": self.status, "headers": dict(HEADERS), "isBase64Encoded": False, "body": self._html()}

    def _html(self) -> str:
        title = _shown(self.title)
        lines = "".join(f"<p>{_shown(line)}</p>" for line in self.lines)
        # Without an address of its own it posts to where it was read.
        press = f'<button type="submit" name="{FIELD}" value="{YES}">{_shown(self.button)}</button>'
        form = f'<form method="post">{press}</form>' if self.button else ""
        head = (
            f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" '
            f'content="noindex"><title>{title}</title>'
        )
        return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{title}</h1>{lines}{form}</body></html>\n'


def _shown(text: str) -> str:
    """Text that others wrote, with nothing in it that a browser, or an eye, takes for more than text."""
    return escape("".join(sign if sign.isprintable() else " " for sign in text)[:LONGEST_LINE])
