"""What a handler's end looks like from outside: the bytes of its result, or an error's body (facts fc 1.3, 1.9)."""

from __future__ import annotations

import json
import traceback
from datetime import date
from decimal import Decimal
from typing import Any

from localcloud.fc.loading import LoadError


def serialized(result: Any) -> bytes:
    """Give the bytes of a result. Text and bytes go as they are; what JSON cannot say raises TypeError."""
    if isinstance(result, bytes):
        return result
    if isinstance(result, str):
        return result.encode()
    return json.dumps(result, indent=4, sort_keys=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "to_json"):
        return value.to_json()
    raise TypeError(f"{value!r} is not JSON serializable")


def failed(error: Exception) -> bytes:
    """Give the body for an exception that left the handler. The first frame, the runtime's own, is left out."""
    if isinstance(error, LoadError):
        # The cause tells what is wrong with the user's code, below its own import machinery.
        cause = error.__cause__
        frames, kind = traceback.extract_tb(cause.__traceback__ if cause else None), error.kind
    else:
        frames, kind = traceback.extract_tb(error.__traceback__), type(error).__name__
    return json.dumps(
        {
            "errorMessage": str(error),
            "errorType": kind,
            "stackTrace": [
                [f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
                for frame in frames[1:]
                if "importlib" not in frame.filename
            ],
        }
    ).encode()
