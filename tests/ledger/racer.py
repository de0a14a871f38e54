"""A process that races others to create the same keys, and prints those it won. Its store comes as JSON in `argv`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tidegate.ledger.creation import Patience
from tidegate.ledger.oss import Bucket, OssObjects
from tidegate.ledger.remote import RemoteShelf
from tidegate.ledger.shelf import Shelf
from tidegate.ledger.sqlite import SqliteShelf


class Keys(NamedTuple):
    """The account's own key."""

    access_key_id: str
    access_key_secret: str
    security_token: str


def shelf_at(place: dict[str, Any]) -> Shelf:
    """Open the store."""
    if "path" in place:
        return SqliteShelf(Path(place["path"]), {})
    keys = Keys(place["access_key_id"], place["access_key_secret"], "")
    bucket = Bucket(place["bucket"], "cn-hangzhou", place["endpoint"], path_style=True)
    return RemoteShelf(OssObjects(bucket, lambda: keys), Patience(lambda _: None))


if __name__ == "__main__":
    name, place = sys.argv[1], json.loads(sys.argv[2])
    shelf = shelf_at(place)
    shelf.get("ready")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    won = [number for number in range(50) if shelf.create(f"race/{number}", name.encode())]
    sys.stdout.write(json.dumps(won))
