"""Which instances there are: facts A.2 and A.4. Only a person's command asks; no function does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.aliyun.answers import Body, listed
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import AMQP, GATEWAY
from tidegate.aliyun.errors import Unreadable
from tidegate.aliyun.line import Parameters
from tidegate.aliyun.permission import Permission
from tidegate.products.apigateway import ID_BEGINS

PERMISSIONS = (Permission("amqp:ListInstance"),)
"""In the singular, and for all instances only (fact A.0). What lists the gateway's reads each one too."""

PAGE_SIZE = 100
"""RabbitMQ's documents say at most 100, its metadata 200 (fact A.2)."""
MOST_PAGES = 100


@dataclass(frozen=True)
class Listed:
    """One instance as a list shows it. Its spec is read one by one: lists lack parts of it (fact A.2)."""

    product: str
    instance_id: str
    name: str = ""


@dataclass(frozen=True)
class Choice:
    """Which instances are meant: those with every tag, in the resource group; all where nothing is said."""

    tags: Mapping[str, str]
    resource_group: str = ""


def product_of(instance_id: str) -> str:
    """The product that has ids like this one. RabbitMQ's older ids are digits only (fact B.1)."""
    return "apigateway" if instance_id.startswith(ID_BEGINS) else "rabbitmq"


def list_instances(aliyun: Aliyun, product: str, choice: Choice) -> list[Listed]:
    """Every instance of a product in the region that is meant. Raises VendorError."""
    return _rabbitmq(aliyun, choice) if product == "rabbitmq" else _gateway(aliyun, choice)


def _rabbitmq(aliyun: Aliyun, choice: Choice) -> list[Listed]:
    """The API chooses by resource group; tags are only shown, so we choose by them."""
    found: dict[str, Listed] = {}
    group: dict[str, str | int | bool] = {"ResourceGroupId": choice.resource_group} if choice.resource_group else {}
    token = ""
    for _ in range(MOST_PAGES):
        parameters: Parameters = {**group, "MaxResults": PAGE_SIZE, **({"NextToken": token} if token else {})}
        body = aliyun.call(AMQP, "ListInstances", parameters, read=True)
        shown = listed(body, "Data", "Instances")
        meant = [each for each in shown if choice.tags.items() <= _tags(each).items()]
        _add(found, "rabbitmq", meant)
        token = _text(body.get("Data"), "NextToken")
        if not token or not shown:
            return list(found.values())
    raise Unreadable("TooManyInstances", f"over {MOST_PAGES} pages of instances")


def _gateway(aliyun: Aliyun, choice: Choice) -> list[Listed]:
    """The API chooses by tag, and knows no resource group. Pages came to it late (2026-04), so it may have only one."""
    found: dict[str, Listed] = {}
    tags: dict[str, str | int | bool] = {}
    for number, (key, value) in enumerate(choice.tags.items(), 1):
        tags |= {f"Tag.{number}.Key": key, f"Tag.{number}.Value": value}
    for page in range(1, MOST_PAGES + 1):
        parameters: Parameters = {**tags, "Language": "en", "PageNumber": page, "PageSize": PAGE_SIZE}
        body = aliyun.call(GATEWAY, "DescribeInstances", parameters, read=True)
        before = len(found)
        _add(found, "apigateway", listed(body, "Instances", "InstanceAttribute"))
        total = _text(body, "TotalCount")
        if len(found) == before or (total.isdigit() and len(found) >= int(total)):
            return list(found.values())
    raise Unreadable("TooManyInstances", f"over {MOST_PAGES} pages of instances")


def _add(found: dict[str, Listed], product: str, shown: list[Body]) -> None:
    for each in shown:
        if instance_id := _text(each, "InstanceId"):
            found.setdefault(instance_id, Listed(product, instance_id, _text(each, "InstanceName")))


def _tags(shown: Body) -> dict[str, str]:
    return {_text(tag, "Key"): _text(tag, "Value") for tag in listed(shown, "Tags")}


def _text(shown: Any, field: str) -> str:
    value = shown.get(field) if isinstance(shown, dict) else None
    return "" if value is None else str(value)
