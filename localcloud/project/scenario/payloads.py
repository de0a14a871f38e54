"""Alerts as their senders send them: through the HTTP trigger, or directly from SMQ and EventBridge.

One ringing has one body, so that a second delivery of it is a duplicate.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from tidegate.domain.signal import AlertState

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
JSON = "application/json"
DIRECT = ("cloudmonitor-smq", "eventbridge")
"""Formats that do not come through the HTTP trigger."""
PATHS = {"cloudmonitor": "cms", "alertmanager": "alertmanager", "arms": "arms", "sls": "sls"}
NAMESPACES = {"rabbitmq": "acs_amqp", "apigateway": "acs_apigateway_dashboard"}

Fields = dict[str, Any]


@dataclass(frozen=True)
class Ringing:
    """One ringing of a rule, as any format can say it."""

    rule: str
    rule_id: str
    state: AlertState
    at: datetime
    began_at: datetime
    """When the episode began; its OK says so too."""
    instance_id: str
    """Empty where the alert names none."""
    product: str
    region: str
    account: str
    value: str

    @property
    def episode(self) -> str:
        """A word that the ringings of one episode share, and no other."""
        stem = f"{self.rule}/{self.rule_id}/{self.instance_id}/{self.began_at.isoformat()}"
        digest = sha256(stem.encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-11f0-{digest[12:16]}-{digest[16:28]}"

    @property
    def millis(self) -> int:
        """When it rang, in milliseconds."""
        return int(self.at.timestamp() * 1000)

    @property
    def number(self) -> str:
        """The rule's id, made up where only its name is given."""
        return self.rule_id or f"rule-{sha256(self.rule.encode()).hexdigest()[:8]}"


def event_of(ringing: Ringing, form: str, token: str) -> bytes:
    """Give the event with which Function Compute wakes `on_alert`."""
    content = BODIES[form](ringing)
    if form in DIRECT:
        return json.dumps(content).encode()
    body = urlencode(content) if form == "cloudmonitor" else json.dumps(content)
    kind = FORM if form == "cloudmonitor" else JSON
    return json.dumps(_over_http(ringing, f"/hook/{PATHS[form]}/{token}", body.encode(), kind)).encode()


def _over_http(ringing: Ringing, path: str, body: bytes, kind: str) -> Fields:
    """An event of the HTTP trigger (fact fc 1.6)."""
    host = f"tidegate-scenario.{ringing.region}.fcapp.run"
    return {
        "version": "v1",
        "rawPath": path,
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
        "headers": {"Content-Type": kind, "Content-Length": str(len(body)), "Host": host},
        "queryParameters": {},
        "requestContext": {
            "accountId": ringing.account,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "47.74.206.10"},
            "requestId": f"1-{ringing.episode[:8]}-{ringing.millis:x}",
            "time": _iso(ringing.at),
            "timeEpoch": str(ringing.millis),
        },
    }


def _cloudmonitor(ringing: Ringing) -> Fields:
    """The fields of a callback's form (fact fc 2.3)."""
    words = {AlertState.FIRING: "ALERT", AlertState.OK: "OK", AlertState.NO_DATA: "INSUFFICIENT_DATA"}
    names = {"userId": ringing.account, "regionId": ringing.region, "instanceId": ringing.instance_id}
    dimensions = ", ".join(f"{name}={value}" for name, value in names.items() if value)
    return {
        "alertName": ringing.rule or ringing.number,
        "alertState": words[ringing.state],
        "ruleId": ringing.number,
        "transId": ringing.episode,
        "timestamp": str(ringing.millis),
        "curValue": ringing.value,
        "dimensions": f"{{{dimensions}}}",
        "namespace": NAMESPACES[ringing.product],
        "regionId": ringing.region,
        "userId": ringing.account,
        "triggerLevel": "OK" if ringing.state is AlertState.OK else "WARN",
        "preTriggerLevel": "null",
        "groupId": "null",
    }


def _smq(ringing: Ringing) -> Fields:
    """CloudMonitor's message in a queue, as the SMQ trigger delivers it (facts fc 2.4, 2.5)."""
    levels = {AlertState.FIRING: "WARN", AlertState.OK: "OK", AlertState.NO_DATA: "INSUFFICIENT_DATA"}
    message = {
        "ruleId": ringing.number,
        "ruleName": ringing.rule or ringing.number,
        "curLevel": levels[ringing.state],
        "resources": json.dumps({"instanceId": ringing.instance_id} if ringing.instance_id else {}),
        "escalation": {"comparisonOperator": "GreaterThanOrEqualToThreshold", "statistics": "Average"},
        "metricData": {"timestamp": ringing.millis, "Average": ringing.value},
        "namespace": NAMESPACES[ringing.product],
        "time": ringing.millis,
        "userId": ringing.account,
        "version": "1.0",
    }
    return {
        "TopicOwner": ringing.account,
        "TopicName": "alerts",
        "SubscriptionName": "tidegate",
        "Message": json.dumps(message),
        "MessageId": sha256(f"{ringing.episode}/{ringing.millis}".encode()).hexdigest()[:32].upper(),
        "PublishTime": ringing.millis,
    }


def _eventbridge(ringing: Ringing) -> Fields:
    """An event of one's own on EventBridge (fact fc 2.2)."""
    words = {AlertState.FIRING: "ALERT", AlertState.OK: "OK", AlertState.NO_DATA: "INSUFFICIENT_DATA"}
    which = {"ruleId": ringing.rule_id} if ringing.rule_id else {}
    data = {"ruleName": ringing.rule or ringing.number, "state": words[ringing.state], "value": ringing.value, **which}
    return {
        "id": f"{ringing.episode}-{ringing.millis}",
        "source": "scenario.alerts",
        "specversion": "1.0",
        "type": "scenario:Alert",
        "datacontenttype": "application/json;charset=utf-8",
        "time": _iso(ringing.at),
        "aliyunaccountid": ringing.account,
        "aliyunregionid": ringing.region,
        "data": {**data, "instanceId": ringing.instance_id} if ringing.instance_id else data,
    }


def _alertmanager(ringing: Ringing) -> Fields:
    """A group of one alert, version 4 (fact fc 2.7). Alertmanager has no word for missing data."""
    return {"version": "4", "groupKey": f'{{}}:{{alertname="{ringing.rule}"}}', **_group(ringing, {})}


def _arms(ringing: Ringing) -> Fields:
    """The same without version and group key, with labels of ARMS' own."""
    return _group(ringing, {"_aliyun_arms_alert_rule_id": ringing.number})


def _group(ringing: Ringing, more: Mapping[str, str]) -> Fields:
    status = "resolved" if ringing.state is AlertState.OK else "firing"
    which = {"instance_id": ringing.instance_id} if ringing.instance_id else {}
    labels = {"alertname": ringing.rule or ringing.number, **which, **more}
    alert = {
        "status": status,
        "labels": labels,
        "annotations": {"value": ringing.value},
        # A firing that goes on is a new ringing only where its start says so.
        "startsAt": _iso(ringing.began_at),
        "endsAt": _iso(ringing.at) if status == "resolved" else "0001-01-01T00:00:00Z",
        "fingerprint": ringing.episode.replace("-", "")[:16],
    }
    return {"status": status, "receiver": "tidegate", "commonLabels": labels, "alerts": [alert]}


def _sls(ringing: Ringing) -> Fields:
    """A Log Service alert in the default content of its webhook (fact fc 2.6). It has no word for missing data."""
    seconds = ringing.millis // 1000
    is_over = ringing.state is AlertState.OK
    return {
        "aliuid": ringing.account,
        "alert_instance_id": ringing.episode,
        "alert_id": ringing.number,
        "alert_name": ringing.rule or ringing.number,
        "project": "operations",
        "region": ringing.region,
        "alert_time": seconds,
        "fire_time": int(ringing.began_at.timestamp()),
        "resolve_time": seconds if is_over else 0,
        "status": "resolved" if is_over else "firing",
        "fire_results": [{"value": ringing.value}],
        "labels": {"instance": ringing.instance_id} if ringing.instance_id else {},
        "severity": 6,
    }


def _iso(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


BODIES: Mapping[str, Callable[[Ringing], Fields]] = {
    "cloudmonitor": _cloudmonitor,
    "cloudmonitor-smq": _smq,
    "eventbridge": _eventbridge,
    "alertmanager": _alertmanager,
    "arms": _arms,
    "sls": _sls,
}
