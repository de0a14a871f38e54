"""A chat that takes nothing, by apprise itself, in the functions as they are deployed: it stops no resize."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import yaml

from localcloud.project.up import settle_in
from tests.e2e.conftest import policy_of, until
from tidegate.policyfile import compile_policy, parse_policy

NOBODY = "json://127.0.0.1:1/a-secret-path"


@pytest.mark.once
def test_a_chat_that_is_not_there_stops_no_resize_and_the_other_one_is_told_of_it(opens: Callable[..., Any]) -> None:
    place = opens()
    policy = yaml.safe_load(policy_of(("orders-mq",)))
    policy["notify"].append({"url_env": "TIDEGATE_CHAT_URL", "on": ["resized", "held", "failed", "needs-person"]})
    documents, index = compile_policy(parse_policy(yaml.safe_dump(policy).encode()))
    token = place.address["alert_url"].rpartition("/")[2]
    place.cloud.submit(settle_in(place.whole, documents, index, HookTokens=token, ChatUrl=NOBODY), 60)
    place.ring()
    place.assert_bought_once()
    console = f"http://{place.address['endpoint']}/_console/messages"

    def told() -> list[str]:
        return [line for line in requests.get(console, timeout=10).text.split('"') if "takes no messages" in line]

    (title, text) = sorted(until("the word of the silent chat", told), key=len)[:2]
    assert title == "channel TIDEGATE_CHAT_URL takes no messages"
    assert "after 5 tries" in text
    assert "a-secret-path" not in requests.get(console, timeout=10).text
