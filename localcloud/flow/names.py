"""Names and ARNs of the service, and the errors about them (facts flow 5.3, 6.2, 8.3)."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

from localcloud.flow.language import NAME
from localcloud.rpc.operation import ApiError

FLOW_ARN = re.compile(r"acs:fnf:[^:]*:[^:]*:flow/([A-Za-z_][A-Za-z0-9_-]{0,127})")


def checked(name: str, field: str) -> str:
    """Give a name if the service would take it."""
    if not NAME.fullmatch(name):
        raise invalid(f"{field} must have 1 to 128 letters, digits, `_` and `-`, first a letter or `_`, not {name!r}")
    return name


def invalid(message: str) -> ApiError:
    """Give the error for an argument that cannot be taken."""
    return ApiError("InvalidArgument", message)


def json_object(text: str, field: str) -> dict[str, Any]:
    """Read a JSON object from a parameter."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise invalid(f"{field} is nested too deeply") from error
    except ValueError as error:
        raise invalid(f"{field} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid(f"{field} must be a JSON object")
    return value


def moment(text: str, field: str) -> datetime:
    """Read an RFC 3339 time from a parameter."""
    try:
        at = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except ValueError as error:
        raise invalid(f"{field} must be a time such as 2019-01-01T01:01:01Z, not {text!r}") from error
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)
