"""The context a handler gets, in the shape of its Python runtime (fact fc 1.4)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any


@dataclass
class Credentials:
    """The temporary keys of the function's role; None three times without a role."""

    access_key_id: str | None
    access_key_secret: str | None
    security_token: str | None


@dataclass
class FunctionMeta:
    """The function's own settings. Memory is in MB and the timeout in seconds."""

    name: str
    handler: str
    memory: int
    timeout: int


@dataclass
class FunctionMeta312(FunctionMeta):
    """Python 3.12 tells the version here."""

    version_id: str
    qualifier: str


@dataclass
class ServiceMeta:
    """Present up to Python 3.10, with an empty name for a 3.0 function."""

    name: str
    log_project: str
    log_store: str
    qualifier: str
    version_id: str


class _Loggers:
    """`logger` is None until it is asked for."""

    logger: logging.Logger | None = None

    def getLogger(self) -> logging.Logger:  # noqa: N802 - the vendor's spelling
        """Give the root logger, as the platform does."""
        self.logger = logging.getLogger()
        return self.logger


@dataclass
class Context310(_Loggers):
    """The context of Python 3.9 and 3.10."""

    request_id: str
    credentials: Credentials
    function: FunctionMeta
    service: ServiceMeta
    region: str
    account_id: str
    retry_count: int
    tracing: Any = None

    @property
    def requestId(self) -> str:  # noqa: N802 - the vendor's spelling
        """The old spelling of `request_id`."""
        return self.request_id


@dataclass
class Context312(_Loggers):
    """The context of Python 3.12: no credentials and no service."""

    request_id: str
    function: FunctionMeta312
    region: str
    account_id: str
    log_project: str
    log_store: str


def build(function: dict[str, Any], credentials: dict[str, str] | None, request_id: str, retry_count: int) -> Any:
    """Give the context of one request; `function` and `credentials` are as the host sent them at the start."""
    keys = credentials or {}
    common = (function["name"], function["handler"], function["memory"], function["timeout"])
    place = (function["region"], function["account_id"])
    logs = (function["log_project"], function["log_store"])
    if function["runtime"] == "python3.12":
        return Context312(request_id, FunctionMeta312(*common, "", function["qualifier"]), *place, *logs)
    return Context310(
        request_id,
        Credentials(keys.get("access_key_id"), keys.get("access_key_secret"), keys.get("security_token")),
        FunctionMeta(*common),
        ServiceMeta(function["service"], *logs, function["qualifier"], ""),
        *place,
        retry_count,
    )
