"""Telling people what is owed: a claim in the ledger, the message, and the note that it went out.

A channel that fails or does not answer costs its time once: what else is owed to it is left to the next tick.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tidegate.app.logs import log
from tidegate.app.page import LOOK_AGAIN, Page
from tidegate.app.surroundings import Surroundings
from tidegate.domain.asking import to_approve
from tidegate.domain.channels import TRIES
from tidegate.domain.facts import Telling
from tidegate.domain.owed import Message, owed
from tidegate.domain.queue import Line, may_wait
from tidegate.ledger.record import Corrupt, NewerSchema
from tidegate.ledger.shelf import ShelfUnavailable

TELL_WITHIN = timedelta(minutes=1)
"""After a claim that took longer nothing is said: the process stood still, and another one may say it by now."""
SPARED_FOR = timedelta(seconds=50)
"""Shorter than the minute between two ticks."""


def tell(page: Page) -> Page:
    """Send all that is owed. A channel that fails is tried again later; it keeps nobody else from being told."""
    is_left, tried = False, set[tuple[str, str]]()
    # After each message anew, from the newest record: while one was sent, another process may have sent the rest.
    while (message := _next(page, tried)) is not None:
        tried.add((message.notice.name, message.channel.url_env))
        began_at = page.around.now()
        if is_spared(page.around, message.channel.url_env, began_at):
            is_left = True
            continue
        claimed = page.write(Telling(message.told))
        if claimed is None:
            # Somebody else is at work on this instance and will tell, or the next tick does.
            return page.again()
        if not _goes_out(claimed, message):
            page = _left_to_others(claimed, message)
            continue
        if page.around.now() - began_at > TELL_WITHIN:
            log("not-told", instance=page.policy.name, notice=message.notice.name, why="its claim took too long")
            return claimed.again()
        page = _sent(claimed, message)
    if is_left:
        page.around.ledger.mark(page.key, page.around.now() + LOOK_AGAIN)
    return page


def _next(page: Page, tried: set[tuple[str, str]]) -> Message | None:
    """The first message that is owed by now and was not tried yet."""
    messages = owed(page.policy, page.state, page.around.now())
    return next((each for each in messages if (each.notice.name, each.channel.url_env) not in tried), None)


def is_spared(around: Surroundings, channel: str, now: datetime) -> bool:
    """Whether a channel took nothing a moment ago."""
    failed_at = around.silent.get(channel)
    return failed_at is not None and now - failed_at < SPARED_FOR


def send(around: Surroundings, channel: str, title: str, text: str, kind: str) -> bool:
    """Send one message. What takes nothing is spared for a while, and so are those who wait for us."""
    taken = around.send(channel, title, text, kind)
    if taken:
        around.silent.pop(channel, None)
    else:
        around.silent[channel] = around.now()
    return taken


def _goes_out(page: Page, message: Message) -> bool:
    """Whether it is told by itself. What others say as well, or what many are told at once, may be left to them."""
    notice, channel, around = message.notice, message.channel.url_env, page.around
    is_retry = message.told.failures > 0
    try:
        if notice.but:
            return around.fleet.claim_silence(f"{notice.but} to {channel}", page.key, around.now())
        if may_wait(notice) and not is_retry:
            return around.fleet.pace(channel, Line(page.policy.name, notice.name, notice.title), around.now())
    except (ShelfUnavailable, NewerSchema, Corrupt) as error:
        log("unpaced", instance=page.policy.name, notice=notice.name, why=str(error))
    return True


def _left_to_others(page: Page, message: Message) -> Page:
    """Note that it goes out in another message."""
    log("told-by-others", instance=page.policy.name, notice=message.notice.name, channel=message.channel.url_env)
    told = replace(message.told, sent_at=page.around.now(), failures=0, by_others=True)
    return page.write(Telling(told)) or page.again()


def _sent(page: Page, message: Message) -> Page:
    notice, channel = message.notice, message.channel.url_env
    if notice.asks is not None and (link := page.around.link(page.policy, notice.asks, channel)):
        notice = to_approve(page.policy, notice.asks, link)
    taken = send(page.around, channel, notice.title, notice.text, notice.kind)
    log(
        "told" if taken else "not-told",
        instance=page.policy.name,
        notice=notice.name,
        kind=notice.kind,
        channel=channel,
    )
    if not taken:
        if message.told.failures + 1 == TRIES:
            log("channel-silent", instance=page.policy.name, channel=channel, tries=TRIES)
        # The claim stands for the try; what was not said to have gone out is tried again.
        return page
    told = replace(message.told, sent_at=page.around.now(), times=message.told.times + 1, failures=0, by_others=False)
    return page.write(Telling(told)) or page.again()
