"""Random worlds: the instances of a policy as the vendor has them, and how the vendor behaves."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from localcloud.project.simulate.draw.policies import Drawn
from localcloud.project.simulate.draw.sizes import Size, other

SWITCHES: dict[str, tuple[Any, ...]] = {
    "update_data": ("object", "json-string", "curly-string", "empty"),
    "client_token": ("idempotent", "ignored"),
    "gateway_token_reuse": ("refused", "ignored", "replayed"),
    "instance_type_required": (True, False),
    "omitted_field": ("kept", "reset"),
    "rounding": ("none", "up"),
    "new_values_before_completion": (False, True),
    "status_during_resize": (None, "SERVING", "CHANGING"),
    "switchover_status": ("WAIT_SWITCH", "TRAFFIC_SWITCHING", "SWITCHING", "RUNNING"),
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
STANDING = (8, 1, 1)
"""How likely an instance stands on each of its rungs as the week begins."""


def world_of(chance: Random, drawn: list[Drawn], start: datetime, size: Size) -> dict[str, Any]:
    """Draw a world for the instances of the policies."""
    behaviour: dict[str, Any] = {
        name: other(chance, values, size.lasting.get(name, 0.5)) for name, values in SWITCHES.items()
    }
    behaviour["order_visible_after"] = chance.choices(SWITCHES["order_visible_after"], size.visible)[0]
    behaviour |= {
        "apply_takes": chance.choice(size.applying),
        "migrating_for": chance.choice(size.migrating),
        "topic_migrating_refusals": chance.choice(size.refusals),
        "rolls_back": chance.random() < size.rolling_back,
        "wait_for_payment": chance.random() < (size.unpaid if behaviour["order_visible_after"] != "never" else 0.02),
        "unpaid_ends_after": chance.choice(size.unpaid_ends),
        "switchover_ends_after": chance.choice(size.switchover_ends),
    }
    known: dict[str, dict[str, Any]] = {}
    for policy in drawn:
        for name, text in policy.instances.items():
            known.setdefault(text["instance_id"], _instance(chance, name, text, size))
    if chance.random() < size.missing:
        del known[chance.choice(list(known))]
    balance = "3000" if chance.random() < size.poor else "100000"
    return {
        "start": start.isoformat(),
        "balance": balance,
        "behaviour": behaviour,
        "instances": list(known.values()),
    }


def _instance(chance: Random, name: str, text: dict[str, Any], size: Size) -> dict[str, Any]:
    is_gateway = text["product"] == "apigateway"
    rungs = [{key: value for key, value in rung.items() if key != "hourly_price"} for rung in text["ladder"]]
    found = chance.choices(rungs, STANDING)[0]
    spec: dict[str, Any] = {"InstanceSpec": found["rung"]} if is_gateway else {}
    if not is_gateway:
        spec = {key: value for key, value in found.items() if key != "rung"}
        spec |= {"SupportEip": True, "MaxEipTps": 256} if chance.random() < 0.4 else {}
        if found["rung"] == "odd":
            spec["MaxPrivateTps"] = 5000
        if chance.random() < size.unwanted:
            spec["MaxConnections"] = 2500
    return {
        "product": text["product"],
        "instance_id": text["instance_id"],
        "region": text["region"],
        "name": name,
        "billing": "POST_PAID" if chance.random() < size.metered else "PRE_PAID",
        "spec": spec,
        "usage": {
            "queues": 150 if chance.random() < size.crowded else 10,
            "connections": 900,
            "tps": chance.choice(size.tps),
        },
    }
