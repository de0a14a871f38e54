"""What the vendor's answer to one call means: a body to use, or an error in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tidegate.aliyun.codes import Next, lookup
from tidegate.aliyun.errors import (
    Busy,
    Missing,
    NeedsPerson,
    Refused,
    Throttled,
    Unanswered,
    Unreadable,
    VendorError,
)

Body = Mapping[str, Any]

SDK_CODES = "SDK."
"""Codes that begin so are the SDK's own: the vendor did not speak, or was not understood."""
GOOD = ("200", "success", "ok", "0")
OK = 200
LONGEST_WORD, LONGEST_MESSAGE = 200, 1000
"""What is kept of an error: it goes into a record, a log and a message to people."""
LOOKED_AT, LONGEST_SECRET = 20_000, 4096
"""How much of a text is looked through for secrets, and how much of its end may be half of one."""
NOISE = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>:? ?|Max retries exceeded with url: \S+ ")
"""Of what the HTTP library says of a line that did not come about: nothing in it helps anybody."""

ERRORS: Mapping[Next, type[VendorError]] = {
    Next.THROTTLED: Throttled,
    Next.BUSY: Busy,
    Next.REFUSED: Refused,
    Next.NEEDS_PERSON: NeedsPerson,
    Next.MISSING: Missing,
    Next.UNANSWERED: Unanswered,
    Next.ELSEWHERE: NeedsPerson,
}


def translate(error: Exception, product: str, *, read: bool, redact: Callable[[str], str]) -> VendorError:
    """Give whatever the SDK raised in our words.

    A code of the vendor is looked up. A lost line, a timeout, a junk answer, and any error from inside the SDK (a
    rejected signature can surface as IndexError, fact C.4) say nothing about the order: doubt. For a read there is no
    doubt: it is `Unreadable`. The messages of the original lose what was signed, because the cause is printed too.
    """
    said = getattr(error, "message", None)
    if said is not None:
        error.message = _told(str(said), redact)  # type: ignore[attr-defined] # both SDK exceptions have it, untyped
    code = str(getattr(error, "error_code", "") or f"SDK.{type(error).__name__}")
    message = _told(str(said if said is not None else error), redact)
    request_id = str(getattr(error, "request_id", "") or "")
    status = int(getattr(error, "http_status", 0) or 0)
    return _error(product, code, message, request_id, status, read=read)


def understand(raw: bytes, product: str, *, read: bool, redact: Callable[[str], str]) -> Body:
    """Give the body of an HTTP success; raise where the body itself says failure (facts F.2, F.3).

    For an order every sign must say yes: contradictory signs, or a body without a request id, are doubt. A read is
    taken when any sign says yes, as a success sample of the vendor's carries the code of an error (fact A.5).
    `Message` is never looked at: a success sample says "InstanceNotExist" there (fact F.4).
    """
    body = _json(raw)
    if body is None:
        raise _doubt(read=read)("SDK.NotJson", f"not the vendor's answer: {_shown(raw, redact)}", "", OK)
    signs = _signs(body)
    if read and (not signs or any(signs)):
        return body
    if not read and all(signs) and body.get("RequestId"):
        return body
    code, contradictory = str(body.get("Code", "")), any(signs) or not signs
    message, request_id = _told(str(body.get("Message", "")), redact), str(body.get("RequestId", ""))
    if contradictory:
        shown = (code or "SDK.Contradiction")[:LONGEST_WORD], message[:LONGEST_MESSAGE], request_id[:LONGEST_WORD]
        raise _doubt(read=read)(*shown, OK)
    raise _error(product, code, message, request_id, OK, read=read)


def is_contradictory(body: Body) -> bool:
    """Say whether some sign of success in the body says no, beside one that says yes."""
    return not all(_signs(body))


def listed(body: Any, *path: str) -> list[Body]:
    """Give the objects of a list inside a body; what is missing or of another shape on the way is an empty list."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return [each for each in body if isinstance(each, dict)] if isinstance(body, list) else []


def _error(product: str, code: str, message: str, request_id: str, status: int, *, read: bool) -> VendorError:
    row = lookup(product, "" if code.startswith(SDK_CODES) else code, status)
    kind = _doubt(read=read) if row.next is Next.UNANSWERED else ERRORS[row.next]
    return kind(code[:LONGEST_WORD], message[:LONGEST_MESSAGE], request_id[:LONGEST_WORD], status, row.advice)


def _doubt(*, read: bool) -> type[VendorError]:
    return Unreadable if read else Unanswered


def _json(raw: bytes) -> Body | None:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _signs(body: Body) -> list[bool]:
    """Say yes or no for each sign of success that the body carries; products carry different ones (fact F.2)."""
    signs = []
    if body.get("Code") not in (None, ""):
        signs.append(str(body["Code"]).lower() in GOOD)
    if body.get("Success") not in (None, ""):
        signs.append(str(body["Success"]).lower() == "true")
    return signs


def _shown(raw: bytes, redact: Callable[[str], str], longest: int = 200) -> str:
    """Give the beginning of an answer."""
    return _told(raw[: LOOKED_AT + 1].decode("utf-8", "replace"), redact)[:longest]


def _told(text: str, redact: Callable[[str], str]) -> str:
    """Give the beginning of what was said. It is cut last: half a secret would not be known for one."""
    if len(text) <= LOOKED_AT:
        return NOISE.sub("", redact(text))
    return redact(text[:LOOKED_AT])[:-LONGEST_SECRET]
