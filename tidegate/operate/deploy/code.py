"""The packed code and the bucket it is put into, under the hash of what is in it."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.faults import CannotDeploy

PREFIX = "tidegate"


@dataclass(frozen=True)
class Code:
    """One package. The same code has the same key, so that putting it twice changes nothing."""

    body: bytes = field(repr=False)
    bucket: str

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def key(self) -> str:
        """Where in the bucket it is."""
        return f"{PREFIX}/{self.sha256}.zip"


def read_code(path: Path, bucket: str) -> Code:
    """Read a packed zip. Raises CannotDeploy."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise CannotDeploy(f"{path}: {error.strerror or error}") from error
    if not zipfile.is_zipfile(path):
        raise CannotDeploy(f"{path} is no zip; `tidegate package` makes one")
    return Code(body, bucket)


def put(account: Account, code: Code) -> bool:
    """Put code into its bucket, which is made where there is none, and say whether there was anything to do."""
    changed = False
    if account.buckets.find(code.bucket) is None:
        account.buckets.create(code.bucket)
        changed = True
    if not account.buckets.has(code.bucket, code.key):
        account.buckets.put(code.bucket, code.key, code.body)
        changed = True
    return changed
