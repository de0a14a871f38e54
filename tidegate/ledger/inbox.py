"""Signals that arrived and are not yet folded into the ledger. The same signal twice is one item."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from tidegate.ledger.record import Corrupt, Json, decode, encode, read_instant
from tidegate.ledger.shelf import Shelf, listed

PREFIX = "inbox/"


def put_item(shelf: Shelf, key: str, item: Json, now: datetime, nonce: str) -> bool:
    """Leave an item, which needs a text `id`; False if one with that id lies there already."""
    body = encode({"posted": now.isoformat(), "nonce": nonce, "item": item})
    return shelf.create(_key(key, item["id"]), body)


def items(shelf: Shelf, key: str) -> list[dict[str, Any]]:
    """Give the items of an instance in the order they came in. One that was just removed may be missing or not."""
    places = listed(shelf, f"{PREFIX}{key}/")
    found = [_read(place, body) for place in places if (body := shelf.get(place)) is not None]
    return [item for _, _, item in sorted(found, key=lambda entry: entry[:2])]


def remove_items(shelf: Shelf, key: str, ids: Iterable[str]) -> None:
    """Remove items that were folded into the ledger."""
    for each in ids:
        shelf.delete(_key(key, each))


def _key(key: str, item_id: str) -> str:
    # Ids come from outside: of any length, with any letters.
    return f"{PREFIX}{key}/{sha256(item_id.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"


def _read(place: str, body: bytes) -> tuple[datetime, str, dict[str, Any]]:
    raw = decode(place, body)
    try:
        item = raw["item"]
        return read_instant(raw["posted"]), str(item["id"]), dict(item)
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"{place} is not an inbox item: {error!r}") from error
