"""Asks a vendor that may do anything, in a process of its own, and shows how each try ended as a platform would."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timezone

from tidegate.settings import Settings, read_settings

AT = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


def rpc(settings: Settings, endpoint: str, *, read: bool) -> None:
    """Call an RPC product: a read, or an order."""
    from tidegate.aliyun.client import Aliyun  # noqa: PLC0415 - each process loads what it tries, as a function does
    from tidegate.aliyun.credentials import Credentials  # noqa: PLC0415
    from tidegate.aliyun.patience import Patience  # noqa: PLC0415

    patience = Patience(lambda _seconds: None, lambda: 0.0, lambda: 0.5, limit_s=1.0)
    keys = Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token)
    aliyun = Aliyun(keys, settings.region, patience, endpoints={"*": endpoint}, connect_s=1.0, read_s=1.0)
    action = "GetInstance" if read else "UpdateInstance"
    aliyun.call("amqp-open", action, {"InstanceId": "amqp-cn-1"}, read=read)


def oss(settings: Settings, endpoint: str, *, read: bool) -> None:
    """Read or create an object."""
    from tidegate.ledger.creation import Patience  # noqa: PLC0415
    from tidegate.ledger.oss import Bucket, OssObjects  # noqa: PLC0415
    from tidegate.ledger.remote import RemoteShelf  # noqa: PLC0415

    url = endpoint if "://" in endpoint else f"http://{endpoint}"
    bucket = Bucket("ledger", settings.region, url, path_style=True, read_timeout_s=1.0)
    shelf = RemoteShelf(OssObjects(bucket, lambda: settings), Patience(lambda _seconds: None, attempts=2))
    if read:
        shelf.get("a/key")
        shelf.list("a/")
        raise LookupError("it was taken for an answer")
    shelf.create("a/key", b"{}")
    raise LookupError("it was taken for an answer")


def function(settings: Settings, endpoint: str, service: str) -> None:
    """Invoke a function of 3.0, or of 2.0 where there is a service."""
    from tidegate.aliyun.credentials import Credentials  # noqa: PLC0415
    from tidegate.aliyun.functions import Function, invoke  # noqa: PLC0415

    keys = Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token)
    invoke(Function(endpoint, "on-request", service), keys, b"{}", at=AT, nonce="n")
    raise LookupError("it was taken for an answer")


def channel(settings: Settings, endpoint: str, kind: str) -> None:
    """Tell a channel."""
    from tidegate.notify import notify  # noqa: PLC0415

    [url] = [url for name, url in settings.channels.items() if name.startswith(f"TIDEGATE_{kind}")]
    scheme, _, rest = url.partition("://")
    secure, _, host = endpoint.rpartition("://")
    if notify(f"{scheme}{'s' if secure else ''}://{rest.replace('ENDPOINT', host)}", "title", "text", "failed"):
        raise LookupError("it was taken for an answer")
    raise RuntimeError("the channel took nothing")


LINES: dict[str, Callable[[Settings, str], None]] = {
    "a read": lambda settings, endpoint: rpc(settings, endpoint, read=True),
    "an order": lambda settings, endpoint: rpc(settings, endpoint, read=False),
    "a read of the ledger": lambda settings, endpoint: oss(settings, endpoint, read=True),
    "a record": lambda settings, endpoint: oss(settings, endpoint, read=False),
    "a request to 3.0": lambda settings, endpoint: function(settings, endpoint, ""),
    "a request to 2.0": lambda settings, endpoint: function(settings, endpoint, "tidegate"),
    "a message": lambda settings, endpoint: channel(settings, endpoint, "CHAT"),
    "a message to a robot": lambda settings, endpoint: channel(settings, endpoint, "ROBOT"),
}


def main() -> None:
    """Try one line at many endpoints; one JSON line for each says what its end was called."""
    line = LINES[sys.argv[1]]
    settings = read_settings()
    for endpoint in sys.argv[2:]:
        ended = "well"
        try:
            line(settings, endpoint)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown as the platform shows it
            ended = type(error).__name__
            traceback.print_exc()
            print(repr(error), str(error), sep="\n")  # noqa: T201 - what a person or a log would be told
        print(json.dumps({"endpoint": endpoint, "ended": ended}))  # noqa: T201 - for the test


if __name__ == "__main__":
    main()
