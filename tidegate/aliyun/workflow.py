"""CloudFlow: start the execution that carries an operation, and ask how it is (fact flow 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from tidegate.aliyun.answers import Body
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import FLOW
from tidegate.aliyun.errors import Missing, Refused
from tidegate.aliyun.instants import instant
from tidegate.aliyun.permission import Permission

PERMISSIONS = (
    Permission("fnf:StartExecution", "acs:fnf:{region}:{account}:flows/{flow}/executions/*"),
    Permission("fnf:DescribeExecution", "acs:fnf:{region}:{account}:flows/{flow}/executions/*"),
)

ENDED = frozenset({"stopped", "succeeded", "failed", "timedout"})


class Started(str, Enum):
    """What came of a start."""

    STARTED = "started"
    RUNNING = "running already"
    """An execution of this name runs, with another input than ours."""
    ALREADY_ENDED = "already ended"
    """The name is used up: another start needs another name."""


@dataclass(frozen=True)
class Execution:
    """One execution as CloudFlow shows it. Why one failed is only in its history (fact flow 0.1)."""

    name: str
    status: str
    started_at: datetime | None
    stopped_at: datetime | None

    @property
    def ended(self) -> bool:
        """Say whether it runs no more."""
        return self.status.lower() in ENDED


class Workflow:
    """One deployed flow."""

    def __init__(self, aliyun: Aliyun, flow_name: str) -> None:
        self._aliyun, self._flow_name = aliyun, flow_name

    def start(self, name: str, given: Mapping[str, Any]) -> Started:
        """Start an execution by a name that stands for what it does; doubles of a running one collapse (fact flow 8.2).

        So a start may be repeated, and is, with patience. CloudFlow answers a double as it answers the first; only a
        different input tells them apart.
        """
        text = json.dumps(given)
        parameters = {"FlowName": self._flow_name, "ExecutionName": name, "Input": text}
        try:
            body = self._aliyun.call(FLOW, "StartExecution", parameters, read=True)
        except Refused as error:
            if error.code.lower() == "executionalreadyexists":
                return Started.ALREADY_ENDED
            raise
        return Started.STARTED if _input(body) in (None, json.loads(text)) else Started.RUNNING

    def describe(self, name: str) -> Execution | None:
        """Give one execution, or None where this flow has none of this name."""
        parameters = {"FlowName": self._flow_name, "ExecutionName": name}
        try:
            body = self._aliyun.call(FLOW, "DescribeExecution", parameters, read=True)
        except Missing as error:
            if error.code.lower() == "executionnotexists":
                return None
            raise
        status = str(body.get("Status") or "")
        return Execution(name, status, _time(body, "StartedTime"), _time(body, "StoppedTime"))


def _input(body: Body) -> Any:
    try:
        return json.loads(body["Input"])
    except (KeyError, TypeError, ValueError):
        return None


def _time(body: Body, field: str) -> datetime | None:
    try:
        return instant(str(body.get(field) or ""))
    except ValueError:
        return None
