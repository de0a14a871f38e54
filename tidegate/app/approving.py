"""The door for links in messages: who opens one sees what is asked, and only who presses the button says yes.

Chats open links by themselves to show a preview, so a GET changes nothing. The yes is posted to the inbox as that of
`tidegate approve` is, and the tick takes it in: this door's role can decide, write and order nothing itself.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from tidegate.app import codec
from tidegate.app.links import LONGEST_TOKEN, PLACE, Link, opened
from tidegate.app.logs import LOG, log
from tidegate.app.page import Page
from tidegate.app.sheets import FIELD, YES, Sheet
from tidegate.app.surroundings import Surroundings
from tidegate.domain.asking import asks_now, in_words
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import Request, Verb
from tidegate.domain.state import Approved
from tidegate.ledger.record import Corrupt, NewerSchema
from tidegate.ledger.shelf import ShelfUnavailable, Unsure

LARGEST = 64 * 1024
NOTHING = Sheet(404, "This link opens nothing", ("It is damaged, or none of ours.",))
TOO_LARGE = Sheet(413, "That is too much", ("Nothing was changed.",))
WRONG_METHOD = Sheet(405, "A link is opened, or its button pressed", ("Nothing was changed.",))
EXPIRED = Sheet(410, "This link has expired", ("Nothing was changed. If it is still wanted, it is asked again.",))
GONE = Sheet(
    410, "This is not asked any more", ("Nothing was changed. If something else is asked, a newer link has it.",)
)
TRY_AGAIN = Sheet(503, "What is asked cannot be read now", ("Nothing was changed. Try again in a minute.",))
UNSURE = Sheet(503, "It is not known whether your yes was kept", ("Open the link again in a minute and look.",))
FAILED = Sheet(500, "Something went wrong", ("It is not known whether anything was kept. Open the link again.",))


@dataclass(frozen=True)
class _Call:
    """What a browser sent: how, for which token, and whether the button was pressed."""

    method: str
    token: str
    pressed: bool


def show_or_approve(around: Surroundings, event: bytes, keys: tuple[str, ...]) -> Sheet:
    """Answer one request of a browser. A link that is not ours is turned away before anything is read."""
    if len(event) > LARGEST:
        return TOO_LARGE
    call = _read(event)
    link = opened(call.token, around.account, keys) if call else None
    if call is None or link is None:
        log("link-turned-away", method=call.method if call else "")
        return NOTHING
    if call.method not in ("GET", "HEAD", "POST"):
        return WRONG_METHOD
    try:
        sheet, answer = _answered(around, link, pressed=call.method == "POST" and call.pressed)
    except (ShelfUnavailable, Unsure, NewerSchema, Corrupt) as error:
        log("link-unanswered", instance=link.instance, approval=link.approval, error=type(error).__name__)
        return UNSURE if call.pressed else TRY_AGAIN
    except Exception as error:  # noqa: BLE001 - whatever it is, a browser is told, and no more than that
        LOG.exception("link-failed: %s", type(error).__name__)
        return FAILED
    log("link", instance=link.instance, approval=link.approval, channel=link.channel, method=call.method, answer=answer)
    return sheet


def _answered(around: Surroundings, link: Link, *, pressed: bool) -> tuple[Sheet, str]:
    now = around.now()
    if now >= link.expires_at:
        return EXPIRED, "expired"
    book = around.book()
    if book is None or link.instance not in book.names:
        return GONE, "gone"
    policy = book.read(link.instance)
    state = Page.open(around, policy, book.hash).state
    asked = state.approval
    if asked is None or not link.is_about(asked):
        return GONE, "gone"
    if asked.at is not None:
        when = f"{asked.at.astimezone(ZoneInfo(policy.timezone)):%a %d %b %H:%M}"
        said = f"{policy.name}: {in_words(asked)} was approved by {asked.by}, {when}. Nothing was changed."
        return Sheet(410, "This was approved already", (said,)), "used"
    if asks_now(state, now) is None:
        return EXPIRED, "expired"
    if not pressed:
        return _question(policy, asked), "shown"
    return _kept(around, policy, asked, link), "kept"


def _question(policy: InstancePolicy, asked: Approved) -> Sheet:
    """What is asked. The title is what a chat's preview shows, so it says that nothing is done yet."""
    until = f"{asked.expires_at.astimezone(ZoneInfo(policy.timezone)):%a %d %b %H:%M} ({policy.timezone})"
    lines = (
        f"{policy.name} ({policy.product} {policy.instance_id}): {in_words(asked)}",
        f"Why: {asked.why}",
        f"Until: {until}",
        *([f"{asked.to_rung} is {asked.figures}"] if asked.figures else []),
        "Whoever presses the button says yes to one order for just this. If nobody does, nothing is ordered.",
        f"Say no with `tidegate cancel {policy.name}`.",
    )
    return Sheet(200, f"{policy.name} asks for your approval", lines, f"Approve {asked.from_rung} -> {asked.to_rung}")


def _kept(around: Surroundings, policy: InstancePolicy, asked: Approved, link: Link) -> Sheet:
    """Post the yes. Its key is that of the question, so that pressing twice is one yes."""
    now = around.now()
    request = Request(
        key=f"link-{policy.name}-{link.approval}",
        # By our own clock, which may be behind that of whoever asked.
        at=max(now, asked.asked_at),
        verb=Verb.APPROVE,
        instance=policy.name,
        # Nobody has said who they are: all that is known is where the link was sent.
        caller=f"link sent to {link.channel}",
        approval=link.approval,
    )
    around.ledger.post(around.key(policy), codec.write_signal(request), due=now)
    log("request-kept", instance=policy.name, verb=request.verb.value, caller=request.caller, key=request.key)
    told = "The next tick takes it in, within a minute or two, and orders if just this is still wanted and may be."
    return Sheet(202, "Your yes is kept", (f"{policy.name}: {link.from_rung} -> {link.to_rung}.", told))


def _read(event: bytes) -> _Call | None:
    """What of an HTTP trigger's event counts here (fact fc 1.6); None for what is no such event."""
    try:
        raw = json.loads(event)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, Mapping):
        return None
    place, _, token = str(raw.get("rawPath") or "").rpartition("/")
    if place.rpartition("/")[2] != PLACE or len(token) > LONGEST_TOKEN:
        return None
    context = raw.get("requestContext")
    http = context.get("http") if isinstance(context, Mapping) else None
    method = str(http.get("method") or "").upper()[:10] if isinstance(http, Mapping) else ""
    return _Call(method, token, _pressed(raw))


def _pressed(raw: Mapping[str, Any]) -> bool:
    """Whether the form was sent: something that posts blindly has pressed no button."""
    body = raw.get("body")
    if not isinstance(body, str):
        return False
    try:
        # Forms come encoded (fact fc 1.6).
        text = b64decode(body, validate=True).decode("ascii") if raw.get("isBase64Encoded") is True else body
        return parse_qs(text, max_num_fields=10).get(FIELD) == [YES]
    except (binascii.Error, ValueError):
        return False
