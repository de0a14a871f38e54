"""Telling people what is owed: a claim in the ledger, the message, and the note that it went out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tidegate.app.logs import log
from tidegate.app.page import Page
from tidegate.domain.asking import to_approve
from tidegate.domain.facts import Telling
from tidegate.domain.owed import Message, owed

TELL_WITHIN = timedelta(minutes=1)
"""After a claim that took longer nothing is said: the process stood still, and another one may say it by now."""


def tell(page: Page) -> Page:
    """Send all that is owed. A channel that fails is tried again later; it keeps nobody else from being told."""
    for message in owed(page.policy, page.state, page.around.now()):
        began_at = page.around.now()
        claimed = page.write(Telling(message.told))
        if claimed is None:
            # Somebody else is at work on this instance and will tell, or the next tick does.
            return page.again()
        if page.around.now() - began_at > TELL_WITHIN:
            log("not-told", instance=page.policy.name, notice=message.notice.name, why="its claim took too long")
            return claimed.again()
        page = _sent(claimed, message)
    return page


def _sent(page: Page, message: Message) -> Page:
    notice, channel = message.notice, message.channel.url_env
    if notice.asks is not None and (link := page.around.link(page.policy, notice.asks, channel)):
        notice = to_approve(page.policy, notice.asks, link)
    taken = page.around.send(channel, notice.title, notice.text, notice.kind)
    log("told" if taken else "not-told", instance=page.policy.name, notice=notice.name, channel=channel)
    if not taken:
        # The claim stands for the try; what was not said to have gone out is tried again.
        return page
    told = replace(message.told, sent_at=page.around.now(), times=message.told.times + 1, failures=0)
    return page.write(Telling(told)) or page.again()
