"""Random worlds: the instances of a policy as the vendor has them, and how the vendor behaves."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from localcloud.project.simulate.draw.policies import Drawn

SWITCHES: dict[str, tuple[Any, ...]] = {
    "update_data": ("object", "json-string", "curly-string", "empty"),
    "client_token": ("idempotent", "ignored"),
    "gateway_token_reuse": ("refused", "ignored", "replayed"),
    "instance_type_required": (True, False),
    "omitted_field": ("kept", "reset"),
    "rounding": ("none", "up"),
    "new_values_before_completion": (False, True),
    "status_during_resize": (None, "SERVING", "CHANGING"),
    "switchover_status": ("WAIT_SWITCH", "TRAFFIC_SWITCHING", "SWITCHING"),
    "switchover": (True, False),
    "unpaid_blocks_next": (True, False),
    "order_visible_after": ("0s", "30s", "10m", "30m", "never"),
    "order_config": ("full", "none"),
    "status_case": ("as-documented", "upper", "lower"),
    "pay_as_you_go_orders": ("none", "paid"),
    "flow_exception_names": ("class", "qualified", "FC.Unknown"),
    "flow_wait_passes_input": (True, False),
    "schedule_input": ("wrapped", "payload"),
    "metrics": ("served", "empty", "late"),
    "metric_statistics": ("value", "all"),
}
"""Every switch that stands for what nobody could verify, with all its settings; the first is the usual one."""
SELDOM = {"metrics": 0.12, "order_visible_after": 0.2}
"""How often these are other than usual: then a week takes long, because much has to be looked at again and again."""


def world_of(chance: Random, drawn: list[Drawn], start: datetime) -> dict[str, Any]:
    """Draw a world for the instances of the policies."""
    behaviour: dict[str, Any] = {
        name: chance.choice(values) if chance.random() < SELDOM.get(name, 0.5) else values[0]
        for name, values in SWITCHES.items()
    }
    behaviour |= {
        "apply_takes": chance.choice(("2m", "6m", "40m", "3h")),
        "migrating_for": chance.choice(("0s", "0s", "20m", "2h")),
        "topic_migrating_refusals": chance.choice((0, 0, 1, 3, 12)),
        "rolls_back": chance.random() < 0.08,
        "wait_for_payment": chance.random() < (0.15 if behaviour["order_visible_after"] != "never" else 0.02),
        "unpaid_ends_after": chance.choice(("2h", "26h", "168h")),
        "switchover_ends_after": chance.choice(("1h", "24h")),
    }
    known: dict[str, dict[str, Any]] = {}
    for policy in drawn:
        for name, text in policy.instances.items():
            known.setdefault(text["instance_id"], _instance(chance, name, text))
    balance = chance.choice(("100000", "100000", "100000", "3000"))
    return {
        "start": start.isoformat(),
        "balance": balance,
        "behaviour": behaviour,
        "instances": list(known.values()),
    }


def _instance(chance: Random, name: str, text: dict[str, Any]) -> dict[str, Any]:
    is_gateway = text["product"] == "apigateway"
    rungs = [{key: value for key, value in rung.items() if key != "hourly_price"} for rung in text["ladder"]]
    found = chance.choice((rungs[0], rungs[0], rungs[0], rungs[1], rungs[2]))
    spec: dict[str, Any] = {"InstanceSpec": found["rung"]} if is_gateway else {}
    if not is_gateway:
        spec = {key: value for key, value in found.items() if key != "rung"}
        spec |= {"SupportEip": True, "MaxEipTps": 256} if chance.random() < 0.4 else {}
        if found["rung"] == "odd":
            spec["MaxPrivateTps"] = 5000
        if chance.random() < 0.04:
            spec["MaxConnections"] = 2500
    return {
        "product": text["product"],
        "instance_id": text["instance_id"],
        "region": text["region"],
        "name": name,
        "billing": "POST_PAID" if chance.random() < 0.35 else "PRE_PAID",
        "spec": spec,
        "usage": {
            "queues": chance.choice((10, 10, 150)),
            "connections": 900,
            "tps": chance.choice((500, 2600, 2600, 4800)),
        },
    }
