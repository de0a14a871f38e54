"""What lets a command in: the key that signs, where Function Compute answers, and the store. Nobody is asked here."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from pathlib import Path

from tidegate.aliyun.credentials import Credentials
from tidegate.settings import PLAIN, BadSettings, CliSettings, DeploySettings, Settings, read_deploy_settings

ID, SECRET, TOKEN = (f"ALIBABA_CLOUD_{name}" for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"))
NOWHERE = "sqlite://:memory:"
"""An empty ledger that leaves nothing behind."""


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
        if not PLAIN.fullmatch(value):
            raise BadSettings(f"{name} has signs that no key has, such as blanks or accents: copy the key once more")
    return key


def deployer() -> DeploySettings:
    """Whose account something is deployed to, and by which key. Raises BadSettings as `credentials_of` does."""
    settings = read_deploy_settings()
    credentials_of(settings)
    return settings


def endpoint_of(settings: CliSettings) -> str:
    """Where Function Compute answers. Raises BadSettings where that cannot be told."""
    if not settings.fc_endpoint:
        raise BadSettings("set TIDEGATE_FC_ENDPOINT, or TIDEGATE_ACCOUNT and TIDEGATE_REGION, in the environment")
    return settings.fc_endpoint


def store_of(settings: Settings, absent: Absent) -> Settings:
    """The settings, once it is seen that their store can be opened. Raises BadSettings."""
    if settings.store.startswith("oss://"):
        credentials_of(settings)
    if not is_absent(settings) or absent is Absent.BEGUN:
        return settings
    if absent is Absent.EMPTY:
        return replace(settings, store=NOWHERE)
    raise BadSettings("TIDEGATE_STORE names a file that is not there: correct it; `tidegate policy push` begins one")


def is_absent(settings: Settings) -> bool:
    """Whether the store is a file that is not there. Raises BadSettings for a folder."""
    where = file_of(settings)
    if where is None:
        return False
    try:
        if where.is_dir():
            raise BadSettings("TIDEGATE_STORE names a folder: name a file in it, such as sqlite:///FOLDER/ledger.db")
        return not where.exists()
    except OSError:
        # Nobody here may look, so it is opened, which says why that cannot be.
        return False


def file_of(settings: Settings) -> Path | None:
    """The file that the store is, None where it is none."""
    kind, _, where = settings.store.partition("://")
    return Path(where) if kind == "sqlite" and where else None
