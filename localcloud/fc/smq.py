"""Message topics, queues and events that reach functions through their triggers (facts fc 2.2, 2.5)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any, cast

from localcloud.fc.destination import queue_of_failures
from localcloud.fc.function import Ref, Refusal
from localcloud.fc.host import FunctionHost, new_request_id
from localcloud.fc.queue import Plan
from localcloud.fc.trigger_config import queue_of, read_pattern
from localcloud.rpc.operation import ApiError

MOST_FAILURES = 100


class Smq:
    """Takes messages and hands them to the functions that listen; a message nobody listens for is gone."""

    def __init__(self, host: FunctionHost, drawer: MutableMapping[str, Any]) -> None:
        self._host, self._drawer = host, drawer
        host.deliveries.on_given_up = self._keep_failure

    def create_topic(self, name: str) -> str:
        """Create a topic, if it is not there, and give its ARN."""
        return self._create("topics", name)

    def create_queue(self, name: str) -> str:
        """Create a queue, if it is not there, and give its ARN."""
        return self._create("queues", name)

    def has(self, kind: str, name: str) -> bool:
        """Say whether there is one of the `topics` or `queues` of this name."""
        return f"{kind}/{name}" in self._drawer

    def delete(self, kind: str, name: str) -> None:
        """Delete one of the `topics` or `queues`, if it is there."""
        self._drawer.pop(f"{kind}/{name}", None)

    async def publish_topic(self, topic: str, message: str, attributes: Mapping[str, str] | None = None) -> int:
        """Publish to a topic and give how many functions will get the message."""
        arn = self._arn("topics", topic)
        listeners = [one for one in self._host.registry.triggers("mns_topic") if one["source_arn"] == arn]
        for trigger in listeners:
            event = self._notice(trigger, topic, message, attributes or {})
            self._post(trigger, event, trigger["config"].get("notifyStrategy"))
        return len(listeners)

    async def send_queue(self, queue: str, message: str) -> int:
        """Send to a queue and give how many functions will get the message."""
        self._arn("queues", queue)
        listeners = [one for one in self._enabled() if queue_of(one["config"]) == queue]
        for trigger in listeners:
            parameters = trigger["config"]["eventSourceConfig"]["eventSourceParameters"]["sourceMNSParameters"]
            text = message if parameters.get("IsBase64Decode", True) else base64.b64encode(message.encode()).decode()
            found = {"requestId": _hex(), "messageId": _hex(), "messageBody": text}
            event = self._event(trigger["name"], "mns:Queue:SendMessage", found, f"mns:{{}}:queues/{queue}")
            self._post_event(trigger, {**event, "aliyuneventbusname": trigger["name"]})
        return len(listeners)

    def failures(self, queue: str) -> list[dict[str, Any]]:
        """Give what failed for good and waits in a queue, oldest first."""
        self._arn("queues", queue)
        return list(self._drawer.get(f"failures/{queue}", []))

    async def put_event(self, source: str, kind: str, found: Any, subject: str = "") -> int:
        """Put an event on the default bus of EventBridge and give how many functions will get it."""
        event = self._event(source, kind, found, f"{source.partition('.')[2] or source}:{{}}:{subject}")
        listeners = [
            one
            for one in self._enabled()
            if not queue_of(one["config"])
            and all(event.get(name) in values for name, values in read_pattern(one["config"]).items())
        ]
        for trigger in listeners:
            self._post_event(trigger, event)
        return len(listeners)

    def _keep_failure(self, function: str, event: bytes, tries: int) -> None:
        """Put what failed for good where its function's configuration says, if the function's role may.

        The vendor's record could not be read (fact fc 1.8): nothing here should be read as its shape.
        """
        try:
            entry = self._host.registry.entry(Ref.parse(function))
        except Refusal:
            return
        queue = queue_of_failures(entry.get("async", {}))
        if not queue or f"queues/{queue}" not in self._drawer:
            return
        role = entry["settings"].get("role") or ""
        if not self._may_send(role, f"{self._arn('queues', queue)}/messages"):
            self._host.note(function, f"{role or 'no role'} may not mns:SendMessage to {queue}: a failure is lost")
            return
        failed = {"function": function, "tries": tries, "payload": event.decode(errors="replace")}
        key = f"failures/{queue}"
        self._drawer[key] = [*self._drawer.get(key, []), failed][-MOST_FAILURES:]

    def _may_send(self, role: str, arn: str) -> bool:
        identity = self._host.identity
        try:
            return bool(role) and identity.allowed(identity.act_as(role), "mns:SendMessage", arn)
        except ApiError:
            return False

    def _create(self, kind: str, name: str) -> str:
        arn = f"acs:mns:{self._host.region}:{self._host.account_id}:/{kind}/{name}"
        self._drawer[f"{kind}/{name}"] = {"arn": arn}
        return arn

    def _arn(self, kind: str, name: str) -> str:
        if f"{kind}/{name}" not in self._drawer:
            code = "TopicNotExist" if kind == "topics" else "QueueNotExist"
            raise Refusal(code, f"there is no '{name}' among the {kind}", 404)
        return str(self._drawer[f"{kind}/{name}"]["arn"])

    def _enabled(self) -> list[dict[str, Any]]:
        return [one for one in self._host.registry.triggers("eventbridge") if one["config"].get("triggerEnable", True)]

    def _notice(self, trigger: dict[str, Any], topic: str, message: str, attributes: Mapping[str, str]) -> bytes:
        if trigger["config"].get("notifyContentFormat", "STREAM") == "STREAM":
            return _json({"body": message, "attrs": dict(attributes)}) if attributes else message.encode()
        digest = hashlib.md5(message.encode(), usedforsecurity=False).hexdigest().upper()
        return _json(
            {
                "TopicOwner": self._host.account_id,
                "Message": message,
                "Subscriber": self._host.account_id,
                "PublishTime": round(self._host.clock.now().timestamp() * 1000),
                "SubscriptionName": trigger["name"],
                "MessageMD5": digest,
                "TopicName": topic,
                "MessageId": _hex(),
            }
        )

    def _event(self, source: str, kind: str, found: Any, subject: str) -> dict[str, Any]:
        account, region = self._host.account_id, self._host.region
        now = _to_milliseconds(self._host.clock.now())
        return {
            "id": secrets.token_hex(16),
            "source": source,
            "specversion": "1.0",
            "type": kind,
            "datacontenttype": "application/json; charset=utf-8",
            "subject": f"acs:{subject.format(f'{region}:{account}')}",
            "time": now,
            "aliyunaccountid": account,
            "aliyunpublishtime": now,
            "aliyunoriginalaccountid": account,
            "aliyuneventbusname": "default",
            "aliyunregionid": region,
            "aliyunpublishaddr": "127.0.0.1",
            "data": found,
        }

    def _post_event(self, trigger: dict[str, Any], event: dict[str, Any]) -> None:
        config = trigger["config"]
        sink = (config.get("eventSinkConfig") or {}).get("deliveryOption") or {}
        options = config.get("runOptions") or {}
        body = event["data"] if sink.get("eventSchema") == "RawData" else event
        strategy = (options.get("retryStrategy") or {}).get("PushRetryStrategy")
        self._post(trigger, _json([body] if options.get("mode") == "event-streaming" else body), strategy)

    def _post(self, trigger: dict[str, Any], event: bytes, strategy: str | None) -> None:
        plan = cast("Plan", strategy or "BACKOFF_RETRY")
        ref = Ref.parse(trigger["function"])
        self._host.deliveries.post(ref, event, request_id=new_request_id(), plan=plan)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _hex() -> str:
    return secrets.token_hex(16).upper()


def _to_milliseconds(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
