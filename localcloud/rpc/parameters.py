"""Checks a call's parameters against their description, and gives them their types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from localcloud.rpc.operation import ApiError, Operation, Parameter, RpcProduct

SYSTEM = frozenset(
    {
        "Action",
        "Version",
        "Format",
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
        "RegionId",
        "SecurityToken",
    }
)
BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"
RANGES = {"int32": 2**31, "int64": 2**63}


def typed(product: RpcProduct, operation: Operation, given: Mapping[str, str]) -> dict[str, Any]:
    """Give the business parameters with their types; raise where one is unknown, missing or wrong.

    The members of a list arrive as `Tag.1.Key`; they come out under the list's name: `{"Tag": {"1.Key": ...}}`.
    """
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name in SYSTEM and name not in operation.parameters:
            continue
        base, _, member = name.partition(".")
        parameter = operation.parameters.get(base)
        if parameter is None:
            raise ApiError(product.invalid_code, f"The parameter {name} is not one of this action's.")
        if member:
            values.setdefault(base, {})[member] = text
        else:
            values[name] = value_of(product, name, parameter, text)
    for name, parameter in operation.parameters.items():
        if parameter.required and values.get(name, "") == "":
            message = f'The input parameter "{name}" that is mandatory for processing this request is not supplied.'
            raise ApiError(product.missing_code, message)
    return values


def value_of(product: RpcProduct, name: str, parameter: Parameter, text: str) -> Any:
    """Give one value its type."""
    if parameter.enum and text not in parameter.enum:
        raise wrong(product, name, f"one of {', '.join(parameter.enum)}")
    if parameter.type == "boolean":
        if text not in BOOLEANS:
            raise wrong(product, name, "true or false")
        return BOOLEANS[text]
    if parameter.type in RANGES:
        return whole_number(product, name, parameter, text)
    return text


def whole_number(product: RpcProduct, name: str, parameter: Parameter, text: str) -> int:
    """Give a whole number within its type's and its own range."""
    try:
        value = int(text)
    except ValueError:
        raise wrong(product, name, "a whole number") from None
    limit = RANGES[parameter.type]
    lowest = -limit if parameter.minimum is None else parameter.minimum
    highest = limit - 1 if parameter.maximum is None else parameter.maximum
    if not lowest <= value <= highest:
        raise wrong(product, name, f"between {lowest} and {highest}")
    return value


@lru_cache(maxsize=1024)
def read_time(text: str) -> datetime:
    """Read a time in UTC; once while it is among the last, for windows are asked for again. Raises ValueError."""
    return datetime.strptime(text, TIME_FORM).replace(tzinfo=timezone.utc)


def wrong(product: RpcProduct, name: str, expected: str) -> ApiError:
    """Refuse a value and say what was expected."""
    return ApiError(product.invalid_code, f"The specified parameter {name} is not valid: it must be {expected}.")
