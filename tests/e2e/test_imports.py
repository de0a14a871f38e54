"""What a door does not need it does not load: a rejected or duplicate alert never pays for the SDKs."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json, sys
from functions.on_alert import handler
answer = handler(sys.stdin.buffer.read(), None)
packages = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"status": answer["statusCode"], "body": json.loads(answer["body"]), "packages": packages}))
"""
VENDOR, OSS = "aliyunsdkcore", "alibabacloud_oss_v2"
NOWHERE = {
    "FC_ACCOUNT_ID": "1234567890123456",
    "FC_REGION": "cn-hangzhou",
    "TIDEGATE_STORE": "oss://nowhere",
    "TIDEGATE_HOOK_TOKENS": "right-token",
}


def event(project: Path, body: bytes, token: str) -> bytes:
    """The event of an HTTP trigger, with another body and token."""
    sample = json.loads((project / "tests" / "events" / "cms_metric_callback_alert_via_fc3_http.json").read_text())
    path = f"/hook/cms/{token}"
    return json.dumps(
        {**sample, "body": base64.b64encode(body).decode(), "isBase64Encoded": True, "rawPath": path}
    ).encode()


@pytest.fixture
def alert(project: Path) -> Callable[..., dict[str, Any]]:
    """Run the door in a process of its own, and give its answer with the packages it loaded."""

    def run(body: bytes, token: str, environment: dict[str, str]) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=event(project, body, token),
            env={**environment, "PYTHONPATH": str(project), "NO_PROXY": "127.0.0.1"},
            cwd=project,
            capture_output=True,
            timeout=60,
            check=True,
        )
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return said

    return run


def test_a_wrong_token_loads_neither_the_vendors_sdk_nor_that_of_oss(
    alert: Callable[..., dict[str, Any]], ringing: Callable[[str], bytes]
) -> None:
    said = alert(ringing("2026-03-02T12:00:00+00:00"), "wrong-token", NOWHERE)
    assert (said["status"], said["body"]) == (404, {"error": "not found"})
    assert not {VENDOR, OSS, "apprise", "yaml", "localcloud"} & set(said["packages"])


def test_a_duplicate_loads_the_sdk_of_oss_alone(
    alert: Callable[..., dict[str, Any]], opens: Callable[..., Any], waits: Any
) -> None:
    """In the machine's own time, as this door is not one of the cloud's workers."""
    place = opens(start="now", speed=1)
    body = place.callback()
    assert place.post(body).status_code == 200
    waits("the operation", lambda: place.state().operation)
    said = alert(body, place.address["alert_url"].rpartition("/")[2], place.environment())
    # A door that has no time left says that the tick will answer.
    assert (said["status"], said["body"]["alerts"][0]["answer"]) in [(200, "duplicate"), (200, "kept")]
    assert OSS in said["packages"]
    assert not {VENDOR, "apprise", "yaml", "localcloud"} & set(said["packages"])


LINK_SCRIPT = """
import json, sys
from functions.on_approval import handler
answer = handler(json.dumps({"rawPath": "/approve/x.y", "requestContext": {"http": {"method": "GET"}}}).encode(), None)
packages = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"status": answer["statusCode"], "packages": packages}))
"""


def test_a_link_that_is_none_of_ours_loads_neither_the_vendors_sdk_nor_that_of_oss(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LINK_SCRIPT],
        env={**NOWHERE, "TIDEGATE_APPROVAL_KEY": "k" * 32, "PYTHONPATH": str(project)},
        cwd=project,
        capture_output=True,
        timeout=60,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["status"] == 404
    assert not {VENDOR, OSS, "apprise", "yaml", "localcloud"} & set(said["packages"])
