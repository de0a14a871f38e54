"""CloudFlow: start the execution that carries an operation (fact flow 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from tidegate.aliyun.answers import Body
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import FLOW
from tidegate.aliyun.errors import Refused
from tidegate.aliyun.permission import Permission

PERMISSIONS = (Permission("fnf:StartExecution"),)
"""It knows no resources, so it cannot be held to one flow (fact fc 3.2)."""


class Started(str, Enum):
    """What came of a start."""

    STARTED = "started"
    RUNNING = "running already"
    """An execution of this name runs, with another input than ours."""
    ALREADY_ENDED = "already ended"
    """The name is used up: another start needs another name."""


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


def _input(body: Body) -> Any:
    try:
        return json.loads(body["Input"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
