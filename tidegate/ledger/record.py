"""What the ledger writes down, and under which keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any
from urllib.parse import quote

SCHEMA = 3
"""Raised whenever a record gets a part that an older version would read past and not write again."""
FLEET = "fleet"
"""The key of the ledger that concerns all instances."""
UNREADABLE = "unreadable"
"""The key of the ledger of what cannot be read, and who was told of it."""

Json = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class InstanceKey:
    """Which instance a ledger is about, by the vendor's names: a rename in the policy loses nothing."""

    account: str
    region: str
    product: str
    instance_id: str

    def __post_init__(self) -> None:
        if self.account in (FLEET, UNREADABLE) or not all((self.account, self.region, self.product, self.instance_id)):
            raise ValueError(f"not an instance: {self!r}")

    def __str__(self) -> str:
        """Give the key, safe as part of an object's name."""
        return "/".join(map(_as_part, (self.account, self.region, self.product, self.instance_id)))


@lru_cache(maxsize=10_000)
def key_text(account: str, region: str, product: str, instance_id: str) -> str:
    """Give the key of an instance as its ledger has it. Raises ValueError for what is not an instance."""
    return str(InstanceKey(account, region, product, instance_id))


@dataclass(frozen=True)
class Record:
    """One entry of a ledger: a fact, and the state after it. The newest one is the whole state."""

    seq: int
    at: datetime
    fact: Json
    state: Json
    policy: str
    """Hash of the policy that was in force; empty where none was."""
    code: str
    """The version that wrote this."""
    nonce: str
    """The writer's own word, by which it knows its record again after a lost reply."""
    schema: int = SCHEMA


FIELDS = tuple(field.name for field in fields(Record))
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class NewerSchema(Exception):  # noqa: N818 - named by what it means for the caller
    """A later version of Tidegate wrote this record, so its state must not be acted on here."""

    def __init__(self, key: str, record: Record) -> None:
        super().__init__(f"{key} has schema {record.schema}, and version {record.code} wrote it; known is {SCHEMA}")
        self.record = record


class Corrupt(Exception):  # noqa: N818 - named by what it means for the caller
    """Something on the shelf is not what was written there. The message names the key."""


def encode(value: Json) -> bytes:
    """Write JSON so that equal values are equal bytes. Raises TypeError for what is not JSON."""
    return CANONICAL.encode(value).encode()


def decode(key: str, body: bytes) -> dict[str, Any]:
    """Read a JSON object; raises `Corrupt`, naming the key."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Corrupt(f"{key} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Corrupt(f"{key} holds a {type(value).__name__} where an object is expected")
    return value


def write_record(record: Record) -> bytes:
    """Give a record as it stands on the shelf."""
    return encode({**vars(record), "at": record.at.isoformat()})


def read_record(key: str, seq: int, body: bytes) -> Record:
    """Read a record; raises `NewerSchema` where a later version wrote it, `Corrupt` where nobody of us did."""
    return record_of(key, seq, decode(key, body))


@lru_cache(maxsize=64)
def known_record(key: str, seq: int, body: bytes) -> Record:
    """The same, read once while it is among the last: the newest record is read again and again. Never change it."""
    return read_record(key, seq, body)


def record_of(key: str, seq: int, raw: Json) -> Record:
    """The same, of what was decoded already."""
    known = {name: raw[name] for name in FIELDS if name in raw}
    try:
        record = Record(**{**known, "at": read_instant(raw["at"])})
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"{key} is not a record: {error!r}") from error
    if not isinstance(record.schema, int) or record.seq != seq or not _holds_objects(record):
        raise Corrupt(f"{key} is not record {seq}")
    if record.schema > SCHEMA:
        raise NewerSchema(key, record)
    if not all(isinstance(word, str) for word in (record.policy, record.code, record.nonce)):
        raise Corrupt(f"{key} is not a record: policy, code and nonce are text")
    return record


def read_instant(text: str) -> datetime:
    """Read an instant; one without offset is an error, not a guess."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no offset: {text}")
    try:
        return at.astimezone(timezone.utc)
    except OverflowError as error:
        raise ValueError(f"beyond the calendar: {text}") from error


@lru_cache(maxsize=10_000)
def _as_part(name: str) -> str:
    """Give a name as one part of a key. `..` would mean another part to whoever reads the key as a path."""
    part = quote(name, safe="")
    return part if part.strip(".") else part.replace(".", "%2E")


def _holds_objects(record: Record) -> bool:
    return isinstance(record.fact, dict) and isinstance(record.state, dict)
