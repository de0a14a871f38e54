"""Deploying to an account, and taking it back: planned first, done on request, resumed from wherever it ended."""

from __future__ import annotations

from tidegate.operate.deploy.account import Account, account_of
from tidegate.operate.deploy.act import Deployed, Voice, deploy
from tidegate.operate.deploy.code import Code, read_code
from tidegate.operate.deploy.destroy import Unmaking, check, destroy, plan_destroy
from tidegate.operate.deploy.faults import CannotDeploy, DeployFailed
from tidegate.operate.deploy.naming import named
from tidegate.operate.deploy.plan import Deed, Plan, Wish, plan
from tidegate.operate.deploy.template import Template

__all__ = [
    "Account",
    "CannotDeploy",
    "Code",
    "Deed",
    "DeployFailed",
    "Deployed",
    "Plan",
    "Template",
    "Unmaking",
    "Voice",
    "Wish",
    "account_of",
    "check",
    "deploy",
    "destroy",
    "named",
    "plan",
    "plan_destroy",
    "read_code",
]
