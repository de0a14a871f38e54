"""Telling people, over whatever apprise knows: chat robots, mail, webhooks."""

from __future__ import annotations

import logging


def plain(text: str) -> str:
    """Give a message's text without what ends a line, rules a terminal or turns writing round: it quotes others."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def notify(url: str, title: str, text: str, kind: str) -> bool:
    """Send one message to one apprise URL; True if it was taken. An empty URL is a channel that is not set up.

    URLs hold secrets, so apprise's own log stays off, and the HTTP client's too, whose warnings name the URL.
    """
    if not url:
        return False
    import apprise  # noqa: PLC0415 - it loads a hundred plug-ins, and most calls tell nobody

    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    post = apprise.Apprise()
    if not post.add(url):
        return False
    kinds = {"failed": apprise.NotifyType.FAILURE, "needs-person": apprise.NotifyType.WARNING}
    title, text = plain(title), plain(text)
    return bool(post.notify(body=text, title=title, notify_type=kinds.get(kind, apprise.NotifyType.INFO)))
