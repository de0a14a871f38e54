"""What was seen of the vendor, as rows for docs/verified.md: shapes, statuses and codes, and nobody's names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from tidegate import __version__
from tidegate.aliyun.codes import BSS
from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.metrics import Metrics
from tidegate.aliyun.permission import Permission
from tidegate.domain.policy import InstancePolicy
from tidegate.operate.doctor.finding import Finding, Skipped
from tidegate.operate.doctor.place import Place

LABELS: Mapping[tuple[str, str], str] = {
    ("amqp-open", "GetInstance"): "A.2",
    ("CloudAPI", "DescribeInstances"): "A.4",
    ("BssOpenApi", "QueryOrders"): "A.5",
    ("Cms", "DescribeMetricLast"): "E",
    ("fnf", "DescribeFlow"): "flow 8.1",
    ("Cms", "DescribeMetricRuleList"): "fc 2.4",
    ("Cms", "DescribeMetricRuleTargets"): "fc 2.4",
    ("Ram", "GetRole"): "flow 10",
    ("Ram", "ListPoliciesForRole"): "flow 10",
    ("Ram", "GetPolicy"): "flow 10",
}
"""The facts that a call's answer speaks of; of any other call it is how all are made."""
OTHERWISE = "A.0"
NAMESPACE, PEAK = "acs_amqp", "InstanceMaxTpsInMiunte"
PERMISSIONS = (Permission("bssapi:QueryOrders"), Permission("cms:QueryMetricLast"))
"""What the report asks for beside the checks."""
LONGEST = 900
MASKS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"https?://[^\s`|]+"), "URL"),
    (re.compile(r"\bLTAI\w+|\bSTS\.\w+"), "KEY"),
    (re.compile(r"\bacs:[\w-]*:[\w*-]*:\d*:[^\s`|,;]+"), "ARN"),
    (re.compile(r"\b[\w-]+\.(?:aliyuncs\.com|mq-amqp[\w.-]*)\b"), "HOST"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b"), "ADDRESS"),
    (re.compile(r"\b(?:amqp|apigateway|i|r)-[a-z]{2}-[\w-]+\b"), "INSTANCE"),
    (re.compile(r"\b\d{10,}\b"), "NUMBER"),
)


def look_further(place: Place) -> None:
    """Read what no check needs, and what is known least of: how billing shows orders, and how a metric's points look.

    What is refused is a fact as well, and noted.
    """
    with suppress(VendorError, Skipped):
        place.call(BSS, "QueryOrders", {"PageNum": 1, "PageSize": 1})
    rabbit = next((policy for policy in _policies(place) if policy.product == "rabbitmq"), None)
    if rabbit is not None:
        with suppress(VendorError, Skipped):
            Metrics(place.aliyun(rabbit.region), NAMESPACE).last(PEAK, rabbit.instance_id, timedelta(minutes=1))


def report_of(place: Place, findings: Sequence[Finding]) -> str:
    """Write the whole report: rows to be taken into docs/verified.md, then how each check ended."""
    seen = f"seen {place.machine.now():%Y-%m-%d}, {place.settings.region}"
    rows = [f"| {label} | {what} | `tidegate doctor` | {seen} | {_so_far(label)} |" for label, what in _facts(place)]
    checks = [f"| {each.check} | {each.level.value} |" for each in findings]
    return "\n".join(
        [
            f"# What was seen on {place.machine.now():%Y-%m-%d} in {place.settings.region}, by Tidegate {__version__}",
            "",
            "Rows for section 2 of docs/verified.md. Ids, addresses and names are masked; read it before you share it.",
            "",
            "| label | fact | source | grade | what makes the code right |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "| check | ended |",
            "|---|---|",
            *checks,
            "",
        ]
    )


def _so_far(label: str) -> str:
    return f"as the other rows of {label} say"


def _facts(place: Place) -> Iterator[tuple[str, str]]:
    told: dict[tuple[str, str], None] = {}
    for note in place.noted:
        label = LABELS.get((note.product, note.action), OTHERWISE)
        told[label, _answer(note.product, note.action, note.status, note.code, note.shape)] = None
    for label, what in place.facts.values():
        told[label, what] = None
    for label, what in sorted(told):
        yield label, masked(what, _secrets(place))


def _answer(product: str, action: str, status: int, code: str, shape: object) -> str:
    if code:
        return f"{product} {action} is refused with {status or 'no'} `{code}`"
    return f"{product} {action} answers {status} `{json.dumps(shape, ensure_ascii=False)[:LONGEST]}`"


def _secrets(place: Place) -> list[str]:
    """Everything of this account that has a name, the longest first."""
    known = place.settings
    names = {known.account, known.access_key_id, known.store.partition("://")[2], known.endpoint, known.oss_endpoint}
    for policy in _policies(place):
        names |= {policy.name, policy.instance_id}
    return sorted(filter(None, names), key=len, reverse=True)


def _policies(place: Place) -> list[InstancePolicy]:
    """The policies, none where they cannot be read: what was seen is written down all the same."""
    try:
        return place.policies()
    except Exception:  # noqa: BLE001 - as above
        return []


def masked(text: str, names: Sequence[str]) -> str:
    """A text for a cell of a table without anybody's ids, addresses and names."""
    for name in names:
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "NAME", text)
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text.replace("|", "/").replace("\n", " ")
