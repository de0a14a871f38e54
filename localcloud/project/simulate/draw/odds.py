"""Places that few weeks come to, and how likely a call is struck there, so that all of them are struck often enough.

A place is reached only where nothing struck before it in the same call of a function. So the places are in groups, by
how deep in a call they lie, and in a week one group is struck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

EARLY: Mapping[float, Mapping[str, str]] = {
    0.3: {
        "on_request": "put item, list fleet records, list items, list records",
        "settle": "list fleet records, list items, list pointers, list records",
        "submit": "delete probe, list fleet records",
    },
    0.18: {
        "on_alert": "list fleet records, list items, list pointers, list records, put item",
        "on_request": "get item, list pointers, get mark",
        "settle": "get fleet record, get mark, get policy, get record",
        "submit": "list pointers, list records, put probe, get mark",
        "flow": "Submit",
    },
    0.07: {
        "look": "list fleet records, list pointers, list records, get policy",
        "on_alert": "get item, get policy, get record, get fleet record",
        "on_request": "get pointer, get policy, get record, get fleet record",
        "on_schedule": "put record, tell, get item",
        "settle": "get pointer",
        "submit": "get epoch, get policy, get probe, get fleet record",
    },
}
READS: Mapping[float, Mapping[str, str]] = {
    0.9: {
        "on_alert": "DescribeMetricLast",
        "on_request": "DescribeInstanceSlbConnect, DescribeMetricList, GetInstance",
        "submit": "DescribeInstanceQps",
        "settle": "GetInstance",
    },
    0.6: {
        "on_alert": "DescribeInstances",
        "on_request": "DescribeInstanceQps, GetMetadataAmount, DescribeInstances",
        "submit": "DescribeInstances, GetMetadataAmount",
        "settle": "DescribeInstances",
    },
    0.3: {
        "on_alert": "GetInstance",
        "submit": "DescribeMetricList, GetInstance",
        "on_schedule": "DescribeMetricLast, DescribeInstanceQps, DescribeInstanceSlbConnect",
    },
    0.06: {"on_schedule": "GetMetadataAmount, DescribeMetricList, DescribeInstances"},
}
WRITES: Mapping[float, Mapping[str, str]] = {
    0.9: {"on_alert": "put epoch, get epoch", "on_request": "put epoch, get epoch", "look": "put fleet record"},
    0.55: {"on_request": "put record, delete item"},
    0.4: {
        "on_alert": "put record, delete item, put fleet record",
        "on_schedule": "put epoch, delete item",
        "settle": "put record, put mark",
        "submit": "put epoch, put fleet record",
    },
    0.2: {
        "on_alert": "get mark, put mark",
        "on_request": "get mark, put mark",
        "submit": "put mark, put record",
        "on_schedule": "get epoch",
    },
}
LAST: Mapping[float, Mapping[str, str]] = {
    0.9: {"on_request": "put fleet record", "on_alert": "put fleet record"},
    0.6: {"settle": "put fleet record"},
    0.7: {"submit": "ModifyInstanceSpec"},
    0.35: {
        "on_schedule": "StartExecution",
        "settle": "tell",
        "look": "tell",
        "submit": "UpdateInstance",
        "flow": "Settle",
    },
}
ALWAYS: Mapping[float, Mapping[str, str]] = {
    0.95: {"on_alert": "StartExecution, tell", "on_request": "StartExecution, tell, DescribeInstanceSlbConnect"},
    0.7: {"on_request": "DescribeMetricList"},
    0.5: {
        "on_request": "DescribeInstanceQps, GetMetadataAmount",
        "submit": "ModifyInstanceSpec",
        "settle": "DescribeInstances",
    },
}
"""By who calls, what. What is struck always keeps little else from being reached."""
GROUPS: tuple[Mapping[float, Mapping[str, str]], ...] = (EARLY, READS, WRITES, LAST, {})
"""In the last no place is struck more often than others."""


def odds_of(chance: Random, struck: Sequence[float]) -> tuple[dict[str, float], bool]:
    """Draw how likely a call is struck in a week, by its place, and whether doors are to come to their last calls.

    `struck` is how likely each group is, in the order of `GROUPS`.
    """
    (group,) = chance.choices(GROUPS, struck)
    found: dict[str, float] = {}
    for odds, places in (*ALWAYS.items(), *group.items()) if group else ():
        for who, calls in places.items():
            found |= dict.fromkeys([f"{who} {call}" for call in calls.split(", ")], odds)
    return found, group is LAST
