"""Small functions that show what they were given."""
# They stand for other people's code: they print, sleep, read the clock and the environment as such code does.
# ruff: noqa: T201, TID251, D101, N818, S605, PERF203, PLW0603, PLC0415

import json
import logging
import os
import sys
import time
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

calls = 0
log = logging.getLogger()
started: list[str] = []


def initialize(context: Any) -> None:
    started.append(context.request_id)


def bad_initialize(context: Any) -> None:
    raise RuntimeError("not today")


def handler(event: bytes, context: Any) -> Any:
    return event


def count(event: bytes, context: Any) -> Any:
    global calls
    calls += 1
    return {"calls": calls, "started": len(started), "pid": os.getpid()}


def look(event: bytes, context: Any) -> Any:
    function = context.function
    return {
        "event": type(event).__name__,
        "request_id": context.request_id,
        "region": context.region,
        "account_id": context.account_id,
        "function": vars(function),
        "credentials": vars(context.credentials) if hasattr(context, "credentials") else None,
        "service": vars(context.service) if hasattr(context, "service") else None,
        "log_project": getattr(context, "log_project", None),
        "logger": context.logger is None and context.getLogger() is logging.getLogger(),
        "retry_count": getattr(context, "retry_count", None),
        "environment": dict(os.environ),
        "cwd": str(Path.cwd()),
        "path": sys.path[0],
    }


def modules(event: bytes, context: Any) -> Any:
    found = {}
    for name in json.loads(event):
        try:
            __import__(name)
            found[name] = True
        except ImportError:
            found[name] = False
    return found


def clock(event: bytes, context: Any) -> Any:
    return {"now": datetime.now(timezone.utc), "time": time.time(), "price": Decimal("1.5")}


def unserializable(event: bytes, context: Any) -> Any:
    return object()


def text(event: bytes, context: Any) -> Any:
    return "as it is"


def logs(event: bytes, context: Any) -> Any:
    log.info("from the logger")
    print("from print")
    print("from stderr", file=sys.stderr)
    os.system("echo from a child")
    return ""


def raises(event: bytes, context: Any) -> Any:
    raise ValueError("something is wrong")


class InstanceUpgradeOrDownGradeTopicMigrating(Exception):
    pass


def migrating(event: bytes, context: Any) -> Any:
    raise InstanceUpgradeOrDownGradeTopicMigrating("try again later")


def leaves(event: bytes, context: Any) -> Any:
    print("last words", flush=True)
    os._exit(3)


def exits(event: bytes, context: Any) -> Any:
    sys.exit("bye")


def sleeps(event: bytes, context: Any) -> Any:
    print("asleep", flush=True)
    time.sleep(float(event or b"60"))
    return "awake"


def stubborn(event: bytes, context: Any) -> Any:
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def hungry(event: bytes, context: Any) -> Any:
    block = bytearray(400 * 1024 * 1024)
    for place in range(0, len(block), 4096):
        block[place] = 1
    time.sleep(5)
    return len(block)


def retries(event: bytes, context: Any) -> Any:
    """Fail as often as the event says, then leave the count of tries in the file that the event names."""
    path, failures = json.loads(event)
    place = Path(path)
    tries = int(place.read_text()) + 1 if place.exists() else 1
    place.write_text(str(tries))
    if tries <= failures:
        raise RuntimeError(f"try {tries}")
    return tries


def record(event: bytes, context: Any) -> Any:
    """Append what arrived to a file named in the environment."""
    with Path(os.environ["RECORD"]).open("a", encoding="utf-8") as out:
        out.write(json.dumps({"at": time.time(), "event": event.decode(), "id": context.request_id}) + "\n")
    return ""


def web(event: bytes, context: Any) -> Any:
    call = json.loads(event)
    return {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "X-Seen": "yes"},
        "isBase64Encoded": False,
        "body": json.dumps(call),
    }


def plain_web(event: bytes, context: Any) -> Any:
    return "just text"


def binary_web(event: bytes, context: Any) -> Any:
    return {"statusCode": 200, "isBase64Encoded": True, "body": "AAEC"}


def odd_web(event: bytes, context: Any) -> Any:
    return {"statusCode": "often", "body": 7}


def environment(event: bytes, context: Any) -> Any:
    return os.environ.get(event.decode(), "")
