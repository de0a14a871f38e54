"""The composition root: the environment in, the surroundings out. Here clocks and networks are chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.app.calendars import calendar_of
from tidegate.app.logs import log
from tidegate.app.machine import Machine, machine, nap, utc_now
from tidegate.app.surroundings import Surroundings
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Approved
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.policies import Policies
from tidegate.settings import BadSettings, CliSettings, Settings

if TYPE_CHECKING:
    from tidegate.aliyun.client import Aliyun
    from tidegate.ledger.shelf import Shelf
    from tidegate.products.port import Product

__all__ = ["has_time", "nap", "shelf", "utc_now", "vendor", "wire"]

DOOR_CONNECT_S, DOOR_READ_S = 1.0, 2.0
"""CloudMonitor waits 5 s for an answer (fact fc 2.3), so a door does not wait long for the vendor."""

VENDOR_CONNECT_S, VENDOR_READ_S = 5.0, 20.0
CONNECT_S, READ_S = 2.0, 5.0
"""For the bucket, which is near."""


def wire(
    settings: Settings | None = None,
    *,
    quick: bool = False,
    now: Callable[[], datetime] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> Surroundings:
    """Build the surroundings from the environment. `quick` is for doors whose caller does not wait long.

    Raises BadSettings. Nothing is connected before it is used. `now` and `sleep` are the machine's unless stated.
    """
    here = machine()
    if now or sleep:
        here = replace(here, now=now or here.now, sleep=sleep or here.sleep)
    known = settings or here.settings()
    ledger_shelf = _shelf(here, known, quick=quick)
    clients: dict[str, Aliyun] = {}
    memory = here.memory()

    def product(policy: InstancePolicy) -> Product:
        from tidegate.products import product as by_name  # noqa: PLC0415 - a duplicate alert needs none

        return by_name(policy.product, _client(clients, here, known, policy.region, quick=quick), now=here.now)

    def start(name: str, given: Mapping[str, Any]) -> bool:
        from tidegate.aliyun.workflow import Started, Workflow  # noqa: PLC0415 - only to start

        aliyun = _client(clients, here, known, known.region, quick=quick)
        return Workflow(aliyun, known.flow).start(name, given) is not Started.ALREADY_ENDED

    def send(channel: str, title: str, text: str, kind: str) -> bool:
        return here.notify(known.channels.get(channel, ""), title, text, kind)

    def link(policy: InstancePolicy, asked: Approved, channel: str) -> str:
        from tidegate.app import links  # noqa: PLC0415 - only when something is asked

        keys, base = links.good_keys(known.approval_keys[:1]), links.good_base(known.approval_url)
        if keys and base:
            return links.url_of(links.Link.of(policy, asked, channel), known.account, keys[0], base)
        if known.approval_keys and known.approval_url:
            log("no-link", why="TIDEGATE_APPROVAL_KEY has 32 signs or more, TIDEGATE_APPROVAL_URL begins with https://")
        return ""

    return Surroundings(
        account=known.account,
        prefix=known.prefix,
        ledger=Ledger(ledger_shelf, here.now, here.nonce, hints=memory.hints),
        policies=Policies(ledger_shelf, here.now, memory.hints),
        product=product,
        start=start,
        send=send,
        now=here.now,
        calendar=calendar_of,
        checked=memory.checked,
        cache=memory.cache,
        link=link,
        channels=tuple(sorted(name for name, url in known.channels.items() if url)),
    )


def vendor(settings: CliSettings, region: str) -> Aliyun:
    """The vendor's API in a region, for a command that has no ledger yet. Nothing is connected before it is used."""
    known = Settings(
        account="",
        region=region,
        store="",
        endpoint=settings.endpoint,
        access_key_id=settings.access_key_id,
        access_key_secret=settings.access_key_secret,
        security_token=settings.security_token,
    )
    return _client({}, machine(), known, region, quick=False)


def shelf(settings: Settings, sleep: Callable[[float], None] = nap, *, quick: bool = False) -> Shelf:
    """The store that the settings name. Raises BadSettings for one that makes no sense."""
    return _shelf(replace(machine(), sleep=sleep), settings, quick=quick)


def has_time(limit_s: float, clock: Callable[[], float] | None = None) -> Callable[[], bool]:
    """Whether less than so many seconds have passed since now."""
    seconds = clock or machine().monotonic
    started = seconds()
    return lambda: seconds() - started < limit_s


def _shelf(here: Machine, settings: Settings, *, quick: bool) -> Shelf:
    kind, _, where = settings.store.partition("://")
    if kind == "sqlite" and where:
        from tidegate.ledger.sqlite import SqliteShelf  # noqa: PLC0415 - never on Function Compute

        return SqliteShelf(Path(where), os.environ)  # noqa: TID251 - it looks where it is
    if kind == "oss" and where:
        from tidegate.ledger.creation import Patience  # noqa: PLC0415 - only with a bucket
        from tidegate.ledger.oss import Bucket, OssObjects  # noqa: PLC0415 - as above
        from tidegate.ledger.remote import RemoteShelf  # noqa: PLC0415 - as above

        patience = Patience(here.sleep, attempts=2 if quick else 3)
        if here.objects is not None:
            return RemoteShelf(here.objects(), patience)
        bucket = Bucket(
            where,
            settings.region,
            endpoint=settings.oss_endpoint,
            internal=settings.on_function_compute and not settings.oss_endpoint,
            path_style=settings.oss_endpoint.startswith("http://127.0.0.1"),
            connect_timeout_s=DOOR_CONNECT_S if quick else CONNECT_S,
            read_timeout_s=DOOR_READ_S if quick else READ_S,
        )
        kept = here.memory().clients
        made_of = (bucket, settings.access_key_id, settings.security_token)
        if kept.get("bucket made of") != made_of:
            # Temporary keys change in the life of a process; the client of the old ones is let go.
            kept.update({"bucket made of": made_of, "bucket": OssObjects(bucket, lambda: settings)})
        return RemoteShelf(kept["bucket"], patience)
    raise BadSettings("TIDEGATE_STORE is oss://BUCKET or sqlite:///FILE")


def _client(clients: dict[str, Aliyun], here: Machine, settings: Settings, region: str, *, quick: bool) -> Aliyun:
    if region not in clients:
        from tidegate.aliyun.client import Aliyun  # noqa: PLC0415 - only when the vendor is asked
        from tidegate.aliyun.credentials import Credentials  # noqa: PLC0415 - as above
        from tidegate.aliyun.patience import Patience  # noqa: PLC0415 - as above

        clients[region] = Aliyun(
            Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token),
            region,
            Patience(here.sleep, here.monotonic, here.chance, limit_s=1.0 if quick else 12.0),
            endpoints={"*": settings.endpoint} if settings.endpoint else None,
            connect_s=DOOR_CONNECT_S if quick else VENDOR_CONNECT_S,
            read_s=DOOR_READ_S if quick else VENDOR_READ_S,
            line=here.line(region) if here.line is not None else None,
        )
    return clients[region]
