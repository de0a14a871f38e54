"""The RAM policy documents that one policy needs: for its products, regions and instances, and as its modes allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate import names
from tidegate.aliyun.permission import Permission
from tidegate.domain.policy import InstancePolicy
from tidegate.operate.grants import PEOPLE, PRODUCTS, ROLES, Role

SYSTEM_POLICIES = (
    "AliyunROSFullAccess",
    "AliyunRAMFullAccess",
    "AliyunFCFullAccess",
    "AliyunFnFFullAccess",
    "AliyunOSSFullAccess",
    "AliyunMNSFullAccess",
    "AliyunLogFullAccess",
    "AliyunCloudMonitorFullAccess",
)
"""The vendor's own, for whoever deploys: ROS makes every resource with the rights of its caller."""
LONGEST_DOCUMENT = 6144
"""What RAM takes of one policy, in characters without blanks."""


@dataclass(frozen=True)
class Place:
    """Where Tidegate is deployed. What is empty stands for any."""

    account: str = ""
    region: str = ""
    bucket: str = ""
    prefix: str = names.DEFAULT

    def words(self) -> Mapping[str, str]:
        """What stands for the parts of a resource."""
        return {
            "account": self.account or "*",
            "region": self.region or "*",
            "bucket": self.bucket or "LEDGER-BUCKET",
            "prefix": self.prefix,
            "failures": f"{self.prefix}-failures",
            **dict.fromkeys(("function", "role", "policy"), f"{self.prefix}-*"),
            # As the template makes them, unless it is told of another project.
            "project": f"{self.prefix}-{self.account}" if self.account else "*",
            "logstore": f"{self.prefix}-functions",
        }


@dataclass(frozen=True)
class Granted:
    """What one role, or one person, is to be allowed."""

    role: Role
    name: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Permissions:
    """Everything for one policy. `notes` say what cannot be had any narrower, and what is missing here."""

    roles: Mapping[str, Granted]
    people: Mapping[str, Granted]
    notes: tuple[str, ...] = field(default=())


def permissions(instances: Iterable[InstancePolicy], place: Place) -> Permissions:
    """Give the documents for the instances of a policy."""
    all_of_them = sorted(instances, key=lambda one: (one.product, one.region, one.instance_id))
    roles, people = (
        {
            key: Granted(role, role.name.format_map(place.words()), document(role, all_of_them, place))
            for key, role in kind.items()
        }
        for kind in (ROLES, PEOPLE)
    )
    return Permissions(roles, people, tuple(_notes(all_of_them, place, [*roles.values(), *people.values()])))


def document(role: Role, instances: Iterable[InstancePolicy], place: Place) -> dict[str, Any]:
    """Give the policy document of one role: a statement for each set of resources."""
    resources: dict[str, dict[str, None]] = {}
    for action, resource in _grants(role, instances, place.words()):
        resources.setdefault(action, {})[resource] = None
    actions: dict[tuple[str, ...], list[str]] = {}
    for action, found in resources.items():
        actions.setdefault(tuple(found), []).append(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(names), "Resource": list(found)} for found, names in actions.items()
    ]
    return {"Version": "1", "Statement": statements}


def _grants(role: Role, instances: Iterable[InstancePolicy], words: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for one in role.fixed:
        yield one.action, one.resource.format_map(words)
    for instance in instances:
        product = PRODUCTS[instance.product]
        own = {**words, "region": instance.region, "instance": instance.instance_id}
        needs = role.of_product(product) if instance.mode == "act" else _without_orders(role.of_product(product))
        for one in needs:
            yield one.action, one.resource.format_map(own)


def _without_orders(needs: Iterable[Permission]) -> list[Permission]:
    orders = {one for product in PRODUCTS.values() for one in product.orders}
    return [one for one in needs if one not in orders]


def _notes(instances: list[InstancePolicy], place: Place, granted: Iterable[Granted]) -> Iterable[str]:
    acting = [one for one in instances if one.mode == "act"]
    if not acting:
        yield "No instance is in mode act, so nobody may resize anything."
    if any(one.product == "apigateway" for one in instances):
        scope = "ModifyInstanceSpec and DescribeInstances" if _gateways(acting) else "DescribeInstances"
        yield (
            f"API Gateway cannot be scoped: RAM takes {scope} for all gateways of the account or for none. "
            "What keeps the others from being resized is that the policy does not name them."
        )
    if any(one.product == "rabbitmq" for one in instances):
        yield "CloudMonitor's figures cannot be scoped either; they are only read."
    yield "Bills cannot be scoped: look reads all orders of the account. Which of two names is checked is not settled."
    yield "StartExecution cannot be scoped: a door may start any workflow of the account."
    yield f"Whoever deploys needs as much of {', '.join(SYSTEM_POLICIES)} as the template asks for."
    if not place.account or not place.region:
        yield "Set TIDEGATE_ACCOUNT and TIDEGATE_REGION to have them in place of `*`."
    if not place.bucket:
        yield "Set TIDEGATE_STORE=oss://BUCKET, or write the bucket's name for LEDGER-BUCKET."
    for one in granted:
        if len("".join(str(one.document).split())) > LONGEST_DOCUMENT:
            yield f"The document of {one.name} is longer than RAM takes ({LONGEST_DOCUMENT}): split it in two."


def _gateways(instances: Iterable[InstancePolicy]) -> bool:
    return any(one.product == "apigateway" for one in instances)
