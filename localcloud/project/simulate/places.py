"""Every place where something leaves a process, or the platform may fail it: who calls what.

A place that is met and does not stand here fails a run, and so does one that stands here and is met too seldom.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from localcloud.project.simulate.sites import EXECUTION_TWISTS, TASK_TWISTS, TICK_TWISTS, words_of

CALLS: Mapping[str, tuple[str, ...]] = {
    "execution": ("",),
    "flow": (
        "Look",
        "Settle",
        "Submit",
    ),
    "look": (
        "DescribeInstances",
        "GetInstance",
        "GetOrderDetail",
        "QueryOrders",
        "get fleet record",
        "get mark",
        "get pointer",
        "get policy",
        "get record",
        "list fleet records",
        "list pointers",
        "list records",
        "put fleet record",
        "put mark",
        "put record",
        "tell",
    ),
    "on_alert": (
        "DescribeInstances",
        "DescribeMetricLast",
        "GetInstance",
        "StartExecution",
        "delete item",
        "get epoch",
        "get fleet record",
        "get item",
        "get mark",
        "get pointer",
        "get policy",
        "get record",
        "list fleet records",
        "list items",
        "list pointers",
        "list records",
        "put epoch",
        "put fleet record",
        "put item",
        "put mark",
        "put record",
        "tell",
    ),
    "on_request": (
        "DescribeInstanceQps",
        "DescribeInstanceSlbConnect",
        "DescribeInstances",
        "DescribeMetricList",
        "GetInstance",
        "GetMetadataAmount",
        "StartExecution",
        "delete item",
        "get epoch",
        "get fleet record",
        "get item",
        "get mark",
        "get pointer",
        "get policy",
        "get record",
        "list fleet records",
        "list items",
        "list pointers",
        "list records",
        "put epoch",
        "put fleet record",
        "put item",
        "put mark",
        "put record",
        "tell",
    ),
    "on_schedule": (
        "DescribeInstanceQps",
        "DescribeInstanceSlbConnect",
        "DescribeInstances",
        "DescribeMetricLast",
        "DescribeMetricList",
        "GetInstance",
        "GetMetadataAmount",
        "StartExecution",
        "delete item",
        "delete mark",
        "get epoch",
        "get fleet record",
        "get item",
        "get mark",
        "get pointer",
        "get policy",
        "get record",
        "list fleet records",
        "list items",
        "list marks",
        "list pointers",
        "list records",
        "put epoch",
        "put fleet record",
        "put mark",
        "put record",
        "tell",
    ),
    "settle": (
        "DescribeInstances",
        "GetInstance",
        "get fleet record",
        "get mark",
        "get pointer",
        "get policy",
        "get record",
        "list fleet records",
        "list items",
        "list pointers",
        "list records",
        "put fleet record",
        "put mark",
        "put record",
        "tell",
    ),
    "submit": (
        "DescribeInstanceQps",
        "DescribeInstances",
        "DescribeMetricList",
        "GetInstance",
        "GetMetadataAmount",
        "ModifyInstanceSpec",
        "UpdateInstance",
        "delete probe",
        "get epoch",
        "get fleet record",
        "get mark",
        "get pointer",
        "get policy",
        "get probe",
        "get record",
        "list fleet records",
        "list pointers",
        "list records",
        "put epoch",
        "put fleet record",
        "put mark",
        "put probe",
        "put record",
    ),
    "timer": ("",),
}
"""By whom, what. `flow` are the tasks of an execution; what has no call is the platform's own."""

SELDOM: Mapping[str, tuple[str, ...]] = {
    "on_alert": (
        "DescribeInstanceQps",
        "DescribeInstanceSlbConnect",
        "DescribeMetricList",
        "GetMetadataAmount",
    ),
    "on_request": ("DescribeMetricLast",),
    "settle": (
        "DescribeInstanceQps",
        "DescribeInstanceSlbConnect",
        "DescribeMetricLast",
        "DescribeMetricList",
        "GetMetadataAmount",
        "StartExecution",
        "delete item",
        "get epoch",
        "get item",
        "put epoch",
    ),
    "submit": (
        "DescribeInstanceSlbConnect",
        "DescribeMetricLast",
    ),
}
"""The same code as at other places, in a function that comes to it too seldom to ask how often it was met."""

SITES = tuple(f"{who} {call}".strip() for who, calls in CALLS.items() for call in calls)
RARE_SITES = frozenset(f"{who} {call}".strip() for who, calls in SELDOM.items() for call in calls)


@cache
def pairs() -> tuple[tuple[str, str], ...]:
    """Every place with every trouble it can meet."""
    return tuple((site, trouble) for site in SITES for trouble in troubles_of(site))


def troubles_of(site: str) -> tuple[str, ...]:
    """What can go wrong at a place."""
    if site == "timer":
        return TICK_TWISTS
    if site == "execution":
        return EXECUTION_TWISTS
    who, _, call = site.partition(" ")
    return TASK_TWISTS if who == "flow" else words_of(call)
