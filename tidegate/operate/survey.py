"""Which instances there are that a policy can be about, and which not, with the reason. It only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tidegate.aliyun.errors import VendorError
from tidegate.domain.reading import Health, Reading
from tidegate.products.listing import Listed
from tidegate.products.port import Product
from tidegate.products.rabbitmq import is_serverless
from tidegate.products.sold import EDITIONS
from tidegate.products.specs import GATEWAY_SPECS

DEDICATED = ("vpc_dedicated", "")


@dataclass(frozen=True)
class Found:
    """An instance that a policy can be about, as it is now."""

    listed: Listed
    reading: Reading


@dataclass(frozen=True)
class LeftOut:
    """An instance that it cannot be about, and why."""

    listed: Listed
    why: str


def survey(instances: Iterable[Listed], product: Callable[[str], Product]) -> tuple[list[Found], list[LeftOut]]:
    """Read every instance, one call each."""
    found: list[Found] = []
    left_out: list[LeftOut] = []
    for each in instances:
        try:
            reading = product(each.product).read(each.instance_id)
        except VendorError as error:
            left_out.append(LeftOut(each, f"it could not be read: {error}"))
            continue
        if why := why_not(each.product, reading):
            left_out.append(LeftOut(each, why))
        else:
            found.append(Found(each, reading))
    return found, left_out


def why_not(product: str, reading: Reading) -> str:
    """Why no policy can be written for what was read; empty where one can."""
    lasting = _not_for_rabbitmq(reading) if product == "rabbitmq" else _not_for_gateway(reading)
    if lasting or reading.health is Health.HEALTHY:
        return lasting
    return f"its status is {reading.status}: run `tidegate init` again once it is well"


def _not_for_rabbitmq(reading: Reading) -> str:
    if is_serverless(reading.edition):
        return f"{reading.edition}: a serverless instance follows its use by itself"
    if reading.edition not in EDITIONS:
        return f"the edition `{reading.edition}` is none that is sold: {', '.join(EDITIONS)}"
    return "" if "MaxPrivateTps" in reading.spec else "it shows no TPS, so there is no size to order"


def _not_for_gateway(reading: Reading) -> str:
    if reading.edition not in DEDICATED:
        return f"{reading.edition}: only dedicated instances have a size to order"
    spec = str(reading.spec["InstanceSpec"])
    return "" if spec in GATEWAY_SPECS else f"the spec `{spec}` is not on the vendor's list: write its ladder by hand"
