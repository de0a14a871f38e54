"""What the vendor answers, noted without what it says: the names of fields and their types, statuses, codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.aliyun.endpoints import Endpoint
from tidegate.aliyun.line import Line, Parameters

WORD = re.compile(r"[A-Za-z][A-Za-z_]{0,40}")
NAME = re.compile(r"[A-Za-z_]{1,40}[0-9]?[A-Za-z]{0,20}")
"""Other keys may be somebody's ids."""
TELLING = ("Status", "State", "Type", "Success", "Code", "PaymentStatus")
"""Fields whose words are the vendor's own, and say how it behaves."""
DEEPEST, WIDEST = 6, 200


@dataclass(frozen=True)
class Noted:
    """One answer: the shape of a success, or the status and code of a refusal."""

    product: str
    action: str
    status: int
    code: str
    shape: Any


class NotingLine:
    """A line that notes what comes over it, and changes nothing."""

    def __init__(self, line: Line, note: Callable[[Noted], None]) -> None:
        self._line, self._note = line, note

    def send(self, product: str, action: str, parameters: Parameters, endpoint: Endpoint, *, read: bool) -> bytes:
        """Send one call over the line."""
        try:
            raw = self._line.send(product, action, parameters, endpoint, read=read)
        except Exception as error:
            status = int(getattr(error, "http_status", 0) or 0)
            code = str(getattr(error, "error_code", "") or type(error).__name__)
            self._note(Noted(product, action, status, code[:100] if WORD.match(code) else "", None))
            raise
        self._note(Noted(product, action, 200, "", shape_of_text(raw)))
        return raw

    def close(self) -> None:
        """Let go of open connections."""
        self._line.close()


def shape_of_text(raw: bytes | str) -> Any:
    """The shape of a JSON text; the word `text` for anything else."""
    try:
        return shape_of(json.loads(raw))
    except (ValueError, RecursionError):
        return "text"


def shape_of(value: Any, name: str = "", depth: int = 0) -> Any:
    """A value without what it says: `{"Status": "SERVING", "MaxTps": "number", "Tags": ["text"]}`."""
    if isinstance(value, dict):
        if depth >= DEEPEST:
            return "map"
        return {
            str(key) if NAME.fullmatch(str(key)) else "(a key)": shape_of(item, str(key), depth + 1)
            for key, item in sorted(value.items())[:WIDEST]
        }
    if isinstance(value, list):
        return [] if not value else [shape_of(value[0], name, depth + 1)] if depth < DEEPEST else "list"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if value is None:
        return "null"
    text = str(value)
    if name.endswith(TELLING) and (WORD.fullmatch(text) or text in ("200", "0")):
        return text
    if text.startswith(("{", "[")) and (inner := shape_of_text(text)) != "text":
        return {"text holding": inner}
    return "text"
