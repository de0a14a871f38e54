"""What a worker finds in its environment: its own variables, the platform's, nothing of this machine (fact fc 1.5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localcloud.fc.function import DEBIAN_10_OR_OLDER, Function
from localcloud.identity import Keys

BASE = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108 - the only place a function may write to
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}


def description(function: Function, code: Path, region: str, account_id: str) -> dict[str, Any]:
    """Give what a worker must know of its function, for the context it builds."""
    return {
        "name": function.ref.name,
        "service": function.ref.service,
        "handler": function.handler,
        "runtime": function.runtime,
        "memory": function.memory,
        "timeout": function.timeout,
        "region": region,
        "account_id": account_id,
        "log_project": function.log_project,
        "log_store": function.log_store,
        "qualifier": "LATEST",
        "code": str(code),
    }


def credentials_of(function: Function, keys: Keys | None) -> dict[str, str] | None:
    """Give the keys for the context, unless the function wants none there."""
    if keys is None or function.hide_credentials in ("Request", "All"):
        return None
    return {
        "access_key_id": keys.access_key_id,
        "access_key_secret": keys.access_key_secret,
        "security_token": keys.security_token,
    }


def environment(function: Function, about: dict[str, Any], keys: Keys | None, instance_id: str) -> dict[str, str]:
    """Give the environment of one instance. The platform's variables win over the function's own."""
    version = "FC_VER_ID" if function.runtime in DEBIAN_10_OR_OLDER else "FC_FUNCTION_VERSION"
    found = {
        **BASE,
        **function.environment,
        "FC_FUNC_CODE_PATH": about["code"],
        "FC_ACCOUNT_ID": about["account_id"],
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory),
        "FC_FUNCTION_NAME": function.ref.name,
        "FC_REGION": about["region"],
        "FC_CUSTOM_LISTEN_PORT": "9000",
        "FC_INSTANCE_ID": instance_id,
        version: "LATEST",
    }
    if function.ref.service:
        found |= {"FC_SERVICE_NAME": function.ref.service, "FC_QUALIFIER": "LATEST"}
    if keys is not None and function.hide_credentials not in ("Env", "All"):
        found |= _key_variables(function, keys)
    return found


def _key_variables(function: Function, keys: Keys) -> dict[str, str]:
    found = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": keys.security_token,
    }
    if function.ref.service:
        old = ("accessKeyID", "accessKeySecret", "securityToken")
        found |= dict(zip(old, found.values(), strict=True))
    return found
