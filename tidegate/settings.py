"""The environment, read once. This is the only module that may look at it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tidegate import names

APPROVAL_URL = "TIDEGATE_APPROVAL_URL"
ENDPOINTS = {
    "TIDEGATE_ENDPOINT": "https://HOST or HOST:PORT",
    "TIDEGATE_OSS_ENDPOINT": "https://oss-cn-hangzhou.aliyuncs.com",
    "TIDEGATE_FC_ENDPOINT": "https://ACCOUNT.REGION.fc.aliyuncs.com",
}
"""Where somebody is asked instead of the vendor's own host, and how that is written."""
PLAIN = re.compile("[!-~]*")
"""Signs that an address or a header takes."""


class BadSettings(Exception):  # noqa: N818 - reads as what it is
    """A variable is missing or makes no sense. The message names it; it never shows a value."""


@dataclass(frozen=True)
class Settings:
    """What a process must know of its surroundings."""

    account: str
    region: str
    store: str
    """Where the ledger is: `oss://BUCKET` or `sqlite:///FILE`."""
    oss_endpoint: str = ""
    endpoint: str = ""
    """One endpoint for all RPC products; empty for the vendor's own."""
    prefix: str = names.DEFAULT
    """What every name of the deployment begins with."""
    flow: str = names.flow_name(names.DEFAULT)
    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    hook_tokens: tuple[str, ...] = field(default=(), repr=False)
    on_function_compute: bool = False
    channels: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Every variable whose name may be a channel's `url_env`."""
    approval_keys: tuple[str, ...] = field(default=(), repr=False)
    """What seals links for approvals: the first makes them, all of them open them."""
    approval_url: str = ""
    """Where such links lead; empty where messages have none."""
    function_timeout_s: int = 60


def is_address(url: str) -> bool:
    """Whether it names a host to be asked over HTTP, with its port and its scheme if any."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bool(PLAIN.fullmatch(url))


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises BadSettings naming the first variable that is missing."""
    env = os.environ if environ is None else environ  # noqa: TID251 - the one place
    prefix = _prefix(env) or names.DEFAULT
    return Settings(
        account=_account(_required(env, "TIDEGATE_ACCOUNT", "FC_ACCOUNT_ID")),
        region=_region(_required(env, "TIDEGATE_REGION", "FC_REGION")),
        store=_required(env, "TIDEGATE_STORE", hint=": oss://BUCKET with the ledger, as `tidegate deploy` prints it"),
        oss_endpoint=_endpoint(env, "TIDEGATE_OSS_ENDPOINT"),
        endpoint=_endpoint(env, "TIDEGATE_ENDPOINT"),
        prefix=prefix,
        flow=env.get("TIDEGATE_FLOW") or names.flow_name(prefix),
        access_key_id=env.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        access_key_secret=env.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
        security_token=env.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        hook_tokens=tuple(token for token in env.get("TIDEGATE_HOOK_TOKENS", "").split(",") if token),
        on_function_compute="FC_FUNCTION_NAME" in env,
        channels={key: url for key, url in env.items() if _is_channel(key)},
        approval_keys=tuple(key for part in env.get("TIDEGATE_APPROVAL_KEY", "").split(",") if (key := part.strip())),
        approval_url=env.get(APPROVAL_URL, ""),
    )


@dataclass(frozen=True)
class CliSettings:
    """How the command line reaches the function that takes requests, and by whose clock it goes."""

    fc_endpoint: str
    """Where Function Compute answers, with or without a scheme; empty where that cannot be told."""
    fc_api: str = "3.0"
    fc_service: str = names.DEFAULT
    """Only functions of 2.0 belong to a service."""
    fc_function: str = names.function_name(names.DEFAULT, "on-request")
    prefix: str = names.DEFAULT
    """What every name of the deployment begins with."""
    clock_url: str = ""
    """Empty for the machine's own time."""
    account: str = ""
    region: str = ""
    """Where Tidegate runs; empty where that is not said, as the account may be."""
    store: str = ""
    """Where the ledger is; empty for somebody who only asks, and reads nothing."""
    endpoint: str = ""
    """One endpoint for all RPC products; empty for the vendor's own."""
    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)


def read_cli_settings(environ: Mapping[str, str] | None = None) -> CliSettings:
    """Read what only the command line needs. Raises BadSettings for an API version or an address that is none."""
    env = os.environ if environ is None else environ  # noqa: TID251 - the one place
    api = env.get("TIDEGATE_FC_API") or "3.0"
    if api not in ("2.0", "3.0"):
        raise BadSettings("TIDEGATE_FC_API is 2.0 or 3.0")
    account, region = env.get("TIDEGATE_ACCOUNT"), env.get("TIDEGATE_REGION")
    own = f"https://{account}.{region}.fc.aliyuncs.com" if account and region else ""
    prefix = _prefix(env) or names.DEFAULT
    return CliSettings(
        fc_endpoint=_endpoint(env, "TIDEGATE_FC_ENDPOINT") or own,
        fc_api=api,
        fc_service=env.get("TIDEGATE_FC_SERVICE") or prefix,
        fc_function=env.get("TIDEGATE_FC_FUNCTION") or names.function_name(prefix, "on-request"),
        prefix=prefix,
        clock_url=env.get("TIDEGATE_CLOCK_URL", ""),
        account=account or "",
        region=region or "",
        store=env.get("TIDEGATE_STORE", ""),
        endpoint=_endpoint(env, "TIDEGATE_ENDPOINT"),
        access_key_id=env.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        access_key_secret=env.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
        security_token=env.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
    )


@dataclass(frozen=True)
class DeploySettings:
    """What deploying must know: whose account and region, by which key, and the secrets that the template asks for."""

    account: str
    region: str
    store: str = ""
    """Where the ledger is to be: `oss://BUCKET`; empty for a bucket named after account and region."""
    prefix: str = ""
    """What every name begins with; empty where the environment does not say."""
    endpoint: str = ""
    oss_endpoint: str = ""
    fc_endpoint: str = ""
    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Every variable of ours: a parameter `HookTokens` that is a secret is found as `TIDEGATE_HOOK_TOKENS`."""


def read_deploy_settings(environ: Mapping[str, str] | None = None) -> DeploySettings:
    """Read what deploying needs. Raises BadSettings naming the first variable that is missing."""
    env = os.environ if environ is None else environ  # noqa: TID251 - the one place
    account, region = _account(_required(env, "TIDEGATE_ACCOUNT")), _region(_required(env, "TIDEGATE_REGION"))
    return DeploySettings(
        account=account,
        region=region,
        store=env.get("TIDEGATE_STORE", ""),
        prefix=_prefix(env),
        endpoint=_endpoint(env, "TIDEGATE_ENDPOINT"),
        oss_endpoint=_endpoint(env, "TIDEGATE_OSS_ENDPOINT"),
        fc_endpoint=_endpoint(env, "TIDEGATE_FC_ENDPOINT") or f"https://{account}.{region}.fc.aliyuncs.com",
        access_key_id=_required(env, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        access_key_secret=_required(env, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        security_token=env.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        variables={key: value for key, value in env.items() if key.startswith("TIDEGATE_") and value},
    )


def _prefix(env: Mapping[str, str]) -> str:
    prefix = env.get("TIDEGATE_PREFIX", "")
    if prefix and not names.is_prefix(prefix):
        raise BadSettings(f"TIDEGATE_PREFIX is {names.WORDS}")
    return prefix


def _is_channel(name: str) -> bool:
    return name.startswith("TIDEGATE_") and name.endswith("_URL") and name != APPROVAL_URL


def _account(given: str) -> str:
    """An account's number. Under any other word a ledger would seem to be empty."""
    if not re.fullmatch("[0-9]{1,20}", given):
        raise BadSettings("TIDEGATE_ACCOUNT is the account's number, in digits alone")
    return given


def _region(given: str) -> str:
    if not re.fullmatch("[a-z0-9-]{1,40}", given):
        raise BadSettings("TIDEGATE_REGION is the name of a region, such as cn-hangzhou")
    return given


def _endpoint(env: Mapping[str, str], name: str) -> str:
    """An address, or several for all products with commas between them; empty for the vendor's own."""
    given = env.get(name, "")
    parts = given.split(",") if name == "TIDEGATE_ENDPOINT" else [given]
    if given and not all(is_address(part.strip()) for part in parts):
        raise BadSettings(f"{name} is an address, such as {ENDPOINTS[name]}")
    return given


def _required(env: Mapping[str, str], *names: str, hint: str = "") -> str:
    for name in names:
        if env.get(name):
            return env[name]
    raise BadSettings(f"set {' or '.join(names)} in the environment{hint}")
