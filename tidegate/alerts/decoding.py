"""From bytes to values: JSON, a form, or base64 of one of them. What it is, is seen by looking, not by a header."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from tidegate.alerts.reading import Unfit

BODY_LIMIT = 64 * 1024
FIELD_LIMIT = 200

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}")
_FORM = re.compile(r"[A-Za-z_][\w.]*=")


def decode(raw: bytes | str, limit: int = BODY_LIMIT) -> Any:
    """Give the value a message's text stands for. Raises Unfit, saying what it is not or that it is over the limit."""
    if len(raw) > limit:
        raise Unfit(f"the message has {len(raw)} bytes, at most {limit} are read")
    written = _as_text(raw)
    if written[:1] in ("{", "[", '"'):
        return from_json(written)
    if not written:
        raise Unfit("the message is empty")
    if (inner := _from_base64(written)) is not None:
        return decode(inner)
    if _FORM.match(written):
        return _from_form(written)
    raise Unfit("the message is neither JSON, nor a form, nor base64 of one of them")


def from_json(written: str) -> Any:
    """Parse JSON. Raises Unfit with the place of the fault, and on nesting or numbers no sender of alerts writes."""
    try:
        return json.loads(written)
    except json.JSONDecodeError as error:
        raise Unfit(f"the JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):
        raise Unfit("the JSON is nested too deep or holds a number too long") from None


def _as_text(raw: bytes | str) -> str:
    try:
        written = raw.decode() if isinstance(raw, bytes) else raw
    except UnicodeDecodeError:
        raise Unfit("the message is not UTF-8 text") from None
    return written.strip("\ufeff\0 \t\r\n")


def _from_base64(written: str) -> bytes | None:
    """Give what is inside base64 that holds a message; a word that merely looks like base64 is None."""
    if not _BASE64.fullmatch(written):
        return None
    try:
        inner = base64.b64decode("".join(written.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    start = inner.lstrip()
    return inner if start[:1] in (b"{", b"[", b'"') or b"&" in start else None


def _from_form(written: str) -> dict[str, str]:
    """Read form fields. Of a field given twice the first counts."""
    try:
        fields = parse_qsl(written, keep_blank_values=True, max_num_fields=FIELD_LIMIT)
    except ValueError:
        raise Unfit(f"the form has more than {FIELD_LIMIT} fields") from None
    return dict(reversed(fields))
