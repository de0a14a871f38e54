"""What can be resized: each product behind one small protocol."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.aliyun.client import Aliyun
    from tidegate.products.port import Product

NAMES = ("rabbitmq", "apigateway")


def product(name: str, aliyun: Aliyun, *, now: Callable[[], datetime]) -> Product:
    """Give a product by its name in a policy. Raises KeyError where there is none of this name."""
    if name == "rabbitmq":
        from tidegate.products.rabbitmq import RabbitMq  # noqa: PLC0415 - only the product in question is loaded

        return RabbitMq(aliyun, now)
    if name == "apigateway":
        from tidegate.products.apigateway import ApiGateway  # noqa: PLC0415 - as above

        return ApiGateway(aliyun, now)
    raise KeyError(name)
