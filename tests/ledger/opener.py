"""A process that opens new files at given moments, as another does, and prints what was refused to it.

Its moments and files come as a line of JSON on standard input: [[a Unix time in seconds, a path], ...].
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path

from tidegate.ledger.shelf import ShelfUnavailable
from tidegate.ledger.sqlite import SqliteShelf

if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    refused = []
    for moment, path in json.loads(sys.stdin.readline()):
        # It does not sleep up to the moment: both are to be there within microseconds.
        while time.time() < moment:
            pass
        try:
            with closing(SqliteShelf(Path(path), {})) as shelf:
                shelf.get("anything")
        except ShelfUnavailable as error:
            refused.append(f"{path}: {error}")
    sys.stdout.write(json.dumps(refused))
