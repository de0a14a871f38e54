"""The metrics that alert rules name against what is measured of the product."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.policyfile.phrases import suggestion
from tidegate.policyfile.problems import Problem
from tidegate.policyfile.tree import Tree

WORD = re.compile(r"[A-Za-z_]+")
"""Anything else is told by the model."""


def metric_problems(tree: Tree) -> Iterator[Problem]:
    """Every `confirm` by a metric that the product does not have of an instance."""
    for rule in tree.keys["alerts"].items if "alerts" in tree.keys else ():
        metric, left = rule.find(("confirm", "metric"))
        if not left and isinstance(metric.value, str) and (why := _wrong(tree.text("product"), metric.value)):
            yield Problem.at(metric.spot, why)


def _wrong(product: str, metric: str) -> str:
    from tidegate.products.sold import METRICS, PARTIAL_METRICS  # noqa: PLC0415 - few rules say `confirm`

    known = METRICS.get(product)
    if known is None or metric in known or not WORD.fullmatch(metric):
        return ""
    if product == "rabbitmq" and metric in PARTIAL_METRICS:
        return f"expected a metric of the instance; `{metric}` is one of its vhosts or queues" + suggestion("", known)
    return f"expected a metric of {product}: there is no `{metric}`{suggestion(metric, known)}"
