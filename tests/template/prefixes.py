"""Prefixes: every name begins with one, so that two deployments stand side by side, and none becomes too long by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.template.names import NAMED
from tests.template.reading import FLOW, LOGS, PREFIX, PREFIX_HOLE, ROLE, Template
from tidegate import names

KINDS = {**{kind: key for kind, (key, _) in NAMED.items()}, FLOW: "Name", LOGS: "Name"}
"""What carries a name that the account or the region has once, and by which property."""
ACCOUNT, REGION = "1" * 16, "cn-shenzhen-finance-1"
"""As long as any."""
BUCKET_LETTERS = 63
"""Of a bucket, and of a log project (ros-cdk-oss, ros-cdk-sls)."""
ALLOWED: tuple[str, ...] = ()
"""Names that begin with `tidegate-` in every deployment."""


def prefix_problems(template: Template) -> Iterator[str]:
    """Names without the prefix, `tidegate-` where the prefix belongs, and names that a long prefix makes too long."""
    for kind, key in KINDS.items():
        for name, one in template.resources.items():
            if one["Type"] == kind and not _begins(one["Properties"][key]):
                yield f"{name}.{key}: {one['Properties'][key]} does not begin with the prefix"
    for name, one in template.resources.items():
        for policy in one["Properties"].get("Policies", []) if one["Type"] == ROLE else []:
            if not _begins(policy["PolicyName"]):
                yield f"{name}.Policies: {policy['PolicyName']} does not begin with the prefix"
    parts = [("template.yml", json.dumps(template.said)), *template.flows.items()]
    for place, text in parts:
        for found in sorted(set(re.findall(r"tidegate-[a-z-]+", text)) - set(ALLOWED)):
            yield f"{place}: {found} is so whatever the prefix"
    yield from _lengths(template)


def _begins(name: Any) -> bool:
    text = name.get("Fn::Sub") if isinstance(name, dict) else None
    return isinstance(text, str) and text.startswith(f"{PREFIX_HOLE}-")


def _lengths(template: Template) -> Iterator[str]:
    most = template.parameters.get(PREFIX, {}).get("MaxLength", BUCKET_LETTERS)
    longest = "a" * most
    for kind, (key, pattern) in NAMED.items():
        found = [str(one[key]) for one in template.of(kind, longest).values()]
        yield from (f"{name}: is no name for {kind}" for name in found if not re.fullmatch(pattern, name))
    for bucket in (names.ledger_bucket(longest, ACCOUNT, REGION), names.code_bucket(longest, ACCOUNT, REGION)):
        if len(bucket) > BUCKET_LETTERS:
            yield f"{bucket}: is too long for a bucket"
