"""CloudMonitor: it sends a callback, waits five seconds for an answer, and sends the same again where none came."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Thread
from urllib.parse import parse_qs, urlencode

import requests

from localcloud.project.up import ROOT
from tidegate.alerts import read, receive

CALLBACK = ROOT / "tests" / "events" / "cms_metric_callback_alert.form.txt"
KIND = "application/x-www-form-urlencoded; charset=UTF-8"
WAITS_S = 5.0
AGAIN_S = 0.3
GIVES_UP_S = 300.0
_FORM = {name: values[0] for name, values in parse_qs(CALLBACK.read_text().strip()).items()}


@dataclass(frozen=True)
class Callback:
    """One ringing of a rule, as it is sent: again and again the same bytes."""

    name: str
    """The instance, as the policy calls it."""
    state: str
    rule: str
    instance_id: str
    episode: str
    at: datetime

    @property
    def body(self) -> bytes:
        """The form that CloudMonitor posts. A gateway's rules name no instance."""
        about = {"userId": "1234567890123456", "regionId": "cn-hangzhou"}
        if self.instance_id:
            about["instanceId"] = self.instance_id
        said = {
            "alertName": self.rule,
            "alertState": self.state,
            "dimensions": "{" + ", ".join(f"{name}={value}" for name, value in about.items()) + "}",
            "timestamp": str(round(self.at.timestamp() * 1000)),
            "transId": self.episode,
        }
        return urlencode({**_FORM, **said}).encode()

    @property
    def key(self) -> str:
        """What all deliveries of this ringing are known by in the ledger."""
        event = {
            "version": "v1",
            "rawPath": "/hook/cms/t",
            "body": b64encode(self.body).decode(),
            "isBase64Encoded": True,
            "headers": {"Content-Type": KIND},
            "requestContext": {"http": {"method": "POST", "path": "/hook/cms/t"}},
        }
        (alert,) = read(receive(json.dumps(event).encode())).alerts
        return alert.key


@dataclass
class Sender:
    """Delivers every callback in a thread of its own, until it is answered."""

    url: str
    answered: list[Callback] = field(default_factory=list)
    tries: int = 0
    _threads: list[Thread] = field(default_factory=list)

    def send(self, callback: Callback) -> None:
        """Begin to deliver."""
        thread = Thread(target=self._deliver, args=(callback,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait until every callback is answered."""
        for thread in self._threads:
            thread.join(GIVES_UP_S)
        assert len(self.answered) == len(self._threads), "a callback was never answered"

    def _deliver(self, callback: Callback) -> None:
        gives_up_at = time.monotonic() + GIVES_UP_S
        while time.monotonic() < gives_up_at:
            self.tries += 1
            if self._is_answered(callback):
                self.answered.append(callback)
                return
            Event().wait(AGAIN_S)

    def _is_answered(self, callback: Callback) -> bool:
        try:
            answer = requests.post(self.url, data=callback.body, headers={"Content-Type": KIND}, timeout=WAITS_S)
        except requests.RequestException:
            return False
        return answer.status_code // 100 == 2
