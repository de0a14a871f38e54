"""What is written down, without anybody's names; and what the one who asks must be allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.operate.doctor.noting import shape_of
from tidegate.operate.doctor.permissions import PERMISSIONS, REPORT_PERMISSIONS
from tidegate.operate.doctor.reporting import masked

FACT = re.compile(r"(?:[A-G](?:\.\d+)?|(?:flow|fc) \d+(?:\.\d+)?)")
VERIFIED = Path(__file__).parents[2] / "docs" / "verified.md"


def cells(page: str) -> list[list[str]]:
    """Every row of every table."""
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in page.splitlines() if row.startswith("| ")]


@pytest.fixture
def report(clinic: Any, run: Callable[..., Any], tmp_path: Path) -> str:
    """The report of a check-up with a test."""
    path = tmp_path / "report.md"
    assert run("doctor", "--send-test", "--report", str(path)).code == 0
    return path.read_text("utf-8")


def test_the_report_has_rows_that_the_page_of_facts_takes(report: str) -> None:
    rows = [row for row in cells(report) if FACT.fullmatch(row[0])]
    assert {"A.0", "A.2", "A.4", "A.5", "B.1", "B.2", "E", "fc 1.6", "fc 2.1", "fc 2.4", "fc 5.2"} <= {
        row[0] for row in rows
    }
    labels = {row[0] for row in cells(VERIFIED.read_text("utf-8"))}
    for row in rows:
        assert len(row) == 5, row
        assert all(row), row
        assert re.match(r"seen \d{4}-\d{2}-\d{2}, cn-hangzhou$", row[3]), row
        assert row[0] in labels, row


def test_the_report_says_how_the_vendor_answers(report: str) -> None:
    assert '"Status": "SERVING"' in report
    assert '"MaxTps": "number"' in report
    assert "a second PUT with `x-oss-forbid-overwrite` left the first object as it was" in report
    assert "BssOpenApi QueryOrders answers 200" in report
    assert '"Datapoints": {"text holding": [{' in report


def test_the_report_names_nobody(clinic: Any, report: str) -> None:
    address = clinic.address
    secrets = [address["access_key_secret"], address["alert_url"].rpartition("/")[2]]
    names = [
        "1234567890123456",
        "amqp-cn-demo0001",
        "apigateway-cn-demo0001",
        "orders-mq",
        "edge-gateway",
        "demo-rabbit",
    ]
    names += ["tidegate-ledger", address["access_key_id"], address["endpoint"], address["oss_endpoint"]]
    assert [word for word in (*secrets, *names) if word in report] == []
    assert not re.search(r"\d{10,}", report)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("at https://x.example/hook/cms/secret now", "at URL now"),
        ("amqp-cn-abc123 of 1234567890123456", "INSTANCE of NUMBER"),
        ("acs:ram::1234567890123456:role/tidegate-door", "ARN"),
        ("47.1.2.3 and x.mq-amqp.cn-hangzhou.aliyuncs.com", "ADDRESS and HOST"),
        ("a|b\nc", "a/b c"),
        ("orders-mq, not orders-mq-2", "NAME, not orders-mq-2"),
    ],
)
def test_what_may_name_somebody_is_masked(text: str, told: str) -> None:
    assert masked(text, ["orders-mq"]) == told


def test_a_shape_says_no_value_but_the_vendors_own_words() -> None:
    given = {
        "Status": "SERVING",
        "InstanceName": "our-secret-name",
        "Tags": [{"Key": "team", "Value": "x"}],
        "apigateway-cn-1": 1,
        "Count": 3,
        "Success": True,
        "Nothing": None,
        "Note": "[1, 2]",
        "BadType": "not a word: 12",
    }
    assert shape_of(given) == {
        "Status": "SERVING",
        "InstanceName": "text",
        "Tags": [{"Key": "text", "Value": "text"}],
        "(a key)": "number",
        "Count": "number",
        "Success": "boolean",
        "Nothing": "null",
        "Note": {"text holding": ["number"]},
        "BadType": "text",
    }
    deep: Any = {"a": 1}
    for _ in range(50):
        deep = {"a": deep}
    assert "map" in str(shape_of(deep))


def user_with(clinic: Any, *actions: str) -> Any:
    """A user who may do this much, anywhere."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return clinic.edit(lambda: clinic.cloud.identity.create_user("li", [{"Version": "1", "Statement": [statement]}]))


DECLARED = sorted({one.action for one in (*PERMISSIONS, *REPORT_PERMISSIONS)})


def test_a_user_with_what_is_declared_may_look_at_everything(
    clinic: Any, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "report.md"
    with clinic.key_of(user_with(clinic, *DECLARED), monkeypatch):
        said = run("doctor", "--json", "--report", str(path))
    levels = {check["level"] for check in said.json["checks"]} - {"WARN"}
    assert levels == {"ok"}, said.out
    assert "is refused" not in path.read_text("utf-8")


LACKING = {
    "amqp:GetInstance": "instances",
    "apigateway:DescribeInstances": "instances",
    "fc:GetFunction": "functions",
    "fc:ListTriggers": "triggers",
    "fnf:DescribeFlow": "flow",
    "ram:GetRole": "roles",
    "ram:ListPoliciesForRole": "roles",
    "ram:GetPolicy": "roles",
    "oss:GetBucketInfo": "bucket",
    "oss:GetBucketLifecycle": "bucket",
    "oss:GetObject": "policy",
    "cms:DescribeMetricRuleList": "alarm rules",
    "cms:DescribeMetricRuleTargets": "alarm rules",
}


@pytest.mark.parametrize("action", LACKING)
def test_what_may_not_be_looked_at_is_skipped_and_not_called_broken(
    clinic: Any, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    left = [each for each in DECLARED if each != action]
    with clinic.key_of(user_with(clinic, *left), monkeypatch):
        found = clinic.finds(LACKING[action])
    assert found.level == "skip", found
    assert "may not be looked at" in found.found
    assert found.do == "allow the one who asks to look: docs/doctor.md names the actions"


def test_every_action_that_the_doctor_needs_is_tried_without_it() -> None:
    """But for listing, which a process that knows the newest records needs not, and what only the report asks for."""
    assert set(DECLARED) == {*LACKING, "oss:ListObjects", "bssapi:QueryOrders", "cms:QueryMetricLast"}


def test_the_page_names_every_action() -> None:
    page = (VERIFIED.parent / "doctor.md").read_text("utf-8")
    assert [action for action in DECLARED if f"`{action}`" not in page] == []
