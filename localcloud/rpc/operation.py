"""What an RPC product is made of: operations with their parameters, permission, quota and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


class ApiError(Exception):
    """A vendor error: code, message and HTTP status, as the product's error table has them."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class Parameter:
    """One request parameter. Whole numbers and booleans arrive as text and are checked against `type`."""

    type: Literal["string", "int32", "int64", "boolean", "array", "map"] = "string"
    required: bool = False
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Caller:
    """Who calls: an account's own key, a RAM user, or a role that some function took."""

    access_key_id: str
    principal: str
    account_id: str
    policies: tuple[Mapping[str, Any], ...] = ()
    """RAM policy documents; an account's own key has none and may do everything (`is_root`)."""
    is_root: bool = False
    instance: str = ""
    """The function instance (worker) whose temporary key this is, where it is one."""
    region: str = ""
    """The region whose endpoint is called (RegionId): instances of others are not there. Empty for any."""


Parameters = Mapping[str, Any]
"""Typed: int for whole numbers, bool for booleans, str otherwise; absent parameters are absent."""


@dataclass(frozen=True)
class Operation:
    """One action of a product.

    `permission` gives (RAM action, resource ARN) for typed parameters; `run` gives the reply's JSON without
    RequestId or raises `ApiError`. `quota` is calls per second, None where no quota is known. `run` is synchronous and
    quick.
    """

    run: Callable[[Parameters, Caller], Mapping[str, Any]]
    permission: Callable[[Parameters], tuple[str, str]]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    methods: tuple[str, ...] = ("GET", "POST")
    quota: float | None = None
    burst: float | None = None
    """How many calls may come at once; None for one second's worth."""


@dataclass(frozen=True)
class RpcProduct:
    """One product at one version; the version alone tells products apart on our single endpoint."""

    name: str
    version: str
    operations: Mapping[str, Operation]
    missing_code: str = "MissingParameter"
    invalid_code: str = "InvalidParameter"
    request_id_field: str = "RequestId"
