"""Who may do what: for each role, what the calls of its functions declare, and nothing else.

`template.yml` grants the same to every instance of the account; `tidegate permissions` prints it for one policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.aliyun import functions, metrics, orders, workflow
from tidegate.aliyun.permission import Permission
from tidegate.operate.doctor import fleet
from tidegate.operate.doctor.permissions import PERMISSIONS as DOCTOR
from tidegate.products import apigateway, apigateway_load, listing, rabbitmq

OBJECTS = "acs:oss:*:*:{bucket}/"
WRITTEN = ("epoch", "inbox/*", "ledger/*", "probe/*", "wake/*")
"""What functions write in the bucket: everything but policy/, so that none can put a policy of its own in force."""
PUBLISHED = ("policy/*", "probe/*")
"""What somebody writes who pushes a policy; the probe shows first that the bucket protects."""
READ_STORE = (Permission("oss:GetObject", f"{OBJECTS}*"), Permission("oss:ListObjects", "acs:oss:*:*:{bucket}"))
LEDGER = (
    *READ_STORE,
    *(Permission(action, OBJECTS + key) for action in ("oss:PutObject", "oss:DeleteObject") for key in WRITTEN),
)
PUSH = (
    *READ_STORE,
    *(Permission("oss:PutObject", OBJECTS + key) for key in PUBLISHED),
    Permission("oss:DeleteObject", f"{OBJECTS}probe/*"),
)
PLATFORM = (
    Permission("log:PostLogStoreLogs", "acs:log:{region}:{account}:project/{project}/logstore/{logstore}"),
    Permission("mns:SendMessage", "acs:mns:{region}:{account}:/queues/{failures}/messages"),
)
"""No call of ours: Function Compute writes logs, and what failed for good, with the role of the function."""
FUNCTIONS = "acs:fc:{region}:{account}:functions/"


@dataclass(frozen=True)
class Product:
    """What a product's calls ask for."""

    reads: tuple[Permission, ...]
    measures: tuple[Permission, ...]
    orders: tuple[Permission, ...]


PRODUCTS: Mapping[str, Product] = {
    "rabbitmq": Product(rabbitmq.READS, metrics.PERMISSIONS, rabbitmq.ORDERS),
    "apigateway": Product(apigateway.READS, apigateway_load.PERMISSIONS, apigateway.ORDERS),
}


@dataclass(frozen=True)
class Role:
    """One role: what it is called, whom it is for, who may take it, and what for."""

    name: str
    """As the template gives it, `{prefix}` and all."""
    purpose: str
    service: str
    """Who may take it; empty for people."""
    fixed: tuple[Permission, ...]
    """What it needs whatever the policy says."""
    reads: bool = False
    measures: bool = False
    orders: bool = False

    def of_product(self, product: Product) -> tuple[Permission, ...]:
        """What it needs for the instances of a product that are not watched only."""
        return (
            *(product.reads if self.reads else ()),
            *(product.measures if self.measures else ()),
            *(product.orders if self.orders else ()),
        )


def invoking(*shorts: str) -> tuple[Permission, ...]:
    """The permission to invoke some functions of ours by any qualifier."""
    return tuple(
        Permission(one.action, f"{FUNCTIONS}{{prefix}}-{short}/*") for one in functions.PERMISSIONS for short in shorts
    )


FC, FLOW, SMQ = "fc.aliyuncs.com", "fnf.aliyuncs.com", "mns.aliyuncs.com"
STEPS = ("submit", "look", "settle")
ROLES: Mapping[str, Role] = {
    "door": Role(
        "{prefix}-door",
        "on_alert, on_schedule, on_request and settle: they keep the ledger, read, plan and start; they cannot order",
        FC,
        (*LEDGER, *PLATFORM, *workflow.PERMISSIONS),
        reads=True,
        measures=True,
    ),
    "submit": Role(
        "{prefix}-submit",
        "submit: it claims, reads, decides once more, and orders",
        FC,
        (*LEDGER, *PLATFORM),
        reads=True,
        measures=True,
        orders=True,
    ),
    "look": Role(
        "{prefix}-look",
        "look: it reads the instance and its order",
        FC,
        (*LEDGER, *PLATFORM, *orders.PERMISSIONS),
        reads=True,
    ),
    "approval": Role(
        "{prefix}-approval",
        "on_approval: it shows what is asked, and leaves a yes in an inbox; it decides and orders nothing",
        FC,
        (*READ_STORE, *(Permission("oss:PutObject", OBJECTS + key) for key in ("inbox/*", "wake/*")), *PLATFORM),
    ),
    "flow": Role("{prefix}-flow", "the workflow: it calls its three steps", FLOW, invoking(*STEPS)),
    "trigger": Role("{prefix}-trigger", "the topic of alerts: it calls on_alert", SMQ, invoking("on-alert")),
}
PEOPLE: Mapping[str, Role] = {
    "watch": Role("watch", "who reads: status, plan, explain, history", "", READ_STORE, reads=True, measures=True),
    "ask": Role(
        "ask", "who asks: resize, pause, approve, as well as reading", "",
        (*READ_STORE, *invoking("on-request")), reads=True, measures=True,
    ),
    "push": Role(
        "push", "who puts policies in force, and is told what that would start", "", PUSH, reads=True, measures=True
    ),
    "init": Role("init", "who writes the first policy from what is there", "", listing.PERMISSIONS, reads=True),
    "doctor": Role(
        "doctor", "who looks a deployment over, which only reads", "",
        tuple(one for one in DOCTOR if one not in fleet.PERMISSIONS), reads=True,
    ),
    "orders": Role("orders", "who asks what orders came to", "", (*READ_STORE, *orders.PERMISSIONS)),
}  # fmt: skip
