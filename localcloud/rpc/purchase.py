"""What a RabbitMQ change comes to: the spec that is wished, whether it is sold, and which way it goes (fact D.2)."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.rpc.orders import Direction
from localcloud.rpc.specs import (
    ANY_QUEUES,
    CONNECTIONS,
    EDITIONS,
    EIP,
    QUEUES,
    RABBITMQ_FIELDS,
    RESET_TO,
    SERVERLESS_FIELDS,
    STORAGE,
    TPS_STEPS,
    Value,
    tps_up,
)

PARAM_ERROR = "PARAM_ERRPR"
"""So spelt by the vendor, and only to be seen in the body of an HTTP 200 (fact C.1)."""

SELLABLE = (*RABBITMQ_FIELDS, *SERVERLESS_FIELDS, "InstanceType")
CLUSTERS = ("shared", "dedicated")


class NotSold(Exception):  # noqa: N818 - not a failure here: an answer of the vendor's with HTTP 200
    """The spec asked for is none that the vendor sells."""


def wished_spec(before: Mapping[str, Value], parameters: Mapping[str, Value], *, resets: bool) -> dict[str, Value]:
    """Give the whole spec that a request asks for; an omitted field stays, or falls back to the vendor's default."""
    asked = {name: value for name, value in parameters.items() if name in SELLABLE}
    fallen = {name: value for name, value in RESET_TO.items() if name in before} if resets else {}
    return {**before, **fallen, **asked}


def as_sold(before: Mapping[str, Value], spec: Mapping[str, Value], *, rounds: bool) -> dict[str, Value]:
    """Give the spec as it is sold, rounded up where the vendor rounds; raise `NotSold` where it is not sold.

    A figure that stays as it was is not looked at: the world may begin with figures that nobody sells any more.
    """
    edition = str(spec.get("InstanceType", ""))
    sold = dict(spec)
    for name, value in spec.items():
        if value != before.get(name) and isinstance(value, int) and not isinstance(value, bool):
            sold[name] = figure(name, value, edition, rounds=rounds)
    if sold.get("Edition") == "shared" and before.get("Edition") == "dedicated":
        raise NotSold("there is no way back from dedicated to shared")
    return sold


def figure(name: str, value: int, edition: str, *, rounds: bool) -> int:
    """Give one figure as it is sold. What reads as -1 means "not applicable" and must not be sent back (fact F.14)."""
    if value <= 0:
        raise NotSold(f"{name}={value} is not sold")
    if name == "MaxPrivateTps":
        rounded, fits = tps_up(value), value in TPS_STEPS
    elif name == "MaxConnections":
        most = CONNECTIONS.get(edition, max(CONNECTIONS.values()))
        rounded, fits = value, 1 <= value <= most
    elif name == "StorageSize" and edition in ("professional", "enterprise"):
        rounded, fits = value, False
    elif name in ("MaxEipTps", "QueueCapacity", "StorageSize"):
        sold = {"MaxEipTps": EIP, "QueueCapacity": QUEUES.get(edition, ANY_QUEUES), "StorageSize": STORAGE}[name]
        rounded, fits = sold.up(value), sold.holds(value)
    else:
        rounded, fits = value, True
    if fits or (rounds and rounded != value):
        return rounded
    raise NotSold(f"{name}={value} is not sold")


def direction_of(before: Mapping[str, Value], after: Mapping[str, Value]) -> Direction | str | None:
    """Say which way a change goes: Upgrade, Downgrade, "both ways", or None where nothing changes."""
    ways = {rises(name, before.get(name), value) for name, value in after.items() if before.get(name) != value}
    if not ways:
        return None
    if len(ways) > 1:
        return "both ways"
    return "Upgrade" if ways.pop() else "Downgrade"


def rises(name: str, before: Value | None, after: Value) -> bool:
    """Say whether a field goes up. An edition and a cluster go up by the order in which they are sold."""
    scale = {"InstanceType": EDITIONS, "Edition": CLUSTERS}.get(name)
    if scale:
        return place(scale, after) > place(scale, before)
    if isinstance(after, int) and isinstance(before, int):
        return after > before
    return True


def place(scale: tuple[str, ...], value: Value | None) -> int:
    """Give where a word stands on its scale; a word that is not on it stands below."""
    return scale.index(value) if isinstance(value, str) and value in scale else -1
