"""What whoever runs the doctor must be allowed: to read. No function of ours is granted any of it for this."""

from __future__ import annotations

from tidegate.aliyun import deployed
from tidegate.aliyun.permission import Permission
from tidegate.ledger import oss
from tidegate.operate.doctor import alarms, deployment, fleet, ram, reporting

LEDGER = ("oss:GetObject", "oss:ListObjects")
PERMISSIONS: tuple[Permission, ...] = (
    *deployed.PERMISSIONS,
    *deployment.PERMISSIONS,
    *ram.PERMISSIONS,
    *(Permission(action, "acs:oss:*:*:{bucket}*") for action in (*oss.CARE_PERMISSIONS, *LEDGER)),
    *fleet.PERMISSIONS,
    *alarms.PERMISSIONS,
)
"""For the checks, without a test."""
REPORT_PERMISSIONS = reporting.PERMISSIONS
"""For `--report` as well."""
