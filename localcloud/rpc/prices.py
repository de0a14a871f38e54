"""What a spec costs a month, in money that means nothing: only that more costs more is real."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from localcloud.rpc.specs import GATEWAY_SPECS

HOURS_A_MONTH = 720

RABBITMQ = {
    "MaxPrivateTps": Decimal("1.00"),
    "MaxEipTps": Decimal("0.50"),
    "QueueCapacity": Decimal("0.50"),
    "MaxConnections": Decimal("0.10"),
    "StorageSize": Decimal("1.00"),
    "SupportEip": Decimal("100.00"),
    "SupportTracing": Decimal("200.00"),
    "TracingStorageTime": Decimal("10.00"),
    "ProvisionedCapacity": Decimal("1.00"),
}
APIGATEWAY = {name: spec.usd_per_hour * HOURS_A_MONTH for name, spec in GATEWAY_SPECS.items()}


class Prices(BaseModel):
    """Money per month: per unit of each RabbitMQ field, and per API Gateway spec."""

    model_config = ConfigDict(extra="forbid")

    rabbitmq: dict[str, Decimal] = Field(default_factory=lambda: dict(RABBITMQ))
    apigateway: dict[str, Decimal] = Field(default_factory=lambda: dict(APIGATEWAY))

    def of(self, product: str, spec: Mapping[str, int | bool | str]) -> Decimal:
        """Give what a spec costs a month; what has no price is free."""
        if product == "apigateway":
            return self.apigateway.get(str(spec.get("InstanceSpec")), Decimal(0))
        figures = {name: int(value) for name, value in spec.items() if not isinstance(value, str)}
        return sum((self.rabbitmq.get(name, Decimal(0)) * max(value, 0) for name, value in figures.items()), Decimal(0))
