"""A link in a message, opened and pressed over HTTP, on what the template deploys and with the rights it grants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.e2e.conftest import policy_of, until
from tidegate.policyfile import compile_policy, parse_policy


@pytest.mark.once
def test_a_person_who_presses_the_button_of_a_link_gets_the_order(opens: Callable[..., Any]) -> None:
    place = opens()
    asking = policy_of(("orders-mq",), approval={"when": ["up"]}, cooldown={"up": "0s", "down": "0s"})
    place.around.policies.publish(*compile_policy(parse_policy(asking)), "test")
    assert place.post(place.callback()).json()["alerts"][0]["answer"] == "hold"
    console = f"http://{place.address['endpoint']}/_console/messages"

    def link() -> str | None:
        words = requests.get(console, timeout=10).text.split()
        return next((word for word in words if "/tidegate-on-approval/approve/" in word), None)

    url = until("the message that asks", link)
    shown = requests.get(url, timeout=30)
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    assert "small -&gt; medium" in shown.text
    assert place.state().approval.at is None
    assert requests.put(url, data={"approve": "yes"}, timeout=30).status_code == 405
    assert requests.post(url[:-2] + "AA", data={"approve": "yes"}, timeout=30).status_code == 404
    pressed = requests.post(url, data={"approve": "yes"}, timeout=30)
    assert (pressed.status_code, "Your yes is kept" in pressed.text) == (202, True)
    settled = until("the resize", lambda: place.state().recent)
    assert settled[-1].to_rung == "medium"
    assert place.state().approval.by == "link sent to TIDEGATE_ONCALL_URL"
    assert requests.get(url, timeout=30).status_code == 410
