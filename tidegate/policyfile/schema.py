"""The JSON Schema of a policy file, made from the models: `python -m tidegate.policyfile.schema`.

Editors and checks that know no Tidegate can go by it. Whatever it lets pass may still contradict itself: `tidegate
validate` says so. A file of a folder may have no `instances` of its own, so only `version` is required.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from tidegate.domain.limits import DriftRule, FleetLimits
from tidegate.domain.policy import NAME, PRICE, InstancePolicy, RungSpec
from tidegate.domain.when import CALENDAR_DAYS, MONTH_END, WEEKDAYS
from tidegate.policyfile.freezes import URL
from tidegate.policyfile.instance import REQUIRED
from tidegate.policyfile.meanings import first_words, meanings_of
from tidegate.policyfile.together import DEFAULTS, VERSION
from tidegate.policyfile.written import COMPILED, LIKE, as_written, fields_of, models_of
from tidegate.products.rabbitmq import NUMBERS, SWITCHES, RabbitMq

Json = dict[str, Any]
DEFS = "#/$defs/"
FORMATS = {"duration": "Duration", "time": "WallTime", "date": "Date"}
"""What pydantic calls a form, and what its definition here is called."""

SHORT = (RungSpec, DriftRule)
"""Models that a file writes in forms of their own."""

RABBIT_FIELDS = {
    "MaxPrivateTps": "Messages a second, through the private endpoint.",
    "MaxEipTps": "Messages a second, through the public endpoint; multiples of 128.",
    "QueueCapacity": "Queues.",
    "MaxConnections": "Connections.",
    "StorageSize": "Storage in GB; only `vip` (platinum) has it.",
    "TracingStorageTime": "For how many days traces are kept: 3, 7 or 15.",
    "ProvisionedCapacity": "Reserved messages a second of a serverless instance.",
    "SupportEip": "Whether there is a public endpoint.",
    "SupportTracing": "Whether messages are traced.",
    "Edition": "`shared` or `dedicated`, of a serverless instance.",
}
"""What is bought with each field of the vendor's request (facts A.1, D.2)."""

WEEKDAY = f"({'|'.join(WEEKDAYS)})"
DATE = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
DAY = f"^(daily|{'|'.join((*CALENDAR_DAYS, MONTH_END))}|{WEEKDAY}(-{WEEKDAY})?|([0-9]{{4}}-)?{DATE})$"
WALL_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"


def policy_schema() -> Json:
    """The schema of a policy file."""
    definitions = _definitions()
    instance = definitions.pop(InstancePolicy.__name__)
    properties = instance["properties"]
    named = {key: {"$ref": DEFS + key.title()} for key in ("profile", "instance")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Policy of Tidegate",
        "description": "What Tidegate may do with which instance, and when.",
        "type": "object",
        "additionalProperties": False,
        "required": ["version"],
        "properties": {
            "version": {"const": VERSION},
            "fleet": {"$ref": DEFS + FleetLimits.__name__},
            **{key: properties[key] for key in DEFAULTS},
            "profiles": {"type": "object", "additionalProperties": named["profile"]},
            "instances": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": NAME},
                "additionalProperties": named["instance"],
            },
        },
        "$defs": {**definitions, **_forms(), **_ladders(), **_whole(instance)},
    }


def _definitions() -> dict[str, Json]:
    """Every model's own schema, in the form in which a file is written."""
    made: Json = {}
    for root in (InstancePolicy, FleetLimits):
        whole = root.model_json_schema(by_alias=True)
        made |= {**whole.pop("$defs", {}), root.__name__: whole}
    models = [model for model in models_of(InstancePolicy, FleetLimits) if model not in SHORT]
    definitions = {model.__name__: _definition(made[model.__name__], model) for model in models}
    _shorten(definitions)
    for model in models:
        properties = definitions[model.__name__]["properties"]
        for key, meaning in meanings_of(model).items():
            properties[key] = {**properties[key], "description": meaning}
    return definitions


def _definition(made: Json, model: type[BaseModel]) -> Json:
    hidden = COMPILED.get(model, ())
    properties = {key: _property(each) for key, each in made["properties"].items() if key not in hidden}
    for key, field in fields_of(model).items():
        properties[key].pop("default", None)
        if not field.is_required() and not isinstance(field.default, BaseModel) and field.default not in (None, ""):
            properties[key]["default"] = as_written(field.default)
    required = [key for key in made.get("required", ()) if key not in hidden]
    return {
        "description": first_words(made.get("description") or ""),
        "type": "object",
        "additionalProperties": False,
        **({"required": required} if required else {}),
        "properties": properties,
    }


def _property(made: Any) -> Any:
    """A property without pydantic's titles, and with the forms of time that a policy has."""
    if isinstance(made, list):
        return [_property(each) for each in made]
    if not isinstance(made, dict):
        return made
    if made.get("format") in FORMATS:
        return {"$ref": DEFS + FORMATS[made["format"]]}
    if made.get("$ref") == f"{DEFS}Direction":
        return {"enum": ["up", "down"]}
    if made.get("$ref") == f"{DEFS}Billing":
        return {"enum": ["subscription", "pay-as-you-go"]}
    return {key: _property(each) for key, each in made.items() if key != "title"}


def _shorten(definitions: Mapping[str, Json]) -> None:
    """Put in what the models read before they validate: short forms, and two keys of which there is one."""
    for made in definitions.values():
        if "days" in made["properties"]:
            made["properties"]["days"] = {"$ref": f"{DEFS}Days", "default": "daily"}
            made["properties"]["to"] = {"$ref": f"{DEFS}EndTime"}
    definitions["ResizeWindows"]["properties"] = {
        way: {"type": "array", "minItems": 1, "items": {"$ref": f"{DEFS}ResizeWindow"}} for way in ("up", "down")
    }
    way = {"enum": ["up", "down"]}
    definitions["Approval"]["properties"]["when"] = {"anyOf": [way, {"type": "array", "items": way}], "default": []}
    for closing in ("Blackout", "Freeze"):
        definitions[closing]["properties"]["directions"] |= {"minItems": 1}
    definitions["Freeze"]["properties"]["ics"] = {
        "type": "string",
        "minLength": 1,
        "not": {"pattern": f"^{URL.pattern}"},
    }
    definitions["AlertRule"]["allOf"] = [_one_of("rule", "rule_id"), _one_of("raise", "at_least")]
    definitions[InstancePolicy.__name__]["properties"] |= {
        "on_drift": {"$ref": f"{DEFS}OnDrift", "default": "hold"},
        "ladder": {"type": "array", "minItems": 1, "items": {"$ref": f"{DEFS}Rung"}},
    }


def _one_of(*keys: str) -> Json:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _forms() -> dict[str, Json]:
    """The small forms that values have."""
    return {
        "Duration": {"type": "string", "pattern": "^([0-9]{1,12}[dhms])+$", "examples": ["30m", "1h30m"]},
        "WallTime": {"type": "string", "pattern": f"^{WALL_TIME}$", "examples": ["08:30"]},
        "EndTime": {"type": "string", "pattern": f"^({WALL_TIME}|24:00)$", "examples": ["20:00", "24:00"]},
        "Date": {"type": "string", "pattern": f"^[0-9]{{4}}-{DATE}$", "examples": ["2026-11-11"]},
        "Day": {"type": "string", "pattern": DAY, "examples": ["daily", "workdays", "mon-fri", "11-11"]},
        "Days": {"anyOf": [{"$ref": f"{DEFS}Day"}, {"type": "array", "minItems": 1, "items": {"$ref": f"{DEFS}Day"}}]},
        "OnDrift": {
            "description": "What a resize by somebody else becomes: a hold, an override for a while, or the new home.",
            "anyOf": [
                {"enum": ["hold", "adopt"]},
                _map({"keep_for": {"$ref": f"{DEFS}Duration"}}, ["keep_for"]),
            ],
        },
    }


def _ladders() -> dict[str, Json]:
    """The rungs of each product, and a rung of a product that is not known where it stands."""
    figures: Json = {name: {"type": "integer", "minimum": 1} for name in NUMBERS}
    switches: Json = {name: {"type": "boolean"} for name in SWITCHES}
    others: Json = {name: {"type": "string"} for name in RabbitMq.fields if name not in {**figures, **switches}}
    rabbit = {**figures, **switches, **others}
    rabbit = {name: {**each, "description": RABBIT_FIELDS[name]} for name, each in rabbit.items()}
    price = {"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000}
    common = {"rung": {"type": "string", "minLength": 1}, PRICE: price}
    common = {key: {**each, "description": meanings_of(RungSpec)[key]} for key, each in common.items()}
    spec = {"type": "string", "minLength": 1, "description": "The name of a spec."}
    return {
        "RabbitRung": {**_map({**common, **rabbit}, ["rung"]), "anyOf": [{"required": [name]} for name in rabbit]},
        "GatewayRung": {
            "anyOf": [
                spec,
                _map({**common, "InstanceSpec": spec}, ["rung", "InstanceSpec"]),
                _map(common, ["rung", PRICE]),
            ]
        },
        "Rung": {"anyOf": [{"$ref": f"{DEFS}RabbitRung"}, {"$ref": f"{DEFS}GatewayRung"}]},
    }


def _whole(instance: Json) -> dict[str, Json]:
    """An instance and a profile. What a profile says need not be said by those that are like it."""
    like = {LIKE: {"type": "string", "description": "The profile that this takes over."}}
    both = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**like, **instance["properties"]},
        "allOf": [_ladder_of("rabbitmq", "RabbitRung"), _ladder_of("apigateway", "GatewayRung")],
    }
    complete = {"anyOf": [{"required": [LIKE]}, {"required": list(REQUIRED)}]}
    return {
        "Profile": {"description": "What several instances have in common.", **both},
        "Instance": {"description": instance["description"], **both, **complete},
    }


def _ladder_of(product: str, rung: str) -> Json:
    return {
        "if": {"required": ["product"], "properties": {"product": {"const": product}}},
        "then": {"properties": {"ladder": {"items": {"$ref": DEFS + rung}}}},
    }


def _map(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n")
