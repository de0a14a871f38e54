"""What lets a command in: the key that signs, where Function Compute answers, and the store. Nobody is asked here."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from tidegate.aliyun.credentials import Credentials
from tidegate.settings import BadSettings, CliSettings, DeploySettings, Settings, read_deploy_settings

ID, SECRET, TOKEN = (f"ALIBABA_CLOUD_{name}" for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"))
NOWHERE = "sqlite://:memory:"
"""An empty ledger that leaves nothing behind."""
OF_A_KEY = re.compile("[!-~]*")
"""Signs that a header takes; a key has no others."""


class Absent(Enum):
    """What becomes of a ledger in a file that is not there."""

    REFUSED = "refused"
    """A name that was mistyped must not look like an account without a history."""
    EMPTY = "empty"
    """For whoever looks through a policy file before the first one is pushed."""
    BEGUN = "begun"
    """By what writes to it."""


def credentials_of(settings: CliSettings | DeploySettings | Settings) -> Credentials:
    """The key to sign with. Raises BadSettings where there is none, or one that was not copied as it is."""
    key = Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token)
    if not key.access_key_id or not key.access_key_secret:
        raise BadSettings(f"set {ID} and {SECRET} in the environment")
    for name, value in ((ID, key.access_key_id), (SECRET, key.access_key_secret), (TOKEN, key.security_token)):
        if not OF_A_KEY.fullmatch(value):
            raise BadSettings(f"{name} has signs that no key has, such as blanks or accents: copy the key once more")
    return key


def deployer() -> DeploySettings:
    """Whose account something is deployed to, and by which key. Raises BadSettings as `credentials_of` does."""
    settings = read_deploy_settings()
    credentials_of(settings)
    return settings


def endpoint_of(settings: CliSettings) -> str:
    """Where Function Compute answers. Raises BadSettings where that cannot be told, or is no address."""
    endpoint = settings.fc_endpoint
    if not endpoint:
        raise BadSettings("set TIDEGATE_FC_ENDPOINT, or TIDEGATE_ACCOUNT and TIDEGATE_REGION, in the environment")
    if not is_address(endpoint):
        raise BadSettings("TIDEGATE_FC_ENDPOINT is an address, such as https://ACCOUNT.REGION.fc.aliyuncs.com")
    return endpoint


def is_address(url: str) -> bool:
    """Whether it names a host to be asked over HTTP, with its port and its scheme if any."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bool(OF_A_KEY.fullmatch(url))


def store_of(settings: Settings, absent: Absent) -> Settings:
    """The settings, once it is seen that their store can be opened. Raises BadSettings."""
    if settings.store.startswith("oss://"):
        credentials_of(settings)
        if settings.oss_endpoint and not is_address(settings.oss_endpoint):
            raise BadSettings("TIDEGATE_OSS_ENDPOINT is an address, such as https://oss-cn-hangzhou.aliyuncs.com")
    if not is_absent(settings) or absent is Absent.BEGUN:
        return settings
    if absent is Absent.EMPTY:
        return replace(settings, store=NOWHERE)
    raise BadSettings("TIDEGATE_STORE names a file that is not there: correct it; `tidegate policy push` begins one")


def is_absent(settings: Settings) -> bool:
    """Whether the store is a file that is not there. Raises BadSettings for a folder."""
    kind, _, where = settings.store.partition("://")
    if kind != "sqlite" or not where:
        return False
    if Path(where).is_dir():
        raise BadSettings("TIDEGATE_STORE names a folder: name a file in it, such as sqlite:///FOLDER/ledger.db")
    return not Path(where).exists()
