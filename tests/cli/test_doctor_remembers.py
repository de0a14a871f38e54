"""What the doctor learns from the ledger: refusals for want of a permission, and channels that were given up."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.cli.doctor import place_of
from tidegate.operate.doctor import CHECKS, Finding, examine


def finds(check: str) -> Finding:
    place = place_of("", send_test=False)
    try:
        [found] = examine(place, {check: CHECKS[check]})
    finally:
        place.close()
    return found


@pytest.fixture
def without_functions(office: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An office in a cloud without Function Compute and CloudFlow: only the ledger can tell."""
    monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", office.server.endpoint)
    return office


def test_an_order_that_the_vendor_refused_is_told_until_somebody_has_looked(without_functions: Any) -> None:
    """The vendor's 403 stops the operation and opens the circuit; `ack` closes it again."""
    office = without_functions
    office.push()
    office.reconcile()
    office.rings()
    office.reconcile()
    office.fault("UpdateInstance", "error-before", status=403, code="UnauthorizedOperation")
    office.carry()
    found = finds("roles")
    assert "orders-mq was refused with UnauthorizedOperation" in found.found
    assert "`tidegate explain orders-mq` shows the call; grant its action to the role that makes it" in found.do
    office.asks("ack")
    office.reconcile(force=True)
    assert "refused with" not in finds("roles").found


def test_a_channel_that_was_given_up_is_told(without_functions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    office = without_functions
    monkeypatch.setenv("TIDEGATE_CHAT_URL", "json://127.0.0.1:1/s3cret")
    office.rules(notify=[{"url_env": "TIDEGATE_CHAT_URL", "on": ["held", "needs-person"]}])
    office.by_hand(MaxConnections=4000)
    office.reconcile()
    for _ in range(8):
        office.clock.advance(400)
        office.reconcile(force=True)
    found = finds("messages")
    assert (found.level, found.found) == ("FAIL", "TIDEGATE_CHAT_URL takes no messages")
    assert found.do == "repair or replace its address, then `--send-test`"
