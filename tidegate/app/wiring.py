"""The composition root: the environment in, the surroundings out. Here clocks and networks are chosen."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.app.calendars import calendar_of
from tidegate.app.surroundings import Surroundings
from tidegate.domain.policy import InstancePolicy
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.policies import Policies
from tidegate.settings import BadSettings, Settings, read_settings

if TYPE_CHECKING:
    from tidegate.aliyun.client import Aliyun
    from tidegate.ledger.shelf import Shelf
    from tidegate.products.port import Product

DOOR_CONNECT_S, DOOR_READ_S = 1.0, 2.0
"""CloudMonitor waits 5 s for an answer (fact fc 2.3), so a door does not wait long for the vendor."""

VENDOR_CONNECT_S, VENDOR_READ_S = 5.0, 20.0
CONNECT_S, READ_S = 2.0, 5.0
"""For the bucket, which is near."""

_CACHE: dict[str, Any] = {}
_CHECKED: list[bool] = []
_HINTS: dict[str, int] = {}
"""The newest entries seen by this process: it finds what came after them without a listing."""


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(timezone.utc)  # noqa: TID251 - the one place


def nap(seconds: float) -> None:
    """Rest."""
    time.sleep(seconds)  # noqa: TID251 - the one place


def wire(
    settings: Settings | None = None,
    *,
    quick: bool = False,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = nap,
) -> Surroundings:
    """Build the surroundings from the environment. `quick` is for doors whose caller does not wait long.

    Raises BadSettings. Nothing is connected before it is used.
    """
    known = settings or read_settings()
    ledger_shelf = shelf(known, sleep, quick=quick)
    clients: dict[str, Aliyun] = {}

    def product(policy: InstancePolicy) -> Product:
        from tidegate.products import product as by_name  # noqa: PLC0415 - a duplicate alert needs none

        return by_name(policy.product, _client(clients, known, policy.region, sleep, quick=quick), now=now)

    def start(name: str, given: Mapping[str, Any]) -> bool:
        from tidegate.aliyun.workflow import Started, Workflow  # noqa: PLC0415 - only to start

        aliyun = _client(clients, known, known.region, sleep, quick=quick)
        return Workflow(aliyun, known.flow).start(name, given) is not Started.ALREADY_ENDED

    def send(channel: str, title: str, text: str, kind: str) -> bool:
        from tidegate.notify import notify  # noqa: PLC0415 - only when somebody must be told

        return notify(known.channels.get(channel, ""), title, text, kind)

    return Surroundings(
        account=known.account,
        ledger=Ledger(ledger_shelf, now, lambda: secrets.token_hex(8), hints=_HINTS),
        policies=Policies(ledger_shelf, now, _HINTS),
        product=product,
        start=start,
        send=send,
        now=now,
        calendar=calendar_of,
        checked=_CHECKED,
        cache=_CACHE,
    )


def shelf(settings: Settings, sleep: Callable[[float], None] = nap, *, quick: bool = False) -> Shelf:
    """The store that the settings name. Raises BadSettings for one that makes no sense."""
    kind, _, where = settings.store.partition("://")
    if kind == "sqlite" and where:
        from tidegate.ledger.sqlite import SqliteShelf  # noqa: PLC0415 - never on Function Compute

        return SqliteShelf(Path(where), os.environ)  # noqa: TID251 - it looks where it is
    if kind == "oss" and where:
        from tidegate.ledger.creation import Patience  # noqa: PLC0415 - only with a bucket
        from tidegate.ledger.oss import Bucket, OssShelf  # noqa: PLC0415 - as above

        local = settings.oss_endpoint.startswith("http://127.0.0.1")
        bucket = Bucket(
            where,
            settings.region,
            endpoint=settings.oss_endpoint,
            internal=settings.on_function_compute and not settings.oss_endpoint,
            path_style=local,
            connect_timeout_s=DOOR_CONNECT_S if quick else CONNECT_S,
            read_timeout_s=DOOR_READ_S if quick else READ_S,
        )
        return OssShelf(bucket, lambda: settings, Patience(sleep, attempts=2 if quick else 3))
    raise BadSettings("TIDEGATE_STORE is oss://BUCKET or sqlite:///FILE")


def has_time(limit_s: float, clock: Callable[[], float] = time.monotonic) -> Callable[[], bool]:
    """Whether less than so many seconds have passed since now."""
    started = clock()
    return lambda: clock() - started < limit_s


def _client(
    clients: dict[str, Aliyun], settings: Settings, region: str, sleep: Callable[[float], None], *, quick: bool
) -> Aliyun:
    if region not in clients:
        from tidegate.aliyun.client import Aliyun  # noqa: PLC0415 - only when the vendor is asked
        from tidegate.aliyun.credentials import Credentials  # noqa: PLC0415 - as above
        from tidegate.aliyun.patience import Patience  # noqa: PLC0415 - as above

        clients[region] = Aliyun(
            Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token),
            region,
            Patience(sleep, time.monotonic, random.random, limit_s=1.0 if quick else 12.0),
            endpoints={"*": settings.endpoint} if settings.endpoint else None,
            connect_s=DOOR_CONNECT_S if quick else VENDOR_CONNECT_S,
            read_s=DOOR_READ_S if quick else VENDOR_READ_S,
        )
    return clients[region]
