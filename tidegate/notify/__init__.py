"""Telling people, over whatever apprise knows: chat robots, mail, webhooks."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import apprise

CONNECT_S, ANSWER_S = 3.0, 4.0
"""For a server to be reached, and to say something. An address may ask for less (`cto`, `rto`)."""
AT_MOST_S = 8.0
"""For one message, however slowly the server answers: whoever tells has more to do."""


def plain(text: str) -> str:
    """Give a message's text without what ends a line, rules a terminal or turns writing round: it quotes others."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def notify(url: str, title: str, text: str, kind: str) -> bool:
    """Send one message to one apprise URL; True if it was taken. An empty URL is a channel that is not set up.

    URLs hold secrets, so apprise's own log stays off, and the HTTP client's too, whose warnings name the URL.
    False after a while too: then the message may arrive all the same, and will be sent again.
    """
    if not url:
        return False
    import apprise  # noqa: PLC0415 - it loads a hundred plug-ins, and most calls tell nobody

    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    post = apprise.Apprise()
    if not post.add(url):
        return False
    for server in post:
        hurry(server)
    kinds = {"failed": apprise.NotifyType.FAILURE, "needs-person": apprise.NotifyType.WARNING}
    title, text, weight = plain(title), plain(text), kinds.get(kind, apprise.NotifyType.INFO)
    taken: list[bool] = []

    def send() -> None:
        # Whatever a plug-in raises is a message that was not taken; a thread would print it, the URL in it.
        with suppress(Exception):
            taken.append(bool(post.notify(body=text, title=title, notify_type=weight)))

    # A server that sends a byte now and then is never silent for long enough: only another thread can leave it alone.
    sending = threading.Thread(target=send, name="notify", daemon=True)
    sending.start()
    sending.join(AT_MOST_S)
    return taken == [True]


def hurry(server: apprise.NotifyBase) -> None:
    """Have a server answer soon, or not at all."""
    server.socket_connect_timeout = min(float(server.socket_connect_timeout or CONNECT_S), CONNECT_S)
    server.socket_read_timeout = min(float(server.socket_read_timeout or ANSWER_S), ANSWER_S)
