"""What is deployed to Function Compute, as its API shows it: functions and their triggers, of 3.0 or in a 2.0 service.

Only people's commands read this; no function of ours may.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from tidegate.aliyun.answers import listed
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.functions import VERSION, InvokeFailed, acs3, failure, send
from tidegate.aliyun.permission import Permission
from tidegate.aliyun.signed_fc2 import fc_signed

FUNCTION = "acs:fc:{region}:{account}:functions/{function}"
PERMISSIONS = (
    Permission("fc:GetFunction", FUNCTION),
    Permission("fc:ListTriggers", f"{FUNCTION}/triggers/*"),
)
SERVICE_PERMISSIONS = (Permission("fc:GetService", "acs:fc:{region}:{account}:services/{service}"),)
"""Functions of 2.0 have their role from their service."""
VERSION_2 = "2016-08-15"


@dataclass(frozen=True)
class Trigger:
    """One trigger. `url` is where an HTTP trigger answers, `source` what another kind listens to."""

    name: str
    kind: str
    config: Mapping[str, Any]
    source: str = ""
    url: str = ""


class Deployed:
    """The functions of one account and region. Those with a `service` are of 2.0."""

    def __init__(self, url: str, credentials: Credentials, now: Callable[[], datetime], service: str = "") -> None:
        self._url, self._credentials, self._now, self._service = url, credentials, now, service

    def function(self, name: str) -> Mapping[str, Any]:
        """Give a function's settings by the API's names, with its `role`. Raises InvokeFailed."""
        shown = self._ask(f"functions/{quote(name)}", "GetFunction")
        if not self._service:
            return shown
        return {**shown, "role": self._ask("", "GetService").get("role", "")}

    def triggers(self, name: str) -> list[Trigger]:
        """Give a function's triggers. Raises InvokeFailed."""
        shown = self._ask(f"functions/{quote(name)}/triggers", "ListTriggers")
        return [_trigger(each) for each in listed(shown, "triggers")]

    def _ask(self, what: str, action: str) -> Mapping[str, Any]:
        keys = self._credentials
        if self._service:
            path = f"/{VERSION_2}/services/{quote(self._service)}/{what}".rstrip("/")
            headers = {"date": format_datetime(self._now(), usegmt=True), "content-type": "application/json"}
            headers |= {"x-fc-security-token": keys.security_token} if keys.security_token else {}
            headers["authorization"] = fc_signed("GET", path, headers, keys)
        else:
            path = f"/{VERSION}/{what}"
            nonce = secrets.token_hex(16)
            headers = acs3(self._url, path, b"", keys, at=self._now(), nonce=nonce, method="GET", action=action)
        answer = send("GET", self._url + path, headers)
        if not answer.succeeded:
            raise failure(answer, keys.redact)
        try:
            shown = json.loads(answer.content)
        except (ValueError, RecursionError):
            shown = None
        if not isinstance(shown, dict):
            raise InvokeFailed("NotJson", f"{action} gave no JSON object", again=True, request_id=answer.request_id)
        return shown


def _trigger(shown: Mapping[str, Any]) -> Trigger:
    """Read one trigger. 3.0 gives its config as a text, 2.0 as a map (fact fc 2.1)."""
    config = shown.get("triggerConfig") or {}
    if isinstance(config, str):
        try:
            config = json.loads(config)
        except (ValueError, RecursionError):
            config = {}
    http = shown.get("httpTrigger") or {}
    return Trigger(
        name=str(shown.get("triggerName") or ""),
        kind=str(shown.get("triggerType") or ""),
        config=config if isinstance(config, dict) else {},
        source=str(shown.get("sourceArn") or ""),
        url=str(http.get("urlInternet") or "") if isinstance(http, dict) else "",
    )
